"""A57-A60, A76-A78, A88-A120: commands and their folders, and the facts about a spec."""

from __future__ import annotations

import json

import pytest

from spw_core.api import Workspace
from spw_core.domain.places import Area, place_of
from spw_core.domain.registry import COMMANDS
from spw_core.formats.status import StatusReport, parse_status

from ..machine_support import ask
from .line import Line, each, gate, put, verdict

SPEC = ".spec-workflow/specs/alpha"
LOGS = "execution/_implementation-logs"
RUN = "design/_comms/design-research/run-001"


@each(
    Line(
        "A57",
        "with-log",
        "tools verify-task alpha --task-id 3",
        {"task_id": "3", "impl_log": {"exists": True, "path": f"{SPEC}/{LOGS}/task-3.md"}},
        raw=f"{SPEC}/{LOGS}/task-3.md",
        files={f"{LOGS}/task-3.md": "# Task 3: Third\n"},
    ),
    Line(
        "A58",
        "no-log-and-no-spec",
        "tools verify-task nobody --task-id 3",
        {"impl_log": {"exists": False, "path": f".spec-workflow/specs/nobody/{LOGS}/task-3.md"}},
        raw="",
    ),
    Line(
        "A59",
        "no-git",
        "tools verify-task alpha --task-id 3 --check-commit",
        {"commit": {"exists": False, "hash": "", "message": ""}},
    ),
)
def test_verify_task(workspace: Workspace, line: Line) -> None:
    line.holds(workspace)


def test_verify_task_without_commit_check_A60(workspace: Workspace) -> None:
    assert "commit" not in ask(workspace, "tools", "verify-task", "alpha", "--task-id", 3).value


# command, phase, category, subcategory, folder of its runs, policy
REGISTRY = """
prd             prd         pipeline       research       prd/_comms                         dispatch-pipeline
design-research design      pipeline       research       design/_comms/design-research      dispatch-pipeline
design-draft    design      pipeline       synthesis      design/_comms/design-draft         dispatch-pipeline
tasks-plan      planning    pipeline       synthesis      planning/_comms/tasks-plan         dispatch-pipeline
tasks-check     planning    audit          artifact       planning/_comms/tasks-check        dispatch-audit
exec            execution   wave-execution implementation execution/waves/wave-12/execution  dispatch-wave
checkpoint      execution   audit          code           execution/waves/wave-12/checkpoint dispatch-audit
qa              qa          pipeline       synthesis      qa/_comms/qa                       dispatch-pipeline
qa-check        qa          audit          code           qa/_comms/qa-check                 dispatch-audit
qa-exec         qa          wave-execution validation     qa/_comms/qa-exec/waves/wave-12    dispatch-wave
post-mortem     post-mortem pipeline       synthesis      post-mortem/_comms                 dispatch-pipeline
"""
ROWS = [row.split() for row in REGISTRY.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"A76-A90-A94-{row[0]}")
def test_commands(row: list[str]) -> None:
    name, phase, category, subcategory, folder, policy = row
    command = COMMANDS[name]
    assert (command.phase, command.category, command.subcategory) == (phase, category, subcategory)
    assert command.comms.format(wave="12") == folder
    assert command.policy == policy
    # What builds a path also recognises it.
    place = place_of(Area.SPEC, f"{folder}/run-007/scout/report.md")
    assert (place.command, place.phase, place.run_number, place.agent) == (name, phase, 7, "scout")
    assert place.wave == (12 if command.wave_aware else 0)


def test_the_registry_has_eleven_commands_A76_A89_A95() -> None:
    assert set(COMMANDS) == {row[0] for row in ROWS} | {"discover"}  # the later name of prd
    assert not COMMANDS.keys() & {"plan", "status", "no-such-command"}


def test_wave_aware_commands_A77() -> None:
    assert {name for name, command in COMMANDS.items() if command.wave_aware} == {
        "exec",
        "checkpoint",
        "qa-exec",
    }


