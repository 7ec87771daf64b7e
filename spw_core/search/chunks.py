"""Cutting a document into chunks along its Markdown headings.

A chunk is the unit that is searched, shown and jumped to: small enough to be about one thing, never cut
inside a table or a fenced block unless that alone is longer than `HARD_LIMIT`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spw_core.formats.text_decode import split_lines

# Characters. Roughly 100-250 tokens, where ranking by the best chunk measured best.
TARGET = 900
HARD_LIMIT = 4000
# A longer text is indexed up to here; the bytes themselves are stored whole.
MAX_INDEXED = 2_000_000

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*\Z")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document. `line` is 1-based, `heading` the path of headings above it (` › ` between)."""

    line: int
    heading: str
    body: str


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together: a paragraph, a list item, a table, a fenced block, or a heading."""

    line: int
    text: str
    level: int = 0


def document_title(text: str) -> str:
    """The first level-1 heading outside fences, else the first heading, else an empty text."""
    first = ""
    for block in _blocks(split_lines(text[:20_000])[::2], 1):
        if block.level:
            title = _heading_text(block.text)
            if block.level == 1:
                return title
            first = first or title
    return first


def chunk_markdown(text: str, first_line: int = 1) -> list[Chunk]:
    """Chunks of a Markdown text in order. `first_line` is the line number of the text's first line."""
    chunks: list[Chunk] = []
    headings: list[tuple[int, str]] = []
    held: list[_Block] = []
    size = 0

    def flush() -> None:
        nonlocal size
        if any(not block.level for block in held):
            _emit(chunks, held, " › ".join(title for _, title in headings))
            held.clear()
            size = 0

    for block in _blocks(split_lines(text[:MAX_INDEXED])[::2], first_line):
        if block.level:
            flush()
            # Headings without text of their own stay held and open the next chunk.
            while headings and headings[-1][0] >= block.level:
                headings.pop()
            headings.append((block.level, _heading_text(block.text)))
        elif size and size + len(block.text) > TARGET:
            flush()
        held.append(block)
        size += len(block.text)
    if held:
        _emit(chunks, held, " › ".join(title for _, title in headings))
    return chunks


def _emit(chunks: list[Chunk], blocks: list[_Block], heading: str) -> None:
    # The headings stand in `heading`; repeated in the body they would crowd out the text in snippets.
    texts = [block for block in blocks if not block.level]
    line = texts[0].line if texts else blocks[0].line
    body = ""
    for block in texts:  # with the blank lines between, so that lines can be counted in the body
        body += "\n" * (block.line - line - body.count("\n")) + block.text
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


def _blocks(lines: list[str], first_line: int) -> Iterator[_Block]:
    """Split lines into blocks; blank lines separate and are dropped, fences are kept whole."""
    held: list[str] = []
    start = first_line
    fence = ""
    for number, line in enumerate(lines, first_line):
        if fence:
            held.append(line)
            if _closes(line, fence):
                yield _Block(start, "\n".join(held))
                held, fence = [], ""
            continue
        heading = _HEADING.match(line) if line.lstrip(" ")[:1] == "#" else None
        opening = _FENCE.match(line)
        if heading or opening or not line.strip():
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


def _closes(line: str, fence: str) -> bool:
    stripped = line.strip()
    return len(stripped) >= len(fence) and not stripped.strip(fence[0])


def _heading_text(line: str) -> str:
    return line.strip().strip("#").strip()
