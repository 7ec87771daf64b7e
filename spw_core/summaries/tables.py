"""Markdown tables made of texts that nobody has checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from spw_core.text import clean_line

NOTHING = "—"
_BAR = re.compile(r"(\\*)\|")  # backslashes before a bar would escape the one that escapes it


def cell(text: object) -> str:
    """Text for a table cell or list item: one line, with the column sign escaped."""
    return _BAR.sub(r"\1\1\\|", clean_line(str(text)))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a table; an empty cell shows a dash."""
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(cell(value) or NOTHING for value in row)} |"
