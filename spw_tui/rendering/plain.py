"""Text as it is, wrapped to a width: the source view, files that are no Markdown, and what is too big."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, chop_cells

# A line longer than this is cut without looking for word ends.
_PROSE = 2000
# Wide characters are measured this many at a time, so that one endless line is no endless call.
_SLICE = 4000


def wrap_line(line: str, width: int) -> Iterator[str]:
    """Pieces of one line, each at most `width` cells; at least one, which may be empty."""
    if len(line) <= width and line.isascii():
        yield line
    elif len(line) <= _PROSE:
        yield from _wrap_words(line, width)
    else:
        yield from _chop(line, width)


def _wrap_words(line: str, width: int) -> Iterator[str]:
    """Break at spaces; continued lines keep the indentation, as long as it is not most of the width."""
    indent = " " * min(len(line) - len(line.lstrip(" ")), width // 3)
    piece, length = "", 0
    for word in line.replace(" ", "\0 ").split("\0"):
        size = cell_len(word)
        if length + size > width and piece.strip():
            yield piece.rstrip(" ")
            piece, length = indent + word.lstrip(" "), 0
            length = cell_len(piece)
        else:
            piece, length = piece + word, length + size
        if length > width:
            *full, piece = _chop(piece, width)
            yield from full
            length = cell_len(piece)
    yield piece


def _chop(line: str, width: int) -> Iterator[str]:
    if line.isascii():
        yield from (line[start : start + width] for start in range(0, len(line), width))
        return
    rest = ""
    for start in range(0, len(line), _SLICE):
        *full, rest = chop_cells(rest + line[start : start + _SLICE], width)
        yield from full
    yield rest
