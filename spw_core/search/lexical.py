"""The lexical arm: chunks by their words, ranked with BM25 by FTS5."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import apsw

from spw_core.search.expression import excluded_by, expression_of
from spw_core.search.filters import Filters, conditions
from spw_core.search.query import Query
from spw_core.search.ranking import LEXICAL, Hit, Ranked, RankRequest

ARM = "text"
NEWEST = "no words: the newest first"

# Of the columns title, heading, body, exact.
_WEIGHTS = (4.0, 2.0, 1.0, 0.25)
_SCORE = f"-bm25(chunks_fts, {', '.join(map(str, _WEIGHTS))})"
# Without filters the best chunks are taken before the documents are looked at; so many more of them, because
# some may belong to documents that were removed.
_SPARE = 50
_MOST_COUNTED = 1000
# So few chunks that pass the filters are named before the words are looked for.
_FEW = 5000
# So many of the newest documents are looked at, before all are that pass the filters.
_NEWEST_LOOKED_AT = 2000
# No chunk of a document matches `?1`; the order is forced, as in `count_documents`.
_HOLDS_NONE = (
    "d.id NOT IN (SELECT c.document_id FROM chunks_fts CROSS JOIN chunks c ON c.id = chunks_fts.rowid"
    " WHERE chunks_fts MATCH ?1)"
)


def rank(
    connection: apsw.Connection,
    query: Query,
    filters: Filters,
    limit: int,
) -> list[tuple[int, float]]:
    """The best `limit` chunks for a query as (chunk id, score), best first. Scores grow with relevance.

    Chunks of equal score are in the order of their documents' keys and their lines.
    """
    expression = expression_of(query)
    if not expression or limit < 1:
        return []
    if filters:
        if (few := few_chunks(connection, filters)) is not None:
            return rank_some(connection, expression, few, limit)
    elif (found := _rank(connection, expression, filters, limit, first=limit + _SPARE)) is not None:
        return found
    return _rank(connection, expression, filters, limit, first=-1) or []


def weigh(
    connection: apsw.Connection, expression: str, limit: int, newest: int = -1
) -> list[tuple[int, float]]:
    """The best `limit` chunks for an expression of FTS5, those of removed documents among them, as `rank`
    gives them. Only the `newest` that match are weighed, or all where that is below 0."""
    rows = connection.execute(
        f"WITH matching AS MATERIALIZED ("
        f"  SELECT rowid AS chunk_id, {_SCORE} AS score FROM chunks_fts WHERE chunks_fts MATCH ?1"
        f"  ORDER BY rowid DESC LIMIT ?2"
        f") SELECT chunk_id, score FROM matching ORDER BY score DESC LIMIT ?3",
        (expression, newest, limit),
    )
    return [(int(chunk_id), float(score)) for chunk_id, score in rows]


def passing(
    connection: apsw.Connection, filters: Filters, ranked: Sequence[tuple[int, float]], limit: int
) -> list[tuple[int, float]]:
    """The first `limit` of some ranked chunks that pass the filters. No more are looked up than it takes."""
    condition, values = conditions(filters, first=2)
    found: list[tuple[int, float]] = []
    for start in range(0, len(ranked), limit + _SPARE):
        part = ranked[start : start + limit + _SPARE]
        rows = connection.execute(
            "SELECT c.id FROM json_each(?1) wanted CROSS JOIN chunks c ON c.id = wanted.value"
            f" CROSS JOIN documents d ON d.id = c.document_id WHERE {condition}",
            (json.dumps([chunk_id for chunk_id, _ in part]), *values),
        )
        allowed = {chunk_id for (chunk_id,) in rows}
        found += [pair for pair in part if pair[0] in allowed]
        if len(found) >= limit:
            break
    return found[:limit]


def rank_some(
    connection: apsw.Connection, expression: str, chunk_ids: Sequence[int], limit: int
) -> list[tuple[int, float]]:
    """As `rank` for an expression of FTS5, of these chunks alone. The others are found, too, but not weighed,
    which is what costs."""
    scores = _score(connection, expression, chunk_ids)
    rows = connection.execute(
        "SELECT c.id, d.key, c.line FROM json_each(?1) wanted CROSS JOIN chunks c ON c.id = wanted.value"
        " JOIN documents d ON d.id = c.document_id",
        (json.dumps(list(scores)),),
    )
    ranked = sorted((-scores[int(chunk_id)], key, line, int(chunk_id)) for chunk_id, key, line in rows)
    return [(chunk_id, -value) for value, _, _, chunk_id in ranked[:limit]]


def few_chunks(connection: apsw.Connection, filters: Filters) -> list[int] | None:
    """The chunks that pass the filters, None when they are many."""
    condition, values = conditions(filters, first=2)
    rows = connection.execute(
        "SELECT c.id FROM documents d CROSS JOIN chunks c ON c.document_id = d.id"
        f" WHERE {condition} LIMIT ?1",
        (_FEW + 1, *values),
    ).fetchall()
    return [int(str(chunk_id)) for (chunk_id,) in rows] if len(rows) <= _FEW else None


def count_chunks(connection: apsw.Connection, expression: str, most: int) -> int:
    """How many chunks match an expression of FTS5; counting ends at `most`."""
    [[number]] = connection.execute(
        "SELECT count(*) FROM (SELECT rowid FROM chunks_fts WHERE chunks_fts MATCH ?1 LIMIT ?2)",
        (expression, most),
    )
    return int(number)


def _rank(
    connection: apsw.Connection, expression: str, filters: Filters, limit: int, *, first: int
) -> list[tuple[int, float]] | None:
    """With `first` >= 0 only so many of the best matches are looked at; None when these were too few.

    MATCH runs in a CTE of its own: joined directly, the planner may look every filtered row up in FTS.
    """
    condition, values = conditions(filters, first=4)
    early = "ORDER BY score DESC LIMIT ?3" if first >= 0 else ""
    cursor = connection.execute(
        f"WITH matching AS MATERIALIZED ("
        f"  SELECT rowid AS chunk_id, {_SCORE} AS score FROM chunks_fts WHERE chunks_fts MATCH ?1 {early}"
        f") SELECT m.chunk_id, m.score, (SELECT count(*) FROM matching)"
        f" FROM matching m JOIN chunks c ON c.id = m.chunk_id JOIN documents d ON d.id = c.document_id"
        f" WHERE {condition} AND ?3 = ?3 ORDER BY m.score DESC, d.key, c.line LIMIT ?2",
        (expression, limit, first, *values),
    )
    rows = [(int(chunk_id), float(score), int(seen)) for chunk_id, score, seen in cursor]
    if first >= 0 and len(rows) < limit:
        looked_at = rows[0][2] if rows else first
        if looked_at >= first:
            return None
    return [(chunk_id, score) for chunk_id, score, _ in rows]


def score(
    connection: apsw.Connection,
    query: Query,
    chunk_ids: Sequence[int],
) -> dict[int, float]:
    """The score that `rank` gives to each of some chunks; those that hold none of the words are missing.

    One pass over the matches, as `rank` makes it, but only the chunks asked for are scored.
    """
    expression = expression_of(query)
    return _score(connection, expression, chunk_ids) if expression else {}


def _score(connection: apsw.Connection, expression: str, chunk_ids: Sequence[int]) -> dict[int, float]:
    if not chunk_ids:
        return {}
    rows = connection.execute(
        # The plus keeps the ids from being looked up in FTS one by one, which would weigh the words anew
        # each time.
        f"SELECT rowid, {_SCORE} FROM chunks_fts WHERE chunks_fts MATCH ?1"
        " AND +rowid IN (SELECT value FROM json_each(?2))",
        (expression, json.dumps(list(chunk_ids))),
    )
    return {int(chunk_id): float(value) for chunk_id, value in rows}


def newest(connection: apsw.Connection, request: RankRequest) -> Ranked:
    """The documents that pass the filters and hold nothing of what the query excludes, the newest first, each
    by its first chunk."""
    condition, values = conditions(request.filters, first=4)
    excluded = excluded_by(request.query)
    if excluded:
        condition = f"{condition} AND {_HOLDS_NONE}"

    def first(documents: str) -> list[int]:
        rows = connection.execute(
            "SELECT (SELECT min(c.id) FROM chunks c WHERE c.document_id = d.id) AS chunk_id"
            f" FROM {documents} d WHERE {condition} AND chunk_id IS NOT NULL AND ?1 = ?1 AND ?3 = ?3"
            " ORDER BY d.updated_at DESC, d.key LIMIT ?2",
            (excluded, request.limit, _NEWEST_LOOKED_AT, *values),
        )
        return [int(str(chunk_id)) for (chunk_id,) in rows]

    # In the order of their times as far as it goes; the planner would sort all that pass.
    by_time = "documents INDEXED BY documents_by_time ORDER BY updated_at DESC, key"
    found = first(f"(SELECT * FROM {by_time} LIMIT ?3)")
    if len(found) < request.limit:
        found = first("documents")
    return Ranked(tuple(Hit(chunk_id, 0.0) for chunk_id in found), LEXICAL, NEWEST)


def count_documents(connection: apsw.Connection, query: Query, filters: Filters) -> int:
    """How many documents a query finds under some filters, 1,000 at most."""
    expression = expression_of(query)
    excluded = "" if expression else excluded_by(query)
    few = few_chunks(connection, filters) if filters and not excluded else None
    if few is not None:
        return _count_documents_of(connection, _score(connection, expression, few) if expression else few)
    condition, values = conditions(filters, first=2)
    if not expression:
        has_text = "EXISTS (SELECT 1 FROM chunks c WHERE c.document_id = d.id)"
        documents = f"SELECT d.id FROM documents d WHERE {has_text}"
        if excluded:
            documents += f" AND {_HOLDS_NONE}"
    else:  # the order is forced: the planner may ask FTS once for each document, which takes seconds
        documents = (
            "SELECT DISTINCT d.id FROM chunks_fts CROSS JOIN chunks c ON c.id = chunks_fts.rowid"
            " CROSS JOIN documents d ON d.id = c.document_id WHERE chunks_fts MATCH ?1"
        )
    [[number]] = connection.execute(
        f"SELECT count(*) FROM ({documents} AND {condition} AND ?1 = ?1 LIMIT {_MOST_COUNTED})",
        (expression or excluded, *values),
    )
    return int(number)


def _count_documents_of(connection: apsw.Connection, chunk_ids: Iterable[int]) -> int:
    [[number]] = connection.execute(
        "SELECT count(DISTINCT c.document_id) FROM json_each(?) wanted CROSS JOIN chunks c"
        " ON c.id = wanted.value",
        (json.dumps(list(chunk_ids)),),
    )
    return min(int(number), _MOST_COUNTED)
