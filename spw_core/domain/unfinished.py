"""What stands between a spec and its completion, one reason per line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spw_core.domain.approval_lookup import waiting_approvals
from spw_core.domain.model import IN_PROGRESS, SpecRecord
from spw_core.domain.runs import newest_runs
from spw_core.domain.task_plan import is_put_off, put_off_waves
from spw_core.domain.waves import WAVE_COMPLETE, WaveState, wave_states
from spw_core.formats.status import BLOCKED
from spw_core.formats.tasks import TaskStatus
from spw_core.text import clean_line, plural


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A reason why a spec is not finished. One that `is_final` cannot be overridden by anybody's wish."""

    text: str
    is_final: bool = False


def obstacles(record: SpecRecord, *, has_post_mortem: bool) -> tuple[Obstacle, ...]:
    """Everything that is still to be done; empty for a finished spec.

    A spec without a single readable task can never be finished: nothing says what would be complete.
    """
    return (
        *_from_tasks(record),
        *map(Obstacle, _from_waves(record)),
        *map(Obstacle, _from_runs(record)),
        *map(Obstacle, _from_approvals(record)),
        *(() if has_post_mortem else (Obstacle("there is no post-mortem"),)),
        # What could not be read was not harvested either.
        *(
            Obstacle(f"{clean_line(error.path)} {error.error}")
            for error in record.errors
            if error.error.startswith("cannot be ")
        ),
    )


def _from_tasks(record: SpecRecord) -> Iterator[Obstacle]:
    if not record.tasks:
        readable = "has checkboxes but no readable task" if record.has_tasklike_lines else "has no task"
        yield Obstacle(f"tasks.md {readable}", is_final=True)
    for task in record.tasks:
        if task.status is not TaskStatus.DONE and not is_put_off(task):
            missing = " (it is missing in task_ids, which defers nothing)" if task.deferred else ""
            yield Obstacle(f"task {task.id} is {task.status}: {clean_line(task.title)}{missing}")


def _from_waves(record: SpecRecord) -> Iterator[str]:
    states = wave_states(record)
    put_off = put_off_waves(record.tasks)
    for state in states:
        # A pointer file's word is enough to go on, not to call a spec finished: somebody must have checked.
        is_checked = state.status == WAVE_COMPLETE and state.checkpoint.attempts
        if not is_checked and state.number not in put_off:
            yield _about_checkpoint(state)
    if states:  # otherwise the work was not done in waves, whatever the plan was
        seen = {state.number for state in states}
        for number in sorted({task.wave or 0 for task in record.tasks} - seen - put_off - {0}):
            yield f"wave {number}: no checkpoint was run"


def _about_checkpoint(state: WaveState) -> str:
    checkpoint = state.checkpoint
    if checkpoint.status == BLOCKED:
        attempts = checkpoint.attempts
        said = plural(attempts, "attempt") if attempts else checkpoint.evidence
        return f"wave {state.number}: checkpoint blocked ({said})"
    if not checkpoint.attempts:
        return f"wave {state.number}: no checkpoint was run"
    return f"wave {state.number}: the checkpoint has no verdict"


def _from_runs(record: SpecRecord) -> Iterator[str]:
    """The newest run of each folder of runs that was not handed off; a passed wave settles its executions."""
    passed = {state.number for state in wave_states(record) if state.status == WAVE_COMPLETE}
    for run in newest_runs(record.runs):
        is_settled = (run.phase, run.command) == ("execution", "exec") and run.wave in passed
        if run.status == IN_PROGRESS and not is_settled:
            yield f"run without handoff: {run.path}"


def _from_approvals(record: SpecRecord) -> Iterator[str]:
    for approval in waiting_approvals(record):
        yield f"approval of {clean_line(approval.doc_type)}: {approval.status}"
