"""A store of vectors in one SQLite file, usable on its own, by several threads and processes at once.

    store = VectorStore.open(Path("vectors.db"), dimension=3)
    store.store("a", [1, 0, 0], {"workspace": "w1", "stars": 5})
    [hit] = store.search([0.9, 0.1, 0], k=1, filters={"workspace": "w1"})
    hit.id, hit.distance, hit.metadata

Distances are cosine distances: 0 is the same direction, 2 the opposite one. Ties are ordered by id.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import apsw
import numpy as np

from spw_core.errors import SpwError, StoreError
from spw_core.search.graph import build_graph, is_due, remove_snapshots
from spw_core.search.nearest import EXACT_LIMIT, nearest
from spw_core.search.scan import InvalidVector, encode, unit_rows
from spw_core.store import vectors as table
from spw_core.store.connection import (
    open_for_reading,
    open_for_writing,
    reading_once,
    transaction,
    translating,
)
from spw_core.store.index_schema import INDEX_SCHEMA

__all__ = ["InvalidMetadata", "InvalidVector", "VectorHit", "VectorStore", "Vectors"]

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# Texts that are longer stand in the filter index by their hash.
_LONGEST_FACET = 200


class InvalidMetadata(SpwError):
    """Metadata or a filter that JSON cannot say: NaN, infinity, an object of some class."""


@dataclass(frozen=True, slots=True)
class VectorHit:
    """A stored vector that is near. `distance` is between 0 and 2, `metadata` a copy of what was stored."""

    id: str
    distance: float
    metadata: dict[str, object]


class Vectors(Protocol):
    """What a store of vectors does, so that another can stand in; `VectorStore` tells what each promises."""

    def store(
        self, id: str, vector: Sequence[float], metadata: Mapping[str, object] | None = None
    ) -> None: ...
    def store_many(self, items: Iterable[tuple[str, Sequence[float], Mapping[str, object]]]) -> int: ...
    def delete(self, ids: Iterable[str]) -> int: ...
    def search(
        self, query: Sequence[float], k: int = 10, filters: Mapping[str, object] | None = None
    ) -> list[VectorHit]: ...
    def maintain(self) -> bool: ...
    def close(self) -> None: ...


class VectorStore:
    """One collection of vectors of one dimension. Close it at the end; it is a context manager, too.

    Writes are committed when the call returns, or raise and change nothing. Searches never wait for writers.
    Up to `exact_limit` vectors every search is exact; above it, one without filters asks the graph in the
    folder `snapshots`, as soon as `maintain` has built one.
    """

    def __init__(
        self,
        path: Path,
        collection: table.Collection,
        writer: apsw.Connection,
        exact_limit: int,
        snapshots: Path,
    ) -> None:
        self._path = path
        self._writer: apsw.Connection | None = writer
        self._collection_id = collection.id
        self._exact_limit = exact_limit
        self._snapshots = snapshots
        self._write_lock = threading.Lock()
        self._readers = threading.local()
        self._open_readers: list[apsw.Connection] = []
        self.dimension = collection.dimension

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        dimension: int,
        collection: str = "default",
        model: str = "",
        exact_limit: int = EXACT_LIMIT,
        snapshots: Path | None = None,
    ) -> VectorStore:
        """Open or make a collection. `model` names what its vectors come from: another one is another set.

        Raises StoreError, InvalidVector when the collection has another dimension.
        """
        if dimension < 1:
            raise InvalidVector("a vector has at least one dimension")
        writer = open_for_writing(path, INDEX_SCHEMA)
        try:
            with translating(path), transaction(writer):
                found = table.create_collection(writer, collection, model, dimension, complete=True)
            if found.dimension != dimension:
                raise InvalidVector(f"the collection has {found.dimension} dimensions, not {dimension}")
        except BaseException:
            writer.close(True)
            raise
        return cls(path, found, writer, exact_limit, snapshots or path.with_name(f"{path.name}.vectors"))

    def __enter__(self) -> VectorStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        with self._reading() as (_, collection):
            return collection.live

    def store(self, id: str, vector: Sequence[float], metadata: Mapping[str, object] | None = None) -> None:
        """Insert or replace one vector. Raises InvalidVector, InvalidMetadata, StoreError."""
        self.store_many([(id, vector, metadata or {})])

    def store_many(self, items: Iterable[tuple[str, Sequence[float], Mapping[str, object]]]) -> int:
        """Insert or replace (id, vector, metadata) in one transaction; all or nothing.

        Of equal ids the last counts, and what is stored already is not written. Returns how many were.
        """
        rows = vector_rows(items, self.dimension)
        with self._writing() as writer:
            return table.put_vectors(writer, self._collection_id, rows) if rows else 0

    def delete(self, ids: Iterable[str]) -> int:
        """Delete vectors; unknown ids are ignored. Returns how many there were."""
        wanted = [key for key in ids if _is_id(key)]
        with self._writing() as writer:
            return table.delete_vectors(writer, self._collection_id, wanted) if wanted else 0

    def search(
        self, query: Sequence[float], k: int = 10, filters: Mapping[str, object] | None = None
    ) -> list[VectorHit]:
        """The k nearest vectors whose metadata has every entry of `filters`, nearest first.

        Values are compared with their types: 42 is not "42", and a missing entry equals nothing. Exactly
        min(k, matches) hits. Raises InvalidVector, InvalidMetadata, StoreError.
        """
        if k < 1:
            raise InvalidVector(f"k must be at least 1, not {k}")
        [unit] = unit_rows([query], self.dimension)
        wanted = facets(filters or {})
        with self._reading() as (reader, collection):
            allowed = table.ids_with_facets(reader, collection.id, wanted) if wanted else None
            ids, cosines = nearest(
                reader,
                collection,
                unit,
                k,
                allowed=allowed,
                exact_limit=self._exact_limit,
                snapshots=self._snapshots,
            )
            found = table.keys_of(reader, ids.tolist())
        hits = [
            VectorHit(key, min(max(1.0 - float(cosine), 0.0), 2.0), json.loads(metadata))
            for number, cosine in zip(ids.tolist(), cosines, strict=True)
            if number in found
            for key, metadata in [found[number]]
        ]
        return sorted(hits, key=lambda hit: (hit.distance, hit.id))[:k]

    def maintain(self) -> bool:
        """Build the graph if there are enough vectors for one and it is due; True when one was written.

        Raises StoreError when that fails; searches go on without.
        """
        with self._reading() as (reader, collection):
            remove_snapshots(self._snapshots, table.uuids(reader))
            if collection.live <= self._exact_limit or not is_due(reader, collection, self._snapshots):
                return False
            try:
                return build_graph(reader, collection, self._snapshots)
            except OSError as error:
                message = f"cannot write below {self._snapshots}: {error.strerror or error}"
                raise StoreError(message, "Nothing is lost: searches go on without it.") from error

    def close(self) -> None:
        """End the use of this store; every call after it raises StoreError. Closing twice does nothing."""
        with self._write_lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            for reader in self._open_readers:
                with suppress(apsw.ThreadingViolationError):  # a search in another thread: it closes with it
                    reader.close()

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        with self._write_lock, translating(self._path):
            if self._writer is None:
                raise StoreError("the vector store is closed")
            with transaction(self._writer):
                yield self._writer

    @contextmanager
    def _reading(self) -> Iterator[tuple[apsw.Connection, table.Collection]]:
        """This thread's own connection inside a read transaction, and the collection as it sees it."""
        if self._writer is None:
            raise StoreError("the vector store is closed")
        reader: apsw.Connection | None = getattr(self._readers, "connection", None)
        if reader is None:
            reader = open_for_reading(self._path, INDEX_SCHEMA)
            if reader is None:
                raise StoreError(f"{self._path} is gone")
            self._readers.connection = reader
            self._open_readers.append(reader)
        with translating(self._path), reading_once(reader):
            collection = table.collection_by_id(reader, self._collection_id)
            if collection is None:
                raise StoreError("the collection was dropped")
            yield reader, collection


