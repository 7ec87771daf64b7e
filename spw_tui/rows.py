"""Rows as the lists draw them: text with tones, laid out in cells. Pure, and independent of Textual.

A view model makes rows, a list draws them. Text may hold anything: `lay_out` is the one place where it
is cut to size and made safe, so nothing that is drawn through it can break the layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rich.cells import cell_len, set_cell_size

from spw_core.refs import DocumentRef
from spw_core.text import clean

# No line of a list is wider; what is longer is cut before it is looked at in detail.
_LONGEST = 1000
_GAP = 1


class Tone(StrEnum):
    """What a piece of text means; the theme decides how that looks."""

    NORMAL = "normal"
    STRONG = "strong"
    DIM = "dim"
    FAINT = "faint"
    ACCENT = "accent"
    TITLE = "title"
    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    BUSY = "busy"
    MARK = "mark"
    TAB = "tab"
    KEY = "key"
    CHIP = "chip"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one tone. `action` is what a click on it does."""

    text: str
    tone: Tone = Tone.NORMAL
    action: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of one line. Width 0 is the width of the text; `grow` takes what the others leave.

    A cell with `from_width` is left out on lines narrower than that.
    """

    spans: tuple[Span, ...]
    width: int = 0
    grow: bool = False
    right: bool = False
    from_width: int = 0


Line = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a list: one or more lines, and what it leads to.

    `document` is what the preview shows; Enter walks on to the node `walks` of a trace, or else opens the
    run at the path `run`, or else `opens`, or else the document.
    """

    id: str
    lines: tuple[Line, ...]
    document: DocumentRef | None = None
    run: str = ""
    opens: DocumentRef | None = None
    selectable: bool = True
    walks: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a board: a head of a few lines, and cards below it."""

    id: str
    head: tuple[Line, ...]
    cards: tuple[Row, ...]


def cell(
    text: str,
    tone: Tone = Tone.NORMAL,
    *,
    width: int = 0,
    grow: bool = False,
    right: bool = False,
    from_width: int = 0,
) -> Cell:
    """A cell with a single span."""
    return Cell((Span(text, tone),), width, grow, right, from_width)


def heading(row_id: str, title: str, count: str = "") -> tuple[Row, Row]:
    """A blank line and a section title, neither of which takes the cursor."""
    spans = (Span(title.upper(), Tone.TITLE), Span(f"  {count}" if count else "", Tone.DIM))
    return (
        Row(f"{row_id}-gap", ((),), selectable=False),
        Row(row_id, ((Cell(spans, grow=True),),), selectable=False),
    )


def note(row_id: str, text: str, tone: Tone = Tone.DIM) -> Row:
    """A line of prose that does not take the cursor."""
    return Row(row_id, ((cell(f" {text}", tone, grow=True),),), selectable=False)


def plural(count: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def columns(table: Sequence[Sequence[str]], limits: Sequence[int]) -> list[int]:
    """The width that each column needs, at most its limit."""
    return [
        min(limit, max((cell_len(row[index][:_LONGEST]) for row in table), default=0))
        for index, limit in enumerate(limits)
    ]


def as_fits(*cells: Cell) -> Line:
    """A line of cells that are left out, the last first, where there is no room for all of each."""
    used = _width(cells[0])
    line = [cells[0]]
    for each in cells[1:]:
        used += _GAP + _width(each)
        line.append(replace(each, from_width=used))
    return tuple(line)


def beside(line: Line, remark: Cell) -> Line:
    """`remark` behind the other cells, where there is room for all of each; else the others have it all."""
    used = sum((item.width or _width(item)) + _GAP for item in line)
    return (*line, replace(remark, from_width=used + _width(remark)))


def bar(done: int, total: int, width: int) -> tuple[Span, ...]:
    """A progress bar of `width` cells, what is left to do thinner, so that it can be told without colours."""
    filled = width * done // total if total else 0
    tone = Tone.GOOD if total and done >= total else Tone.ACCENT
    return (Span("━" * filled, tone), Span("─" * (width - filled), Tone.FAINT))


def lay_out(line: Line, width: int) -> list[Span]:
    """The spans of a line, cut and padded so that together they are exactly `width` cells."""
    shown = [item for item in line if item.from_width <= width]
    sizes = [item.width or _width(item) for item in shown]
    growing = [index for index, item in enumerate(shown) if item.grow]
    fixed = sum(size for index, size in enumerate(sizes) if index not in growing)
    spare = max(0, width - fixed - _GAP * max(0, len(shown) - 1))
    for position, index in enumerate(growing):
        sizes[index] = spare // len(growing) + (position < spare % len(growing))
    result: list[Span] = []
    left = width
    for index, item in enumerate(shown):
        if index and left > 0:
            result.append(Span(" " * min(_GAP, left)))
            left -= _GAP
        size = min(sizes[index], left)
        if size <= 0:
            continue
        result += _fit(item, size)
        left -= size
    if left > 0:
        result.append(Span(" " * left))
    return result


def needed_width(line: Line) -> int:
    """Cells that a line takes when nothing of it is left out; what grows counts as nothing."""
    sizes = [0 if item.grow else item.width or _width(item) for item in line]
    return sum(sizes) + _GAP * max(0, len(sizes) - 1)


def _width(item: Cell) -> int:
    return sum(cell_len(safe(span.text)) for span in item.spans)


def _fit(item: Cell, size: int) -> list[Span]:
    """The spans of a cell in exactly `size` cells, an ellipsis where something is missing."""
    spans = [Span(safe(span.text), span.tone, span.action) for span in item.spans if span.text]
    wanted = sum(cell_len(span.text) for span in spans)
    if wanted <= size:
        padding = Span(" " * (size - wanted))
        return [padding, *spans] if item.right else [*spans, padding]
    result: list[Span] = []
    left = size - 1
    for span in spans:
        length = cell_len(span.text)
        if length > left:
            result.append(Span(set_cell_size(span.text, left) + "…", span.tone, span.action))
            break
        result.append(span)
        left -= length
    return result


def safe(text: str) -> str:
    """`text` on one line without anything that moves the cursor or hides what follows."""
    text = text[:_LONGEST]
    if text.isprintable():
        return text
    return clean(text).replace("\n", " ").replace("\t", " ")
