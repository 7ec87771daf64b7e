"""Sessions in dicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field, replace

from spw_core.errors import Conflict, NotFound
from spw_core.store.memory.checks import check_limit, now
from spw_core.store.memory.types import Link, Message, Session, Tokens


@dataclass
class _Place:
    """What is stored of one workspace; of each answer, whose it is."""

    sessions: dict[str, Session] = field(default_factory=dict)
    said: dict[str, Message] = field(default_factory=dict)
    links: dict[str, dict[tuple[str, str], Link]] = field(default_factory=dict)
    tokens: dict[str, tuple[str, Tokens]] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)


class SessionsInMemory:
    """A SessionStore."""

    def __init__(self) -> None:
        self._places: defaultdict[str, _Place] = defaultdict(_Place)

    def create(self, session: Session) -> Session:
        known = self._places[session.workspace_id].sessions
        if session.id in known:
            raise Conflict("taken")
        known[session.id] = replace(session, updated_at=session.updated_at or session.created_at, version=1)
        return known[session.id]

    def get(self, workspace: str, session_id: str) -> Session:
        for session in self.query(workspace, session_id):
            return session
        raise NotFound("no session")

    def query(self, workspace: str, session_id: str) -> list[Session]:
        known = self._places[workspace].sessions
        return [known[session_id]] if session_id in known else []

    def update(self, session: Session) -> Session:
        if self.get(session.workspace_id, session.id).version != session.version:
            raise Conflict("changed since it was read")
        changed = replace(session, updated_at=now(), version=session.version + 1)
        self._places[session.workspace_id].sessions[session.id] = changed
        return changed

    def newest(self, workspace: str, limit: int | None = 100, offset: int = 0) -> list[Session]:
        check_limit(limit, offset)
        return _by_time(self._places[workspace].sessions.values())[::-1][offset:][:limit]

    def delete(self, workspace: str, session_id: str, *, forever: bool = False) -> None:
        place = self._places[workspace]
        if forever:
            place.forgotten.add(session_id)
        elif session_id not in place.sessions:
            raise NotFound("no session")
        place.sessions.pop(session_id, None)
        place.links.pop(session_id, None)
        place.tokens = {key: one for key, one in place.tokens.items() if one[0] != session_id}
        place.said = {key: one for key, one in place.said.items() if one.session_id != session_id}

    def forgotten(self, workspace: str) -> frozenset[str]:
        return frozenset(self._places[workspace].forgotten)

    def append_message(self, workspace: str, session_id: str, message: Message) -> bool:
        self.get(workspace, session_id)
        message = replace(message, session_id=session_id)
        present = self._places[workspace].said.setdefault(message.id, message)
        if present != message:
            raise Conflict("another message")
        return present is message

    def active_window(self, workspace: str, session_id: str, limit: int | None = 20) -> list[Message]:
        check_limit(limit)
        said = [one for one in self._places[workspace].said.values() if one.session_id == session_id]
        return sorted(said, key=lambda one: one.created_at)[::-1][:limit][::-1]

    def add_tokens(self, workspace: str, session_id: str, answers: Mapping[str, Tokens]) -> None:
        self.get(workspace, session_id)
        known = self._places[workspace].tokens
        for answer, took in answers.items():
            session, before = known.get(answer, (session_id, took))
            known[answer] = session, Tokens(*map(max, astuple(before), astuple(took)))

    def tokens(self, workspace: str, session_id: str = "") -> dict[str, Tokens]:
        found: dict[str, Tokens] = {}
        for session, took in self._places[workspace].tokens.values():
            if session_id in ("", session):
                before = found.get(session, Tokens())
                found[session] = Tokens(*map(sum, zip(astuple(before), astuple(took), strict=True)))
        return found

    def add_links(self, workspace: str, session_id: str, links: Iterable[Link]) -> None:
        known = self._places[workspace].links.setdefault(session_id, {})
        for link in links:
            before = known.get((link.kind, link.target), link)
            how, count = min(before.how, link.how), max(before.count, link.count)
            known[link.kind, link.target] = replace(link, how=how, count=count)

    def links(self, workspace: str, session_id: str) -> list[Link]:
        found = self._places[workspace].links.get(session_id, {}).values()
        return sorted(found, key=lambda one: (one.kind, -one.count, one.target))

    def linked(self, workspace: str, kind: str, target: str) -> list[Session]:
        place = self._places[workspace]
        return _by_time(
            one for key, one in place.sessions.items() if (kind, target) in place.links.get(key, {})
        )

    def about(self, workspace: str, kind: str, targets: Iterable[str]) -> set[str]:
        return {one.id for target in targets for one in self.linked(workspace, kind, target)}

    def all_links(self, workspace: str, kind: str) -> dict[str, list[Link]]:
        sessions = self._places[workspace].links
        found = {key: [one for one in self.links(workspace, key) if one.kind == kind] for key in sessions}
        return {key: links for key, links in found.items() if links}

    def close(self) -> None:
        """What is stored stays: this is the disk, too."""


def _by_time(sessions: Iterable[Session]) -> list[Session]:
    return sorted(sessions, key=lambda one: one.created_at)
