"""The list of search results: a list whose `g` groups."""

from __future__ import annotations

from spw_tui.actions import Scope, bindings
from spw_tui.widgets.row_list import RowList


class HitList(RowList, inherit_bindings=False):
    """Moved by the keys that the text field does not want, and by its own when it has the focus."""

    SCOPE = Scope.HITS
    BINDINGS = bindings(SCOPE)

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, driven=True)
