"""The stores: every line is shown somewhere, as `stores.py` says; here are those that no other test shows."""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.errors import InvalidInput, NotFound, StoreError
from spw_core.memory import compaction
from spw_core.memory.place import HERE, reading_memory
from spw_core.search.vectors import Vectors, VectorStore
from spw_core.store.memory import people, protocols, stores
from spw_core.store.memory.knowledge import SqliteKnowledge
from spw_core.store.memory.knowledge_types import LONGEST_TEXT
from spw_core.store.memory.messages import SqliteMessages
from spw_core.store.memory.people import open_gateway
from spw_core.store.memory.people_types import AuditEntry, Identity, Pairing, User
from spw_core.store.memory.sessions import SqliteSessions
from spw_core.store.memory.stores import Memory, opened
from spw_core.store.memory.summaries import SqliteSummaries
from spw_core.store.memory.types import Threat, TokenBudget, ToolBudget

from ..stand_ins.backend import Dicts
from ..stand_ins.knowledge import KnowledgeInMemory
from ..stand_ins.people import AuditInMemory, PairingsInMemory, RegistryInMemory, UsersInMemory
from ..stand_ins.said import MessagesInMemory, SummariesInMemory
from ..stand_ins.sessions import SessionsInMemory
from ..test_memory_compact import conversation
from ..test_memory_stores import OTHER, W, at, ids, message, session, summary
from ..transcript_support import SESSION
from .stores import NOT_OURS, SHOWN, Shown

LINES = {f"S{number}" for number in range(1, 305)} | {f"D{number}" for number in range(1, 68)}
LINES |= {f"R{number}" for number in range(1, 8)}


def lines_of(text: str) -> Iterator[str]:
    for part in text.split():
        first, _, last = part.partition("-")
        for number in range(int(first[1:]), int((last or first)[1:]) + 1):
            yield f"{first[0]}{number}"


def test_every_line_is_shown_or_has_a_reason() -> None:
    shown = {line for entry in SHOWN for line in lines_of(entry.lines)}
    reasoned = Counter(line for lines in NOT_OURS for line in lines_of(lines))
    assert shown | set(reasoned) == LINES
    assert not shown & set(reasoned)
    assert max(reasoned.values()) == 1


@pytest.mark.parametrize("entry", SHOWN, ids=lambda entry: f"{entry.lines.split()[0]} {entry.what}")
def test_what_shows_it_is_there(entry: Shown) -> None:
    package = __name__.partition(".")[0]
    for name in entry.tests.split():
        module, _, test = name.rpartition(".")
        assert callable(getattr(importlib.import_module(f"{package}.{module}"), test)), name


PROTOCOLS = [
    (protocols.SessionStore, SqliteSessions),
    (protocols.MessageStore, SqliteMessages),
    (protocols.SummaryStore, SqliteSummaries),
    (protocols.KnowledgeStore, SqliteKnowledge),
    (protocols.UserStore, people.SqliteUsers),
    (protocols.PairingStore, people.SqlitePairings),
    (protocols.AuditStore, people.SqliteAudit),
    (protocols.WorkspaceRegistry, people.SqliteWorkspaces),
    (Vectors, VectorStore),
    # What stands in does no more and no less, else it would show nothing.
    (protocols.SessionStore, SessionsInMemory),
    (protocols.MessageStore, MessagesInMemory),
    (protocols.SummaryStore, SummariesInMemory),
    (protocols.KnowledgeStore, KnowledgeInMemory),
    (protocols.UserStore, UsersInMemory),
    (protocols.PairingStore, PairingsInMemory),
    (protocols.AuditStore, AuditInMemory),
    (protocols.WorkspaceRegistry, RegistryInMemory),
    (stores.Backend, Dicts),
]


@pytest.mark.parametrize(("promised", "made"), PROTOCOLS)
def test_protocols_are_what_the_stores_do(promised: type, made: type) -> None:
    def public(kind: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in methods
            if not name.startswith("_")
        }

    assert public(promised) == public(made)
    assert public(made)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with opened(tmp_path / "memory") as stores:
        yield stores


def test_budgets_change_one_by_one(memory: Memory) -> None:
    for number in range(3):
        tools = ToolBudget(number + 1, 100, number)
        tokens = TokenBudget(number + 1000, 500, 2000, number, 2, 3)
        memory.sessions.create(session(f"s{number}", number, tools=tools, tokens=tokens))
    first = memory.sessions.get(W, "s1")
    with pytest.raises(InvalidInput):
        replace(first.tokens, per_day=1)
    changed = replace(
        first, tools=replace(first.tools, used=9), tokens=replace(first.tokens, used_hour=7, per_day=4000)
    )
    memory.sessions.update(changed)
    found = {one.id: one for one in memory.sessions.newest(W)}
    assert list(found) == ["s2", "s1", "s0"]
    assert found["s1"].tools == ToolBudget(2, 100, 9)
    assert found["s1"].tokens == TokenBudget(1001, 500, 4000, 1, 7, 3)
    assert (found["s0"].tools, found["s2"].tools) == (ToolBudget(1, 100, 0), ToolBudget(3, 100, 2))


def test_an_empty_scan_is_none(memory: Memory, tmp_path: Path) -> None:
    memory.messages.append(W, message("m", threat=Threat(scanned=True)))
    connection = apsw.Connection(str(tmp_path / "memory" / "memory.db"))
    connection.execute("UPDATE memory_messages SET threat = '{}'")
    connection.close()
    [read] = memory.messages.range(W, None, None)
    assert read.threat is None


