"""What goes wrong in a worker: put into words, logged, and told aloud when nobody foresaw it."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from textual.app import App
from textual.dom import DOMNode

from spw_core.errors import SpwError
from spw_tui.data import describe

_told: WeakKeyDictionary[App[object], str] = WeakKeyDictionary()


def explain(node: DOMNode, error: Exception) -> str:
    """Why a worker of `node` failed, in one line, for the place where its answer would stand.

    An error of the system or one of our own is an answer of a kind. Any other is a crash: the place where it
    is told may not be the one that is looked at, so a toast tells of it too, once and not at every poll.
    """
    node.log.error(error)
    text = describe(error)
    if not isinstance(error, (SpwError, OSError)) and _told.get(node.app) != text:
        _told[node.app] = text
        node.app.notify(text, title="Something broke; the app goes on", severity="error", markup=False)
    return text
