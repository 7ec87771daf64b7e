"""Checkpoints, waves, stages and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from spw_core.domain.approval_lookup import latest_approvals
from spw_core.domain.lookup import find_log, find_run, find_subagent
from spw_core.domain.model import Document, ImplLog, Run, SpecRecord, Subagent, WaveFiles
from spw_core.domain.places import Kind
from spw_core.domain.stage import stage_of
from spw_core.domain.summary import summarise
from spw_core.domain.unfinished import obstacles
from spw_core.domain.waves import outcome_of, resolve_checkpoint, verdict_of, wave_states
from spw_core.errors import DocumentNotFound
from spw_core.formats.approvals import Approval
from spw_core.formats.tasks import parse_tasks
from spw_core.formats.waves import WaveLatest, WaveSummary
from spw_core.moments import utc_text

GATE = "release-gate-decider"


def agent(name: str, status: str, run: str = "r") -> Subagent:
    return Subagent(name, f"{run}/{name}", status, "", True, True, status != "missing")


def check_run(number: int, statuses: Mapping[str, str], *, wave: int = 1, command: str = "checkpoint") -> Run:
    stage = "execution" if command == "exec" else command
    path = f"execution/waves/wave-{wave:02d}/{stage}/run-{number:03d}"
    agents = tuple(agent(name, status, path) for name, status in sorted(statuses.items()))
    return Run(path, command, number, "execution", wave, True, agents, 1, 2)


def files(status: str = "", latest: str = "", latest_status: str = "") -> WaveFiles:
    summary = WaveSummary(status, "", ()) if status else None
    pointer = WaveLatest(latest_status, latest, "", "") if latest or latest_status else None
    return WaveFiles(1, "execution/waves/wave-01", summary, pointer)


def paths(*names: str) -> tuple[Document, ...]:
    return tuple(Document("spec", name, Kind.DOCUMENT, 1, 1) for name in names)


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ({GATE: "pass"}, "pass"),
        ({GATE: "blocked", "evidence-collector": "pass"}, "blocked"),
        # The gate decider overrules everybody, and comes last by name.
        ({GATE: "pass", "evidence-collector": "blocked"}, "pass"),
        ({"evidence-collector": "pass", "traceability-judge": "blocked"}, "blocked"),
        ({"evidence-collector": "pass", "traceability-judge": "pass"}, "pass"),
        ({"evidence-collector": "pass", "traceability-judge": "missing"}, "unknown"),
        ({GATE: "invalid", "evidence-collector": "pass"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_verdict(statuses: dict[str, str], verdict: str) -> None:
    assert verdict_of(check_run(1, statuses)) == verdict


@pytest.mark.parametrize(
    ("command", "statuses", "has_handoff", "outcome"),
    [
        ("checkpoint", {GATE: "pass", "evidence-collector": "blocked"}, True, "pass"),
        ("checkpoint", {GATE: "pass"}, False, "pass"),  # as the resolver says
        ("checkpoint", {"evidence-collector": "pass"}, False, "in_progress"),
        ("checkpoint", {GATE: "invalid"}, True, "unknown"),
        ("exec", {"task-implementer": "pass"}, True, "pass"),
        ("exec", {"task-implementer": "pass"}, False, "in_progress"),
        ("exec", {"task-implementer": "blocked"}, True, "blocked"),
    ],
)
def test_outcome(command: str, statuses: dict[str, str], has_handoff: bool, outcome: str) -> None:
    run = replace(check_run(1, statuses, command=command), has_handoff=has_handoff)
    assert outcome_of(run) == outcome


@pytest.mark.parametrize(
    ("runs", "pointer", "status", "run_id", "stale"),
    [
        ({}, None, "missing", "", 0),
        # Without any run only `_latest.json` is believed, and not where it names a run.
        ({}, files("pass"), "missing", "", 0),
        ({}, files("pass", latest_status="blocked"), "blocked", "", 1),
        ({}, files("", "", "pass"), "pass", "", 0),
        ({}, files("", "run-001", "pass"), "missing", "", 1),
        ({1: "blocked", 2: "pass"}, None, "pass", "run-002", 0),
        ({1: "blocked", 2: "blocked", 3: "blocked", 5: "pass"}, None, "pass", "run-005", 0),
        ({1: "pass"}, files("pass"), "pass", "run-001", 0),
        ({1: "pass"}, files("blocked"), "pass", "run-001", 1),
        ({1: "blocked", 3: "pass"}, files("blocked", "run-003", "pass"), "pass", "run-003", 1),
        # A pointer to a run that is not there, or that a later run has overtaken, is not believed.
        ({1: "blocked"}, files("", "run-009", "pass"), "blocked", "run-001", 1),
        ({1: "pass", 2: "blocked"}, files("", "run-001", "pass"), "blocked", "run-002", 1),
        ({1: "blocked"}, files("", "run-001", "pass"), "blocked", "run-001", 1),
        # A run without a verdict does not hide the one before it.
        ({1: "pass", 2: "missing"}, None, "pass", "run-001", 0),
    ],
)
def test_checkpoint(
    runs: dict[int, str], pointer: WaveFiles | None, status: str, run_id: str, stale: int
) -> None:
    resolved = resolve_checkpoint([check_run(n, {GATE: word}) for n, word in runs.items()], pointer)
    assert (resolved.status, resolved.run_path.rpartition("/")[2]) == (status, run_id)
    assert len(resolved.stale) == stale
    assert resolved.attempts == len(runs)


def test_wave_states() -> None:
    record = SpecRecord(
        "s",
        runs=(
            check_run(1, {"a": "pass"}, command="exec"),
            check_run(1, {GATE: "pass"}),
            check_run(1, {"a": "pass"}, wave=2, command="exec"),
            check_run(1, {GATE: "blocked"}, wave=3),
            check_run(1, {"a": "pass"}, wave=5, command="exec"),
            check_run(1, {"a": "missing"}, wave=5),
        ),
        waves=(WaveFiles(4, "execution/waves/wave-04"),),
        tasks=parse_tasks("- [x] 1. A\n  - Wave: 1\n- [ ] 2. B\n  - Wave: 2\n").tasks,
    )
    states = {state.number: state for state in wave_states(record)}
    assert {number: state.status for number, state in states.items()} == {
        1: "complete",
        2: "in_progress",
        3: "blocked",
        4: "pending",
        5: "in_progress",
    }
    assert states[1].task_ids == ("1",)
    assert (states[1].exec_runs, states[1].check_runs) == (1, 1)
    assert states[3].folder == "execution/waves/wave-03"


@pytest.mark.parametrize(
    ("names", "stage"),
    [
        ((), "unknown"),
        (("notes.md",), "unknown"),
        (("requirements.md",), "requirements"),
        (("requirements.md", "design.md"), "design"),
        (("design/DESIGN-RESEARCH.md",), "design"),
        (("requirements.md", "tasks.md"), "planning"),
        (("tasks.md", "execution/waves/wave-01/notes.md"), "execution"),
        (("tasks.md", "qa/QA-CHECK.md", "execution/waves/wave-01/x.md"), "qa"),
        (("post-mortem/report.md", "qa/QA-CHECK.md"), "post-mortem"),
    ],
)
def test_stage(names: tuple[str, ...], stage: str) -> None:
    assert stage_of(SpecRecord("s", documents=paths(*names))) == stage
    assert stage_of(SpecRecord("s", documents=paths(*names), completed_at="2026-01-01")) == "complete"


def test_attention_names_its_evidence() -> None:
    blocked = check_run(2, {GATE: "blocked", "evidence-collector": "pass"})
    open_run = Run("qa/_comms/qa/run-001", "qa", 1, "qa", 0, False, (), 1, 1)
    record = SpecRecord(
        "s",
        documents=paths("tasks.md"),
        runs=(check_run(1, {GATE: "blocked"}), blocked, open_run),
        waves=(files("pass"),),
        tasks=parse_tasks("- [x] 1. A\n- [x] 2. B\n").tasks,
        impl_logs=(ImplLog("execution/_implementation-logs/task-1.md", "1", "", 10),),
        approvals=(Approval("a.json", "a", "design", "specs/s/design.md", "pending", "", "2026-01-02"),),
    )
    summary = summarise(record)
    assert summary.status == "blocked"
    assert {item.kind: (item.text, item.path) for item in summary.attention} == {
        "checkpoint-blocked": (
            "wave 1: checkpoint blocked (2 attempts)",
            f"specs/s/{blocked.path}/{GATE}/report.md",
        ),
        "approval": ("design waits for approval", "specs/s/design.md"),
        "incomplete-run": ("qa run-001: no handoff", "specs/s/qa/_comms/qa/run-001"),
        "stale-summary": (
            "wave 1: _wave-summary.json says pass, run-002 says blocked",
            "specs/s/execution/waves/wave-01/_wave-summary.json",
        ),
        "missing-log": ("done without implementation log: task 2", "specs/s/tasks.md"),
    }


def test_a_file_of_checkboxes_that_are_no_tasks_needs_attention() -> None:
    document = parse_tasks("- [ ] write tests\n- [ ] ship\n")
    record = SpecRecord("s", documents=paths("tasks.md"), has_tasklike_lines=document.has_tasklike_lines)
    assert [item.kind for item in summarise(record).attention] == ["tasks-unreadable"]


def test_superseded_runs_need_no_attention() -> None:
    first = Run("qa/_comms/qa/run-001", "qa", 1, "qa", 0, False, (), 1, 1)
    second = Run("qa/_comms/qa/run-002", "qa", 2, "qa", 0, True, (agent("a", "pass"),), 1, 1)
    assert summarise(SpecRecord("s", documents=paths("tasks.md"), runs=(first, second))).attention == ()


def test_newest_approval_counts_by_what_it_says() -> None:
    def approval(created: str, status: str, version: int = 0) -> Approval:
        return Approval(
            f"{created}.json", created, "tasks", "x/tasks.md", status, "", created, version=version
        )

    old, new = approval("2026-01-01", "approved"), approval("2026-01-02", "pending")
    assert latest_approvals(SpecRecord("s", approvals=(new, old)))["tasks"] is new
    snapshot = approval("2026-01-03", "approved", version=2)
    assert latest_approvals(SpecRecord("s", approvals=(snapshot, new, old)))["tasks"] is snapshot


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_771_024_793_021_999_999, "2026-02-13T23:19:53.021999Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (10**30, "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_times_are_fixed_width_text(nanoseconds: int, text: str) -> None:
    assert utc_text(nanoseconds) == text


RECORD = SpecRecord(
    "s",
    runs=(
        check_run(1, {"a": "pass"}, command="exec"),
        check_run(2, {"a": "pass", "b": "blocked", "c": "pass"}, command="exec"),
        check_run(1, {GATE: "blocked", "z": "pass"}),
        check_run(2, {GATE: "pass"}),
        check_run(3, {"z": "missing"}),
        check_run(1, {"a": "pass"}, wave=2, command="exec"),
    ),
    impl_logs=(ImplLog("a/task-1.md", "1", "", 5), ImplLog("b/task-1.md", "1", "", 50)),
)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"wave": 1}, "execution/waves/wave-01/execution/run-002"),
        ({"wave": 1, "run": "1"}, "execution/waves/wave-01/execution/run-001"),
        ({"wave": 1, "run": "run-001"}, "execution/waves/wave-01/execution/run-001"),
        ({"command": "exec"}, "execution/waves/wave-02/execution/run-001"),
        ({"command": "checkpoint"}, "execution/waves/wave-01/checkpoint/run-002"),
        ({"command": "checkpoint", "run": "3"}, "execution/waves/wave-01/checkpoint/run-003"),
        ({"run": "execution/waves/wave-01/checkpoint/run-001"}, "execution/waves/wave-01/checkpoint/run-001"),
    ],
)
def test_find_run(asked: dict[str, object], path: str) -> None:
    assert find_run(RECORD, **asked).path == path  # type: ignore[arg-type]


def test_find_run_says_what_there_is() -> None:
    with pytest.raises(DocumentNotFound, match="no run run 9"):
        find_run(RECORD, run="9" * 5000)
    with pytest.raises(DocumentNotFound, match="no run exec wave 9") as caught:
        find_run(RECORD, wave=9)
    assert "exec wave 2 run-001" in caught.value.hint


def test_find_subagent() -> None:
    run = find_run(RECORD, wave=1)
    assert find_subagent(run).name == "b"
    assert find_subagent(run, "c").name == "c"
    assert find_subagent(find_run(RECORD, command="checkpoint", wave=1, run="1")).name == GATE
    with pytest.raises(DocumentNotFound, match="no subagent nobody"):
        find_subagent(run, "nobody")


def test_find_log() -> None:
    assert find_log(RECORD, "1").path == "b/task-1.md"
    with pytest.raises(DocumentNotFound, match="task 7"):
        find_log(RECORD, "7")


def test_what_needs_attention_is_what_keeps_from_finishing() -> None:
    """Runs of one stage may lie in folders of two layouts; each folder has its own last run."""
    done = Run("_agent-comms/qa/run-003", "qa", 3, "qa", 0, True, (agent("a", "pass"),), 1, 2)
    begun = Run("qa/_comms/qa/run-001", "qa", 1, "qa", 0, False, (), 3, 4)
    record = SpecRecord("alpha", runs=(done, begun))
    assert [item.path for item in summarise(record).attention] == [f"specs/alpha/{begun.path}"]
    left = [obstacle.text for obstacle in obstacles(record, has_post_mortem=True)]
    assert f"run without handoff: {begun.path}" in left
