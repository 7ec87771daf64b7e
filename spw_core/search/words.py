"""From text to words of the index: pairs of Chinese, Japanese and Korean signs, identifiers whole.

SQLite's tokenizer makes one word of a whole run of Han, Kana or Hangul signs, and cuts identifiers at every
`-` and `_`. So before a text is indexed, runs are written as overlapping pairs (`認証 証機 機能 能`), and
identifiers go into a column of their own, whole. Queries pass through the same functions.
"""

from __future__ import annotations

import re

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
_CACHE_LIMIT = 200_000


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


class _ExactWords(dict[str, str]):
    """What the column `exact` holds for a word: nothing, or the identifier whole and its parts in camel case.

    Remembered, because a workspace writes the same few thousand words again and again.
    """

    def __missing__(self, word: str) -> str:
        exact = ""
        if is_identifier(word):
            parts = [part for joined in _JOINTS.split(word) for part in _camel_parts(joined)]
            exact = " ".join((encode_identifier(word), *parts))
        if len(self) >= _CACHE_LIMIT:
            self.clear()
        self[word] = exact
        return exact


_exact_words = _ExactWords()


def distinct_words(text: str) -> set[str]:
    """The different words of a text as they are written."""
    return set(WORD.findall(text))


def exact_words(words: set[str]) -> str:
    """The text of the column `exact` for the words of a chunk."""
    # Sorted, so that the same chunk is the same row in every process.
    return " ".join(sorted(filter(None, map(_exact_words.__getitem__, words))))


_SHORTEST_KNOWN, _LONGEST_KNOWN = 3, 32


def vocabulary(words: set[str]) -> set[str]:
    """What the vocabulary keeps of some words: their parts of letters, folded."""
    found: set[str] = set()
    for word in words:
        for part in (word,) if word.isalpha() else _JOINTS.split(word):
            if _SHORTEST_KNOWN <= len(part) <= _LONGEST_KNOWN and part.isalpha():
                if part.isascii():
                    found.add(part.lower())
                elif not CJK_RUN.search(part):
                    found.add(fold(part))
    return found
