"""A document as drawn lines, made in slices so that the first screen never waits for the last one."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from spw_core.collector import collector_at_rest
from spw_core.text import clean
from spw_tui.rendering.blocks import LONGEST_LINE, Block, indentation, read_blocks
from spw_tui.rendering.markdown import block_markdown, code, front_matter, rich_theme
from spw_tui.rendering.packed import Inks, PackedLine
from spw_tui.rendering.plain import wrap_line
from spw_tui.rows import Tone
from spw_tui.themes import palette_of, tones

# Limits in characters. Beyond the first a text is cut, beyond the second it is shown as it is.
MAX_TEXT = 4_000_000
MAX_MARKDOWN = 1_000_000
# Longer files of data are shown without colours.
_MAX_CODE = 60_000
_MIN_WIDTH = 20
# Where quotes and lists leave less than so many cells, Rich would leave words out.
_MIN_ROOM = 10
_DIFF_TONES = {"+": Tone.GOOD, "-": Tone.BAD, "@": Tone.BUSY, "\\": Tone.DIM}
_LANGUAGES = {"json": "json", "jsonl": "json", "toml": "toml", "yaml": "yaml", "yml": "yaml"}


# Some lines, the source line of all of them, and the level of the heading that they begin (0 for none).
Drawn = tuple[list[Strip], int, int]


@dataclass(slots=True)
class Slice:
    """Some more drawn lines, packed by the `inks` of the renderer. `sources` has the 1-based source line of
    each, `headings` the drawn line and the level of each heading."""

    lines: list[PackedLine] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    headings: list[tuple[int, int]] = field(default_factory=list)


class DocumentRenderer:
    """Draws one text at one width. Every call of `next_slice` may be in another thread, one at a time."""

    def __init__(self, text: str, name: str, width: int, theme: str, *, raw: bool = False) -> None:
        """`name` is the file name; only its ending counts."""
        self.remark = ""
        self.inks = Inks()
        self._palette = palette_of(theme)
        self._tones = tones(theme)
        self._width = max(_MIN_WIDTH, width)
        if len(text) > MAX_TEXT:
            self.remark = f"the first {MAX_TEXT // 1_000_000} MB of {len(text) / 1e6:.1f} MB"
            text = text[:MAX_TEXT]
        self._console = Console(
            file=io.StringIO(),
            width=self._width,
            color_system="truecolor",
            force_terminal=True,
            legacy_windows=False,
            theme=rich_theme(self._palette),
            _environ={},
        )
        self._drawn = 0
        self._lines = self._draw(text, name.lower(), raw)

    def next_slice(self, seconds: float = 0.03) -> Slice | None:
        """What can be drawn in about so much time; None when the document is complete."""
        found = Slice()
        until = time.perf_counter() + seconds
        with collector_at_rest():
            for strips, source, level in self._lines:
                if level:
                    found.headings.append((self._drawn, level))
                found.lines += map(self.inks.pack, strips)
                found.sources += [source] * len(strips)
                self._drawn += len(strips)
                if time.perf_counter() > until:
                    break
        return found if found.lines or found.headings else None

    def _draw(self, text: str, name: str, raw: bool) -> Iterator[Drawn]:
        # Line by line: one call for a big text would hold up the keyboard, too.
        lines = [clean(line) for line in text.split("\n")]
        if not raw and name.endswith((".md", ".markdown")):
            if len(text) <= MAX_MARKDOWN:
                yield from self._markdown(lines)
                return
            self.remark = self.remark or f"{len(text) / 1e6:.1f} MB, shown as text"
        if name.endswith(".diff"):
            yield from self._diff(lines)
            return
        language = _LANGUAGES.get(name.rpartition(".")[2])
        if language and not raw and len(text) <= _MAX_CODE and not _has_long_line(lines):
            shown = code("\n".join(lines).rstrip("\n"), language, self._palette)
            yield self._rich([shown]), 1, 0
            return
        yield from self._plain(lines, 1)

    def _markdown(self, lines: Sequence[str]) -> Iterator[Drawn]:
        """Front matter and blocks, a blank line after each that the next one does not belong to."""
        shared: dict[str, Any] = {}
        fields = front_matter(lines)
        yield from self._front_matter(fields)
        before = 0
        for block in read_blocks(lines, shared, len(fields) + 2 if fields else 0):
            if block.gap and before:
                yield [Strip([])], before, 0
            before = block.end
            source = lines[block.start : block.end]
            strips = self._block(block, shared, source)
            if strips is None:
                yield from self._plain(source, block.start + 1)
            else:
                yield from _spread(strips, block)
        if before:
            yield [Strip([])], before, 0

    def _block(self, block: Block, shared: dict[str, Any], source: Sequence[str]) -> list[Strip] | None:
        """The lines of a block; None when it is better shown as text, and `remark` says so."""
        if _has_long_line(source):
            self.remark = self.remark or "a very long line is shown as text"
            return None
        if indentation(block.tokens) > self._width - _MIN_ROOM:
            self.remark = self.remark or "what is nested too deeply is shown as text"
            return None
        try:
            return _without_margins(self._rich([block_markdown(block, shared, self._palette)]))
        except Exception as error:  # Rich does not know every combination of Markdown
            self.remark = self.remark or f"a block is shown as text ({type(error).__name__})"
            return None

    def _front_matter(self, fields: Sequence[str]) -> Iterator[Drawn]:
        style = self._tones[Tone.DIM]
        for number, line in enumerate(fields, 2):
            pieces = wrap_line(line.expandtabs(4), self._width - 2)
            yield [_strip(f"  {piece}", style) for piece in pieces], number, 0
        if fields:
            yield [Strip([])], len(fields) + 2, 0

    def _diff(self, lines: Iterable[str]) -> Iterator[Drawn]:
        """Lines of a difference in the colours of their first characters."""
        for number, line in enumerate(lines, 1):
            style = self._tones[_DIFF_TONES.get(line[:1], Tone.NORMAL)]
            yield [_strip(piece, style) for piece in wrap_line(line.expandtabs(4), self._width)], number, 0

    def _plain(self, lines: Iterable[str], first: int) -> Iterator[Drawn]:
        style = self._tones[Tone.NORMAL]
        for number, line in enumerate(lines, first):
            batch: list[Strip] = []
            for piece in wrap_line(line.expandtabs(4), self._width):
                batch.append(_strip(piece, style))
                if len(batch) >= 500:
                    yield batch, number, 0
                    batch = []
            yield batch, number, 0

    def _rich(self, renderables: Iterable[RenderableType]) -> list[Strip]:
        """Lines of Rich renderables. Entities can bring back what `clean` took out, so it is done again."""
        options = self._console.options
        return [
            _trimmed(Segment(clean(text), style) for text, style, control in line if not control)
            for renderable in renderables
            for line in self._console.render_lines(renderable, options, pad=False)
        ]


def _has_long_line(lines: Iterable[str]) -> bool:
    return max(map(len, lines), default=0) > LONGEST_LINE


def _strip(text: str, style: Style) -> Strip:
    return Strip([Segment(text, style)], cell_len(text)) if text else Strip([])


def _spread(strips: list[Strip], block: Block) -> Iterator[Drawn]:
    """The lines of a block over its source lines. Inside a block, where a line comes from is an estimate."""
    height = block.end - block.start
    for index, strip in enumerate(strips):
        source = block.start + 1 + index * height // len(strips)
        yield [strip], source, 0 if index else block.heading_level


def _without_margins(strips: list[Strip]) -> list[Strip]:
    """Without empty lines at both ends: the space between blocks is the same everywhere."""
    first, last = 0, len(strips)
    while first < last and not strips[first]:
        first += 1
    while last > first and not strips[last - 1]:
        last -= 1
    return strips[first:last]


def _trimmed(segments: Iterable[Segment]) -> Strip:
    """Without the blanks that Rich fills lines with, so that an empty line is one."""
    kept = [segment for segment in segments if segment.text]
    while kept and not kept[-1].text.strip() and not (kept[-1].style and kept[-1].style.bgcolor):
        kept.pop()
    return Strip(kept)
