"""The lexical arm: chunks by their words, ranked with BM25 by FTS5."""

from __future__ import annotations

import json
from collections.abc import Sequence

import apsw

from spw_core.search.expression import expression_of
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
            return rank_some(connection, query, few, limit)
    elif (found := _rank(connection, expression, filters, limit, first=limit + _SPARE)) is not None:
        return found
    return _rank(connection, expression, filters, limit, first=-1) or []


def rank_newest(
    connection: apsw.Connection, expression: str, filters: Filters, newest: int, limit: int
) -> list[tuple[int, float]]:
    """As `rank`, of the `newest` chunks that match, or of all where that is below 0.

    Filters are looked at afterwards, and removed documents, so that there may be fewer than `limit`.
    """
    condition, values = conditions(filters, first=5)
    cursor = connection.execute(
        f"WITH matching AS MATERIALIZED ("
        f"  SELECT rowid AS chunk_id, {_SCORE} AS score FROM chunks_fts WHERE chunks_fts MATCH ?1"
        f"  ORDER BY rowid DESC LIMIT ?2"
        f"), best AS MATERIALIZED (SELECT * FROM matching ORDER BY score DESC LIMIT ?3)"
        f" SELECT m.chunk_id, m.score"
        f" FROM best m CROSS JOIN chunks c ON c.id = m.chunk_id JOIN documents d ON d.id = c.document_id"
        f" WHERE {condition} ORDER BY m.score DESC, d.key, c.line LIMIT ?4",
        (expression, newest, -1 if filters else limit + _SPARE, limit, *values),
    )
    return [(int(chunk_id), float(score)) for chunk_id, score in cursor]


def rank_some(
    connection: apsw.Connection, query: Query, chunk_ids: Sequence[int], limit: int
) -> list[tuple[int, float]]:
    """As `rank`, of these chunks alone. The others are found, too, but not weighed, which is what costs."""
    scores = score(connection, query, chunk_ids)
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
    if not expression or not chunk_ids:
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
    """The documents that pass the filters, the newest first, each by its first chunk."""
    condition, values = conditions(request.filters, first=2)
    # Without filters all are in the order of their times already; the planner would sort them anew.
    by_time = "" if request.filters else "INDEXED BY documents_by_time"
    rows = connection.execute(
        "SELECT (SELECT min(c.id) FROM chunks c WHERE c.document_id = d.id) AS chunk_id"
        f" FROM documents d {by_time} WHERE {condition} AND chunk_id IS NOT NULL"
        " ORDER BY d.updated_at DESC, d.key LIMIT ?1",
        (request.limit, *values),
    )
    return Ranked(tuple(Hit(int(chunk_id), 0.0) for (chunk_id,) in rows), LEXICAL, NEWEST)


def count_documents(connection: apsw.Connection, query: Query, filters: Filters) -> int:
    """How many documents a query finds under some filters, 1,000 at most."""
    condition, values = conditions(filters, first=2)
    expression = expression_of(query)
    if not expression:
        has_text = "EXISTS (SELECT 1 FROM chunks c WHERE c.document_id = d.id)"
        documents = f"SELECT d.id FROM documents d WHERE {has_text}"
    else:  # the order is forced: the planner may ask FTS once for each document, which takes seconds
        documents = (
            "WITH matching AS MATERIALIZED (SELECT rowid AS id FROM chunks_fts WHERE chunks_fts MATCH ?1)"
            " SELECT DISTINCT d.id FROM matching m CROSS JOIN chunks c ON c.id = m.id"
            " CROSS JOIN documents d ON d.id = c.document_id WHERE true"
        )
    [[number]] = connection.execute(
        f"SELECT count(*) FROM ({documents} AND {condition} AND ?1 = ?1 LIMIT {_MOST_COUNTED})",
        (expression, *values),
    )
    return int(number)
