"""Where to take up the work again: the waves say what has begun, the tasks what comes after."""

from __future__ import annotations

from dataclasses import dataclass

from spw_core.domain import next_wave as following
from spw_core.domain.model import SpecRecord
from spw_core.domain.next_wave import NextWave, next_wave
from spw_core.domain.waves import COMPLETE, wave_states
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
    """The place to go on: a blocked wave, else the first one begun, else what the tasks ask for next.

    `strategy` as in `next_wave`.
    """
    states = wave_states(record)
    for state in states:
        if state.status == BLOCKED:
            reason = f"the checkpoint of wave {state.number} is blocked ({state.checkpoint.run_path})"
            return Resume(BLOCKED, state.number, reason)
    for state in states:
        if state.status != COMPLETE:
            return Resume(CONTINUE_WAVE, state.number, f"wave {state.number} is {state.status}")
    last = states[-1].number if states else 0
    return _after(last, next_wave(record, strategy), has_tasks=bool(record.tasks))


def _after(last: int, following_step: NextWave, *, has_tasks: bool) -> Resume:
    """The step after `last`, the last of the waves that all are complete (0: there are none)."""
    step, reason = following_step, following_step.reason
    if step.action == following.ERROR:
        return Resume(ERROR, last, reason)
    if step.action == following.BLOCKED:
        return Resume(BLOCKED, step.wave, reason)
    if step.action == following.CONTINUE_WAVE:
        return Resume(CONTINUE_WAVE, step.wave, reason)
    if step.action == following.DONE:
        # Before there are tasks, what comes next is the first wave.
        return Resume(DONE, last, reason) if has_tasks or last else Resume(NEXT_WAVE, 1, reason)
    # A task that was added to a complete wave takes the work back to it.
    action = CONTINUE_WAVE if 0 < step.wave <= last else NEXT_WAVE
    return Resume(action, step.wave or last + 1, reason)
