"""The first screen: specs on the left, what is known about the selected one on the right."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical

from spw_tui.actions import Scope, bindings
from spw_tui.clock import Clock
from spw_tui.data import DataService, Failure, describe
from spw_tui.rows import Row, Tone
from spw_tui.screens.live import LiveScreen
from spw_tui.widgets.frame import pane_title, tab_line
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.preview import DEBOUNCE, Preview
from spw_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from spw_core.domain.summary import SpecSummary
    from spw_tui.viewmodels.facts import SpecFacts

# Specs that are read per turn of a worker, and how often the list is drawn meanwhile.
_CHUNK = 8
_REDRAW_SECONDS = 0.25


# Label of each tab, and what it says when it has no rows.
TABS = {
    "overview": ("Overview", ""),
    "runs": ("Runs", "no runs yet\nA run appears here as soon as a command of the workflow is dispatched."),
    "waves": ("Waves", "no waves and no tasks yet\nThey come with tasks.md and the first execution."),
    "handoffs": ("Handoffs", "no handoffs yet\nA run writes its handoff when all subagents have reported."),
}


class BrowseScreen(LiveScreen):
    """Specs, tabs, preview."""

    SCOPES = (Scope.APP, Scope.BROWSE, Scope.READING, Scope.LIST, Scope.PAGE)
    PANES = {"specs": "#specs", "rows": "#rows", "preview": "#document"}
    BINDINGS = bindings(Scope.BROWSE, Scope.READING)

    specs_list = getters.query_one("#specs", RowList)
    rows_list = getters.query_one("#rows", RowList)

    def __init__(self, data: DataService, clock: Clock) -> None:
        super().__init__(data, clock)
        self.tab = "overview"
        self._specs: dict[str, SpecSummary | Failure] = {}
        self._cursors: dict[tuple[str, str], str] = {}  # the row that was left, by spec and tab
        self._counts: dict[str, int] = {}
        self._shown: tuple[str, str] = ("", "")

    def compose(self) -> ComposeResult:
        yield LineBar(id="title", classes="bar")
        with Horizontal(id="body"):
            with Vertical(id="specs-pane"):
                yield LineBar(id="specs-title", classes="pane-title")
                yield RowList(id="specs")
            with Vertical(id="main"):
                yield LineBar(id="tabs", classes="pane-title")
                with Container(id="content"):
                    yield RowList(id="rows")
                    yield Preview(self.data)
        yield LineBar(id="keys", classes="bar")

    def on_mount(self) -> None:
        super().on_mount()
        self.specs_list.say("loading…")
        self.rows_list.say("loading…")
        self.specs_list.focus()
        self.show_focus()
        self.spw.harvested.subscribe(self, lambda _: self.action_reload())
        self.call_after_refresh(self.load_specs)

    # Specs

    @work(exclusive=True, group="specs", exit_on_error=False)
    async def load_specs(self) -> None:
        """The list as of the last harvest at once, then every spec as it is now."""
        try:
            await asyncio.to_thread(self.data.prepare)
            names = await asyncio.to_thread(self.data.spec_names)
            self._specs = {name: spec for name, spec in self._specs.items() if name in names}
            await self._load_index(names)
            if self._specs or not names:
                self._show_specs()
            shown = time.monotonic()
            for start in range(0, len(names), _CHUNK):
                for found in await asyncio.to_thread(self.data.summaries, names[start : start + _CHUNK]):
                    self._specs[found.name] = found
                if time.monotonic() - shown > _REDRAW_SECONDS:
                    self._show_specs()
                    shown = time.monotonic()
            self._show_specs()
        except Exception as error:
            self.log.error(error)
            self.specs_list.say(f"{describe(error)}\n\nr tries again", Tone.BAD)
            self.rows_list.say("")

    async def _load_index(self, names: list[str]) -> None:
        """What the last harvest knew. An index that cannot be read costs the search, not the list."""
        try:
            indexed = await asyncio.to_thread(self.data.indexed_specs)
            mode = await asyncio.to_thread(self.data.search_mode)
        except Exception as error:
            self.log.error(error)
            self.spw.search_state = f"no search: {describe(error)}"
            return
        for spec in indexed:
            if spec.name in names:
                self._specs.setdefault(spec.name, spec)
        self._show_search_state(mode, is_indexed=bool(indexed), has_specs=bool(names))

    def _show_search_state(self, mode: str, *, is_indexed: bool, has_specs: bool) -> None:
        """Tell the app whether search has something to search; the demo is harvested by itself."""
        self.spw.searchable = is_indexed
        self.spw.search_state = f"{mode} search" if is_indexed else "not harvested yet: press h"
        if not is_indexed and has_specs and self.data.harvest_when_empty:
            self.spw.action_harvest()

    def _show_specs(self) -> None:
        from spw_tui.viewmodels.specs import spec_rows

        self.specs_list.show(
            spec_rows(self._specs.values(), self.clock()),
            empty="no specs yet\n\nA spec is a folder in\n.spec-workflow/specs/.\nr looks again.",
        )
        self.show_focus()
        if not self._specs:
            self.rows_list.say("This workspace has no specs yet.")

    def spec_names(self) -> list[str]:
        """For the palette."""
        return sorted(self._specs)

    def go_to_spec(self, name: str) -> None:
        self.specs_list.select(name)

    @on(RowList.Highlighted, "#specs")
    def _spec_chosen(self, event: RowList.Highlighted) -> None:
        name = event.row.id if event.row else ""
        if not name or name == self.spec:
            return
        self.load_facts(name, DEBOUNCE if self.facts else 0.0)

    # The selected spec

    def facts_changed(self, facts: SpecFacts) -> None:
        from spw_tui.viewmodels.tabs import counts_of

        self._specs[facts.name] = facts.summary
        self._counts = counts_of(facts)
        self._show_specs()
        self._show_rows()

    def facts_failed(self, message: str) -> None:
        self.rows_list.say(f"{message}\n\nr tries again", Tone.BAD)
        self.show_focus()

    @work(exclusive=True, group="rows", exit_on_error=False)
    async def _show_rows(self) -> None:
        facts, tab = self.facts, self.tab
        if facts is None:
            return
        try:
            rows = await asyncio.to_thread(_rows, tab, facts, self.clock())
        except Exception as error:
            self.log.error(error)
            self.facts_failed(describe(error))
            return
        place, empty = (facts.name, tab), TABS[tab][1]
        if place == self._shown:
            self.rows_list.show(rows, empty=empty)
        else:
            self._remember()
            self._shown = place
            cursor = self._cursors.get(place, "")
            self.rows_list.show(rows, cursor=cursor, empty=empty, fresh=True)
        self.show_focus()

    def _remember(self) -> None:
        if self.rows_list.row and self._shown[0]:
            self._cursors[self._shown] = self.rows_list.row.id

    @on(RowList.Highlighted, "#rows")
    def _row_highlighted(self, event: RowList.Highlighted) -> None:
        row = event.row
        self.preview.open(row.document if row else None, nothing="nothing to preview here" if row else "")

    @on(RowList.Opened, "#specs")
    def _spec_opened(self) -> None:
        self.focus_pane("rows")

    @on(RowList.Opened, "#rows")
    def _row_opened(self, event: RowList.Opened) -> None:
        if event.row.run and self.facts:
            from spw_tui.screens.run import RunScreen

            self.app.push_screen(RunScreen(self.data, self.clock, self.facts, event.row.run))
        elif event.row.document:
            self.spw.open_document(event.row.document)

    # Actions

    def action_show_tab(self, name: str) -> None:
        self.tab = name
        self._show_rows()
        self.show_focus()
        if self.pane == "specs" and self.zoomed:
            self.focus_pane("rows")

    def action_leave(self) -> None:
        if self.zoomed:
            self._zoom("")
        elif self.pane != "specs":
            self.focus_pane("specs")

    def action_reload(self) -> None:
        self.load_specs()
        if self.spec:
            self.load_facts(self.spec)
        super().action_reload()

    def show_focus(self) -> None:
        super().show_focus()
        pane = self.pane
        count = str(len(self._specs)) if self._specs else ""
        self.query_one("#specs-title", LineBar).show(pane_title("SPECS", count, focused=pane == "specs"))
        facts = self.facts
        tabs = [(name, label, str(self._counts.get(name) or "")) for name, (label, _) in TABS.items()]
        subject = facts.name if facts else ""
        self.query_one("#tabs", LineBar).show(tab_line(tabs, self.tab, subject, focused=pane == "rows"))


def _rows(tab: str, facts: SpecFacts, now_ns: int) -> list[Row]:
    """Runs in a worker, as everything whose cost grows with the spec."""
    from spw_tui.viewmodels.tabs import rows_of

    return rows_of(tab, facts, now_ns)
