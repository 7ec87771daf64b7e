"""What the terminal can show: glyphs that become ASCII where there is no UTF-8, and no colours where none
are wanted. Both are filters over finished lines, so nothing that draws has to know."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

if TYPE_CHECKING:
    from textual.app import App

_GLYPHS = {
    "✔": "+",
    "✖": "x",
    "◆": "!",
    "●": "*",
    "○": "o",
    "◐": "~",
    "▲": "^",
    "▌": "|",
    "▸": ">",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "⇧": "^",
    "•": "*",
    "·": "-",
    "…": "~",
    "×": "x",
    "−": "-",
    "–": "-",
    "—": "-",
    "━": "=",
    "─": "-",
    "│": "|",
    "▏": "|",
    "█": "#",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
}
_HEIGHTS = "▁▂▃▄▅▆▇█"


class AsciiFilter(LineFilter):
    """Every character outside ASCII by one that looks alike, cell by cell, so that nothing moves."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if segment.text.isascii() else Segment(to_ascii(segment.text), segment.style)
            for segment in segments
        ]


@lru_cache(2000)
def to_ascii(text: str) -> str:
    """`text` in ASCII, as many cells wide; letters lose their accents, unknown ones become `?`."""
    return "".join(char if char.isascii() else _one(char) for char in text)


def _one(char: str) -> str:
    import unicodedata

    if char in _GLYPHS:
        return _GLYPHS[char]
    if char in _HEIGHTS:
        return ".:-=+*%#"[_HEIGHTS.index(char)]
    if 0x2500 <= ord(char) < 0x2600:  # lines and blocks
        return "-" if char in "─━┄┈╌═" else "|" if char in "│┃┆┊║" else "+"
    plain = unicodedata.normalize("NFKD", char)[0]
    width = cell_len(char)
    return plain if plain.isascii() and plain.isprintable() and width == 1 else "?" * width


def wants_ascii() -> bool:
    """True where UTF-8 would come out as rubbish: another locale, or `SPW_ASCII=1`."""
    if choice := os.environ.get("SPW_ASCII"):
        return choice != "0"
    # Python writes UTF-8 in the C locale, too, because most often nobody chose it. Who says so, did.
    chosen = (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    if next(filter(None, chosen), "") in ("C", "POSIX"):
        return True
    encoding = (sys.stdout.encoding or "utf-8").lower().replace("_", "-")
    return encoding not in ("utf-8", "utf8", "cp65001")


def reason_against_screens() -> str:
    """Why no full-screen program can run here, in one line; empty when one can."""
    if os.environ.get("TEXTUAL_DRIVER"):  # a browser shows it
        return ""
    if os.environ.get("TERM", "") == "dumb":
        return "TERM=dumb cannot show a full-screen program"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "a full-screen program needs a terminal for its input and output"
    return ""


def end_on_signals(app: App[Any]) -> None:
    """Leave as with the key when the process is asked to end or its terminal goes away: what Python does with
    these signals would leave the terminal without echo, on its other screen."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        try:
            loop.add_signal_handler(number, app.exit, None, 128 + number)
        except (NotImplementedError, RuntimeError, ValueError):
            return  # this system or thread has no such handlers
