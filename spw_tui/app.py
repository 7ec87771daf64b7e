"""The application: themes, keys, what it remembers, and the actions that work everywhere."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from rich.text import Text
from textual import work
from textual.app import App
from textual.events import Event
from textual.filter import LineFilter, NoColor
from textual.reactive import var
from textual.screen import Screen
from textual.signal import Signal

from spw_core.errors import SpwError
from spw_core.refs import DocumentRef
from spw_tui.actions import Keys, Scope, bindings
from spw_tui.clock import Clock
from spw_tui.commands import ActionProvider, SpecProvider
from spw_tui.data import DataService, describe
from spw_tui.harvesting import Harvesting
from spw_tui.in_order import InOrder, is_typed
from spw_tui.screens.browse import BrowseScreen
from spw_tui.state import Memory, load_keys, load_memory, save_memory
from spw_tui.terminal import AsciiFilter, end_on_signals, wants_ascii
from spw_tui.themes import DARK, MONO, OWN, palette_of, themes, variables_of

_SAVE_SECONDS = 5.0


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

    def __init__(
        self,
        data: DataService,
        clock: Clock,
        *,
        theme: str = "",
        memory_file: Path | None = None,
        keys_file: Path | None = None,
    ) -> None:
        """Without a `memory_file` nothing is remembered; without a `keys_file` keys are the usual ones."""
        super().__init__()
        self.data = data
        self.clock = clock
        self._memory_file = memory_file
        self.memory, trouble = load_memory(memory_file) if memory_file else (Memory(), "")
        self._saved = deepcopy(self.memory)
        changes, key_trouble = load_keys(keys_file) if keys_file else ({}, "")
        is_ascii = wants_ascii()
        self.keys = Keys(changes, plain=is_ascii)
        self._troubles = [text for text in (trouble, key_trouble, *self.keys.complaints()) if text]
        for each in themes():
            self.register_theme(each)
        wanted = theme or self.memory.theme
        self.theme = MONO if self.no_color else wanted if wanted in self.available_themes else DARK
        self.harvested: Signal[None] = Signal(self, "harvested")
        self.searchable = True
        self.harvesting = Harvesting(self)
        self._typed = InOrder(self, super().on_event)
        self._own_filters: list[LineFilter] = []
        if self.no_color:
            self._own_filters.append(NoColor())
        if is_ascii:
            self._own_filters.append(AsciiFilter())

    def get_default_screen(self) -> Screen[Any]:
        return BrowseScreen(self.data, self.clock)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._own_filters]

    def get_css_variables(self) -> dict[str, str]:
        """Those of Textual, and what our style sheets name: its own themes do not bring that along."""
        return {**super().get_css_variables(), **variables_of(palette_of(self.theme))}

    async def on_event(self, event: Event) -> None:
        if is_typed(event):
            await self._typed.take(event)
        else:
            await super().on_event(event)

    def on_mount(self) -> None:
        self.set_keymap(self.keys.changes)
        end_on_signals(self)
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(layout=True))
        self.call_after_refresh(self._after_first_picture)

    def _after_first_picture(self) -> None:
        gc.freeze()
        gc.enable()
        for trouble in self._troubles:
            self.notify(trouble, severity="warning", markup=False)
        self.memory.note_workspace(self.data.root)
        self.set_interval(_SAVE_SECONDS, self.remember)

    # Memory

    @work(exclusive=True, group="memory", exit_on_error=False)
    async def remember(self) -> None:
        """Write down what is worth remembering, if that changed."""
        try:
            await asyncio.to_thread(self._save)
        except Exception as error:
            self.log.error(error)
            self._memory_file = None
            self.notify(f"{describe(error)}; nothing will be remembered", severity="warning", markup=False)

    def _save(self) -> None:
        memory = deepcopy(self.memory)
        if self._memory_file and memory != self._saved:
            save_memory(self._memory_file, memory, self._saved)
            self._saved = memory

    def on_unmount(self) -> None:
        try:
            self._save()
        except Exception as error:
            self.log.error(error)  # on the way out there is nobody left to tell

    # Actions

    def action_search(self) -> None:
        """Open the search; if it lies below what is shown, go back to its results."""
        from spw_tui.screens.search import SearchScreen

        if any(isinstance(screen, SearchScreen) for screen in self.screen_stack):
            while not isinstance(self.screen, SearchScreen):
                self.pop_screen()
        else:
            self.push_screen(SearchScreen(self.data, self.clock))

    def action_help(self) -> None:
        from spw_tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen))

    def action_command_palette(self) -> None:
        self.use_command_palette = True
        super().action_command_palette()

    def action_copy_selection(self) -> None:
        """From the palette, and from the key when the screen found nothing to copy."""
        if text := self.screen.get_selected_text():
            self.copy_to_clipboard(text)
        else:
            self.notify("select text with the mouse first", markup=False)

    def action_next_theme(self) -> None:
        """The next of our own themes."""
        place = OWN.index(self.theme) if self.theme in OWN else -1
        self.set_theme(OWN[(place + 1) % len(OWN)])

    def action_pick_theme(self) -> None:
        from spw_tui.screens.pick import pick_theme

        pick_theme(self)

    def set_theme(self, name: str) -> None:
        """Change the theme and remember it. Without colours there is only one."""
        if self.no_color:
            self.notify("NO_COLOR is set, so there are no themes", markup=False)
        else:
            self.theme = self.memory.theme = name

    def action_switch_workspace(self) -> None:
        from spw_tui.screens.pick import pick_workspace

        pick_workspace(self)

    def open_known_workspace(self, root: Path) -> None:
        """Show another workspace in place of this one, if it is still there."""
        if self.harvesting.is_running:
            self.notify("a harvest is running; stop it first", severity="warning", markup=False)
            return
        try:
            self.data.switch(root)
        except SpwError as error:
            self.notify(describe(error), title="Not opened", severity="error", markup=False)
            return
        self.memory.note_workspace(root)
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.search_state = ""
        if isinstance(self.screen, BrowseScreen):
            self.screen.start_over()

    def open_document(self, ref: DocumentRef) -> None:
        """Show a document on its own, a message in its session."""
        if ref.message_key:
            from spw_tui.screens.wide import SessionsScreen

            self.push_screen(SessionsScreen(self.data, self.clock, ref))
            return
        from spw_tui.screens.reader import ReaderScreen

        self.push_screen(ReaderScreen(self.data, self.clock, ref))

    def action_harvest(self) -> None:
        if self.harvesting.is_running:
            self.notify("a harvest is already running", markup=False)
        else:
            self.activity = "harvest…"
            self._harvest()

    @work(group="harvest", exit_on_error=False)
    async def _harvest(self) -> None:
        await self.harvesting.run()

    def action_cancel_harvest(self) -> None:
        if self.harvesting.is_running:
            self.harvesting.stop()
        else:
            self.notify("no harvest is running", markup=False)

    def _fatal_error(self) -> None:
        """Textual calls this with an exception in flight: a report is written, the terminal left in order."""
        from spw_core.crash import where, write_report

        error = sys.exc_info()[1]
        if error is not None:
            details = where(write_report(error))
            self.panic(Text(f"spw-tui: internal error ({type(error).__name__}). {details}"))
