"""What a person types, read as words, phrases and filters. Anything typed is a valid query.

Words are alternatives (OR): measured on several collections, requiring all of them loses most answers.

    flaky "login test" -wishlist deploy* spec:user-auth -type:brief status:blocked wave:2 since:2w
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from spw_core.errors import SpwError
from spw_core.search.filters import FACETS, Filters
from spw_core.search.since import SINCE_HINT, parse_since
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

_TOKEN = re.compile(
    r"""(?P<minus>-)?(?:(?P<key>[A-Za-z]+):(?=[^\s:/\\]|$|\s))?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+)|(?<=:))"""
)
_WORD_CHARS = re.compile(r"[^\W_]", re.UNICODE)
SINCE, _REMOVED = "since", "removed"
_RANGE = re.compile(r"(?:wave-)?(\d{1,6})(?:-(\d{1,6}))?")
_RUN_NUMBER = re.compile(r"(?:run-)?(\d{1,6})")
_MOST_WAVES = 1000
# Different words that are looked for. Whoever pastes a whole file waits no longer than for a page of it.
_MOST_WORDS = 256
# Short words for types that people mean.
TYPE_ALIASES = {
    "log": "implementation-log",
    "run": "run-card",
    "wave": "wave-summary",
    "checkpoint": "checkpoint-report",
    "completion": "completion-summary",
    "progress": "progress-summary",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for. A phrase keeps its spaces; `prefix` matches every word that starts so.

    `completions` are words of the vocabulary that a beginning stands for; when `has_more`, some of them.
    `beginnings` are longer ones that together mean the same as the text, where FTS would cut that down to a
    stem: `res` to `re`.
    """

    text: str
    prefix: bool = False
    excluded: bool = False
    phrase: bool = False
    completions: tuple[str, ...] = ()
    has_more: bool = False
    beginnings: tuple[str, ...] | None = None

    @property
    def starts(self) -> tuple[str, ...]:
        """What words begin with that a beginning stands for, its completions aside."""
        return (self.text,) if self.beginnings is None else self.beginnings


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: what must not appear is among the terms with `excluded`.

    `spoken` is what remains without filters, operators and excluded words, function words included: the
    text to compare by meaning.
    """

    text: str
    terms: tuple[Term, ...]
    filters: Filters = field(default_factory=Filters)
    spoken: str = ""

    @property
    def wanted(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if not term.excluded)


def parse_query(text: str, *, typing: bool = False, now: datetime | None = None) -> Query:
    """Parse words, "phrases", -excluded, prefix* and filter:value terms.

    While `typing`, the last word or value is a beginning, from its second letter on. A filter that makes no
    sense (`wave:x`) is a word. `now` is what ages like `since:2d` count from.
    """
    terms: list[Term] = []
    kept: list[Term] = []
    spoken: list[str] = []
    filters = Filters()
    for match in _TOKEN.finditer(text):
        is_last = typing and match.end() == len(text)
        excluded = bool(match["minus"])
        value = match["phrase"] if match["phrase"] is not None else match["word"] or ""
        if key := (match["key"] or "").lower():
            if (read := _filter(key, value, excluded, is_last, now)) is not None:
                filters = filters.merged(read)
                continue
            value = match[0].lstrip("-").replace('"', " ")
        is_phrase = match["phrase"] is not None and not key
        prefix = not is_phrase and value.endswith("*")
        cleaned = _storable(value.rstrip("*") if prefix else value).strip()
        if not _WORD_CHARS.search(cleaned):
            continue
        if is_last and not is_phrase and len(cleaned) == 1 and cleaned.isascii():
            continue  # one letter begins a tenth of all words: it costs the most and says the least
        if not excluded:
            spoken.append(cleaned)
        terms.append(Term(cleaned, prefix or (is_last and not is_phrase), excluded, is_phrase))
        if excluded or is_phrase or prefix or not is_stop_word(cleaned):
            kept.append(terms[-1])
    if not any(not term.excluded for term in kept):
        kept = terms
    different = dict.fromkeys(kept)
    wanted = [term for term in different if not term.excluded]
    ignored = set(wanted[_MOST_WORDS:])
    used = tuple(term for term in different if term not in ignored)
    return Query(text, used, filters, " ".join(spoken))


def is_stop_word(word: str) -> bool:
    """True for a function word of English or Portuguese, whatever its case, accents and edge punctuation."""
    return fold(word).strip(".,;:!?()[]{}'\"¿¡") in STOP_WORDS


def with_words(query: Query, words: dict[str, str]) -> Query:
    """The query with some of its words replaced, in its terms and in what is spoken."""
    terms = tuple(replace(term, text=words.get(term.text, term.text)) for term in query.terms)
    spoken = " ".join(words.get(word, word) for word in query.spoken.split(" "))
    return replace(query, terms=tuple(dict.fromkeys(terms)), spoken=spoken)


def _filter(key: str, value: str, excluded: bool, is_last: bool, now: datetime | None) -> Filters | None:
    """The filter that `key:value` is; None when it is none, an empty one when there is no value yet."""
    if key == SINCE and not excluded:
        if not value:
            return Filters()
        moment = parse_since(value, now)
        return Filters(since=moment) if moment else (Filters() if is_last else None)
    if key not in FACETS:
        return None
    values: list[str | int] = []
    for part in value.split(","):
        if part.strip():
            read = _facet_values(key, _storable(part.strip()), is_last)
            if read is None:
                return None
            values += read
    if excluded:
        return Filters(without=tuple((key, one) for one in values))
    return _with_values(key, values)


def _with_values(key: str, values: list[str | int]) -> Filters:
    """Filters with the values of one facet."""
    return replace(Filters(), **{FACETS[key]: tuple(values)})  # type: ignore[arg-type]


def filters_of(given: Mapping[str, object]) -> Filters:
    """Filters for values by name, read as in queries: run `2` is `run-002`. One value or several of a facet.

    Values that cannot be (a wave `x`) are taken literally, and so match nothing. Raises SpwError for a name
    that is no filter, and a `since` that is no moment.
    """
    if unknown := sorted(given.keys() - FACETS.keys() - {SINCE, _REMOVED}):
        known = ", ".join((*FACETS, SINCE, _REMOVED))
        raise SpwError(f"no such filter: {unknown[0]}", f"Filters are: {known}.")
    since = str(given.get(SINCE, ""))
    moment = parse_since(since) if since else ""
    if moment is None:
        raise SpwError(f"not a moment: {since}", SINCE_HINT)
    filters = Filters(since=moment, removed=bool(given.get(_REMOVED, False)))
    for key, values in given.items():
        if key in FACETS:
            several = values if isinstance(values, Sequence) and not isinstance(values, str) else [values]
            texts = [_storable(str(value)) for value in several]
            read = [one for text in texts for one in _facet_values(key, text, is_last=False) or [text]]
            filters = filters.merged(_with_values(key, read))
    return filters


def _facet_values(key: str, value: str, is_last: bool) -> list[str | int] | None:
    """What a typed value of a facet stands for; None when it cannot be one."""
    if key == "wave":
        match = _RANGE.fullmatch(value.lower())
        if not match:
            return None
        first, last = sorted((int(match[1]), int(match[2] or match[1])))
        return list(range(first, min(last, first + _MOST_WAVES) + 1))
    if key == "run" and (match := _RUN_NUMBER.fullmatch(value.lower())):
        number = int(match[1])
        return list(dict.fromkeys(f"run-{number:0{width}d}" for width in (3, 2, 1)))
    if key in ("type", "status", "phase"):
        value = value.lower()
    if key == "type":
        value = TYPE_ALIASES.get(value, value)
    # While it is typed, `type:rep` is on the way to a report.
    return [f"{value}*" if is_last and not value.endswith("*") else value]


def _storable(text: str) -> str:
    """Without NULs and lone surrogates, neither of which SQLite takes."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
