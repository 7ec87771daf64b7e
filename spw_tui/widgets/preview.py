"""A document with its title: reads it through the data service, shows it, and knows which one it is."""

from __future__ import annotations

import asyncio

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from spw_core.refs import DocumentRef
from spw_tui.data import DataService
from spw_tui.rows import Cell, Line, Span, Tone, cell
from spw_tui.trouble import explain
from spw_tui.widgets.document_view import DocumentView
from spw_tui.widgets.line_bar import LineBar

# So long the cursor has to rest on a row before its document is read.
DEBOUNCE = 0.08


class Preview(Vertical):
    """Title line and document."""

    def __init__(self, data: DataService, *, id: str = "preview") -> None:
        super().__init__(id=id)
        self._data = data
        self._wanted: DocumentRef | None = None
        self._caption = ""
        self.active = False

    def compose(self) -> ComposeResult:
        yield LineBar(id="preview-title", classes="pane-title")
        yield DocumentView(id="document")

    @property
    def view(self) -> DocumentView:
        return self.query_one(DocumentView)

    @property
    def ref(self) -> DocumentRef | None:
        """The document that is shown, or about to be."""
        return self._wanted

    def open(self, ref: DocumentRef | None, *, pause: float = DEBOUNCE, nothing: str = "") -> None:
        """Show a document, after a pause in which another one may be asked for instead."""
        self._wanted, self._caption = ref, ""
        self._load(ref, pause, nothing)
        self.update_title()

    def hold(self) -> None:
        """Begin to read nothing until another document is asked for: somebody types, which comes first."""
        self.workers.cancel_group(self, "load")
        if not self._caption and self._wanted != self.view.ref:  # it is not on its way any more
            self._wanted = self.view.ref
            self.update_title()

    def show_text(self, ref: DocumentRef, text: str, caption: str) -> None:
        """Show a text that is no document of the workspace, under a title of its own."""
        self.workers.cancel_group(self, "load")
        self._wanted, self._caption = None, caption
        self.view.show(ref, text)
        self.update_title()

    def reload(self) -> None:
        """Read the same document again and keep the place in it."""
        if self._wanted:
            self._load(self._wanted, 0, "")

    @work(exclusive=True, group="load", exit_on_error=False)
    async def _load(self, ref: DocumentRef | None, pause: float, nothing: str) -> None:
        if ref is None:
            self.view.say(nothing)
            return
        if pause and not ref.is_same_document(self.view.ref):
            await asyncio.sleep(pause)
        try:
            text = await asyncio.to_thread(self._data.text, ref)
        except Exception as error:
            self.view.say(f"{explain(self, error)}\nr tries again", Tone.BAD)
        else:
            self.view.show(ref, text)

    def on_click(self) -> None:
        """A click on the title is for the document, too."""
        self.view.focus()

    @on(DocumentView.Drawn)
    def update_title(self) -> None:
        """Name of the document, how it is shown, and whether the keys go to it."""
        title = self.query_one("#preview-title", LineBar)
        title.show(self._title())

    def _title(self) -> Line:
        gutter = Span("▌ " if self.active else "  ", Tone.ACCENT)
        if self._wanted is None:
            title = Span(self._caption, Tone.STRONG) if self._caption else Span("Preview", Tone.TITLE)
            return (Cell((gutter, title), grow=True),)
        *folders, last, name = ("", "", *self._wanted.path.split("/"))
        short = f"{last}/{name}" if last else name
        view = self.view
        remarks = ["following"] if view.following else []
        remarks += ["source"] if view.raw else []
        remarks += [view.remark] if view.remark else []
        where = Span("  " + "/".join(folders).lstrip("/"), Tone.DIM)
        return (
            Cell((gutter, Span(short, Tone.STRONG), where), grow=True),
            cell(" · ".join(remarks), Tone.WARN),
        )

    def set_active(self, active: bool) -> None:
        """Show that the keys go here."""
        self.active = active
        self.update_title()
