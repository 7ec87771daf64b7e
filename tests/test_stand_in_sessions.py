"""A store of sessions made of dicts stands in, and behaves as the database does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from spw_core.errors import Conflict, InvalidInput, NotFound
from spw_core.store.memory.checks import check_limit, now
from spw_core.store.memory.protocols import SessionStore
from spw_core.store.memory.stores import HERE, opened
from spw_core.store.memory.types import Link, Message, Session, Tokens

T = "2026-02-14T10:00:0{}.000000Z"


class SessionsInMemory:
    """Sessions of one workspace in dicts."""

    def __init__(self) -> None:
        self._known: dict[str, Session] = {}
        self._said: dict[str, Message] = {}
        self._links: dict[str, dict[tuple[str, str], Link]] = {}
        self._tokens: dict[str, dict[str, Tokens]] = {}
        self._forgotten: set[str] = set()

    def create(self, session: Session) -> Session:
        if session.id in self._known:
            raise Conflict("taken")
        self._known[session.id] = replace(
            session, updated_at=session.updated_at or session.created_at, version=1
        )
        return self._known[session.id]

    def get(self, workspace: str, session_id: str) -> Session:
        if session_id not in self._known:
            raise NotFound("no session")
        return self._known[session_id]

    def query(self, workspace: str, session_id: str) -> list[Session]:
        return [one for one in self._known.values() if one.id == session_id]

    def update(self, session: Session) -> Session:
        if self.get(session.workspace_id, session.id).version != session.version:
            raise Conflict("changed since it was read")
        self._known[session.id] = replace(session, updated_at=now(), version=session.version + 1)
        return self._known[session.id]

    def newest(self, workspace: str, limit: int | None = 100, offset: int = 0) -> list[Session]:
        check_limit(limit, offset)
        found = sorted(self._known.values(), key=lambda one: one.created_at)[::-1]
        return found[offset:][:limit]

    def delete(self, workspace: str, session_id: str, *, forever: bool = False) -> None:
        if forever:
            self._forgotten.add(session_id)
        elif session_id not in self._known:
            raise NotFound("no session")
        for known in (self._known, self._links, self._tokens):
            known.pop(session_id, None)
        self._said = {key: one for key, one in self._said.items() if one.session_id != session_id}

    def forgotten(self, workspace: str) -> frozenset[str]:
        return frozenset(self._forgotten)

    def append_message(self, workspace: str, session_id: str, message: Message) -> bool:
        self.get(workspace, session_id)
        message = replace(message, session_id=session_id)
        present = self._said.setdefault(message.id, message)
        if present is not message and present != message:
            raise Conflict("another message")
        return present is message

    def active_window(self, workspace: str, session_id: str, limit: int | None = 20) -> list[Message]:
        said = [one for one in self._said.values() if one.session_id == session_id]
        said.sort(key=lambda one: one.created_at)
        return said if check_limit(limit) < 0 else said[len(said) - min(len(said), check_limit(limit)) :]

    def add_tokens(self, workspace: str, session_id: str, answers: Mapping[str, Tokens]) -> None:
        self.get(workspace, session_id)
        known = self._tokens.setdefault(session_id, {})
        for answer, took in answers.items():
            known[answer] = Tokens(*map(max, astuple(known.get(answer, took)), astuple(took)))

    def tokens(self, workspace: str, session_id: str = "") -> dict[str, Tokens]:
        return {
            name: Tokens(*map(sum, zip(*map(astuple, answers.values()), strict=True)))
            for name, answers in self._tokens.items()
            if session_id in ("", name)
        }

    def add_links(self, workspace: str, session_id: str, links: Iterable[Link]) -> None:
        known = self._links.setdefault(session_id, {})
        for link in links:
            before = known.get((link.kind, link.target), link)
            how, count = min(before.how, link.how), max(before.count, link.count)
            known[link.kind, link.target] = replace(link, how=how, count=count)

    def links(self, workspace: str, session_id: str) -> list[Link]:
        found = self._links.get(session_id, {}).values()
        return sorted(found, key=lambda one: (one.kind, -one.count, one.target))

    def linked(self, workspace: str, kind: str, target: str) -> list[Session]:
        found = [one for key, one in self._known.items() if (kind, target) in self._links.get(key, {})]
        return sorted(found, key=lambda one: one.created_at)

    def about(self, workspace: str, kind: str, targets: Iterable[str]) -> set[str]:
        return {one.id for target in targets for one in self.linked(workspace, kind, target)}

    def all_links(self, workspace: str, kind: str) -> dict[str, list[Link]]:
        found = {key: [one for one in self.links("", key) if one.kind == kind] for key in self._links}
        return {key: links for key, links in found.items() if links}

    def close(self) -> None:
        self._known.clear()


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
