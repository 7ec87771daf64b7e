"""A store of vectors made of a dict stands in, and behaves as the database does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import sqrt
from pathlib import Path

import pytest

from spw_core.errors import SpwError
from spw_core.search.vectors import InvalidVector, VectorHit, Vectors, VectorStore

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
