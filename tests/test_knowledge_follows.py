"""knowledge.db follows the specs and the sessions, and what is traced with it is what is traced without."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.errors import NotFound
from spw_core.harvest import behind
from spw_core.harvest.one_run import read_run, store_run
from spw_core.memory import tracing
from spw_core.memory.checking import examine_memory
from spw_core.memory.place import HERE
from spw_core.memory.tracing import Trace
from spw_core.store.connection import migrations
from spw_core.store.memory.knowledge_types import Direction, Walk
from spw_core.store.memory.protocols import KnowledgeStore
from spw_core.store.memory.stores import KNOWLEDGE_DB, opened_knowledge, reading_knowledge
from spw_core.store.spec import SpecStore

from .support import OLD_NS, write, write_run
from .transcript_support import SESSION, Transcript

OTHER = "07e55105-0000-4000-8000-000000000002"
RUN = "execution/waves/wave-01/execution/run-001"
CHECK = "execution/waves/wave-01/checkpoint/run-001"
REQUIREMENTS = "# Requirements\n\n## REQ-001 - Pay by card\n\n## REQ-002 - Refunds\n"
TASKS = """# Tasks

- [x] 1. Card form
  - Wave: 1
  - Files: src/pay.py
  - Requirements: REQ-001
"""


@pytest.fixture
def known(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Two specs and a session about the first, harvested and imported some time ago."""
    write(workspace, "specs/alpha/requirements.md", REQUIREMENTS)
    write(workspace, "specs/alpha/tasks.md", TASKS)
    write(workspace, "specs/beta/tasks.md", "- [ ] 7. Other\n  - Files: lib/src/pay.py\n")
    write_run(workspace, f"specs/alpha/{RUN}", {"implementer-task-1": "pass"})
    write_run(workspace, f"specs/alpha/{CHECK}", {"release-gate-decider": "pass"})
    let_time_pass(workspace)
    workspace.import_transcripts([talk(workspace, tmp_path, SESSION, "src/pay.py", "notes/plan.txt")])
    return workspace


def let_time_pass(workspace: Workspace) -> None:
    """Harvest everything as if it had been written long ago, the databases too."""
    for path in workspace.paths.workflow.rglob("*"):
        os.utime(path, ns=(OLD_NS, OLD_NS))
    workspace.harvest()
    for path in workspace.paths.specs.glob("*/spec.db"):
        os.utime(path, ns=(OLD_NS, OLD_NS))


def talk(workspace: Workspace, folder: Path, session: str, *files: str) -> Path:
    """A session that read the report of a run of alpha, and changed files."""
    transcript = Transcript(folder / f"{session}.jsonl", str(workspace.paths.root), session)
    transcript.add("user", "Fix the form")
    transcript.call("Read", file_path=f".spec-workflow/specs/alpha/{CHECK}/_handoff.md")
    for path in files:
        transcript.call("Edit", file_path=path)
    return transcript.write()


@contextmanager
def knowledge_of(workspace: Workspace) -> Iterator[KnowledgeStore]:
    with reading_knowledge(workspace.paths.memory_dir) as knowledge:
        assert knowledge is not None
        yield knowledge


def entities(workspace: Workspace) -> set[str]:
    with knowledge_of(workspace) as knowledge:
        return {one.id for one in knowledge.find_entities(HERE, limit=None)}


def edges_of(workspace: Workspace, entity: str) -> set[tuple[str, str, str]]:
    with knowledge_of(workspace) as knowledge:
        found = knowledge.relationships(HERE, entity, limit=None)
        return {(edge.from_id, edge.type, edge.to_id) for edge in found}


