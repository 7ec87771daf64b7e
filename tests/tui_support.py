"""What the tests of the app share: a clock that stands still, and ways to wait and to look."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget

from spw_core.api import Workspace
from spw_core.demo.model import DEMO_NOW
from spw_tui.app import SpwApp
from spw_tui.data import DataService
from spw_tui.screens.browse import BrowseScreen
from spw_tui.themes import DARK
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.row_list import RowList

NOW_NS = int(DEMO_NOW.timestamp()) * 1_000_000_000
SIZE = (120, 36)


def frozen_clock() -> int:
    """The moment that the demo tells about."""
    return NOW_NS


def make_app(workspace: Workspace, theme: str = DARK) -> SpwApp:
    """An app that remembers nothing and has the usual keys."""
    return SpwApp(DataService(workspace.paths.root), frozen_clock, theme=theme)


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until nothing is being read, searched or drawn, and all that follows from it has happened."""
    quiet = 0
    while quiet < 3:
        await pilot.pause(0.01)
        busy = any(not worker.is_finished for worker in pilot.app.workers)
        quiet = 0 if busy else quiet + 1


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys like somebody who looks at what each of them does."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def browse(app: SpwApp) -> BrowseScreen:
    """The first screen, whatever lies over it."""
    return next(screen for screen in app.screen_stack if isinstance(screen, BrowseScreen))


def board_text(app: SpwApp) -> str:
    """What the board of waves shows."""
    return drawn(browse(app).board)


def ids(rows: RowList) -> list[str]:
    """Ids of the rows that take the cursor."""
    return [row.id for row in rows.rows if row.selectable]


def drawn(widget: Widget) -> str:
    """The text that a list, bar or document shows in its visible part."""
    if isinstance(widget, LineBar):
        return widget.text
    lines = [widget.render_line(y).text for y in range(widget.size.height)]
    return "\n".join(line.rstrip() for line in lines)


def screen_text(app: App[Any]) -> str:
    """Everything on the screen, as text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)