def test_a_search_stays_in_its_workspace(memory: Memory) -> None:
    for workspace in (W, OTHER):
        memory.messages.append(workspace, message(f"of-{workspace}", content="Sensitive words"))
    for workspace in (W, OTHER):
        assert ids(memory.messages.search(workspace, "sensitive")) == [f"of-{workspace}"]


def test_what_is_pending_is_nowhere_shown(memory: Memory) -> None:
    memory.summaries.put(W, summary("done"))
    memory.summaries.put(W, summary("half", status="pending", session_id="s"))
    assert ids(memory.summaries.range(W, None, None)) == ["done"]
    assert ids(memory.summaries.latest(W, None)) == ["done"]
    assert memory.summaries.of_session(W, "s") == []


def test_equal_times_keep_the_order_of_insertion(memory: Memory, tmp_path: Path) -> None:
    names = [f"n{number}" for number in (5, 3, 9, 1)]
    for name in names:
        memory.summaries.put(W, summary(name))
    assert ids(memory.summaries.range(W, None, None)) == names
    assert ids(memory.summaries.latest(W, 2)) == names[:1:-1]
    with open_gateway(tmp_path / "gateway.db") as gateway:
        for name in names:
            gateway.users.create(User(name, "N", at(0)))
            gateway.pairings.create(Pairing(name, name, "chat", "c", "w", at(0)))
            gateway.audit.append(AuditEntry(name, at(0), "x"))
        assert [one.id for one in gateway.users.oldest(2, 1)] == names[1:3]
        assert [one.id for one in gateway.pairings.by_channel("chat", "c")] == names
        paged: list[str] = []
        while page := gateway.audit.query(limit=3, after=paged[-1] if paged else ""):
            paged += [one.id for one in page]
        assert paged == names
        assert [one.id for one in gateway.audit.query(newest_first=True)] == names[::-1]


def test_a_user_without_a_name_somewhere_comes_and_goes(tmp_path: Path) -> None:
    known = (Identity("telegram", "1", "Bob"), Identity("slack", "2"), Identity("discord", "3", "bobby"))
    with open_gateway(tmp_path / "gateway.db") as gateway:
        gateway.users.create(User("bob", "Bob", at(0), identities=known))
        assert gateway.users.get("bob").identities == tuple(sorted(known, key=lambda one: one.platform))
        gateway.users.delete("bob")
        for call in (lambda: gateway.users.get("bob"), lambda: gateway.users.by_identity("slack", "2")):
            with pytest.raises(NotFound):
                call()


def test_an_entry_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with open_gateway(tmp_path / "gateway.db") as gateway:
        gateway.audit.append(AuditEntry("a", at(0), "x"))
        with pytest.raises(InvalidInput):
            gateway.audit.append(AuditEntry("b", at(1), "x", details={"number": float("nan")}))
        assert len(gateway.audit.query()) == 1
        gateway.audit.append(AuditEntry("b", at(1), "x"))
        assert [one.id for one in gateway.audit.query()] == ["a", "b"]


# -- compaction ----------------------------------------------------------------------------------


@pytest.fixture
def talked(workspace: Workspace, tmp_path: Path) -> Workspace:
    workspace.import_transcripts([conversation(workspace, tmp_path)])
    return workspace


@pytest.mark.parametrize(
    ("store", "step"),
    [(SqliteSummaries, "put"), (SqliteKnowledge, "put_facts"), (SqliteSummaries, "confirm")],
    ids=["put", "facts", "confirm"],
)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_step_that_fails_is_made_up_for(
    talked: Workspace, monkeypatch: pytest.MonkeyPatch, store: Any, step: str, before: bool
) -> None:
    whole = getattr(store, step)
    said = len(talked.session(SESSION).messages)

    def failing(*args: Any) -> Any:
        if not before:
            whole(*args)
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(store, step, failing)
        with pytest.raises(StoreError, match="the disk is full"):
            talked.compact(older_than_days=0)
    is_done = step == "confirm" and not before
    view = talked.session(SESSION)
    assert (len(view.messages), len(view.summaries)) == ((0, 1) if is_done else (said, 0))
    assert talked.compact(older_than_days=0).summaries == (0 if is_done else 1)
    with reading_memory(talked.paths) as memory:
        assert memory
        [one] = memory.summaries.latest(HERE, None)
        assert memory.summaries.pending(HERE) == []
        assert {fact.source for fact in memory.knowledge.find_facts(HERE, limit=None)} == {
            f"summary:{one.id}"
        }
        assert len(one.message_ids) == said


def test_a_batch_of_one_begins_where_it_ends(talked: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "_BATCH", 1)
    talked.compact(older_than_days=0)
    summaries = talked.session(SESSION).summaries
    assert len(summaries) > 3
    assert all(one.from_time == one.to_time and len(one.message_ids) == 1 for one in summaries)


@pytest.mark.parametrize(
    ("text", "characters"), [("x" * 4095 + "€", 4095), ("€" * 1366, 1365), ("x" * 4096, 4096), ("short", 5)]
)
def test_facts_are_cut_between_characters(text: str, characters: int) -> None:
    found = compaction.extract([])
    twice = replace(found, files=(text, text + "more" if characters > LONGEST_TEXT - 1 else text))
    [fact] = compaction._facts(summary("sum", session_id="s"), twice)
    assert fact.value == text[:characters]


def test_there_is_an_end_to_what_a_summary_states() -> None:
    said = [
        message(f"m{number}", role="assistant", content=f"Write: src/{number}.py") for number in range(500)
    ]
    said += [
        message(f"d{number}", role="assistant", content=f"We decided on {number}, as it is simple.")
        for number in range(500)
    ]
    assert 0 < len(list(compaction._facts(summary("sum", session_id="s"), compaction.extract(said)))) <= 100
