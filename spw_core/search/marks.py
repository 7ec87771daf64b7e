"""Which words of a query a text holds, found by the index's own tokenizer: marks and matches agree."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import cast

import apsw

from spw_core.search.query import Query
from spw_core.search.words import CJK_RUN, cjk_pairs

TOKENIZER = ("porter", ["unicode61", "remove_diacritics", "2"])

Token = tuple[int, int, str]
Tokenize = Callable[[str], list[Token]]


def tokenizer(connection: apsw.Connection) -> Tokenize:
    """The index's tokenizer: text to (start, end, stem) with character offsets."""
    tokenize_utf8 = connection.fts5_tokenizer(*TOKENIZER)

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
    result = []
    byte, char = 0, 0
    for start, end, stem in found:
        char += len(data[byte:start].decode("utf-8", "replace"))
        length = len(data[start:end].decode("utf-8", "replace"))
        result.append((char, char + length, stem))
        byte, char = end, char + length
    return result


class WordMarks:
    """The words of a query, ready to be found in texts."""

    def __init__(self, tokenize: Tokenize, stems: dict[str, str], prefixes: dict[str, str]) -> None:
        """`stems` and `prefixes` give for each stem, or beginning of one, the word of the query."""
        self.tokenize = tokenize
        self._stems = stems
        self._prefixes = prefixes
        self._starts = tuple(prefixes)

    @classmethod
    def of(cls, query: Query, tokenize: Tokenize) -> WordMarks:
        stems: dict[str, str] = {}
        prefixes: dict[str, str] = {}
        for term in query.wanted:
            tokens = tokenize(term.text)
            run = CJK_RUN.search(term.text)
            if run and len(tokens) > 1 and run.end() == len(term.text):
                tokens = tokens[:-1]  # the last sign alone is part of the last pair
            for _, _, stem in tokens:
                stems.setdefault(stem, term.text)
            if (term.prefix or (run and len(tokens) == 1)) and tokens:
                prefixes.setdefault(tokens[-1][2], term.text)
        return cls(tokenize, stems, prefixes)

    def tokens_in(self, text: str) -> list[Token]:
        """The tokens of a text that belong to a word of the query, in the order of the text."""
        return [
            token
            for token in self.tokenize(text)
            if token[2] in self._stems or (self._starts and token[2].startswith(self._starts))
        ]

    def words_in(self, text: str) -> set[str]:
        """The words of the query that a text holds, as they were typed; of a phrase one word will do."""
        present = {stem for _, _, stem in self.tokenize(text)}
        found = {word for stem, word in self._stems.items() if stem in present}
        return found | {
            word for start, word in self._prefixes.items() if any(stem.startswith(start) for stem in present)
        }

    def in_order(self, words: Collection[str]) -> tuple[str, ...]:
        """Some words of the query in the order in which they were typed."""
        typed = dict.fromkeys((*self._stems.values(), *self._prefixes.values()))
        return tuple(word for word in typed if word in words)
