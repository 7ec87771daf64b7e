"""From text to words of the index: pairs of Chinese, Japanese and Korean signs, identifiers whole.

SQLite's tokenizer makes one word of a whole run of Han, Kana or Hangul signs, and cuts identifiers at every
`-` and `_`. So before a text is indexed, runs are written as overlapping pairs (`認証 証機 機能 能`), and
identifiers go into a column of their own, whole. Queries pass through the same functions.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from spw_core.text import fold

# Han with its extensions, Kana, Hangul, Bopomofo; their punctuation is none of it.
_CJK_RANGES = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3031-\u3035\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa"
    "\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
CJK_RUN = re.compile(f"[{_CJK_RANGES}]+")

# A word as people write it, identifiers in one piece; `_` inside counts, at the edges it does not.
WORD = re.compile(r"[^\W_]+(?:[-_./:@#]+[^\W_]+)*")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_JOINTS = re.compile(r"[-_./:@#]+")

# Private signs are letters to SQLite's tokenizer and unknown to its stemmer. Each joint has its own, so that
# `a-b` is not `a_b`; the last one ends every identifier and keeps it from being stemmed.
_ENCODED = {ord(joint): 0xE000 + number for number, joint in enumerate("-_./:@#")}
_END = "\ue00f"
# A longer one is a path or a line of data, of which nobody knows the whole.
_LONGEST_IDENTIFIER = 80


def cjk_pairs(run: str) -> list[str]:
    """Overlapping pairs of a run of signs, and the last sign alone: what starts with a sign finds each."""
    return [run[index : index + 2] for index in range(len(run))]


def spaced(text: str) -> str:
    """`text` as it is indexed: every run of Chinese, Japanese or Korean signs as its pairs."""
    if text.isascii() or not CJK_RUN.search(text):
        return text
    return CJK_RUN.sub(lambda match: f" {' '.join(cjk_pairs(match[0]))} ", text)


def is_identifier(word: str) -> bool:
    """True for what is one name to a programmer: joined parts, mixed case, letters with digits."""
    if not word.isascii() or len(word) > _LONGEST_IDENTIFIER:
        return False
    return (not word.isalpha() and not word.isdigit()) or bool(_camel_parts(word))


def _camel_parts(word: str) -> list[str]:
    """`parse`, `Task`, `Line` of `parseTaskLine`; nothing for a word that is only capitalised."""
    if word.islower() or word.isupper() or word[1:].islower():
        return []
    parts = _CAMEL.findall(word)
    return parts if len(parts) > 1 else []


def encode_identifier(word: str) -> str:
    """The one word that stands for a whole identifier in the column `exact`; case does not count."""
    return word.lower().translate(_ENCODED) + _END


@lru_cache(maxsize=50_000)
def _exact(word: str) -> str:
    """What the column `exact` holds for an identifier: it whole, and its parts in camel case."""
    parts = [part for joined in _JOINTS.split(word) for part in _camel_parts(joined)]
    return " ".join((encode_identifier(word), *parts))


class OddWord(NamedTuple):
    """A word, as white space cuts it, that is more than letters to the index."""

    identifiers: tuple[str, ...]
    has_signs: bool  # Chinese, Japanese or Korean ones


class _OddWords:
    """Which words of a text are odd. Remembered, because a workspace writes the same few thousand words again
    and again; never emptied but replaced, so that other threads may go on with what they have."""

    def __init__(self) -> None:
        self._plain: set[str] = set()
        self._odd: dict[str, OddWord] = {}

    def __call__(self, words: set[str]) -> list[OddWord]:
        plain, odd = self._plain, self._odd
        others = words - plain
        unknown = others.difference(odd)
        found = [odd[word] for word in others - unknown]
        if unknown:
            if len(plain) + len(odd) > _MOST_REMEMBERED:
                self._plain, self._odd = plain, odd = set(), {}
            for word in unknown:
                names = () if _is_letters(word) else tuple(filter(is_identifier, WORD.findall(word)))
                has_signs = not word.isascii() and CJK_RUN.search(word) is not None
                if names or has_signs:
                    found.append(OddWord(names, has_signs))
                if len(word) > _LONGEST_REMEMBERED:
                    continue
                if names or has_signs:
                    odd[word] = found[-1]
                else:
                    plain.add(word)
        return found


def _is_letters(word: str) -> bool:
    """True for most of the words that are no identifiers, which is told at once."""
    bare = word.strip(_PUNCTUATION)
    return bare.isascii() and bare.isalpha() and (bare.islower() or bare[1:].islower())


_PUNCTUATION = " .,;:!?()[]{}<>*`'\"|"
# Longer words are data and do not come again. Beyond so many words nothing is gained by remembering.
_LONGEST_REMEMBERED = 120
_MOST_REMEMBERED = 50_000
odd_words = _OddWords()


def words_of(text: str) -> set[str]:
    """The different words of a text, cut at white space alone."""
    return set(text.split())


def exact_words(identifiers: set[str]) -> str:
    """The text of the column `exact`."""
    # Sorted, so that the same chunk is the same row in every process.
    return " ".join(sorted(map(_exact, identifiers)))


_SHORTEST_KNOWN, _LONGEST_KNOWN = 3, 32


def vocabulary(words: set[str]) -> set[str]:
    """What the vocabulary keeps of some words: their parts of letters, folded."""
    found: set[str] = set()
    for word in set(WORD.findall(" ".join(words))):
        for part in (word,) if word.isalpha() else _JOINTS.split(word):
            if _SHORTEST_KNOWN <= len(part) <= _LONGEST_KNOWN and part.isalpha():
                if part.isascii():
                    found.add(part.lower())
                elif not CJK_RUN.search(part):
                    found.add(fold(part))
    return found
