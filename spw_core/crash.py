"""Crash reports: a traceback goes to a private file, never to the user's screen."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from spw_core import __version__
from spw_core.user_dirs import state_dir


def write_report(error: BaseException) -> Path | None:
    """Write the traceback of `error` to a new private file; None when there is no folder that takes one."""
    import platform
    import tempfile
    import traceback

    lines = [
        f"spw {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {' '.join(sys.argv)}",
        "",
        *traceback.format_exception(error),
    ]
    text = "\n".join(lines)
    for find_folder in (_state_folder, tempfile.gettempdir):
        with suppress(OSError):  # no home, read-only, full: not a crash in its turn
            return _write(find_folder(), text)
    return None


def where(report: Path | None) -> str:
    """The sentence about a report that a message ends with."""
    return f"Details are in {report}." if report else "Its details could not be written to any folder."


def _state_folder() -> str:
    """Folder for logs and reports, created with access for its owner only."""
    folder = Path(state_dir(), "log")
    if not folder.is_absolute():  # no home: it would be a folder called `~`, right here
        raise FileNotFoundError(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return str(folder)


def _write(folder: str, text: str) -> Path:
    import tempfile

    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    fd, name = tempfile.mkstemp(prefix=f"crash-spw-{stamp}-", suffix=".txt", dir=folder)  # mode 0600
    path = Path(name)
    try:
        with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
    except OSError:
        path.unlink()
        raise
    return path
