"""Screens about the whole workspace: recurring problems, and sessions with agents."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.events import DescendantFocus

from spw_core.refs import DocumentRef
from spw_tui.actions import PLACES, Scope, bindings
from spw_tui.clock import Clock
from spw_tui.data import DataService
from spw_tui.rows import Row, Tone, plural
from spw_tui.screens.base import SpwScreen
from spw_tui.trouble import explain
from spw_tui.widgets.frame import pane_title
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.preview import DEBOUNCE, Preview
from spw_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from spw_core.answers import Said


class WideScreen(SpwScreen):
    """A list on the left, what its line stands for on the right."""

    CSS_PATH = "../styles/wide.tcss"
    PANES = {"rows": "#wide-rows", "preview": "#document"}
    BINDINGS = bindings(Scope.WIDE, Scope.READING)
    NAME: ClassVar[str] = ""
    EMPTY: ClassVar[str] = ""

    rows_list = getters.query_one("#wide-rows", RowList)

    def compose(self) -> ComposeResult:
        yield LineBar(id="title", classes="bar")
        with Container(id="content"):
            with Vertical(id="wide-left"):
                yield LineBar(id="wide-title", classes="pane-title")
                yield RowList(id="wide-rows")
                yield from self.compose_below()
            yield Preview(self.data)
        yield LineBar(id="keys", classes="bar")

    def on_mount(self) -> None:
        super().on_mount()
        self.rows_list.say("loading…")
        self.rows_list.focus()
        self._load()

    def crumbs(self) -> list[str]:
        return [self.NAME]

    def compose_below(self) -> ComposeResult:
        """What stands below the list."""
        return ()

    def read_rows(self) -> Sequence[Row]:
        """The rows; called in a worker."""
        raise NotImplementedError

    @work(exclusive=True, group="wide", exit_on_error=False)
    async def _load(self) -> None:
        try:
            rows = await asyncio.to_thread(self.read_rows)
        except Exception as error:
            self.rows_list.say(f"{explain(self, error)}\nr tries again", Tone.BAD)
        else:
            self.show_rows(rows)
            self.show_focus()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Called with what was read."""
        self.rows_list.show(rows, empty=self.EMPTY)

    def show_focus(self) -> None:
        super().show_focus()
        count = sum(row.selectable for row in self.rows_list.rows)
        title = pane_title(self.NAME.upper(), str(count or ""), focused=self.pane == "rows")
        self.query_one("#wide-title", LineBar).show(title)

    @on(RowList.Highlighted, "#wide-rows")
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        self.preview.open(event.row.document if event.row else None)

    @on(RowList.Opened, "#wide-rows")
    def _row_opened(self, event: RowList.Opened) -> None:
        if event.row.run:
            self.open_run(event.row)
        elif event.row.document:
            self.spw.open_document(event.row.document)
        else:
            self.focus_pane("preview")

    def open_run(self, row: Row) -> None:
        """Show the run that a row names, at the subagent whose report the row shows."""
        from spw_tui.screens.run import RunScreen

        if row.document:
            screen = RunScreen(self.data, self.clock, row.document.spec, row.run, at=row.document)
            self.app.push_screen(screen)

    def action_reload(self) -> None:
        self._load()

    def action_leave(self) -> None:
        if self.zoomed:
            self._zoom("")
        else:
            self.dismiss()


