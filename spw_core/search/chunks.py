"""Cutting a document into chunks along its Markdown headings.

A chunk is the unit that is searched, shown and jumped to: small enough to be about one thing, never cut
inside a table or a fenced block unless that alone is longer than `HARD_LIMIT`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Characters. Roughly 100-250 tokens, where ranking by the best chunk measured best.
TARGET = 900
HARD_LIMIT = 4000
# A longer text is indexed up to here; the bytes themselves are stored whole.
MAX_INDEXED = 2_000_000

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|\Z)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BETWEEN_HEADINGS = " › "


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document. `line` is 1-based, `heading` the path of headings above it (` › ` between)."""

    line: int
    heading: str
    body: str


@dataclass(frozen=True, slots=True)
class ChunkedText:
    """A whole document. `title` is its first level-1 heading, else its first heading, else empty."""

    title: str
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together: a paragraph, a list, a table, a fence, or a heading (`level` > 0)."""

    line: int
    text: str
    level: int = 0


def text_lines(text: str) -> list[str]:
    """The lines of a text as editors count them: LF, CRLF and CR end a line, nothing else does."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def chunk_lines(lines: Sequence[str], first_line: int = 1) -> ChunkedText:
    """Cut the lines of a Markdown text, the first of which is line `first_line` of its document."""
    chunks: list[Chunk] = []
    headings: list[tuple[int, str]] = []
    held: list[_Block] = []
    size = 0
    first_heading = title = ""
    for block in _blocks(lines, first_line):
        if block.level:
            if size:
                _emit(chunks, held, headings)
                held, size = [], 0
            # Headings without text of their own stay held and open the next chunk.
            while headings and headings[-1][0] >= block.level:
                headings.pop()
            text = _heading_text(block.text)
            headings.append((block.level, text))
            first_heading = first_heading or text
            if block.level == 1:
                title = title or text
        else:
            if size and size + len(block.text) > TARGET:
                _emit(chunks, held, headings)
                held, size = [], 0
            size += len(block.text)
        held.append(block)
    if held:
        _emit(chunks, held, headings)
    return ChunkedText(title or first_heading, tuple(chunks))


def _emit(chunks: list[Chunk], blocks: list[_Block], headings: list[tuple[int, str]]) -> None:
    # The headings stand in `heading`; repeated in the body they would crowd out the text in snippets.
    heading = _BETWEEN_HEADINGS.join([title for _, title in headings])
    texts = [block for block in blocks if not block.level]
    line = texts[0].line if texts else blocks[0].line
    pieces = []
    reached = line
    for block in texts:  # with the blank lines between, so that lines can be counted in the body
        pieces.append("\n" * (block.line - reached) + block.text)
        reached = block.line + block.text.count("\n")
    body = "".join(pieces)
    while len(body) > HARD_LIMIT:
        cut = body.rfind("\n", 1, HARD_LIMIT)
        cut = cut if cut > 0 else HARD_LIMIT
        chunks.append(Chunk(line, heading, body[:cut]))
        rest = body[cut:]
        line += body[:cut].count("\n")
        if rest.startswith("\n"):
            line, rest = line + 1, rest[1:]
        body = rest
    chunks.append(Chunk(line, heading, body))


def _blocks(lines: Sequence[str], first_line: int) -> Iterator[_Block]:
    """Group lines into blocks; blank lines separate and are dropped, fences are kept whole."""
    held: list[str] = []
    start = first_line
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
        if not held:
            start = number
        held.append(line)
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
