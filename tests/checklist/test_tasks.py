"""A1-A25: what the reader makes of the seven fixtures, and which wave comes next."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spw_core.api import Workspace
from spw_core.formats.tasks import TasksDocument, parse_tasks

from .. import machine_support as fixtures
from .line import Line, each, gate, pointer


def task(document: TasksDocument, task_id: str) -> tuple[object, ...]:
    found = document.task(task_id)
    assert found is not None
    return (found.id, found.status, found.wave, found.depends_on, found.deferred)


@pytest.mark.parametrize(
    ("text", "read", "expected"),
    [
        pytest.param(
            fixtures.BASIC,
            lambda document: (
                document.header.spec,
                len(document.header.task_ids),
                document.header.approval_id,
                document.header.generation_strategy,
            ),
            ("test-feature", 4, "abc-123", "rolling-wave"),
            id="A1-frontmatter",
        ),
        pytest.param(
            fixtures.BASIC,
            lambda document: (len(document.tasks), task(document, "1"), document.tasks[0].tdd),
            (4, ("1", "done", 1, (), False), "yes"),
            id="A2-tasks",
        ),
        pytest.param(
            fixtures.BASIC,
            lambda document: task(document, "3"),
            ("3", "pending", 2, ("2",), False),
            id="A3-dependencies",
        ),
        pytest.param(
            fixtures.BASIC,
            lambda document: (
                [(entry.wave, entry.task_ids) for entry in document.wave_plan],
                document.constraints,
                document.warnings,
            ),
            ([(1, ("1", "2")), (2, ("3", "4"))], (("max_tasks_per_wave", "2"),), ()),
            id="A4-wave-plan-and-constraints",
        ),
        pytest.param(
            fixtures.DEFERRED_READY,
            lambda document: (len(document.tasks), task(document, "5"), document.has_deferred),
            (5, ("5", "pending", 3, ("4",), True), True),
            id="A5-deferred",
        ),
        pytest.param(
            fixtures.DEFERRED_READY,
            lambda document: document.warnings,
            ("task_ids_mismatch: task 5 is not in the frontmatter's task_ids",),
            id="A6-mismatch",
        ),
        pytest.param(
            fixtures.DEFERRED_READY,
            lambda document: (len(document.header.task_ids), len(document.tasks)),
            (4, 5),
            id="A7-the-body-is-the-authority",
        ),
        pytest.param(
            fixtures.IN_PROGRESS,
            lambda document: task(document, "3"),
            ("3", "in_progress", 2, ("2",), False),
            id="A8-in-progress",
        ),
        pytest.param(
            fixtures.ALL_DONE,
            lambda document: (
                document.counts().done,
                document.counts().pending,
                document.counts().in_progress,
            ),
            (3, 0, 0),
            id="A9-all-done",
        ),
        pytest.param(
            fixtures.BASIC,
            lambda document: [fixtures.BASIC.split("\n")[found.line - 1][:7] for found in document.tasks],
            ["- [x] 1", "- [x] 2", "- [ ] 3", "- [ ] 4"],
            id="A10-line-numbers",
        ),
        pytest.param(
            "## Tasks\n\n- [ ] 1 One\n- [x] 2 Two\n",
            lambda document: (len(document.tasks), document.header.spec, document.warnings),
            (2, "", ()),
            id="A11-no-frontmatter",
        ),
        pytest.param(
            fixtures.MIXED_DEPS,
            lambda document: task(document, "4"),
            ("4", "pending", 2, ("1", "2"), False),
            id="A12-two-dependencies",
        ),
        pytest.param(
            fixtures.IN_PROGRESS,
            lambda document: (
                document.counts().total,
                document.counts().done,
                document.counts().in_progress,
                document.counts().pending,
            ),
            (4, 2, 1, 1),
            id="A13-counts",
        ),
        pytest.param(
            fixtures.BASIC,
            lambda document: (document.task("1") is not None, document.task("99")),
            (True, None),
            id="A14-look-up",
        ),
    ],
)
def test_reader(text: str, read: Callable[[TasksDocument], object], expected: object) -> None:
    document = parse_tasks(text)
    assert read(document) == expected
    assert document.problems == ()


def following(number: str, about: str, text: str, checkpoints: dict[str, str], **answer: object) -> Line:
    """A line about `tasks next`."""
    files = {"tasks.md": text, **checkpoints}
    return Line(number, about, "tasks next alpha", answer, raw=str(answer["action"]), files=files)


@each(
    following(
        "A15",
        "all-done",
        fixtures.ALL_DONE,
        gate(1, "pass") | gate(2, "pass"),
        action="done",
        deferred_ready=[],
    ),
    following(
        "A16",
        "deferred-task-can-start",
        fixtures.DEFERRED_READY,
        gate(1, "pass") | gate(2, "pass"),
        action="execute",
        deferred_ready=["5"],
    ),
    following(
        "A17",
        "deferred-task-waits",
        fixtures.DEFERRED_BLOCKED,
        gate(1, "pass"),
        action="execute",
        task_ids=["3"],
        deferred_ready=[],
    ),
    following("A18", "begun", fixtures.IN_PROGRESS, {}, action="continue-wave", wave=2),
    following(
        "A19",
        "mismatch-is-passed-on",
        fixtures.DEFERRED_READY,
        gate(1, "pass") | gate(2, "pass"),
        action="execute",
        warnings=[
            "task_ids_mismatch: task 5 is not in the frontmatter's task_ids",
            "deferred and not done: 5",
        ],
    ),
    following(
        "A20",
        "blocked",
        fixtures.BASIC,
        gate(1, "blocked") | pointer(1, "_wave-summary.json", '{"status": "blocked"}'),
        action="blocked",
        wave=1,
    ),
    following(
        "A21",
        "only-what-can-start",
        fixtures.BASIC,
        gate(1, "pass"),
        action="execute",
        wave=2,
        task_ids=["3"],
    ),
    following(
        "A22",
        "the-newest-run-beats-the-summary",
        fixtures.BASIC,
        gate(1, "blocked")
        | gate(1, "pass", "run-003")
        | pointer(1, "_wave-summary.json", '{"status": "blocked"}')
        | pointer(1, "_latest.json", '{"run_id": "run-003", "status": "pass"}'),
        action="execute",
        warnings=["stale_summary: wave 1: _wave-summary.json says blocked, run-003 says pass"],
    ),
    following("A23", "empty", "", {}, action="done"),
    following("A24", "rolling", fixtures.ALL_DONE_ROLLING, gate(1, "pass"), action="plan-next-wave"),
    following(
        "A25",
        "several-dependencies",
        fixtures.MIXED_DEPS,
        gate(1, "pass"),
        action="execute",
        wave=2,
        task_ids=["3", "4"],
    ),
)
def test_next_wave(workspace: Workspace, line: Line) -> None:
    line.holds(workspace)
