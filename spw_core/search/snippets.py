"""Cutting the best piece out of a chunk and marking what matched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from spw_core.search.marks import Token
from spw_core.text import clean

MARK_START, MARK_END = "«", "»"
_WIDTH = 200
# Marks of Markdown that say nothing on one line: emphasis and code; headings, rules and bars of tables.
_EMPHASIS = re.compile(r"\*{2,}|`+")
_BLOCK_MARKS = re.compile(r"(?<!\S)#{1,6}(?=\s)|\|?(?:\s*:?-{3,}:?\s*\|)+(?:\s*:?-{3,}:?)?|(?<!\S)\|(?!\S)")
# What is left of marks that were cut in two at the beginning.
_REST_OF_MARKS = re.compile(r"^(…?)[\s*`#|_:>-]+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """`text` is one line with marks, safe to print; `line` counts from the start of the body (0-based)."""

    text: str
    line: int


def make_snippet(body: str, hits: Sequence[Token]) -> Snippet:
    """The window of about 200 characters with the most distinct matches, each marked.

    `hits` is what `WordMarks.found_in` says of the body.
    """
    if not hits:
        return Snippet(_one_line(body[:_WIDTH]) + ("…" if len(body) > _WIDTH else ""), 0)
    best = _best_window(hits)
    start = _word_start(body, max(0, hits[best][0] - 40))
    end = _word_end(body, start + _WIDTH)
    pieces = ["…" if start else ""]
    position = start
    for hit_start, hit_end in _spans(hits):
        if hit_start < position or hit_end > end:
            continue
        pieces += [body[position:hit_start], MARK_START, body[hit_start:hit_end], MARK_END]
        position = hit_end
    pieces += [body[position:end], "…" if end < len(body) else ""]
    return Snippet(_one_line("".join(pieces)), body.count("\n", 0, hits[best][0]))


def prose(snippet: str) -> str:
    """The text of a snippet without the marks of its Markdown, to be read on one line."""
    text = _BLOCK_MARKS.sub(" ", _EMPHASIS.sub("", snippet))
    return _REST_OF_MARKS.sub(r"\1", " ".join(text.split()))


def marked_pieces(snippet: str) -> list[tuple[str, bool]]:
    """`a «b» c` as pieces, each with whether it is marked. Stray marks in the text are harmless."""
    pieces: list[tuple[str, bool]] = []
    for index, piece in enumerate(snippet.split(MARK_START)):
        marked, found, rest = piece.partition(MARK_END)
        pieces += [(marked, True), (rest, False)] if index and found else [(piece, False)]
    return [(text, is_marked) for text, is_marked in pieces if text]


def _spans(hits: Sequence[Token]) -> list[tuple[int, int]]:
    """(start, end) of what is marked: pairs of signs overlap and become one mark."""
    spans: list[tuple[int, int]] = []
    for start, end, _ in hits:
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _best_window(hits: Sequence[Token]) -> int:
    """Index of the first hit of the window that holds the most distinct stems."""
    best, best_count = 0, 0
    for index, (start, _, _) in enumerate(hits):
        inside = set()
        for _, end, stem in hits[index:]:
            if end > start + _WIDTH - 40:
                break
            inside.add(stem)
        if len(inside) > best_count:
            best, best_count = index, len(inside)
    return best


def _word_start(text: str, position: int) -> int:
    for index in range(position, max(position - 20, 0), -1):
        if text[index - 1 : index].isspace():
            return index
    return position


def _word_end(text: str, position: int) -> int:
    if position >= len(text):
        return len(text)
    for index in range(position, max(position - 20, 0), -1):
        if text[index].isspace():
            return index
    return position


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())
