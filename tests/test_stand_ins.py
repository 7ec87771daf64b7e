"""The interfaces are protocols: stores made of dicts stand in, and behave as the databases do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import sqrt
from pathlib import Path

import pytest

from spw_core.errors import Conflict, InvalidInput, NotFound, SpwError
from spw_core.search.vectors import InvalidVector, VectorHit, Vectors, VectorStore
from spw_core.store.memory.people import open_gateway
from spw_core.store.memory.people_types import AuditEntry, KnownWorkspace, Pairing, PairingStatus, User
from spw_core.store.memory.protocols import AuditStore, PairingStore, WorkspaceRegistry
from spw_core.store.memory.types import as_enum

T = "2026-02-14T10:00:0{}.000000Z"


class VectorsInMemory:
    """Vectors in a dict."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._known: dict[str, tuple[list[float], dict[str, object]]] = {}

    def store(self, id: str, vector: Sequence[float], metadata: Mapping[str, object] | None = None) -> None:
        self.store_many([(id, vector, metadata or {})])

    def store_many(self, items: Iterable[tuple[str, Sequence[float], Mapping[str, object]]]) -> int:
        new = {key: (self._unit(vector), dict(metadata)) for key, vector, metadata in items}
        new = {key: value for key, value in new.items() if self._known.get(key) != value}
        self._known |= new
        return len(new)

    def delete(self, ids: Iterable[str]) -> int:
        return sum(self._known.pop(key, None) is not None for key in list(ids))

    def search(
        self, query: Sequence[float], k: int = 10, filters: Mapping[str, object] | None = None
    ) -> list[VectorHit]:
        if k < 1:
            raise InvalidVector("k must be at least 1")
        unit = self._unit(query)
        hits = [
            VectorHit(key, 1 - sum(a * b for a, b in zip(unit, vector, strict=True)), dict(metadata))
            for key, (vector, metadata) in self._known.items()
            if all(
                name in metadata and type(metadata[name]) is type(value) and metadata[name] == value
                for name, value in (filters or {}).items()
            )
        ]
        return sorted(hits, key=lambda hit: (round(hit.distance, 6), hit.id))[:k]

    def maintain(self) -> bool:
        return False

    def close(self) -> None:
        self._known.clear()

    def _unit(self, vector: Sequence[float]) -> list[float]:
        length = sqrt(sum(value * value for value in vector))
        if len(vector) != self._dimension or not 0 < length < float("inf"):
            raise InvalidVector("no direction")
        return [value / length for value in vector]


@pytest.fixture(params=["sqlite", "memory"])
def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vectors]:
    store: Vectors = VectorsInMemory(3)
    if request.param == "sqlite":
        store = VectorStore.open(tmp_path / "v.db", dimension=3)
    yield store
    store.close()


def test_vectors(vectors: Vectors) -> None:
    assert vectors.search([1, 0, 0]) == [] and vectors.maintain() is False
    vectors.store("b", [2, 0, 0], {"w": 1})
    assert vectors.store_many([("a", [1, 0, 0], {"w": "1"}), ("c", [0, 1, 0], {"w": 1})]) == 2
    assert vectors.store_many([("a", [1, 0, 0], {"w": "1"})]) == 0
    assert [hit.id for hit in vectors.search([5, 1, 0])] == ["a", "b", "c"]
    assert [hit.id for hit in vectors.search([1, 0, 0], 2, {"w": 1})] == ["b", "c"]
    assert vectors.search([1, 0, 0], filters={"nothing": ""}) == []
    [near] = vectors.search([3, 0, 0], k=1)
    assert near.distance == pytest.approx(0, abs=1e-6) and near.metadata == {"w": "1"}
    assert vectors.delete(["a", "nobody"]) == 1 and vectors.delete([]) == 0
    assert [hit.id for hit in vectors.search([1, 0, 0])] == ["b", "c"]


@pytest.mark.parametrize("bad", [[], [1, 0], [0, 0, 0], [float("nan"), 0, 0], [float("inf"), 0, 0]])
def test_vectors_without_a_direction(vectors: Vectors, bad: list[float]) -> None:
    with pytest.raises(SpwError):
        vectors.store("a", bad)
    with pytest.raises(SpwError):
        vectors.search(bad)
    with pytest.raises(SpwError):
        vectors.search([1, 0, 0], k=0)


class PairingsInMemory:
    """Pairings in a dict, of users that there are."""

    def __init__(self, users: Iterable[str]) -> None:
        self._users = set(users)
        self._known: dict[str, Pairing] = {}

    def create(self, pairing: Pairing) -> None:
        if pairing.user_id not in self._users:
            raise NotFound("no user")
        places = {
            (one.channel_type, one.channel_id, one.user_id, one.workspace_id) for one in self._known.values()
        }
        place = (pairing.channel_type, pairing.channel_id, pairing.user_id, pairing.workspace_id)
        if pairing.id in self._known or place in places:
            raise Conflict("taken")
        self._known[pairing.id] = pairing

    def set_status(self, pairing_id: str, status: str) -> None:
        wanted = as_enum(PairingStatus, status, "pairing status")
        if pairing_id not in self._known:
            raise NotFound("no pairing")
        self._known[pairing_id] = replace(self._known[pairing_id], status=wanted)

    def by_channel(self, channel_type: str, channel_id: str) -> list[Pairing]:
        return self._oldest(
            one
            for one in self._known.values()
            if (one.channel_type, one.channel_id) == (channel_type, channel_id)
        )

    def by_user(self, user_id: str) -> list[Pairing]:
        return self._oldest(one for one in self._known.values() if one.user_id == user_id)

    def delete(self, pairing_id: str) -> None:
        if self._known.pop(pairing_id, None) is None:
            raise NotFound("no pairing")

    @staticmethod
    def _oldest(pairings: Iterable[Pairing]) -> list[Pairing]:
        return sorted(pairings, key=lambda one: one.created_at)


