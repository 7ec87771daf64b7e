"""The filters within a query: as chips that can be taken off, and what a filter can be completed to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spw_core.answers import FILTER_NAMES, clean_line, filter_values
from spw_tui.rows import Cell, Line, Span, Tone, cell

_FILTER = re.compile(rf"(?<!\S)-?(?:{'|'.join(FILTER_NAMES)}):(?:\"[^\"]*\"?|\S)\S*", re.IGNORECASE)
_BEGUN = re.compile(r"(?<!\S)(-?)([A-Za-z]*)(:?)([^\s\"]*)$")
_SHOWN = 8
# So many names of filters are shown before anything is typed, and the last, which is the most used.
_NAMED = 6


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter as it stands in the query, from `start` to `end`."""

    text: str
    start: int
    end: int


def chips(query: str) -> list[Chip]:
    """All filters of a query, from left to right."""
    return [Chip(match[0], match.start(), match.end()) for match in _FILTER.finditer(query)]


def without(query: str, number: int) -> str:
    """The query without one of its chips, counted from 0; as it is when there are fewer."""
    found = chips(query)
    if not 0 <= number < len(found):
        return query
    chip = found[number]
    return " ".join((query[: chip.start] + query[chip.end :]).split())


def without_filter(query: str, shown: str) -> str:
    """The query without the chips that an answer names, as in `spec:nope*` or `since:2026-02-01`."""
    for number in reversed(_named(query, shown)):
        query = without(query, number)
    return query


def as_typed(query: str, shown: str) -> str:
    """The chips that an answer names, as they stand in the query."""
    found = chips(query)
    return " ".join(found[number].text for number in _named(query, shown)) or shown


def _named(query: str, shown: str) -> list[int]:
    """Numbers of the chips whose filters an answer names. What must not be is named value by value."""
    wanted = shown.split()
    names = {part.partition(":")[0] for part in wanted}
    found = [chip.text for chip in chips(query)]
    typed = {text for text in found if text.startswith("-") and text in wanted}
    if len(wanted) == 1 and typed:
        return [number for number, text in enumerate(found) if text in typed]
    return [number for number, text in enumerate(found) if text.partition(":")[0].lower() in names]


@dataclass(frozen=True, slots=True)
class Completion:
    """What the word at the end of a query can become; `texts` are whole queries, `labels` what is shown."""

    texts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def complete(query: str, values: Mapping[str, Sequence[str]]) -> Completion:
    """Names of filters for a word that begins like one, and values for a filter that has been named."""
    match = _BEGUN.search(query)
    if not match or not (match[2] or match[3]):
        return Completion()
    minus, name, colon, begun = match.groups()
    head = query[: match.start()]
    if not colon:
        # Two letters, so that an ordinary word is not taken for a filter.
        names = [each for each in FILTER_NAMES if len(name) > 1 and each.startswith(name.lower())]
        return Completion(
            tuple(f"{head}{minus}{each}:" for each in names), tuple(f"{each}:" for each in names)
        )
    known = [value for value in values.get(name.lower(), ()) if value.startswith(begun.lower())]
    known = [value for value in known if value != begun]
    texts = tuple(f"{head}{minus}{name.lower()}:{value}" for value in known)
    return Completion(texts, tuple(known))


def values_of(spec_names: Sequence[str]) -> dict[str, list[str]]:
    """What each filter can be, as far as that is known beforehand."""
    return {"spec": sorted(spec_names), **filter_values()}


def chips_line(query: str, completion: Completion) -> Line:
    """The chips, each with a cross to click, and then what tab would complete. Before anything is typed, the
    names of the filters."""
    spans: list[Span] = []
    for number, chip in enumerate(chips(query)):
        if spans:
            spans.append(Span(" "))
        spans.append(Span(f" {clean_line(chip.text)} × ", Tone.CHIP, f"drop_chip({number})"))
    if completion.labels:
        spans.append(Span("  tab ", Tone.KEY) if spans else Span("tab ", Tone.KEY))
        shown = completion.labels[:_SHOWN]
        spans.append(Span(shown[0], Tone.STRONG))
        spans += [Span(f"  {label}", Tone.DIM) for label in shown[1:]]
        if more := len(completion.labels) - len(shown):
            spans.append(Span(f"  and {more} more", Tone.DIM))
    if not spans and not query.strip():
        return (
            cell(
                "filters: " + "  ".join(f"{name}:" for name in (*FILTER_NAMES[:_NAMED], FILTER_NAMES[-1])),
                Tone.DIM,
            ),
        )
    return (Cell(tuple(spans)),)
