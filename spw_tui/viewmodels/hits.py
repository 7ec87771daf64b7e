"""Search results as rows, with the marks of the snippet as tones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spw_core.search.snippets import MARK_END, MARK_START
from spw_tui.clock import age, nanoseconds
from spw_tui.refs import ref_of
from spw_tui.rows import Cell, Row, Span, Tone, cell
from spw_tui.viewmodels.looks import verdict_look

if TYPE_CHECKING:
    from spw_core.search.find import SearchAnswer
    from spw_core.search.results import SearchResult


def hit_rows(answer: SearchAnswer, now_ns: int) -> list[Row]:
    """Three lines per result, in the order of the answer."""
    return [_row(result, now_ns) for result in answer.results]


def _row(result: SearchResult, now_ns: int) -> Row:
    where = [result.spec, result.command or result.phase]
    if result.wave:
        where.append(f"wave {result.wave}")
    where += [result.run, result.agent]
    look = verdict_look(result.status) if result.status else None
    title = (cell(result.title, Tone.STRONG, grow=True),)
    about = (
        Cell(
            (
                Span(result.type, Tone.ACCENT),
                Span("  " + " · ".join(filter(None, where)), Tone.DIM),
                Span(f"  {look.glyph} {look.word}" if look else "", look.tone if look else Tone.DIM),
            ),
            grow=True,
        ),
        cell(age(nanoseconds(result.updated_at), now_ns), Tone.DIM, width=7, right=True),
    )
    snippet = (Cell(snippet_spans(result.snippet), grow=True),)
    ref = ref_of(result.path, result.line, result.matched)
    return Row(str(result.id), (title, about, snippet), ref)


def snippet_spans(snippet: str) -> tuple[Span, ...]:
    """`a «b» c` as spans; the marks themselves are not shown. Stray marks in the text are harmless."""
    spans: list[Span] = []
    for index, piece in enumerate(snippet.split(MARK_START)):
        marked, found, rest = piece.partition(MARK_END)
        if index and found:
            spans += [Span(marked, Tone.MARK), Span(rest, Tone.NORMAL)]
        else:
            spans.append(Span(piece, Tone.NORMAL))
    return tuple(span for span in spans if span.text)


def mode_text(answer: SearchAnswer) -> str:
    """The mode that was really used, and why."""
    return f"{answer.mode} search · {answer.reason}" if answer.reason else f"{answer.mode} search"
