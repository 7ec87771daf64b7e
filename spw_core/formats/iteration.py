"""`_iteration-state.json`: how often an audit inside a run was tried, and how each try ended.

`_iteration_state.json`, with two counters instead of a history, was proposed in the field; it is read too.
"""

from __future__ import annotations

from dataclasses import dataclass

from spw_core.formats.json_object import load_json_object, text_of
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
    value, problems = load_json_object(data)
    if value is None:
        return None, problems
    counters_only = "revision_count" in value or "replan_count" in value

    def count(key: str, missing: int) -> int:
        if key not in value:
            return missing
        number = _whole(value[key])
        if number is None:
            problems.append(Problem(0, f"{key!r} is not a whole number"))
        return missing if number is None else number

    entries = value.get("history", [])
    if not isinstance(entries, list):
        problems.append(Problem(0, "'history' is not a list"))
        entries = []
    history = []
    for place, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            problems.append(Problem(0, f"entry {place} of 'history' is not an object"))
            continue
        history.append(
            Iteration(
                number=_whole(entry.get("iteration")) or place,
                started_at=text_of(entry.get("started_at")),
                result=normalise_verdict(text_of(entry.get("result"))),
            )
        )
    if not counters_only and "current_iteration" not in value:
        problems.append(Problem(0, "no number under the key 'current_iteration'"))
    return (
        IterationState(
            kind=text_of(value.get("type")),
            current=count("current_iteration", history[-1].number if history else 0),
            maximum=count("max_iterations", 0 if counters_only else DEFAULT_MAX_ITERATIONS),
            history=tuple(history),
            revision_count=count("revision_count", 0),
            replan_count=count("replan_count", 0),
        ),
        problems,
    )


def _whole(value: object) -> int | None:
    """A count as JSON number or as digits in a text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15:
        return value
    return None
