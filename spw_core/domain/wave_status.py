"""Where execution stands, in the words of the workflow's `wave-status`: which wave, which tasks, what to do.

Wave states come from the one resolver in `domain.waves`, what belongs to a wave from `domain.task_plan`, so
that this names the same wave as `tasks next`. Task ids are texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spw_core.domain.model import IN_PROGRESS, SpecRecord, WaveFiles
from spw_core.domain.task_plan import TaskPlan, plan_warnings, put_off_warnings, wave_at_work
from spw_core.domain.waves import WAVE_COMPLETE, WAVE_PENDING, WaveState, wave_states
from spw_core.formats.status import BLOCKED, MISSING, PASS
from spw_core.formats.tasks import TaskStatus

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

_LISTED = {WAVE_PENDING: NOT_STARTED, IN_PROGRESS: RUNNING, BLOCKED: BLOCKED, WAVE_COMPLETE: COMPLETED}


@dataclass(frozen=True, slots=True)
class ListedWave:
    """One wave with a folder; `number` has two digits, `checkpoint` is a status of `Checkpoint`."""

    number: str
    status: str
    task_ids: tuple[str, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class WaveStatus:
    """The answer. `current_wave` has two digits; `next_tasks` are the tasks of that wave that
    can start now; those of a blocked wave and of one that only waits for its checkpoint are all of it."""

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
    """Where execution stands. The lowest wave decides that is not complete or has tasks that are not done."""
    waves = wave_states(record)
    running = tuple(task.id for task in record.tasks if task.status is TaskStatus.IN_PROGRESS)
    here = _position(record, waves)
    warnings = list(plan_warnings(record))
    if _is_unreadable(record):
        warnings.append("tasks.md has checkboxes but no readable task")
    if here.action == FINISHED:
        warnings += put_off_warnings(record.tasks)
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


def _position(record: SpecRecord, waves: Sequence[WaveState]) -> _Position:
    plan = TaskPlan(record.tasks, waves)
    started = next((task for task in record.tasks if task.status is TaskStatus.IN_PROGRESS), None)
    is_running = started is not None
    number = wave_at_work(plan, waves)
    if not number and started is not None:  # a deferred task that was begun all the same
        number = plan.wave_of(started)
    if not number:
        return _without_work(record, waves)
    wave = next((wave for wave in waves if wave.number == number), None)
    if wave is not None and wave.status == BLOCKED:
        return _Position(number, BLOCKED, BLOCKED, WAIT, wave.task_ids)
    members = plan.waves().get(number, ())
    is_open = any(record.tasks[index].status is not TaskStatus.DONE for index in members)
    ready = plan.ready(members)
    checkpoint = wave.checkpoint.status if wave else MISSING
    if is_open and not ready and not is_running:
        return _Position(number, BLOCKED, checkpoint, STUCK)
    if wave is None and not is_running:
        return _Position(number, NOT_STARTED, checkpoint, START, ready)
    action = RESUME if is_running else CONTINUE
    return _Position(number, RUNNING, checkpoint, action, ready if wave is None or is_open else wave.task_ids)


def _without_work(record: SpecRecord, waves: Sequence[WaveState]) -> _Position:
    """All waves are complete and no task is left, or none of them could be read, or there are none yet."""
    last = waves[-1].number if waves else 1
    checkpoint = PASS if waves else MISSING
    if _is_unreadable(record):
        return _Position(last, BLOCKED, checkpoint, STUCK)
    if not waves and not record.tasks:
        return _Position(last, NOT_STARTED, MISSING, START)
    return _Position(last, COMPLETED, checkpoint, FINISHED)


def _is_unreadable(record: SpecRecord) -> bool:
    return record.has_tasklike_lines and not record.tasks
