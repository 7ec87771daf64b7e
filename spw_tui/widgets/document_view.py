"""A document, drawn line by line from what a worker renders; no size of document stops the keyboard."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from spw_core.refs import DocumentRef
from spw_tui.actions import Scope, bindings
from spw_tui.rows import Tone
from spw_tui.themes import tones
from spw_tui.widgets.lines import SelectableLines

if TYPE_CHECKING:
    from spw_tui.rendering.document import DocumentRenderer, Slice
    from spw_tui.rendering.packed import Inks, PackedLine

# Lines shown above the one that was jumped to.
_CONTEXT = 3
_RESIZE_PAUSE = 0.05
# In place of a source line: the end of the document.
_END = -1


class DocumentView(SelectableLines, inherit_bindings=False):
    """Shows one text. A newer text, width or theme drops the drawing of the older one."""

    SCOPE = Scope.PAGE
    BINDINGS = bindings(SCOPE)
    DEFAULT_CSS = """
    DocumentView { overflow-y: scroll; padding: 0 0 0 2; }
    """

    @dataclass
    class Drawn(Message):
        """The document is complete, or what is said about it changed."""

        view: DocumentView

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ref: DocumentRef | None = None
        self.raw = False
        self.remark = ""
        self.following = False
        self._headings: list[tuple[int, int]] = []
        self._text = ""
        self._lines: list[PackedLine] = []
        self._inks: Inks | None = None  # what the lines are unpacked with
        self._sources: list[int] = []
        self._drawn_width = 0
        self._message: tuple[str, Tone] = ("", Tone.DIM)
        self._marks: re.Pattern[str] | None = None

    # What is shown

    @property
    def text(self) -> str:
        """The lines drawn so far, as text."""
        return "\n".join(line[0].rstrip() for line in self._lines)

    @property
    def message(self) -> str:
        return self._message[0]

    def show(self, ref: DocumentRef, text: str) -> None:
        """Show a text. The same document again keeps its place; another starts at the line of `ref`."""
        same = ref.is_same_document(self.ref)
        if same and text == self._text and not self.message and self._lines:
            if ref != self.ref and ref.line:
                self._set_marks(ref)
                self._go_to_source(ref.line)
            self.ref = ref
            return
        line = ref.line if not same or ref != self.ref else self._source_to_keep()
        to_end = self.following or (same and self._is_at_end and bool(self._lines) and self.max_scroll_y > 0)
        self.following = self.following and same
        self.ref, self._text = ref, text
        self._set_marks(ref)
        self._draw(_END if to_end else line)

    def say(self, text: str, tone: Tone = Tone.DIM) -> None:
        """Show a message in place of a document."""
        self.workers.cancel_group(self, "draw")
        self.ref, self._text, self.remark = None, "", ""
        self._begin(text, tone)
        self.post_message(self.Drawn(self))

    def toggle_raw(self) -> None:
        """Between the drawn Markdown and its source, at the same place."""
        self.raw = not self.raw
        if self.ref:
            self._draw(self._source_to_keep())

    def toggle_follow(self) -> bool:
        """Stay at the end while the text grows, or stop that; True when it follows now."""
        self.following = not self.following
        if self.following:
            self.action_bottom()
        self.post_message(self.Drawn(self))
        return self.following

    @property
    def _is_at_end(self) -> bool:
        return self.scroll_offset.y >= self.max_scroll_y

    def redraw(self) -> None:
        """After a change of theme: the same lines, at the same place."""
        if self.ref:
            self._draw(0, top=self.scroll_offset.y)
        self.refresh()

    def _set_marks(self, ref: DocumentRef) -> None:
        self._marks = marks_of(ref.words) if any(ref.words) else None

    def _clear(self) -> None:
        self._lines, self._sources, self._headings = [], [], []
        self.virtual_size = Size(0, 0)
        self.scroll_to(y=0, animate=False, force=True)
        self.refresh()

    @work(exclusive=True, group="draw", exit_on_error=False)
    async def _draw(self, source_line: int, *, top: int = 0) -> None:
        """Render in slices of time and show each as it comes; go to the source line, or to the drawn line
        `top`, once it is there."""
        width = self._drawn_width = self.scrollable_content_region.width
        if not width or self.ref is None:
            return
        began, reached = False, source_line <= 1 and not top  # also at the end, which has its own way
        try:
            renderer = await asyncio.to_thread(
                _renderer, self._text, self.ref.name, width, self.app.theme, self.raw
            )
            while (part := await asyncio.to_thread(renderer.next_slice)) is not None:
                if not began:
                    self._begin("")
                    self._inks = renderer.inks
                    began = True
                self._append(part, width)
                if not reached and self._sources and (top or self._sources[-1] > source_line):
                    reached = self._go_to(source_line, top)
        except Exception as error:
            self.log.error(error)
            self._begin(
                f"this document cannot be drawn ({type(error).__name__}); m shows its source", Tone.BAD
            )
        else:
            self.remark = renderer.remark
            if not began:
                self._begin("this document is empty")
            elif source_line == _END:
                self.action_bottom()
            elif not reached:
                self._go_to(source_line, top)
        self.post_message(self.Drawn(self))

    def _begin(self, message: str, tone: Tone = Tone.DIM) -> None:
        """Drop what was drawn; `message` stands there until lines come."""
        self._message = (message, tone)
        self._clear()

    def _append(self, part: Slice, width: int) -> None:
        self._lines += part.lines
        self._sources += part.sources
        self._headings += part.headings
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    # Places

    @property
    def source_line(self) -> int:
        """The 1-based line of the file that is looked at: of the search, else the one at the top."""
        if self.ref and self.ref.line and not self.scroll_offset.y:
            return self.ref.line
        return self._source_at_top() or 1

    def _source_at_top(self) -> int:
        top = self.scroll_offset.y
        return self._sources[top] if 0 < top < len(self._sources) else 0

    def _source_to_keep(self) -> int:
        """The source line to go to for the same line to be at the top again, 0 at the beginning."""
        top = self.scroll_offset.y
        return self._sources[min(top + _CONTEXT, len(self._sources) - 1)] if top and self._sources else 0

    def _go_to(self, source_line: int, top: int) -> bool:
        """To the drawn line `top` when there is one, else to the source line. False as `_go_to_source`."""
        if not top:
            return self._go_to_source(source_line)
        self._scroll(top)
        return len(self._lines) >= top + self.size.height

    def _go_to_source(self, line: int) -> bool:
        """Scroll to the last drawn line that does not begin after the source line. False while there are too
        few lines below it to bring it to the top."""
        sources = self._sources
        after = bisect_right(sources, line)
        place = bisect_left(sources, sources[after - 1]) if after else 0
        if self._marks:
            place = self._first_mark(place)
        self._scroll(place - _CONTEXT)
        return place - _CONTEXT + self.size.height <= len(self._lines)

    def _first_mark(self, place: int) -> int:
        """The first line with a mark from `place` on, within the next screen; else `place`."""
        assert self._marks is not None
        for number in range(place, min(place + 40, len(self._lines))):
            if self._marks.search(self._lines[number][0]):
                return number
        return place

    def _scroll(self, line: int) -> None:
        self.scroll_to(y=max(0, line), animate=False, force=True)

    def action_scroll_by(self, lines: int) -> None:
        self._scroll(self.scroll_offset.y + lines)

    def action_scroll_page(self, step: int) -> None:
        self._scroll(self.scroll_offset.y + step * max(1, self.size.height - 2))

    def action_top(self) -> None:
        self._scroll(0)

    def action_bottom(self) -> None:
        self._scroll(len(self._lines))

    def action_heading(self, step: int) -> None:
        top = self.scroll_offset.y
        found = [line for line, _ in self._headings if (line > top if step > 0 else line < top)]
        if found:
            self._scroll(found[0] if step > 0 else found[-1])

    def headings(self) -> list[tuple[int, int, str]]:
        """(drawn line, level, text) of every heading that is drawn by now."""
        return [(line, level, self._lines[line][0].strip()) for line, level in self._headings]

    def go_to_line(self, line: int) -> None:
        """Scroll to a drawn line, as `headings` counts them."""
        self._scroll(line)

    def action_next_mark(self, step: int) -> None:
        """To the next line with a match of the search, or to the one before; around the end."""
        if not self._marks:
            return
        count = len(self._lines)
        here = min(self.scroll_offset.y + _CONTEXT, count - 1 if step > 0 else count)
        for distance in range(1, count + 1):
            line = (here + step * distance) % count
            if self._marks.search(self._lines[line][0]):
                self._scroll(line - _CONTEXT)
                return

    # Selecting with the mouse

    def line_count(self) -> int:
        return len(self._lines)

    def line_text(self, line: int) -> str:
        return self._lines[line][0]

    # Events and drawing

    def on_resize(self, event: Resize) -> None:
        if self.ref and self.scrollable_content_region.width != self._drawn_width:
            self._redraw_soon()

    @work(exclusive=True, group="resize", exit_on_error=False)
    async def _redraw_soon(self) -> None:
        await asyncio.sleep(_RESIZE_PAUSE if self._lines else 0)
        if self.ref and self.scrollable_content_region.width != self._drawn_width:
            self._draw(self._source_to_keep() or self.ref.line)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.visual_style.rich_style
        line = y + self.scroll_offset.y
        if self.message:
            return self.message_line(y, width, self._message, 0)
        if line >= len(self._lines) or self._inks is None:
            return Strip.blank(width, base)
        strip = self._inks.unpack(self._lines[line])
        if self._marks:
            strip = _marked(strip, self._marks, tones(self.app.theme)[Tone.MARK])
        return self.selected(strip, line).adjust_cell_length(width).apply_style(base)


def marks_of(words: Sequence[str]) -> re.Pattern[str]:
    """What is marked for some words: each where a word begins so, to its end. Chinese, Japanese and Korean
    signs anywhere, because their words stand side by side."""
    from spw_core.answers import CJK_RUN

    found = []
    for word in sorted(filter(None, words), key=len, reverse=True):
        begins = r"\b" if re.match(r"\w", word) and not CJK_RUN.match(word) else ""
        ends = "" if CJK_RUN.search(word[-1]) else r"\w*"
        found.append(f"{begins}{re.escape(word)}{ends}")
    return re.compile("|".join(found), re.IGNORECASE)


def _renderer(text: str, name: str, width: int, theme: str, raw: bool) -> DocumentRenderer:
    """Made in the worker: what reads and colours Markdown is only imported there."""
    from spw_tui.rendering.document import DocumentRenderer

    return DocumentRenderer(text, name, width, theme, raw=raw)


def _marked(strip: Strip, pattern: re.Pattern[str], style: Style) -> Strip:
    """The strip with every match in the style."""
    text = strip.text
    matches = list(pattern.finditer(text))
    if not matches:
        return strip
    segments: list[Segment] = []
    position = 0
    for segment in strip:
        start, position = position, position + len(segment.text)
        cut = start
        for match in matches:
            first, last = max(match.start(), start), min(match.end(), position)
            if first < last:
                segments.append(Segment(text[cut:first], segment.style))
                segments.append(Segment(text[first:last], (segment.style or Style()) + style))
                cut = last
        segments.append(Segment(text[cut:position], segment.style))
    return Strip([segment for segment in segments if segment.text], strip.cell_length)
