"""More like this: the words that set a document apart, asked for as a query."""

from __future__ import annotations

import math
from collections import Counter

import apsw

from spw_core.search.marks import tokenizer
from spw_core.search.query import Query, Term, is_stop_word
from spw_core.search.words import WORD

_WORDS_ASKED = 16
_WORDS_WEIGHED = 200
_CHARACTERS_READ = 20_000
_SHORTEST = 3


def query_like(connection: apsw.Connection, document_id: int) -> Query | None:
    """A query for what a document is about; None when there is no such document.

    The words with the highest weight: how often they occur in it, times how rare they are elsewhere.
    """
    rows = connection.execute(
        "SELECT d.title, c.heading, c.body FROM documents d LEFT JOIN chunks c ON c.document_id = d.id"
        " WHERE d.id = ? ORDER BY c.id",
        (document_id,),
    ).fetchall()
    if not rows:
        return None
    title = str(rows[0][0])
    text = " ".join([title, *(f"{heading or ''} {body or ''}" for _, heading, body in rows)])
    counts = Counter(
        word.lower()
        for word in WORD.findall(text[:_CHARACTERS_READ])
        if len(word) >= _SHORTEST and not word.isdigit() and not is_stop_word(word)
    )
    [[chunks]] = connection.execute("SELECT count(*) FROM chunks")
    tokenize = tokenizer(connection)
    weights: dict[str, float] = {}
    for word, count in counts.most_common(_WORDS_WEIGHED):
        stems = [stem for _, _, stem in tokenize(word)]
        found = [
            connection.execute("SELECT doc FROM chunks_vocab WHERE term = ?", (stem,)).fetchone()
            for stem in stems
        ]
        rarest = min((int(row[0]) for row in found if row), default=0)
        if rarest:
            weights[word] = (1 + math.log(count)) * math.log(1 + int(chunks) / rarest)
    best = sorted(weights, key=lambda word: (-weights[word], word))[:_WORDS_ASKED]
    return Query(title, tuple(Term(word) for word in best), spoken=title)
