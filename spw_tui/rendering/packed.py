"""Drawn lines in a form that the garbage collector need not look at.

A `Strip` with its caches is about twenty objects, and a big document has a hundred thousand lines. Each full
search for garbage would go through all of them, for as long as no thread runs and no key is answered. A tuple
of text and numbers is no place for garbage: the collector finds that out once and forgets it.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

# The text of a line, then for each run of characters where it ends and the number of its style.
PackedLine = tuple[str, *tuple[int, ...]]


class Inks:
    """The styles of one document, by number. One thread packs lines; any thread may unpack meanwhile."""

    def __init__(self) -> None:
        self._styles: list[Style | None] = []
        self._numbers: dict[Style | None, int] = {}

    def pack(self, strip: Strip) -> PackedLine:
        """The line without its caches."""
        runs: list[int] = []
        end = 0
        for text, style, _ in strip:
            end += len(text)
            runs += end, self._number(style)
        return strip.text, *runs

    def unpack(self, line: PackedLine) -> Strip:
        """The line to draw; equal to the one that was packed."""
        text, *runs = line
        segments: list[Segment] = []
        start = 0
        for end, number in zip(runs[::2], runs[1::2], strict=True):
            segments.append(Segment(text[start:end], self._styles[number]))
            start = end
        return Strip(segments)

    def _number(self, style: Style | None) -> int:
        number = self._numbers.get(style)
        if number is None:
            number = self._numbers[style] = len(self._styles)
            self._styles.append(style)
        return number
