"""Search over everything: results while typing, the match beside them, Enter opens it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from spw_tui.actions import PLACES, Scope, bindings
from spw_tui.clock import Clock
from spw_tui.data import SEARCH_LIMIT, SEARCH_MODES, DataService
from spw_tui.rows import Cell, Row, Span, Tone, beside, cell, plural
from spw_tui.trouble import explain
from spw_tui.viewmodels import filters
from spw_tui.viewmodels.hits import (
    DROP,
    QUERY,
    correction_text,
    hit_rows,
    mode_text,
    nothing_rows,
    start_rows,
)
from spw_tui.widgets.frame import footer_line
from spw_tui.widgets.hit_list import HitList
from spw_tui.widgets.line_bar import LineBar, spread
from spw_tui.widgets.preview import Preview
from spw_tui.widgets.query_input import QueryInput
from spw_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from textual.timer import Timer

    from spw_core.answers import SearchAnswer
    from spw_tui.app import SpwApp

# Searches that may run at once. Only the newest answer is shown; what was typed meanwhile is asked next.
_AT_ONCE = 2
# An answer that takes longer than the first is announced, and after the second it is told why that may be.
_SLOW_SECONDS = 0.4
_STUCK_SECONDS = 1.2
_STUCK = "searching… the index is busy, maybe with another program"
# So long after a failure the same is asked again, for as long as nobody types something else.
_RETRY_SECONDS = 2.0
# When nothing was typed for so long, a quick answer is replaced by the final one.
_PAUSE_SECONDS = 0.08


class SearchScreen(ModalScreen[None]):
    """The input keeps the focus; arrows move through the results meanwhile."""

    CSS_PATH = "../styles/search.tcss"
    SCOPES: ClassVar[tuple[Scope, ...]] = PLACES["search"]
    BINDINGS = bindings(Scope.SEARCH)

    hits = getters.query_one("#hits", HitList)
    query_input = getters.query_one(QueryInput)
    preview = getters.query_one(Preview)

    def __init__(self, data: DataService, clock: Clock) -> None:
        super().__init__()
        self._data = data
        self._clock = clock
        self._generation = 0  # counts what was asked; an answer to anything but the newest is dropped
        self._answered = 0  # the generation that the final answer is of
        self._shown = 0  # the generation that the answer is of, final or not
        self._opens = False  # Enter came before the final answer
        self._has_failed = False
        self._retry: Timer | None = None
        self._told = -1  # the generation that was told what holds it up
        self._asking = 0
        self._waiting = False
        self._values: dict[str, list[str]] = {}
        self._answer: SearchAnswer | None = None
        self._newest: SearchAnswer | None = None
        self.mode = SEARCH_MODES[0]

    def compose(self) -> ComposeResult:
        with Vertical(id="search-box"):
            yield LineBar(id="search-title", classes="bar")
            yield QueryInput(self._completions, id="query")
            yield LineBar(id="chips")
            with Container(id="search-body"):
                yield HitList(id="hits")
                yield Preview(self._data)
            yield LineBar(id="search-keys", classes="bar")

    def on_mount(self) -> None:
        self.query_one("#search-keys", LineBar).show(footer_line((Scope.SEARCH,), self.spw.keys))
        self.app.theme_changed_signal.subscribe(self, lambda _: self.preview.view.redraw())
        self._show_start()
        self._prepare()
        self.query_input.focus()

    def on_unmount(self) -> None:
        self._generation += 1  # nobody waits for an answer any more

    @property
    def spw(self) -> SpwApp:
        """The app, by its own type."""
        from spw_tui.app import SpwApp

        assert isinstance(self.app, SpwApp)
        return self.app

    @property
    def text(self) -> str:
        """What is typed."""
        return self.query_input.value

    # Before anything is typed

    @work(exclusive=True, group="prepare", exit_on_error=False)
    async def _prepare(self) -> None:
        """What can be completed, and the newest documents."""
        try:
            names = await asyncio.to_thread(self._data.spec_names)
            self._values = filters.values_of(names)
            self._newest = await asyncio.to_thread(self._data.newest_documents)
        except Exception as error:
            self.log.error(error)  # the search itself will tell
            return
        if not self.text.strip():
            self._show_start()

    def _show_start(self) -> None:
        self._answer = None
        self._show_title("", "")
        self._show_chips()
        memory = self.spw.memory
        rows = start_rows(memory.saved, memory.searches, self._newest, self._clock())
        if not self.spw.searchable:
            self._say_not_harvested()
        else:
            self.hits.show(rows, fresh=True)

    def _say_not_harvested(self) -> None:
        key = self.spw.keys.first_of("app.harvest")
        text = f"Nothing is harvested yet, so there is nothing to search.\nesc, then {key} harvests."
        self.hits.say(text, Tone.WARN)

    def _show_title(self, left: str, right: str) -> None:
        spans = (Span("Search", Tone.KEY), Span(f"  {left}", Tone.DIM))
        asked = "" if self.mode == SEARCH_MODES[0] or right else f"{self.mode} · "
        line = (Cell(spans, grow=True), cell(f"{asked}{right}", Tone.DIM))
        self.query_one("#search-title", LineBar).show(line)

    def _show_chips(self) -> None:
        """The filters, what could be completed, and why the search is made as it is."""
        line = filters.chips_line(self.text, filters.complete(self.text, self._values))
        reason = self._answer.reason if self._answer and self.text.strip() else ""
        self.query_one("#chips", LineBar).show(beside(spread(line, ()), cell(reason, Tone.DIM)))

    def _completions(self, text: str) -> tuple[str, ...]:
        return filters.complete(text, self._values).texts

    # Asking

    @on(Input.Changed)
    def _typed(self) -> None:
        self._generation += 1
        self._opens = self._has_failed = False
        self.preview.hold()
        self._show_chips()
        if self.text.strip():
            self._ask_soon()
        else:
            self._show_start()

    def _ask_soon(self) -> None:
        """Ask now, or as soon as one of the searches that run has ended: a slow index is not flooded."""
        if self._asking < _AT_ONCE:
            self._asking += 1
            self._ask(self.text, self._generation)
        else:
            self._waiting = True
        if not self._has_failed:
            self.set_timer(_SLOW_SECONDS, partial(self._say_that_it_searches, self._generation))

    def _say_that_it_searches(self, generation: int, text: str = "searching…") -> None:
        """What is listed is not the answer yet; say so, and later what that may come from."""
        is_told = generation in (self._answered, self._told) or not self.text.strip()
        if is_told or self._is_over(generation) or self._has_failed:
            return
        self._show_title(text, "")
        if text == _STUCK:
            self._told = generation
        else:
            self.set_timer(_STUCK_SECONDS, partial(self._say_that_it_searches, generation, _STUCK))

    @work(group="search", exit_on_error=False)
    async def _ask(self, query: str, generation: int) -> None:
        """Get a quick answer, which shall be there before the next key."""
        try:
            self._take(await self._search(query, generation, quick=True), generation)
        except Exception as error:
            self._say_why(error, generation)
        finally:
            self._asking -= 1
            if self._waiting and self.is_mounted:
                self._waiting = False
                self._ask_soon()

    @work(group="final", exclusive=True, exit_on_error=False)
    async def _ask_for_all(self, query: str, generation: int, pause: float) -> None:
        """Get the final answer, unless somebody types on."""
        await asyncio.sleep(pause)
        if self._is_over(generation):
            return
        try:
            self._take(await self._search(query, generation), generation)
        except Exception as error:
            self._say_why(error, generation)

    async def _search(self, query: str, generation: int, *, quick: bool = False) -> SearchAnswer:
        stopped = partial(self._is_over, generation)
        search = partial(self._data.search, query, self.mode, quick=quick, stopped=stopped)
        return await asyncio.to_thread(search)

    def _is_over(self, generation: int) -> bool:
        """True when nobody waits for an answer any more; asked in the thread that looks for it."""
        return generation != self._generation

    def _say_why(self, error: Exception, generation: int) -> None:
        if not self._is_over(generation):
            self._has_failed = True
            self._answer = None  # it is not listed any more
            self._show_title("no answer yet, asked again soon", "")
            self.hits.say(f"{explain(self, error)}\nenter tries again", Tone.BAD)
            if self._retry:
                self._retry.stop()
            self._retry = self.set_timer(_RETRY_SECONDS, partial(self._ask_again, generation))

    def _ask_again(self, generation: int) -> None:
        """Whatever was in the way may be gone."""
        if self._has_failed and self.text.strip() and not self._is_over(generation):
            self._ask_soon()

    def _take(self, answer: SearchAnswer, generation: int) -> None:
        """Show an answer to what is typed now. A quick one without results is none yet."""
        if self._is_over(generation):
            return
        self._has_failed = False
        if answer.is_final:
            self._answered = generation
        if answer.is_final or answer.results:
            is_first = generation != self._shown
            self._answer, self._shown = answer, generation
            self._show_answer(fresh=is_first)
        if not answer.is_final:
            is_bridged = answer.results and not self._opens
            self._ask_for_all(self.text, generation, _PAUSE_SECONDS if is_bridged else 0)
        elif self._opens:
            self.action_open_hit()

    def _show_answer(self, *, fresh: bool = True) -> None:
        """List the answer. One that is not `fresh` is more of the last one: the cursor stays where it is."""
        answer = self._answer
        if answer is None:
            return
        count = len(answer.results)
        found = plural(count, "document") if count else "nothing found"
        if count == SEARCH_LIMIT:
            found = f"the best {count} documents"
        if corrected := correction_text(answer):
            found += f" · {corrected}"
        self._show_title(found, mode_text(answer))
        self._show_chips()
        grouped = self.spw.memory.group
        if count:
            self.hits.show(hit_rows(answer, self._clock(), grouped=grouped), fresh=fresh)
        elif self.spw.searchable:
            self.hits.show(nothing_rows(answer), fresh=True)
        else:
            self._say_not_harvested()

    # Results

    @on(RowList.Highlighted, "#hits")
    def _hit_highlighted(self, event: RowList.Highlighted) -> None:
        row = event.row
        self.preview.open(row.document if row else None, nothing=_about(row))

    @on(Input.Submitted)
    def _submitted(self) -> None:
        """What is open is the best answer to what is typed, never to what stood there before."""
        is_seen = self._shown == self._generation and self.hits.was_moved
        self._opens = bool(self.text.strip()) and self._answered != self._generation and not is_seen
        if not self._opens:
            self.action_open_hit()
        elif self._has_failed:
            self._ask_soon()

    @on(RowList.Opened, "#hits")
    def action_open_hit(self) -> None:
        """Open the document, or do what the line under the cursor says."""
        self._opens = False
        row = self.hits.row
        if row is None:
            return
        if row.document:
            self.spw.memory.note_search(self.text)
            self.spw.open_document(row.document)
        elif row.id.startswith(QUERY):
            self.query_input.set(row.id.removeprefix(QUERY))
            self.query_input.focus()
        elif row.id.startswith(DROP):
            self.query_input.set(filters.without_filter(self.text, row.id.removeprefix(DROP)))

    # Actions

    def action_move(self, step: int) -> None:
        self.hits.action_move(step)

    def action_scroll_preview(self, lines: int) -> None:
        self.preview.view.action_scroll_by(lines)

    def action_complete_or_mode(self) -> None:
        """Complete a filter that is being typed; otherwise the next way to search."""
        if self.query_input.has_focus and (found := self._completions(self.text)):
            self.query_input.set(found[0])
            return
        self.mode = SEARCH_MODES[(SEARCH_MODES.index(self.mode) + 1) % len(SEARCH_MODES)]
        self._generation += 1
        self._has_failed = False
        if self.text.strip():
            self._ask_soon()
        else:
            self._show_title("", "")

    def action_group(self) -> None:
        memory = self.spw.memory
        memory.group = not memory.group
        row = self.hits.row
        self._show_answer()
        if row:
            self.hits.select(row.id)

    def action_save(self) -> None:
        if query := self.text.strip():
            kept = self.spw.memory.toggle_saved(query)
            self.notify(query, title="Kept" if kept else "No longer kept", markup=False, timeout=3)

    def action_drop_chip(self, number: int) -> None:
        self.query_input.set(filters.without(self.text, number))

    def action_next_pane(self) -> None:
        """From the field to the list, to the preview, and back."""
        order = [self.query_input, self.hits, self.preview.view]
        shown = [widget for widget in order if widget.is_on_screen]
        here = next((number for number, widget in enumerate(shown) if widget.has_focus), -1)
        shown[(here + 1) % len(shown)].focus()

    def action_leave(self) -> None:
        if self.text.strip() and self._answer and self._answer.results:
            self.spw.memory.note_search(self.text)
        self.dismiss()

    def on_descendant_focus(self) -> None:
        self.preview.set_active(self.focused is self.preview.view)


def _about(row: Row | None) -> str:
    """What the preview says of a line that stands for no document."""
    if row is None:
        return ""
    if row.id.startswith(QUERY):
        return "enter searches for it again"
    return "enter searches without it" if row.id.startswith(DROP) else "this is kept in a database only"
