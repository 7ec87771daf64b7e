"""The field that narrows a list. A module of its own, because text fields cost at the start."""

from __future__ import annotations

from textual.message import Message
from textual.widgets import Input


class FilterInput(Input):
    """Leaves with the keys that leave: Escape drops what was typed, Enter and Down go to the list."""

    BINDINGS = [("escape", "leave(True)", "Drop"), ("down", "leave(False)", "List")]

    class Left(Message):
        """The user is done with typing; `dropped` says that the filter is not wanted any more."""

        def __init__(self, dropped: bool) -> None:
            super().__init__()
            self.dropped = dropped

    def action_leave(self, dropped: bool) -> None:
        self.post_message(self.Left(dropped))