def test_harvest_and_import_put_everything_as_entities(known: Workspace) -> None:
    assert entities(known) == {
        "spec:alpha",
        "requirement:alpha/REQ-001",
        "requirement:alpha/REQ-002",
        "task:alpha/1",
        "file:alpha/src/pay.py",
        f"run:alpha/{RUN}",
        f"subagent:alpha/{RUN}/implementer-task-1",
        f"checkpoint:alpha/{CHECK}",
        f"subagent:alpha/{CHECK}/release-gate-decider",
        "spec:beta",
        "task:beta/7",
        "file:beta/lib/src/pay.py",
        f"session:{SESSION}",
        "file:/notes/plan.txt",
    }
    assert edges_of(known, f"session:{SESSION}") == {
        ("spec:alpha", "discussed_in", f"session:{SESSION}"),
        (f"checkpoint:alpha/{CHECK}", "discussed_in", f"session:{SESSION}"),
        ("file:alpha/src/pay.py", "changed_in", f"session:{SESSION}"),
        ("file:/notes/plan.txt", "changed_in", f"session:{SESSION}"),
    }
    assert edges_of(known, f"subagent:alpha/{RUN}/implementer-task-1") == {
        (f"run:alpha/{RUN}", "dispatched", f"subagent:alpha/{RUN}/implementer-task-1"),
        ("task:alpha/1", "done_by", f"subagent:alpha/{RUN}/implementer-task-1"),
    }


def test_the_walk_goes_from_a_requirement_to_the_session_and_back(known: Workspace) -> None:
    with knowledge_of(known) as knowledge:
        for start, way in (
            ("requirement:alpha/REQ-001", Direction.OUTGOING),
            (f"session:{SESSION}", Direction.INCOMING),
        ):
            kinds = {one.type for one in knowledge.traverse(HERE, start, Walk(9, direction=way)).entities}
            assert {"requirement", "task", "file", "run", "checkpoint", "session"} <= kinds
    forth, back = known.trace("REQ-001"), known.trace(SESSION[:8])
    assert [str(node.kind) for node in forth.nodes] == [
        *("spec", "requirement", "task", "file", "run", "checkpoint", "session")
    ]
    assert {node.id for node in forth.nodes} < {node.id for node in back.nodes}


QUESTIONS = (
    *("REQ-1", "req 002", "1", "7", "task 7", "task:alpha/1", "alpha", "alpha/1", "src/pay.py", "pay.py"),
    *("Lib/src/pay.py", "plan.txt", "notes/plan.txt", "file:/notes/plan.txt", "implementer-task-1"),
    *(RUN, "run-001", SESSION, SESSION[:8], f"session:{SESSION}", "ALPHA", "nobody", "", "/", "%", "5e55"),
)


def answers(workspace: Workspace) -> dict[str, Trace | None]:
    found: dict[str, Trace | None] = {}
    for question in QUESTIONS:
        try:
            found[question] = workspace.trace(question)
        except NotFound:
            found[question] = None
    return found


def without_knowledge(workspace: Workspace) -> dict[str, Trace | None]:
    """The answers when there is no knowledge.db; it is put back."""
    path, aside = workspace.paths.memory_dir / KNOWLEDGE_DB, workspace.paths.root / "aside"
    path.rename(aside)
    try:
        with_sessions = answers(workspace)
    finally:
        path.unlink(missing_ok=True)
        aside.rename(path)
    return with_sessions


def test_answers_are_the_same_without_it(known: Workspace, tmp_path: Path) -> None:
    expected = answers(known)
    assert sum(found is None for found in expected.values()) == 5
    with_all_read = without_knowledge(known)
    with_sessions = {q: found for q, found in with_all_read.items() if found != expected[q]}
    assert with_sessions == {}
    # What was not harvested since is found as well, with and without.
    write(known, "specs/beta/tasks.md", "- [ ] 7. Other\n  - Files: src/pay.py, plan.txt\n")
    write(known, "specs/gamma/tasks.md", "- [ ] 1. New\n  - Files: notes/plan.txt\n")
    changed = answers(known)
    assert changed == without_knowledge(known) and changed != expected
    let_time_pass(known)
    assert answers(known) == changed == without_knowledge(known)
    # So is what belongs to a session alone since a spec went or changed.
    shutil.rmtree(known.paths.spec_dir("beta"))
    assert known.trace("notes/plan.txt").starts and answers(known) == without_knowledge(known)
    write(known, "specs/alpha/tasks.md", TASKS.replace("src/pay.py", "src/other.py"))
    write(known, "specs/gamma/tasks.md", "- [ ] 1. New\n")
    assert known.trace("src/pay.py").starts and answers(known) == without_knowledge(known)


