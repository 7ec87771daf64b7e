"""From a requirement to the evidence and back, over specs; what is missing is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.cli import main
from spw_core.errors import NotFound, SpecNotFound
from spw_core.formats.requirements import parse_requirements, same_id

from .support import write, write_run
from .transcript_support import SESSION, Transcript

WAVE = "execution/waves/wave-01"
REQUIREMENTS = """# Requirements

## REQ-001 - Pay by card
### **REQ-002**: Refunds
- **NFR-3** - Fast
- Priority: Must
#### Requirement 4: Invoices
```
### REQ-999 - an example
```
### REQ-001 - said twice
"""

TASKS = """# Tasks

- [x] 1. Card form
  - Wave: 1
  - Files: src/pay.py, src/form.py
  - _Requirements: REQ-1, REQ-777_
- [x] 2. Refund job
  - Wave: 1
  - Files: src/pay.py
  - _Requirements: REQ-002_
- [ ] 10. Speed
  - Wave: 2
  - _Requirements: NFR-3_
"""


@pytest.fixture
def traced(workspace: Workspace) -> Workspace:
    write(workspace, "specs/alpha/requirements.md", REQUIREMENTS)
    write(workspace, "specs/alpha/tasks.md", TASKS)
    waves = "specs/alpha/execution/waves"
    logs = "specs/alpha/execution/_implementation-logs"
    write(workspace, f"{logs}/task-1.md", "# Task 1: Card form\n")
    write(workspace, f"{logs}/task-10.md", "# Task 10: Speed\n")
    write(workspace, f"{logs}/task-8.md", "# Task 8: Nobody's\n")
    write_run(workspace, f"{waves}/wave-01/execution/run-001", {"coder": "pass"})
    write_run(workspace, f"{waves}/wave-01/checkpoint/run-001", {"release-gate-decider": "pass"})
    write(workspace, f"{waves}/wave-02/_latest.json", json.dumps({"status": "pass"}))
    write(workspace, "specs/beta/tasks.md", "- [ ] 1. Other\n  - Files: src/pay.py\n")
    return workspace


def names(workspace: Workspace, what: str, spec: str = "") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in workspace.trace(what, spec=spec).nodes:
        found.setdefault(str(node.kind), []).append(node.name.rpartition("/waves/")[2])
    return found


def test_what_requirements_there_are() -> None:
    found = parse_requirements(REQUIREMENTS)
    assert [(one.id, one.title, one.line) for one in found] == [
        ("REQ-001", "Pay by card", 3),
        ("REQ-002", "Refunds", 4),
        ("NFR-3", "Fast", 5),
        ("4", "Invoices", 7),
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("```\n# REQ-1\n```\n# REQ-2\n", [4]),
        ("~~~\n```\n# REQ-1\n~~~\n# REQ-2\n", [5]),
        ("```\n# REQ-1\n", [2]),  # a fence that is never closed hides nothing
        ("<!--\n# REQ-1\n-->\n# REQ-2\n", [4]),
        ("---\na: b\n# REQ-1\n---\n# REQ-2\n", [5]),
        ("\ufeff# REQ-1\r\n\x0c\u2028\r\n# REQ-2\n", [1, 3]),  # counted as editors do
    ],
)
def test_requirements_stand_in_the_text_and_on_the_lines_of_an_editor(text: str, lines: list[int]) -> None:
    assert [one.line for one in parse_requirements(text)] == lines


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("REQ-001", "req 1", True),
        ("REQ-001", "1", True),
        ("Requirement 1.2", "1.02", True),
        ("NFR-3", "REQ-3", False),
        ("REQ-10", "REQ-1", False),
        ("", "", True),
    ],
)
def test_ids_that_are_the_same(one: str, other: str, same: bool) -> None:
    assert (same_id(one) == same_id(other)) is same


@given(st.text(max_size=300))
def test_no_text_is_an_error(text: str) -> None:
    parse_requirements(text)
    parse_requirements("# " + text)
    same_id(text)


def test_from_a_requirement_to_the_evidence(traced: Workspace) -> None:
    assert names(traced, "REQ-1") == {
        "spec": ["alpha"],
        "requirement": ["REQ-001"],
        "task": ["1"],
        "file": ["src/form.py", "src/pay.py"],
        "log": ["execution/_implementation-logs/task-1.md"],
        "run": ["wave-01/execution/run-001"],
        "checkpoint": ["wave-01/checkpoint/run-001"],
    }


def test_from_a_file_to_every_spec_and_run_that_touched_it(traced: Workspace) -> None:
    assert names(traced, "src/pay.py") == {
        "spec": ["alpha", "beta"],
        "requirement": ["REQ-001", "REQ-002"],
        "task": ["1", "2", "1"],
        "file": ["src/pay.py", "src/pay.py"],
        "run": ["wave-01/execution/run-001"],
        "checkpoint": ["wave-01/checkpoint/run-001"],
    }
    assert names(traced, "src/pay.py", "beta") == {"spec": ["beta"], "task": ["1"], "file": ["src/pay.py"]}
    assert names(traced, "pay.py")["spec"] == ["alpha", "beta"]


@pytest.mark.parametrize(
    ("what", "starts"),
    [
        ("alpha/REQ-002", ["requirement:alpha/REQ-002"]),
        ("alpha/2", ["task:alpha/2"]),
        ("task-10", ["task:alpha/10"]),
        ("beta", ["spec:beta"]),
        (
            "execution/waves/wave-01/execution/run-001",
            ["run:alpha/execution/waves/wave-01/execution/run-001"],
        ),
        ("task-1.md", ["log:alpha/execution/_implementation-logs/task-1.md"]),
    ],
)
def test_what_is_meant(traced: Workspace, what: str, starts: list[str]) -> None:
    assert [node.id for node in traced.trace(what).starts] == starts


def test_back_from_a_checkpoint(traced: Workspace) -> None:
    back = names(traced, "execution/waves/wave-01/checkpoint/run-001")
    assert (back["task"], back["requirement"]) == (["1", "2"], ["REQ-001", "REQ-002"])
    assert "file" not in back


def test_what_is_missing(traced: Workspace) -> None:
    gaps = {(gap.kind, gap.node) for gap in traced.trace("alpha").gaps}
    assert gaps == {
        ("requirement-without-task", "requirement:alpha/4"),
        ("unknown-requirement", "task:alpha/1"),
        ("done-task-without-log", "task:alpha/2"),
        ("log-without-task", "log:alpha/execution/_implementation-logs/task-8.md"),
        ("log-without-file", "log:alpha/execution/_implementation-logs/task-10.md"),
        ("passed-checkpoint-without-evidence", "spec:alpha"),
    }
    assert {gap.kind for gap in traced.trace("REQ-2").gaps} == {
        "done-task-without-log",
        "passed-checkpoint-without-evidence",
    }
    assert traced.trace("beta").gaps == ()


def test_sessions_belong_to_it(traced: Workspace, tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / f"{SESSION}.jsonl", str(traced.paths.root))
    transcript.add("user", "Fix the form").call("Edit", file_path="src/form.py")
    transcript.call(
        "Read", file_path=".spec-workflow/specs/alpha/execution/waves/wave-01/execution/run-001/x.md"
    )
    traced.import_transcripts([transcript.write()])
    assert names(traced, "alpha/1")["session"] == [SESSION]
    assert names(traced, SESSION[:8])["task"] == ["1", "2"]
    assert "session" not in names(traced, "beta/1")


def test_what_is_not_there(traced: Workspace) -> None:
    for what in ("REQ-555", "nothing.py", "alpha/77"):
        with pytest.raises(NotFound):
            traced.trace(what)
    with pytest.raises(SpecNotFound):
        traced.trace("REQ-1", spec="nobody")


def test_the_demo(demo_harvested: Workspace) -> None:
    found = demo_harvested.trace("REQ-002", spec="checkout-flaky-tests")
    assert [node.name for node in found.nodes if node.kind == "task"] == ["1", "2"]
    assert all(node.spec == "checkout-flaky-tests" for node in found.nodes)
    for name in demo_harvested.spec_names():
        assert demo_harvested.trace(name).starts


def test_a_damaged_memory_only_costs_the_sessions(
    traced: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Transcript(tmp_path / f"{SESSION}.jsonl", str(traced.paths.spec_dir("alpha")))
    traced.import_transcripts([said.add("user", "Look at the refunds, please").write()])
    whole = traced.trace("REQ-002")
    (traced.paths.memory_dir / "memory.db").write_bytes(b"garbage" * 1000)
    damaged = traced.trace("REQ-002")
    assert set(damaged.nodes) == {node for node in whole.nodes if node.kind != "session"}
    assert "memory.db" in damaged.remarks[0]
    assert main(["trace", "REQ-002", "--workspace", str(traced.paths.root)]) == 0
    assert "warning: sessions are left out" in capsys.readouterr().err
