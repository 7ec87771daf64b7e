"""From ranked chunks to what is shown: one result per document or group, its snippet, what matched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

import apsw

from spw_core.search.chunks import Chunk, heading_at
from spw_core.search.marks import WordMarks
from spw_core.search.ranking import ArmScore, Hit
from spw_core.search.snippets import make_snippet
from spw_core.text import clean, clean_line

BY_SPEC, BY_RUN = "spec", "run"
GROUPS = ("", BY_SPEC, BY_RUN)

# Documents beyond the limit that are still looked at, so that ties at the edge are decided by their words.
SPARE = 20
_CHUNKS_COMPARED = 12


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a result stands where it does: what each arm says of its best chunk."""

    arm: str
    rank: int
    score: float


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
    task: str = ""
    removed_at: str = ""
    source: str = "spec"
    key: str = ""
    explain: tuple[Explanation, ...] = ()


class _Row(NamedTuple):
    chunk_id: int
    line: int
    heading: str
    body: str
    id: int
    source: str
    key: str
    path: str
    spec: str
    doc_type: str
    phase: str
    command: str
    run: str
    wave: int
    task: str
    agent: str
    status: str
    title: str
    updated_at: str
    removed_at: str


_SELECT = (
    "SELECT c.id, c.line, c.heading, c.body, d.id, d.source, d.key, d.path, d.spec, d.doc_type, d.phase,"
    " d.command, d.run, d.wave, d.task, d.agent, d.status, d.title, d.updated_at, d.removed_at"
    " FROM json_each(?) wanted CROSS JOIN chunks c ON c.id = wanted.value"
    " JOIN documents d ON d.id = c.document_id"
)


class Groups:
    """Ranked chunks, gathered by what becomes one result. Each group is as good as its best chunk."""

    def __init__(self, connection: apsw.Connection, hits: Sequence[Hit], group: str) -> None:
        rows = {
            row[0]: _Row(*row)
            for row in connection.execute(_SELECT, (json.dumps([hit.chunk_id for hit in hits]),))
        }
        self._chosen: dict[tuple[object, ...], int] = {}
        self._chunks: dict[int, list[tuple[Hit, _Row]]] = {}
        for hit in hits:
            # A chunk may be gone: vectors and words are read one after the other.
            if row := rows.get(hit.chunk_id):
                key = _group_key(row, group)
                if key is not None and self._chosen.setdefault(key, row.id) == row.id:
                    self._chunks.setdefault(row.id, []).append((hit, row))

    def __len__(self) -> int:
        return len(self._chunks)

    def results(self, marks: WordMarks, limit: int) -> list[SearchResult]:
        """The best results; at equal score those with more of the words first."""
        groups = list(self._chunks.values())
        shown = groups[:limit]
        if shown:  # those that are as good as the last one may hold more of the words
            last = _score(shown[-1])
            shown += takewhile(lambda chunks: _score(chunks) == last, groups[limit : limit + SPARE])
        found = [_result(chunks, marks) for chunks in shown]
        found.sort(key=lambda result: (-result.score, -len(result.matched)))
        return found[:limit]


def _score(chunks: Sequence[tuple[Hit, _Row]]) -> float:
    return round(chunks[0][0].score, 4)


def _group_key(row: _Row, group: str) -> tuple[object, ...] | None:
    """What a document is one of: itself, its spec, its run. None for one that belongs to no such group."""
    if group == BY_SPEC:
        return (row.spec,) if row.spec else None
    if group == BY_RUN:
        return (row.spec, row.phase, row.command, row.wave, row.run) if row.run else None
    return (row.id,)


def _result(chunks: Sequence[tuple[Hit, _Row]], marks: WordMarks) -> SearchResult:
    """The result for one document.

    The chunk that is shown is the one whose text holds most of the words: the best by score may owe it
    to the title alone, which all chunks of a document share.
    """
    found = [(marks.found_in(row.body), row) for _, row in chunks[:_CHUNKS_COMPARED]]
    hits, row = max(found, key=lambda chunk: len({word for _, _, word in chunk[0]}))
    if not hits and marks.words_in(row.title):
        # The title alone matches, which makes the shortest passage the best: the first one says more.
        hits, row = min(found, key=lambda chunk: chunk[1].line)
    snippet = make_snippet(row.body, hits)
    matched = {word for _, _, word in hits} | marks.words_in(f"{row.title} {row.heading} {row.spec}")
    return SearchResult(
        id=row.id,
        spec=clean_line(row.spec),
        type=clean_line(row.doc_type),
        phase=clean_line(row.phase),
        command=clean_line(row.command),
        run=clean_line(row.run),
        wave=row.wave,
        task=clean_line(row.task),
        agent=clean_line(row.agent),
        status=clean_line(row.status),
        title=clean_line(row.title),
        heading=clean_line(heading_at(Chunk(row.line, row.heading, row.body), snippet.line)),
        path=clean(row.path),
        line=row.line + snippet.line,
        snippet=snippet.text,
        score=_score(chunks),
        matched=marks.in_order(matched),
        updated_at=clean_line(row.updated_at),
        removed_at=row.removed_at,
        source=clean_line(row.source),
        key=clean_line(row.key.removeprefix(f"{row.source}:")),
        explain=tuple(_explanation(arm, value) for arm, value in chunks[0][0].arms.items()),
    )


def _explanation(arm: str, value: ArmScore) -> Explanation:
    return Explanation(arm, value.rank, round(value.score, 4))
