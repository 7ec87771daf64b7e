"""Collections of vectors in a database: rows, change log, facets. Numbers are made and read elsewhere.

Every function takes an open connection; those that write belong inside one write transaction. Row ids grow
and are never given twice, so whoever knows the highest id and the last tombstone it has seen can catch up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import apsw

_COLUMNS = "id, name, model, uuid, dimension, is_complete, details, epoch, last_id, last_tombstone, live"
# A quarter as many tombstones as vectors, and at least so many, are forgotten at once.
_MIN_TOMBSTONES = 1000


@dataclass(frozen=True, slots=True)
class Collection:
    """One generation of vectors. `state` changes with every change of its rows."""

    id: int
    name: str
    model: str
    uuid: str
    dimension: int
    is_complete: bool
    details: Mapping[str, object]
    epoch: int
    last_id: int
    last_tombstone: int
    live: int

    @property
    def state(self) -> tuple[int, int, int]:
        return (self.epoch, self.last_id, self.last_tombstone)


@dataclass(frozen=True, slots=True)
class VectorRow:
    """A vector to be stored. `facets` are the entries of the metadata as (name, canonical JSON)."""

    key: str
    codes: bytes
    floats: bytes
    metadata: str
    facets: tuple[tuple[str, str], ...] = ()


# -- collections ---------------------------------------------------------------------------------


def collections(connection: apsw.Connection, name: str) -> list[Collection]:
    """All generations of a collection, the oldest first."""
    cursor = connection.execute(
        f"SELECT {_COLUMNS} FROM vector_collections WHERE name = ? ORDER BY id", (name,)
    )
    return [_collection(row) for row in cursor]


def all_collections(connection: apsw.Connection) -> list[Collection]:
    """All generations of all collections, the oldest first."""
    cursor = connection.execute(f"SELECT {_COLUMNS} FROM vector_collections ORDER BY id")
    return [_collection(row) for row in cursor]


def collection_by_id(connection: apsw.Connection, collection_id: int) -> Collection | None:
    """The collection as it is now; None when it was dropped."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM vector_collections WHERE id = ?", (collection_id,)
    ).fetchone()
    return None if row is None else _collection(row)


def uuids(connection: apsw.Connection) -> set[str]:
    """The uuids of all generations of all collections."""
    return {collection.uuid for collection in all_collections(connection)}


def answering(connection: apsw.Connection, name: str) -> Collection | None:
    """The newest complete generation of a collection."""
    complete = [found for found in collections(connection, name) if found.is_complete]
    return complete[-1] if complete else None


def create_collection(
    connection: apsw.Connection,
    name: str,
    model: str,
    dimension: int,
    details: Mapping[str, object] | None = None,
    *,
    complete: bool = False,
) -> Collection:
    """The generation for this model, made when there is none. An existing one keeps its details."""
    connection.execute(
        "INSERT OR IGNORE INTO vector_collections (name, model, uuid, dimension, is_complete, details)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (name, model, uuid4().hex, dimension, complete, json.dumps(details or {}, sort_keys=True)),
    )
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM vector_collections WHERE (name, model) = (?, ?)", (name, model)
    ).fetchone()
    assert row is not None
    return _collection(row)


def set_details(connection: apsw.Connection, collection_id: int, details: Mapping[str, object]) -> None:
    connection.execute(
        "UPDATE vector_collections SET details = ? WHERE id = ?",
        (json.dumps(details, sort_keys=True), collection_id),
    )


def complete_collection(connection: apsw.Connection, collection: Collection) -> None:
    """Let a generation answer and drop the others of its name."""
    connection.execute("UPDATE vector_collections SET is_complete = 1 WHERE id = ?", (collection.id,))
    for other in collections(connection, collection.name):
        if other.id != collection.id:
            _drop_collection(connection, other.id)


def _drop_collection(connection: apsw.Connection, collection_id: int) -> None:
    """Forget a generation with everything that belongs to it."""
    ids = "SELECT id FROM vectors WHERE collection_id = ?1"
    connection.execute(f"DELETE FROM vector_floats WHERE id IN ({ids})", (collection_id,))
    connection.execute("DELETE FROM vector_facets WHERE collection_id = ?", (collection_id,))
    connection.execute("DELETE FROM vectors WHERE collection_id = ?", (collection_id,))
    connection.execute("DELETE FROM vector_collections WHERE id = ?", (collection_id,))


