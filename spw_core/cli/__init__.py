"""The `spw` command. One module per command group; argparse only, everything else is imported on use."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def start() -> NoReturn:
    """The whole process of `spw`: run the command, then leave without taking the interpreter down, which
    would take a small command as long again as its work."""
    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):  # the reader is gone, or the stream was closed: nobody to tell
            continue
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `spw`; returns the exit code."""
    from spw_core.cli.main import run

    return run(argv)
