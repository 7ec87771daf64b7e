"""From each requirement to the evidence for it, and what is missing on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from spw_core.domain.trace import Node, NodeKind
from spw_tui.rows import Cell, Row, Span, Tone, cell, heading, note
from spw_tui.viewmodels.facts import SpecFacts
from spw_tui.viewmodels.looks import GAP, Look, task_look_of_word, verdict_look

if TYPE_CHECKING:
    from spw_core.memory.tracing import Trace

_INDENT = "   "
_RUNS = (NodeKind.RUN, NodeKind.CHECKPOINT)
# Deeper than a session no chain of evidence goes; a circle would otherwise never end.
_DEEPEST = 6


def trace_rows(facts: SpecFacts, trace: Trace) -> list[Row]:
    """The gaps first, then every requirement with what became of it, then what belongs to none."""
    nodes = {node.id: node for node in trace.nodes}
    below: dict[str, list[Node]] = {}
    for edge in trace.edges:
        if edge.to_id in nodes:
            below.setdefault(edge.from_id, []).append(nodes[edge.to_id])
    rows = list(heading("gaps", "Gaps", str(len(trace.gaps) or "")))[1:]
    for number, gap in enumerate(trace.gaps):
        line = (cell(""), GAP.cell(8), cell(gap.text, grow=True))
        rows.append(_row(facts, f"gap-{number}", line, nodes.get(gap.node)))
    if not trace.gaps:
        rows.append(note("gaps-none", "none: every requirement has a task, every task that is done a log"))
    wanted = [node for node in trace.nodes if node.kind is NodeKind.REQUIREMENT]
    for requirement in wanted:
        rows += _requirement(facts, requirement, below)
    loose = [node for start in trace.starts for node in below.get(start.id, ()) if node not in wanted]
    if loose:
        rows += heading("loose", "For the spec as a whole", str(len(loose)))
        shown: set[str] = set()
        for node in loose:
            rows += _branch(facts, node, below, "spec", 1, shown)
    return rows


def _requirement(facts: SpecFacts, node: Node, below: dict[str, list[Node]]) -> Iterator[Row]:
    yield Row(f"{node.id}-gap", ((),), selectable=False)
    tasks = below.get(node.id, [])
    remark = cell("" if tasks else "no task", Tone.BAD)
    line = (cell(node.name, Tone.KEY), cell(node.title, Tone.STRONG, grow=True), remark)
    yield _row(facts, node.id, line, node)
    shown: set[str] = set()
    for task in tasks:
        yield from _branch(facts, task, below, node.id, 1, shown)


def _branch(
    facts: SpecFacts, node: Node, below: dict[str, list[Node]], above: str, depth: int, shown: set[str]
) -> Iterator[Row]:
    """A node and what followed from it; what is `shown` already is not told once more."""
    if node.id in shown:
        return
    shown.add(node.id)
    look = _look(node)
    title = f"{node.name}  {node.title}" if node.kind is NodeKind.TASK else node.title or node.name
    line = (
        Cell((Span(_INDENT * depth), Span(f"{look.glyph} ", look.tone))),
        cell(node.kind.value, Tone.DIM, width=10),
        cell(title, grow=True),
        cell(look.word if node.status else "", look.tone),
    )
    row_id = f"{above}/{node.id}"
    yield _row(facts, row_id, line, node)
    if depth < _DEEPEST:
        for child in below.get(node.id, ()):
            yield from _branch(facts, child, below, row_id, depth + 1, shown)


def _look(node: Node) -> Look:
    if node.kind is NodeKind.TASK:
        return task_look_of_word(node.status)
    if node.kind in _RUNS:
        return verdict_look(node.status)
    return Look("·", "", Tone.DIM)


def _row(facts: SpecFacts, row_id: str, line: tuple[Cell, ...], node: Node | None) -> Row:
    if node is None or not node.path:
        return Row(row_id, (line,))
    if node.kind in _RUNS:
        return Row(row_id, (line,), facts.main_document(node.path), node.path)
    return Row(row_id, (line,), facts.spec_ref(node.path, node.line))
