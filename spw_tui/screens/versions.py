"""The versions of one document on the left, the difference between two of them on the right."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from spw_core.refs import DocumentRef
from spw_tui.actions import PLACES, Scope, bindings
from spw_tui.clock import Clock
from spw_tui.data import DataService
from spw_tui.rows import Row, Tone
from spw_tui.screens.base import SpwScreen
from spw_tui.trouble import explain
from spw_tui.widgets.frame import pane_title
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.preview import DEBOUNCE, Preview
from spw_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from spw_core.answers import DocumentVersion


class VersionsScreen(SpwScreen):
    """Shows what changed up to the version under the cursor, since the one before it or a marked one."""

    CSS_PATH = "../styles/versions.tcss"
    SCOPES = PLACES["versions"]
    PANES = {"rows": "#versions", "preview": "#document"}
    BINDINGS = bindings(Scope.VERSIONS)

    versions_list = getters.query_one("#versions", RowList)

    def __init__(self, data: DataService, clock: Clock, ref: DocumentRef) -> None:
        super().__init__(data, clock)
        self.ref = ref.at_top()
        self.shows_whole = False
        self._versions: list[DocumentVersion] = []
        self._base = -1

    def compose(self) -> ComposeResult:
        yield LineBar(id="title", classes="bar")
        with Container(id="content"):
            with Vertical(id="versions-pane"):
                yield LineBar(id="versions-title", classes="pane-title")
                yield RowList(id="versions")
            yield Preview(self.data)
        yield LineBar(id="keys", classes="bar")

    def on_mount(self) -> None:
        super().on_mount()
        self.versions_list.say("loading…")
        self.versions_list.focus()
        self.action_reload()

    def crumbs(self) -> list[str]:
        return [self.ref.spec, self.ref.path, "versions"]

    def action_reload(self) -> None:
        self._load()

    @work(exclusive=True, group="versions", exit_on_error=False)
    async def _load(self) -> None:
        try:
            self._versions = await asyncio.to_thread(self.data.history, self.ref)
        except Exception as error:
            self.versions_list.say(f"{explain(self, error)}\nr tries again", Tone.BAD)
            return
        self._show_versions(fresh=True)

    def _show_versions(self, *, fresh: bool = False) -> None:
        from spw_tui.viewmodels.versions import version_rows

        rows = version_rows(self._versions, self._base, self.clock())
        self.versions_list.show(rows, fresh=fresh, empty="no version of this document is stored")
        self.show_focus()

    @on(RowList.Highlighted, "#versions")
    def _highlighted(self, event: RowList.Highlighted) -> None:
        self._show_version(event.row)

    @on(RowList.Opened, "#versions")
    def _opened(self) -> None:
        self.focus_pane("preview")

    @work(exclusive=True, group="compare", exit_on_error=False)
    async def _show_version(self, row: Row | None) -> None:
        from spw_tui.viewmodels.versions import base_of, difference, version_name

        if row is None:
            self.preview.open(None)
            return
        await asyncio.sleep(DEBOUNCE)
        index = int(row.id)
        new = self._versions[index]
        base = base_of(index, self._base, len(self._versions))
        if self.shows_whole or base < 0:
            suffix, text, what = (
                "",
                new.text,
                version_name(new) + (" · the first version" if base < 0 else " · the whole text"),
            )
        else:
            older, newer = (base, index) if base > index else (index, base)
            try:
                text = await asyncio.to_thread(difference, self._versions[older], self._versions[newer])
            except Exception as error:
                self.preview.view.say(f"{explain(self, error)}\nr tries again", Tone.BAD)
                return
            suffix = ".diff"
            what = f"{version_name(self._versions[older])}  →  {version_name(self._versions[newer])}"
        # Each pair is a document of its own, so that another one begins at its top.
        ref = DocumentRef(self.ref.spec, f"{base}-{index}-{self.ref.path}{suffix}")
        self.preview.show_text(ref, text, what)

    def show_focus(self) -> None:
        super().show_focus()
        title = pane_title("VERSIONS", str(len(self._versions) or ""), focused=self.pane == "rows")
        self.query_one("#versions-title", LineBar).show(title)

    def action_mark_base(self) -> None:
        """Compare the others with the version under the cursor; once more takes that back."""
        if row := self.versions_list.row:
            self._base = -1 if self._base == int(row.id) else int(row.id)
            self._show_versions()
            self._show_version(row)

    def action_toggle_diff(self) -> None:
        self.shows_whole = not self.shows_whole
        self._show_version(self.versions_list.row)

    def action_copy_path(self) -> None:
        self.copy(self.ref.shown_path)

    def action_leave(self) -> None:
        self.dismiss()
