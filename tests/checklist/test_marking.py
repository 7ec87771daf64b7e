"""A26-A36: marking changes one sign of one line, in the flat form and in the bold one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from spw_core.api import Workspace

from .line import Line, each, put

FLAT = """---
spec: test-feature
task_ids: [1, 2, 3]
---
## Tasks

- [x] 1 First task
  Wave: 1
- [ ] 2 Second task
  Wave: 1
- [ ] 3 Third task
  Wave: 2
"""
BOLD = "## Wave 01\n\n- [ ] **1.** First\n- [-] **2.** Second\n- [ ] **10.** Tenth\n- [ ] **11.** Eleventh\n"
LOG = {"execution/_implementation-logs/task-2.md": "# Task 2: Second task\n"}


@dataclass(frozen=True)
class Mark:
    """A line about marking, and how one line of the file changes."""

    line: Line
    text: str
    before: str
    after: str


def flat(number: str, about: str, ask: str, after: str, before: str = "- [ ] 2 ", **files: str) -> object:
    line = Line(number, about, f"tasks mark alpha {ask}", {"task_id": ask[0]}, raw="ok", files=files)
    return pytest.param(Mark(line, FLAT, before, after), id=f"{number}-{about}")


def bold(number: str, about: str, ask: str, before: str, after: str, **answer: object) -> object:
    line = Line(number, about, f"tasks mark alpha {ask}", answer)
    return pytest.param(Mark(line, BOLD, before, after), id=f"{number}-{about}")


@pytest.mark.parametrize(
    "mark",
    [
        flat("A26", "with-its-log", "2 done --require-impl-log", "- [x] 2 ", **LOG),
        flat("A28", "no-log-asked-for", "2 in_progress", "- [-] 2 "),
        flat("A29", "one-line-changes", "2 done", "- [x] 2 "),
        flat("A30", "done-already", "1 done", "- [x] 1 ", before="- [x] 1 "),
        bold(
            "A32",
            "bold-begun",
            "1 in-progress",
            "- [ ] **1.**",
            "- [-] **1.**",
            previous_status="pending",
            status="in_progress",
        ),
        bold(
            "A33",
            "bold-done",
            "2 done",
            "- [-] **2.**",
            "- [x] **2.**",
            previous_status="in_progress",
            status="done",
        ),
        bold(
            "A34",
            "bold-blocked",
            "1 blocked",
            "- [ ] **1.**",
            "- [!] **1.**",
            previous_status="pending",
            status="blocked",
        ),
        bold("A36", "no-prefix", "1 done", "- [ ] **1.**", "- [x] **1.**"),
        bold("A36", "nor-of-a-longer-one", "10 done", "- [ ] **10.**", "- [x] **10.**"),
    ],
)
def test_one_sign_changes(workspace: Workspace, mark: Mark) -> None:
    put(workspace, {"tasks.md": mark.text})
    mark.line.holds(workspace)
    assert mark.text.count(mark.before) == 1
    assert workspace.spec("alpha").read("tasks.md") == mark.text.replace(mark.before, mark.after)


@each(
    Line(
        "A27",
        "without-its-log",
        "tasks mark alpha 2 done --require-impl-log",
        error="implementation log missing for task 2",
    ),
    Line("A31", "unknown", "tasks mark alpha 99 done", error="task 99 not found"),
    Line("A35", "unknown-blocked", "tasks mark alpha 99 blocked", error="task 99 not found"),
)
def test_refused(workspace: Workspace, line: Line) -> None:
    put(workspace, {"tasks.md": FLAT})
    line.holds(workspace)
    assert workspace.spec("alpha").read("tasks.md") == FLAT
