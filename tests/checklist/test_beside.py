"""B1-B6, B11 and B12: behaviours seen beside the assertions, which workflow files rely on."""

from __future__ import annotations

import json

import pytest

from spw_core.api import Workspace
from spw_core.formats.tasks import parse_tasks

from ..machine_support import ask
from ..support import write
from .line import Line, each, put


def test_success_is_json_without_a_last_newline_B1(workspace: Workspace) -> None:
    answer = ask(workspace, "spec", "stage", "alpha")
    assert answer.out == json.dumps({"ok": True, "spec": "alpha", "stage": "unknown"}, indent=2)
    assert (answer.code, answer.err) == (0, "")


@pytest.mark.parametrize("raw", [[], ["--raw"]], ids=["B1-json", "B1-raw"])
def test_failure_is_json_on_stderr(workspace: Workspace, raw: list[str]) -> None:
    """With --raw the Go tool failed in silence; ours says why."""
    answer = ask(workspace, "tasks", "count", "nobody", *raw)
    assert (answer.code, answer.out) == (1, "")
    assert json.loads(answer.err)["ok"] is False
    assert answer.err.endswith("}\n")


@pytest.mark.parametrize(
    "heading", ["## Execution Constraints", "## Wave Plan"], ids=lambda text: f"B4-{text[3:]}"
)
def test_such_headings_leave_a_deferral(heading: str) -> None:
    document = parse_tasks(f"## Deferred Backlog\n\n{heading}\n\n- a: b\n\n- [ ] 1 Later\n")
    assert [task.deferred for task in document.tasks] == [True]


def test_remarks_hold_no_dependencies_B5() -> None:
    """The Go tool read 7, 8 and 2 from this; the 2 is part of a name."""
    document = parse_tasks("- [ ] 1 A\n  Depends On: Task 7 and 8 (HTTP2)\n")
    assert document.tasks[0].depends_on == ("7", "8")


def test_carriage_returns_stay_B6(workspace: Workspace) -> None:
    text = "- [ ] 1 A\r\n  Wave: 1\r\n- [ ] 2 B\r\n  Depends On: 1\r\n"
    path = write(workspace, "specs/alpha/tasks.md", text)
    tasks = ask(workspace, "tasks", "state", "alpha").value["tasks"]
    assert [(task["title"], task["wave"]) for task in tasks] == [("A", 1), ("B", 0)]
    assert ask(workspace, "tasks", "mark", "alpha", 2, "done").code == 0
    assert path.read_bytes() == text.replace("- [ ] 2", "- [x] 2").encode()


@each(
    Line(
        "B11", "no-such-wave", "wave summary alpha 7", {"status": "missing", "source": "none"}, raw="missing"
    ),
    Line("B11", "wave-0", "wave summary alpha 0", error="wave number must be a positive integer"),
    Line(
        "B11",
        "more-than-a-number",
        "wave checkpoint alpha 1x",
        error="wave number must be a positive integer",
    ),
)
def test_wave_numbers(workspace: Workspace, line: Line) -> None:
    line.holds(workspace)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        pytest.param("nonsense", "nonsense", id="B12-unknown-type"),
        pytest.param("implementation-log", "--task", id="B12-no-task"),
        pytest.param("implementation-log --task 9", "no implementation log for task 9", id="B12-no-log"),
    ],
)
def test_view_fails_in_plain_words(workspace: Workspace, words: str, error: str) -> None:
    put(workspace, {"tasks.md": "- [ ] 9. A\n"})
    answer = ask(workspace, "view", "alpha", *words.split())
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("spw: error: ")
    assert error in answer.err
