"""What is registered with Claude Code, and how a registration is recognised: by its command alone.

Claude Code rewrites its settings and drops keys that it does not know, so no mark would last.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_WRITING_TOOLS = "Write|Edit|MultiEdit|NotebookEdit"
# The hook itself gives up far earlier; a tight limit would only punish a cold start.
_TIMEOUT_S = 15
# Claude Code leaves all hooks together 1.5 s at the end of a session unless one asks for more.
_END_TIMEOUT_S = 5
_OPERATORS = frozenset(";&|<>`")


@dataclass(frozen=True, slots=True)
class Registration:
    """One hook: Claude Code's event and matcher ("" for none), our event, and its time limit."""

    claude_event: str
    matcher: str
    event: str
    timeout_s: int = _TIMEOUT_S

    def handler(self, program: str) -> dict[str, object]:
        """The handler as the settings have it. Shell form: older versions drop `args`, others know none."""
        return {"type": "command", "command": f"{program} {self.event}", "timeout": self.timeout_s}

    def group(self, program: str) -> dict[str, object]:
        """The handler in a group of its own."""
        matcher = {"matcher": self.matcher} if self.matcher else {}
        return {**matcher, "hooks": [self.handler(program)]}


# Few, and none that is newer than the others: a version that does not know an event may refuse the file.
REGISTRATIONS = (
    Registration("SessionStart", "startup|resume|clear|compact|fork", "session-start"),
    Registration("UserPromptSubmit", "", "guard-prompt"),
    Registration("PreToolUse", _WRITING_TOOLS, "guard-paths"),
    Registration("PostToolUse", _WRITING_TOOLS, "post-tool"),
    Registration("Stop", "", "guard-stop"),
    Registration("SubagentStop", "", "subagent-stop"),
    Registration("PreCompact", "", "pre-compact"),
    Registration("SessionEnd", "", "session-end", _END_TIMEOUT_S),
)


def status_line(program: str) -> dict[str, object]:
    """The status line as the settings have it."""
    return {"type": "command", "command": f"{program} statusline", "padding": 0}


def all_settings(program: str) -> dict[str, object]:
    """Everything that is registered, as a settings file of its own."""
    return {
        "hooks": {entry.claude_event: [entry.group(program)] for entry in REGISTRATIONS},
        "statusLine": status_line(program),
    }


def hook_program() -> str:
    """How a shell calls `spw-hook`: by its absolute path, for hooks run with a PATH of their own.

    On Windows by way of Python, since a script without `.exe` is no program there.
    """
    beside = Path(sys.executable).with_name("spw-hook")
    script = str(beside) if beside.is_file() else shutil.which("spw-hook") or ""
    if os.name != "nt" and script and os.access(script, os.X_OK):
        return shlex.quote(os.path.abspath(script))  # noqa: PTH100 - resolve() would leave the environment
    python = sys.executable.replace("\\", "/")
    quoted = f'"{python}"' if os.name == "nt" and " " in python else shlex.quote(python)
    return f"{quoted} -P -m spw_core.hook"


def is_ours(command: object) -> bool:
    """Whether a command is `spw-hook`, wherever that is installed, and nothing else besides."""
    words = _words(command)
    return _is_one_program(words) and (
        _program(words[0]) == "spw-hook" or "-m spw_core.hook" in " ".join(words[1:4])
    )


def is_go(command: object) -> bool:
    """Whether a command is a hook of the Go tool, or of the scripts that came before it, and no more."""
    words = _words(command)
    if not _is_one_program(words):
        return False
    if _program(words[0]) in ("spw", "oraculo") and words[1:2] == ["hook"]:
        return True
    return _program(words[0]) == "node" and any(
        word.rpartition("/")[2].startswith("spw-") and "hooks/" in word for word in words[1:]
    )


def command_of(handler: object) -> object:
    """The command of a handler or a status line; None where there is none."""
    return handler.get("command") if isinstance(handler, Mapping) else None


def missing_program(command: str, root: Path) -> str:
    """The program of a command in a project when it is given by a path where nothing is; else ""."""
    words = _words(command)
    program = words[0] if words else ""
    for variable in ("${CLAUDE_PROJECT_DIR}", "$CLAUDE_PROJECT_DIR"):
        program = program.replace(variable, str(root))
    program = os.path.expandvars(os.path.expanduser(program))  # noqa: PTH111 - Path raises without a home
    return program if Path(program).is_absolute() and not Path(program).exists() else ""


def _program(word: str) -> str:
    return word.rpartition("/")[2].removesuffix(".exe")


def _is_one_program(words: list[str]) -> bool:
    """Whether a command runs one program. What somebody put around it, a pipe or a second program, is
    theirs: such a command is never taken for ours to replace or remove."""
    return bool(words) and not any(_OPERATORS & set(word) for word in words[1:])


def _words(command: object) -> list[str]:
    if not isinstance(command, str):
        return []
    text = command.replace("\\", "/") if ":\\" in command else command
    text = text.strip().replace("\n", " ; ")  # what a line break means to a shell
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