def _collection(row: tuple[Any, ...]) -> Collection:
    number, name, model, uuid, dimension, complete, details, *counters = row
    parsed = json.loads(details)
    known = parsed if isinstance(parsed, dict) else {}
    return Collection(number, name, model, uuid, dimension, bool(complete), known, *counters)


# -- writing -------------------------------------------------------------------------------------


def put_vectors(connection: apsw.Connection, collection_id: int, rows: Sequence[VectorRow]) -> int:
    """Insert or replace vectors by key; of rows with the same key the last counts.

    What is stored already stays as it is. Returns how many rows were written.
    """
    wanted = {row.key: row for row in rows}
    stored = _stored(connection, collection_id, list(wanted))
    changed = [
        row for key, row in wanted.items() if stored.get(key, (0, b"", ""))[1:] != (row.floats, row.metadata)
    ]
    _bury(connection, collection_id, [stored[row.key][0] for row in changed if row.key in stored])
    numbered = list(enumerate(changed, _last_id(connection) + 1))
    connection.executemany(
        "INSERT INTO vectors (id, collection_id, key, codes, metadata) VALUES (?, ?, ?, ?, ?)",
        [(number, collection_id, row.key, row.codes, row.metadata) for number, row in numbered],
    )
    connection.executemany(
        "INSERT INTO vector_floats (id, vector) VALUES (?, ?)",
        [(number, row.floats) for number, row in numbered],
    )
    connection.executemany(
        "INSERT INTO vector_facets (vector_id, name, value, collection_id) VALUES (?, ?, ?, ?)",
        [(number, name, value, collection_id) for number, row in numbered for name, value in row.facets],
    )
    if changed:
        connection.execute(
            "UPDATE vector_collections SET last_id = max(last_id, ?), live = live + ? WHERE id = ?",
            (numbered[-1][0], len(changed), collection_id),
        )
        connection.executemany(
            "DELETE FROM vector_skips WHERE (collection_id, key) = (?, ?)",
            [(collection_id, row.key) for row in changed],
        )
    return len(changed)


def delete_vectors(connection: apsw.Connection, collection_id: int, keys: Sequence[str]) -> int:
    """Delete by key; unknown keys are ignored. Returns how many there were."""
    found = [number for number, _, _ in _stored(connection, collection_id, keys).values()]
    _bury(connection, collection_id, found)
    return len(found)


def skip_keys(connection: apsw.Connection, collection_id: int, reasons: Mapping[str, str]) -> None:
    """Remember that these texts cannot be embedded, and why."""
    connection.executemany(
        "INSERT OR REPLACE INTO vector_skips (collection_id, key, reason) VALUES (?, ?, ?)",
        [(collection_id, key, reason) for key, reason in reasons.items()],
    )


