"""A search from beginning to end: read what was typed, rank, and make results of the best chunks."""

from __future__ import annotations

from dataclasses import dataclass, field

import apsw

from spw_core.search.filters import Filters
from spw_core.search.lexical import rank_by_words
from spw_core.search.marks import WordMarks, tokenizer
from spw_core.search.query import Query, parse_query
from spw_core.search.ranking import AUTO, LEXICAL, Ranked, Ranker, RankRequest
from spw_core.search.results import SPARE, Groups, SearchResult
from spw_core.text import clean_line

NOTHING_HARVESTED = "nothing is harvested yet"

# Chunks that are ranked per search, at least; documents are ranked by the best of them.
_MIN_CHUNKS = 200
_CHUNKS_PER_RESULT = 8


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is asked. `mode` is one of `ranking.MODES`, `group` one of `results.GROUPS`.

    Filters in `text` and in `filters` both count. While `typing`, the last word also matches as the
    beginning of a word.
    """

    text: str
    filters: Filters = field(default_factory=Filters)
    limit: int = 10
    mode: str = AUTO
    group: str = ""
    typing: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that occurs nowhere, and the one that was looked for instead."""

    typed: str
    used: str


@dataclass(frozen=True, slots=True)
class FilterLoss:
    """A filter as it is typed, and how many documents there would be without it (counted up to a bound)."""

    filter: str
    documents: int


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """Results in order of relevance, and the mode that was really used, with the reason.

    `filtered` is filled when nothing was found, for the filters to blame.
    """

    query: str
    mode_requested: str
    mode: str
    reason: str
    results: tuple[SearchResult, ...]
    corrections: tuple[Correction, ...] = ()
    filtered: tuple[FilterLoss, ...] = ()


def no_index(text: str, mode: str = AUTO) -> SearchAnswer:
    """The answer where there is no index to look into."""
    return SearchAnswer(clean_line(text), mode, LEXICAL, NOTHING_HARVESTED, ())


def find(connection: apsw.Connection, request: SearchRequest, ranker: Ranker | None = None) -> SearchAnswer:
    """Find documents for a query as a person types it. Never raises for anything typed.

    `ranker` ranks by meaning as well; without one, and in lexical mode, words alone count.
    """
    query = parse_query(request.text, typing=request.typing)
    ranked, results = _ranked_results(connection, query, request, ranker)
    return SearchAnswer(clean_line(request.text), request.mode, ranked.mode, ranked.reason, tuple(results))


def _ranked_results(
    connection: apsw.Connection, query: Query, request: SearchRequest, ranker: Ranker | None
) -> tuple[Ranked, list[SearchResult]]:
    """Rank as many chunks as it takes for the results that are wanted."""
    by_words = ranker is None or request.mode == LEXICAL
    wanted = max(_MIN_CHUNKS, request.limit * _CHUNKS_PER_RESULT)
    while True:
        asked = RankRequest(query, request.filters, wanted, request.mode)
        ranked = rank_by_words(connection, asked) if ranker is None or by_words else ranker(asked)
        groups = Groups(connection, ranked.hits, request.group)
        # One long document can own all of the best chunks: go on until there are enough documents.
        if len(ranked.hits) < wanted or len(groups) >= request.limit + SPARE or request.limit < 1:
            break
        wanted *= _CHUNKS_PER_RESULT
    return ranked, groups.results(WordMarks.of(query, tokenizer(connection)), request.limit)
