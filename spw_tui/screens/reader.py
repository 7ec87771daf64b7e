"""A document on its own: opened from a list or from a search result."""

from __future__ import annotations

from textual.app import ComposeResult

from spw_core.refs import DocumentRef
from spw_tui.actions import PLACES, Scope, bindings
from spw_tui.clock import Clock
from spw_tui.data import DataService
from spw_tui.screens.base import SpwScreen
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.preview import Preview

_FOLLOW_SECONDS = 2.0


class ReaderScreen(SpwScreen):
    """Shows one document at its line, and follows it while it grows."""

    CSS_PATH = "../styles/reader.tcss"
    SCOPES = PLACES["reader"]
    PANES = {"preview": "#document"}
    BINDINGS = bindings(Scope.READER, Scope.READING, Scope.FILE)

    def __init__(self, data: DataService, clock: Clock, ref: DocumentRef) -> None:
        super().__init__(data, clock)
        self.ref = ref

    def compose(self) -> ComposeResult:
        yield LineBar(id="title", classes="bar")
        yield Preview(self.data)
        yield LineBar(id="keys", classes="bar")

    def on_mount(self) -> None:
        super().on_mount()
        self.preview.view.focus()
        self.preview.open(self.ref, pause=0)
        self.set_interval(_FOLLOW_SECONDS, self._follow)

    def _follow(self) -> None:
        if self.is_current and self.app.app_focus:
            self.preview.reload()

    def crumbs(self) -> list[str]:
        return [self.ref.spec]

    def action_leave(self) -> None:
        self.dismiss()
