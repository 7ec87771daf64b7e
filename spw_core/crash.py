"""Crash reports: a traceback goes to a private file, never to the user's screen."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

from spw_core import __version__


def state_folder() -> Path:
    """Folder for logs and reports, created with access for its owner only."""
    from platformdirs import user_state_path

    folder = user_state_path("spw", appauthor=False) / "log"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def write_report(error: BaseException) -> Path:
    """Write the traceback of `error` to a new file and return its path."""
    try:
        folder = state_folder()
    except OSError:  # no home to write to
        folder = Path(tempfile.mkdtemp(prefix="spw-"))
    path = folder / f"crash-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.txt"
    lines = [
        f"spw {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {' '.join(sys.argv)}",
        "",
        *traceback.format_exception(error),
    ]
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write("\n".join(lines))
    return path
