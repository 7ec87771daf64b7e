"""Which commit finished a task, told from commit messages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

# "feat(user-auth): task 3 - …": the workflow's convention, with the spec as the scope.
_SCOPE = re.compile(r"\w+\((?P<scope>[^()]+)\)!?:\s*")


@dataclass(frozen=True, slots=True)
class Commit:
    """`subject` is the first paragraph of `message` on one line."""

    hash: str
    subject: str
    message: str


def commit_of_task(
    commits: Iterable[Commit], spec: str, task_id: str, other_specs: Collection[str]
) -> Commit | None:
    """The first of `commits` (newest first) that follows the convention, else the first that names the task.

    The id counts literally: task 1 is neither 10 nor 1.1. A commit whose scope is another spec is not ours.
    """
    mention = re.compile(rf"\btask {re.escape(task_id)}(?![\w]|[.-]\d)", re.IGNORECASE)
    second_best = None
    for commit in commits:
        scope = _SCOPE.match(commit.subject)
        if scope is not None and scope["scope"] == spec and mention.match(commit.subject, scope.end()):
            return commit
        is_foreign = scope is not None and scope["scope"] != spec and scope["scope"] in other_specs
        if second_best is None and not is_foreign and mention.search(commit.message):
            second_best = commit
    return second_best
