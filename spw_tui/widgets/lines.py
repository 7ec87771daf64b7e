"""What all that is drawn line by line has in common: text that the mouse selects, and a cursor on rows."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Resize
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from spw_tui.rendering.plain import wrap_line
from spw_tui.rows import Row, Tone, safe
from spw_tui.themes import tones

CURSOR_MARK = "▌"


class SelectableLines(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines of text, counted from 0, of which some are drawn. Keys of the screen copy what is selected."""

    DEFAULT_CSS = """
    SelectableLines { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    def line_count(self) -> int:
        """How many lines of text there are."""
        raise NotImplementedError

    def line_text(self, line: int) -> str:
        """One line as it is drawn."""
        raise NotImplementedError

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """The selected text; only its own lines are looked at, for there may be very many others."""
        first = selection.start.y if selection.start else 0
        last = min(selection.end.y if selection.end else self.line_count(), self.line_count() - 1)
        parts = []
        for line in range(first, last + 1):
            begin, end = selection.get_span(line) or (0, 0)
            text = self.line_text(line)
            parts.append(text[begin : None if end == -1 else end].rstrip())
        return "\n".join(parts), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def selected(self, strip: Strip, line: int) -> Strip:
        """The strip with the selected part lit, and with the places that the mouse can select."""
        selection = self.text_selection
        if span := selection.get_span(line) if selection else None:
            strip = _lit(strip, *span, self.screen.get_component_rich_style("screen--selection"))
        return strip.apply_offsets(0, line)

    def message_line(self, y: int, width: int, message: tuple[str, Tone], margin: int) -> Strip:
        """One line of what stands in place of contents, wrapped; the first line is blank."""
        base = self.visual_style.rich_style
        text, tone = message
        room = max(10, width - 2 * margin)
        pieces = [piece for part in text.split("\n") for piece in wrap_line(safe(part), room)]
        if not 1 <= y <= len(pieces):
            return Strip.blank(width, base)
        segment = Segment(" " * margin + pieces[y - 1], tones(self.app.theme)[tone])
        return Strip([segment]).adjust_cell_length(width).apply_style(base)


def _lit(strip: Strip, begin: int, end: int, lit: Style) -> Strip:
    """The strip with a style from one character to another (-1 for the last); characters are no cells."""
    segments: list[Segment] = []
    position = 0
    for text, style, _ in strip:
        first = max(0, min(begin - position, len(text)))
        last = len(text) if end == -1 else max(first, min(end - position, len(text)))
        parts = (
            (text[:first], style),
            (text[first:last], style + lit if style else lit),
            (text[last:], style),
        )
        segments += [Segment(part, look) for part, look in parts if part]
        position += len(text)
    return Strip(segments, strip.cell_length)


class CursorLines(SelectableLines, inherit_bindings=False):
    """Rows with a cursor on one of them, in a list or on a board."""

    @dataclass
    class Highlighted(Message):
        """The cursor is on another row, or on other contents of the same row; None where there are none."""

        rows: CursorLines
        row: Row | None

        @property
        def control(self) -> CursorLines:
            return self.rows

    @dataclass
    class Opened(Message):
        """Enter or a double click on a row."""

        rows: CursorLines
        row: Row

        @property
        def control(self) -> CursorLines:
            return self.rows

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        raise NotImplementedError

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """The selected text without the margin where the cursor is marked."""
        text, ending = super().get_selection(selection)
        return dedent(text.replace(CURSOR_MARK, " ")), ending

    def row_clicked(self, x: int, y: int) -> bool:
        """Put the cursor on what is drawn there; False where no row is."""
        raise NotImplementedError

    def keep_visible(self) -> None:
        """Scroll so that the row under the cursor can be seen."""
        raise NotImplementedError

    def action_open(self) -> None:
        if self.row:
            self.post_message(self.Opened(self, self.row))

    def announce(self) -> None:
        """Tell what is under the cursor. The sender is named, because a message that a parent causes would
        otherwise end at the parent."""
        message = self.Highlighted(self, self.row)
        message.set_sender(self)
        self.post_message(message)

    def on_resize(self, event: Resize) -> None:
        self.keep_visible()
        self.refresh()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: Click) -> None:
        event.prevent_default()  # a double click opens the row; by default it would select all text
        if self.row_clicked(event.x, event.y) and event.chain >= 2:
            self.action_open()
