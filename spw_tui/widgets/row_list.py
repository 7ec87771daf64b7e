"""A list of rows, drawn line by line: ten thousand rows cost what the visible ones cost."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from spw_tui.actions import Scope, bindings
from spw_tui.rows import Row, Tone, lay_out
from spw_tui.themes import cursor_style, tones
from spw_tui.widgets.lines import CURSOR_MARK, CursorLines

_GUTTER = 2
_MARGIN = 1


class RowList(CursorLines, inherit_bindings=False):
    """Rows with a cursor. The cursor is kept by id: rows may come, go and move under it."""

    SCOPE = Scope.LIST
    BINDINGS = bindings(SCOPE)

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

    @property
    def was_moved(self) -> bool:
        """True when somebody chose the row under the cursor."""
        return self._moved

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
        self.keep_visible()
        self.refresh()
        if fresh or self.row != before:
            self.announce()

    def say(self, text: str, tone: Tone = Tone.DIM) -> None:
        """Show a message in place of rows: that something loads, is missing, or went wrong."""
        self._rows, self._tops, self._cursor, self._moved = (), [], -1, False
        self._message = (text, tone)
        self.virtual_size = Size(0, 0)
        self.refresh()
        self.announce()

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
        self.keep_visible()
        self.refresh()
        self.announce()

    def keep_visible(self) -> None:
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

    def row_clicked(self, x: int, y: int) -> bool:
        line = y + self.scroll_offset.y
        index = bisect_right(self._tops, line) - 1
        is_row = index >= 0 and line < self.virtual_size.height and self._rows[index].selectable
        if is_row:
            self._move_to(index)
        return is_row

    # Drawing

    def line_count(self) -> int:
        return self.virtual_size.height

    def line_text(self, line: int) -> str:
        return "".join(segment.text for segment in self._segments(line))

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.visual_style.rich_style
        if not self._rows:
            return self.message_line(y, width, self._message, _GUTTER)
        line = y + self.scroll_offset.y
        segments = self._segments(line)
        index = bisect_right(self._tops, line) - 1
        if index == self._cursor and segments:
            base += cursor_style(self.app.theme, lit=self._is_lit)
        return self.selected(Strip(segments), line).adjust_cell_length(width).apply_style(base)

    @property
    def _is_lit(self) -> bool:
        return self.has_focus or self._driven

    def _segments(self, line: int) -> list[Segment]:
        """One line of one row, with its margin; nothing for an empty line and below the last row."""
        index = bisect_right(self._tops, line) - 1
        row = self._rows[index]
        inside = line - self._tops[index]
        if inside >= len(row.lines) or not row.lines[inside]:
            return []
        look = tones(self.app.theme)
        room = self.scrollable_content_region.width - _GUTTER - _MARGIN
        gutter = f"{CURSOR_MARK} " if index == self._cursor and self._is_lit else "  "
        spans = lay_out(row.lines[inside], max(0, room))
        return [Segment(gutter, look[Tone.ACCENT]), *(Segment(span.text, look[span.tone]) for span in spans)]
