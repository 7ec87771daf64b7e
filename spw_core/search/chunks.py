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


# Lines that belong together, as (first line, last line, text, level): a paragraph, a list, a table, a fence,
# or a heading, which has a level above 0. Of a paragraph, a list or a table longer than TARGET, as many lines
# as fit. Plain tuples, as there is one for every other line.
_Block = tuple[int, int, str, int]
# The headings above a place, as (level, text), from the outermost to the innermost.
_Path = tuple[tuple[int, str], ...]


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
        if block[3]:
            cutter.add_heading(block)
        else:
            cutter.add_text(block)
    cutter.emit()
    return ChunkedText(cutter.title or cutter.first_heading, tuple(cutter.chunks))


def heading_at(chunk: Chunk, line: int) -> str:
    """The path of headings above a line of a chunk, 0 for its first line."""
    inner: _Path = ()
    for start, _, text, level in _blocks(text_lines(chunk.body), 0):
        if start > line:
            break
        if level:
            inner = _below(inner, level, text)
    return _BETWEEN_HEADINGS.join(filter(None, (chunk.heading, *(text for _, text in inner))))


def _below(path: _Path, level: int, line: str) -> _Path:
    """The path that a heading stands at the end of, where `path` is that of the text before it."""
    kept = len(path)
    while kept and path[kept - 1][0] >= level:
        kept -= 1
    return (*path[:kept], (level, _heading_text(line)))


class _Cutter:
    """Collects blocks and makes a chunk of them whenever the next one does not belong to it any more."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.title = ""
        self.first_heading = ""
        self._path: _Path = ()
        # Blocks, those of headings with their paths, which end with themselves.
        self._held: list[tuple[_Block, _Path]] = []
        self._opening: _Path = ()  # the path at the first text that is held
        self._size = 0

    def add_heading(self, block: _Block) -> None:
        level = block[3]
        # A short section takes in the next one, unless that is the end of what both stand below.
        if self._size >= ENOUGH or (self._size and self._opening and level < self._opening[-1][0]):
            self.emit()
        elif self._size and not self._opening:
            self.emit()  # what stands before the first heading belongs to none
        self._path = _below(self._path, level, block[2])
        text = self._path[-1][1]
        self.first_heading = self.first_heading or text
        if level == 1:
            self.title = self.title or text
        self._held.append((block, self._path))

    def add_text(self, block: _Block) -> None:
        size = len(block[2])
        if self._size and self._size + size > TARGET:
            self.emit()
        if not self._size:
            self._opening = self._path
        self._held.append((block, ()))
        self._size += size

    def emit(self) -> None:
        """Make a chunk of what is held. Headings at its end have no text yet and open the next one."""
        held, self._held = self._held, []
        if self._size:
            while held[-1][1]:
                self._held.insert(0, held.pop())
        if held:
            self._emit(held, self._opening if self._size else self._path)
        self._size = 0

    def _emit(self, held: list[tuple[_Block, _Path]], opening: _Path) -> None:
        first = 0  # the first block that is no heading, or the last one
        last = len(held) - 1
        while first < last and held[first][1]:
            first += 1
        # Headings stand in `heading`; repeated in the body they would crowd out the text in snippets. But of
        # several sections, the body says which is which, and it names those without text.
        start = 0
        while start < first and _is_above(held[start][1], opening):
            start += 1
        if start == first and first and any(path for _, path in held[first + 1 :]):
            start = first - 1
        if start < first:
            texts, opening = held[start:], held[start][1][:-1]
        else:
            texts = [] if held[first][1] else held[first:]
        line = texts[0][0][0] if texts else held[0][0][0]
        heading = _BETWEEN_HEADINGS.join([text for _, text in opening if text])
        if len(texts) == 1:
            body = texts[0][0][2]
        else:
            pieces: list[str] = []
            reached = line
            # With the blank lines between, so that lines can be counted.
            for (begin, end, text, _), _ in texts:
                pieces += ("\n" * (begin - reached), text)
                reached = end
            body = "".join(pieces)
        if len(body) > HARD_LIMIT:
            self.chunks += _pieces(line, heading, body)
        else:
            self.chunks.append(Chunk(line, heading, body))


def _is_above(heading: _Path, path: _Path) -> bool:
    """True when a path of headings leads through this one."""
    return path[: len(heading)] == heading


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
    begin = -1  # where the block at hand begins, -1 between blocks
    fence = ""
    for place, line in enumerate(lines):
        if fence:
            if _closes(line, fence):
                yield first_line + begin, first_line + place, "\n".join(lines[begin : place + 1]), 0
                begin, fence = -1, ""
            continue
        if line[:1] in _PLAIN_STARTS:
            if begin < 0:
                begin = place
            continue
        heading = _HEADING.match(line)
        opening = None if heading else _FENCE.match(line)
        if heading or opening or not line or line.isspace():
            if begin >= 0:
                yield from _fitting(lines[begin:place], first_line + begin)
                begin = -1
            if heading:
                yield first_line + place, first_line + place, line, len(heading[1])
            elif opening:
                begin, fence = place, opening[1]
        elif begin < 0:
            begin = place
    if fence:
        yield first_line + begin, first_line + len(lines) - 1, "\n".join(lines[begin:]), 0
    elif begin >= 0:
        yield from _fitting(lines[begin:], first_line + begin)


# What begins a line that is neither blank nor a heading nor a fence.
_PLAIN_STARTS = frozenset(map(chr, range(ord("!"), 127))) - set("#`~")


def _fitting(lines: Sequence[str], number: int) -> Iterator[_Block]:
    """A paragraph, list or table that begins at a line, in blocks of up to TARGET characters or one line."""
    text = "\n".join(lines)
    if len(text) <= TARGET:
        yield number, number + len(lines) - 1, text, 0
        return
    begin = size = 0
    for place, line in enumerate(lines):
        if place > begin and size + len(line) > TARGET:
            yield number + begin, number + place - 1, "\n".join(lines[begin:place]), 0
            begin, size = place, 0
        size += len(line) + 1
    yield number + begin, number + len(lines) - 1, "\n".join(lines[begin:]), 0


def _heading_text(line: str) -> str:
    """A heading's text without its marks. Trimmed by hand: a pattern for it backtracks for minutes."""
    text = line.strip().lstrip("#").strip()
    if not text.endswith("#"):
        return text
    closed = text.rstrip("#")
    return closed.rstrip() if closed[-1:].isspace() or not closed else text


def _closes(line: str, fence: str) -> bool:
    if not line.lstrip(" ").startswith(fence[0]):
        return False
    stripped = line.strip()
    return len(stripped) >= len(fence) and not stripped.strip(fence[0])
