"""Handing a file to the user's editor while the app steps aside, or to VS Code beside it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from spw_core.errors import SpwError

if TYPE_CHECKING:
    from textual.app import App

# Editors that take `+LINE` before the file.
_PLUS_LINE = ("vi", "vim", "nvim", "view", "nano", "emacs", "emacsclient", "micro", "kak", "joe", "ne")
_CODE = ("code", "code-insiders", "codium", "cursor")
_START_SECONDS = 10


def edit_file(app: App[Any], path: Path, line: int = 1) -> None:
    """Open the file in $VISUAL or $EDITOR and come back when the editor ends. Raises SpwError, OSError."""
    default = "notepad" if os.name == "nt" else "vi"
    try:
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or default)
    except ValueError as error:
        raise SpwError(f"$VISUAL or $EDITOR is no command: {error}") from error
    if app.is_web:
        raise SpwError("an editor can only be opened in a terminal")
    try:
        with app.suspend():
            # The event loop stands still meanwhile, and all timers with it.
            result = subprocess.run([*command, *_at_line(command[0], line), str(path)], check=False)
    except SuspendNotSupported as error:
        raise SpwError("this terminal cannot hand over to an editor") from error
    if result.returncode:
        raise SpwError(
            f"{command[0]} ended with exit code {result.returncode}", "Set $EDITOR to another one."
        )


def _at_line(program: str, line: int) -> list[str]:
    return [f"+{line}"] if line > 1 and Path(program).name in _PLUS_LINE else []


def open_in_code(path: Path, line: int = 1) -> None:
    """Open the file at a line in VS Code, or in one of its relatives. Raises SpwError, OSError."""
    program = next(filter(None, map(shutil.which, _CODE)), None)
    if program is None:
        raise SpwError("VS Code is not installed here", f"One of {', '.join(_CODE)} must be on the PATH.")
    try:
        result = subprocess.run(
            [program, "--goto", f"{path}:{line}"],
            check=False,
            capture_output=True,
            timeout=_START_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise SpwError(f"{program} does not answer") from error
    if result.returncode:
        raise SpwError(f"{program} ended with exit code {result.returncode}")
