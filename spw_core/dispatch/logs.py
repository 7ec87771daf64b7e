"""`impl-log`: what was done for a task, one Markdown file each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from spw_core.dispatch import notes
from spw_core.dispatch.files import replace_stored
from spw_core.domain.registry import LOGS
from spw_core.errors import InvalidName
from spw_core.formats.task_values import normalise_id
from spw_core.names import is_valid_name
from spw_core.workspace import WorkspacePaths


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What an implementation log says. `files` are paths, the texts are Markdown."""

    task_id: str
    wave: str
    title: str
    files: Sequence[str]
    changes: str
    tests: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """`path` is relative to the spec; `replaced` tells that there was another version."""

    path: str
    replaced: bool
    warnings: tuple[str, ...]


def check_task_id(text: str) -> str:
    """A task id as tasks.md has it. Raises InvalidName for what may not become part of a path."""
    task_id = normalise_id(text)
    if not is_valid_name(task_id):
        raise InvalidName(f"invalid task id: {text[:80]!r}", "Give it as tasks.md has it, like 3 or 1.2.")
    return task_id


def log_path(task_id: str) -> str:
    """Where the log of a task is, relative to the spec."""
    return f"{LOGS}/task-{task_id}.md"


def register_log(paths: WorkspacePaths, spec: str, entry: LogEntry) -> Registered:
    """Write the log of a task. Raises SpecNotFound and WriteError."""
    paths.existing_spec(spec)
    path = log_path(entry.task_id)
    replaced, warnings = replace_stored(
        paths, spec, path, render_log(entry, datetime.now(UTC)).encode("utf-8", "replace")
    )
    return Registered(path, replaced, (*warnings, *notes.harvest_now(paths, spec)))


def render_log(entry: LogEntry, moment: datetime) -> str:
    """The log as Markdown."""
    files = [f"- `{name}`" for name in entry.files] or ["- none"]
    sections = [
        f"# Task {entry.task_id}: {' '.join(entry.title.split())}",
        f"- **Wave:** {entry.wave}\n- **Timestamp:** {moment:%Y-%m-%dT%H:%M:%SZ}",
        "## Files Changed",
        "\n".join(files),
        "## Changes",
        entry.changes.strip(),
    ]
    if entry.tests.strip():
        sections += ["## Tests", entry.tests.strip()]
    return "\n\n".join(sections) + "\n"
