"""Chunks and their vectors: equal texts share one vector, whose key is the hash of the text in hex.

Conditions are SQL over the table `documents d`, with their values numbered from the parameter that is named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import apsw

from spw_core.store.rows import Value

_WITHOUT_VECTOR = (
    "NOT EXISTS (SELECT 1 FROM vectors v WHERE v.collection_id = ?1 AND v.key = lower(hex(c.content_hash)))"
    " AND NOT EXISTS (SELECT 1 FROM vector_skips s"
    "   WHERE s.collection_id = ?1 AND s.key = lower(hex(c.content_hash)))"
)
_JOINED = "chunks c JOIN documents d ON d.id = c.document_id"


def pending_texts(
    connection: apsw.Connection, collection_id: int, after: int, limit: int
) -> list[tuple[int, str, str, str]]:
    """(chunk id, key, heading, body) of texts without a vector, behind a chunk id, each text once."""
    cursor = connection.execute(
        "SELECT c.id, lower(hex(c.content_hash)), c.heading, c.body FROM chunks c"
        f" WHERE c.id > ?2 AND {_WITHOUT_VECTOR} ORDER BY c.id LIMIT ?3",
        (collection_id, after, limit),
    )
    rows: dict[str, tuple[int, str, str, str]] = {}
    for number, key, heading, body in cursor:
        # The last chunk counts, so that the next call goes on behind it.
        rows[str(key)] = (int(number), str(key), str(heading), str(body))
    return list(rows.values())


def still_there(connection: apsw.Connection, keys: Sequence[str]) -> set[str]:
    """Those of some keys whose text is in a chunk."""
    cursor = connection.execute(
        "SELECT value FROM json_each(?)"
        " WHERE EXISTS (SELECT 1 FROM chunks c WHERE c.content_hash = unhex(value))",
        (json.dumps(list(keys)),),
    )
    return {str(key) for (key,) in cursor}


def count_pending(connection: apsw.Connection, collection_id: int) -> int:
    """Number of different texts without a vector."""
    [[number]] = connection.execute(
        f"SELECT count(DISTINCT c.content_hash) FROM chunks c WHERE {_WITHOUT_VECTOR}", (collection_id,)
    )
    return int(number)


def count_texts(connection: apsw.Connection) -> int:
    """Number of different texts."""
    [[number]] = connection.execute("SELECT count(DISTINCT content_hash) FROM chunks")
    return int(number)


def texts(connection: apsw.Connection, step: int) -> Iterator[tuple[str, str]]:
    """(heading, body) of every `step`-th text, each text once."""
    numbered = (
        "SELECT min(id) AS id, row_number() OVER (ORDER BY min(id)) AS n FROM chunks GROUP BY content_hash"
    )
    cursor = connection.execute(
        f"SELECT c.heading, c.body FROM ({numbered}) t JOIN chunks c ON c.id = t.id WHERE (t.n - 1) % ? = 0",
        (step,),
    )
    return ((str(heading), str(body)) for heading, body in cursor)


def orphans(connection: apsw.Connection, collection_id: int) -> list[str]:
    """Keys of vectors whose text is in no chunk any more."""
    cursor = connection.execute(
        "SELECT v.key FROM vectors v WHERE v.collection_id = ?"
        " AND NOT EXISTS (SELECT 1 FROM chunks c WHERE c.content_hash = unhex(v.key))",
        (collection_id,),
    )
    return [str(key) for (key,) in cursor]


def allowed_ids(
    connection: apsw.Connection, collection_id: int, condition: str, values: Sequence[Value]
) -> list[int]:
    """Ids of the vectors of all chunks whose document meets a condition; its values are from `?2` on."""
    [[joined]] = connection.execute(
        f"SELECT group_concat(DISTINCT v.id) FROM {_JOINED}"
        " JOIN vectors v ON v.collection_id = ?1 AND v.key = lower(hex(c.content_hash))"
        f" WHERE {condition}",
        (collection_id, *values),
    )
    return [int(number) for number in str(joined).split(",")] if joined else []


def chunks_of(
    connection: apsw.Connection, ids: Sequence[int], condition: str, values: Sequence[Value]
) -> list[tuple[int, int]]:
    """(vector id, chunk id) for vectors, in order; only of documents that meet a condition (`?2` on)."""
    cursor = connection.execute(
        "SELECT v.id, c.id FROM json_each(?1) wanted CROSS JOIN vectors v ON v.id = wanted.value"
        " CROSS JOIN chunks c ON c.content_hash = unhex(v.key) CROSS JOIN documents d ON d.id = c.document_id"
        f" WHERE {condition} ORDER BY wanted.key, c.id",
        (json.dumps(list(ids)), *values),
    )
    return [(int(vector), int(chunk)) for vector, chunk in cursor]


def document_paths(connection: apsw.Connection, chunks: Sequence[int]) -> dict[int, str]:
    """The path of the document of each of some chunks."""
    cursor = connection.execute(
        "SELECT c.id, d.path FROM json_each(?) wanted CROSS JOIN chunks c ON c.id = wanted.value"
        " CROSS JOIN documents d ON d.id = c.document_id",
        (json.dumps(list(chunks)),),
    )
    return {int(chunk): str(path) for chunk, path in cursor}


def vectors_of(connection: apsw.Connection, collection_id: int, chunks: Sequence[int]) -> dict[int, int]:
    """The vector id of each of some chunks, for those that have one."""
    cursor = connection.execute(
        "SELECT c.id, v.id FROM json_each(?2) wanted CROSS JOIN chunks c ON c.id = wanted.value"
        " CROSS JOIN vectors v ON v.collection_id = ?1 AND v.key = lower(hex(c.content_hash))",
        (collection_id, json.dumps(list(chunks))),
    )
    return {int(chunk): int(vector) for chunk, vector in cursor}