@pytest.mark.parametrize(
    ("path", "wave", "number"),
    [
        pytest.param("execution/waves/wave-02/_latest.json", 2, None, id="A92-wave"),
        pytest.param("execution/waves/wave-03/checkpoint/run-001/_handoff.md", 3, 1, id="A93-checkpoint"),
        pytest.param("execution/waves/wave-3/checkpoint/run-1/_handoff.md", 3, 1, id="A78-not-padded"),
        pytest.param("execution/waves/wave-12/execution/run-0001/_handoff.md", 12, 1, id="A78-padded-more"),
    ],
)
def test_paths(path: str, wave: int, number: int | None) -> None:
    place = place_of(Area.SPEC, path)
    assert (place.phase, place.wave, place.run_number if place.run else None) == ("execution", wave, number)


def test_status_files_A98_A99() -> None:
    report, problems = parse_status(b'{"status": "pass", "summary": "all good"}')
    assert (report, problems) == (StatusReport("pass", "all good", "pass"), [])
    assert parse_status(b"")[0].status == "invalid"


@each(
    Line(
        "A91",
        "place-of-a-log",
        "tools verify-task alpha --task-id 3 --raw",
        raw=f"{SPEC}/{LOGS}/task-3.md",
        files={f"{LOGS}/task-3.md": "# Log\n"},
    ),
    Line(
        "A99",
        "no-status",
        f"tools dispatch-read-status scout --run-dir {SPEC}/{RUN}",
        {"status": "missing", "valid": False},
        raw="missing",
        files={f"{RUN}/scout/brief.md": "# Brief\n"},
    ),
    Line(
        "A96",
        "waves-in-order",
        "wave state alpha",
        {"count": 3},
        files={f"execution/waves/{name}": None for name in ("wave-01", "wave-03", "wave-02", "other")},
    ),
    Line("A97", "no-waves", "wave state alpha", {"waves": [], "count": 0}),
    Line(
        "A100",
        "latest-run",
        "wave checkpoint alpha 1",
        {"run_id": "run-003"},
        files=gate(1, "pass") | gate(1, "pass", "run-003") | gate(1, "pass", "run-002"),
    ),
    Line(
        "A101",
        "no-run",
        "wave checkpoint alpha 1",
        {"run_id": "", "status": "missing"},
        files={"execution/waves/wave-01/checkpoint": None},
    ),
    Line("A103", "there", "spec resolve alpha", {"found": True, "directory": SPEC}, raw=SPEC),
    Line(
        "A103",
        "there-for-tools",
        "tools spec-resolve-dir alpha",
        {"found": True, "directory": SPEC},
        raw=SPEC,
    ),
    Line(
        "A104",
        "not-there",
        "spec stage nobody",
        error="spec directory not found: .spec-workflow/specs/nobody",
    ),
    Line(
        "A105",
        "ready",
        "spec prereqs alpha exec",
        {"ready": True, "missing": []},
        raw="ready",
        files={"tasks.md": "- [ ] 1. A\n"},
    ),
    Line(
        "A106",
        "not-ready",
        "spec prereqs alpha exec",
        {"ready": False, "missing": ["tasks.md"]},
        raw="not-ready",
    ),
    Line(
        "A107",
        "requirements",
        "spec stage alpha",
        {"stage": "requirements"},
        raw="requirements",
        files={"requirements.md": "# R\n"},
    ),
    Line(
        "A108",
        "execution",
        "spec stage alpha",
        {"stage": "execution"},
        files={"requirements.md": "", "design.md": "", "tasks.md": "", "execution/waves/wave-01": None},
    ),
    Line(
        "A110",
        "misplaced",
        "spec artifacts alpha",
        {"deviations": [{"found": "implementation-logs", "canonical": LOGS}]},
        files={"requirements.md": "# R\n", "implementation-logs": None},
    ),
    Line(
        "A111",
        "no-approval",
        "spec approval alpha tasks",
        {"found": False, "doc_type": "tasks", "approval_id": "", "source": ""},
        raw="",
    ),
    Line(
        "A112",
        "approval",
        "spec approval alpha requirements",
        {"found": True, "approval_id": "abc"},
        raw="abc",
        files={
            "/approvals/alpha/approval_1.json": json.dumps(
                {"approvalId": "abc", "filePath": f"{SPEC}/requirements.md", "status": "approved"}
            )
        },
    ),
    Line(
        "A113",
        "design",
        "spec stage alpha",
        {"stage": "design"},
        files={"requirements.md": "", "design.md": ""},
    ),
    Line(
        "A114",
        "qa",
        "spec stage alpha",
        {"stage": "qa"},
        files={"requirements.md": "", "design.md": "", "tasks.md": "", "qa/QA-TEST-PLAN.md": "# Plan\n"},
    ),
    Line(
        "A115",
        "post-mortem",
        "spec stage alpha",
        {"stage": "post-mortem"},
        files={"post-mortem/report.md": "# Report\n"},
    ),
    Line("A116", "unknown", "spec stage alpha", {"stage": "unknown"}, raw="unknown"),
    Line(
        "A117",
        "research",
        "spec prereqs alpha design-research",
        {"ready": True},
        files={"requirements.md": "# R\n"},
    ),
    Line(
        "A118",
        "draft",
        "spec prereqs alpha design-draft",
        {"ready": False, "missing": ["design/DESIGN-RESEARCH.md"]},
        files={"requirements.md": "# R\n"},
    ),
    Line(
        "A119",
        "checkpoint",
        "spec prereqs alpha checkpoint",
        {"ready": False, "missing": ["execution/waves"]},
        files={"tasks.md": "- [ ] 1. A\n"},
    ),
)
def test_facts(workspace: Workspace, line: Line) -> None:
    if line.number == "A91":  # asked for with --raw only
        put(workspace, line.files)
        assert ask(workspace, *line.ask.split()).out == line.raw
        return
    line.holds(workspace)


