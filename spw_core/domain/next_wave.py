"""What to do next in a spec: the answer of `spw tasks next`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from spw_core.domain.model import UNKNOWN as NO_VERDICT
from spw_core.domain.model import SpecRecord
from spw_core.domain.task_plan import StuckTask, TaskPlan, plan_warnings, put_off_warnings, put_off_waves
from spw_core.domain.waves import Checkpoint, wave_states
from spw_core.formats.status import BLOCKED as CHECKPOINT_BLOCKED
from spw_core.formats.tasks import TaskStatus
from spw_core.text import plural

ROLLING_WAVE = "rolling-wave"

_SHOWN = 5


class NextAction(StrEnum):
    """What to do next, in the words of `spw tasks next`."""

    EXECUTE = "execute"
    CONTINUE_WAVE = "continue-wave"
    PLAN_NEXT_WAVE = "plan-next-wave"
    BLOCKED = "blocked"
    DONE = "done"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class NextWave:
    """The next step. `wave` is 0 where none is meant; `blocked` lists the tasks that cannot be reached,
    which may be some although others can be executed."""

    action: NextAction
    reason: str
    wave: int = 0
    task_ids: tuple[str, ...] = ()
    deferred_ready: tuple[str, ...] = ()
    blocked: tuple[StuckTask, ...] = ()
    warnings: tuple[str, ...] = ()


def next_wave(record: SpecRecord, strategy: str = "") -> NextWave:
    """The next step of a spec. `strategy` counts where `tasks.md` names no generation strategy.

    Only the lowest wave with unfinished tasks is offered. The answer is never `done` or `plan-next-wave`
    while a task that is not explicitly deferred is not done.
    """
    warnings = plan_warnings(record)
    if not record.tasks:
        if record.has_tasklike_lines:
            return NextWave(
                NextAction.ERROR,
                "tasks.md has checkboxes but no task could be read from it",
                warnings=warnings,
            )
        return NextWave(NextAction.DONE, "no tasks found", warnings=warnings)
    states = wave_states(record)
    plan = TaskPlan(record.tasks, states)
    warnings = (*warnings, *_missing_waves(record, plan))
    wave = plan.first_open_wave()

    started = next((task for task in record.tasks if task.status is TaskStatus.IN_PROGRESS), None)
    if started is not None:
        current = plan.wave_of(started)
        if wave is not None and wave < current:
            warnings = (*warnings, f"unfinished_wave: wave {wave} has tasks that are not done")
        return NextWave(
            NextAction.CONTINUE_WAVE, f"task {started.id} is in progress", current, warnings=warnings
        )

    last_done, put_off_numbers = plan.last_done_wave(), put_off_waves(record.tasks)
    for state in states:
        if state.number == last_done:
            warnings = (*warnings, *_doubts(last_done, state.checkpoint))
    # No wave is begun over one whose checkpoint is blocked, however far behind that one is.
    behind = (state for state in states if wave is None or state.number < wave)
    for state in behind:
        if state.checkpoint.status == CHECKPOINT_BLOCKED and state.number not in put_off_numbers:
            reason = f"the checkpoint of wave {state.number} is blocked ({state.checkpoint.evidence})"
            return NextWave(NextAction.BLOCKED, reason, state.number, warnings=warnings)

    put_off = plan.ready_put_off()
    if wave is not None:
        ready, stuck = plan.ready(plan.waves()[wave]), plan.stuck()
        if ready:
            reason = f"wave {wave} has {plural(len(ready), 'task')} ready"
            return NextWave(NextAction.EXECUTE, reason, wave, ready, put_off, stuck, warnings)
        reason = f"no task of wave {wave} can start: {_listed([task.why for task in stuck])}"
        return NextWave(NextAction.BLOCKED, reason, wave, (), put_off, stuck, warnings)
    # The work that counts is done. Deferred tasks are reported, and offered when they could be taken up.
    remarks = put_off_warnings(record.tasks)
    warnings = (*warnings, *remarks)
    deferred = "".join(f"; {remark}" for remark in remarks)
    if put_off:
        reason = f"all planned tasks are complete; deferred and ready: {_listed(list(put_off))}"
        return NextWave(NextAction.EXECUTE, reason, deferred_ready=put_off, warnings=warnings)
    # A spec that was completed is not planned on, whatever its strategy.
    if (record.generation_strategy or strategy) == ROLLING_WAVE and not record.completed_at:
        reason = f"all planned tasks are complete{deferred}"
        return NextWave(NextAction.PLAN_NEXT_WAVE, reason, warnings=warnings)
    return NextWave(NextAction.DONE, f"all tasks complete{deferred}", warnings=warnings)


def _missing_waves(record: SpecRecord, plan: TaskPlan) -> Iterator[str]:
    """A remark when only some tasks name a wave; when none does there is nothing odd about it."""
    if not any(task.wave for task in record.tasks):
        return
    without = [task for task in record.tasks if not task.wave and task.status is not TaskStatus.DONE]
    if without:
        ids = ", ".join(task.id for task in without)
        yield f"missing_wave: taken as wave {plan.wave_of(without[0])}, because they name none: {ids}"


def _doubts(wave: int, checkpoint: Checkpoint) -> Iterator[str]:
    for text in checkpoint.stale:
        yield f"stale_summary: wave {wave}: {text}"
    if checkpoint.status == NO_VERDICT:
        yield f"cannot read checkpoint status: no verdict in {checkpoint.run_path}"


def _listed(texts: list[str]) -> str:
    more = f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + more
