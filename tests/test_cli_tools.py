"""`spw tools`: the answers that workflow files get, with the numbers of the behaviours they rely on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.domain.commits import Commit, commit_of_task
from spw_core.domain.model import Run, Subagent
from spw_core.domain.runs import check_run, latest_unfinished

from .support import write, write_run
from .test_cli import spw

Capture = pytest.CaptureFixture[str]
Answer = dict[str, object]

SPEC = "specs/alpha"
WAVES = f"{SPEC}/execution/waves"
REAL = "claude-code-based-improvements"


def tool(capsys: Capture, workspace: Workspace, *words: object) -> Answer:
    """The JSON answer of a tool that succeeds."""
    assert spw("tools", *words, workspace=workspace) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert not captured.out.endswith("\n")
    value: Answer = json.loads(captured.out)
    assert value.pop("ok") is True
    assert captured.out == json.dumps({"ok": True, **value}, indent=2, sort_keys=True, ensure_ascii=False)
    return value


def raw(capsys: Capture, workspace: Workspace, *words: object) -> str:
    assert spw("tools", *words, "--raw", workspace=workspace) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def failure(capsys: Capture, workspace: Workspace, *words: object) -> str:
    """The error of a tool that fails, the same with and without --raw."""
    errors = []
    for more in ([], ["--raw"]):
        assert spw("tools", *words, *more, workspace=workspace) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        errors.append(json.loads(captured.err))
    assert errors[0] == errors[1]
    assert errors[0]["ok"] is False
    return str(errors[0]["error"])


# -- wave-status ---------------------------------------------------------------------------------

TWO_PENDING = "## Wave 01\n\n- [ ] **1.** A\n  - Wave: 01\n- [ ] **2.** B\n  - Wave: 01\n"
TWO_WAVES = (
    "## Wave 01\n\n- [x] **1.** A\n  - Wave: 01\n- [x] **2.** B\n  - Wave: 01\n\n"
    "## Wave 02\n\n- [{}] **3.** C\n  - Wave: 02\n- [ ] **4.** D\n  - Wave: 02\n"
)
ONE = "## Wave 01\n\n- [{}] **1.** A\n  - Wave: 01\n"


def pointers(workspace: Workspace, wave: int, status: str, tasks: list[object]) -> None:
    folder = f"{WAVES}/wave-{wave:02d}"
    write(
        workspace,
        f"{folder}/_wave-summary.json",
        json.dumps({"wave": f"{wave:02d}", "status": status, "tasks": tasks}),
    )
    write(workspace, f"{folder}/_latest.json", json.dumps({"status": status}))


def wave_folder(workspace: Workspace, wave: int) -> None:
    (workspace.paths.workflow / WAVES / f"wave-{wave:02d}").mkdir(parents=True)


def wave_status(capsys: Capture, workspace: Workspace) -> Answer:
    return tool(capsys, workspace, "wave-status", "alpha")


def test_wave_status_without_waves_37_43(workspace: Workspace, capsys: Capture) -> None:
    write(workspace, f"{SPEC}/tasks.md", TWO_PENDING)
    assert wave_status(capsys, workspace) == {
        "spec": "alpha",
        "waves": [],
        "current_wave": "01",
        "wave_status": "not-started",
        "checkpoint_status": "missing",
        "next_tasks": ["1", "2"],
        "in_progress_tasks": [],
        "resume_action": "start-wave",
        "total_tasks": 2,
        "completed_tasks": 0,
        "warnings": [],
    }
    assert raw(capsys, workspace, "wave-status", "alpha") == "01"
    assert raw(capsys, workspace, "wave-status", "--spec", "alpha") == "01"


def test_wave_status_of_an_unknown_spec_45(workspace: Workspace, capsys: Capture) -> None:
    assert failure(capsys, workspace, "wave-status", "beta") == (
        "spec directory not found: .spec-workflow/specs/beta"
    )
    assert "invalid spec name" in failure(capsys, workspace, "wave-status", "../alpha")


@pytest.mark.parametrize(
    ("tasks", "action", "wave", "next_tasks"),
    [
        # Checkboxes that are no tasks must not look like a finished spec.
        ("- [ ] write tests\n- [ ] ship\n", "blocked", "01", []),
        ("- [x] 1. A\n  - Wave: 1\n- [!] 2. B\n  - Wave: 2\n", "blocked", "02", []),
        ("- [x] 1. A\n  - Wave: 1\n- [ ] 2. B\n  - Wave: 2\n  - Depends On: 9\n", "blocked", "02", []),
        # Tasks without a wave form the one after the last; deferred ones do not keep a spec from being done.
        ("- [x] 1. A\n  - Wave: 1\n- [ ] 2. B\n", "start-wave", "02", ["2"]),
        ("- [x] 1. A\n  - Wave: 1\n\n## Deferred Backlog\n\n- [ ] 2. B\n  - Wave: 2\n", "done", "01", []),
        # What was left behind in a complete wave comes first.
        ("- [ ] 1. A\n  - Wave: 1\n- [ ] 2. B\n  - Wave: 2\n", "continue-wave", "01", ["1"]),
        ("- [x] 1. A\n  - Wave: 1\n- [ ] 2. B\n  - Wave: 4\n", "start-wave", "04", ["2"]),
    ],
    ids=["unreadable", "blocked-task", "unmet", "no-wave", "deferred", "reopened", "gap"],
)
def test_wave_status_after_wave_1(
    workspace: Workspace, capsys: Capture, tasks: str, action: str, wave: str, next_tasks: list[str]
) -> None:
    write(workspace, f"{SPEC}/tasks.md", tasks)
    write_run(workspace, f"{WAVES}/wave-01/checkpoint/run-001", {"release-gate-decider": "pass"})
    status = wave_status(capsys, workspace)
    assert (status["resume_action"], status["current_wave"], status["next_tasks"]) == (
        action,
        wave,
        next_tasks,
    )


def test_wave_status_believes_runs_and_not_pointers(workspace: Workspace, capsys: Capture) -> None:
    write(workspace, f"{SPEC}/tasks.md", TWO_WAVES.format(" "))
    pointers(workspace, 1, "blocked", [{"task_id": "1.1"}, "2", 3])
    run = f"{WAVES}/wave-01/checkpoint/run-00"
    write_run(workspace, f"{run}1", {"release-gate-decider": "blocked", "a-judge": "pass"})
    write_run(workspace, f"{run}2", {"release-gate-decider": "pass", "a-judge": "blocked"})
    status = wave_status(capsys, workspace)
    assert status["waves"] == [
        {"wave": "01", "status": "completed", "tasks": ["1", "2"], "checkpoint": "pass"}
    ]
    assert status["current_wave"] == "02"
    assert status["warnings"] == [
        "wave 1: _latest.json says blocked, run-002 says pass",
        "wave 1: _wave-summary.json says blocked, run-002 says pass",
    ]


def test_wave_status_does_not_believe_a_pointer_to_nothing(workspace: Workspace, capsys: Capture) -> None:
    write(workspace, f"{SPEC}/tasks.md", ONE.format("x"))
    write(workspace, f"{WAVES}/wave-01/_latest.json", '{"status": "pass", "checkpoint": "run-004"}')
    status = wave_status(capsys, workspace)
    assert (status["resume_action"], status["checkpoint_status"]) == ("continue-wave", "missing")
    assert status["warnings"] == ["wave 1: _latest.json points at run-004, which does not exist"]


def test_a_wave_that_waits_for_its_checkpoint(workspace: Workspace, capsys: Capture) -> None:
    write(workspace, f"{SPEC}/tasks.md", TWO_WAVES.format(" "))
    write_run(workspace, f"{WAVES}/wave-01/execution/run-001", {"a": "pass"})
    status = wave_status(capsys, workspace)
    assert (status["current_wave"], status["resume_action"]) == ("01", "continue-wave")
    assert status["next_tasks"] == ["1", "2"]


# -- the real workspace and the demo -------------------------------------------------------------


@pytest.mark.parametrize("harvested", [False, True], ids=["files", "database"])
def test_the_real_workspace(real: Workspace, capsys: Capture, harvested: bool) -> None:
    if harvested:
        real.harvest()
    folder = f".spec-workflow/specs/{REAL}"
    status = tool(capsys, real, "wave-status", REAL)
    assert status == {
        "spec": REAL,
        "waves": [
            {"wave": "01", "status": "completed", "tasks": ["1", "2", "5"], "checkpoint": "pass"},
            {"wave": "02", "status": "completed", "tasks": ["3", "4", "7"], "checkpoint": "pass"},
            {"wave": "03", "status": "in-progress", "tasks": ["6", "8", "9"], "checkpoint": "missing"},
        ],
        "current_wave": "03",
        "wave_status": "in-progress",
        "checkpoint_status": "missing",
        "next_tasks": ["6", "8"],
        "in_progress_tasks": [],
        "resume_action": "continue-wave",
        "total_tasks": 11,
        "completed_tasks": 6,
        "warnings": [],
    }
    assert tool(capsys, real, "wave-resolve-current", REAL) == {
        "spec": REAL,
        "found": True,
        "wave": "wave-03",
        "directory": f"{folder}/execution/waves/wave-03",
    }
    approval = "approval_1771024793021_rwl4mvimm"
    assert tool(capsys, real, "approval-fallback-id", REAL, "Tasks") == {
        "spec": REAL,
        "doc_type": "Tasks",
        "approval_id": approval,
        "source": f".spec-workflow/approvals/{REAL}/{approval}.json",
        "status": "approved",
    }
    assert tool(capsys, real, "handoff-validate", f"{folder}/execution/waves/wave-03/execution/run-001")[
        "issues"
    ] == ["missing:_handoff.md", "blocked:spec-compliance-reviewer-8"]
    planning = f"{folder}/planning/_comms/tasks-plan"
    assert raw(capsys, real, "runs-latest-unfinished", planning) == f"{planning}/run-003"
    for stage in ("design/_comms/design-research", "execution/waves/wave-01/checkpoint"):
        answer = tool(capsys, real, "runs-latest-unfinished", f"{folder}/{stage}")
        assert answer == {
            "phase_dir": f"{folder}/{stage}",
            "found": False,
            "reason": "no_unfinished_run",
            "run": None,
        }
    assert tool(capsys, real, "verify-task", REAL, "--task-id", "1.")["impl_log"] == {
        "exists": True,
        "path": f"{folder}/execution/_implementation-logs/task-1.md",
    }
    assert tool(capsys, real, "skills-effective-set", "implementation") == {
        "stage": "implementation",
        "required": ["conventional-commits", "effective-go", "test-driven-development"],
        "optional": ["test-driven-development"],
        "enforce_required": True,
        "tdd_default": True,
        "config_path": ".spec-workflow/oraculo.toml",
        "config_source": "canonical",
        "warnings": [],
    }
    assert raw(capsys, real, "resolve-model", "implementation") == "sonnet"
    assert raw(capsys, real, "config-get", "skills.implementation.required") == (
        '["conventional-commits", "effective-go"]'
    )


def test_every_demo_spec_answers(demo_files: Path, demo_harvested: Workspace, capsys: Capture) -> None:
    from_files = Workspace.open(demo_files)
    for spec in from_files.spec_names():
        for words in (("wave-status", spec), ("wave-resolve-current", spec)):
            assert tool(capsys, from_files, *words) == tool(capsys, demo_harvested, *words)
    positions = {
        spec: (answer["current_wave"], answer["wave_status"], answer["resume_action"])
        for spec in from_files.spec_names()
        if (answer := tool(capsys, from_files, "wave-status", spec))
    }
    assert positions["billing-export"] == ("02", "blocked", "wait-checkpoint")


# -- wave-resolve-current, spec-resolve-dir ------------------------------------------------------


def test_wave_resolve_current(workspace: Workspace, capsys: Capture) -> None:
    nothing = {"spec": "alpha", "found": False, "wave": None, "directory": None}
    assert tool(capsys, workspace, "wave-resolve-current", "alpha") == nothing
    assert tool(capsys, workspace, "wave-resolve-current", "beta") == nothing | {"spec": "beta"}
    assert raw(capsys, workspace, "wave-resolve-current", "alpha") == "none"
    write_run(workspace, f"{SPEC}/_agent-comms/waves/wave-2/execution/run-001", {"a": "pass"})
    wave_folder(workspace, 1)
    assert tool(capsys, workspace, "wave-resolve-current", "alpha") == {
        "spec": "alpha",
        "found": True,
        "wave": "wave-2",
        "directory": f".spec-workflow/{SPEC}/_agent-comms/waves/wave-2",
    }
    wave_folder(workspace, 10)
    assert raw(capsys, workspace, "wave-resolve-current", "alpha") == "wave-10"


def test_spec_resolve_dir(workspace: Workspace, capsys: Capture) -> None:
    folder = f".spec-workflow/{SPEC}"
    assert tool(capsys, workspace, "spec-resolve-dir", "alpha") == {
        "spec": "alpha",
        "found": True,
        "directory": folder,
    }
    assert raw(capsys, workspace, "spec-resolve-dir", "--spec=alpha") == folder
    assert tool(capsys, workspace, "spec-resolve-dir", "beta") == {
        "spec": "beta",
        "found": False,
        "directory": "",
    }
    assert raw(capsys, workspace, "spec-resolve-dir", "beta") == ""
    assert "invalid spec name" in failure(capsys, workspace, "spec-resolve-dir", "..")


# -- approval-fallback-id ------------------------------------------------------------------------


def approval(status: str, created: str, **more: str) -> str:
    document = f".spec-workflow/{SPEC}/design.md"
    return json.dumps({"filePath": document, "status": status, "createdAt": created} | more)


def test_approval_fallback_id(workspace: Workspace, capsys: Capture) -> None:
    folder = "approvals/alpha"
    nothing = {
        "spec": "alpha",
        "doc_type": "design",
        "approval_id": None,
        "source": None,
        "status": None,
    }
    assert tool(capsys, workspace, "approval-fallback-id", "alpha", "design") == nothing
    assert raw(capsys, workspace, "approval-fallback-id", "alpha", "design") == ""
    assert tool(capsys, workspace, "approval-fallback-id", "beta", "design")["approval_id"] is None
    # The newest by what is written inside; all files have the same time.
    write(workspace, f"{folder}/approval_2.json", approval("pending", "2026-02-14T10:00:00.000Z", id="two"))
    write(workspace, f"{folder}/approval_9.json", approval("approved", "2026-02-13T10:00:00.000Z", id="nine"))
    write(workspace, f"{folder}/approval_broken.json", "{")
    assert tool(capsys, workspace, "approval-fallback-id", "--spec", "alpha", "design") == nothing | {
        "approval_id": "two",
        "source": ".spec-workflow/approvals/alpha/approval_2.json",
        "status": "pending",
    }
    assert "unknown document: plan" in failure(capsys, workspace, "approval-fallback-id", "alpha", "plan")


def test_a_snapshot_answers_when_the_request_is_gone(workspace: Workspace, capsys: Capture) -> None:
    write(
        workspace,
        "approvals/alpha/.snapshots/design.md/metadata.json",
        json.dumps(
            {
                "filePath": f".spec-workflow/{SPEC}/design.md",
                "snapshots": [
                    {"version": 1, "trigger": "initial", "approvalId": "one", "timestamp": "2026-02-13"},
                    {"version": 2, "trigger": "approved", "approvalId": "two", "timestamp": "2026-02-14"},
                ],
            }
        ),
    )
    answer = tool(capsys, workspace, "approval-fallback-id", "alpha", "design")
    assert (answer["approval_id"], answer["status"]) == ("two", "approved")
    assert answer["source"] == ".spec-workflow/approvals/alpha/.snapshots/design.md/metadata.json"


# -- runs ----------------------------------------------------------------------------------------

QA = f"{SPEC}/qa/_comms/qa"


def test_a_complete_run_158(workspace: Workspace, capsys: Capture) -> None:
    write_run(workspace, f"{QA}/run-001", {"scout": "pass"})
    answer = tool(capsys, workspace, "handoff-validate", f".spec-workflow/{QA}/run-001")
    assert answer == {
        "run_dir": f".spec-workflow/{QA}/run-001",
        "valid": True,
        "issues": [],
        "subagents": [{"name": "scout", "missing": [], "blocked": False}],
    }
    assert raw(capsys, workspace, "handoff-validate", f".spec-workflow/{QA}/run-001") == "valid"


def test_every_issue_of_a_run_158(workspace: Workspace, capsys: Capture) -> None:
    write_run(workspace, f"{QA}/run-001", {"b": "blocked", "c": "Passed", "d": "later"}, handoff=False)
    write(workspace, f"{QA}/run-001/a/brief.md", "# Brief\n")
    write(workspace, f"{QA}/run-001/e/status.json", '{"status": "pass", "summary": "not \\"blocked\\""}')
    write(workspace, f"{QA}/run-001/f/status.json", "{")
    write(workspace, f"{QA}/run-001/_inline-audit/iteration-1/auditor/status.json", '{"status": "blocked"}')
    answer = tool(capsys, workspace, "handoff-validate", f".spec-workflow/{QA}/run-001")
    assert answer["valid"] is False
    assert answer["issues"] == [
        "missing:_handoff.md",
        "missing:a:report.md,status.json",
        "blocked:b",
        "invalid:d",
        "missing:e:brief.md,report.md",
        "missing:f:brief.md,report.md",
        "invalid:f",
    ]
    agents = answer["subagents"]
    assert isinstance(agents, list)
    assert [agent["name"] for agent in agents if agent["blocked"]] == ["b"]
    assert raw(capsys, workspace, "handoff-validate", f".spec-workflow/{QA}/run-001") == "invalid"


def test_an_audit_inside_a_run_can_be_asked_about(workspace: Workspace, capsys: Capture) -> None:
    audit = f"{QA}/run-001/_inline-audit/iteration-1"
    write_run(workspace, f"{QA}/run-001", {"scout": "pass"})
    write_run(workspace, audit, {"auditor": "blocked"})
    assert tool(capsys, workspace, "handoff-validate", f".spec-workflow/{audit}")["issues"] == [
        "blocked:auditor"
    ]
    assert raw(
        capsys, workspace, "dispatch-read-status", "auditor", "--run-dir", f".spec-workflow/{audit}"
    ) == ("blocked")


def test_run_folders_by_any_path(
    workspace: Workspace, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = write_run(workspace, f"{QA}/run-001", {"scout": "pass"})
    link = tmp_path / "link"
    link.symlink_to(workspace.paths.root)
    linked = link / folder.relative_to(workspace.paths.root)
    for path in (folder, f"{folder}/", folder / "scout" / "..", linked):
        assert raw(capsys, workspace, "handoff-validate", path) == "valid"
    monkeypatch.chdir(folder.parent)
    assert raw(capsys, workspace, "handoff-validate", "run-001") == "valid"
    assert raw(capsys, workspace, "handoff-validate", f".spec-workflow/{QA}/run-001") == "valid"
    assert raw(capsys, Workspace.open(link), "handoff-validate", folder) == "valid"


@pytest.mark.parametrize(
    "path",
    [
        "/etc",
        "..",
        ".",
        ".spec-workflow/specs",
        ".spec-workflow/specs/alpha",
        ".spec-workflow/approvals/alpha",
    ],
)
def test_folders_outside_every_spec_are_not_looked_at(
    workspace: Workspace, capsys: Capture, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(workspace.paths.root)
    answer = failure(capsys, workspace, "handoff-validate", path)
    assert "not a folder of a spec in this workspace" in answer
    answer = tool(capsys, workspace, "runs-latest-unfinished", path)
    assert (answer["found"], answer["reason"]) == (False, "phase_dir_missing")
    (workspace.paths.root / "scout").mkdir()
    (workspace.paths.root / "scout/status.json").write_text('{"status": "pass"}')
    answer = tool(capsys, workspace, "dispatch-read-status", "scout", "--run-dir", path)
    assert answer == {"status": "missing", "valid": False, "error": "status.json not found"}


def test_run_folders_that_are_none(workspace: Workspace, capsys: Capture, tmp_path: Path) -> None:
    write_run(workspace, f"{QA}/run-001", {"scout": "pass"})
    workflow = workspace.paths.workflow
    assert "run directory not found" in failure(
        capsys, workspace, "handoff-validate", workflow / QA / "run-2"
    )
    assert "is not a run, it holds run-001" in failure(capsys, workspace, "handoff-validate", workflow / QA)
    assert "spec not found" in failure(
        capsys, workspace, "handoff-validate", workflow / "specs/beta/qa/run-1"
    )
    # A link out of the workspace is not followed.
    write_run(workspace, "specs/beta/qa/_comms/qa/run-001", {"scout": "pass"})
    outside = shutil.move(workflow / "specs/beta/qa", tmp_path / "outside")
    (workflow / SPEC / "design").symlink_to(outside)
    path = workflow / SPEC / "design/_comms/qa/run-001"
    assert "not" in failure(capsys, workspace, "handoff-validate", path)


def test_an_empty_run_folder_is_an_unfinished_run(workspace: Workspace, capsys: Capture) -> None:
    write_run(workspace, f"{QA}/run-001", {"scout": "pass"})
    empty = workspace.paths.workflow / QA / "run-002"
    empty.mkdir()
    assert tool(capsys, workspace, "handoff-validate", empty)["issues"] == ["missing:_handoff.md"]
    answer = tool(capsys, workspace, "runs-latest-unfinished", empty.parent)
    assert answer == {
        "phase_dir": str(empty.parent),
        "found": True,
        "run": f".spec-workflow/{QA}/run-002",
        "issues": ["missing:_handoff.md"],
        "subagents": [],
    }


def test_latest_unfinished_passes_over_what_was_tried_again(workspace: Workspace, capsys: Capture) -> None:
    folder = workspace.paths.workflow / SPEC
    assert tool(capsys, workspace, "runs-latest-unfinished", folder / "qa")["reason"] == "phase_dir_missing"
    assert tool(capsys, workspace, "runs-latest-unfinished", folder.parent / "beta/qa")["reason"] == (
        "phase_dir_missing"
    )
    write_run(workspace, f"{WAVES}/wave-01/checkpoint/run-001", {"a": "blocked"})
    write_run(workspace, f"{WAVES}/wave-01/checkpoint/run-002", {"a": "pass"})
    os.utime(folder / "execution/waves/wave-01/checkpoint/run-001")
    checkpoints = f".spec-workflow/{WAVES}/wave-01/checkpoint"
    assert tool(capsys, workspace, "runs-latest-unfinished", checkpoints)["reason"] == "no_unfinished_run"
    assert raw(capsys, workspace, "runs-latest-unfinished", checkpoints) == ""
    write_run(workspace, f"{WAVES}/wave-01/execution/run-009", {"a": "pass"}, handoff=False)
    write_run(workspace, f"{WAVES}/wave-01/execution/run-010", {"a": "blocked"})
    assert raw(capsys, workspace, "runs-latest-unfinished", f".spec-workflow/{WAVES}") == (
        f".spec-workflow/{WAVES}/wave-01/execution/run-010"
    )


def run_of(path: str, number: int, updated_ns: int, status: str) -> Run:
    agent = Subagent("a", f"{path}/a", status, "", True, True, status != "missing")
    return Run(path, "qa", number, "qa", 0, True, (agent,), 1, updated_ns)


def test_of_several_stages_the_one_written_to_last_counts() -> None:
    older = run_of("qa/_comms/qa/run-003", 3, 10, "blocked")
    newer = run_of("qa/_comms/qa-check/run-001", 1, 20, "invalid")
    settled = run_of("qa/_comms/qa/run-002", 2, 30, "blocked")
    found = latest_unfinished([newer, older, settled])
    assert found == check_run(newer)
    assert latest_unfinished([run_of("qa/_comms/qa/run-001", 1, 1, "pass")]) is None


def test_runs_that_were_cleaned_away_still_answer(demo: Workspace, capsys: Capture) -> None:
    demo.harvest()
    folder = demo.paths.spec_dir("user-auth")
    runs = sorted(path.parent for path in folder.glob("**/checkpoint/*/_handoff.md"))
    before = [tool(capsys, demo, "handoff-validate", run) for run in runs]
    agents = [
        (run, agent["name"])
        for run, answer in zip(runs, before, strict=True)
        for agent in answer["subagents"]
    ]  # type: ignore[attr-defined]
    statuses = [tool(capsys, demo, "dispatch-read-status", name, "--run-dir", run) for run, name in agents]
    waves = tool(capsys, demo, "wave-status", "user-auth")
    assert runs
    assert agents
    for run in runs:
        shutil.rmtree(run)
    assert [tool(capsys, demo, "handoff-validate", run) for run in runs] == before
    assert [
        tool(capsys, demo, "dispatch-read-status", name, "--run-dir", run) for run, name in agents
    ] == statuses
    assert tool(capsys, demo, "wave-status", "user-auth") == waves


# -- dispatch-read-status ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"status": "pass", "summary": "fine"}', {"status": "pass", "summary": "fine", "valid": True}),
        ('{"status": "blocked"}', {"status": "blocked", "summary": "", "valid": True}),
        (
            '{"status": "unknown", "summary": "s"}',
            {
                "status": "unknown",
                "summary": "s",
                "valid": False,
                "error": "status must be pass or blocked, not 'unknown'",
            },
        ),
        (
            "{\n oops",
            {
                "status": "invalid",
                "valid": False,
                "error": "line 2: invalid JSON: Expecting property name enclosed in double quotes (column 2)",
            },
        ),
        ("[]", {"status": "invalid", "valid": False, "error": "expected a JSON object, found list"}),
        (None, {"status": "missing", "valid": False, "error": "status.json not found"}),
        # Other writers' words mean the same.
        ('{"status": "PASSED"}', {"status": "pass", "summary": "", "valid": True}),
    ],
    ids=["81-pass", "81-blocked", "81-unknown", "bad-json", "list", "81-missing", "synonym"],
)
def test_dispatch_read_status_81(
    workspace: Workspace, capsys: Capture, content: str | None, expected: Answer
) -> None:
    if content is not None:
        write(workspace, f"{QA}/run-001/scout/status.json", content)
    words = ("dispatch-read-status", "scout", "--run-dir", f".spec-workflow/{QA}/run-001")
    assert tool(capsys, workspace, *words) == expected
    assert raw(capsys, workspace, *words) == expected["status"]


def test_dispatch_read_status_of_nobody(workspace: Workspace, capsys: Capture) -> None:
    for spec in ("alpha", "beta"):
        run = f".spec-workflow/specs/{spec}/qa/_comms/qa/run-001"
        assert raw(capsys, workspace, "dispatch-read-status", "nobody", "--run-dir", run) == "missing"
    run = f".spec-workflow/{QA}/run-001"
    assert "invalid subagent name" in failure(
        capsys, workspace, "dispatch-read-status", "../scout", "--run-dir", run
    )
    assert spw("tools", "dispatch-read-status", "scout", workspace=workspace) == 1
    assert "--run-dir" in capsys.readouterr().err


def test_dispatch_read_status_looks_at_the_file_of_a_sealed_run_first(
    workspace: Workspace, capsys: Capture
) -> None:
    write_run(workspace, f"{QA}/run-001", {"scout": "blocked"})
    workspace.harvest()
    words = ("dispatch-read-status", "scout", "--run-dir", f".spec-workflow/{QA}/run-001")
    assert raw(capsys, workspace, *words) == "blocked"
    write(workspace, f"{QA}/run-001/scout/status.json", '{"status": "pass"}')
    assert raw(capsys, workspace, *words) == "pass"
    shutil.rmtree(workspace.paths.spec_dir("alpha") / "qa/_comms/qa/run-001")
    assert raw(capsys, workspace, *words) == "blocked"


# -- verify-task ---------------------------------------------------------------------------------

LOG = f"{SPEC}/execution/_implementation-logs/task-1.md"


def test_verify_task_57_60(workspace: Workspace, capsys: Capture) -> None:
    write(workspace, LOG, "# Task 1: A\n\nDone.\n")
    assert tool(capsys, workspace, "verify-task", "alpha", "--task-id", "1") == {
        "task_id": "1",
        "impl_log": {"exists": True, "path": f".spec-workflow/{LOG}"},
    }
    assert raw(capsys, workspace, "verify-task", "--spec", "alpha", "--task-id", "1") == (
        f".spec-workflow/{LOG}"
    )


def test_verify_task_without_log_58(workspace: Workspace, capsys: Capture) -> None:
    write(workspace, LOG.replace("task-1", "task-10"), "# Task 10: J\n\nDone.\n")
    write(workspace, LOG.replace("task-1", "task-1.1"), "# Task 1.1: A\n\nDone.\n")
    for content in (None, "", " \n"):
        if content is not None:
            write(workspace, LOG, content)
        answer = tool(capsys, workspace, "verify-task", "alpha", "--task-id", "1")
        assert answer["impl_log"] == {"exists": False, "path": f".spec-workflow/{LOG}"}
    assert raw(capsys, workspace, "verify-task", "alpha", "--task-id", "1") == ""
    answer = tool(capsys, workspace, "verify-task", "beta", "--task-id", "1")
    assert answer["impl_log"] == {
        "exists": False,
        "path": ".spec-workflow/specs/beta/execution/_implementation-logs/task-1.md",
    }
    assert "invalid task id" in failure(capsys, workspace, "verify-task", "alpha", "--task-id", "../1")
    assert "invalid task id" in failure(capsys, workspace, "verify-task", "alpha", "--task-id", "")


def git(workspace: Workspace, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(
        ["git", "-C", str(workspace.paths.root), *identity, *words], check=True, capture_output=True
    )


def commit(workspace: Workspace, message: str) -> None:
    git(workspace, "commit", "--quiet", "--allow-empty", "-m", message)


NO_COMMIT = {"exists": False, "hash": "", "message": ""}


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_verify_task_finds_the_commit_59(
    workspace: Workspace, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(task_id: str, spec: str = "alpha") -> Answer:
        answer = tool(capsys, workspace, "verify-task", spec, "--task-id", task_id, "--check-commit")[
            "commit"
        ]
        assert isinstance(answer, dict)
        return answer

    assert found("1") == NO_COMMIT  # not a repository
    git(workspace, "init", "--quiet")
    assert found("1") == NO_COMMIT  # no commit yet
    (workspace.paths.specs / "beta").mkdir()
    for message in (
        "feat(alpha): task 1 - início\n\nWith a body.",
        "fix: later work on Task 1.",
        "feat(beta): task 2 - of another spec",
        "feat(alpha): task 10 - another id",
        "feat(alpha): task 1.1 - another id",
        "chore(deps): close task 7",
        "docs: task 3x is no id",
    ):
        commit(workspace, message)
    assert found("1")["message"] == "feat(alpha): task 1 - início"
    assert len(str(found("1")["hash"])) >= 7
    assert found("1", "beta")["message"] == "fix: later work on Task 1."
    assert found("10")["message"] == "feat(alpha): task 10 - another id"
    assert found("7")["message"] == "chore(deps): close task 7"
    assert found("2") == NO_COMMIT
    assert found("2", "beta")["message"] == "feat(beta): task 2 - of another spec"
    assert found("3") == NO_COMMIT
    monkeypatch.setenv("PATH", "")
    assert found("1") == NO_COMMIT  # no git


@pytest.mark.parametrize(
    ("message", "task_id", "expected"),
    [
        ("feat(alpha): task 1 - a", "1", True),
        ("feat(alpha)!: TASK 1", "1", True),
        ("done with task 1, at last", "1", True),
        ("task 1-title", "1", True),
        ("task 1-3", "1", False),
        ("task 1.1", "1", False),
        ("task 1.", "1", True),
        ("task 1a", "1", False),
        ("task 1_2", "1", False),
        ("subtask 1", "1", False),
        ("task 11", "1.1", False),
        ("task 1x1", "1.1", False),
        ("task 1.1", "1.1", True),
        ("see #1", "1", False),
        ("feat(beta): task 1", "1", False),
        ("feat(api): task 1", "1", True),
    ],
)
def test_commit_messages(message: str, task_id: str, expected: bool) -> None:
    found = commit_of_task([Commit("c0ffee", message, message)], "alpha", task_id, {"beta"})
    assert (found is not None) is expected


def test_the_convention_beats_a_newer_mention() -> None:
    newer = Commit("2", "fix: task 1 again", "fix: task 1 again")
    older = Commit("1", "feat(alpha): task 1 - a", "feat(alpha): task 1 - a")
    assert commit_of_task([newer, older], "alpha", "1", ()) is older
    assert commit_of_task([newer, older], "beta", "1", {"alpha"}) is newer


# -- configuration -------------------------------------------------------------------------------


def test_config_get(workspace: Workspace, capsys: Capture) -> None:
    assert tool(capsys, workspace, "config-get", "planning.max_wave_size") == {
        "key": "planning.max_wave_size",
        "value": "3",
        "found": True,
        "config_path": ".spec-workflow/oraculo.toml",
        "config_source": "missing",
        "warnings": [],
    }
    write(
        workspace,
        "spw-config.toml",
        '[skills.design]\nrequired = ["a", "é"]\n'
        "[execution]\ncommit_per_task = true\nx = 1\n[x.y]\nz = 0.5\n",
    )
    for key, text in {
        "execution.commit_per_task": "auto",
        "execution.tdd_default": "false",
        "skills.design.required": '["a", "é"]',
        "skills.implementation.optional": "[]",
        "x.y.z": "0.5",
        "x.y": '{"z": 0.5}',
        "no.such": "",
    }.items():
        assert raw(capsys, workspace, "config-get", key) == text
    answer = tool(capsys, workspace, "config-get", "skills.design")
    assert answer["value"] == {"enforce_required": True, "required": ["a", "é"], "optional": []}
    assert (answer["config_path"], answer["config_source"]) == (
        ".spec-workflow/spw-config.toml",
        "canonical",
    )
    assert answer["warnings"] == [".spec-workflow/spw-config.toml: unknown keys: execution.x, x"]
    assert raw(capsys, workspace, "config-get", "no.such", "--default", "7") == "7"
    assert tool(capsys, workspace, "config-get", "no.such", "--default", "7")["found"] is False


def test_the_configuration_answers_before_there_is_a_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert spw("tools", "config-get", "models.implementation", "--raw") == 0
    assert capsys.readouterr().out == "sonnet"
    assert spw("tools", "config-get", "models.implementation", "--workspace", tmp_path) == 1
    assert "no .spec-workflow folder" in json.loads(capsys.readouterr().err)["error"]


def test_resolve_model(workspace: Workspace, capsys: Capture) -> None:
    write(workspace, "oraculo.toml", "[models]\nweb_research = 'tiny'\nimplementation = 3\n")
    assert tool(capsys, workspace, "resolve-model", "web_research") == {
        "alias": "web_research",
        "model": "tiny",
        "source": "config",
        "warnings": [
            ".spec-workflow/oraculo.toml: models.implementation should be a text, not 3; the default applies"
        ],
    }
    assert raw(capsys, workspace, "resolve-model", "implementation") == "sonnet"
    assert "unknown model alias: fast" in failure(capsys, workspace, "resolve-model", "fast")


def test_skills_effective_set(workspace: Workspace, capsys: Capture) -> None:
    assert tool(capsys, workspace, "skills-effective-set", "Design") == {
        "stage": "design",
        "required": [],
        "optional": [],
        "enforce_required": True,
        "tdd_default": False,
        "config_path": ".spec-workflow/oraculo.toml",
        "config_source": "missing",
        "warnings": [],
    }
    write(
        workspace,
        "oraculo.toml",
        "[execution]\ntdd_default = true\n[skills.implementation]\n"
        "required = ['a', 'test-driven-development']\n[skills.design]\nrequired = ['b']\n",
    )
    assert raw(capsys, workspace, "skills-effective-set", "implementation") == "a,test-driven-development"
    assert raw(capsys, workspace, "skills-effective-set", "design") == "b"
    assert "unknown stage: qa" in failure(capsys, workspace, "skills-effective-set", "qa")


def test_tools_alone_say_what_there_is(workspace: Workspace, capsys: Capture) -> None:
    assert spw("tools", workspace=workspace) == 1
    assert "SUBCOMMAND" in capsys.readouterr().err
    assert spw("tools", "--help", workspace=workspace) == 0
    out = capsys.readouterr().out
    for name in ("wave-status", "handoff-validate", "config-get", "verify-task"):
        assert name in out
