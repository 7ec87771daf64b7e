"""Complexity, artifacts, prerequisites, approvals, wave digests and where to resume: pure answers.

A number at the end of a test's name is that of the Go tool's own assertion.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.domain.approval_lookup import find_approval
from spw_core.domain.artifacts import ARTIFACTS, Deviation, artifacts_of, deviations_of
from spw_core.domain.complexity import complexity_of
from spw_core.domain.model import Document, Run, SpecRecord, Subagent, WaveFiles
from spw_core.domain.next_wave import next_wave
from spw_core.domain.places import Kind
from spw_core.domain.prerequisites import PREREQUISITES, missing_prerequisites
from spw_core.domain.registry import COMMANDS
from spw_core.domain.resume import Resume, resume
from spw_core.domain.stage import stage_of
from spw_core.domain.summary import summarise
from spw_core.domain.unfinished import obstacles
from spw_core.domain.wave_status import wave_status
from spw_core.domain.wave_summary import wave_digest
from spw_core.domain.waves import resolve_checkpoint, wave_states
from spw_core.formats.approvals import Approval
from spw_core.formats.tasks import parse_tasks
from spw_core.formats.waves import WaveLatest, WaveSummary

from .machine_support import task as line

GATE = "release-gate-decider"


def documents(*paths: str, on_disk: bool = True) -> tuple[Document, ...]:
    return tuple(Document("spec", path, Kind.DOCUMENT, 1, 1, on_disk) for path in paths)


def run(kind: str, wave: int, number: int, statuses: dict[str, str], *, handoff: bool = True) -> Run:
    path = f"execution/waves/wave-{wave:02d}/{kind}/run-{number:03d}"
    agents = tuple(
        Subagent(name, f"{path}/{name}", status, f"{name} says {status}", True, True, True)
        for name, status in sorted(statuses.items())
    )
    command = "exec" if kind == "execution" else kind
    return Run(path, command, number, "execution", wave, handoff, agents, 1, 2)


def gate(wave: int, status: str, number: int = 1) -> Run:
    return run("checkpoint", wave, number, {GATE: status})


def executed(wave: int, status: str = "pass") -> Run:
    return run("execution", wave, 1, {"task-implementer-1": status})


def files(
    wave: int, summary: str = "", latest: str = "", run_id: str = "", text: str = "", latest_text: str = ""
) -> WaveFiles:
    return WaveFiles(
        wave,
        f"execution/waves/wave-{wave:02d}",
        WaveSummary(summary, text, ()) if summary else None,
        WaveLatest(latest, run_id, "", latest_text) if latest or run_id else None,
    )


# --- complexity -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "score", "hint", "factors"),
    [
        ("", 1, "haiku", ()),
        ("  Files: a.py\n", 1, "haiku", ("few files",)),
        ("  Files: a.py, b.py, c.py\n", 2, "haiku", ("moderate files",)),
        ("  Files: `a.py`, `b.py`\n  Depends On: 2\n", 2, "haiku", ("few files", "single dependency")),
        ("  TDD: inherit\n", 1, "haiku", ()),
        ("  TDD: Required\n  Depends On: 2, 3\n", 4, "sonnet", ("moderate dependencies", "TDD required")),
        (
            "  Files: a.py, b.py, c.py, d.py, e.py\n  Depends On: 2, 3, 4\n  TDD: yes\n",
            8,
            "opus",
            ("many files", "many dependencies", "TDD required"),
        ),
        ("  Wave: 4 (deferred)\n", 1, "haiku", ("deferred task",)),
    ],
)
def test_complexity(text: str, score: int, hint: str, factors: tuple[str, ...]) -> None:
    [task] = parse_tasks(f"- [ ] 1 A\n{text}").tasks
    found = complexity_of(task)
    assert (found.score, found.model_hint, found.factors) == (score, hint, factors)


# --- artifacts, prerequisites, stages -------------------------------------------------------------------


def test_artifacts_are_always_the_same_keys() -> None:
    assert len(ARTIFACTS) == len(set(ARTIFACTS)) == 18
    found = artifacts_of(SpecRecord("s", documents=documents("requirements.md", "qa/QA-CHECK.md", "x.md")))
    assert tuple(found) == ARTIFACTS
    assert [path for path, there in found.items() if there] == ["requirements.md", "qa/QA-CHECK.md"]


def test_deviations_are_sorted_and_name_the_right_place() -> None:
    record = SpecRecord(
        "s",
        documents=documents(
            "research/notes.md",
            "execution/SKILLS-EXEC.md",
            "execution/SKILLS-CHECKPOINT.md",
            "Implementation Logs/task-1.md",
            "_agent-comms/qa/run-001/_handoff.md",
        )
        + documents("implementation_logs/task-2.md", on_disk=False),
    )
    found = deviations_of(record, frozenset({"implementation-logs"}))
    assert [deviation.found for deviation in found] == [
        "Implementation Logs",
        "_agent-comms",
        "execution/SKILLS-EXEC.md",
        "implementation-logs",
        "research",
    ]
    assert Deviation("execution/SKILLS-EXEC.md", "planning/SKILLS-EXEC.md") in found
    assert Deviation("implementation-logs", "execution/_implementation-logs") in found


@pytest.mark.parametrize(
    ("command", "paths", "missing"),
    [
        pytest.param("exec", ["tasks.md"], (), id="exec_ready-105"),
        pytest.param("exec", ["requirements.md"], ("tasks.md",), id="exec_not_ready-106"),
        pytest.param("design-research", ["requirements.md"], (), id="design_research_ready-117"),
        pytest.param(
            "design-draft", ["requirements.md"], ("design/DESIGN-RESEARCH.md",), id="draft_not_ready-118"
        ),
        pytest.param("checkpoint", ["tasks.md"], ("execution/waves",), id="checkpoint_without_waves-119"),
        pytest.param("checkpoint", ["tasks.md", "execution/waves/wave-01/_latest.json"], (), id="checkpoint"),
        pytest.param("design-draft", [], ("requirements.md", "design/DESIGN-RESEARCH.md"), id="in_order"),
        pytest.param("tasks-plan", ["design.md"], (), id="tasks_plan"),
        pytest.param("qa-exec", ["tasks.md"], ("qa/QA-TEST-PLAN.md",), id="qa_exec"),
        pytest.param("prd", [], (), id="prd"),
        pytest.param("discover", [], (), id="discover"),
        pytest.param("anything", [], (), id="unknown_command"),
    ],
)
def test_prerequisites(command: str, paths: list[str], missing: tuple[str, ...]) -> None:
    assert missing_prerequisites(SpecRecord("s", documents=documents(*paths)), command) == missing


def test_an_empty_folder_is_enough_where_a_folder_is_needed() -> None:
    record = SpecRecord("s", documents=documents("tasks.md"))
    assert missing_prerequisites(record, "checkpoint", frozenset({"execution/waves"})) == ()


def test_prerequisites_are_of_commands_that_exist() -> None:
    assert PREREQUISITES.keys() <= COMMANDS.keys()


@pytest.mark.parametrize(
    ("paths", "stage"),
    [
        pytest.param(["requirements.md"], "requirements", id="requirements-107"),
        pytest.param(
            ["requirements.md", "design.md", "tasks.md", "execution/waves/wave-01/x"],
            "execution",
            id="execution-108",
        ),
        pytest.param(["requirements.md", "design.md"], "design", id="design-113"),
        pytest.param(["requirements.md", "tasks.md", "qa/QA-TEST-PLAN.md"], "qa", id="qa-114"),
        pytest.param(["tasks.md", "post-mortem/report.md"], "post-mortem", id="post_mortem-115"),
        pytest.param([], "unknown", id="unknown-116"),
    ],
)
def test_stage(paths: list[str], stage: str) -> None:
    assert stage_of(SpecRecord("s", documents=documents(*paths))) == stage


# --- approvals ------------------------------------------------------------------------------------------


def approval(name: str, status: str = "approved", doc_type: str = "tasks", **facts: Any) -> Approval:
    values = {"file_path": f".spec-workflow/specs/s/{doc_type}.md", "title": "", "created_at": ""} | facts
    return Approval(path=f"{name}.json", approval_id=name, doc_type=doc_type, status=status, **values)


def snapshot(name: str, version: int, status: str, created_at: str, doc_type: str = "tasks") -> Approval:
    folder = f".snapshots/{doc_type}.md/metadata.json"
    return Approval(folder, name, doc_type, f"specs/s/{doc_type}.md", status, "", created_at, version=version)


def test_no_approval_and_no_such_document() -> None:
    record = SpecRecord("s", approvals=(approval("a"),))
    assert find_approval(record, "design") is None
    assert find_approval(record, "research") is None
    assert find_approval(record, " TASKS ") == record.approvals[0]


@pytest.mark.parametrize(
    ("approvals", "found"),
    [
        pytest.param(
            [
                approval("old", created_at="2026-01-01T10:00:00Z"),
                approval("new", "pending", created_at="2026-01-02T10:00:00Z"),
            ],
            "new pending",
            id="newest_request",
        ),
        pytest.param(
            [
                approval("a", created_at="2026-01-01T10:00:00.500Z"),
                approval("b", "pending", created_at="2026-01-01T10:00:00Z"),
                approval("c", "rejected", created_at="2026-01-01T12:00:00+03:00"),
            ],
            "a approved",
            id="times_are_compared_as_times",
        ),
        pytest.param(
            [approval("approval_1771024793021_b"), approval("approval_1771017165420_a", "pending")],
            "approval_1771024793021_b approved",
            id="time_in_the_id",
        ),
        pytest.param(
            [snapshot("x", 1, "pending", "2026-01-01"), snapshot("y", 2, "approved", "2026-01-02")],
            "y approved",
            id="only_snapshots",
        ),
        pytest.param(
            # The server stores the snapshot of an approval a moment before it answers the request.
            [
                snapshot("y", 2, "pending", "2026-01-02T10:00:00.002Z"),
                approval("y", created_at="2026-01-02T09:00:00Z", responded_at="2026-01-02T10:00:00.001Z"),
            ],
            "y approved",
            id="request_of_the_newest_snapshot",
        ),
        pytest.param(
            [approval("x", created_at="2026-01-01"), snapshot("y", 2, "needs-revision", "2026-01-02")],
            "y needs-revision",
            id="snapshot_of_a_later_request",
        ),
    ],
)
def test_newest_approval(approvals: list[Approval], found: str) -> None:
    for order in (approvals, approvals[::-1]):
        answer = find_approval(SpecRecord("s", approvals=tuple(order)), "tasks")
        assert answer is not None
        assert f"{answer.approval_id} {answer.status}" == found


@given(st.lists(st.text(alphabet="0123456789-:T.Z+ x", max_size=30), min_size=1, max_size=4))
def test_any_text_may_stand_for_a_time(times: list[str]) -> None:
    edges = ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59"]
    approvals = tuple(approval(f"a{n}", created_at=text) for n, text in enumerate(times + edges))
    found = find_approval(SpecRecord("s", approvals=approvals), "tasks")
    assert found is approvals[-1]


def test_file_time_decides_only_without_any_other() -> None:
    listed = tuple(
        Document("approvals", f"{name}.json", Kind.APPROVAL, 1, mtime)
        for name, mtime in (("a", 9000), ("b", 5))
    )
    record = SpecRecord("s", documents=listed, approvals=(approval("a"), approval("b")))
    assert find_approval(record, "tasks") == record.approvals[0]


# --- checkpoints and waves ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "pointers", "expected"),
    [
        pytest.param([gate(1, "pass")], files(1, "pass"), ("pass", "run-001", "dir_scan", 0), id="agree-121"),
        pytest.param(
            [gate(1, "blocked", 1), gate(1, "pass", 3)],
            files(1, "blocked", "pass", "run-003"),
            ("pass", "run-003", "latest_json", 1),
            id="stale_summary-122",
        ),
        pytest.param([], files(1), ("missing", "", "dir_scan", 0), id="no_checkpoint-123"),
        pytest.param(
            [gate(1, "blocked", 1), gate(1, "blocked", 2), gate(1, "blocked", 3), gate(1, "pass", 5)],
            None,
            ("pass", "run-005", "dir_scan", 0),
            id="highest_run-124",
        ),
    ],
)
def test_checkpoint(runs: list[Run], pointers: WaveFiles | None, expected: tuple[str, str, str, int]) -> None:
    found = resolve_checkpoint(runs, pointers)
    assert (found.status, found.run_path.rpartition("/")[2], found.source, len(found.stale)) == expected


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        pytest.param((executed(1),), [(1, "in_progress", 1, 0)], id="execution_only-125"),
        pytest.param((executed(1), gate(1, "pass")), [(1, "complete", 1, 1)], id="complete-126"),
        pytest.param((), [], id="no_waves-127"),
    ],
)
def test_wave_states(runs: tuple[Run, ...], expected: list[tuple[int, str, int, int]]) -> None:
    states = wave_states(SpecRecord("s", runs=runs))
    assert [(s.number, s.status, s.exec_runs, s.check_runs) for s in states] == expected


@pytest.mark.parametrize(
    ("runs", "pointers", "expected"),
    [
        pytest.param([], None, ("missing", "none", "there is no wave 1"), id="no_such_wave-B11"),
        pytest.param(
            [gate(1, "pass")],
            files(1, "pass", text="All built"),
            ("pass", "wave_summary", "All built"),
            id="words_of_the_summary",
        ),
        pytest.param(
            [gate(1, "pass")],
            files(1, "pass"),
            ("pass", "checkpoint_scan", f"{GATE} says pass"),
            id="summary_without_words",
        ),
        pytest.param(
            [gate(1, "pass")],
            files(1, "blocked", text="Broken"),
            ("pass", "checkpoint_scan", f"{GATE} says pass"),
            id="stale_summary",
        ),
        pytest.param(
            [gate(1, "blocked")],
            files(1, "pass", "blocked", "run-001", text="Built", latest_text="Gate closed"),
            ("blocked", "latest_json", "Gate closed"),
            id="words_of_the_one_that_agrees",
        ),
        pytest.param(
            [run("checkpoint", 1, 1, {"judge": "blocked", "collector": "pass"})],
            None,
            (
                "blocked",
                "checkpoint_scan",
                "run-001: 1 of 2 subagents pass; judge blocked: judge says blocked",
            ),
            id="no_gate_decider",
        ),
        pytest.param(
            [run("checkpoint", 1, 1, {"judge": "pass"}, handoff=False)],
            files(1, "pass", text="Built"),
            ("in_progress", "checkpoint_scan", "run-001: 1 of 1 subagents pass"),
            id="checkpoint_without_verdict",
        ),
        pytest.param(
            [executed(1)],
            files(1, "pass", text="Built"),
            ("in_progress", "execution_scan", "run-001: 1 of 1 subagents pass"),
            id="claim_of_a_summary_alone",
        ),
        pytest.param(
            [executed(1)],
            files(1, "pass", "blocked", text="Built", latest_text="No"),
            ("blocked", "latest_json", "No"),
            id="claims_disagree",
        ),
        pytest.param(
            [executed(1, "blocked")],
            files(1, "", "pass", "run-009"),
            (
                "in_progress",
                "execution_scan",
                "run-001: 0 of 1 subagents pass; task-implementer-1 blocked: task-implementer-1 says blocked",
            ),
            id="claim_about_a_run_that_does_not_exist",
        ),
        pytest.param([], files(1), ("pending", "none", "no run of this wave is there yet"), id="empty_wave"),
    ],
)
def test_wave_digest(runs: list[Run], pointers: WaveFiles | None, expected: tuple[str, str, str]) -> None:
    record = SpecRecord("s", runs=tuple(runs), waves=(pointers,) if pointers else ())
    digest = wave_digest(record, 1)
    assert (digest.status, digest.source, digest.summary) == expected


def test_wave_digest_says_what_contradicts_it() -> None:
    def stale(*runs: Run, pointers: WaveFiles) -> tuple[str, ...]:
        return wave_digest(SpecRecord("s", runs=runs, waves=(pointers,)), 1).stale

    assert stale(gate(1, "pass"), pointers=files(1, "blocked")) == (
        "_wave-summary.json says blocked, run-001 says pass",
    )
    assert stale(pointers=files(1, "pass", "blocked")) == (
        "_wave-summary.json says pass, _latest.json says blocked",
    )
    assert stale(executed(1), pointers=files(1, "", "pass", "run-009")) == (
        "_latest.json points at run-009, which does not exist",
    )
    assert stale(gate(1, "pass"), pointers=files(1, "pass", "pass", "run-001")) == ()


# --- resume ---------------------------------------------------------------------------------------------


def resumed(text: str, *runs: Run, waves: tuple[WaveFiles, ...] = ()) -> tuple[str, int]:
    document = parse_tasks(text)
    record = SpecRecord(
        "s",
        runs=runs,
        waves=waves,
        tasks=document.tasks,
        has_tasklike_lines=document.has_tasklike_lines,
        generation_strategy=document.header.generation_strategy,
    )
    answer = resume(record)
    assert answer.reason
    return answer.action, answer.wave


FIRST = (executed(1), gate(1, "pass"))
SECOND = (executed(2), gate(2, "pass"))


@pytest.mark.parametrize(
    ("text", "runs", "expected"),
    [
        pytest.param("", (), ("next-wave", 1), id="nothing_yet"),
        pytest.param(line(" ", "1", 1), (), ("next-wave", 1), id="first_wave"),
        pytest.param(line("-", "1", 1), (), ("continue-wave", 1), id="begun_without_a_run"),
        pytest.param("", (executed(1), gate(1, "blocked")), ("blocked", 1), id="blocked"),
        pytest.param(
            "", (executed(1), gate(1, "blocked"), *SECOND), ("blocked", 1), id="blocked_before_another"
        ),
        pytest.param("", (*FIRST, executed(2)), ("continue-wave", 2), id="begun"),
        pytest.param("", FIRST, ("done", 1), id="all_waves_complete"),
        pytest.param(line("x", "1", 1), FIRST, ("done", 1), id="all_complete"),
        pytest.param(line("x", "1", 1) + line(" ", "2", 2), FIRST, ("next-wave", 2), id="tasks_of_the_next"),
        pytest.param(line("x", "1", 1) + line(" ", "2", 4), FIRST, ("next-wave", 4), id="gap_in_the_numbers"),
        pytest.param(
            line(" ", "1", 1), (*FIRST, *SECOND), ("continue-wave", 1), id="task_added_to_a_complete_wave"
        ),
        pytest.param(line(" ", "1", 2, "9"), FIRST, ("blocked", 2), id="next_wave_cannot_start"),
        pytest.param(
            "---\ngeneration_strategy: rolling-wave\n---\n" + line("x", "1", 1),
            FIRST,
            ("next-wave", 2),
            id="next_wave_is_to_be_planned",
        ),
        pytest.param(
            line("x", "1", 1) + "## Deferred\n" + line(" ", "2", 2),
            FIRST,
            ("done", 1),
            id="deferred_left",
        ),
        pytest.param(line("x", "1", 1), (), ("done", 0), id="done_without_runs"),
        pytest.param("- [ ] write tests\n", FIRST, ("error", 1), id="unreadable_tasks"),
        pytest.param(
            line(" ", "1", 1),
            (*FIRST, executed(2)),
            ("continue-wave", 1),
            id="task_added_before_the_one_begun",
        ),
        pytest.param(
            line("!", "1", 1), (executed(1),), ("blocked", 1), id="no_task_of_the_one_begun_can_start"
        ),
    ],
)
def test_resume(text: str, runs: tuple[Run, ...], expected: tuple[str, int]) -> None:
    assert resumed(text, *runs) == expected


def test_resume_says_what_blocks() -> None:
    record = SpecRecord("s", runs=(gate(1, "blocked"),))
    reason = "the checkpoint of wave 1 is blocked (execution/waves/wave-01/checkpoint/run-001)"
    assert resume(record) == Resume("blocked", 1, reason)


@pytest.mark.parametrize(
    ("word", "state", "action", "step"),
    [
        ("blocked", "blocked", ("blocked", 1), ("blocked", 1)),
        ("pass", "complete", ("next-wave", 2), ("execute", 2)),
    ],
)
def test_a_pointer_without_any_run_is_believed_by_all(
    word: str, state: str, action: tuple[str, int], step: tuple[str, int]
) -> None:
    tasks = parse_tasks(line("x", "1", 1) + line(" ", "2", 2)).tasks
    record = SpecRecord("s", runs=(executed(1),), waves=(files(1, latest=word),), tasks=tasks)
    [wave] = wave_states(record)
    assert (wave.status, wave.checkpoint.status, wave.checkpoint.source) == (state, word, "latest_json")
    assert wave_digest(record, 1).status == word
    answer, status, asked = resume(record), wave_status(record), next_wave(record)
    assert (answer.action, answer.wave) == action
    assert (asked.action, asked.wave) == step
    if word == "blocked":
        assert (status.resume_action, status.checkpoint_status) == ("wait-checkpoint", "blocked")
        assert asked.reason == answer.reason == "the checkpoint of wave 1 is blocked (_latest.json)"
        assert "wave 1: checkpoint blocked (_latest.json)" in [
            obstacle.text for obstacle in obstacles(record, has_post_mortem=True)
        ]
    else:
        assert (status.resume_action, status.current_wave) == ("start-wave", "02")


@pytest.mark.parametrize("with_folder", [False, True])
def test_no_wave_is_asked_for_where_only_deferred_tasks_are_left(with_folder: bool) -> None:
    tasks = parse_tasks(line("x", "1", 1) + "## Deferred\n" + line(" ", "2", 2)).tasks
    waves = (files(2),) if with_folder else ()
    record = SpecRecord("s", runs=FIRST, waves=waves, tasks=tasks)
    step, status = next_wave(record), wave_status(record)
    assert (step.action, step.wave, step.task_ids, step.deferred_ready) == ("execute", 0, (), ("2",))
    assert resume(record).action == status.resume_action == "done"
    assert resume(record).reason == "all planned tasks are complete; deferred and ready: 2"
    assert step.warnings == status.warnings == ("deferred and not done: 2",)
    begun = SpecRecord(
        "s", runs=FIRST, tasks=parse_tasks(line("x", "1", 1) + "## Deferred\n" + line("-", "2", 2)).tasks
    )
    assert (next_wave(begun).action, resume(begun).action) == ("continue-wave", "continue-wave")
    assert wave_status(begun).resume_action == "resume-in-progress"


STATUSES = st.sampled_from(["pass", "blocked", "missing", "invalid"])
RUNS = st.lists(
    st.builds(
        run,
        st.sampled_from(["execution", "checkpoint"]),
        st.integers(1, 3),
        st.integers(1, 3),
        st.dictionaries(st.sampled_from([GATE, "a", "b"]), STATUSES, max_size=3),
        handoff=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda run: run.path,
)
POINTERS = st.lists(
    st.builds(
        files,
        st.integers(1, 3),
        st.sampled_from(["", "pass", "blocked"]),
        st.sampled_from(["", "pass", "blocked"]),
        st.sampled_from(["", "run-001", "run-009"]),
    ),
    max_size=3,
    unique_by=lambda wave: wave.number,
)


@given(RUNS, POINTERS)
def test_there_is_one_answer_about_a_wave(runs: list[Run], pointers: list[WaveFiles]) -> None:
    """State, checkpoint, digest and resume never contradict each other where a checkpoint has decided."""
    record = SpecRecord("s", runs=tuple(runs), waves=tuple(pointers))
    states = wave_states(record)
    for state in states:
        digest = wave_digest(record, state.number)
        assert digest.status in (state.status, {"complete": "pass"}.get(state.status))
        if state.checkpoint.status in ("pass", "blocked"):
            assert digest.status == state.checkpoint.status
            assert {"pass": "complete", "blocked": "blocked"}[digest.status] == state.status
            assert digest.stale == state.checkpoint.stale
        elif state.checkpoint.attempts:
            assert digest.status == state.status == "in_progress"
    answer = resume(record)
    unfinished = {state.number for state in states if state.status != "complete"}
    assert answer.wave in unfinished if unfinished else answer.action in ("done", "next-wave")


@pytest.mark.parametrize(
    ("text", "runs", "expected"),
    [
        pytest.param(line(" ", "1", 2), FIRST, (2, 2), id="between_waves"),
        pytest.param(line("x", "1", 1) + line(" ", "2"), FIRST, (2, 2), id="without_a_number"),
        pytest.param(line("x", "1", 1), FIRST, (1, 1), id="all_complete"),
        pytest.param(
            "## Deferred\n" + line(" ", "1", 1) + "## Now\n" + line(" ", "2", 2),
            (executed(1), executed(2)),
            (2, 2),
            id="put_off",
        ),
        pytest.param(line(" ", "1", 3), (), (0, 3), id="none_begun"),
    ],
)
def test_a_list_shows_the_wave_that_wave_status_names(
    text: str, runs: tuple[Run, ...], expected: tuple[int, int]
) -> None:
    record = SpecRecord("s", runs=runs, tasks=parse_tasks(text).tasks)
    summary = summarise(record)
    assert (summary.wave_current, summary.waves_total) == expected
    if runs:
        assert int(wave_status(record).current_wave) == summary.wave_current


PLANS = st.lists(
    st.builds(line, st.sampled_from("x -!"), st.sampled_from("12345"), st.none() | st.integers(1, 3)),
    max_size=5,
)


@given(PLANS, RUNS)
def test_what_comes_next_where_to_resume_and_where_work_stands_agree(
    plan: list[str], runs: list[Run]
) -> None:
    record = SpecRecord("s", runs=tuple(runs), tasks=parse_tasks("".join(plan)).tasks)
    states = wave_states(record)
    step, place, status, summary = next_wave(record), resume(record), wave_status(record), summarise(record)
    if states:
        assert summary.wave_current == int(status.current_wave)
    blocked = [state.number for state in states if state.status == "blocked"]
    if record.tasks and blocked and step.action != "continue-wave" and not 0 < step.wave <= blocked[0]:
        # Nothing is begun or done behind a blocked checkpoint; its own wave may have tasks left.
        assert (step.action, step.wave) == (place.action, place.wave) == ("blocked", blocked[0])
    if step.action == "blocked" and place.action != "blocked":
        assert place.wave < step.wave  # an earlier wave is not complete
    if step.action == "execute" and place.action != "blocked":
        assert place.wave <= step.wave