class AuditInMemory:
    """Entries in a list."""

    def __init__(self) -> None:
        self._entries: list[AuditEntry] = []

    def append(self, entry: AuditEntry) -> None:
        if any(one.id == entry.id for one in self._entries):
            raise Conflict("taken")
        self._entries.append(entry)

    def query(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        newest_first: bool = False,
        after: str = "",
        limit: int | None = 1000,
        **equal: str,
    ) -> list[AuditEntry]:
        if limit is not None and limit < 0:
            raise InvalidInput("negative")
        found = [
            one
            for one in sorted(self._entries, key=lambda one: one.at)
            if (since or "") <= one.at < (until or "~")
            and all(getattr(one, name) == value for name, value in equal.items())
        ]
        found = found[::-1] if newest_first else found
        if after:
            places = [place for place, one in enumerate(found) if one.id == after]
            if not places:
                raise NotFound("no entry")
            found = found[places[0] + 1 :]
        return found[:limit]


class RegistryInMemory:
    """Workspaces in a dict, the last used at its end."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}

    def remember(self, path: Path) -> None:
        self._known.pop(str(path), None)
        self._known[str(path)] = None

    def known(self) -> list[KnownWorkspace]:
        return [KnownWorkspace(path, "", "") for path in reversed(self._known)]

    def forget(self, path: str) -> None:
        if path not in self._known:
            raise NotFound("no workspace")
        del self._known[path]


People = tuple[PairingStore, AuditStore, WorkspaceRegistry]


@contextmanager
def people_of(kind: str, folder: Path) -> Iterator[People]:
    if kind == "memory":
        yield PairingsInMemory(["ann", "bob"]), AuditInMemory(), RegistryInMemory()
        return
    with open_gateway(folder / "gateway.db") as gateway:
        for name in ("ann", "bob"):
            gateway.users.create(User(name, name, T.format(0)))
        yield gateway.pairings, gateway.audit, gateway.workspaces


@pytest.fixture(params=["sqlite", "memory"])
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[People]:
    with people_of(request.param, tmp_path) as stores:
        yield stores


def test_pairings(people: People) -> None:
    pairings, _, _ = people
    for number, (name, user) in enumerate([("p1", "ann"), ("p2", "bob"), ("p3", "ann")]):
        pairings.create(Pairing(name, user, "chat", f"c{number // 2}", "w", T.format(9 - number)))
    for refused, error in (
        (Pairing("p1", "bob", "chat", "c9", "w", T.format(0)), Conflict),
        (Pairing("p9", "ann", "chat", "c0", "w", T.format(0)), Conflict),
        (Pairing("p9", "eve", "chat", "c0", "w", T.format(0)), NotFound),
    ):
        with pytest.raises(error):
            pairings.create(refused)
    assert [one.id for one in pairings.by_channel("chat", "c0")] == ["p2", "p1"]
    assert [one.id for one in pairings.by_user("ann")] == ["p3", "p1"] and pairings.by_user("eve") == []
    pairings.set_status("p1", "active")
    assert pairings.by_user("ann")[1].status is PairingStatus.ACTIVE
    with pytest.raises(InvalidInput):
        pairings.set_status("p1", "perhaps")
    pairings.delete("p1")
    for call in (lambda: pairings.delete("p1"), lambda: pairings.set_status("p1", "active")):
        with pytest.raises(NotFound):
            call()


def test_audit(people: People) -> None:
    _, audit, _ = people
    for number, action in enumerate(("open", "load", "open", "load")):
        audit.append(AuditEntry(f"e{number}", T.format(number // 2), action, actor="ann"))
    with pytest.raises(Conflict):
        audit.append(AuditEntry("e0", T.format(7), "again"))
    for asked, found in (
        ({}, "e0 e1 e2 e3"),
        ({"newest_first": True}, "e3 e2 e1 e0"),
        ({"action": "load"}, "e1 e3"),
        ({"since": T.format(1)}, "e2 e3"),
        ({"until": T.format(1), "limit": 1}, "e0"),
        ({"after": "e1"}, "e2 e3"),
        ({"after": "e2", "newest_first": True, "limit": 1}, "e1"),
        ({"limit": 0}, ""),
        ({"actor": "bob"}, ""),
    ):
        assert " ".join(one.id for one in audit.query(**asked)) == found, asked  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        audit.query(after="nothing")
    with pytest.raises(InvalidInput):
        audit.query(limit=-1)


def test_workspaces(people: People, tmp_path: Path) -> None:
    _, _, workspaces = people
    for name in ("one", "two", "one"):
        workspaces.remember(tmp_path / name)
    assert [one.path for one in workspaces.known()] == [str(tmp_path / "one"), str(tmp_path / "two")]
    workspaces.forget(str(tmp_path / "one"))
    with pytest.raises(NotFound):
        workspaces.forget(str(tmp_path / "one"))
    assert len(workspaces.known()) == 1
