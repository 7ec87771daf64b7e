"""A list of rows, drawn line by line: ten thousand rows cost what the visible ones cost."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from spw_tui.actions import Scope, bindings
from spw_tui.rendering.plain import wrap_line
from spw_tui.rows import Row, Tone, lay_out, safe
from spw_tui.themes import cursor_style, tones

_GUTTER = 2
_MARGIN = 1


class RowList(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows with a cursor. The cursor is kept by id: rows may come, go and move under it."""

    BINDINGS = bindings(Scope.LIST)
    DEFAULT_CSS = """
    RowList { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class Highlighted(Message):
        """The cursor is on another row, or on other contents of the same row; None for an empty list."""

        rows: RowList
        row: Row | None

        @property
        def control(self) -> RowList:
            return self.rows

    @dataclass
    class Opened(Message):
        """Enter or a double click on a row."""

        rows: RowList
        row: Row

        @property
        def control(self) -> RowList:
            return self.rows

    def __init__(self, *, id: str | None = None, driven: bool = False) -> None:
        """A `driven` list is moved by keys that another widget does not want; its cursor is always lit."""
        super().__init__(id=id)
        self._driven = driven
        self._rows: Sequence[Row] = ()
        self._tops: list[int] = []  # first line of each row
        self._cursor = -1
        self._moved = False
        self._message: tuple[str, Tone] = ("", Tone.DIM)

    # What is shown

    @property
    def rows(self) -> Sequence[Row]:
        return self._rows

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._cursor] if 0 <= self._cursor < len(self._rows) else None

    def visible_rows(self) -> Sequence[Row]:
        """The rows of which anything can be seen now."""
        if not self._rows:
            return ()
        first = bisect_right(self._tops, self.scroll_offset.y) - 1
        last = bisect_right(self._tops, self.scroll_offset.y + max(0, self.size.height - 1))
        return self._rows[max(0, first) : last]

    @property
    def message(self) -> str:
        """What stands in place of rows."""
        return "" if self._rows else self._message[0]

    def show(self, rows: Sequence[Row], *, cursor: str = "", empty: str = "", fresh: bool = False) -> None:
        """Replace all rows. The cursor stays on the row that it was on, wherever that is now.

        Until somebody moved it, it stays on the first row. For `fresh` rows it begins on the one with the
        id `cursor`, else on the first. `empty` is said when there are no rows.
        """
        if fresh:
            self._cursor, self._moved = -1, bool(cursor)
            self._scroll_to_line(0)
        before = self.row
        offset = self._tops[self._cursor] - self.scroll_offset.y if before else 0
        wanted = cursor or (before.id if before and self._moved else "")
        keeps_place = before is not None and wanted == before.id
        fallback = max(0, min(self._cursor, len(rows) - 1))
        self._rows = rows
        *self._tops, height = accumulate((len(row.lines) for row in rows), initial=0)
        self._message = (empty, Tone.DIM)
        found = next((index for index, row in enumerate(rows) if row.id == wanted), -1) if wanted else -1
        if found < 0:
            found = self._selectable(fallback if wanted else 0, 1)
        self._cursor = found
        self.virtual_size = Size(self.scrollable_content_region.width, height)
        if keeps_place and found >= 0:
            self._scroll_to_line(self._tops[found] - offset)
        self._keep_visible()
        self.refresh()
        if fresh or self.row != before:
            self._announce()

    def say(self, text: str, tone: Tone = Tone.DIM) -> None:
        """Show a message in place of rows: that something loads, is missing, or went wrong."""
        self._rows, self._tops, self._cursor, self._moved = (), [], -1, False
        self._message = (text, tone)
        self.virtual_size = Size(0, 0)
        self.refresh()
        self._announce()

    # The cursor

    def select(self, row_id: str) -> None:
        """Put the cursor on a row, if it is there."""
        for index, row in enumerate(self._rows):
            if row.id == row_id:
                self._move_to(index)

    def action_move(self, step: int) -> None:
        target = self._cursor
        for _ in range(abs(step)):
            following = self._selectable(target + (1 if step > 0 else -1), 1 if step > 0 else -1)
            if following < 0:
                break
            target = following
        if step < 0 and target == self._selectable(0, 1):
            self._scroll_to_line(0)  # a title above the first row is to be seen, too
        self._move_to(target)

    def action_page(self, step: int) -> None:
        if self._cursor >= 0:
            line = self._tops[self._cursor] + step * max(1, self.size.height - 1)
            self._move_near(line, step)

    def action_first(self) -> None:
        self._scroll_to_line(0)
        self._move_to(self._selectable(0, 1))

    def action_last(self) -> None:
        self._move_to(self._selectable(len(self._rows) - 1, -1))

    def action_open(self) -> None:
        if self.row:
            self.post_message(self.Opened(self, self.row))

    def _move_near(self, line: int, step: int) -> None:
        index = max(0, min(bisect_right(self._tops, line) - 1, len(self._rows) - 1))
        found = self._selectable(index, step)
        self._move_to(found if found >= 0 else self._selectable(index, -step))

    def _selectable(self, index: int, step: int) -> int:
        """The first row from `index` on that takes the cursor, -1 if none."""
        while 0 <= index < len(self._rows):
            if self._rows[index].selectable:
                return index
            index += step
        return -1

    def _move_to(self, index: int) -> None:
        self._moved = True
        if index < 0 or index == self._cursor:
            return
        self._cursor = index
        self._keep_visible()
        self.refresh()
        self._announce()

    def _keep_visible(self) -> None:
        if self._cursor < 0 or not self.size.height:
            return
        top = self._tops[self._cursor]
        bottom = top + len(self._rows[self._cursor].lines)
        if top < self.scroll_offset.y:
            self._scroll_to_line(top)
        elif bottom > self.scroll_offset.y + self.size.height:
            self._scroll_to_line(bottom - self.size.height)

    def _scroll_to_line(self, line: int) -> None:
        self.scroll_to(y=max(0, line), animate=False, force=True)

    def _announce(self) -> None:
        """Tell what is under the cursor. The sender is named, because a message that a parent causes would
        otherwise end at the parent."""
        message = self.Highlighted(self, self.row)
        message.set_sender(self)
        self.post_message(message)

    # Events

    def on_resize(self, event: Resize) -> None:
        self._keep_visible()
        self.refresh()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: Click) -> None:
        index = bisect_right(self._tops, event.y + self.scroll_offset.y) - 1
        if 0 <= index < len(self._rows) and self._rows[index].selectable:
            if event.y + self.scroll_offset.y >= self.virtual_size.height:
                return
            self._move_to(index)
            if event.chain >= 2:
                self.action_open()

    # Drawing

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.visual_style.rich_style
        line = y + self.scroll_offset.y
        if not self._rows:
            return self._message_line(y, width, base)
        index = bisect_right(self._tops, line) - 1
        row = self._rows[index]
        inside = line - self._tops[index]
        if inside >= len(row.lines):
            return Strip.blank(width, base)
        look = tones(self.app.theme)
        spans = lay_out(row.lines[inside], max(0, width - _GUTTER - _MARGIN))
        is_cursor = index == self._cursor
        is_lit = self.has_focus or self._driven
        gutter = "▌ " if is_cursor and is_lit and row.lines[inside] else "  "
        segments = [Segment(gutter, look[Tone.ACCENT]), *(Segment(s.text, look[s.tone]) for s in spans)]
        if is_cursor and row.lines[inside]:
            base += cursor_style(self.app.theme, lit=is_lit)
        return Strip(segments).adjust_cell_length(width).apply_style(base)

    def _message_line(self, y: int, width: int, base: Style) -> Strip:
        text, tone = self._message
        pieces = [piece for part in text.split("\n") for piece in wrap_line(safe(part), max(10, width - 4))]
        if not 1 <= y <= len(pieces):
            return Strip.blank(width, base)
        segment = Segment(f"  {pieces[y - 1]}", tones(self.app.theme)[tone])
        return Strip([segment]).adjust_cell_length(width).apply_style(base)
