"""A screen as text that can be compared, read and kept: its letters, and below them how each cell looks.

The looks of several themes are told at once. Every combination has a letter, and each line of the screen is
`a12 b3 …`: twelve cells of the look `a`, three of `b`. An SVG of the same screen is thirty times as long, and
one is needed for each theme.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rich.style import Style
from textual._compositor import LayoutUpdate

from spw_tui.app import SpwApp

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Picture:
    """Lines of text, and for each line the look of every cell."""

    text: tuple[str, ...]
    looks: tuple[tuple[str, ...], ...]


def picture_of(app: SpwApp) -> Picture:
    """What the terminal would show now, with the screens that show through."""
    screen = app.screen
    update = screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    text, looks = [], []
    for strips in update.strips:
        segments = [segment for strip in strips for segment in strip if not segment.control]
        text.append("".join(segment.text for segment in segments).rstrip())
        looks.append(tuple(_look(segment.style) for segment in segments for _ in range(segment.cell_length)))
    return Picture(tuple(text), tuple(looks))


def _look(style: Style | None) -> str:
    """`bold #ffffff on #15171c`; without what the mouse would do there."""
    if style is None:
        return "none"
    return str(style.without_color + Style(color=style.color, bgcolor=style.bgcolor))


def written(pictures: Mapping[str, Picture]) -> str:
    """The file for the pictures of one screen in some themes; their letters must be the same."""
    first = next(iter(pictures.values()))
    for theme, picture in pictures.items():
        assert picture.text == first.text, f"other letters in {theme}:\n" + unlike(first.text, picture.text)
    letters: dict[tuple[str, ...], str] = {}
    runs = []
    for looks in zip(*(picture.looks for picture in pictures.values()), strict=True):
        cells = zip(*looks, strict=True)
        counted = ((look, sum(1 for _ in same)) for look, same in groupby(cells))
        runs.append(
            " ".join(f"{letters.setdefault(look, _letter(len(letters)))}{count}" for look, count in counted)
        )
    legend = [f"{letter}  {'  |  '.join(look)}" for look, letter in letters.items()]
    return "\n".join((*first.text, "", *runs, "", " | ".join(pictures), *legend, ""))


def _letter(number: int) -> str:
    return _LETTERS[number] if number < len(_LETTERS) else f"{_LETTERS[number % 52]}'" * (number // 52)


def unlike(expected: Sequence[str], found: Sequence[str]) -> str:
    """The lines that differ."""
    return "\n".join(difflib.unified_diff(expected, found, "expected", "found", n=0, lineterm=""))


def compare(path: Path, found: str, *, update: bool) -> None:
    """Fail where a kept picture differs; write it instead to `update`."""
    if update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
        return
    assert path.exists(), f"no picture {path.name} yet: --snapshot-update makes it"
    expected = path.read_text(encoding="utf-8")
    assert expected == found, f"{path.name}\n" + unlike(expected.split("\n"), found.split("\n"))