def vector_rows(
    items: Iterable[tuple[str, Sequence[float], Mapping[str, object]]], dimension: int
) -> list[table.VectorRow]:
    """Rows to store; everything is checked before any of it is. Raises InvalidVector, InvalidMetadata."""
    given = list(items)
    if not given:
        return []
    for key, vector, _ in given:
        if not _is_id(key):
            raise InvalidVector(f"an id is a text that is not empty and can be stored, not {key!r}")
        if np.ndim(vector) != 1 or len(vector) != dimension:
            raise InvalidVector(f"the vector of {key!r} has not the {dimension} dimensions of the collection")
    units = unit_rows([vector for _, vector, _ in given], dimension)
    return [
        table.VectorRow(key, codes, floats.tobytes(), canonical_json(dict(metadata)), facets(metadata))
        for (key, _, metadata), codes, floats in zip(given, encode(units), units, strict=True)
    ]


def _is_id(key: object) -> bool:
    """True for a text that SQLite takes: not empty, without NULs and lone surrogates."""
    return isinstance(key, str) and key != "" and not _UNSTORABLE.search(key)


def facets(metadata: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """The entries of metadata or of a filter in the form in which they are compared."""
    pairs = []
    for name, value in metadata.items():
        if not isinstance(name, str):
            raise InvalidMetadata(f"a metadata name is a text, not {name!r}")
        text = canonical_json(value)
        if len(text) > _LONGEST_FACET:
            # No JSON text looks like this one.
            text = f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
        pairs.append((name, text))
    return tuple(pairs)


def canonical_json(value: object) -> str:
    """The one JSON text of a value. Raises InvalidMetadata for what is no JSON, and for lone surrogates."""
    try:
        _check(value)
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidMetadata(f"not a JSON value: {error}") from error
    return text


def _check(value: object) -> None:
    """Refuse what `json` would quietly turn into something else: keys that are no texts, and NaN."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is no text")
            _check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not finite")
