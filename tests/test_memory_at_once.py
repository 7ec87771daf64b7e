"""Forgetting while somebody imports, compacts or forgets: whoever comes last, nothing of it is left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spw_core.api import Workspace
from spw_core.harvest.knowledge import SESSION_ORIGIN
from spw_core.memory import searchable
from spw_core.memory.checking import examine_memory
from spw_core.memory.place import HERE, reading_memory
from spw_core.search.library import Document
from spw_core.store.memory.knowledge import SqliteKnowledge
from spw_core.store.memory.messages import SqliteMessages
from spw_core.store.memory.sessions import SqliteSessions
from spw_core.store.memory.stores import Memory
from spw_core.store.memory.summaries import SqliteSummaries

from .test_memory_forget import OTHER, SECRET, files_with, say
from .transcript_support import SESSION


@pytest.fixture
def transcripts(workspace: Workspace, tmp_path: Path) -> list[Path]:
    return [say(workspace, tmp_path, SESSION, SECRET), say(workspace, tmp_path, OTHER, "zanzibar")]


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, store: type, method: str, what: Callable[[], object], *, after: bool
) -> list[int]:
    """Have something happen once, right before or after a step of somebody else. Returns when it did."""
    whole, happened = getattr(store, method), []

    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = whole(self, *args, **kwargs) if after else None
        if not happened:
            happened.append(1)
            what()
        return answer if after else whole(self, *args, **kwargs)

    monkeypatch.setattr(store, method, step)
    return happened


IMPORTING = [
    (SqliteSessions, "create"),
    (SqliteSessions, "add_links"),
    (SqliteMessages, "take_in_rows"),
]
COMPACTING = [
    (SqliteMessages, "of_session"),
    (SqliteSummaries, "put"),
    (SqliteKnowledge, "put_facts"),
    (SqliteSummaries, "confirm"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("store", "method"), IMPORTING)
def test_forgetting_during_an_import(
    workspace: Workspace,
    transcripts: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    store: type,
    method: str,
    after: bool,
) -> None:
    happened = meanwhile(monkeypatch, store, method, lambda: workspace.forget([SESSION]), after=after)
    workspace.import_transcripts(transcripts)
    assert happened
    check(workspace)
    assert workspace.import_transcripts(transcripts).messages == 0


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("store", "method"), COMPACTING)
def test_forgetting_during_compaction(
    workspace: Workspace,
    transcripts: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    store: type,
    method: str,
    after: bool,
) -> None:
    workspace.import_transcripts(transcripts)
    happened = meanwhile(monkeypatch, store, method, lambda: workspace.forget([SESSION]), after=after)
    workspace.compact(session=SESSION)
    assert happened
    check(workspace)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("method", ["entities_named", "derive", "drop_origins"])
@pytest.mark.parametrize("rebuilding", [False, True], ids=["import", "doctor"])
def test_forgetting_while_sessions_are_related(
    workspace: Workspace,
    transcripts: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    rebuilding: bool,
    method: str,
    after: bool,
) -> None:
    workspace.harvest()
    if rebuilding:
        workspace.import_transcripts(transcripts)
    happened = meanwhile(
        monkeypatch, SqliteKnowledge, method, lambda: workspace.forget([SESSION]), after=after
    )
    if rebuilding:
        examine_memory(workspace.paths)
    else:
        workspace.import_transcripts(transcripts)
    assert happened
    check(workspace)


@pytest.mark.parametrize("rolled_up", [False, True], ids=["forget", "compact"])
def test_what_went_while_the_index_was_made_does_not_come_back(
    workspace: Workspace, transcripts: list[Path], monkeypatch: pytest.MonkeyPatch, rolled_up: bool
) -> None:
    documents, happened = searchable._documents, []

    def read(memory: Memory) -> dict[str, dict[str, Document]]:
        found = documents(memory)
        if not happened:
            happened.append(1)
            workspace.compact(older_than_days=0) if rolled_up else workspace.forget([SESSION])
        return found

    monkeypatch.setattr(searchable, "_documents", read)
    workspace.import_transcripts(transcripts)
    assert happened
    if rolled_up:
        assert {hit.type for hit in workspace.search("zanzibar", mode="lexical").results} == {"summary"}
    else:
        check(workspace)


def check(workspace: Workspace) -> None:
    """Nothing is left of the one session, and the other is whole."""
    assert [row.id for row in workspace.sessions()] == [OTHER]
    assert files_with(workspace, SECRET) == set()
    assert workspace.search_messages("zanzibar") or workspace.search("zanzibar", mode="lexical").results
    with reading_memory(workspace.paths) as memory:
        assert memory
        assert set(memory.messages.per_session(HERE)) <= {OTHER}
        assert {one.session_id for one in memory.summaries.latest(HERE, None)} <= {OTHER}
        assert memory.knowledge.origins(HERE, SESSION_ORIGIN).keys() == {f"session:{OTHER}"}
        assert {one.entity_id for one in memory.knowledge.find_facts(HERE, limit=None)} <= {
            f"session:{OTHER}"
        }


def test_several_forget_at_once(workspace: Workspace, transcripts: list[Path]) -> None:
    workspace.import_transcripts(transcripts)
    failures: list[BaseException] = []

    def forget() -> None:
        try:
            Workspace.open(workspace.paths.root).forget([SESSION])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=forget) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    check(workspace)
