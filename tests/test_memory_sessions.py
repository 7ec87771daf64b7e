"""Sessions, their tokens and links: of the database, and of what stands in for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spw_core.errors import Conflict, InvalidInput, NotFound
from spw_core.store.memory.protocols import SessionStore
from spw_core.store.memory.stores import HERE, opened
from spw_core.store.memory.types import Link, Message, Session, Tokens

from .stand_ins.sessions import SessionsInMemory

T = "2026-02-14T10:00:0{}.000000Z"


@pytest.fixture(params=["sqlite", "memory"])
def sessions(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SessionStore]:
    if request.param == "memory":
        yield SessionsInMemory()
        return
    with opened(tmp_path) as memory:
        yield memory.sessions


def session(name: str, second: int) -> Session:
    return Session(id=name, workspace_id=HERE, user_id="ann", created_at=T.format(second))


def test_sessions(sessions: SessionStore) -> None:
    first = sessions.create(session("a", 1))
    assert (first.version, first.updated_at) == (1, T.format(1))
    for name, second in (("b", 2), ("c", 2), ("d", 0)):
        sessions.create(session(name, second))
    with pytest.raises(Conflict):
        sessions.create(session("a", 5))
    assert [one.id for one in sessions.newest(HERE)] == ["c", "b", "a", "d"]
    assert [one.id for one in sessions.newest(HERE, 2, 1)] == ["b", "a"]
    changed = sessions.update(replace(first, title="A"))
    assert sessions.get(HERE, "a") == changed and changed.version == 2 and sessions.query(HERE, "e") == []
    with pytest.raises(Conflict):
        sessions.update(replace(first, title="B"))
    sessions.delete(HERE, "a", forever=True)
    sessions.delete(HERE, "never here", forever=True)
    assert sessions.forgotten(HERE) == {"a", "never here"}
    for call in (
        lambda: sessions.get(HERE, "a"),
        lambda: sessions.update(changed),
        lambda: sessions.delete(HERE, "a"),
        lambda: sessions.add_tokens(HERE, "a", {"m": Tokens(1, 1, 1, 1)}),
    ):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(InvalidInput):
        sessions.newest(HERE, -1)


def test_messages_and_tokens_of_sessions(sessions: SessionStore) -> None:
    for name in ("a", "b"):
        sessions.create(session(name, 1))
    said = [Message(f"m{n}", "a", "user", f"words {n}", T.format(9 - n // 2)) for n in range(4)]
    assert [sessions.append_message(HERE, "a", one) for one in (*said, said[0])] == [True] * 4 + [False]
    with pytest.raises(Conflict):
        sessions.append_message(HERE, "a", replace(said[0], content="other"))
    with pytest.raises(NotFound):
        sessions.append_message(HERE, "nobody", said[0])
    for limit, ids in ((None, "m2 m3 m0 m1"), (3, "m3 m0 m1"), (0, "")):
        assert " ".join(one.id for one in sessions.active_window(HERE, "a", limit)) == ids
    sessions.add_tokens(HERE, "a", {"x": Tokens(1, 9, 0, 0), "y": Tokens(1, 1, 1, 1)})
    sessions.add_tokens(HERE, "a", {"x": Tokens(3, 2, 0, 0)})
    assert sessions.tokens(HERE) == sessions.tokens(HERE, "a") == {"a": Tokens(4, 10, 1, 1)}
    assert sessions.tokens(HERE, "b") == {}
    sessions.delete(HERE, "a")
    assert sessions.active_window(HERE, "a") == [] and sessions.tokens(HERE) == {}


def test_links_of_sessions(sessions: SessionStore) -> None:
    for name, second in (("a", 2), ("b", 1)):
        sessions.create(session(name, second))
    sessions.add_links(HERE, "a", [Link("file", "x.py", "prompt", 3), Link("spec", "s", "path", 1)])
    sessions.add_links(HERE, "a", [Link("file", "x.py", "path", 2), Link("file", "a.py", "path", 3)])
    sessions.add_links(HERE, "b", [Link("spec", "s", "cwd", 1)])
    told = [(one.kind, one.target, one.how, one.count) for one in sessions.links(HERE, "a")]
    assert told == [("file", "a.py", "path", 3), ("file", "x.py", "path", 3), ("spec", "s", "path", 1)]
    assert [one.id for one in sessions.linked(HERE, "spec", "s")] == ["b", "a"]
    assert sessions.about(HERE, "file", ["a.py", "nothing"]) == {"a"}
    assert {name: len(links) for name, links in sessions.all_links(HERE, "spec").items()} == {"a": 1, "b": 1}
    assert sessions.links(HERE, "nobody") == [] and sessions.all_links(HERE, "run") == {}
