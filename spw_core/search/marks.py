"""Which words of a query a text holds, found by the index's own tokenizer: marks and matches agree."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection
from typing import cast

import apsw

from spw_core.search.query import Query, Term
from spw_core.search.words import CJK_RUN, cjk_pairs

UNSTEMMED = ("unicode61", ["remove_diacritics", "2"])
TOKENIZER = ("porter", [UNSTEMMED[0], *UNSTEMMED[1]])

Token = tuple[int, int, str]
Tokenize = Callable[[str], list[Token]]


def tokenizer(connection: apsw.Connection, *, stemmed: bool = True) -> Tokenize:
    """The index's tokenizer: text to (start, end, stem) with character offsets. Not `stemmed`, the words are
    as they stand there, but for their case and accents."""
    tokenize_utf8 = connection.fts5_tokenizer(*(TOKENIZER if stemmed else UNSTEMMED))

    def words(text: str) -> list[Token]:
        data = text.encode("utf-8", "replace")
        found = cast(
            "list[Token]",
            tokenize_utf8(
                data, apsw.FTS5_TOKENIZE_DOCUMENT, None, include_offsets=True, include_colocated=False
            ),
        )
        return found if len(data) == len(text) else _in_characters(data, found)

    def tokenize(text: str) -> list[Token]:
        if text.isascii() or not CJK_RUN.search(text):
            return words(text)
        found: list[Token] = []
        reached = 0
        for match in CJK_RUN.finditer(text):
            found += _moved(words(text[reached : match.start()]), reached)
            start = match.start()
            found += [
                (start + place, start + place + len(pair), pair)
                for place, pair in enumerate(cjk_pairs(match[0]))
            ]
            reached = match.end()
        return found + _moved(words(text[reached:]), reached)

    return tokenize


def _moved(tokens: list[Token], by: int) -> list[Token]:
    return [(start + by, end + by, stem) for start, end, stem in tokens] if by else tokens


def _in_characters(data: bytes, found: list[Token]) -> list[Token]:
    """The tokens with offsets in characters: all bytes count but those that go on with a character."""
    going_on = [match.start() for match in _GOES_ON.finditer(data)]
    return [
        (start - bisect_left(going_on, start), end - bisect_left(going_on, end), stem)
        for start, end, stem in found
    ]


_GOES_ON = re.compile(rb"[\x80-\xbf]")


class WordMarks:
    """The words of a query, ready to be found in texts. What the tokenizer cuts is found in one piece."""

    def __init__(self, tokenize: Tokenize) -> None:
        self.tokenize = tokenize
        self._words: list[str] = []
        self._stems: dict[str, str] = {}
        self._starts: dict[str, str] = {}
        # By the first stem of each: its stems, whether the last is a beginning, the word of the query.
        self._rows: dict[str, list[tuple[list[str], bool, str]]] = {}

    @classmethod
    def of(cls, query: Query, tokenize: Tokenize) -> WordMarks:
        marks = cls(tokenize)
        for term in query.wanted:
            marks._add(term)
        return marks

    def _add(self, term: Term) -> None:
        self._words.append(term.text)
        stems = [stem for _, _, stem in self.tokenize(term.text)]
        run = CJK_RUN.search(term.text)
        if run and len(stems) > 1 and run.end() == len(term.text):
            stems.pop()  # the last sign alone is part of the last pair
        if not stems:
            return
        for word in term.completions:
            row = [stem for _, _, stem in self.tokenize(word)]
            if len(row) > 1:
                self._rows.setdefault(row[0], []).append((row, False, term.text))
            elif row:
                self._stems.setdefault(row[0], term.text)
        if run and not term.phrase:
            self._stems |= {stem: term.text for stem in stems if stem not in self._stems}
            if len(stems) == 1:
                self._starts.setdefault(stems[0], term.text)
        elif len(stems) > 1:
            self._rows.setdefault(stems[0], []).append((stems, term.prefix, term.text))
        elif term.prefix:
            for start in stems if term.beginnings is None else term.beginnings:
                self._starts.setdefault(start, term.text)
        else:
            self._stems.setdefault(stems[0], term.text)

    def found_in(self, text: str) -> list[Token]:
        """(start, end, word of the query) for every place in a text that matches, in its order."""
        tokens = self.tokenize(text)
        starts = tuple(self._starts)
        found = []
        for place, (start, end, stem) in enumerate(tokens):
            for row, is_beginning, word in self._rows.get(stem, ()):
                there = [token[2] for token in tokens[place : place + len(row)]]
                if there == row or (is_beginning and _begins(there, row)):
                    found.append((start, tokens[place + len(row) - 1][1], word))
            if stem in self._stems:
                found.append((start, end, self._stems[stem]))
            elif starts and stem.startswith(starts):
                found.append((start, end, next(w for s, w in self._starts.items() if stem.startswith(s))))
        return found

    def words_in(self, text: str) -> set[str]:
        """The words of the query that a text holds, as they were typed."""
        return {word for _, _, word in self.found_in(text)}

    def in_order(self, words: Collection[str]) -> tuple[str, ...]:
        """Some words of the query in the order in which they were typed."""
        return tuple(word for word in dict.fromkeys(self._words) if word in words)


def _begins(there: list[str], row: list[str]) -> bool:
    """True when the stems of a text are those of a row, the last of which is a beginning."""
    return there[:-1] == row[:-1] and len(there) == len(row) and there[-1].startswith(row[-1])
