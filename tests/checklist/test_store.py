"""A128-A140: what the database of a spec keeps, and the index over all specs."""

from __future__ import annotations

import hashlib
from typing import Any

from spw_core.api import Workspace
from spw_core.store.spec import SpecStore

from ..machine_support import ask, task
from ..support import write, write_run
from .line import gate, pointer, put

EXEC = "specs/alpha/execution/waves/wave-01/execution/run-001"


def rows(workspace: Workspace, table: str) -> list[dict[str, Any]]:
    with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
        assert store is not None
        return store.projections()[table]


def row(workspace: Workspace, table: str) -> dict[str, Any]:
    [only] = rows(workspace, table)
    return only


def test_a_harvest_makes_the_database_A128(workspace: Workspace) -> None:
    assert not workspace.paths.spec_db("alpha").exists()
    assert workspace.harvest().ok
    assert workspace.paths.spec_db("alpha").is_file()


def test_nothing_to_open_is_no_error_A129(workspace: Workspace) -> None:
    with SpecStore.reading(workspace.paths.root / "no" / "such" / "spec.db") as store:
        assert store is None
    workspace.harvest()
    with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
        assert store is not None


def test_migrating_again_is_harmless_A130(workspace: Workspace) -> None:
    put(workspace, {"tasks.md": "- [ ] 1. A\n"})
    workspace.harvest()
    before = rows(workspace, "tasks")
    for _ in range(2):
        with SpecStore.writing(workspace.paths.spec_db("alpha")):
            pass
    assert rows(workspace, "tasks") == before


def test_meta_A131(workspace: Workspace) -> None:
    with SpecStore.writing(workspace.paths.spec_db("alpha")) as store:
        assert store.meta().get("unknown", "") == ""
        for value in ("first", "second"):
            with store.transaction():
                store.set_meta({"key": value})
            assert store.meta()["key"] == value


def test_a_run_is_found_and_updated_A132(workspace: Workspace) -> None:
    write_run(workspace, EXEC, {"task-implementer-1": "pass"}, handoff=False)
    workspace.harvest()
    known = {"command": "exec", "run_number": 1, "phase": "execution", "wave_number": 1}
    begun = row(workspace, "runs")
    assert {key: begun[key] for key in known} == known
    assert begun["status"] == "in_progress"
    write(workspace, f"{EXEC}/_handoff.md", "# Handoff Summary\n")
    workspace.harvest()
    finished = row(workspace, "runs")
    assert (finished["comms_path"], finished["status"]) == (begun["comms_path"], "pass")
    assert ask(workspace, "view", "alpha", "report", "--wave", 9, "--run", 9).code == 1


def test_subagents_of_a_run_without_wave_A133(workspace: Workspace) -> None:
    write_run(workspace, "specs/alpha/prd/_comms/run-001", {"prd-editor": "blocked"})
    workspace.harvest()
    agent = row(workspace, "subagents")
    assert (agent["name"], agent["status"], agent["summary"]) == ("prd-editor", "blocked", "prd-editor!")
    assert row(workspace, "runs")["wave_number"] == 0
    with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
        assert store is not None
        folder = "prd/_comms/run-001/prd-editor"
        texts = [
            store.content("spec", f"{folder}/{name}") for name in ("brief.md", "report.md", "status.json")
        ]
    assert texts == [
        b"# Brief: prd-editor\n",
        b"# Report: prd-editor\n\nIt says blocked.\n",
        b'{"status": "blocked", "summary": "prd-editor!"}',
    ]


def test_waves_A134(workspace: Workspace) -> None:
    put(workspace, gate(1, "blocked"))
    workspace.harvest()
    assert row(workspace, "waves")["status"] == "blocked"
    put(workspace, gate(1, "pass", "run-002") | pointer(1, "_latest.json", '{"run_id": "run-001"}'))
    workspace.harvest()
    wave = row(workspace, "waves")
    assert (wave["wave_number"], wave["status"], wave["stale_flag"]) == (1, "complete", 1)


def test_tasks_A135(workspace: Workspace) -> None:
    put(workspace, {"tasks.md": task(" ", "2", 1, "1", "Second")})
    workspace.harvest()
    pending = row(workspace, "tasks")
    assert (pending["title"], pending["tdd"], pending["wave"]) == ("Second", "yes", 1)
    ask(workspace, "tasks", "mark", "alpha", 2, "done")
    workspace.harvest()
    assert row(workspace, "tasks") == {**pending, "status": "done"}


def test_the_handoff_is_kept_A136(workspace: Workspace) -> None:
    write_run(workspace, EXEC, {"a": "pass", "b": "blocked"})
    workspace.harvest()
    assert row(workspace, "handoffs")["all_pass"] == 0


def test_a_document_is_stored_once_A137(workspace: Workspace) -> None:
    text = "# Research\n\nWhat there is.\n"
    put(workspace, {"design/DESIGN-RESEARCH.md": text})
    for _ in range(2):
        workspace.harvest()
        with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
            assert store is not None
            [artifact] = store.artifacts().values()
            assert store.content(artifact.area, artifact.rel_path) == text.encode()
        assert artifact.content_hash == hashlib.sha256(text.encode()).hexdigest()
        assert (artifact.rel_path, artifact.artifact_type) == ("design/DESIGN-RESEARCH.md", "document")


def test_logs_are_harvested_again_A138(workspace: Workspace) -> None:
    put(workspace, {"execution/_implementation-logs/task-3.md": "# Task 3: Third\n"})
    for _ in range(2):
        assert workspace.harvest().ok
        log = row(workspace, "impl_logs")
        assert (log["task_id"], log["title"]) == ("3", "Third")


def test_a_run_folder_A139(workspace: Workspace) -> None:
    run = write_run(workspace, "specs/alpha/prd/_comms/run-001", {"prd-critic": "pass", "prd-editor": "pass"})
    (run / "prd-critic" / "report.md").unlink()
    workspace.harvest()
    known = {"command": "prd", "run_number": 1, "wave_number": 0, "status": "pass", "sealed": 1}
    assert {key: row(workspace, "runs")[key] for key in known} == known
    assert [(agent["name"], agent["has_report"]) for agent in rows(workspace, "subagents")] == [
        ("prd-critic", 0),
        ("prd-editor", 1),
    ]


def test_the_index_finds_words_A140(workspace: Workspace) -> None:
    put(
        workspace,
        {
            "requirements.md": "# Login\n\nUsers need authentication.\n",
            "execution/CHECKPOINT-REPORT.md": "# Checkpoint\n\nThe checkpoint passed.\n",
            "/specs/beta/execution/CHECKPOINT-REPORT.md": "# Checkpoint\n\nAnother checkpoint.\n",
        },
    )
    workspace.harvest()
    assert {hit.spec for hit in workspace.search("authentication").results} == {"alpha"}
    assert [hit.path for hit in workspace.search("checkpoint", specs=["alpha"]).results] == [
        "specs/alpha/execution/CHECKPOINT-REPORT.md"
    ]
    assert workspace.search("nonexistent-xyz-term").results == ()
