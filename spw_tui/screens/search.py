"""Search over everything: results while typing, the match beside them, Enter opens it."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from spw_tui.actions import Keys, Scope, bindings
from spw_tui.clock import Clock
from spw_tui.data import SEARCH_LIMIT, DataService, describe
from spw_tui.rows import Cell, Span, Tone, cell, plural
from spw_tui.viewmodels.hits import hit_rows, mode_text
from spw_tui.widgets.frame import footer_line
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.preview import Preview
from spw_tui.widgets.row_list import RowList

_HINT = (
    "Type words: every brief, report, handoff, log and document of every spec is searched.\n"
    '"several words" in quotes stay together, -word leaves documents out.'
)


class SearchScreen(ModalScreen[None]):
    """The input keeps the focus; arrows move through the results meanwhile."""

    CSS_PATH = "../styles/search.tcss"
    SCOPES: ClassVar[tuple[Scope, ...]] = (Scope.SEARCH,)
    BINDINGS = bindings(Scope.SEARCH)

    hits = getters.query_one("#hits", RowList)
    preview = getters.query_one(Preview)

    def __init__(self, data: DataService, clock: Clock, *, searchable: bool = True) -> None:
        super().__init__()
        self._data = data
        self._clock = clock
        self._searchable = searchable
        self._generation = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="search-box"):
            yield LineBar(id="search-title", classes="bar")
            yield Input(placeholder="search all documents", id="query", compact=True)
            with Container(id="search-body"):
                yield RowList(id="hits", driven=True)
                yield Preview(self._data)
            yield LineBar(footer_line(self.SCOPES, Keys()), id="search-keys", classes="bar")

    def on_mount(self) -> None:
        self._show_title("", "")
        self.hits.say(_HINT)
        if not self._searchable:
            self.hits.say(
                "Nothing is harvested yet, so there is nothing to search.\nesc, then h harvests.", Tone.WARN
            )
        self.query_one(Input).focus()

    def _show_title(self, left: str, right: str) -> None:
        line = (
            Cell((Span("Search", Tone.KEY), Span(f"  {left}", Tone.DIM)), grow=True),
            cell(right, Tone.DIM),
        )
        self.query_one("#search-title", LineBar).show(line)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._generation += 1
        if event.value.strip():
            self._ask(event.value, self._generation)
        else:
            self._show_title("", "")
            self.hits.say(_HINT)

    @work(group="search", exit_on_error=False)
    async def _ask(self, query: str, generation: int) -> None:
        """Ask in a thread; an answer that comes after a newer question was typed is dropped."""
        try:
            answer = await asyncio.to_thread(self._data.search, query)
        except Exception as error:
            self.log.error(error)
            if generation == self._generation:
                self.hits.say(f"{describe(error)}\nType on to try again.", Tone.BAD)
            return
        if generation != self._generation:
            return
        count = len(answer.results)
        found = plural(count, "document") if count else "nothing found"
        if count == SEARCH_LIMIT:
            found = f"the best {count} documents"
        self._show_title(found, mode_text(answer))
        empty = (
            f"Nothing matches {answer.query}\n"
            "Fewer words find more. The last word also counts as a beginning while it is typed."
        )
        self.hits.show(hit_rows(answer, self._clock()), empty=empty, fresh=True)

    @on(RowList.Highlighted, "#hits")
    def _hit_highlighted(self, event: RowList.Highlighted) -> None:
        self.preview.open(event.row.document if event.row else None)

    @on(RowList.Opened, "#hits")
    @on(Input.Submitted)
    def action_open_hit(self) -> None:
        from spw_tui.screens.reader import ReaderScreen

        if self.hits.row and self.hits.row.document:
            self.app.push_screen(ReaderScreen(self._data, self._clock, self.hits.row.document))

    def action_move(self, step: int) -> None:
        self.hits.action_move(step)

    def action_scroll_preview(self, lines: int) -> None:
        self.preview.view.action_scroll_by(lines)

    def action_leave(self) -> None:
        self.dismiss()

    def on_descendant_focus(self) -> None:
        self.preview.set_active(self.focused is self.preview.view)
