"""What was blocked or failed again and again, over all specs, and what cleared it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from spw_core.domain.problems import Problem
from spw_core.text import clean_line
from spw_tui.clock import age
from spw_tui.refs import DocumentRef
from spw_tui.rows import Row, Tone, cell, heading, plural
from spw_tui.viewmodels.looks import verdict_look

if TYPE_CHECKING:
    from spw_core.memory.insights import Group

_TITLE = 70


def insight_rows(groups: Sequence[Group], now_ns: int) -> list[Row]:
    """A section per group, in the order given; every line leads to the report behind it."""
    rows: list[Row] = []
    for number, group in enumerate(groups):
        count = f"{plural(group.count, 'time')} in {plural(len(group.specs), 'spec')}"
        rows += heading(f"group-{number}", clean_line(group.text)[:_TITLE], count)
        for place, problem in enumerate(group.problems):
            rows += _problem(problem, f"{number}-{place}", now_ns)
    return rows[1:]


def _problem(problem: Problem, row_id: str, now_ns: int) -> Iterator[Row]:
    where = f"{problem.command}{f' wave {problem.wave}' if problem.wave else ''} · {problem.agent}"
    cleared = f"cleared by {problem.cleared_by.rpartition('/')[2]}" if problem.cleared_by else "not cleared"
    lines = (
        (
            verdict_look(problem.status).cell(10),
            cell(problem.spec, Tone.STRONG, width=22),
            cell(where, Tone.DIM, grow=True),
            cell(cleared, Tone.GOOD if problem.cleared_by else Tone.WARN, from_width=70),
            cell(age(problem.at_ns, now_ns), Tone.DIM, width=7, right=True),
        ),
        (cell(" ", width=10), cell(problem.text, grow=True)),
    )
    yield Row(row_id, lines, DocumentRef(problem.spec, f"{problem.agent_path}/report.md"))
