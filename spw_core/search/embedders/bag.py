"""A text as a bag of weighted words, which is all that the built-in embedder sees of it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import cast

import apsw

from spw_core.search.marks import TOKENIZER
from spw_core.search.query import STOP_WORDS
from spw_core.search.words import CJK_RUN
from spw_core.text import fold

_WORD = re.compile(r"[^\W_]+")
# A longer one is a hash or a line of base64, which has no meaning that a vector could carry.
_LONGEST_WORD = 40
# As much as a title weighs in the full-text index.
_FIRST_LINE = 3


def weigh_words(text: str) -> dict[str, float]:
    """Each word with 1 + log of how often it occurs; the first line, the heading, counts three times."""
    words = _count(text)
    heading, newline, _ = text.partition("\n")
    if newline:
        for word, count in _count(heading).items():
            words[word] += (_FIRST_LINE - 1) * count
    return {word: 1.0 + math.log(count) for word, count in words.items()}


def _count(text: str) -> Counter[str]:
    """How often each word occurs: folded, without function words, runs of CJK signs as overlapping pairs."""
    # Composed again, because folding takes the syllables of Hangul apart.
    folded = unicodedata.normalize("NFC", fold(text))
    words: Counter[str] = Counter()
    if not folded.isascii():
        for run in CJK_RUN.findall(folded):
            words.update([run[at : at + 2] for at in range(len(run) - 1)] or [run])
        folded = CJK_RUN.sub(" ", folded)
    words.update(
        word for word in _WORD.findall(folded) if word not in STOP_WORDS and len(word) <= _LONGEST_WORD
    )
    return words


def stem(word: str) -> str:
    """The stem under which the full-text index holds a folded word."""
    return _stemmer()(word)


@cache
def _stemmer() -> Callable[[str], str]:
    tokenize = apsw.Connection(":memory:").fts5_tokenizer(*TOKENIZER)

    def stemmed(word: str) -> str:
        found = cast(
            "list[tuple[str]]",
            tokenize(word.encode(), apsw.FTS5_TOKENIZE_DOCUMENT, None, include_offsets=False),
        )
        return found[0][0] if found else word

    return stemmed
