"""The list of specs with its title, its filter and its order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual import getters
from textual.app import ComposeResult
from textual.containers import Vertical

from spw_tui.rows import Cell, Span, Tone, cell
from spw_tui.state import SORTS
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from textual.widgets import Input

    from spw_core.answers import SpecSummary
    from spw_tui.data import Failure
    from spw_tui.widgets.filter_input import FilterInput

_EMPTY = "no specs yet\n\nA spec is a folder in\n.spec-workflow/specs/.\nr looks again."
# The keys of the field, in which all others are letters.
FILTER_HINTS = (("enter", "to the specs", "leave(False)"), ("esc", "all specs again", "leave(True)"))


class SpecsPane(Vertical):
    """Shows the specs that it was given last; filter and order are its own."""

    rows = getters.query_one("#specs", RowList)

    def __init__(self, sort: str, *, id: str = "specs-pane") -> None:
        super().__init__(id=id)
        self.sort = sort
        self._specs: Mapping[str, SpecSummary | Failure] = {}
        self._now_ns = 0
        self._message: tuple[str, Tone] | None = None  # in place of specs
        self._words = ""
        self._focused = False
        self._field: FilterInput | None = None

    def compose(self) -> ComposeResult:
        yield LineBar(id="specs-title", classes="pane-title")
        yield RowList(id="specs")

    def show(self, specs: Mapping[str, SpecSummary | Failure], now_ns: int) -> None:
        """Replace the specs; the cursor stays on its own."""
        self._specs, self._now_ns, self._message = specs, now_ns, None
        self._draw()

    def say(self, text: str, tone: Tone = Tone.DIM) -> None:
        """Show a message in place of specs, until there are some: none is counted or sorted meanwhile."""
        self._specs, self._message = {}, (text, tone)
        self._draw()

    def _draw(self, *, fresh: bool = False) -> None:
        if self._message:
            self.rows.say(*self._message)
            self.draw_title(focused=self._focused)
            return
        from spw_tui.viewmodels.specs import spec_rows

        rows = spec_rows(self._specs.values(), self._now_ns, sort=self.sort, words=self._words)
        empty = f"no spec has {self._words!r}\nesc shows all" if self._words and self._specs else _EMPTY
        cursor = self.rows.row.id if fresh and self.rows.row else ""
        self.rows.show(rows, empty=empty, fresh=fresh, cursor=cursor)
        self.draw_title(focused=self._focused)

    def draw_title(self, *, focused: bool) -> None:
        """The title: how many, in which order, and whether the keys go here."""
        self._focused = focused
        shown = len(self.rows.rows)
        total = len(self._specs) if shown or self._words else 0  # what cannot be read is not counted
        count = f"{shown} of {total}" if self._words else str(total or "")
        line = (
            Cell(
                (
                    Span("▌ " if focused else "  ", Tone.ACCENT),
                    Span("SPECS", Tone.STRONG if focused else Tone.TITLE),
                    Span(f"  {SORTS[self.sort]}" if total else "", Tone.DIM, "sort_specs"),
                ),
                grow=True,
            ),
            cell(count, Tone.DIM),
        )
        self.query_one("#specs-title", LineBar).show(line)

    def visible_names(self) -> list[str]:
        """The specs that can be seen now."""
        return [row.id for row in self.rows.visible_rows()]

    def next_sort(self) -> str:
        """Go to the next order, and tell which."""
        orders = list(SORTS)
        self.sort = orders[(orders.index(self.sort) + 1) % len(orders)]
        self._draw(fresh=True)
        return self.sort

    async def start_filter(self) -> None:
        """Let the user type; the field is made when it is wanted for the first time."""
        from spw_tui.widgets.filter_input import FilterInput

        if not self.query(FilterInput):
            field = FilterInput(placeholder="name, stage or state", id="specs-filter", compact=True)
            await self.mount(field, before=self.rows)
            self._field = field
        if self._field:
            self._field.display = True
            self._field.focus()

    @property
    def is_typing(self) -> bool:
        """True while the keys go to the field of the filter."""
        return self._field is not None and self._field.has_focus

    @property
    def is_filtered(self) -> bool:
        return bool(self._words)

    def drop_filter(self) -> None:
        if self._field:
            self._field.value = ""
            self._field.display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._words = event.value
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.rows.focus()

    def on_filter_input_left(self, event: FilterInput.Left) -> None:
        event.stop()
        if event.dropped:
            self.drop_filter()
        self.rows.focus()
