"""The words of the index as they are written: completing beginnings, and correcting what is misspelt.

A word that occurs nowhere is replaced by its nearest known word, one or two edits away. Edits that fingers
make (neighbouring keys, swapped or doubled letters) count less than others, and of words that are equally
near the more frequent one wins.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import apsw

from spw_core.search.marks import tokenizer
from spw_core.search.query import STOP_WORDS, Query, Term, with_words
from spw_core.search.words import CJK_RUN, WORD
from spw_core.text import fold

_MOST_COMPLETIONS, _SHORTEST = 40, 8
_SHORTEST_CORRECTED, _SHORTEST_WITH_TWO_EDITS, _LONGEST_CORRECTED = 4, 6, 32
_COMPARED_BY_FREQUENCY = 12
# Beginnings of so many letters may be longer than the stem of a word; of so many words that is looked up.
_SHORTEST_CUT, _MOST_STEMMED = 4, 500
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_LAST_SIGN = "\U0010ffff"
_LAST_PART = re.compile(r"[^\W\d_]+$")

# Costs of one edit, measured by nothing but sense: what fingers do is cheaper than what they do not.
_EDIT, _NEIGHBOUR, _SWAP, _DOUBLED, _AT_START = 1.0, 0.7, 0.7, 0.6, 0.3
_DEAREST = 1.9
# What a word ten times as frequent may cost more.
_PER_MAGNITUDE = 0.15


def _neighbours() -> frozenset[tuple[str, str]]:
    pairs = set()
    for row, keys in enumerate(_ROWS):
        for place, key in enumerate(keys):
            near = list(keys[max(0, place - 1) : place + 2])
            if row + 1 < len(_ROWS):
                near += _ROWS[row + 1][max(0, place - 1) : place + 1]
            pairs |= {(key, other) for other in near if other != key}
    return frozenset(pairs | {(second, first) for first, second in pairs})


_NEIGHBOURS = _neighbours()


class Vocabulary:
    """The vocabulary of an open index."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def resolve(
        self, query: Query, *, typing: bool = False, quick: bool = False
    ) -> tuple[Query, dict[str, str]]:
        """The query with completions and corrections, and what was corrected: word as typed to word used.

        Phrases, excluded words and explicit beginnings are taken at their word. While `typing`, the last
        word is corrected only when nothing begins with it. Of many completions there are none, or the
        shortest for a `quick` answer.
        """
        corrected: dict[str, str] = {}
        terms: dict[str, str] = {}
        for term in query.wanted:
            if term.phrase or (term.prefix and not typing):
                continue
            new = term.text
            for word in self._unknown(term):
                if better := self._nearest(fold(word)):
                    corrected[word] = better
                    new = new.replace(word, better)
            if new != term.text:
                terms[term.text] = new
        query = with_words(query, terms) if terms else query
        completed = tuple(self._completed(term, quick) if term.prefix else term for term in query.terms)
        return replace(query, terms=completed), corrected

    def _unknown(self, term: Term) -> Iterator[str]:
        """The words within a term that occur nowhere and are long enough to guess what was meant."""
        for joined in WORD.findall(term.text):
            begins = term.prefix and term.text.endswith(joined)
            if self._occurs(joined, begins=begins):
                continue
            for word in _parts(joined):
                if _SHORTEST_CORRECTED <= len(word) <= _LONGEST_CORRECTED and word.isalpha():
                    begins = term.prefix and term.text.endswith(word)
                    if not self._occurs(word, begins=begins):
                        yield word

    def _occurs(self, word: str, *, begins: bool = False) -> bool:
        if begins and self._begins_some(word):
            return True  # FTS would gather the chunks of all words that begin so, to tell that there is one
        if self._matches(f'"{word}"'):  # its stem first, for the same reason
            return True
        return begins and (self._begins_term(word) if self._is_cut(word) else self._matches(f'"{word}"*'))

    def _matches(self, expression: str) -> bool:
        query = "SELECT 1 FROM chunks_fts WHERE chunks_fts MATCH ? LIMIT 1"
        return bool(self._connection.execute(query, (expression,)).fetchall())

    def _begins_some(self, beginning: str) -> bool:
        return bool(
            self._connection.execute(
                "SELECT 1 FROM words WHERE word >= ?1 AND word < ?1 || ?2 LIMIT 1",
                (fold(beginning), _LAST_SIGN),
            ).fetchall()
        )

    def _completed(self, term: Term, quick: bool) -> Term:
        """A beginning with the words that begin so. Of many, the shortest few, or none: FTS knows stems.

        What ends in the beginning of a word, as `dag-validat`, is completed there, unless many begin so.
        """
        last = _LAST_PART.search(term.text)
        if last and last.start() and not CJK_RUN.search(term.text):
            completed = self._completed(replace(term, text=last[0]), quick)
            head = term.text[: last.start()]
            known = () if completed.has_more else completed.completions
            return replace(term, completions=tuple(head + word for word in known))
        order = "ORDER BY length(word), word" if quick else ""
        rows = self._connection.execute(
            f"SELECT word FROM words WHERE word >= ?1 AND word < ?1 || ?2 {order} LIMIT ?3",
            (fold(term.text), _LAST_SIGN, _MOST_COMPLETIONS + 1),
        ).fetchall()
        has_more = len(rows) > _MOST_COMPLETIONS
        taken = rows[: _SHORTEST if quick else 0] if has_more else rows
        completed = replace(term, completions=tuple(str(word) for (word,) in taken), has_more=has_more)
        if has_more and not quick and len(term.text) >= _SHORTEST_CUT:
            completed = replace(completed, completions=self._with_shorter_stems(term.text))
        if not self._is_cut(term.text):
            return completed
        # What begins with its stem, `pass` of `passing`, is not meant.
        if not rows:  # the vocabulary does not hold words with digits, and very long ones
            return completed if self._begins_term(term.text) else replace(term, prefix=False)
        beginnings, words = self._uncut(term.text) if has_more else ([], [])
        with_digits = (fold(term.text) + digit for digit in "0123456789")
        beginnings += filter(self._begins_term, with_digits)
        words = list(dict.fromkeys((*completed.completions, *words)))
        return replace(completed, completions=tuple(words), beginnings=tuple(beginnings))

    def _is_cut(self, word: str) -> bool:
        """True for a word that the stemmer makes another: as a beginning it would stand for other words."""
        whole = tokenizer(self._connection, stemmed=False)(word)
        return len(whole) == 1 and whole[0][2] == fold(word) != self._stem(word)

    def _begins_term(self, beginning: str) -> bool:
        """True when a stem in the index begins so."""
        return bool(
            self._connection.execute(
                "SELECT 1 FROM chunks_vocab WHERE term >= ?1 AND term < ?1 || ?2 LIMIT 1",
                (fold(beginning), _LAST_SIGN),
            ).fetchall()
        )

    def _with_shorter_stems(self, beginning: str) -> tuple[str, ...]:
        """Of many words that begin so, one for each stem that does not: `tracking` of `trackin`."""
        rows = self._connection.execute(
            "SELECT word FROM words WHERE word >= ?1 AND word < ?1 || ?2 ORDER BY length(word) LIMIT ?3",
            (fold(beginning), _LAST_SIGN, _MOST_STEMMED),
        )
        stems = {self._stem(str(word)): str(word) for (word,) in rows.fetchall()}
        return tuple(word for stem, word in stems.items() if not stem.startswith(fold(beginning)))

    def _uncut(self, beginning: str) -> tuple[list[str], list[str]]:
        """(the shortest longer beginnings that are not cut, words that begin with none of them)."""
        found: list[str] = []
        words: list[str] = []
        too_short = [fold(beginning)]
        while too_short:
            start = too_short.pop()
            rows = self._connection.execute(
                "SELECT DISTINCT substr(word, 1, ?3) FROM words WHERE word >= ?1 AND word < ?1 || ?2",
                (start, _LAST_SIGN, len(start) + 1),
            )
            for (longer,) in rows.fetchall():
                if longer == start:
                    words.append(start)
                else:
                    (too_short if self._is_cut(str(longer)) else found).append(str(longer))
        return found, words

    def _nearest(self, word: str) -> str:
        """The known word that was most probably meant, or an empty text."""
        weighed = self._weighed(word, self._known(_one_edit_away(word)))
        if not weighed and len(word) >= _SHORTEST_WITH_TWO_EDITS:
            weighed = self._weighed(word, self._two_edits_away(word))
        return min(weighed)[1] if weighed else ""

    def _weighed(self, word: str, candidates: Sequence[str]) -> list[tuple[float, str]]:
        """(cost, candidate) of the nearest candidates that some text still holds: words of texts that are
        gone stay in the vocabulary."""
        costs = sorted(
            (cost, known)
            for known in candidates
            if known != word and known not in STOP_WORDS and (cost := edit_cost(word, known)) <= _DEAREST
        )
        counted = ((cost, known, self._count(known)) for cost, known in costs)
        present = (
            (cost - _PER_MAGNITUDE * math.log10(count), known) for cost, known, count in counted if count
        )
        return list(islice(present, _COMPARED_BY_FREQUENCY))

    def _known(self, words: Sequence[str]) -> list[str]:
        marks = ", ".join("?" * len(words))
        rows = self._connection.execute(f"SELECT word FROM words WHERE word IN ({marks})", tuple(words))
        return [str(word) for (word,) in rows]

    def _two_edits_away(self, word: str) -> list[str]:
        """Known words with the same first letter that two edits may lead to."""
        rows = self._connection.execute(
            "SELECT word FROM words WHERE word >= ?1 AND word < ?1 || ?2 AND length(word) BETWEEN ?3 AND ?4",
            (word[0], _LAST_SIGN, len(word) - 2, len(word) + 2),
        )
        letters = set(word)
        # Two edits change at most four different letters: that rules most words out at once.
        return [str(known) for (known,) in rows if len(letters ^ set(str(known))) <= 4]

    def _count(self, word: str) -> int:
        """How many chunks hold a word, in any inflection."""
        stem = self._stem(word) or word
        row = self._connection.execute("SELECT doc FROM chunks_vocab WHERE term = ?", (stem,)).fetchone()
        return int(row[0]) if row else 0

    def _stem(self, text: str) -> str:
        """The stem of a word, empty for a text that is not one word."""
        tokens = tokenizer(self._connection)(text)
        return tokens[0][2] if len(tokens) == 1 else ""


