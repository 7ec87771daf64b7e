"""Full-text search over the index: ranked documents, each with its best chunk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apsw

from spw_core.search.query import Query, parse_query
from spw_core.search.snippets import Tokenize, make_snippet, tokenizer
from spw_core.text import clean, clean_line

MODE = "lexical"
REASON = "words only: no embeddings are built"

# bm25 weights of the columns title, heading, body.
_WEIGHTS = (3.0, 1.5, 1.0)
# Chunks that are looked at per search, at least; documents are ranked by the best of them.
_MIN_CANDIDATES = 200
# Documents beyond the limit that are still looked at, so that ties at the edge are decided by their words.
_SPARE = 20
_CHUNKS_COMPARED = 12


@dataclass(frozen=True, slots=True)
class Filters:
    """Exact conditions on documents; an empty tuple asks for nothing."""

    specs: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One document that matches. `path` is relative to `.spec-workflow/`, `line` 1-based.

    `score` grows with relevance. `matched` are the words of the query that the chunk holds. All texts
    are safe to print.
    """

    id: int
    spec: str
    type: str
    phase: str
    command: str
    run: str
    wave: int
    agent: str
    status: str
    title: str
    heading: str
    path: str
    line: int
    snippet: str
    score: float
    matched: tuple[str, ...]
    updated_at: str


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """Results in order of relevance, and the mode that was really used, with the reason."""

    query: str
    mode_requested: str
    mode: str
    reason: str
    results: tuple[SearchResult, ...]


def search(
    connection: apsw.Connection,
    text: str,
    *,
    filters: Filters | None = None,
    limit: int = 10,
    typing: bool = False,
) -> SearchAnswer:
    """Find documents for a query as a person types it. Never raises for anything typed.

    While `typing`, the last word also matches as the beginning of a word.
    """
    query = parse_query(text, typing=typing)
    filters = filters or Filters()
    results: list[SearchResult] = []
    if query.expression and limit > 0:
        wanted = max(_MIN_CANDIDATES, limit * 8)
        while True:
            rows = list(_candidates(connection, query, filters, wanted))
            # One long document can own all of the best chunks: go on until there are enough documents.
            if len(rows) < wanted or len({row[0] for row in rows}) >= limit + _SPARE:
                break
            wanted *= 8
        results = _documents(rows, query, tokenizer(connection), limit)
    return SearchAnswer(clean_line(text), "auto", MODE, REASON, tuple(results))


_COLUMNS = (
    "d.id, d.spec, d.doc_type, d.phase, d.command, d.run, d.wave, d.agent, d.status, d.title, d.path,"
    " d.updated_at, c.line, c.heading, c.body, h.score"
)


def _candidates(
    connection: apsw.Connection, query: Query, filters: Filters, limit: int
) -> Iterable[tuple[Any, ...]]:
    """The best matching chunks with their documents, best first.

    MATCH runs in a CTE of its own: joined directly, the planner may look every filtered row up in FTS.
    """
    conditions, values = _conditions(filters)
    score = f"-bm25(chunks_fts, {', '.join(map(str, _WEIGHTS))})"
    # Without filters the best chunks are known before anything is joined.
    early = "" if conditions else "ORDER BY score DESC LIMIT ?2"
    return connection.execute(
        f"WITH h AS MATERIALIZED ("
        f"  SELECT rowid, {score} AS score FROM chunks_fts WHERE chunks_fts MATCH ?1 {early}"
        f") SELECT {_COLUMNS} FROM h JOIN chunks c ON c.id = h.rowid JOIN documents d ON d.id = c.document_id"
        f" {conditions} ORDER BY h.score DESC, d.path, c.line LIMIT ?2",
        (query.expression, limit, *values),
    )


def _conditions(filters: Filters) -> tuple[str, list[str]]:
    parts: list[str] = []
    values: list[str] = []
    for column, wanted in (("d.spec", filters.specs), ("d.doc_type", filters.types)):
        if wanted:
            first = 3 + len(values)
            parts.append(f"{column} IN ({', '.join(f'?{first + i}' for i in range(len(wanted)))})")
            values += wanted
    return ("WHERE " + " AND ".join(parts) if parts else ""), values


def _documents(
    rows: Iterable[tuple[Any, ...]], query: Query, tokenize: Tokenize, limit: int
) -> list[SearchResult]:
    """One result per document, ranked by its best chunk; at equal score those with more of the words first.

    The chunk that is shown is the one whose text holds most of the words: the best by score may owe it
    to the title alone, which all chunks of a document share.
    """
    stems = {stem: term.text for term in query.wanted for _, _, stem in tokenize(term.text)}
    prefixes = {
        stem: term.text for term in query.wanted if term.prefix for _, _, stem in tokenize(term.text)[-1:]
    }

    def words_in(text: str) -> set[str]:
        present = {stem for _, _, stem in tokenize(text)}
        found = {word for stem, word in stems.items() if stem in present}
        return found | {
            word for start, word in prefixes.items() if any(stem.startswith(start) for stem in present)
        }

    chunks: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        chunks.setdefault(row[0], []).append(row)
    results = []
    for candidates in list(chunks.values())[: limit + _SPARE]:
        score = candidates[0][-1]
        shown = max(candidates[:_CHUNKS_COMPARED], key=lambda row: len(words_in(row[-2])))
        (doc_id, spec, kind, phase, command, run, wave, agent, status, title, path, updated_at) = shown[:12]
        line, heading, body, _ = shown[12:]
        snippet = make_snippet(body, tokenize, stems, prefixes)
        matched = words_in(f"{title} {heading} {spec} {body}")
        results.append(
            SearchResult(
                id=doc_id,
                spec=spec,
                type=kind,
                phase=phase,
                command=command,
                run=clean_line(run),
                wave=wave,
                agent=clean_line(agent),
                status=clean_line(status),
                title=clean_line(title),
                heading=clean_line(heading),
                path=clean(path),
                line=line + snippet.line,
                snippet=snippet.text,
                score=round(score, 4),
                matched=tuple(dict.fromkeys(term.text for term in query.wanted if term.text in matched)),
                updated_at=updated_at,
            )
        )
    results.sort(key=lambda result: (-result.score, -len(result.matched)))
    return results[:limit]
