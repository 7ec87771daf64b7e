"""Another backend stands in for the databases of the memory, and nobody who asks can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spw_core.api import Workspace
from spw_core.errors import NotFound
from spw_core.memory.place import HERE, reading_memory
from spw_core.store.memory import stores
from spw_core.store.memory.stores import DEFAULT_BACKEND

from .stand_ins.backend import Dicts
from .transcript_support import SESSION, Transcript

OTHER = "07he0000-0000-4000-8000-000000000002"


def conversations(workspace: Workspace, folder: Path) -> list[Path]:
    root = str(workspace.paths.root)
    talk = Transcript(folder / f"{SESSION}.jsonl", root).add("user", "Make alpha's payments retry")
    talk.call("Edit", file_path=f"{root}/src/pay.py").call(
        "Bash", "2 failed", error=True, command="make test"
    )
    talk.answer("msg_1", "I decided on a queue because it is simpler.", input_tokens=7, output_tokens=5)
    other = Transcript(folder / f"{OTHER}.jsonl", root, OTHER).add("user", "What about refunds in alpha?")
    other.call("Read", "nothing there", file_path=f"{root}/README.md")
    return [talk.write(), other.write()]


def life(workspace: Workspace, files: list[Path]) -> dict[str, Any]:
    """What is answered after each thing that can be done with a memory."""
    workspace.harvest()
    first, second = workspace.import_transcripts(files), workspace.import_transcripts(files)
    found: dict[str, Any] = {"first": first, "second": second}
    found["list"] = workspace.sessions()
    found["about"] = [row.id for row in workspace.sessions(spec="alpha")]
    found["shown"] = workspace.session(SESSION).messages
    found["words"] = [hit.message.id for hit in workspace.search_messages("retry payments")]
    found["search"] = [hit.key for hit in workspace.search("refunds").results]
    trace = workspace.trace("src/pay.py")
    found["trace"] = (trace.starts, trace.nodes, trace.edges, trace.gaps)
    report = workspace.compact(session=SESSION, older_than_days=0)
    found["compacted"] = (report.summaries, report.messages, report.facts)
    view = workspace.session(SESSION)
    found["summary"] = (view.messages, [(one.id, one.content) for one in view.summaries])
    found["again"] = workspace.import_transcripts(files)
    with reading_memory(workspace.paths) as memory:
        assert memory
        facts = memory.knowledge.find_facts(HERE)
        found["facts"] = sorted((fact.predicate, fact.value) for fact in facts)
    found["forgotten"] = workspace.forget([OTHER]).messages
    found["left"] = [row.id for row in workspace.sessions()]
    found["never"] = workspace.import_transcripts(files)
    with pytest.raises(NotFound):
        workspace.session(OTHER)
    return found


def test_a_memory_in_dicts(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = conversations(workspace, tmp_path)
    backend = Dicts()
    with monkeypatch.context() as patch:
        patch.setitem(stores._backends, DEFAULT_BACKEND, backend)
        in_dicts = life(workspace, files)
    assert list(backend.folders) == [workspace.paths.memory_dir]
    assert list(workspace.paths.memory_dir.glob("*.db*")) == []
    workspace.paths.index_db.unlink()
    in_databases = life(workspace, files)
    assert in_dicts == in_databases
    assert in_databases["compacted"][0] == 1 and len(in_databases["facts"]) > 1
    assert in_databases["forgotten"] == 3 and in_databases["left"] == [SESSION]
