"""Where to take up the work again: the waves say what has begun, the tasks what comes after."""

from __future__ import annotations

from dataclasses import dataclass

from spw_core.domain.model import SpecRecord
from spw_core.domain.next_wave import NextAction, NextWave, next_wave
from spw_core.domain.task_plan import put_off_waves
from spw_core.domain.waves import WAVE_COMPLETE, wave_states
from spw_core.formats.status import BLOCKED

NEXT_WAVE = "next-wave"
CONTINUE_WAVE = "continue-wave"
DONE = "done"
ERROR = "error"


@dataclass(frozen=True, slots=True)
class Resume:
    """`action` is `next-wave`, `continue-wave`, `blocked`, `done` or `error`."""

    action: str
    wave: int
    reason: str


def resume(record: SpecRecord, strategy: str = "") -> Resume:
    """The place to go on: a wave with a blocked checkpoint, else the lowest one begun or with tasks that are
    not done, else what the tasks ask for next.

    `strategy` as in `next_wave`.
    """
    states = wave_states(record)
    put_off = put_off_waves(record.tasks)
    counting = [state for state in states if state.number not in put_off]
    for state in counting:
        if state.status == BLOCKED:
            reason = f"the checkpoint of wave {state.number} is blocked ({state.checkpoint.evidence})"
            return Resume(BLOCKED, state.number, reason)
    step = next_wave(record, strategy)
    begun = next((state for state in counting if state.status != WAVE_COMPLETE), None)
    if begun is not None:
        is_before = 0 < step.wave < begun.number
        if is_before or (step.action == NextAction.BLOCKED and step.wave == begun.number):
            # An earlier wave has tasks left, or no task of this one can start.
            return Resume(
                BLOCKED if step.action == NextAction.BLOCKED else CONTINUE_WAVE, step.wave, step.reason
            )
        words = begun.status.replace("_", " ")
        return Resume(CONTINUE_WAVE, begun.number, f"wave {begun.number} is {words}")
    last = states[-1].number if states else 0
    return _after(last, step, has_tasks=bool(record.tasks))


def _after(last: int, step: NextWave, *, has_tasks: bool) -> Resume:
    """Where `step` leads after `last`, the last of the waves, which are complete or put off (0: none)."""
    if step.action == NextAction.ERROR:
        return Resume(ERROR, last, step.reason)
    if step.action in (NextAction.BLOCKED, NextAction.CONTINUE_WAVE):
        action = BLOCKED if step.action == NextAction.BLOCKED else CONTINUE_WAVE
        return Resume(action, step.wave, step.reason)
    if step.action == NextAction.DONE or (step.action == NextAction.EXECUTE and not step.task_ids):
        # Deferred tasks may be taken up, but no wave waits for them.
        # Before there are tasks, what comes next is the first wave.
        return Resume(DONE, last, step.reason) if has_tasks or last else Resume(NEXT_WAVE, 1, step.reason)
    # A task that was added to a complete wave takes the work back to it.
    action = CONTINUE_WAVE if 0 < step.wave <= last else NEXT_WAVE
    return Resume(action, step.wave or last + 1, step.reason)