def test_only_specs_that_know_a_name_are_read(known: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = tracing.read_spec
    monkeypatch.setattr(tracing, "read_spec", lambda paths, name: (read.append(name), whole(paths, name))[1])
    for question, specs in (
        ("REQ-2", ["alpha"]),
        ("src/pay.py", ["alpha"]),
        ("pay.py", ["alpha", "beta"]),
        (SESSION, ["alpha"]),
        ("notes/plan.txt", []),
    ):
        read.clear()
        assert known.trace(question).starts
        assert read == specs, question


def test_a_trace_makes_up_for_what_an_earlier_version_left(known: Workspace) -> None:
    before = entities(known)
    shutil.rmtree(known.paths.memory_dir)
    with opened_knowledge(known.paths.memory_dir) as knowledge:
        knowledge.drop_origins(HERE, ["nothing"])
    known.trace("REQ-1")
    sessions = {f"session:{SESSION}", "file:/notes/plan.txt"}
    assert entities(known) == before - sessions


def test_removal_follows_removal(known: Workspace) -> None:
    write(known, "specs/alpha/requirements.md", "# Requirements\n\n## REQ-002 - Refunds\n")
    known.harvest(["alpha"])
    assert {one for one in entities(known) if one.startswith("requirement:")} == {"requirement:alpha/REQ-002"}
    with pytest.raises(NotFound):
        known.trace("REQ-001")
    shutil.rmtree(known.paths.spec_dir("alpha"))
    known.harvest()
    assert entities(known) == {
        *("spec:beta", "task:beta/7", "file:beta/lib/src/pay.py", f"session:{SESSION}"),
        *("file:/notes/plan.txt", "file:/src/pay.py"),  # nobody's but the session's from now on
    }


def test_files_belong_to_tasks_first(known: Workspace) -> None:
    write(known, "specs/beta/tasks.md", "- [ ] 7. Another\n  - Files: notes/plan.txt\n")
    known.harvest(["beta"])
    assert "file:/notes/plan.txt" not in entities(known)
    assert ("file:beta/notes/plan.txt", "changed_in", f"session:{SESSION}") in edges_of(
        known, f"session:{SESSION}"
    )
    write(known, "specs/beta/tasks.md", "- [ ] 7. Other\n")
    known.harvest(["beta"])
    assert "file:/notes/plan.txt" in entities(known) and "file:beta/notes/plan.txt" not in entities(known)


def test_what_is_harvested_after_the_session_is_related_to_it(known: Workspace, tmp_path: Path) -> None:
    said = Transcript(tmp_path / f"{OTHER}.jsonl", str(known.paths.root), OTHER)
    said.call("Read", file_path=f".spec-workflow/specs/beta/{RUN}/_handoff.md")
    known.import_transcripts([said.write()])
    assert edges_of(known, f"session:{OTHER}") == {("spec:beta", "discussed_in", f"session:{OTHER}")}
    write_run(known, f"specs/beta/{RUN}", {"coder": "pass"})
    known.harvest(["beta"])
    assert (f"run:beta/{RUN}", "discussed_in", f"session:{OTHER}") in edges_of(known, f"session:{OTHER}")


def test_a_run_that_was_only_stored_follows_with_the_index(known: Workspace) -> None:
    """As after a handoff: the run is in spec.db, and a note says that the rest has to follow."""
    later = RUN.replace("run-001", "run-002")
    write_run(known, f"specs/alpha/{later}", {"coder": "pass"})
    run = read_run(known.paths.spec_dir("alpha"), later)
    assert run
    with SpecStore.writing(known.paths.spec_db("alpha")) as store, store.transaction():
        store_run(store, later, run, all_pass=True)
    behind.note_behind(known.paths, "alpha")
    behind.catch_up(known.paths)
    assert f"run:alpha/{later}" in entities(known)


def test_what_is_forgotten_is_no_longer_known(known: Workspace, tmp_path: Path) -> None:
    known.import_transcripts([talk(known, tmp_path, OTHER, "notes/plan.txt", "notes/own.txt")])
    assert "file:/notes/own.txt" in entities(known)
    known.forget([OTHER])
    assert not {f"session:{OTHER}", "file:/notes/own.txt"} & entities(known)
    assert edges_of(known, "file:/notes/plan.txt") == {
        ("file:/notes/plan.txt", "changed_in", f"session:{SESSION}")
    }
    known.forget([SESSION])
    assert "file:/notes/plan.txt" not in entities(known)


def test_nothing_is_written_for_what_stayed_the_same(known: Workspace) -> None:
    path = known.paths.memory_dir / KNOWLEDGE_DB
    with closing(apsw.Connection(str(path))) as watching:
        before = watching.pragma("data_version")
        known.harvest()
        known.trace("REQ-001")
        assert watching.pragma("data_version") == before
        numbers = dict(watching.execute("SELECT id, number FROM entities"))
        write(known, "specs/alpha/tasks.md", TASKS.replace("Card form", "Card"))
        known.harvest()
        assert watching.pragma("data_version") != before
        assert dict(watching.execute("SELECT id, number FROM entities")) == numbers
        assert ("Card",) in watching.execute("SELECT properties ->> 'title' FROM entities").fetchall()


def test_a_damaged_one_stops_neither_harvest_nor_trace(known: Workspace) -> None:
    expected = {q: found for q, found in answers(known).items() if found}
    (known.paths.memory_dir / KNOWLEDGE_DB).write_bytes(b"garbage" * 1000)
    write(known, "specs/alpha/design.md", "# Design\n")
    report = known.harvest()
    assert not report.index_failed and "knowledge.db" in report.remarks[0]
    found = known.trace("REQ-001")
    assert {node.id for node in found.nodes if node.kind != "session"} == {
        node.id for node in (expected["REQ-1"] or found).nodes if node.kind != "session"
    }
    assert examine_memory(known.paths, rebuild=True)
    assert {q: found for q, found in answers(known).items() if found} == expected


def test_one_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / KNOWLEDGE_DB
    [first] = [script for number, script in migrations("knowledge") if number == 1]
    with closing(apsw.Connection(str(path))) as old:
        old.execute(first)
        old.pragma("user_version", 1)
        entity = "INSERT INTO entities VALUES ('w', ?1, 't', ?1, lower(?1), '{}', ?2, 'now', 'now')"
        for name, origin in (("A", "spec:x"), ("B", "spec:x"), ("C", "")):
            old.execute(entity, (name, origin))
        edge = "INSERT INTO relationships VALUES ('w', ?1, 'r', ?2, ?3, ?4, 'now')"
        old.execute(edge, ("A", "B", "A\tr\tB", "{}"))
        old.execute(edge, ("B", "C", "own", '{"n":1}'))
        old.execute(
            "INSERT INTO facts VALUES (1, 'w', 'f', 'A', 'p', 'v', 1.0, 's', '2026-02-14T10:00:00.000000Z')"
        )
    with reading_knowledge(tmp_path) as knowledge:
        assert knowledge is not None
        found = knowledge.find_entities("w")
        assert [(one.id, one.origin) for one in found] == [("A", "spec:x"), ("B", "spec:x"), ("C", "")]
        edges = knowledge.relationships("w", "B")
        assert [(one.from_id, one.to_id, one.id, one.metadata) for one in edges] == [
            ("A", "B", "A\tr\tB", {}),
            ("B", "C", "own", {"n": 1}),
        ]
        assert knowledge.origins("w") == {"spec:x": ""} and knowledge.find_facts("w")
