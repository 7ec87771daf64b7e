"""A document is no work for the garbage collector, whose pauses stop the keyboard."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from spw_tui.rendering.document import DocumentRenderer
from spw_tui.rendering.packed import Inks
from spw_tui.themes import DARK

STYLES = (
    None,
    Style(),
    Style(bold=True),
    Style(color="red", bgcolor="#102030"),
    Style(italic=True, dim=True),
)
SECTION = "## Heading\n\nSome *text* with `code`.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
FENCE = "```python\ndef f(a):\n    return [a]\n```\n\n"


RUNS = st.tuples(st.text(min_size=1, max_size=8), st.sampled_from(STYLES)).map(lambda run: Segment(*run))


@given(st.lists(st.lists(RUNS, max_size=5).map(Strip)))
def test_a_line_is_the_same_after_packing(strips: list[Strip]) -> None:
    inks = Inks()
    packed = [inks.pack(strip) for strip in strips]
    assert [list(inks.unpack(line)) for line in packed] == [list(strip) for strip in strips]
    assert [line[0] for line in packed] == [strip.text for strip in strips]


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.diff", "a.json"])
def test_the_collector_forgets_lines_that_are_drawn(name: str) -> None:
    renderer = DocumentRenderer((SECTION + FENCE) * 20, name, 60, DARK)
    lines = []
    while part := renderer.next_slice():
        lines += part.lines
    gc.collect()
    assert len(lines) > 100
    assert not [line for line in lines if gc.is_tracked(line)]


def test_drawing_leaves_nothing_that_only_the_collector_finds() -> None:
    _draw(SECTION + FENCE)  # what is made once for all documents
    gc.collect()
    gc.disable()
    try:
        _draw((SECTION + FENCE) * 100)
        garbage = gc.collect()
    finally:
        gc.enable()
    assert garbage < 100  # of 700 blocks


def test_nothing_searches_for_garbage_while_a_slice_is_drawn() -> None:
    searches: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        searches.append(phase)

    renderer = DocumentRenderer(SECTION * 200, "a.md", 60, DARK)
    gc.callbacks.append(note)
    try:
        _make_garbage()
        assert searches  # a search is seen here
        searches.clear()
        assert renderer.next_slice(seconds=1e9)
    finally:
        gc.callbacks.remove(note)
    assert searches in ([], ["start", "stop"])  # one at the end of the slice, when it is allowed again
    assert gc.isenabled()


def _make_garbage() -> None:
    """Enough that the collector begins."""
    kept = [[number] for number in range(100_000)]
    assert kept


def _draw(text: str) -> None:
    renderer = DocumentRenderer(text, "a.md", 60, DARK)
    while renderer.next_slice():
        pass