def test_only_files_count_as_documents_A102(workspace: Workspace) -> None:
    put(workspace, {"requirements.md": "# R\n", "design.md": None})
    artifacts = ask(workspace, "spec", "artifacts", "alpha").value["artifacts"]
    there = [artifacts[name] for name in ("requirements.md", "design.md", "tasks.md")]
    assert there == [True, False, False]


def test_waves_are_numbered_in_order_A96(workspace: Workspace) -> None:
    put(workspace, {f"execution/waves/wave-{number}": None for number in ("02", "1", "0010")})
    waves = ask(workspace, "wave", "state", "alpha").value["waves"]
    assert [wave["wave_num"] for wave in waves] == [1, 2, 10]


def test_misplaced_folders_hide_nothing_A110(workspace: Workspace) -> None:
    put(workspace, {"requirements.md": "# R\n", "implementation-logs": None})
    assert ask(workspace, "spec", "artifacts", "alpha").value["artifacts"]["requirements.md"] is True


def test_specs_in_alphabetical_order_A109(workspace: Workspace) -> None:
    put(workspace, {"/specs/zeta": None, "/specs/beta": None})
    assert ask(workspace, "spec", "list").value == {
        "ok": True,
        "specs": ["alpha", "beta", "zeta"],
        "count": 3,
    }
    assert ask(workspace, "spec", "list", "--raw").out == "alpha\nbeta\nzeta"


def test_no_specs_folder_A120(workspace: Workspace) -> None:
    (workspace.paths.workflow / "specs" / "alpha").rmdir()
    (workspace.paths.workflow / "specs").rmdir()
    assert ask(workspace, "spec", "list").value == {"ok": True, "specs": [], "count": 0}


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        pytest.param(
            verdict("pass", "fine"), {"status": "pass", "summary": "fine", "valid": True}, id="A81-pass"
        ),
        pytest.param(
            verdict("blocked"), {"status": "blocked", "summary": "blocked", "valid": True}, id="A81-blocked"
        ),
        pytest.param(verdict("unknown"), {"status": "unknown", "valid": False}, id="A81-unknown"),
        pytest.param(None, {"status": "missing", "valid": False}, id="A81-missing"),
        pytest.param("{", {"status": "invalid", "valid": False}, id="B2-broken"),
    ],
)
def test_read_status(workspace: Workspace, content: str | None, answer: dict[str, object]) -> None:
    put(
        workspace,
        {f"{RUN}/scout/brief.md": "# Brief\n"}
        | ({} if content is None else {f"{RUN}/scout/status.json": content}),
    )
    line = Line(
        "A81",
        "",
        f"tools dispatch-read-status scout --run-dir {SPEC}/{RUN}",
        answer,
        raw=str(answer["status"]),
    )
    assert ("error" in line.holds(workspace).value) == (not answer["valid"])
