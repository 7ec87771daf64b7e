"""What a person types, read as words, phrases and filters. Anything typed is a valid query.

Words are alternatives (OR): measured on several collections, requiring all of them loses most answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from spw_core.text import fold

# Words that say nothing about what is looked for; dropped unless nothing else is left.
STOP_WORDS = frozenset(
    # English
    "a about after all an and any are as at be because been before being but by can could did do does doing"
    " for from had has have he her his how i if in into is it its just me my no nor not of off on or our out"
    " over she should so some such than that the their them then there these they this those to too under up"
    " us was we were what when where which while who whom whose why will with would you your"
    # Portuguese
    " ao aos as com como da das de dela dele do dos e ela elas ele eles em entre era essa esse esta este eu"
    " foi ja lhe mas me mesmo na nas no nos nossa nosso o os ou para pela pelas pelo pelos por qual quais"
    " quando que quem se sem ser seu sua sao so tambem te tem um uma voce onde".split()
)

_TOKEN = re.compile(r'(?P<minus>-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD_CHARS = re.compile(r"[^\W_]", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for. A phrase keeps its spaces; `prefix` matches every word that starts so.

    `completions` are words of the vocabulary that a beginning stands for.
    """

    text: str
    prefix: bool = False
    excluded: bool = False
    phrase: bool = False
    completions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: what must not appear is among the terms with `excluded`."""

    text: str
    terms: tuple[Term, ...]

    @property
    def wanted(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if not term.excluded)


def parse_query(text: str, *, typing: bool = False) -> Query:
    """Parse words, "phrases", -excluded and prefix* terms. While `typing`, the last word is a prefix."""
    terms = []
    for match in _TOKEN.finditer(text):
        raw = match["phrase"] if match["phrase"] is not None else match["word"]
        is_phrase = match["phrase"] is not None
        prefix = not is_phrase and raw.endswith("*")
        cleaned = _storable(raw.rstrip("*") if prefix else raw).strip()
        if _WORD_CHARS.search(cleaned):
            terms.append(Term(cleaned, prefix, bool(match["minus"]), is_phrase))
    kept = [
        term for term in terms if term.excluded or term.phrase or term.prefix or not is_stop_word(term.text)
    ]
    if not any(not term.excluded for term in kept):
        kept = terms
    if typing and kept and text[-1:].strip() and text.endswith(kept[-1].text) and not kept[-1].phrase:
        last = kept[-1]
        kept[-1] = Term(last.text, prefix=True, excluded=last.excluded)
    return Query(text, tuple(dict.fromkeys(kept)))


def is_stop_word(word: str) -> bool:
    """True for a function word of English or Portuguese, whatever its case, accents and edge punctuation."""
    return fold(word).strip(".,;:!?()[]{}'\"¿¡") in STOP_WORDS


def _storable(text: str) -> str:
    """Without NULs and lone surrogates, neither of which SQLite takes."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
