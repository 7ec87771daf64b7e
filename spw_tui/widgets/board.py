"""Columns of cards, drawn line by line; heads stay in place while the cards scroll below them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from spw_tui.actions import Scope, bindings
from spw_tui.rows import Column, Line, Row, Span, Tone, cell, lay_out
from spw_tui.themes import cursor_style, tones
from spw_tui.widgets.lines import CURSOR_MARK, CursorLines

_NARROWEST = 34
_WIDEST = 60
_BETWEEN = " │ "
_MARGIN = 1


class Board(CursorLines, inherit_bindings=False):
    """The cursor is on a card, and kept by the card's id while cards come, go and move."""

    SCOPE = Scope.BOARD
    BINDINGS = bindings(SCOPE)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns: Sequence[Column] = ()
        self._tops: list[list[int]] = []  # first line of each card, by column
        self._column = 0
        self._card = 0
        self._first = 0  # leftmost column that is drawn

    # What is shown

    @property
    def columns(self) -> Sequence[Column]:
        return self._columns

    @property
    def row(self) -> Row | None:
        """The card under the cursor."""
        cards = self._columns[self._column].cards if self._column < len(self._columns) else ()
        return cards[self._card] if self._card < len(cards) else None

    def show(self, columns: Sequence[Column], *, cursor: str = "", fresh: bool = False) -> None:
        """Replace all columns. The cursor stays on its card; on a `fresh` board it begins on the one with the
        id `cursor`."""
        before = None if fresh else self.row
        self._columns = columns
        self._tops = [
            list(accumulate((len(card.lines) + 1 for card in column.cards), initial=0)) for column in columns
        ]
        self._place(before.id if before else cursor)
        if fresh:
            self._first = 0
            self.scroll_to(y=0, animate=False, force=True)
        self.keep_visible()
        self.refresh()
        if fresh or self.row != before:
            self.announce()

    def _place(self, wanted: str) -> None:
        """The cursor on the wanted card, or near where it was."""
        for number, column in enumerate(self._columns):
            for position, card in enumerate(column.cards):
                if card.id == wanted:
                    self._column, self._card = number, position
                    return
        self._column = max(0, min(self._column, len(self._columns) - 1))
        cards = self._columns[self._column].cards if self._columns else ()
        self._card = max(0, min(self._card, len(cards) - 1))

    @property
    def _head(self) -> int:
        """Lines of the heads, and the one below them."""
        return max((len(column.head) for column in self._columns), default=0) + 1

    def _widths(self) -> tuple[int, int]:
        """(cells of a column, how many columns are drawn)."""
        room = self.scrollable_content_region.width - _MARGIN
        count = max(1, min(len(self._columns), (room + len(_BETWEEN)) // (_NARROWEST + len(_BETWEEN))))
        return max(8, min(_WIDEST, (room - len(_BETWEEN) * (count - 1)) // count)), count

    def keep_visible(self) -> None:
        """Make the card under the cursor visible."""
        tallest = max((tops[-1] for tops in self._tops), default=0)
        self.virtual_size = Size(self.scrollable_content_region.width, self._head + tallest)
        if self.row is None or not self.size.height:
            return
        _, count = self._widths()
        self._first = max(self._column - count + 1, min(self._first, self._column))
        self._first = max(0, min(self._first, len(self._columns) - count))
        top = self._tops[self._column][self._card]
        bottom = top + len(self.row.lines)
        room = max(1, self.size.height - self._head)
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)
        elif bottom > self.scroll_offset.y + room:
            self.scroll_to(y=bottom - room, animate=False, force=True)

    # The cursor

    def action_step(self, down: int, right: int) -> None:
        if right:
            self._step_aside(right)
        else:
            self._move_to(self._column, self._card + down)

    def _step_aside(self, step: int) -> None:
        """To the next column with cards, at about the same height."""
        column = self._column + step
        while 0 <= column < len(self._columns) and not self._columns[column].cards:
            column += step
        if 0 <= column < len(self._columns):
            here = self._tops[self._column][self._card]
            nearest = min(range(len(self._tops[column]) - 1), key=lambda n: abs(self._tops[column][n] - here))
            self._move_to(column, nearest)

    def action_first(self) -> None:
        self._move_to(self._column, 0)

    def action_last(self) -> None:
        self._move_to(self._column, len(self._tops[self._column]) - 2 if self._tops else 0)

    def select(self, row_id: str) -> None:
        """Put the cursor on a card, if it is there."""
        before = self._column, self._card
        self._place(row_id)
        if before != (self._column, self._card):
            self._moved()

    def _move_to(self, column: int, card: int) -> None:
        if not self._columns or not 0 <= card < len(self._columns[column].cards):
            return
        if (column, card) != (self._column, self._card):
            self._column, self._card = column, card
            self._moved()

    def _moved(self) -> None:
        self.keep_visible()
        self.refresh()
        self.announce()

    def row_clicked(self, x: int, y: int) -> bool:
        width, count = self._widths()
        column = self._first + x // (width + len(_BETWEEN))
        if y < self._head or column >= min(self._first + count, len(self._columns)):
            return False
        card, _ = self._card_at(column, y - self._head + self.scroll_offset.y)
        if card >= 0:
            self._move_to(column, card)
        return card >= 0

    # Drawing

    def line_count(self) -> int:
        return len(self._columns) * self.virtual_size.height

    def line_text(self, line: int) -> str:
        number, below = divmod(line, max(1, self.virtual_size.height))
        width, _ = self._widths()
        return "".join(segment.text for segment in self._segments(number, below, width))

    def render_line(self, y: int) -> Strip:
        """All columns side by side. To the mouse the text of one column follows that of the one before."""
        look = tones(self.app.theme)
        width, count = self._widths()
        line = y if y < self._head else y + self.scroll_offset.y
        pieces: list[Strip] = []
        for number in range(self._first, min(self._first + count, len(self._columns))):
            if number > self._first:
                pieces.append(Strip([Segment(_BETWEEN, look[Tone.FAINT])]))
            piece = Strip(self._segments(number, line, width))
            pieces.append(self.selected(piece, number * self.virtual_size.height + line))
        strip = Strip.join(pieces).adjust_cell_length(self.scrollable_content_region.width)
        return strip.apply_style(self.visual_style.rich_style)

    def _segments(self, number: int, line: int, width: int) -> list[Segment]:
        """One line of one column: of its head, or of what is below it."""
        column = self._columns[number]
        if line < len(column.head):
            drawn = column.head[line]
            if line == 0 and number == self._first and number:
                drawn = (cell(f"← {number}", Tone.DIM), *drawn)
            _, count = self._widths()
            if line == 0 and number == self._first + count - 1 < len(self._columns) - 1:
                drawn = (*drawn, cell(f"{len(self._columns) - 1 - number} →", Tone.DIM))
            return self._draw(" ", drawn, width)
        card, inside = self._card_at(number, line - self._head)
        if card < 0:
            return [Segment(" " * width)]
        is_cursor = number == self._column and card == self._card
        gutter = CURSOR_MARK if is_cursor and self.has_focus else " "
        segments = self._draw(gutter, column.cards[card].lines[inside], width)
        if is_cursor:
            behind = cursor_style(self.app.theme, lit=self.has_focus)
            return [Segment(text, behind + style if style else behind) for text, style, _ in segments]
        return segments

    def _card_at(self, number: int, line: int) -> tuple[int, int]:
        """(card, line inside it) at a line of a column, (-1, 0) between cards."""
        for card, top in enumerate(self._tops[number][:-1]):
            if top <= line < top + len(self._columns[number].cards[card].lines):
                return card, line - top
        return -1, 0

    def _draw(self, gutter: str, line: Line, width: int) -> list[Segment]:
        look = tones(self.app.theme)
        spans = [Span(gutter, Tone.ACCENT), *lay_out(line, width - 1)]
        return [Segment(span.text, look[span.tone]) for span in spans]
