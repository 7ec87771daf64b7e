"""Modules that are imported before somebody waits for them, in a thread of their own."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from threading import Thread

# What the keys that are pressed first need, each after what it imports itself: no import is a long one.
NEXT = (
    "spw_tui.viewmodels.looks",
    "spw_core.search.suggestions",
    "spw_tui.viewmodels.filters",
    "spw_tui.viewmodels.hits",
    "spw_tui.widgets.query_input",
    "spw_tui.screens.search",
    "spw_tui.screens.help",
    "spw_tui.screens.reader",
)
# A thread that imports and the one that answers keys take turns; between two modules there are only keys.
_REST_S = 0.05


def import_soon() -> Thread | None:
    """Begin; None when all is there. A module that cannot be imported is told by whoever needs it."""
    missing = [name for name in NEXT if name not in sys.modules]
    if not missing:
        return None
    thread = Thread(target=_import, args=(missing,), name="imports", daemon=True)
    thread.start()
    return thread


def _import(names: list[str]) -> None:
    for name in names:
        time.sleep(_REST_S)
        try:
            import_module(name)
        except ImportError:
            return
