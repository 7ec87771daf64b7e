"""Every question has the same right answer, wherever it is answered from.

The states: files that were never harvested, files and database, database without the traces of work (removed
by `spw cleanup` or by hand), database alone, database older than the files, no database any more, and a
damaged one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spw_core.api import Workspace

from .machine_support import ask
from .support import write, write_run

NAMES = ("billing-export", "gift-cards", "notification-center", "user-auth")

SPEC = ".spec-workflow/specs/{}"
WAVE = f"{SPEC}/execution/waves/wave-01"

QUESTIONS = (
    "tasks next {}",
    "tasks state {}",
    "tasks count {}",
    "tasks files {} 1",
    "tasks validate {}",
    "tasks complexity {}",
    "tasks complexity {} 1",
    "wave state {}",
    "wave resume {}",
    "wave summary {} 1",
    "wave summary {} 2",
    "wave checkpoint {} 1",
    "wave checkpoint {} 2",
    "spec list",
    "spec stage {}",
    "spec artifacts {}",
    "spec prereqs {} checkpoint",
    "spec prereqs {} qa-exec",
    "spec approval {} requirements",
    "spec approval {} tasks",
    "spec resolve {}",
    "tools wave-status {}",
    "tools wave-resolve-current {}",
    "tools spec-resolve-dir {}",
    "tools approval-fallback-id {} design",
    "tools approval-fallback-id {} tasks",
    "tools verify-task {} --task-id 1",
    f"tools handoff-validate {WAVE}/execution/run-001",
    f"tools runs-latest-unfinished {WAVE}/checkpoint",
    f"tools runs-latest-unfinished {SPEC}/design/_comms",
    f"tools dispatch-read-status release-gate-decider --run-dir {WAVE}/checkpoint/run-001",
    "tools config-get planning.max_wave_size",
    "tools skills-effective-set implementation",
)

State = Callable[[Workspace], None]


def answers(workspace: Workspace) -> dict[str, object]:
    """What is said to every question about every spec, and the summaries."""
    found: dict[str, object] = {}
    for name in NAMES:
        summary = workspace.spec(name).summary()
        found[f"summary {name}"] = (
            *(summary.stage, summary.status, summary.tasks_done, summary.tasks_total),
            *(summary.wave_current, summary.waves_total),
            [(item.kind, item.text, item.path) for item in summary.attention],
        )
        for question in QUESTIONS:
            words = question.format(name).split()
            answer = ask(workspace, *words)
            found[" ".join(words)] = (answer.code, answer.out, answer.error)
    return found


def files_and_database(workspace: Workspace) -> None:
    assert workspace.harvest(NAMES).ok


def database_after_cleanup(workspace: Workspace) -> None:
    workspace.harvest(NAMES)
    removed = sum(len(workspace.spec(name).cleanup().removed) for name in NAMES)
    assert removed > 100


def database_after_runs_were_deleted(workspace: Workspace) -> None:
    workspace.harvest(NAMES)
    for name in NAMES:
        for run in workspace.spec(name).record().runs:
            if run.has_handoff:
                shutil.rmtree(workspace.paths.spec_dir(name) / run.path)


def database_after_logs_and_pointers_were_deleted(workspace: Workspace) -> None:
    workspace.harvest(NAMES)
    for name in NAMES:
        folder = workspace.paths.spec_dir(name)
        for path in [
            *folder.glob("execution/waves/*/_*.json"),
            *folder.glob("execution/_implementation-logs/*"),
        ]:
            path.unlink()


def database_alone(workspace: Workspace) -> None:
    """The folder of the spec holds its database and nothing else, as a copy for somebody to look at may."""
    workspace.harvest(NAMES)
    for name in NAMES:
        folder = workspace.paths.spec_dir(name)
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif not path.name.startswith("spec.db"):
                path.unlink()


def database_alone_harvested_again(workspace: Workspace) -> None:
    database_alone(workspace)
    assert workspace.harvest(NAMES).ok


def database_missing(workspace: Workspace) -> None:
    workspace.harvest(NAMES)
    for name in NAMES:
        for path in workspace.paths.spec_dir(name).glob("spec.db*"):
            path.unlink()


def database_corrupt(workspace: Workspace) -> None:
    workspace.harvest(NAMES)
    for name in NAMES:
        for path in workspace.paths.spec_dir(name).glob("spec.db?*"):
            path.unlink()
        workspace.paths.spec_db(name).write_bytes(b"garbage" * 1000)


def database_torn(workspace: Workspace) -> None:
    """The first page is whole, the rest is not."""
    workspace.harvest(NAMES)
    for name in NAMES:
        database = workspace.paths.spec_db(name)
        database.write_bytes(database.read_bytes()[:4096] + b"\xff" * 40_000)


def database_empty(workspace: Workspace) -> None:
    for name in NAMES:
        workspace.paths.spec_db(name).write_bytes(b"")


@pytest.mark.parametrize(
    "state",
    [
        files_and_database,
        database_after_cleanup,
        database_after_runs_were_deleted,
        database_after_logs_and_pointers_were_deleted,
        database_alone,
        database_alone_harvested_again,
        database_missing,
        database_corrupt,
        database_torn,
        database_empty,
    ],
    ids=lambda state: state.__name__,
)
def test_same_answers(demo: Workspace, files_only: dict[str, object], state: State) -> None:
    state(demo)
    found = answers(demo)
    assert {key: found[key] for key in found if found[key] != files_only[key]} == {}


@pytest.fixture(scope="module")
def files_only(demo_files: Path) -> dict[str, object]:
    """The right answers: those of a workspace that was never harvested."""
    return answers(Workspace.open(demo_files))


def go_on(workspace: Workspace) -> None:
    """A day of work: tasks done, a wave repaired and another begun, documents written and removed."""
    spec = "specs/billing-export"
    tasks = workspace.paths.workflow / spec / "tasks.md"
    tasks.write_text(tasks.read_text().replace("- [!]", "- [x]"))
    write_run(
        workspace, f"{spec}/execution/waves/wave-02/checkpoint/run-003", {"release-gate-decider": "pass"}
    )
    write_run(workspace, f"{spec}/execution/waves/wave-03/execution/run-001", {"a": "pass"}, handoff=False)
    write(
        workspace, f"{spec}/execution/waves/wave-02/_latest.json", '{"run_id": "run-003", "status": "pass"}'
    )
    write(workspace, f"{spec}/qa/QA-TEST-PLAN.md", "# Plan\n")
    (workspace.paths.workflow / spec / "execution/CHECKPOINT-REPORT.md").unlink()
    request = {"id": "approval_1999999999999_x", "filePath": f".spec-workflow/{spec}/tasks.md"}
    request |= {"status": "approved", "createdAt": "2033-05-18T03:33:19.999Z"}
    write(workspace, "approvals/billing-export/approval_1999999999999_x.json", json.dumps(request))
    for path in (workspace.paths.workflow / "approvals/gift-cards").glob("approval_*.json"):
        path.unlink()
    write_run(
        workspace,
        "specs/gift-cards/execution/waves/wave-01/execution/run-001",
        {"task-implementer-1": "pass"},
    )


@pytest.mark.parametrize("harvested_again", [False, True])
def test_a_database_older_than_the_files_misleads_nobody(
    demo: Workspace, demo_files: Path, tmp_path: Path, harvested_again: bool
) -> None:
    never_harvested = tmp_path / "files" / "acme-shop"
    shutil.copytree(demo_files, never_harvested)
    before = answers(demo)
    go_on(Workspace.open(never_harvested))
    right = answers(Workspace.open(never_harvested))
    demo.harvest(NAMES)
    go_on(demo)
    if harvested_again:
        demo.harvest(NAMES)
    found = answers(demo)
    assert {key: found[key] for key in found if found[key] != right[key]} == {}
    assert json.loads(right["tasks next billing-export"][1])["task_ids"] == ["5"]  # type: ignore[index]
    assert right["spec approval gift-cards tasks"] != before["spec approval gift-cards tasks"]


def test_real_workspace(real: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_db_first.NAMES", tuple(real.spec_names()))
    right = answers(real)
    real.harvest()
    assert answers(real) == right
    [name] = real.spec_names()
    assert real.spec(name).cleanup().removed
    after = answers(real)
    assert {key: after[key] for key in after if after[key] != right[key]} == {}
    real.paths.spec_db(name).write_bytes(b"garbage" * 1000)
    assert answers(real)[f"tasks count {name}"] == right[f"tasks count {name}"]