def _parts(joined: str) -> list[str]:
    return [part for part in "".join(char if char.isalnum() else " " for char in joined).split() if part]


def _one_edit_away(word: str) -> list[str]:
    """Every text one edit away from a word; letters outside the alphabet only those that it holds."""
    letters = _LETTERS + "".join(sorted(set(word) - set(_LETTERS)))
    cuts = [(word[:index], word[index:]) for index in range(len(word) + 1)]
    found = {head + tail[1:] for head, tail in cuts if tail}
    found |= {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    found |= {head + letter + tail[1:] for head, tail in cuts if tail for letter in letters}
    found |= {head + letter + tail for head, tail in cuts for letter in letters}
    return sorted(found - {word})


def edit_cost(typed: str, known: str) -> float:
    """What the edits from one word to another cost together (restricted Damerau-Levenshtein, weighed)."""
    before: list[float] = []
    previous = [place * _EDIT for place in range(len(known) + 1)]
    for row, char in enumerate(typed, 1):
        current = [row * _EDIT]
        for column, other in enumerate(known, 1):
            start = _AT_START if row == 1 or column == 1 else 0.0
            swapped = row > 1 and column > 1 and char == known[column - 2] and other == typed[row - 2]
            doubled = row > 1 and char == typed[row - 2]
            halved = column > 1 and other == known[column - 2]
            substitution = 0.0 if char == other else start + _substitution(char, other)
            costs = [
                previous[column - 1] + substitution,
                previous[column] + (_DOUBLED if doubled else start + _EDIT),
                current[column - 1] + (_DOUBLED if halved else start + _EDIT),
            ]
            if swapped:
                costs.append(before[column - 2] + _SWAP)
            current.append(min(costs))
        before, previous = previous, current
    return previous[-1]


def _substitution(char: str, other: str) -> float:
    return _NEIGHBOUR if (char, other) in _NEIGHBOURS else _EDIT
