"""How demanding a task is, as a score, and the tier of model that it suggests."""

from __future__ import annotations

from dataclasses import dataclass

from spw_core.formats.tasks import Task

OPUS = "opus"
SONNET = "sonnet"
HAIKU = "haiku"

_TDD_REQUIRED = ("yes", "true", "required")


@dataclass(frozen=True, slots=True)
class Complexity:
    """The score of one task, at least 1. `factors` name what it is made of."""

    task_id: str
    score: int
    model_hint: str
    factors: tuple[str, ...]


def complexity_of(task: Task) -> Complexity:
    """Points for many files and dependencies, for required tests and for having been deferred."""
    points = [
        _stepped(len(task.files), ((5, 3, "many files"), (3, 2, "moderate files"), (1, 1, "few files"))),
        _stepped(
            len(task.depends_on),
            ((3, 3, "many dependencies"), (2, 2, "moderate dependencies"), (1, 1, "single dependency")),
        ),
        (2, "TDD required") if task.tdd.strip().lower() in _TDD_REQUIRED else (0, ""),
        (1, "deferred task") if task.deferred else (0, ""),
    ]
    score = max(1, sum(value for value, _ in points))
    hint = OPUS if score >= 7 else SONNET if score >= 4 else HAIKU
    return Complexity(task.id, score, hint, tuple(factor for value, factor in points if value))


def _stepped(count: int, steps: tuple[tuple[int, int, str], ...]) -> tuple[int, str]:
    return next(((value, factor) for least, value, factor in steps if count >= least), (0, ""))
