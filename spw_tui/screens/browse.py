"""The first screen: specs on the left, what is known about the selected one on the right."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.events import Resize
from textual.widget import Widget

from spw_tui.actions import PLACES, Scope, bindings
from spw_tui.clock import Clock
from spw_tui.data import DataService
from spw_tui.rows import Row, Tone
from spw_tui.screens.live import LiveScreen
from spw_tui.screens.spec_loader import SpecLoader
from spw_tui.trouble import explain
from spw_tui.widgets.frame import footer_line, hints_line, tab_lines
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.preview import DEBOUNCE, Preview
from spw_tui.widgets.row_list import RowList
from spw_tui.widgets.specs_pane import FILTER_HINTS, SpecsPane

if TYPE_CHECKING:
    from spw_core.answers import SpecFacts
    from spw_tui.viewmodels.tabs import View
    from spw_tui.widgets.board import Board

TABS = {
    "overview": "Overview",
    "runs": "Runs",
    "waves": "Waves",
    "tasks": "Tasks",
    "documents": "Documents",
    "trace": "Trace",
    "log": "Log",
}
_BOARD = "waves"
_TRACE = "trace"
_LOADING = "loading…"
# Loading takes a tenth of this; whoever waits longer is told why.
_SLOW_SECONDS = 3.0
# On narrower screens one pane at a time has all the room.
_TWO_PANES = 60
_NO_SPECS = (
    "no specs yet\nWhat needs you now and what comes next will stand here.\n"
    "`spw-tui --demo` shows a workspace that is full of it."
)
_NO_WAVES = "no waves and no tasks yet\nThey come with tasks.md and the first execution."


class BrowseScreen(LiveScreen):
    """Specs, tabs, preview."""

    SCOPES = PLACES["browse"]
    PANES = {"specs": "#specs", "rows": "#rows", "preview": "#document"}
    BINDINGS = bindings(Scope.BROWSE, Scope.READING, Scope.FILE)

    specs_pane = getters.query_one(SpecsPane)
    specs_list = getters.query_one("#specs", RowList)
    rows_list = getters.query_one("#rows", RowList)

    def __init__(self, data: DataService, clock: Clock) -> None:
        super().__init__(data, clock)
        self.tab = "overview"
        self.is_tree = False
        self._wanted_spec = ""
        self._cursors: dict[tuple[str, str], str] = {}  # the row that was left, by spec and tab
        self._counts: dict[str, int] = {}
        self._shown: tuple[str, str] = ("", "")
        self._walked: list[str] = []  # nodes of the trace, each reached from the one before
        self._board: Board | None = None  # made when it is wanted for the first time
        self._is_tiny = False

    def compose(self) -> ComposeResult:
        memory = self.spw.memory
        yield LineBar(id="title", classes="bar")
        with Horizontal(id="body"):
            yield SpecsPane(memory.sort)
            with Vertical(id="main"):
                yield LineBar(id="tabs", classes="pane-title")
                with Container(id="content"):
                    with Vertical(id="rows-pane"):
                        yield LineBar(id="rows-head", classes="pane-title")
                        yield RowList(id="rows")
                    yield Preview(self.data)
        yield LineBar(id="keys", classes="bar")

    def on_mount(self) -> None:
        super().on_mount()
        self._set_specs_width()
        self.spw.harvested.subscribe(self, lambda _: self.action_reload())
        self.start_over()

    def on_resize(self, event: Resize) -> None:
        is_tiny = event.size.width < _TWO_PANES
        if is_tiny != self._is_tiny:
            self._is_tiny = is_tiny
            self._zoom((self.pane or "specs") if is_tiny else "")

    def start_over(self) -> None:
        """Show the workspace from its beginning, at the place where it was left the last time."""
        self._wanted_spec, tab = self.spw.memory.place(self.data.root)
        self.tab = tab if tab in TABS else "overview"
        self.spec, self.facts = "", None
        self._counts, self._shown = {}, ("", "")
        self.loader = SpecLoader(self)
        self._show_list(is_board=False)
        self.query_one("#rows-head").display = False
        self.specs_pane.say(_LOADING)
        self.rows_list.say(_LOADING)
        self.set_timer(_SLOW_SECONDS, self._say_that_it_takes_long)
        self.specs_list.focus()
        self.show_focus()
        self.refresh_title()
        self.call_after_refresh(self.load_specs)

    # Specs

    @work(exclusive=True, group="specs", exit_on_error=False)
    async def load_specs(self) -> None:
        """The list as of the last harvest at once, then every spec as it is now."""
        await self.loader.load()
        from spw_tui.soon import import_soon

        import_soon()  # there is nothing else to do, until a key comes

    def specs_changed(self) -> None:
        """Called by the loader whenever it knows more."""
        self.specs_pane.show(self.loader.specs, self.clock())
        if self._wanted_spec in self.loader.specs:
            self.specs_list.select(self._wanted_spec)
            self._wanted_spec = ""
        self.show_focus()
        if not self.loader.specs:
            self._show_nothing(_NO_SPECS)

    def specs_failed(self, message: str) -> None:
        self._wanted_spec = self._wanted_spec or self.spec  # the cursor is there again when the specs are
        self.specs_pane.say(f"{message}\n\nr tries again", Tone.BAD)
        self._show_nothing("")

    def _show_nothing(self, message: str) -> None:
        """No spec is selected, because there is none."""
        self.workers.cancel_group(self, "facts")
        self.spec, self.facts = "", None
        self._counts, self._shown = {}, ("", "")
        self._show_list(is_board=False)
        self.query_one("#rows-head").display = False
        self.rows_list.say(message)
        self.show_focus()

    def _say_that_it_takes_long(self) -> None:
        if self.specs_list.message == _LOADING:
            self.specs_pane.say(
                "still loading…\n\nA database is busy,\nmaybe with another program.", Tone.WARN
            )

    def poll(self) -> None:
        super().poll()
        self.refresh_visible_specs()

    @work(exclusive=True, group="visible", exit_on_error=False)
    async def refresh_visible_specs(self) -> None:
        """Some of the specs that can be seen, and the list of names, as they are now."""
        await self.loader.refresh(self.specs_pane.visible_names())

    def spec_names(self) -> list[str]:
        """For the palette."""
        return sorted(self.loader.specs)

    def go_to_spec(self, name: str) -> None:
        self.specs_pane.drop_filter()
        self.specs_list.select(name)

    @on(RowList.Highlighted, "#specs")
    def _spec_chosen(self, event: RowList.Highlighted) -> None:
        name = event.row.id if event.row else ""
        if name and name != self.spec:
            self.load_facts(name, DEBOUNCE if self.facts else 0.0)

    # The selected spec

    def facts_changed(self, facts: SpecFacts) -> None:
        from spw_tui.viewmodels.tabs import counts_of

        self.spw.memory.note_place(self.data.root, facts.name, self.tab)
        self.loader.specs[facts.name] = facts.summary
        self._counts = counts_of(facts)
        self.specs_changed()
        self._show_rows()

    def facts_failed(self, message: str) -> None:
        self._show_list(is_board=False)
        self.rows_list.say(f"{message}\n\nr tries again", Tone.BAD)
        self.show_focus()

    @work(exclusive=True, group="rows", exit_on_error=False)
    async def _show_rows(self) -> None:
        facts, tab = self.facts, self.tab
        if facts is None:
            return
        if facts.name != self._shown[0]:
            self._walked.clear()
        node = self._walked[-1] if self._walked else ""  # empty for the whole spec
        try:
            if tab == _BOARD:
                await self._show_board(facts)
            else:
                look = "tree" if tab == "tasks" and self.is_tree else tab
                view = await asyncio.to_thread(_view, look, facts, self.data, self.clock(), node)
                self._show_view(facts, f"{tab} {node}" if tab == _TRACE else tab, view)
        except Exception as error:
            self.facts_failed(explain(self, error))
        self.show_focus()

    def _show_view(self, facts: SpecFacts, place: str, view: View) -> None:
        head = self.query_one("#rows-head", LineBar)
        head.display = bool(view.head)
        head.show(view.head)
        is_fresh, cursor = self._arrive((facts.name, place))
        self._show_list(is_board=False)
        self.rows_list.show(view.rows, cursor=cursor, empty=view.empty, fresh=is_fresh)

    async def _show_board(self, facts: SpecFacts) -> None:
        from spw_tui.viewmodels.waves import first_card, wave_columns

        columns = await asyncio.to_thread(wave_columns, facts, self.clock())
        is_fresh, cursor = self._arrive((facts.name, _BOARD))
        self.query_one("#rows-head").display = False
        board = await self._made_board()
        self._show_list(is_board=bool(columns))
        if columns:
            board.show(columns, cursor=cursor or first_card(facts, columns), fresh=is_fresh)
        else:
            self.rows_list.say(_NO_WAVES)

    def _arrive(self, place: tuple[str, str]) -> tuple[bool, str]:
        """(whether another place was shown before, the row that was left here)."""
        if place == self._shown:
            return False, ""
        row = self._main_row()
        if row and self._shown[0]:
            self._cursors[self._shown] = row.id
        self._shown = place
        return True, self._cursors.get(place, "")

    def _show_list(self, *, is_board: bool) -> None:
        """Either the board or the list; the focus goes along."""
        self.set_class(is_board, "-board")
        if self._board and self._board.display != is_board:
            had_focus = self.pane == "rows"
            self._board.display, self.rows_list.display = is_board, not is_board
            if had_focus:
                self.pane_widget("rows").focus()

    async def _made_board(self) -> Board:
        if self._board is None:
            from spw_tui.widgets.board import Board

            self._board = Board(id="board")
            self._board.display = False
            await self.query_one("#rows-pane").mount(self._board)
        return self._board

    @property
    def board(self) -> Board | None:
        """The board, while it is what is shown."""
        return self._board if self._board and self._board.display else None

    def _main_row(self) -> Row | None:
        return self.board.row if self.board else self.rows_list.row

    def pane_widget(self, name: str) -> Widget:
        return self.board if name == "rows" and self.board else super().pane_widget(name)

    @on(RowList.Highlighted, "#rows, #board")
    def _row_highlighted(self, event: RowList.Highlighted) -> None:
        row = event.row
        self.preview.open(row.document if row else None, nothing="nothing to preview here" if row else "")

    @on(RowList.Opened, "#specs")
    def _spec_opened(self) -> None:
        self.focus_pane("rows")

    @on(RowList.Opened, "#rows, #board")
    def _row_opened(self, event: RowList.Opened) -> None:
        row = event.row
        if row.walks:
            self._walked.append(row.walks)
            self._show_rows()
        elif row.run and self.facts:
            from spw_tui.screens.run import RunScreen

            screen = RunScreen(self.data, self.clock, self.facts.name, row.run, facts=self.facts)
            self.app.push_screen(screen)
        elif target := row.opens or row.document:
            self.spw.open_document(target)

    # Actions

    def action_show_tab(self, name: str) -> None:
        self.tab = name
        if self.facts:
            self.spw.memory.note_place(self.data.root, self.facts.name, name)
        self._show_rows()
        self.show_focus()
        if self.pane == "specs" and self.zoomed:
            self.focus_pane("rows")

    def action_toggle_tree(self) -> None:
        """The other look of the tasks, at the same task; from any other tab, the tasks first."""
        self.is_tree = not self.is_tree if self.tab == "tasks" else True
        if self.tab == "tasks" and (row := self._main_row()):
            self._cursors[self._shown] = row.id
        self._shown = ("", "")
        self.action_show_tab("tasks")

    def action_show_insights(self) -> None:
        from spw_tui.screens.wide import InsightsScreen

        self.app.push_screen(InsightsScreen(self.data, self.clock))

    def action_show_sessions(self) -> None:
        from spw_tui.screens.wide import SessionsScreen

        self.app.push_screen(SessionsScreen(self.data, self.clock))

    def action_sort_specs(self) -> None:
        self.spw.memory.sort = self.specs_pane.next_sort()
        self.show_focus()

    async def action_filter_specs(self) -> None:
        if self.zoomed:
            self._zoom("specs" if self._is_tiny else "")
        await self.specs_pane.start_filter()

    def action_resize_panes(self, step: int) -> None:
        memory = self.spw.memory
        memory.specs_width = max(-16, min(30, memory.specs_width + step))
        self._set_specs_width()

    def _set_specs_width(self) -> None:
        """The width that the style sheet gives the specs, and what the user gave or took."""
        change = self.spw.memory.specs_width
        usual = 31 if self.app.size.width < 100 else 42
        self.specs_pane.styles.width = usual + change if change else None

    def action_zoom(self) -> None:
        if self._is_tiny:
            self.notify("one pane has the whole screen already; tab shows the next", markup=False)
        else:
            super().action_zoom()

    def action_leave(self) -> None:
        if self.zoomed and not self._is_tiny:
            self._zoom("")
        elif self.pane == "rows" and self.tab == _TRACE and self._walked:
            self._walked.pop()
            self._show_rows()
        elif self.pane != "specs":
            self.focus_pane("specs")
        elif self.specs_pane.is_filtered:
            self.specs_pane.drop_filter()

    def action_reload(self) -> None:
        self.load_specs()
        if self.spec:
            self.load_facts(self.spec)
        super().action_reload()

    def show_focus(self) -> None:
        super().show_focus()
        pane, typing = self.pane, self.specs_pane.is_typing
        self.specs_pane.draw_title(focused=pane == "specs" or typing)
        footer = hints_line(FILTER_HINTS) if typing else footer_line(self.SCOPES, self.spw.keys)
        self.query_one("#keys", LineBar).show(footer)
        tabs = [(name, label, str(self._counts.get(name) or "")) for name, label in TABS.items()]
        subject = self.facts.name if self.facts else ""
        keys = [self.spw.keys.first_of(f"browse.{name}") for name in TABS]
        lines = tab_lines(tabs, self.tab, subject, focused=pane == "rows", keys=keys)
        self.query_one("#tabs", LineBar).show(*lines)


def _view(look: str, facts: SpecFacts, data: DataService, now_ns: int, node: str) -> View:
    """Runs in a worker, as everything whose cost grows with the spec."""
    from spw_tui.viewmodels.tabs import view_of, view_of_log, view_of_trace

    if look == _TRACE:
        return view_of_trace(facts, data.trace(facts.name, node))
    if look == "log":
        return view_of_log(facts, data.log(facts.name), now_ns)
    return view_of(look, facts, now_ns)
