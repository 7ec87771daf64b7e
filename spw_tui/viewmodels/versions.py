"""Versions of a document as rows, and the difference between two of them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from spw_core.answers import DocumentVersion
from spw_tui.clock import age, nanoseconds
from spw_tui.rows import Cell, Row, Span, Tone, cell, plural
from spw_tui.viewmodels.documents import size_text

# Lines around a change, as `diff -u` has it.
_CONTEXT = 3
# The difference of longer texts (in lines, both together) would take minutes; those are cut.
_MOST_LINES = 40_000


def version_rows(versions: Sequence[DocumentVersion], base: int, now_ns: int) -> list[Row]:
    """Two lines per version; the id is its place in the list. `base` is the marked one, -1 for none."""
    return [_row(version, index, index == base, now_ns) for index, version in enumerate(versions)]


def _row(version: DocumentVersion, index: int, is_base: bool, now_ns: int) -> Row:
    glyph, tone = _glyph(version)
    when = "now" if version.is_current else version.since[:16].replace("T", " ")
    lines = (
        (
            cell(glyph, tone),
            cell(when, Tone.STRONG, grow=True),
            cell("compare from" if is_base else "", Tone.KEY),
            cell("" if version.is_current else age(nanoseconds(version.since), now_ns), Tone.DIM),
        ),
        (
            cell(" "),
            Cell((Span(version_name(version), Tone.DIM),), grow=True),
            cell(size_text(len(version.text.encode())), Tone.DIM),
        ),
    )
    return Row(str(index), lines)


def version_name(version: DocumentVersion) -> str:
    """What is known of a version, the words of approvals as words: `snapshot 2, revision requested`."""
    return version.note.replace("_", " ")


def _glyph(version: DocumentVersion) -> tuple[str, Tone]:
    if version.is_current:
        return "●", Tone.BUSY
    return ("◆", Tone.WARN) if version.is_approval else ("○", Tone.DIM)


def base_of(index: int, base: int, count: int) -> int:
    """What a version is compared with: the marked one, else the one before it in time; -1 for nothing."""
    if base >= 0 and base != index:
        return base
    return index + 1 if index + 1 < count else -1


def difference(old: DocumentVersion, new: DocumentVersion) -> str:
    """A unified difference, or one line that there is none. Slow for long texts: call it in a worker."""
    before, after = old.text.splitlines(), new.text.splitlines()
    if before == after:
        return "The two versions are equal."
    cut = len(before) + len(after) > _MOST_LINES
    if cut:
        before, after = before[: _MOST_LINES // 2], after[: _MOST_LINES // 2]
    lines = list(difflib.unified_diff(before, after, _name(old), _name(new), n=_CONTEXT, lineterm=""))
    added = sum(line.startswith("+") for line in lines) - 1
    removed = sum(line.startswith("-") for line in lines) - 1
    remark = f" (of the first {_MOST_LINES // 2} lines)" if cut else ""
    return "\n".join([f"{plural(added, 'line')} added, {removed} removed{remark}", "", *lines])


def _name(version: DocumentVersion) -> str:
    return f"{version_name(version)} {version.since}".strip()
