"""The small files of a workspace in every shape that writers gave them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spw_core.formats.approvals import Approval, parse_approval, parse_snapshots
from spw_core.formats.iteration import Iteration, IterationState, parse_iteration_state
from spw_core.formats.logs import LogHeader, is_log_name, parse_log_header
from spw_core.formats.problem import Problem
from spw_core.formats.status import StatusReport, normalise_verdict, parse_status
from spw_core.formats.waves import WaveLatest, WaveSummary, parse_wave_latest, parse_wave_summary


def data(value: object) -> bytes:
    return json.dumps(value).encode()


# -- every reader --------------------------------------------------------------------------------

Reader = Callable[[bytes], tuple[object, list[Problem]]]

READERS: dict[str, Reader] = {
    "status": parse_status,
    "wave-summary": parse_wave_summary,
    "latest": parse_wave_latest,
    "iteration": parse_iteration_state,
    "approval": lambda content: parse_approval(content, "approval_1.json"),
    "snapshots": lambda content: parse_snapshots(content, ".snapshots/tasks.md/metadata.json"),
}

NOT_AN_OBJECT = {
    "empty": (b"", "line 1: invalid JSON: Expecting value (column 1)"),
    "cut": (b'{\n"status": "pa', "line 2: invalid JSON: Unterminated string starting at (column 11)"),
    "list": (b"[1]", "expected a JSON object, found list"),
    "null": (b"null", "expected a JSON object, found NoneType"),
    "text": (b'"pass"', "expected a JSON object, found str"),
    "latin-1": (b'{"status": "\xe9"}', "not valid UTF-8 at byte 12"),
    "utf-16": ('{"status": "pass"}'.encode("utf-16"), "not valid UTF-8 at byte 0"),
    "nested": (b"[" * 100_000, "invalid JSON: maximum recursion depth exceeded"),
    "digits": (b'{"wave": ' + b"9" * 5000 + b"}", "invalid JSON: Exceeds the limit"),
}


@pytest.mark.parametrize("content", NOT_AN_OBJECT.values(), ids=NOT_AN_OBJECT)
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_object_is_one_problem(name: str, content: tuple[bytes, str]) -> None:
    value, problems = READERS[name](content[0])
    empty = {"status": StatusReport("invalid"), "snapshots": ()}
    assert value == empty.get(name)
    [problem] = problems
    assert str(problem).startswith(content[1])


@pytest.mark.parametrize("name", READERS)
def test_a_byte_order_mark_and_unknown_keys_are_nothing(name: str) -> None:
    content = (
        b'{"filePath": "a/tasks.md", "status": "pass", "snapshots": [], "current_iteration": 1, "x": {}}'
    )
    if name == "approval":
        content = content.replace(b"pass", b"approved")
    plain = READERS[name](content)
    assert plain[1] == []
    assert READERS[name](b"\xef\xbb\xbf" + content.replace(b" ", b"\r\n")) == plain


ANY_TEXT = st.text(st.characters(codec=None), max_size=12)  # lone surrogates too: JSON can escape them
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    "status summary skills_used model_override_reason tasks wave_status task_id id run_id checkpoint run_dir"
    " execution type current_iteration max_iterations history iteration result revision_count filePath path"
    " approvalId approval title createdAt respondedAt snapshots version trigger timestamp".split()
)


def facts_of(value: object) -> list[dict[str, object]]:
    """The fields of what a reader made of a file, or of each of the things it made."""
    if isinstance(value, StatusReport):
        return [value._asdict()]
    parts = value if isinstance(value, tuple) else (value,)
    return [asdict(part) for part in parts if is_dataclass(part) and not isinstance(part, type)]


@pytest.mark.parametrize("name", READERS)
@given(
    content=st.binary(max_size=60)
    | st.dictionaries(KEYS, JSON | st.lists(st.dictionaries(KEYS, JSON))).map(data)
)
@settings(max_examples=40)  # of each reader; the fuzz test does the long haul
def test_no_bytes_make_a_reader_raise(name: str, content: bytes) -> None:
    value, problems = READERS[name](content)
    assert value is not None or problems
    json.dumps(facts_of(value), ensure_ascii=False).encode()  # no lone surrogate, which no store takes


LINES = {
    "status": (
        '{\n"status": "pass",\n"summary": [\n"x"],\n"skills_used": ["a",\n3],\n"skills_used": ["a",\n\n4]\n}',
        ["line 3: 'summary' is not a text", "line 9: entry 2 of 'skills_used' is not a text"],
    ),
    "wave-summary": (
        '{"status": "pass",\n"tasks": [1, {"task_id": "2"},\n{"name": "x"},\nnull],\n "run_id": 7}',
        [
            "line 3: entry 3 of 'tasks' has no task id",
            "line 4: entry 4 of 'tasks' has no task id",
            "line 5: 'run_id' is not a text",
        ],
    ),
    "latest": (
        '\ufeff{"a": {"status": 1},\n"status":\n "odd"}',
        ["line 3: status 'odd' is neither pass nor blocked"],
    ),
    "iteration": (
        '{"current_iteration": 1, "history": [\n{"iteration": 1},\n{"iteration": "two",\n"result": 5}]}',
        ["line 3: 'iteration' is not a whole number", "line 4: 'result' is not a text"],
    ),
    "approval": (
        '{"filePath": "tasks.md",\n\n"status": "maybe"}',
        ["line 3: status 'maybe' is not known"],
    ),
    "snapshots": (
        '{"snapshots": [\n{"version": 1,\n"trigger": "later"},\n{"version": 1}\n]}',
        [
            "line 3: trigger 'later' is not known; it decides nothing",
            "line 4: snapshot version 1 is listed twice; the first one counts",
        ],
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_what_is_not_understood_is_said_with_its_line(name: str) -> None:
    content, expected = LINES[name]
    assert list(map(str, READERS[name](content.encode())[1])) == expected


@pytest.mark.parametrize("name", READERS)
def test_a_file_of_nothing_but_mistakes_takes_no_time(name: str) -> None:
    many = [{"version": 0, "iteration": "x", "result": 1}] * 20_000
    content = {
        "status": 1,
        "tasks": [None] * 20_000,
        "history": many,
        "snapshots": many,
        "skills_used": [1] * 20_000,
    }
    _, problems = READERS[name](json.dumps(content, indent=1).encode())
    assert 1 <= len(problems) <= 20


# -- status.json ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "report", "problems"),
    [
        ({"status": "pass", "summary": "ok"}, StatusReport("pass", "ok", "pass"), 0),
        (
            {
                "status": "blocked",
                "summary": "logs missing",
                "skills_used": ["a", 3, "b"],
                "skills_missing": [],
                "model_override_reason": None,
                "self_check": {"all_passed": True},
            },
            StatusReport("blocked", "logs missing", "blocked", ("a", "b")),
            1,
        ),
        (
            {"status": "pass", "model_override_reason": "hard"},
            StatusReport("pass", "", "pass", model_override_reason="hard"),
            0,
        ),
        ({"status": " PASS "}, StatusReport("pass", "", " PASS "), 0),
        ({"status": "Failed"}, StatusReport("blocked", "", "Failed"), 0),
        ({"status": "in_progress"}, StatusReport("in-progress", "", "in_progress"), 1),
        # A wrong type of one key leaves the others alone.
        ({"status": "pass", "summary": ["x"], "skills_used": "a"}, StatusReport("pass", "", "pass"), 2),
        ({"status": True, "summary": "ok"}, StatusReport("invalid", "ok"), 1),
        ({"status": "", "summary": "ok"}, StatusReport("invalid", "ok"), 1),
        ({"summary": "ok"}, StatusReport("invalid", "ok"), 1),
        ({}, StatusReport("invalid"), 1),
        ({"status": "pass", "summary": "a\ud800b"}, StatusReport("pass", "a?b", "pass"), 0),
    ],
)
def test_status(content: object, report: StatusReport, problems: int) -> None:
    found, remarks = parse_status(data(content))
    assert (found, len(remarks)) == (report, problems)


@pytest.mark.parametrize("name", READERS)
def test_a_lone_surrogate_becomes_a_question_mark(name: str) -> None:
    """No store takes one, so a single file with such an escape would fail the harvest of all specs."""
    texts = "status wave_status summary run_id checkpoint path filePath id type".split()
    content = dict.fromkeys(texts, "p\ud800") | {
        "tasks": ["p\ud800", {"id": "p\ud800"}],
        "snapshots": [{"version": 1, "trigger": "p\ud800", "timestamp": "p\ud800"}],
        "history": [{"result": "p\ud800"}],
    }
    value, _ = READERS[name](data(content))
    facts = json.dumps(facts_of(value), ensure_ascii=False)
    assert "p?" in facts
    facts.encode()


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (("pass", "PASSED", "complete", "Completed", "done", "ok", " pass\n"), "pass"),
        (("blocked", "block", "fail", "FAILED"), "blocked"),
        (("pending",), "pending"),
        (("In_Progress",), "in-progress"),
        (("", None, 1, True, ["pass"]), ""),
    ],
)
def test_verdict_words(words: tuple[object, ...], verdict: str) -> None:
    assert {normalise_verdict(word) for word in words} == {verdict}


# -- _wave-summary.json and _latest.json -----------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "summary", "problems"),
    [
        (
            {"wave": "02", "status": "pass", "tasks": [3, 4, 7], "updated_at": "2026-02-14T10:00:00Z"},
            WaveSummary("pass", "", ("3", "4", "7"), "2026-02-14T10:00:00Z"),
            0,
        ),
        (
            {
                "wave": "wave-02",
                "run_id": "run-001",
                "wave_status": "complete",
                "next_wave": "wave-03",
                "tasks": [
                    {"task_id": "3", "status": "pass", "summary": "A.", "reviews": ["x: pass"]},
                    {"id": 1.5, "summary": "B."},
                    {"id": "1.2"},
                    "4 ",
                    True,
                    None,
                ],
            },
            WaveSummary("pass", "A.; B.", ("3", "1.2", "4"), "", "run-001", "wave-03"),
            3,
        ),
        ({"status": "Blocked", "summary": "s"}, WaveSummary("blocked", "s", ()), 0),
        ({"status": "", "wave_status": "failed"}, WaveSummary("blocked", "", ()), 0),
        ({"status": 1, "wave_status": "in_progress"}, WaveSummary("in-progress", "", ()), 1),
        ({"status": "paused", "summary": 3, "updated_at": 5}, WaveSummary("paused", "", ()), 3),
        ({"tasks": {"1": "pass"}}, WaveSummary("", "", ()), 1),
        ({}, WaveSummary("", "", ()), 0),
    ],
)
def test_wave_summary(content: object, summary: WaveSummary, problems: int) -> None:
    found, remarks = parse_wave_summary(data(content))
    assert (found, len(remarks)) == (summary, problems)


@pytest.mark.parametrize(
    ("content", "latest"),
    [
        ({"status": "pass"}, WaveLatest("pass", "", "", "")),
        (
            {"status": "pass", "execution": "run-002", "checkpoint": "run-003"},
            WaveLatest("pass", "run-003", "run-002", ""),
        ),
        (
            {"run_id": "run-003", "run_dir": "checkpoint/run-009", "summary": "s", "checkpoint": "run-001"},
            WaveLatest("", "run-003", "", "s"),
        ),
        ({"run_dir": "checkpoint/run-003/"}, WaveLatest("", "run-003", "", "")),
        ({"run_dir": "checkpoint\\run-003"}, WaveLatest("", "run-003", "", "")),
        ({"run_id": 3, "checkpoint": ["run-1"], "status": None}, WaveLatest("", "", "", "")),
        ({"status": "BLOCKED", "post-check": "run-001"}, WaveLatest("blocked", "", "", "")),
    ],
)
def test_wave_latest(content: dict[str, object], latest: WaveLatest) -> None:
    found, problems = parse_wave_latest(data(content))
    assert found == latest
    odd = [key for key in ("run_id", "checkpoint") if not isinstance(content.get(key, ""), str)]
    assert [problem.message for problem in problems] == [f"{key!r} is not a text" for key in odd]


# -- _iteration-state.json -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "state", "remaining", "problems"),
    [
        (
            {
                "type": "inline-audit",
                "current_iteration": 2,
                "max_iterations": 3,
                "history": [
                    {"iteration": 1, "started_at": "2026-02-14T10:00:00Z", "result": "Blocked"},
                    {"iteration": 2, "started_at": "2026-02-14T11:00:00Z"},
                ],
            },
            IterationState(
                "inline-audit",
                2,
                3,
                (Iteration(1, "2026-02-14T10:00:00Z", "blocked"), Iteration(2, "2026-02-14T11:00:00Z")),
            ),
            1,
            0,
        ),
        (
            {"type": "inline-checkpoint", "current_iteration": 3, "max_iterations": 3, "history": []},
            IterationState("inline-checkpoint", 3, 3),
            0,
            0,
        ),
        # The form with counters, which no tool writes.
        (
            {"revision_count": 2, "replan_count": "1"},
            IterationState("", 0, 0, (), 2, 1),
            0,
            0,
        ),
        ({"current_iteration": "2"}, IterationState("", 2, 3), 1, 0),
        (
            {"current_iteration": -1, "max_iterations": 2.5, "history": {"1": {}}},
            IterationState("", 0, 3),
            3,
            3,
        ),
        (
            {"history": ["x", {"result": 3}, {"iteration": 5}]},
            IterationState("", 5, 3, (Iteration(2), Iteration(5))),
            0,
            3,
        ),
        ({"current_iteration": True}, IterationState("", 0, 3), 3, 1),
        ({}, IterationState("", 0, 3), 3, 1),
    ],
)
def test_iteration_state(content: object, state: IterationState, remaining: int, problems: int) -> None:
    found, remarks = parse_iteration_state(data(content))
    assert found == state
    assert found.remaining == remaining
    assert len(remarks) == problems


# -- approvals -------------------------------------------------------------------------------------

REQUEST = {
    "id": "approval_1771024793021_rwl4mvimm",
    "title": "Tasks",
    "filePath": ".spec-workflow/specs/x/tasks.md",
    "type": "document",
    "status": "approved",
    "createdAt": "2026-02-13T23:19:53.021Z",
    "respondedAt": "2026-02-13T23:30:00.000Z",
    "response": "Approved via dashboard",
    "annotations": "a",
    "comments": [{"type": "general", "comment": "c"}],
    "category": "spec",
    "categoryName": "x",
}


def test_approval_in_full() -> None:
    assert parse_approval(data(REQUEST), "approval_1.json") == (
        Approval(
            path="approval_1.json",
            approval_id="approval_1771024793021_rwl4mvimm",
            doc_type="tasks",
            file_path=".spec-workflow/specs/x/tasks.md",
            status="approved",
            title="Tasks",
            created_at="2026-02-13T23:19:53.021Z",
            responded_at="2026-02-13T23:30:00.000Z",
            response="Approved via dashboard",
        ),
        [],
    )


@pytest.mark.parametrize(
    ("content", "approval_id", "doc_type", "status", "problems"),
    [
        ({"approvalId": "a", "id": "b", "path": "x\\design.md"}, "a", "design", "", 0),
        ({"id": "b", "filePath": "requirements.md", "status": "PENDING"}, "b", "requirements", "pending", 0),
        ({"approval": {"id": "c"}, "filePath": "/home/u/x/tasks.md"}, "c", "tasks", "", 0),
        ({"approval": "c", "filePath": "tasks.md"}, "approval_1", "tasks", "", 0),
        ({"id": 5, "filePath": 3, "path": "tasks.md"}, "approval_1", "tasks", "", 2),
        ({"id": "d", "status": "needs_revision", "path": "a.md"}, "d", "a", "needs-revision", 0),
        ({"id": "d", "status": "changes-requested", "path": "a.md"}, "d", "a", "needs-revision", 0),
        ({"id": "d", "status": "rejected", "path": "a.md"}, "d", "a", "rejected", 0),
        ({"id": "d", "status": 1}, "d", "", "", 2),
    ],
)
def test_approval_shapes(
    content: object, approval_id: str, doc_type: str, status: str, problems: int
) -> None:
    found, remarks = parse_approval(data(content), "approval_1.json")
    assert found is not None
    assert (found.approval_id, found.doc_type, found.status) == (approval_id, doc_type, status)
    assert len(remarks) == problems


def test_snapshots() -> None:
    entries = [
        {"version": 1, "filename": "snapshot-001.json", "trigger": "initial", "timestamp": "t1"},
        {"version": 2, "trigger": "revision_requested", "approvalId": "a", "approvalTitle": "T"},
        {"version": 3, "trigger": "approved", "status": "pending"},
        {"version": "4", "trigger": "manual"},
        {"version": 5, "trigger": 5},
        {"version": 5, "trigger": "approved"},
        {"version": 99999999999999999999999999},
        {"version": True},
        {"trigger": "approved"},
        "not an object",
    ]
    content = data({"filePath": "s\\x\\design.md", "currentVersion": 5, "snapshots": entries})
    found, problems = parse_snapshots(content, ".snapshots/design.md/metadata.json")
    assert [(item.version, item.trigger, item.status) for item in found] == [
        (1, "initial", "pending"),
        (2, "revision_requested", "needs-revision"),
        (3, "approved", "approved"),
        (4, "manual", "pending"),
        (5, "", "pending"),
    ]
    assert {(item.doc_type, item.path) for item in found} == {
        ("design", ".snapshots/design.md/metadata.json")
    }
    assert (found[1].approval_id, found[1].title, found[0].created_at) == ("a", "T", "t1")
    assert [problem.message for problem in problems] == [
        "'trigger' is not a text",
        "snapshot version 5 is listed twice; the first one counts",
        "a snapshot entry has no usable version: 99999999999999999999999999",
        "a snapshot entry has no usable version: True",
        "a snapshot entry has no usable version: None",
        "entry 10 of 'snapshots' is not an object",
    ]


def test_snapshots_without_a_list_and_without_a_document() -> None:
    path = ".snapshots/tasks.md/metadata.json"
    assert parse_snapshots(b"{}", path) == ((), [Problem(0, "no list under the key 'snapshots'")])
    [found], _ = parse_snapshots(b'{"snapshots": [{"version": 1, "trigger": "approved"}]}', path)
    assert (found.doc_type, found.file_path) == ("tasks", "tasks.md")


# -- implementation logs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "task_id", "title"),
    [
        ("task-3.md", "# Task 3: Add it\n", "3", "Add it"),
        ("task-1.1.md", "# Task 1.1: Títle: two\n\n- **Wave:** 01\n", "1.1", "Títle: two"),
        ("task_3.md", "\n\n  # task 4 — Dash\n", "4", "Dash"),
        ("task3.md", "# Task 3\n", "3", ""),
        (
            "task-1-2_20260214T101500_ab12cd34.md",
            "# Implementation Log: Task 1.2\n\n**Summary:** x\n",
            "1.2",
            "",
        ),
        ("task-1-2_20260214T101500_ab12cd34.md", "no heading\n", "1.2", ""),
        ("task-1-2_20260214T101500_ab12cd34.md", "# Implementation Log: Task 1-2\n", "1", "2"),
        ("Task-7.MD", "", "7", ""),
        ("task-7.md", "text " * 2000 + "\n# Task 8: too late\n", "7", ""),
        ("notes.md", "# Notes\n", "", ""),
    ],
)
def test_log_header(name: str, text: str, task_id: str, title: str) -> None:
    assert parse_log_header(text, name)[0] == LogHeader(task_id, title)


def test_a_log_of_another_task_than_its_name_says_is_reported() -> None:
    header, problems = parse_log_header("\n# Task 4: Dash\n", "task-3.md")
    assert header == LogHeader("4", "Dash")
    assert list(map(str, problems)) == [
        "line 2: the heading says task 4, the file name task 3; the heading counts"
    ]
    assert parse_log_header("# Task 1.2: A\n", "task-1-2_20260214T101500_ab12cd34.md")[1] == []


@pytest.mark.parametrize(
    ("name", "is_log"),
    [
        ("task-3.md", True),
        ("task_1.2.md", True),
        ("task4.md", True),
        ("task-1-2_20260214T101500_ab12cd34.md", True),
        ("TASK-3.MD", True),
        ("task-3.txt", False),
        ("task-a.md", False),
        ("task-3-notes.md", False),
        ("README.md", False),
    ],
)
def test_log_names(name: str, is_log: bool) -> None:
    assert is_log_name(name) is is_log


@given(text=st.text(max_size=80), name=st.text(max_size=20))
def test_no_text_makes_a_log_header_raise(text: str, name: str) -> None:
    assert isinstance(parse_log_header(text, name)[0], LogHeader)
    is_log_name(name)
