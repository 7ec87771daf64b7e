"""The keys of the screen below, made from the table of actions; Enter runs the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen

from spw_tui.actions import Action, Keys, Scope, actions_in
from spw_tui.commands import HasKeys, run_action
from spw_tui.rows import Row, Tone, cell, heading
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.row_list import RowList

_KEYS_WIDTH = 15


class HelpScreen(ModalScreen[None]):
    """Actions of the screen below first, those of other screens after them."""

    CSS_PATH = "../styles/help.tcss"

    BINDINGS = [("escape,q,question_mark", "dismiss", "Close")]

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__()
        self._below = below

    def compose(self) -> ComposeResult:
        with Vertical(id="help-box"):
            yield LineBar(
                (cell("Keys", Tone.KEY, grow=True), cell("enter runs · esc closes", Tone.DIM)), classes="bar"
            )
            yield RowList(id="help")

    def on_mount(self) -> None:
        rows = self.query_one(RowList)
        keys = self.app.keys if isinstance(self.app, HasKeys) else Keys()
        rows.show(list(_rows(getattr(self._below, "SCOPES", ()), keys)), fresh=True)
        rows.focus()

    @on(RowList.Opened)
    async def _run(self, event: RowList.Opened) -> None:
        below, action = self._below, event.row.id
        self.dismiss()
        self.app.call_later(run_action, action.partition(" ")[2], below)


def _rows(here: tuple[Scope, ...], keys: Keys) -> Iterator[Row]:
    for scope in (*here, *(scope for scope in Scope if scope not in here)):
        yield from heading(f"scope-{scope}", scope.value, "" if scope in here else "elsewhere")
        for action in actions_in(scope):
            yield _row(action, keys, available=scope in here)


def _row(action: Action, keys: Keys, *, available: bool) -> Row:
    line = (
        cell(f"  {keys.of(action)}", Tone.KEY if available else Tone.DIM, width=_KEYS_WIDTH),
        cell(action.label, Tone.STRONG if available else Tone.DIM, width=13),
        cell(action.help, Tone.NORMAL if available else Tone.DIM, grow=True),
    )
    return Row(f"{action.scope} {action.name}", (line,))
