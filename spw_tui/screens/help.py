"""The keys of the screen below, made from the table of actions; Enter runs the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen

from spw_tui.actions import ACTIONS, Action, Keys, Scope, action_of, actions_in
from spw_tui.commands import HasKeys, run_action, target_of
from spw_tui.rows import Row, Tone, cell, columns, heading
from spw_tui.widgets.frame import overlay_title
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.row_list import RowList

_LONGEST_KEYS = 28
# On narrower screens the name of an action has to do.
_SENTENCES_FROM = 60


class HelpScreen(ModalScreen[None]):
    """Actions of the pane with the focus first, then of its screen, then those of other screens."""

    CSS_PATH = "../styles/help.tcss"

    BINDINGS = [("escape,q,question_mark,f1", "dismiss", "Close")]

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__()
        self._below = below

    def compose(self) -> ComposeResult:
        with Vertical(id="help-box"):
            yield LineBar(overlay_title("Keys", ("runs", "open")), classes="bar")
            yield RowList(id="help")

    def on_mount(self) -> None:
        rows = self.query_one(RowList)
        keys = self.app.keys if isinstance(self.app, HasKeys) else Keys()
        here: tuple[Scope, ...] = getattr(self._below, "SCOPES", ())
        pane = getattr(self._below.focused, "SCOPE", None)
        rows.show(list(_rows(sorted(here, key=lambda scope: scope is not pane), keys)), fresh=True)
        rows.focus()

    @on(RowList.Opened)
    async def _run(self, event: RowList.Opened) -> None:
        below, action = self._below, action_of(event.row.id).name
        if target_of(action, below):
            self.dismiss()
            self.app.call_later(run_action, action, below)
        else:
            self.notify("that is for another screen or pane", markup=False)


def _rows(here: Sequence[Scope], keys: Keys) -> Iterator[Row]:
    (width,) = columns([[keys.of(action)] for action in ACTIONS], [_LONGEST_KEYS])
    for scope in (*here, *(scope for scope in Scope if scope not in here)):
        yield from heading(f"scope-{scope}", scope.value, "" if scope in here else "elsewhere")
        for action in actions_in(scope):
            yield _row(action, keys, width + 3, available=scope in here)


def _row(action: Action, keys: Keys, width: int, *, available: bool) -> Row:
    line = (
        cell(f"  {keys.of(action)}", Tone.KEY if available else Tone.DIM, width=width),
        cell(action.label, Tone.STRONG if available else Tone.DIM, width=15),
        cell(action.help, Tone.NORMAL if available else Tone.DIM, grow=True, from_width=_SENTENCES_FROM),
    )
    return Row(action.id, (line,))
