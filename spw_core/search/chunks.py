"""Cutting a document into chunks along its Markdown headings.

A chunk is the unit that is searched, shown and jumped to: small enough to be about one thing, large enough
to say something about it. It begins at a heading where it can, takes in the short sections that follow below
the same heading, and is never cut inside a row of a table, nor inside a fenced block unless that alone is
longer than `HARD_LIMIT`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spw_core.text import clean

# Characters. Roughly 100-250 tokens, where ranking by the best chunk measured best: a section shorter than
# ENOUGH is joined by the next one, and nothing but a fence is longer than TARGET when it can be cut.
ENOUGH = 400
TARGET = 900
HARD_LIMIT = 4000
# A longer text is indexed up to here; the bytes themselves are stored whole.
MAX_INDEXED = 2_000_000

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|\Z)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BETWEEN_HEADINGS = " › "


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document. `line` is 1-based, `heading` the path of headings above it (` › ` between).

    A chunk of several sections begins with the heading of the first one: see `heading_at`.
    """

    line: int
    heading: str
    body: str


@dataclass(frozen=True, slots=True)
class ChunkedText:
    """A whole document. `title` is its first level-1 heading, else its first heading, else empty."""

    title: str
    chunks: tuple[Chunk, ...]


class _Block(NamedTuple):  # not a dataclass: there is one for every other line
    """Lines that belong together: a paragraph, a list, a table, a fence, or a heading (`level` > 0).

    Of a paragraph, a list or a table longer than TARGET, as many lines as fit. `path` is that of a heading
    once it is known: the headings above it as (level, text), and itself.
    """

    line: int
    text: str
    level: int = 0
    path: tuple[tuple[int, str], ...] = ()


def text_lines(text: str) -> list[str]:
    """The lines of a text as editors count them: LF, CRLF and CR end a line, nothing else does."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def readable(text: str) -> str:
    """`text` without terminal escapes, on the same lines: a colour would join the word behind it."""
    if "\x1b" not in text and "\x9b" not in text:
        return text
    return "\n".join(map(clean, text_lines(text)))


def chunk_lines(lines: Sequence[str], first_line: int = 1) -> ChunkedText:
    """Cut the lines of a Markdown text, the first of which is line `first_line` of its document."""
    cutter = _Cutter()
    for block in _blocks(lines, first_line):
        if block.level:
            cutter.add_heading(block)
        else:
            cutter.add_text(block)
    cutter.emit()
    return ChunkedText(cutter.title or cutter.first_heading, tuple(cutter.chunks))


def heading_at(chunk: Chunk, line: int) -> str:
    """The path of headings above a line of a chunk, 0 for its first line."""
    inner: list[tuple[int, str]] = []
    for block in _blocks(text_lines(chunk.body), 0):
        if block.line > line:
            break
        if block.level:
            _descend(inner, block)
    return _BETWEEN_HEADINGS.join(filter(None, (chunk.heading, *(text for _, text in inner))))


def _descend(path: list[tuple[int, str]], heading: _Block) -> None:
    """Change a path of headings into the one that a heading stands at the end of."""
    while path and path[-1][0] >= heading.level:
        path.pop()
    path.append((heading.level, _heading_text(heading.text)))


class _Cutter:
    """Collects blocks and makes a chunk of them whenever the next one does not belong to it any more."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.title = ""
        self.first_heading = ""
        self._path: list[tuple[int, str]] = []
        self._held: list[_Block] = []
        self._opening: tuple[tuple[int, str], ...] = ()  # the path at the first text that is held
        self._size = 0

    def add_heading(self, block: _Block) -> None:
        # A short section takes in the next one, unless that is the end of what both stand below.
        if self._size >= ENOUGH or (self._size and self._opening and block.level < self._opening[-1][0]):
            self.emit()
        elif self._size and not self._opening:
            self.emit()  # what stands before the first heading belongs to none
        _descend(self._path, block)
        text = self._path[-1][1]
        self.first_heading = self.first_heading or text
        if block.level == 1:
            self.title = self.title or text
        self._held.append(block._replace(path=tuple(self._path)))

    def add_text(self, block: _Block) -> None:
        if self._size and self._size + len(block.text) > TARGET:
            self.emit()
        if not self._size:
            self._opening = tuple(self._path)
        self._held.append(block)
        self._size += len(block.text)

    def emit(self) -> None:
        """Make a chunk of what is held. Headings at its end have no text yet and open the next one."""
        last = len(self._held)
        while self._size and last and self._held[last - 1].level:
            last -= 1
        held, self._held = self._held[:last], self._held[last:]
        if held:
            self._emit(held, self._opening if self._size else tuple(self._path))
        self._size = 0

    def _emit(self, held: list[_Block], opening: tuple[tuple[int, str], ...]) -> None:
        first = next((place for place, block in enumerate(held) if not block.level), len(held) - 1)
        # Headings stand in `heading`; repeated in the body they would crowd out the text in snippets. But of
        # several sections, the body says which is which, and it names those without text.
        start = next((place for place in range(first) if not _is_above(held[place], opening)), first)
        if start == first and first and any(block.level for block in held[first + 1 :]):
            start = first - 1
        if start < first:
            texts, opening = held[start:], held[start].path[:-1]
        else:
            texts = [] if held[first].level else held[first:]
        line = texts[0].line if texts else held[0].line
        pieces = []
        reached = line
        for block in texts:  # with the blank lines between, so that lines can be counted in the body
            pieces.append("\n" * (block.line - reached) + block.text)
            reached = block.line + block.text.count("\n")
        heading = _BETWEEN_HEADINGS.join([text for _, text in opening if text])
        self.chunks += _pieces(line, heading, "".join(pieces))


