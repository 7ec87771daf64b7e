"""`_iteration-state.json`: how often an audit inside a run was tried, and how each try ended.

`_iteration_state.json`, with two counters instead of a history, was proposed in the field; it is read too.
"""

from __future__ import annotations

from dataclasses import dataclass

from spw_core.formats.json_object import read_json_object
from spw_core.formats.problem import Problem
from spw_core.formats.status import normalise_verdict

DEFAULT_MAX_ITERATIONS = 3


@dataclass(frozen=True, slots=True)
class Iteration:
    """One try. `result` is normalised like a verdict and empty until the try is left."""

    number: int
    started_at: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class IterationState:
    """`kind` is `inline-audit` or `inline-checkpoint`; the counts are 0 where the file has none."""

    kind: str
    current: int
    maximum: int
    history: tuple[Iteration, ...] = ()
    revision_count: int = 0
    replan_count: int = 0

    @property
    def remaining(self) -> int:
        """Tries that are left after the current one."""
        return max(0, self.maximum - self.current)


def parse_iteration_state(data: bytes) -> tuple[IterationState | None, list[Problem]]:
    """Read an iteration state in either shape; None when it is not a JSON object. Never raises."""
    found, problems = read_json_object(data)
    if found is None:
        return None, problems
    values = found.values
    counters_only = "revision_count" in values or "replan_count" in values

    def count(key: str, missing: int) -> int:
        if key not in values:
            return missing
        number = _whole(values[key])
        if number is None:
            found.report(f"{key!r} is not a whole number", key)
        return missing if number is None else number

    history = []
    for place, entry in found.objects("history"):
        number = _whole(entry.values.get("iteration", place + 1))
        if number is None:
            entry.report("'iteration' is not a whole number", "iteration")
        result = normalise_verdict(entry.text("result"))
        history.append(Iteration(number or place + 1, entry.text("started_at"), result))
    if not counters_only and "current_iteration" not in values:
        found.report("no number under the key 'current_iteration'")
    state = IterationState(
        kind=found.text("type"),
        current=count("current_iteration", history[-1].number if history else 0),
        maximum=count("max_iterations", 0 if counters_only else DEFAULT_MAX_ITERATIONS),
        history=tuple(history),
        revision_count=count("revision_count", 0),
        replan_count=count("replan_count", 0),
    )
    return state, problems


def _whole(value: object) -> int | None:
    """A count as JSON number or as digits in a text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15:
        return value
    return None
