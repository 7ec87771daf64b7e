"""Handing a file to the user's editor while the app steps aside."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from spw_core.errors import SpwError

if TYPE_CHECKING:
    from textual.app import App


def edit_file(app: App[Any], path: Path) -> None:
    """Open the file in $VISUAL or $EDITOR and come back when the editor ends. Raises SpwError, OSError."""
    default = "notepad" if os.name == "nt" else "vi"
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or default)
    if app.is_web:
        raise SpwError("an editor can only be opened in a terminal")
    try:
        with app.suspend():
            # The event loop stands still meanwhile, and all timers with it.
            result = subprocess.run([*command, str(path)], check=False)
    except SuspendNotSupported as error:
        raise SpwError("this terminal cannot hand over to an editor") from error
    if result.returncode:
        raise SpwError(
            f"{command[0]} ended with exit code {result.returncode}", "Set $EDITOR to another one."
        )
