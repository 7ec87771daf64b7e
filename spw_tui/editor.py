"""Handing a file to the user's editor while the app steps aside, or to VS Code beside it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from spw_core.editor import edit_command, editor
from spw_core.errors import SpwError

if TYPE_CHECKING:
    from textual.app import App

_CODE = ("code", "code-insiders", "codium", "cursor")
_START_SECONDS = 10


def edit_file(app: App[Any], path: Path, line: int = 1) -> None:
    """Open the file in $VISUAL or $EDITOR and come back when the editor ends. Raises SpwError, OSError."""
    command = edit_command(editor(), path, line)
    if app.is_web:
        raise SpwError("an editor can only be opened in a terminal")
    try:
        with app.suspend():
            # The event loop stands still meanwhile, and all timers with it.
            result = subprocess.run(command, check=False)
    except SuspendNotSupported as error:
        raise SpwError("this terminal cannot hand over to an editor") from error
    if result.returncode:
        raise SpwError(
            f"{command[0]} ended with exit code {result.returncode}", "Set $EDITOR to another one."
        )


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
