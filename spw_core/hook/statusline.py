"""`spw-hook statusline`: one line on standard output, exit 0, whatever happens."""

import os
import sys

from spw_core.hook.places import base_name, process_dir
from spw_core.hook.render import Facts, Look, render


def run(data: "bytes | None" = None) -> int:
    """Print the line for a payload, read from standard input unless it was read already."""
    look = _look()
    try:
        from spw_core.hook.facts import gather  # inside: also a broken apsw must not blank the line

        line = render(gather(data), look)
    except Exception as error:
        from spw_core.hook.log import record

        record("statusline", error)
        line = render(Facts(directory=base_name(process_dir())), look)
    _write(line)
    return 0


def _look() -> Look:
    columns = os.environ.get("COLUMNS", "")
    return Look(
        color=not os.environ.get("NO_COLOR"),
        unicode=_encoding().replace("-", "").lower() == "utf8",
        columns=int(columns) if columns.isascii() and columns.isdigit() and len(columns) < 6 else 0,
    )


def _encoding() -> str:
    return sys.stdout.encoding if sys.stdout is not None else "utf-8"


def _write(line: str) -> None:
    if sys.stdout is None:  # the descriptor was closed before Python started
        return
    try:
        sys.stdout.buffer.write(line.encode(_encoding(), "replace"))
        sys.stdout.buffer.flush()
    except OSError:  # Claude Code cancels a status line by going away: nobody is left to tell
        return
