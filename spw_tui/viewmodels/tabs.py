"""The tabs of a spec: what each is called, how its rows are made, and what it says when it has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spw_core.answers import NodeKind, SpecFacts
from spw_tui.data import Log
from spw_tui.rows import Line, Row, Tone, cell
from spw_tui.viewmodels.documents import count_documents, document_rows
from spw_tui.viewmodels.log import log_rows
from spw_tui.viewmodels.overview import overview_rows
from spw_tui.viewmodels.runs import run_rows, runs_head
from spw_tui.viewmodels.tasks import task_rows, tasks_head, tree_rows
from spw_tui.viewmodels.trace import trace_rows, walk_rows

if TYPE_CHECKING:
    from spw_core.answers import Trace

_Rows = Callable[[SpecFacts, int], list[Row]]


@dataclass(frozen=True, slots=True)
class View:
    """What a tab lists: rows, the titles of their columns, and what is said when there are none."""

    rows: tuple[Row, ...]
    head: Line = ()
    empty: str = ""


_ROWS: dict[str, _Rows] = {
    "overview": overview_rows,
    "runs": run_rows,
    "tasks": task_rows,
    "tree": tree_rows,
    "documents": document_rows,
}
_HEADS = {"tasks": tasks_head, "runs": runs_head}
_EMPTY = {
    "runs": "no runs yet\nA run appears here as soon as a command of the workflow is dispatched.",
    "tasks": "no tasks yet\nThey come with tasks.md.",
    "tree": "no tasks yet\nThey come with tasks.md.",
    "documents": "no documents yet\nrequirements.md is the first one.",
}


def view_of(tab: str, facts: SpecFacts, now_ns: int) -> View:
    """The contents of one tab (`tree` is the other look of `tasks`). Its cost grows with the spec: call it
    in a worker."""
    rows = _ROWS[tab](facts, now_ns)
    head = _HEADS[tab](facts) if rows and tab in _HEADS else ()
    return View(tuple(rows), head, _EMPTY.get(tab, ""))


def view_of_trace(facts: SpecFacts, trace: Trace) -> View:
    """The whole spec, or one node of it with what led to it and what followed."""
    if any(node.kind is NodeKind.SPEC for node in trace.starts):
        return View(tuple(trace_rows(facts, trace)))
    head = (
        cell("  enter walks on, on the first line it opens", Tone.DIM, grow=True),
        cell("b back", Tone.DIM),
    )
    return View(tuple(walk_rows(facts, trace)), head)


def view_of_log(facts: SpecFacts, log: Log, now_ns: int) -> View:
    """Decisions, harvests, errors."""
    return View(tuple(log_rows(facts, log, now_ns)))


def counts_of(facts: SpecFacts) -> dict[str, int]:
    """How many things each tab lists, where that is worth a number."""
    return {
        "runs": len(facts.record.runs),
        "waves": len(facts.waves),
        "tasks": len(facts.record.tasks),
        "documents": count_documents(facts),
    }
