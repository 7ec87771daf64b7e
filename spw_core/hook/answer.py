"""How a guard's decision reaches the agent, the user and the audit log.

A violation is told on stderr. In `block` mode the exit code 2 makes the agent read it; in `warn` mode
nobody would, so that programs known to show one get it as a `systemMessage` on stdout too.
"""

import os
import sys
import time

from spw_core.hook.audit import Audit
from spw_core.hook.text import clean
from spw_core.names import ALLOW, BLOCK, WARN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from spw_core.hook.event import Event
    from spw_core.hook.project import Project

_PREFIX = "[spw-hook] "
_BLOCKING_EXIT = 2
_LONGEST_LINE = 500
_SHOW_MESSAGES = ("claude", "codex", "gemini")
_started = time.perf_counter()


class Guard:
    """One guard at work on one event: it allows, or it tells of a violation; both are written down."""

    __slots__ = ("audit", "event", "name", "project", "workspace")

    def __init__(self, name: str, event: "Event", project: "Project") -> None:
        self.name = name
        self.event = event
        self.project = project
        self.audit = Audit()
        # One name for one workspace, whatever links a session came by.
        self.workspace = os.path.realpath(project.root)

    def allow(self, target: str, spec: str = "") -> int:
        """Write down that `target` is in order; returns the exit code."""
        self._record(ALLOW, target, "", spec)
        return 0

    def violation(
        self, title: str, details: "Sequence[str]", *, target: str, reason: str = "", spec: str = ""
    ) -> int:
        """Tell of what is not in order, as strictly as the configuration says; returns the exit code.

        `target` and `reason` (default: the title) are for the audit log.
        """
        blocks = self.project.settings.blocks
        lines = [clean(title), *(f"- {clean(detail, _LONGEST_LINE)}" for detail in details)]
        say_on_stderr(lines)
        if not blocks and self.event.client in _SHOW_MESSAGES:
            print_json(f'{{"systemMessage": {json_text(chr(10).join(lines))}}}')
        self._record(BLOCK if blocks else WARN, target, reason or title, spec)
        return _BLOCKING_EXIT if blocks else 0

    def _record(self, decision: str, target: str, reason: str, spec: str) -> None:
        event = self.event
        self.audit.add(
            *(self.workspace, event.session, event.client, self.name, decision),
            *(event.tool, target, reason, spec),
            duration_ms=(time.perf_counter() - _started) * 1000,
        )


def say_on_stderr(lines: "Sequence[str]") -> None:
    """Lines for the agent (exit 2) or the debug log (exit 0)."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write("".join(f"{_PREFIX}{line}\n" for line in lines))
        sys.stderr.flush()
    except (OSError, ValueError):  # closed: nobody is left to tell
        return


def print_json(text: str) -> None:
    """One JSON object on stdout, all of it or, when the reader is gone, nothing that matters."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.buffer.write(text.encode("ascii"))
        sys.stdout.buffer.flush()
    except (OSError, ValueError):
        return


def json_text(text: str) -> str:
    """A JSON string literal of ASCII characters alone."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if " " <= character <= "~":
        return character
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
