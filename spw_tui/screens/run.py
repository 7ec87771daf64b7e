"""One run: its handoff and subagents on the left, brief, report or status on the right."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from spw_tui.actions import PLACES, Scope, bindings
from spw_tui.clock import Clock
from spw_tui.data import DataService, describe
from spw_tui.rows import Row, Tone, cell
from spw_tui.screens.live import LiveScreen
from spw_tui.viewmodels.runs import FIRST_PART, PART_NAMES, part_rows, run_title
from spw_tui.widgets.frame import tab_lines
from spw_tui.widgets.line_bar import LineBar, spread
from spw_tui.widgets.preview import Preview
from spw_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from spw_core.answers import DocumentRef, Run, SpecFacts, Subagent


class RunScreen(LiveScreen):
    """Follows the run while it is going on."""

    CSS_PATH = "../styles/run.tcss"
    SCOPES = PLACES["run"]
    PANES = {"rows": "#parts", "preview": "#document"}
    BINDINGS = bindings(Scope.RUN, Scope.READING, Scope.FILE)

    parts_list = getters.query_one("#parts", RowList)

    def __init__(
        self,
        data: DataService,
        clock: Clock,
        spec: str,
        run: str,
        *,
        facts: SpecFacts | None = None,
        at: DocumentRef | None = None,
    ) -> None:
        """`facts` are those of the spec, when they are known; `at` is the report to begin with."""
        super().__init__(data, clock)
        self.spec = spec
        self.run_path = run
        self.part = FIRST_PART
        self.facts = facts
        self._at = at
        self._similar: Sequence[Row] = ()
        self._asked: Run | None = None  # the state of the run to which the similar problems belong

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
        self.parts_list.say("loading…")
        self.parts_list.focus()
        if self.facts:
            self.facts_changed(self.facts)
        else:
            self.load_facts(self.spec)

    def crumbs(self) -> list[str]:
        return [self.spec]

    def facts_changed(self, facts: SpecFacts) -> None:
        run = facts.runs.get(self.run_path)
        if run is None:
            self.facts_failed("this run is not there any more")
            return
        title = self.query_one("#run-title", LineBar)
        title.show(spread((cell(" "), *run_title(run)), (cell(self.run_path, Tone.DIM, from_width=90),)))
        self._show_parts(facts, run)
        if run != self._asked:
            self._asked = run
            self._find_similar(facts, run)

    def _show_parts(self, facts: SpecFacts, run: Run) -> None:
        at, self._at = self._at, None
        rows = [*part_rows(facts, run), *self._similar]
        cursor = next((row.id for row in rows if at and at.is_same_document(row.document)), "")
        self.parts_list.show(rows, cursor=cursor, fresh=bool(cursor))

    @work(exclusive=True, group="similar", exit_on_error=False)
    async def _find_similar(self, facts: SpecFacts, run: Run) -> None:
        """Earlier problems like those of this run, below its files. All specs are read for it."""
        from spw_tui.viewmodels.insights import similar_section

        try:
            found = await asyncio.to_thread(self.data.similar_problems, facts.name, run.path)
        except Exception as error:
            self.log.error(error)
            self.notify(describe(error), title="No similar blocks", severity="warning", markup=False)
            return
        self._similar = similar_section(found, self.clock())
        if self.facts and (now := self.facts.runs.get(run.path)):
            self._show_parts(self.facts, now)

    def facts_failed(self, message: str) -> None:
        self.parts_list.say(f"{message}\nr tries again", Tone.BAD)

    @on(RowList.Highlighted, "#parts")
    def _part_highlighted(self, event: RowList.Highlighted) -> None:
        self._show_part(event.row)

    @on(RowList.Opened, "#parts")
    def _part_opened(self, event: RowList.Opened) -> None:
        row = event.row
        if row.run and row.document:
            self.app.push_screen(RunScreen(self.data, self.clock, row.document.spec, row.run))
        else:
            self.focus_pane("preview")

    def action_show_part(self, part: str) -> None:
        """A part of the subagent under the cursor; from what is no subagent, of the first one."""
        self.part = part
        row, agents = self.parts_list.row, self._agents()
        if agents and (row is None or row.id not in agents):
            self.parts_list.select(next(iter(agents)))
        else:
            self._show_part(row)

    def _show_part(self, row: Row | None) -> None:
        agent = self._agents().get(row.id) if row else None
        if agent and self.facts:
            self.preview.open(self.facts.part_of(agent, self.part), nothing="this subagent left no files")
        else:
            self.preview.open(row.document if row else None)
        self.show_focus()

    def _agents(self) -> dict[str, Subagent]:
        """The subagents by the rows that stand for them."""
        run = self.facts.runs.get(self.run_path) if self.facts else None
        return {agent.path: agent for agent in run.subagents} if run else {}

    def action_leave(self) -> None:
        if self.zoomed:
            self._zoom("")
        else:
            self.dismiss()

    def action_reload(self) -> None:
        self.load_facts(self.spec)
        super().action_reload()

    def _shown_part(self) -> str:
        """The part of a subagent that the preview has; empty for anything else."""
        row, ref = self.parts_list.row, self.preview.ref
        if not (self.facts and ref and row and row.id in self._agents()):
            return ""
        document = self.facts.documents.get((ref.area, ref.path))
        return document.kind.value if document else ""

    def show_focus(self) -> None:
        super().show_focus()
        tabs = [(part, part, "") for part in PART_NAMES]
        keys = [self.spw.keys.first_of(f"run.{part}") for part in PART_NAMES]
        lines = tab_lines(tabs, self._shown_part(), "", focused=False, keys=keys, action="show_part")
        self.query_one("#parts-tabs", LineBar).show(*lines)
