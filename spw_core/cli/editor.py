"""Opening a file in the user's editor, at a line where the editor is known to take one."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from spw_core.errors import SpwError

_HINT = "Set $EDITOR to a command that exists."
_PLUS_LINE = frozenset(("vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "joe", "ne"))
_COLON_LINE = frozenset(("hx", "helix", "subl", "zed", "kate"))
_GOTO = frozenset(("code", "code-insiders", "codium", "cursor", "windsurf"))


def edit_command(editor: str, path: Path, line: int) -> list[str]:
    """The command that opens a file at a line (1-based). Raises ValueError for quotes that do not close."""
    command = shlex.split(editor)
    program = Path(command[0]).stem if command else ""
    if program in _PLUS_LINE:
        return [*command, f"+{line}", str(path)]
    if program in _COLON_LINE:
        return [*command, f"{path}:{line}"]
    if program in _GOTO:
        return [*command, "--goto", f"{path}:{line}"]
    return [*command, str(path)]


def edit_file(path: Path, line: int) -> int:
    """Open a file in $VISUAL or $EDITOR and wait for it; its exit code. Raises SpwError without an editor."""
    default = "notepad" if os.name == "nt" else "vi"
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or default
    try:
        return subprocess.run(edit_command(editor, path, line), check=False).returncode
    except (OSError, ValueError) as error:
        raise SpwError(f"cannot run the editor {editor!r}: {error}", _HINT) from error
