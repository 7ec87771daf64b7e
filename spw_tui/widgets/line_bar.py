"""One line of cells: the title bar, the tabs, the titles of panes and the footer are all of this kind."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.events import Click
from textual.strip import Strip
from textual.widget import Widget

from spw_tui.commands import run_action
from spw_tui.rows import Line, Span, cell, lay_out, needed_width
from spw_tui.themes import tones


class LineBar(Widget):
    """Draws a line of cells on its background; a click runs the action of the span under the mouse."""

    DEFAULT_CSS = "LineBar { height: 1; }"

    def __init__(self, line: Line = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = (line,)

    def show(self, *lines: Line) -> None:
        """Replace what is shown: the first of the lines that there is room for, else the last."""
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def spans(self) -> list[Span]:
        """What is drawn now, from left to right."""
        width = self.size.width
        fitting = (line for line in self._lines if needed_width(line) <= width)
        return lay_out(next(fitting, self._lines[-1]), width)

    @property
    def text(self) -> str:
        """What can be read now."""
        return "".join(span.text for span in self.spans())

    def render_line(self, y: int) -> Strip:
        look = tones(self.app.theme)
        strip = Strip([Segment(span.text, look[span.tone]) for span in self.spans()], self.size.width)
        return strip.apply_style(self.visual_style.rich_style)

    async def on_click(self, event: Click) -> None:
        column = event.x - self.gutter.left
        for span in self.spans():
            column -= cell_len(span.text)
            if column < 0:
                if span.action:
                    await run_action(span.action, self.screen)
                return


def spread(left: Line, right: Line) -> Line:
    """A line with something at both ends."""
    return (*left, cell("", grow=True), *right)
