"""What was blocked or failed again and again, over all specs, and what cleared it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from spw_core.answers import DocumentRef, Problem, clean_line, prose
from spw_tui.clock import age
from spw_tui.rows import Cell, Row, Span, Tone, cell, heading, plural
from spw_tui.viewmodels.looks import verdict_look

if TYPE_CHECKING:
    from spw_core.answers import Group, Similar

SIMILAR_NONE = "nothing like it was blocked before"


def insight_rows(groups: Sequence[Group], now_ns: int) -> list[Row]:
    """A section per group, in the order given; every line leads to the report behind it."""
    rows: list[Row] = []
    for number, group in enumerate(groups):
        rows += _group_title(group, number)
        for place, problem in enumerate(group.problems):
            rows += _problem(problem, f"{number}-{place}", now_ns)
    return rows[1:]


def _group_title(group: Group, number: int) -> Iterator[Row]:
    """What the problems of a group say, as it was written: a sentence in capitals is hard to read."""
    yield Row(f"group-{number}-gap", ((),), selectable=False)
    where = f"in {plural(len(group.specs), 'spec')}, " if len(group.specs) > 1 else ""
    state = (f"{group.open} open", Tone.WARN) if group.open else ("all cleared", Tone.GOOD)
    line = (
        cell(f"{group.count}×", Tone.ACCENT, width=3, right=True),
        cell(prose(clean_line(group.text)), Tone.TITLE, grow=True),
        Cell((Span(where, Tone.DIM), Span(*state))),
    )
    yield Row(f"group-{number}", (line,), selectable=False)


def _problem(problem: Problem, row_id: str, now_ns: int) -> Iterator[Row]:
    """Two lines that open the run."""
    lines = (
        (
            cell("", width=3),
            verdict_look(problem.status).cell(10),
            Cell((Span(problem.spec, Tone.STRONG), Span(f"  {_where(problem)}", Tone.DIM)), grow=True),
            cell(age(problem.at_ns, now_ns), Tone.DIM),
        ),
        (
            cell("", width=3),
            cell("", width=10),
            cell(prose(problem.text), grow=True),
            cell(_cleared(problem), Tone.GOOD if problem.cleared_by else Tone.WARN, from_width=56),
        ),
    )
    yield Row(row_id, lines, DocumentRef(problem.spec, problem.report), problem.run)


def similar_rows(found: Sequence[Similar], now_ns: int) -> list[Row]:
    """For each earlier problem a line that opens its run, and one that opens the run that cleared it."""
    return [
        row for place, one in enumerate(found) for row in _similar(one.problem, f"similar-{place}", now_ns)
    ]


def similar_section(found: Sequence[Similar], now_ns: int) -> list[Row]:
    """`similar_rows` below a title; nothing at all where nothing is similar."""
    return [*heading("similar", "Similar past blocks"), *similar_rows(found, now_ns)] if found else []


def _similar(problem: Problem, row_id: str, now_ns: int) -> Iterator[Row]:
    look = verdict_look(problem.status)
    lines = (
        (
            Cell((look.span,)),
            Cell((Span(problem.spec, Tone.STRONG), Span(f"  {_where(problem)}", Tone.DIM)), grow=True),
            cell(age(problem.at_ns, now_ns), Tone.DIM),
        ),
        (cell(" "), cell(prose(problem.text), Tone.DIM, grow=True)),
    )
    yield Row(row_id, lines, DocumentRef(problem.spec, problem.report), problem.run)
    line = (
        cell(" "),
        cell(f"→ {_cleared(problem)}", Tone.GOOD if problem.cleared_by else Tone.WARN, grow=True),
    )
    if problem.cleared_by:
        handoff = DocumentRef(problem.spec, problem.cleared_handoff)
        yield Row(f"{row_id}-cleared", (line,), handoff, problem.cleared_by)
    else:
        yield Row(f"{row_id}-open", (line,), selectable=False)


def _where(problem: Problem) -> str:
    wave = f" wave {problem.wave}" if problem.wave else ""
    return f"{problem.command}{wave} · {problem.agent}"


def _cleared(problem: Problem) -> str:
    """`cleared by run-002 after run-003`, or that nothing cleared it."""
    if not problem.cleared_by:
        return "not cleared"
    after = ", ".join(run.rpartition("/")[2] for run in problem.fixed_in)
    return f"cleared by {problem.cleared_by.rpartition('/')[2]}" + (f" after {after}" if after else "")
