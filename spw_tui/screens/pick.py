"""Choosing one of many: type to narrow, arrows to move, Enter to take. Themes, workspaces, headings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from spw_core.text import fold
from spw_tui.rows import Row, Tone, cell
from spw_tui.themes import OWN
from spw_tui.widgets.frame import overlay_title
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from spw_tui.app import SpwApp


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose; what is typed is looked for in `text` and in `about`."""

    id: str
    text: str
    about: str = ""


class PickScreen(ModalScreen[str]):
    """Its result is the id of the choice, or None when it was left. `moved` is told where the cursor is."""

    CSS_PATH = "../styles/pick.tcss"
    BINDINGS = [
        ("escape", "dismiss", "Close"),
        ("up", "move(-1)", "Up"),
        ("down", "move(1)", "Down"),
        ("pageup", "move(-10)", "Page up"),
        ("pagedown", "move(10)", "Page down"),
    ]

    choices_list = getters.query_one(RowList)

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        current: str = "",
        moved: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._choices = choices
        self._current = current
        self._moved = moved

    def compose(self) -> ComposeResult:
        with Vertical(id="pick-box"):
            yield LineBar(overlay_title(self._title, ("takes", "submit")), classes="bar")
            yield Input(placeholder="type to narrow", id="pick-filter", compact=True)
            yield RowList(id="choices", driven=True)

    def on_mount(self) -> None:
        self._show(self._current)
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _narrow(self) -> None:
        self._show(self._current)

    def _show(self, cursor: str) -> None:
        words = fold(self.query_one(Input).value).split()
        fitting = [
            choice
            for choice in self._choices
            if all(word in fold(f"{choice.text} {choice.about}") for word in words)
        ]
        rows = [
            Row(
                choice.id,
                (
                    (
                        cell(choice.text, Tone.STRONG if choice.id == self._current else Tone.NORMAL),
                        cell(choice.about, Tone.DIM, grow=True, right=True),
                    ),
                ),
            )
            for choice in fitting
        ]
        self.choices_list.show(rows, cursor=cursor, empty="nothing fits what is typed", fresh=True)

    @on(RowList.Highlighted)
    def _tell(self, event: RowList.Highlighted) -> None:
        if event.row and self._moved:
            self._moved(event.row.id)

    @on(RowList.Opened)
    @on(Input.Submitted)
    def _take(self) -> None:
        row = self.choices_list.row
        self.dismiss(row.id if row else None)

    def action_move(self, step: int) -> None:
        self.choices_list.action_move(step)


def pick_theme(app: SpwApp) -> None:
    """Choose a theme; the one under the cursor is shown at once, and taken back when none is taken."""
    before = app.theme
    others = sorted(name for name in app.available_themes if not name.startswith(("ansi", "spw-")))
    choices = [Choice(name, name) for name in (*OWN, *others)]

    def preview(name: str) -> None:
        if not app.no_color:
            app.theme = name

    def decide(name: str | None) -> None:
        app.theme = before
        if name:
            app.set_theme(name)

    app.push_screen(PickScreen("Themes", choices, current=before, moved=preview), decide)


def pick_workspace(app: SpwApp) -> None:
    """Choose one of the workspaces that were open before."""
    here = str(app.data.root)
    known = [here, *(root for root in app.memory.workspaces if root != here)]
    choices = [Choice(root, Path(root).name, root) for root in known]

    def decide(root: str | None) -> None:
        if root and root != here:
            app.open_known_workspace(Path(root))

    app.push_screen(PickScreen("Workspaces", choices, current=here), decide)
