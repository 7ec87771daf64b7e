"""The lexical arm: chunks by their words, ranked with BM25 by FTS5."""

from __future__ import annotations

import json
from collections.abc import Sequence

import apsw

from spw_core.search.expression import expression_of
from spw_core.search.filters import Filters, conditions
from spw_core.search.query import Query
from spw_core.search.ranking import LEXICAL, ArmScore, Hit, Ranked, RankRequest

ARM = "text"
REASON = "words only: no embeddings are built"
ASKED = "words only, as asked"
NEWEST = "no words: the newest first"

# Of the columns title, heading, body, exact.
_WEIGHTS = (4.0, 2.0, 1.0, 0.25)
_SCORE = f"-bm25(chunks_fts, {', '.join(map(str, _WEIGHTS))})"
# Without filters the best chunks are taken before the documents are looked at; so many more of them, because
# some may belong to documents that were removed.
_SPARE = 50
_MOST_COUNTED = 1000


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
    if not filters:
        found = _rank(connection, expression, filters, limit, first=limit + _SPARE)
        if found is not None:
            return found
    return _rank(connection, expression, filters, limit, first=-1) or []


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


def rank_by_words(
    connection: apsw.Connection,
    request: RankRequest,
    reason: str = REASON,
) -> Ranked:
    """The answer of the lexical arm alone."""
    found = rank(connection, request.query, request.filters, request.limit)
    hits = tuple(
        Hit(chunk_id, value, {ARM: ArmScore(place, value)})
        for place, (chunk_id, value) in enumerate(found, 1)
    )
    return Ranked(hits, LEXICAL, reason)


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
