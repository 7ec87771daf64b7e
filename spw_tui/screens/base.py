"""What all full screens share: title, footer, panes with focus and zoom, and the document at hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import getters, work
from textual.events import DescendantFocus
from textual.screen import Screen
from textual.widget import Widget

from spw_core.refs import DocumentRef
from spw_tui.actions import Scope
from spw_tui.clock import Clock, wall_time
from spw_tui.data import DataService, describe
from spw_tui.rows import Tone
from spw_tui.widgets.frame import footer_line, title_line
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.preview import Preview

if TYPE_CHECKING:
    from spw_tui.app import SpwApp

_CLOCK_SECONDS = 15
_FOLLOW_SECONDS = 1.0


class SpwScreen(Screen[None]):
    """A screen with a `#title`, a `#keys` and a `Preview`. SCOPES lists the actions that it answers to."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ()
    # Name of each pane, in the order of the tab key, and the widget in it that takes the focus.
    PANES: ClassVar[dict[str, str]] = {}

    preview = getters.query_one(Preview)

    def __init__(self, data: DataService, clock: Clock) -> None:
        super().__init__()
        self.data = data
        self.clock = clock
        self.zoomed = ""

    def on_mount(self) -> None:
        self.query_one("#keys", LineBar).show(footer_line(self.SCOPES, self.spw.keys))
        self.watch(self.app, "activity", self.refresh_title)
        self.watch(self.app, "search_state", self.refresh_title)
        self.set_interval(_CLOCK_SECONDS, self.refresh_title)
        self.set_interval(_FOLLOW_SECONDS, self._follow)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.redraw())

    @property
    def spw(self) -> SpwApp:
        """The app, by its own type."""
        from spw_tui.app import SpwApp

        assert isinstance(self.app, SpwApp)
        return self.app

    def redraw(self) -> None:
        """Draw everything again in the colours of another theme."""
        self.preview.view.redraw()
        self.refresh(layout=True)

    # Title

    def crumbs(self) -> list[str]:
        """Where the user is, below the workspace."""
        return []

    def refresh_title(self) -> None:
        """Draw the title bar again: what runs, how search works, the time."""
        activity, state = self.spw.activity, self.spw.search_state
        right = [
            (activity, Tone.BUSY),
            ("" if activity else state, Tone.DIM),
            (wall_time(self.clock()), Tone.DIM),
        ]
        self.query_one("#title", LineBar).show(title_line([self.data.name, *self.crumbs()], right))

    # Panes

    @property
    def pane(self) -> str:
        """Name of the pane that has the focus, empty for none."""
        for name in self.PANES:
            if self.focused is not None and self.focused is self.pane_widget(name):
                return name
        return ""

    def pane_widget(self, name: str) -> Widget:
        """What takes the focus in a pane."""
        return self.query_one(self.PANES[name])

    def focus_pane(self, name: str) -> None:
        """Go to a pane; one that there is no room for gets the whole screen."""
        if self.zoomed or not self._has_room(name):
            self._zoom(name)
        self.pane_widget(name).focus()

    def action_next_pane(self) -> None:
        self._go_to_pane(1)

    def action_previous_pane(self) -> None:
        self._go_to_pane(-1)

    def _go_to_pane(self, step: int) -> None:
        names = [name for name in self.PANES if self.zoomed or self.pane_widget(name).is_on_screen]
        if len(names) < 2:
            names = list(self.PANES)
        if names:
            here = names.index(self.pane) if self.pane in names else -step
            self.focus_pane(names[(here + step) % len(names)])

    def action_zoom(self) -> None:
        self._zoom("" if self.zoomed else self.pane)

    def _zoom(self, name: str) -> None:
        for pane in self.PANES:
            self.set_class(pane == name, f"-zoom-{pane}")
        if self.zoomed and not name:
            self.call_after_refresh(self._focus_what_is_seen, self.zoomed)
        self.zoomed = name

    def _has_room(self, name: str) -> bool:
        return all(node.display for node in self.pane_widget(name).ancestors_with_self)

    def _focus_what_is_seen(self, left: str) -> None:
        """Where the pane that had the whole screen is hidden again, the keys go to the one before it."""
        names = list(self.PANES)
        here = names.index(left)
        while here and not self._has_room(names[here]):
            here -= 1
        if names[here] != left:
            self.pane_widget(names[here]).focus()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.show_focus()

    def show_focus(self) -> None:
        """Mark the pane that the keys go to."""
        self.preview.set_active(self.pane == "preview")

    # The document at hand

    def action_toggle_raw(self) -> None:
        self.preview.view.toggle_raw()

    def action_reload(self) -> None:
        self.preview.reload()

    def copy(self, text: str) -> None:
        """Into the clipboard, and tell so."""
        self.app.copy_to_clipboard(text)
        self.notify(text, title="Copied", markup=False, timeout=3)

    def action_copy_path(self) -> None:
        if ref := self.preview.ref:
            self.copy(ref.shown_path)
        else:
            self.notify("no document under the cursor", severity="warning", markup=False)

    def action_contents(self) -> None:
        """Choose a heading of the document and go there."""
        from spw_tui.screens.pick import Choice, PickScreen

        view = self.preview.view
        found = view.headings()
        if not found:
            self.notify("this document has no headings", markup=False)
            return
        top = view.scroll_offset.y
        here = [line for line, _, _ in found if line <= top]
        choices = [Choice(str(line), "  " * (level - 1) + text) for line, level, text in found]

        def go(line: str | None) -> None:
            if line:
                view.go_to_line(int(line))

        self.app.push_screen(PickScreen("Contents", choices, current=str(here[-1]) if here else ""), go)

    def action_follow(self) -> None:
        if self.preview.ref:
            self.preview.view.toggle_follow()

    def _follow(self) -> None:
        if self.preview.view.following and self.is_current and self.app.app_focus:
            self.preview.reload()

    def action_versions(self) -> None:
        if ref := self.preview.ref:
            from spw_tui.screens.versions import VersionsScreen

            self.app.push_screen(VersionsScreen(self.data, self.clock, ref))
        else:
            self.notify("no document under the cursor", severity="warning", markup=False)

    def action_edit(self) -> None:
        self._open_file(in_editor=True)

    def action_open_outside(self) -> None:
        self._open_file(in_editor=False)

    def _open_file(self, *, in_editor: bool) -> None:
        if ref := self.preview.ref:
            self._open(ref, in_editor)
        else:
            self.notify("no document under the cursor", severity="warning", markup=False)

    @work(exclusive=True, group="edit", exit_on_error=False)
    async def _open(self, ref: DocumentRef, in_editor: bool) -> None:
        from spw_tui import editor

        line = self.preview.view.source_line
        try:
            path = await asyncio.to_thread(self.data.file, ref)
            if path is None:
                self.notify(
                    f"{ref.shown_path} is in the database only; `spw restore` writes it back",
                    severity="warning",
                    markup=False,
                )
                return
            if in_editor:
                editor.edit_file(self.app, path, line)
            else:
                await asyncio.to_thread(editor.open_in_code, path, line)
        except Exception as error:
            self.notify(describe(error), title="Not opened", severity="error", markup=False)
        self.action_reload()