def _last_id(connection: apsw.Connection) -> int:
    """The highest id that any row ever had."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'vectors'").fetchone()
    return int(row[0]) if row else 0


def _stored(
    connection: apsw.Connection, collection_id: int, keys: Sequence[str]
) -> dict[str, tuple[int, bytes, str]]:
    """(id, floats, metadata) of those keys that there are."""
    cursor = connection.execute(
        "SELECT v.key, v.id, f.vector, v.metadata FROM json_each(?) wanted"
        # In this order: the planner could also go through all vectors for each key.
        " CROSS JOIN vectors v ON v.collection_id = ? AND v.key = wanted.value"
        " CROSS JOIN vector_floats f ON f.id = v.id",
        (json.dumps(list(dict.fromkeys(keys)), ensure_ascii=False), collection_id),
    )
    return {key: (number, floats, metadata) for key, number, floats, metadata in cursor}


def _bury(connection: apsw.Connection, collection_id: int, ids: Sequence[int]) -> None:
    """Delete rows, leaving a tombstone for each."""
    if not ids:
        return
    connection.executemany(
        "INSERT INTO vector_tombstones (collection_id, vector_id) VALUES (?, ?)",
        [(collection_id, number) for number in ids],
    )
    last = connection.last_insert_rowid()
    single = [(number,) for number in ids]
    for table, column in (("vector_floats", "id"), ("vector_facets", "vector_id"), ("vectors", "id")):
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", single)
    connection.execute(
        "UPDATE vector_collections SET last_tombstone = ?, live = live - ? WHERE id = ?",
        (last, len(ids), collection_id),
    )
    [[count, live]] = connection.execute(
        "SELECT (SELECT count(*) FROM vector_tombstones WHERE collection_id = ?1), live"
        " FROM vector_collections WHERE id = ?1",
        (collection_id,),
    )
    if int(count) > max(_MIN_TOMBSTONES, int(live) // 4):
        # Whoever has not seen them all reads everything anew.
        connection.execute("DELETE FROM vector_tombstones WHERE collection_id = ?", (collection_id,))
        connection.execute("UPDATE vector_collections SET epoch = epoch + 1 WHERE id = ?", (collection_id,))


# -- reading -------------------------------------------------------------------------------------


def codes_after(connection: apsw.Connection, collection_id: int, after: int) -> Iterator[tuple[int, bytes]]:
    """(id, codes) of the rows behind an id, ascending."""
    return connection.execute(
        "SELECT id, codes FROM vectors WHERE collection_id = ? AND id > ? ORDER BY id", (collection_id, after)
    )


def floats_after(connection: apsw.Connection, collection_id: int, after: int) -> Iterator[tuple[int, bytes]]:
    """(id, exact vector) of the rows behind an id, ascending."""
    return connection.execute(
        "SELECT v.id, f.vector FROM vectors v JOIN vector_floats f ON f.id = v.id"
        " WHERE v.collection_id = ? AND v.id > ? ORDER BY v.id",
        (collection_id, after),
    )


def count_up_to(connection: apsw.Connection, collection_id: int, last_id: int) -> int:
    """Number of rows with ids up to `last_id`."""
    [[number]] = connection.execute(
        "SELECT count(*) FROM vectors WHERE collection_id = ? AND id <= ?", (collection_id, last_id)
    )
    return int(number)


def tombstones_after(connection: apsw.Connection, collection_id: int, seq: int) -> list[int]:
    """Ids of the rows that were deleted since a tombstone."""
    cursor = connection.execute(
        "SELECT vector_id FROM vector_tombstones WHERE collection_id = ? AND seq > ?", (collection_id, seq)
    )
    return [int(number) for (number,) in cursor]


def floats_of(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, bytes]:
    """The exact vectors of those rows that there are."""
    cursor = connection.execute(
        "SELECT id, vector FROM vector_floats WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return dict(cursor)


def keys_of(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """(key, metadata) of those rows that there are, by id."""
    cursor = connection.execute(
        "SELECT id, key, metadata FROM vectors WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return {number: (key, metadata) for number, key, metadata in cursor}


def ids_with_facets(
    connection: apsw.Connection, collection_id: int, facets: Sequence[tuple[str, str]]
) -> list[int]:
    """Ids of the rows that have every one of these facets, ascending."""
    one = "SELECT vector_id FROM vector_facets WHERE collection_id = ? AND name = ? AND value = ?"
    values = [value for name, text in facets for value in (collection_id, name, text)]
    [[joined]] = connection.execute(
        f"SELECT group_concat(vector_id) FROM ({' INTERSECT '.join([one] * len(facets))})", values
    )
    return sorted(int(number) for number in str(joined).split(",")) if joined else []


# -- words of the built-in embedder --------------------------------------------------------------


def put_words(
    connection: apsw.Connection, collection_id: int, words: Iterable[tuple[str, int, bytes]]
) -> None:
    """Store (word, number of texts, context) for a generation."""
    connection.executemany(
        "INSERT OR REPLACE INTO vector_words (collection_id, word, frequency, context) VALUES (?, ?, ?, ?)",
        [(collection_id, *word) for word in words],
    )


def words_of(
    connection: apsw.Connection, collection_id: int, words: Iterable[str]
) -> dict[str, tuple[int, bytes]]:
    """(number of texts, context) of those words that are known."""
    cursor = connection.execute(
        "SELECT word, frequency, context FROM vector_words"
        " WHERE collection_id = ? AND word IN (SELECT value FROM json_each(?))",
        (collection_id, json.dumps(list(words), ensure_ascii=False)),
    )
    return {word: (frequency, context) for word, frequency, context in cursor}