class InsightsScreen(WideScreen):
    """Problems of all specs, grouped by what they say; below, what was like the one under the cursor."""

    SCOPES = PLACES["insights"]
    BINDINGS = bindings(Scope.FILE)
    PANES = {"rows": "#wide-rows", "similar": "#similar", "preview": "#document"}
    NAME = "insights"
    EMPTY = "nothing was ever blocked here\nVerdicts that are no pass gather here, grouped by what they say."

    similar_list = getters.query_one("#similar", RowList)

    def __init__(self, data: DataService, clock: Clock) -> None:
        super().__init__(data, clock)
        self._similar: dict[str, Sequence[Row]] = {}  # by spec and run
        self._looking = False  # one question at a time: each reads all specs

    def compose_below(self) -> ComposeResult:
        yield LineBar(id="similar-title", classes="pane-title")
        yield RowList(id="similar")

    def read_rows(self) -> Sequence[Row]:
        from spw_tui.viewmodels.insights import insight_rows

        return insight_rows(self.data.insights(), self.clock())

    def show_rows(self, rows: Sequence[Row]) -> None:
        self._similar.clear()
        self.query_one("#similar-title").display = self.similar_list.display = bool(rows)
        super().show_rows(rows)

    def show_focus(self) -> None:
        super().show_focus()
        title = pane_title("SIMILAR PAST BLOCKS", "", focused=self.pane == "similar")
        self.query_one("#similar-title", LineBar).show(title)

    @on(RowList.Highlighted, "#wide-rows")
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        super().row_highlighted(event)
        self._show_similar()

    @on(RowList.Highlighted, "#similar")
    def _similar_highlighted(self, event: RowList.Highlighted) -> None:
        if event.row and self.pane == "similar":
            self.preview.open(event.row.document)

    @on(RowList.Opened, "#similar")
    def _similar_opened(self, event: RowList.Opened) -> None:
        self.open_run(event.row)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The preview shows what is under the cursor of the list that has the focus."""
        super().on_descendant_focus(event)
        if self.pane in ("rows", "similar"):
            row = (self.similar_list if self.pane == "similar" else self.rows_list).row
            if row:
                self.preview.open(row.document)

    def _show_similar(self) -> None:
        """What is known of the row under the cursor; else it is asked for, when no other question runs."""
        row = self.rows_list.row
        if row is None or row.document is None:
            self.similar_list.say("")
            return
        known = self._similar.get(f"{row.document.spec}/{row.run}")
        if known is not None:
            from spw_tui.viewmodels.insights import SIMILAR_NONE

            self.similar_list.show(known, empty=SIMILAR_NONE, fresh=True)
            return
        self.similar_list.say("looking…")
        if not self._looking:
            self._looking = True
            self._find_similar(row.document.spec, row.run)

    @work(group="similar", exit_on_error=False)
    async def _find_similar(self, spec: str, run: str) -> None:
        from spw_tui.viewmodels.insights import similar_rows

        await asyncio.sleep(DEBOUNCE)
        try:
            found = await asyncio.to_thread(self.data.similar_problems, spec, run)
        except Exception as error:
            self.similar_list.say(f"{explain(self, error)}\nr tries again", Tone.BAD)
        else:
            self._similar[f"{spec}/{run}"] = similar_rows(found, self.clock())
            self.call_later(self._show_similar)
        finally:
            self._looking = False


class SessionsScreen(WideScreen):
    """Sessions and what was said in them."""

    SCOPES = PLACES["sessions"]
    BINDINGS = bindings(Scope.SESSION)
    NAME = "sessions"
    EMPTY = "no sessions yet\n`spw memory import` reads the transcripts; hooks do it by themselves."

    def __init__(self, data: DataService, clock: Clock, at: DocumentRef | None = None) -> None:
        """`at` is the message to show first, in the session it is from."""
        super().__init__(data, clock)
        self._at = at
        self._said: Said | None = None
        self._text = ""

    def read_rows(self) -> Sequence[Row]:
        from spw_tui.viewmodels.sessions import session_rows

        if self._at and not self._said:
            self._said = self.data.said(self._at)
        return session_rows(self.data.sessions(), self.clock())

    def show_rows(self, rows: Sequence[Row]) -> None:
        arrives = self._said is not None and not self.rows_list.rows
        cursor = self._said.session_id if self._said and arrives else ""
        self.rows_list.show(rows, cursor=cursor, empty=self.EMPTY, fresh=arrives)
        if arrives:
            self.call_after_refresh(self._go_to_preview)

    def _go_to_preview(self) -> None:
        """Where there is no room for both, the message is shown, not the list."""
        if not self.preview.is_on_screen:
            self._zoom("preview")
        self.focus_pane("preview")

    @on(RowList.Highlighted, "#wide-rows")
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        self._show_session(event.row)

    @work(exclusive=True, group="session", exit_on_error=False)
    async def _show_session(self, row: Row | None) -> None:
        self._text = ""
        if row is None:
            self.preview.open(None)
            return
        await asyncio.sleep(DEBOUNCE)
        try:
            title, text, ref = await asyncio.to_thread(self._session_text, row.id)
        except Exception as error:
            self.preview.view.say(f"{explain(self, error)}\nr tries again", Tone.BAD)
        else:
            self._text = text
            self.preview.show_text(ref, text, title)

    def action_copy_id(self) -> None:
        if row := self.rows_list.row:
            self.copy(row.id)
        else:
            self.notify("no session under the cursor", severity="warning", markup=False)

    def action_copy_all(self) -> None:
        if self._text:
            self.app.copy_to_clipboard(self._text)
            lines = plural(self._text.count("\n") + 1, "line")
            self.notify(f"the session, {lines}", title="Copied", markup=False, timeout=3)
        else:
            self.notify("no session to copy yet", severity="warning", markup=False)

    def _session_text(self, session: str) -> tuple[str, str, DocumentRef]:
        """The title of the preview, the text, and a reference to the place in it that is wanted."""
        from spw_tui.viewmodels.sessions import session_text, session_title

        said = self._said if self._said and self._said.session_id == session else None
        view = self.data.session(session)
        text, line = session_text(view, said.content if said else "")
        words = self._at.words if self._at and said else ()
        return session_title(view), text, DocumentRef("", f"{session}.md", line=line, words=words)
