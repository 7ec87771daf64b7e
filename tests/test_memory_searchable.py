"""One query finds the spec, the handoff and the conversation."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.memory.searchable import index_memory
from spw_core.search.library import Document, SearchIndex

from .support import write
from .transcript_support import SESSION, Transcript

OTHER = "07e55105-0000-4000-8000-000000000002"


@pytest.fixture
def talked(workspace: Workspace, tmp_path: Path) -> Workspace:
    write(workspace, "specs/alpha/design.md", "# Design\n\nThe zanzibar queue holds what is waiting.\n")
    workspace.harvest()
    transcript = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.spec_dir("alpha")))
    transcript.add("user", "How does the zanzibar queue work in this design?")
    transcript.add("assistant", "The zanzibar queue is a table, because it is simple.")
    transcript.call("Bash", "zanzibar: command not found here", error=True, command="zanzibar --help")
    transcript.call("Read", "zanzibar zanzibar zanzibar", file_path="zanzibar.md")
    workspace.import_transcripts([transcript.write()])
    return workspace


def types(workspace: Workspace, query: str = "zanzibar") -> list[str]:
    return sorted(hit.type for hit in workspace.search(query).results)


def test_conversations_are_found_with_specs(talked: Workspace) -> None:
    assert types(talked) == ["design", "message", "message", "message"]
    hits = talked.search("type:message zanzibar queue").results
    assert {hit.spec for hit in hits} == {"alpha"}
    assert {hit.agent for hit in hits} == {"user", "assistant", "tool"}
    assert index_memory(talked.paths) == 0


RUN = ".spec-workflow/specs/alpha/execution/waves/wave-0{}/execution/run-00{}"


def keys(workspace: Workspace, query: str) -> list[str]:
    return sorted(hit.snippet.split()[0] for hit in workspace.search(query).results)


def test_conversations_are_found_by_their_run(workspace: Workspace, tmp_path: Path) -> None:
    write(workspace, "specs/beta/design.md", "# Design\n\nNothing of interest.\n")
    workspace.harvest()
    said = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root))
    said.add("user", "first: begin the work on zanzibar in spec beta")
    said.call("Write", file_path=f"{workspace.paths.root}/{RUN.format(1, 1)}/coder/report.md")
    said.add("assistant", "second: zanzibar is done in the first wave")
    workspace.import_transcripts([said.write()])
    assert keys(workspace, "zanzibar run:1 wave:1 spec:alpha") == ["first:", "second:"]
    # The conversation goes on with another run: what was said before it belongs to the first one.
    said.call("Read", file_path=f"{workspace.paths.root}/{RUN.format(2, 7)}/_handoff.md")
    said.add("assistant", "third: zanzibar again, see execution")
    said.add("user", f"fourth: and the zanzibar of {RUN.format(1, 1)}?")
    workspace.import_transcripts([said.write()])
    assert keys(workspace, "zanzibar run:7 type:message") == ["third:"]
    assert keys(workspace, "zanzibar run:1 phase:execution") == ["first:", "fourth:", "second:"]
    assert keys(workspace, "zanzibar spec:beta") == []
    # A summary of all of it belongs to no single run.
    workspace.compact(older_than_days=0)
    assert [hit.type for hit in workspace.search("zanzibar spec:alpha").results] == ["summary"]
    assert workspace.search("zanzibar run:1").results == ()


def test_summaries_take_the_place_of_messages(talked: Workspace) -> None:
    talked.compact(older_than_days=0)
    assert types(talked) == ["design", "summary"]
    talked.forget([SESSION])
    assert types(talked) == ["design"]


def test_the_title_of_a_conversation_does_not_speak_for_each_message(workspace: Workspace) -> None:
    write(
        workspace,
        "specs/alpha/design.md",
        "# Design\n\nThe race of the login test is fixed by a fake clock.\n",
    )
    workspace.harvest()
    title = "Checkout login test: find the race"
    index = SearchIndex(workspace.paths.index_db, source="memory")
    index.put([Document("m1", "Fix it now.", title=title, type="message", shared_title=True)])
    assert [hit.type for hit in workspace.search("who fixed the login test race").results] == [
        "design",
        "message",
    ]
    [hit] = workspace.search("fix type:message").results
    assert hit.title == title
    assert not workspace.search("checkout", mode="lexical").results


def test_a_title_that_comes_later_counts(workspace: Workspace, tmp_path: Path) -> None:
    said = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root))
    said.add("user", "How does the zanzibar queue work?").add("assistant", "The zanzibar queue is a table.")
    workspace.import_transcripts([said.write()])
    said.raw(json.dumps({"type": "custom-title", "customTitle": "About quokkas", "sessionId": SESSION}))
    workspace.import_transcripts([said.write()])
    titles = {hit.title for hit in workspace.search("zanzibar").results}
    assert titles == {"user · About quokkas", "assistant · About quokkas"}
    assert [hit.agent for hit in workspace.search("quokkas", mode="lexical").results] == ["user"]
    assert index_memory(workspace.paths) == 0


def test_an_index_that_was_built_anew_gets_them_back(talked: Workspace) -> None:
    for path in talked.paths.workflow.glob(".spw-index.db*"):
        path.unlink()
    talked.harvest()
    assert types(talked) == ["design", "message", "message", "message"]


def test_a_memory_that_was_deleted_is_not_taken_for_the_one_that_follows(
    talked: Workspace, tmp_path: Path
) -> None:
    shutil.rmtree(talked.paths.memory_dir)
    other = Transcript(tmp_path / "new.jsonl", str(talked.paths.root), OTHER)
    talked.import_transcripts([other.add("user", "This is about the quokka, not about queues.").write()])
    assert types(talked) == ["design"]
    assert types(talked, "quokka") == ["message"]


def test_without_an_index_or_a_memory(workspace: Workspace) -> None:
    assert index_memory(workspace.paths) == 0
    workspace.harvest()
    assert index_memory(workspace.paths) == 0
    assert not workspace.sessions()
