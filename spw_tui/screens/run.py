"""One run: its handoff and subagents on the left, brief, report or status on the right."""

from __future__ import annotations

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from spw_tui.actions import Scope, bindings
from spw_tui.clock import Clock
from spw_tui.data import DataService
from spw_tui.rows import Row, Tone, cell
from spw_tui.screens.live import LiveScreen
from spw_tui.viewmodels.facts import SpecFacts
from spw_tui.viewmodels.runs import PARTS, part_of, part_rows, run_title
from spw_tui.widgets.frame import tab_lines
from spw_tui.widgets.line_bar import LineBar, spread
from spw_tui.widgets.preview import Preview
from spw_tui.widgets.row_list import RowList


class RunScreen(LiveScreen):
    """Follows the run while it is going on."""

    CSS_PATH = "../styles/run.tcss"
    SCOPES = (Scope.APP, Scope.RUN, Scope.READING, Scope.LIST, Scope.PAGE)
    PANES = {"rows": "#parts", "preview": "#document"}
    BINDINGS = bindings(Scope.RUN, Scope.READING)

    parts_list = getters.query_one("#parts", RowList)

    def __init__(self, data: DataService, clock: Clock, facts: SpecFacts, run: str) -> None:
        super().__init__(data, clock)
        self.spec = facts.name
        self.run_path = run
        self.part = "report.md"
        self._first_facts = facts

    def compose(self) -> ComposeResult:
        yield LineBar(id="title", classes="bar")
        yield LineBar(id="run-title", classes="pane-title")
        with Container(id="content"):
            yield RowList(id="parts")
            with Vertical(id="right"):
                yield LineBar(id="parts-tabs", classes="pane-title")
                yield Preview(self.data)
        yield LineBar(id="keys", classes="bar")

    def on_mount(self) -> None:
        super().on_mount()
        self.facts = self._first_facts
        self.facts_changed(self.facts)
        self.parts_list.focus()

    def crumbs(self) -> list[str]:
        return [self.spec]

    def facts_changed(self, facts: SpecFacts) -> None:
        run = facts.runs.get(self.run_path)
        if run is None:
            self.facts_failed("this run is not there any more")
            return
        title = self.query_one("#run-title", LineBar)
        title.show(spread((cell(" "), *run_title(run)), (cell(self.run_path, Tone.DIM, from_width=90),)))
        self.parts_list.show(part_rows(facts, run), empty="this run has no files")

    def facts_failed(self, message: str) -> None:
        self.parts_list.say(f"{message}\nr tries again", Tone.BAD)

    @on(RowList.Highlighted, "#parts")
    def _part_highlighted(self, event: RowList.Highlighted) -> None:
        self._show_part(event.row)

    @on(RowList.Opened, "#parts")
    def _part_opened(self) -> None:
        self.focus_pane("preview")

    def action_show_part(self, part: str) -> None:
        self.part = part
        self._show_part(self.parts_list.row)

    def _show_part(self, row: Row | None) -> None:
        agents = self._agents()
        if row and self.facts and row.id in agents:
            self.preview.open(part_of(self.facts, row.id, self.part), nothing="this subagent left no files")
        else:
            self.preview.open(row.document if row else None)
        self.show_focus()

    def _agents(self) -> set[str]:
        run = self.facts.runs.get(self.run_path) if self.facts else None
        return {agent.path for agent in run.subagents} if run else set()

    def action_leave(self) -> None:
        if self.zoomed:
            self._zoom("")
        else:
            self.dismiss()

    def action_reload(self) -> None:
        self.load_facts(self.spec)
        super().action_reload()

    def show_focus(self) -> None:
        super().show_focus()
        row = self.parts_list.row
        shown = self.preview.ref.name if self.preview.ref and row and row.id in self._agents() else ""
        tabs = [(part, part.partition(".")[0], "") for part in PARTS]
        lines = tab_lines(tabs, shown, "", focused=False, action="show_part")
        self.query_one("#parts-tabs", LineBar).show(*lines)
