"""The lexical arm while somebody types: bounded work, however often the words occur.

Weighing a chunk costs far more than finding it, and a beginning of two letters, or a word like `test`,
stands in half of all chunks. So every chunk that holds a rare word is weighed, with all that it holds; and
where these are not enough, of those with frequent words alone the newest. BM25 is a sum over words, so each
weight is the one that `lexical.rank` gives. Where all words are rare, or filters leave few chunks, the answer
is the whole one, unless more words begin like the last one than are looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import apsw

from spw_core.search import lexical
from spw_core.search.expression import expression_of, quoted, term_expression, without_excluded
from spw_core.search.filters import Filters
from spw_core.search.marks import tokenizer
from spw_core.search.query import Query, Term
from spw_core.search.words import CJK_RUN

# So many chunks are weighed all. Of more, those that hold rare words, and the newest with the others.
_ALL, _RARE, _NEWEST = 6_000, 2_500, 2_500
# So many chunks are an answer that is to be replaced soon. So many more are looked up, as some may belong to
# removed documents; and so many at most to find some that pass the filters.
_MOST_CHUNKS, _SPARE, _MOST_FILTERED = 200, 50, 1_500
# Words that are looked for. Of a pasted page the longest, which are the rarest.
_MOST_WORDS = 8


def shortened(query: Query) -> Query:
    """The query with as many of its words as a quick answer looks for."""
    longest = sorted(query.wanted, key=lambda term: -len(term.text))[:_MOST_WORDS]
    return replace(query, terms=tuple(term for term in query.terms if term.excluded or term in longest))


def rank(
    connection: apsw.Connection, query: Query, filters: Filters, limit: int
) -> tuple[list[tuple[int, float]], bool]:
    """(the best `limit` chunks of those that were weighed, whether `lexical.rank` gives the same).

    Scores are those of `lexical.rank`, save for a beginning: that counts as its words, once for each stem.
    """
    has_more = any(term.has_more for term in query.wanted)
    words = dict.fromkeys(word for term in query.wanted for word in _words(connection, term))
    if filters and (few := lexical.few_chunks(connection, filters)) is not None:
        expression = without_excluded(" OR ".join(words), query) if has_more else expression_of(query)
        return lexical.rank_some(connection, expression, few, limit), not has_more
    counted = sorted((lexical.count_chunks(connection, word, _ALL + 1), word) for word in words)
    if sum(count for count, _ in counted) <= _ALL and not has_more:
        return lexical.rank(connection, query, filters, limit), True
    limit = min(limit, _MOST_CHUNKS)
    rare, frequent = _by_frequency(counted)
    scores: dict[int, float] = {}

    def weigh(expression: str, newest: int = -1) -> None:
        most = _MOST_FILTERED if filters else limit + _SPARE
        scores.update(lexical.weigh(connection, without_excluded(expression, query), most, newest))

    if rare:
        weigh(" OR ".join(rare))
    if rare and frequent:
        weigh(f"({' OR '.join(rare)}) AND ({' OR '.join(frequent)})")
    if frequent and len(scores) < limit:
        weigh(" OR ".join(words), _NEWEST)
    best = sorted(scores.items(), key=lambda pair: (-pair[1], -pair[0]))
    return lexical.passing(connection, filters, best[:_MOST_FILTERED], limit), False


def _words(connection: apsw.Connection, term: Term) -> Iterator[str]:
    """What a term looks for, as expressions; for a beginning, the words that begin so, once for each stem.

    FTS would join the chunks of everything that begins so, before the first of them is seen.
    """
    if not term.prefix or not term.completions or CJK_RUN.search(term.text):
        yield term_expression(term)
        return
    stems = tokenizer(connection)
    whole = (term.text,) if term.beginnings is None else ()
    words = {tuple(stem for _, _, stem in stems(word)): word for word in (*term.completions, *whole)}
    yield from (quoted(word) for row, word in words.items() if row)


def _by_frequency(counted: Sequence[tuple[int, str]]) -> tuple[list[str], list[str]]:
    """The words that together stand in few chunks, and the others. What is `counted` comes rarest first."""
    rare: list[str] = []
    frequent: list[str] = []
    total = 0
    for count, word in counted:
        total += count
        (rare if total <= _RARE else frequent).append(word)
    return rare, frequent
