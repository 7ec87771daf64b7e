"""From each requirement to the evidence for it, and what is missing on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from spw_core.answers import Node, NodeKind, SpecFacts
from spw_tui.rows import Cell, Row, Span, Tone, cell, heading, note
from spw_tui.viewmodels.looks import GAP, Look, task_look_of_word, verdict_look

if TYPE_CHECKING:
    from spw_core.answers import Trace

_INDENT = "   "
_KIND = 11  # cells of the longest kind
_SHORT = 4  # of those that most lines are
_RUNS = (NodeKind.RUN, NodeKind.CHECKPOINT)
# Told with their number, not only with their title.
_NAMED = (NodeKind.REQUIREMENT, NodeKind.TASK)
# Where Enter walks on; at the other kinds it opens the document.
_WALKED = (NodeKind.REQUIREMENT, NodeKind.TASK, NodeKind.FILE, *_RUNS)
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
    rows += _gaps(facts, trace)
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


def walk_rows(facts: SpecFacts, trace: Trace) -> list[Row]:
    """One node, what led to it and what followed; Enter on the first row opens it, on any other walks on."""
    starts = {node.id for node in trace.starts}
    above = _above(trace)
    rows = []
    for node in trace.starts:
        line = (Cell((_look(node).span,)), *_about(node, _KIND))
        rows.append(_row(facts, node.id, line, node, walks=False))
    others = [node for node in trace.nodes if node.id not in starts and node.kind is not NodeKind.SPEC]
    for row_id, title, nodes in (
        ("led", "What led to it", [node for node in others if node.id in above]),
        ("followed", "What followed", [node for node in others if node.id not in above]),
    ):
        rows += heading(row_id, title, str(len(nodes) or ""))
        rows += [
            _row(facts, node.id, (Cell((_look(node).span,)), *_about(node, _KIND)), node) for node in nodes
        ]
        if not nodes:
            rows.append(note(f"{row_id}-none", "nothing"))
    if trace.gaps:
        rows += heading("gaps", "Gaps", str(len(trace.gaps)))
        rows += _gaps(facts, trace)
    return rows


def _above(trace: Trace) -> set[str]:
    """Ids of the nodes from which the edges lead to where the trace starts."""
    back: dict[str, list[str]] = {}
    for edge in trace.edges:
        back.setdefault(edge.to_id, []).append(edge.from_id)
    found: set[str] = set()
    pending = [node.id for node in trace.starts]
    while pending:
        new = [source for source in back.get(pending.pop(), ()) if source not in found]
        found.update(new)
        pending += new
    return found


def _gaps(facts: SpecFacts, trace: Trace) -> Iterator[Row]:
    nodes = {node.id: node for node in trace.nodes}
    for number, gap in enumerate(trace.gaps):
        line = (cell(""), GAP.cell(8), cell(gap.text, grow=True))
        yield _row(facts, f"gap-{number}", line, nodes.get(gap.node), walks=False)


def _about(node: Node, kind: int = _SHORT) -> tuple[Cell, Cell, Cell]:
    """Kind (in so many cells, if it is not longer), title and status; the kind is not told twice."""
    title = f"{node.name}  {node.title}" if node.kind in _NAMED else node.title or node.name
    return (
        cell(node.kind.value.ljust(kind), Tone.DIM),
        cell(title.removeprefix(f"{node.kind.value} "), grow=True),
        cell(_look(node).word if node.status else "", _look(node).tone),
    )


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
    line = (Cell((Span(_INDENT * depth), Span(f"{look.glyph} ", look.tone))), *_about(node))
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


def _row(
    facts: SpecFacts, row_id: str, line: tuple[Cell, ...], node: Node | None, *, walks: bool = True
) -> Row:
    if node is None:
        return Row(row_id, (line,))
    on = node.id if walks and node.kind in _WALKED else ""
    if node.kind in _RUNS:
        return Row(row_id, (line,), facts.main_document(node.path), node.path, walks=on)
    return Row(row_id, (line,), facts.spec_ref(node.path, node.line) if node.path else None, walks=on)