def _is_above(heading: _Block, path: Sequence[tuple[int, str]]) -> bool:
    """True when a path of headings leads through this one."""
    return tuple(path[: len(heading.path)]) == heading.path


def _pieces(line: int, heading: str, body: str) -> Iterator[Chunk]:
    """A chunk, or several where the body is longer than any may be."""
    while len(body) > HARD_LIMIT:
        cut = body.rfind("\n", 1, HARD_LIMIT)
        cut = cut if cut > 0 else HARD_LIMIT
        yield Chunk(line, heading, body[:cut])
        rest = body[cut:]
        line += body[:cut].count("\n")
        if rest.startswith("\n"):
            line, rest = line + 1, rest[1:]
        body = rest
    yield Chunk(line, heading, body)


def _blocks(lines: Sequence[str], first_line: int) -> Iterator[_Block]:
    """Group lines into blocks; blank lines separate and are dropped, fences are kept whole."""
    held: list[str] = []
    start = first_line
    size = 0
    fence = ""
    for number, line in enumerate(lines, first_line):
        first = line.lstrip(" ")[:1]
        if fence:
            held.append(line)
            if first == fence[0] and _closes(line, fence):
                yield _Block(start, "\n".join(held))
                held, fence = [], ""
            continue
        heading = _HEADING.match(line) if first == "#" else None
        opening = _FENCE.match(line) if first in ("`", "~") else None
        if heading or opening or not line or line.isspace():
            if held:
                yield _Block(start, "\n".join(held))
                held = []
            if heading:
                yield _Block(number, line, len(heading[1]))
            elif opening:
                held, fence, start = [line], opening[1], number
            continue
        if held and size + len(line) > TARGET:
            yield _Block(start, "\n".join(held))
            held = []
        if not held:
            start, size = number, 0
        held.append(line)
        size += len(line) + 1
    if held:
        yield _Block(start, "\n".join(held))


def _heading_text(line: str) -> str:
    """A heading's text without its marks. Trimmed by hand: a pattern for it backtracks for minutes."""
    text = line.strip().lstrip("#").strip()
    closed = text.rstrip("#")
    return closed.rstrip() if closed[-1:].isspace() or not closed else text


def _closes(line: str, fence: str) -> bool:
    stripped = line.strip()
    return len(stripped) >= len(fence) and not stripped.strip(fence[0])
