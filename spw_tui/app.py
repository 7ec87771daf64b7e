"""The application: themes, the actions that work everywhere, and the harvest."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from rich.text import Text
from textual import work
from textual.app import App
from textual.reactive import var
from textual.screen import Screen
from textual.signal import Signal

from spw_tui.actions import Scope, bindings
from spw_tui.clock import Clock
from spw_tui.commands import ActionProvider, SpecProvider
from spw_tui.data import DataService, describe
from spw_tui.refs import DocumentRef
from spw_tui.rows import plural
from spw_tui.screens.browse import BrowseScreen
from spw_tui.themes import DARK, LIGHT, themes

_PROGRESS_SECONDS = 0.1


class SpwApp(App[None]):
    """Opens on the list of specs. All data comes from one `DataService`, all time from one clock."""

    TITLE = "spw"
    CSS_PATH = [Path(__file__).with_name("styles") / "app.tcss"]
    COMMANDS = {ActionProvider, SpecProvider}
    BINDINGS = bindings(Scope.APP)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (150, "-wide")]
    ENABLE_COMMAND_PALETTE = False  # its key is in the table of actions, as every key
    PAUSE_GC_ON_SCROLL = True

    activity: var[str] = var("")
    """What runs in the background, for the title bar."""
    search_state: var[str] = var("")
    """How search works now, or what it waits for, for the title bar."""

    def __init__(self, data: DataService, clock: Clock, *, theme: str = DARK) -> None:
        super().__init__()
        self.data = data
        self.clock = clock
        for each in themes():
            self.register_theme(each)
        self.theme = theme
        self.harvested: Signal[None] = Signal(self, "harvested")
        self.searchable = True
        self._progress = (0, 0, "")

    def get_default_screen(self) -> Screen[Any]:
        return BrowseScreen(self.data, self.clock)

    # Actions

    def action_search(self) -> None:
        """Open the search; if it lies below what is shown, go back to its results."""
        from spw_tui.screens.search import SearchScreen

        if any(isinstance(screen, SearchScreen) for screen in self.screen_stack):
            while not isinstance(self.screen, SearchScreen):
                self.pop_screen()
        else:
            self.push_screen(SearchScreen(self.data, self.clock, searchable=self.searchable))

    def action_help(self) -> None:
        from spw_tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen))

    def action_command_palette(self) -> None:
        self.use_command_palette = True
        super().action_command_palette()

    def action_toggle_theme(self) -> None:
        self.theme = LIGHT if self.theme == DARK else DARK

    def open_document(self, ref: DocumentRef) -> None:
        """Show a document on its own."""
        from spw_tui.screens.reader import ReaderScreen

        self.push_screen(ReaderScreen(self.data, self.clock, ref))

    def _fatal_error(self) -> None:
        """Textual calls this with an exception in flight: a report is written, the terminal left in order."""
        from spw_core.crash import where, write_report

        error = sys.exc_info()[1]
        if error is not None:
            details = where(write_report(error))
            self.panic(Text(f"spw-tui: internal error ({type(error).__name__}). {details}"))

    # Harvest

    def action_harvest(self) -> None:
        if self.activity:
            self.notify("a harvest is already running", markup=False)
        else:
            self.activity = "harvest…"
            self._harvest()

    @work(group="harvest", exit_on_error=False)
    async def _harvest(self) -> None:
        """Harvest in a thread; the progress it leaves behind is read by a timer."""
        self._progress = (0, 0, "")
        timer = self.set_interval(_PROGRESS_SECONDS, self._show_progress)
        try:
            report = await asyncio.to_thread(self.data.harvest, self._note_progress)
        except Exception as error:
            self.log.error(error)
            self.notify(
                f"{describe(error)}. h tries again.", title="Not harvested", severity="error", markup=False
            )
            return
        finally:
            timer.stop()
            self.activity = ""
        files = sum(spec.files for spec in report.specs)
        changed = sum(spec.changed + spec.removed for spec in report.specs)
        failed = [spec for spec in report.specs if spec.failed]
        problems = sum(len(spec.errors) for spec in report.specs)
        text = f"{plural(files, 'file')} of {plural(len(report.specs), 'spec')}, {changed} changed"
        if problems:
            text += f"\n{problems} kept raw because they could not be read"
        for spec in failed[:3]:
            text += f"\n{spec.spec}: {spec.failed}"
        self.notify(text, title="Harvested", severity="warning" if failed else "information", markup=False)
        self.harvested.publish(None)

    def _note_progress(self, done: int, total: int, name: str) -> None:
        self._progress = (done, total, name)  # called from the thread of the harvest

    def _show_progress(self) -> None:
        done, total, name = self._progress
        if total:
            self.activity = f"harvest {done}/{total} {name}"
