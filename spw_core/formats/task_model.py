"""What a `tasks.md` says, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spw_core.formats.problem import Problem
from spw_core.formats.task_values import normalise_id
from spw_core.formats.task_words import TaskStatus


@dataclass(frozen=True, slots=True)
class Task:
    """One task as the file has it.

    `wave` is None when neither the task nor a heading above it names one. `deferred_reason` is
    "heading" or "wave" (for whatever the task itself says) for an explicit deferral, "task_ids" when
    only the frontmatter list lacks the id, "" when not deferred. `notes` holds every other line of the
    task, without bullets; `raw_files` and `raw_depends` the text as written, lines joined by a line break.
    """

    id: str
    title: str
    status: TaskStatus
    line: int
    wave: int | None
    depends_on: tuple[str, ...]
    files: tuple[str, ...]
    tdd: str
    requirements: tuple[str, ...]
    leverage: tuple[str, ...]
    parallel_with: tuple[str, ...]
    deferred: bool
    deferred_reason: str
    blocked_reason: str
    prompt: str
    notes: tuple[str, ...]
    raw_files: str
    raw_depends: str


@dataclass(frozen=True, slots=True)
class TasksHeader:
    """The frontmatter. Texts are "" and `task_ids` is None when absent; `fields` has all keys as read."""

    spec: str = ""
    task_ids: tuple[str, ...] | None = None
    approval_id: str = ""
    generation_strategy: str = ""
    fields: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class WavePlanEntry:
    """A line of the wave plan, as in `- Wave 2 (current): tasks 3, 4`."""

    wave: int
    state: str
    task_ids: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """How many tasks have which status; deferred ones are counted in their status as well."""

    total: int
    pending: int
    in_progress: int
    done: int
    blocked: int
    deferred: int


@dataclass(frozen=True, slots=True)
class TasksDocument:
    """A whole `tasks.md`. The body is the authority; where the frontmatter differs, `warnings` says so."""

    header: TasksHeader
    tasks: tuple[Task, ...]
    wave_plan: tuple[WavePlanEntry, ...]
    constraints: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    problems: tuple[Problem, ...]
    has_tasklike_lines: bool

    @property
    def has_deferred(self) -> bool:
        return any(task.deferred for task in self.tasks)

    def task(self, task_id: str) -> Task | None:
        """The first task with this id, compared literally after normalisation (`1.` is 1, never 10)."""
        wanted = normalise_id(task_id)
        return next((task for task in self.tasks if task.id == wanted), None)

    def counts(self) -> TaskCounts:
        tally = dict.fromkeys(TaskStatus, 0)
        for task in self.tasks:
            tally[task.status] += 1
        return TaskCounts(
            total=len(self.tasks),
            pending=tally[TaskStatus.PENDING],
            in_progress=tally[TaskStatus.IN_PROGRESS],
            done=tally[TaskStatus.DONE],
            blocked=tally[TaskStatus.BLOCKED],
            deferred=sum(task.deferred for task in self.tasks),
        )
