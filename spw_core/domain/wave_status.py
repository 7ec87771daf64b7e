"""Where execution stands, in the words of the workflow's `wave-status`: which wave, which tasks, do what.

Wave states come from the one resolver in `domain.waves`. Task ids are texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from spw_core.domain.model import IN_PROGRESS, SpecRecord, WaveFiles
from spw_core.domain.waves import COMPLETE, FROM_LATEST, PENDING, Checkpoint, WaveState, wave_states
from spw_core.formats.status import BLOCKED, MISSING, PASS
from spw_core.formats.tasks import Task, TaskStatus

# `wave_status`, and the status of a listed wave.
NOT_STARTED = "not-started"
RUNNING = "in-progress"
COMPLETED = "completed"

# `resume_action`
START = "start-wave"
CONTINUE = "continue-wave"
RESUME = "resume-in-progress"
WAIT = "wait-checkpoint"
STUCK = "blocked"
FINISHED = "done"

_LISTED = {PENDING: NOT_STARTED, IN_PROGRESS: RUNNING, BLOCKED: BLOCKED, COMPLETE: COMPLETED}


@dataclass(frozen=True, slots=True)
class ListedWave:
    """One wave with a folder; `number` has two digits, `checkpoint` is a status of `Checkpoint`."""

    number: str
    status: str
    task_ids: tuple[str, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class WaveStatus:
    """The answer. `current_wave` has two digits; explicitly deferred tasks are in none of the lists."""

    waves: tuple[ListedWave, ...]
    current_wave: str
    wave_status: str
    checkpoint_status: str
    next_tasks: tuple[str, ...]
    in_progress_tasks: tuple[str, ...]
    resume_action: str
    total_tasks: int
    completed_tasks: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Position:
    wave: int
    wave_status: str
    checkpoint: str
    action: str
    next_tasks: tuple[str, ...] = ()


def wave_status(record: SpecRecord) -> WaveStatus:
    """The lowest wave that is not complete decides; when all are, the wave after them, or the end."""
    files = {wave.number: wave for wave in record.waves}
    waves = [_believing_pointers(wave, files.get(wave.number)) for wave in wave_states(record)]
    open_wave = next((wave for wave in waves if wave.status != COMPLETE), None)
    running = _ids(record.tasks, TaskStatus.IN_PROGRESS)
    here = _in_wave(record, open_wave, running) if open_wave else _between_waves(record, waves, running)
    warnings = list(record.task_warnings)
    if _is_unreadable(record):
        warnings.append("tasks.md has checkboxes but no readable task")
    warnings += [f"wave {wave.number}: {text}" for wave in waves for text in wave.checkpoint.stale]
    return WaveStatus(
        waves=tuple(
            ListedWave(f"{wave.number:02d}", _LISTED[wave.status], wave.task_ids, wave.checkpoint.status)
            for wave in waves
        ),
        current_wave=f"{here.wave:02d}",
        wave_status=here.wave_status,
        checkpoint_status=here.checkpoint,
        next_tasks=here.next_tasks,
        in_progress_tasks=running,
        resume_action=here.action,
        total_tasks=len(record.tasks),
        completed_tasks=sum(task.status is TaskStatus.DONE for task in record.tasks),
        warnings=tuple(warnings),
    )


def current_wave(record: SpecRecord) -> WaveFiles | None:
    """The highest wave that has a folder, in whatever layout; None without waves."""
    return max(record.waves, key=lambda wave: wave.number, default=None)


def _believing_pointers(wave: WaveState, files: WaveFiles | None) -> WaveState:
    """Without any checkpoint run, the word of a `_latest.json` that names none is all there is."""
    latest = files.latest if files else None
    if wave.checkpoint.status != MISSING or latest is None or latest.status not in (PASS, BLOCKED):
        return wave
    if latest.checkpoint_run:
        stale = (f"_latest.json points at {latest.checkpoint_run}, which does not exist",)
        return replace(wave, checkpoint=replace(wave.checkpoint, stale=stale))
    status = COMPLETE if latest.status == PASS else BLOCKED
    return replace(wave, status=status, checkpoint=Checkpoint(latest.status, source=FROM_LATEST))


def _in_wave(record: SpecRecord, wave: WaveState, running: tuple[str, ...]) -> _Position:
    if wave.status == BLOCKED:
        return _Position(wave.number, BLOCKED, BLOCKED, WAIT, wave.task_ids)
    return _Position(
        wave.number,
        RUNNING,
        wave.checkpoint.status,
        RESUME if running else CONTINUE,
        _due(record.tasks, wave.number) or wave.task_ids,
    )


def _between_waves(record: SpecRecord, waves: list[WaveState], running: tuple[str, ...]) -> _Position:
    last = waves[-1].number if waves else 0
    left = [task for task in record.tasks if task.status is not TaskStatus.DONE and not _is_deferred(task)]
    movable = [task for task in left if task.status is not TaskStatus.BLOCKED]
    unreadable = _is_unreadable(record)
    if movable or not (waves or record.tasks or unreadable):
        number = _next_number(movable, last)
        return _Position(
            number,
            RUNNING if running else NOT_STARTED,
            MISSING,
            RESUME if running else START,
            _due(movable, number) or _ids(movable, TaskStatus.PENDING),
        )
    checkpoint = PASS if waves else MISSING
    if left or unreadable:  # nothing can go on by itself, and yet the work is not done
        return _Position(max(last, 1), BLOCKED, checkpoint, STUCK)
    return _Position(max(last, 1), COMPLETED, checkpoint, FINISHED)


def _next_number(tasks: list[Task], last: int) -> int:
    """The wave of the work that is left, after `last`: the lowest one planned.

    Work without a wave, or of a wave that is complete already, goes into the one right after `last`.
    """
    later = [task.wave for task in tasks if task.wave and task.wave > last]
    return min(later) if later and len(later) == len(tasks) else last + 1


def _due(tasks: Iterable[Task], wave: int) -> tuple[str, ...]:
    """Pending tasks of the wave, and those of earlier waves or of none that were left behind."""
    return _ids((task for task in tasks if (task.wave or 0) <= wave), TaskStatus.PENDING)


def _ids(tasks: Iterable[Task], status: TaskStatus) -> tuple[str, ...]:
    return tuple(task.id for task in tasks if task.status is status and not _is_deferred(task))


def _is_deferred(task: Task) -> bool:
    """Deferred by its heading or its wave; a list in the frontmatter that lacks it hides no work."""
    return task.deferred and task.deferred_reason != "task_ids"


def _is_unreadable(record: SpecRecord) -> bool:
    return record.has_tasklike_lines and not record.tasks
