"""The user's editor: which one it is, and how it opens a file at a line."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from spw_core.errors import SpwError

_PLUS_LINE = frozenset("vi vim nvim view nano emacs emacsclient micro kak joe ne".split())
_COLON_LINE = frozenset("hx helix subl zed kate".split())
_GOTO = frozenset("code code-insiders codium cursor windsurf".split())
HINT = "Set $EDITOR to a command that exists."


def editor() -> str:
    """$VISUAL, else $EDITOR, else what every system has; one that is blank counts as none."""
    default = "notepad" if os.name == "nt" else "vi"
    named = (os.environ.get(name, "").strip() for name in ("VISUAL", "EDITOR"))
    return next(filter(None, named), default)


def edit_command(program: str, path: Path, line: int) -> list[str]:
    """The command by which an editor opens a file at a line (1-based). Raises SpwError for odd quotes."""
    try:
        command = shlex.split(program)
    except ValueError as error:
        raise SpwError(f"cannot run the editor {program!r}: {error}", HINT) from error
    name = Path(command[0]).stem
    if name in _PLUS_LINE:
        return [*command, f"+{line}", str(path)]
    if name in _COLON_LINE:
        return [*command, f"{path}:{line}"]
    if name in _GOTO:
        return [*command, "--goto", f"{path}:{line}"]
    return [*command, str(path)]
