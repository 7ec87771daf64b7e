"""A search from beginning to end: read what was typed, rank, and make results of the best chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

import apsw

from spw_core.search.by_words import ASKED, rank_by_words
from spw_core.search.filters import Filters
from spw_core.search.lexical import count_documents, newest
from spw_core.search.marks import WordMarks, tokenizer
from spw_core.search.query import Query, parse_query
from spw_core.search.quick import shortened
from spw_core.search.ranking import AUTO, LEXICAL, Ranked, Ranker, RankRequest
from spw_core.search.results import SPARE, Groups, SearchResult
from spw_core.search.similar import query_like
from spw_core.search.vocabulary import Vocabulary
from spw_core.text import clean_line

NOTHING_HARVESTED = "nothing is harvested yet"
NOTHING_ASKED = "nothing was asked for"

# Chunks that are ranked per search, at least; documents are ranked by the best of them.
_MIN_CHUNKS = 200
_CHUNKS_PER_RESULT = 8
# Filters that are looked at when nothing was found.
_MOST_BLAMED = 20


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is asked. `mode` is one of `ranking.MODES`, `group` one of `results.GROUPS`.

    Filters in `text` and in `filters` both count. While `typing`, the last word also matches as the
    beginning of a word. A `quick` answer comes soon, and says when it is not the final one.
    """

    text: str
    filters: Filters = field(default_factory=Filters)
    limit: int = 10
    mode: str = AUTO
    group: str = ""
    typing: bool = False
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that occurs nowhere, and the one that was looked for instead."""

    typed: str
    used: str


@dataclass(frozen=True, slots=True)
class FilterLoss:
    """A filter as it is typed, and how many documents there would be without it, 1,000 at most."""

    filter: str
    documents: int


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """Results in order of relevance, and the mode that was really used, with the reason.

    `filtered` is filled when nothing was found, for the filters to blame. An answer that is not `is_final` is
    to bridge the time until the same is asked without `quick`. `behind` names the specs whose newest files
    could not be taken into the index.
    """

    query: str
    mode_requested: str
    mode: str
    reason: str
    results: tuple[SearchResult, ...]
    corrections: tuple[Correction, ...] = ()
    filtered: tuple[FilterLoss, ...] = ()
    is_final: bool = True
    behind: tuple[str, ...] = ()

    def lacking(self, specs: tuple[str, ...]) -> SearchAnswer:
        """The same answer, which says that the newest files of these specs were not looked into."""
        if not specs:
            return self
        return replace(self, behind=specs, reason=f"{self.reason}; without the newest of {', '.join(specs)}")


def no_index(text: str, mode: str = AUTO) -> SearchAnswer:
    """The answer where there is no index to look into."""
    return SearchAnswer(clean_line(text), mode, LEXICAL, NOTHING_HARVESTED, ())


def find(connection: apsw.Connection, request: SearchRequest, ranker: Ranker | None = None) -> SearchAnswer:
    """Find documents for a query as a person types it. Never raises for anything typed.

    Filters without a word find the newest documents, and so do excluded words alone and the first letter of
    a word. `ranker` ranks by meaning as well; without one, and in lexical mode, words alone count.
    """
    parsed = parse_query(request.text, typing=request.typing)
    looked_for = shortened(parsed) if request.quick else parsed
    query, corrected = Vocabulary(connection).resolve(looked_for, typing=request.typing, quick=request.quick)
    filters = request.filters.both(query.filters)
    ranked, results = _ranked_results(connection, request, query, filters, ranker)
    is_nothing = not results and request.limit > 0
    return SearchAnswer(
        clean_line(request.text),
        request.mode,
        ranked.mode,
        ranked.reason,
        tuple(results),
        tuple(Correction(clean_line(typed), used) for typed, used in corrected.items()),
        tuple(_losses(connection, query, filters)) if is_nothing and not request.quick else (),
        ranked.is_final and looked_for == parsed and not (request.quick and is_nothing and filters),
    )


def find_similar(
    connection: apsw.Connection, document_id: int, request: SearchRequest, ranker: Ranker | None = None
) -> SearchAnswer | None:
    """Documents that speak of the same things as one, without it; None when there is no such document.

    The text of the request does not count, everything else does.
    """
    query = query_like(connection, document_id)
    if query is None:
        return None
    more = replace(request, limit=request.limit + 1)
    ranked, results = _ranked_results(connection, more, query, request.filters, ranker)
    others = [result for result in results if result.id != document_id][: request.limit]
    return SearchAnswer(clean_line(query.text), request.mode, ranked.mode, ranked.reason, tuple(others))


def _ranked_results(
    connection: apsw.Connection,
    request: SearchRequest,
    query: Query,
    filters: Filters,
    ranker: Ranker | None,
) -> tuple[Ranked, list[SearchResult]]:
    """Rank as many chunks as it takes for the results that are wanted."""
    wanted = max(_MIN_CHUNKS, request.limit * _CHUNKS_PER_RESULT)
    while True:
        asked = RankRequest(query, filters, wanted, request.mode, request.quick)
        ranked = _rank(connection, asked, ranker)
        groups = Groups(connection, ranked.hits, request.group)
        # One long document can own all of the best chunks: go on until there are enough documents.
        if len(ranked.hits) < wanted or len(groups) >= request.limit + SPARE or request.limit < 1:
            break
        if request.quick:
            ranked = replace(ranked, is_final=False)
            break
        wanted *= _CHUNKS_PER_RESULT
    return ranked, groups.results(WordMarks.of(query, tokenizer(connection)), request.limit)


def _rank(connection: apsw.Connection, asked: RankRequest, ranker: Ranker | None) -> Ranked:
    if not asked.query.wanted:
        is_letter = asked.limit and asked.query.text.strip().removeprefix("-").isalnum()
        is_something = asked.filters or asked.query.terms or is_letter
        return newest(connection, asked) if is_something else Ranked((), LEXICAL, NOTHING_ASKED)
    if asked.mode == LEXICAL:
        return rank_by_words(connection, asked, ASKED)
    if ranker is None:
        return rank_by_words(connection, asked)
    return ranker(asked)


def _losses(connection: apsw.Connection, query: Query, filters: Filters) -> Iterator[FilterLoss]:
    """For each filter, the documents that it alone keeps out; for all of them where none does it alone."""
    parts = list(islice(filters.parts(), _MOST_BLAMED))
    blamed = False
    for text, others in parts:
        if count := count_documents(connection, query, others):
            blamed = True
            yield FilterLoss(clean_line(text), count)
    if len(parts) > 1 and not blamed:
        together = " ".join(text for text, _ in parts)
        if count := count_documents(connection, query, Filters(removed=filters.removed)):
            yield FilterLoss(clean_line(together), count)
    if filters.removed and (count := count_documents(connection, query, replace(filters, removed=False))):
        yield FilterLoss("removed", count)
