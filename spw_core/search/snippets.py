"""Cutting the best piece out of a chunk and marking what matched, by the index's own tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import cast

import apsw

from spw_core.text import clean

MARK_START, MARK_END = "«", "»"
TOKENIZER = ("porter", ["unicode61", "remove_diacritics", "2"])
_WIDTH = 200

Tokenize = Callable[[str], list[tuple[int, int, str]]]


@dataclass(frozen=True, slots=True)
class Snippet:
    """`text` is one line with marks, safe to print; `line` counts from the start of the body (0-based)."""

    text: str
    line: int


def tokenizer(connection: apsw.Connection) -> Tokenize:
    """The index's tokenizer: text to (start, end, stem) with character offsets."""
    tokenize_utf8 = connection.fts5_tokenizer(*TOKENIZER)

    def tokenize(text: str) -> list[tuple[int, int, str]]:
        data = text.encode("utf-8", "replace")
        found = cast(
            "list[tuple[int, int, str]]",
            tokenize_utf8(
                data, apsw.FTS5_TOKENIZE_DOCUMENT, None, include_offsets=True, include_colocated=False
            ),
        )
        return found if len(data) == len(text) else _in_characters(data, found)

    return tokenize


def _in_characters(data: bytes, found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    result = []
    byte, char = 0, 0
    for start, end, stem in found:
        char += len(data[byte:start].decode("utf-8", "replace"))
        length = len(data[start:end].decode("utf-8", "replace"))
        result.append((char, char + length, stem))
        byte, char = end, char + length
    return result


def make_snippet(
    body: str, tokenize: Tokenize, stems: Collection[str], prefixes: Collection[str] = ()
) -> Snippet:
    """The window of about 200 characters with the most distinct matches, each marked."""
    starts = tuple(prefixes)
    hits = [
        (start, end, stem)
        for start, end, stem in tokenize(body)
        if stem in stems or (starts and stem.startswith(starts))
    ]
    if not hits:
        return Snippet(_one_line(body[:_WIDTH]) + ("…" if len(body) > _WIDTH else ""), 0)
    best = _best_window(hits)
    start = _word_start(body, max(0, hits[best][0] - 40))
    end = _word_end(body, start + _WIDTH)
    pieces = ["…" if start else ""]
    position = start
    for hit_start, hit_end, _ in hits:
        if hit_start < position or hit_end > end:
            continue
        pieces += [body[position:hit_start], MARK_START, body[hit_start:hit_end], MARK_END]
        position = hit_end
    pieces += [body[position:end], "…" if end < len(body) else ""]
    return Snippet(_one_line("".join(pieces)), body.count("\n", 0, hits[best][0]))


def _best_window(hits: list[tuple[int, int, str]]) -> int:
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
