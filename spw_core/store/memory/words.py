"""Words of messages for FTS5: what is indexed, and how a query becomes an expression.

The tokenizer knows words, without accents and endings ("deploys" finds "deployed"). Scripts without spaces
(Chinese, Japanese, Thai, …) are indexed sign by sign and searched as phrases, so that every part of a
sentence is found. Every word of a query is quoted: no punctuation is ever syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Thai, Lao, Khmer, Myanmar, kana, ideographs, Hangul is written with spaces.
_SIGN = re.compile(r"([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_TOKEN = re.compile(r'"([^"]*)"?|([^\s"]+)')
_WORD = re.compile(r"[^\W_]")
_UNSTORABLE = re.compile(r"[\x00-\x1f\ud800-\udfff]")


def indexed(text: str) -> str:
    """A text as its words are indexed."""
    return text if text.isascii() else _SIGN.sub(r" \1 ", text)


def expressions(text: str) -> Iterator[str]:
    """FTS5 expressions for what a person typed, the strictest first; nothing when there is no word in it.

    All of the words; any of them; any word that begins so. `"two words"` is a phrase, `pre*` a beginning.
    """
    terms = []
    for phrase, word in _TOKEN.findall(_UNSTORABLE.sub(" ", text)):
        begins = word.endswith("*")
        term = (phrase or word).rstrip("*")
        if _WORD.search(term):
            terms.append(f'"{indexed(term)}"' + ("*" if begins else ""))
    terms = list(dict.fromkeys(terms))
    if terms:
        yield " AND ".join(terms)
        if len(terms) > 1:
            yield " OR ".join(terms)
        yield " OR ".join(term if term.endswith("*") else f"{term}*" for term in terms)


def phrase(text: str) -> str:
    """An expression for the whole text as one phrase; empty when there is no word in it."""
    cleaned = _UNSTORABLE.sub(" ", text).replace('"', " ")
    return f'"{indexed(cleaned)}"' if _WORD.search(cleaned) else ""
