"""The `spw` command. One module per command group; everything beyond parsing is imported on use."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_GARBAGE_THRESHOLD = 50_000


def start() -> NoReturn:
    """The whole process of `spw`: run the command, then leave without taking the interpreter down, which
    would take a small command as long again as its work."""
    # Small commands make no garbage worth a collection, and imports would set off a dozen.
    gc.set_threshold(_GARBAGE_THRESHOLD)
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
    from spw_core.cli.commands import run

    return run(argv)


def load(module: str) -> Any:
    """A module of this package by its name. `importlib`, which does the same, takes longer to import."""
    return __import__(f"spw_core.cli.{module}", fromlist=[module])
