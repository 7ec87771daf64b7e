"""Tasks of a spec: as a table, and as a tree of what waits for what."""

from __future__ import annotations

from collections.abc import Iterator

from spw_core.answers import NextAction, NextWave, SpecFacts, Task, TaskStatus
from spw_tui.rows import Cell, Line, Row, Span, Tone, cell, columns, heading, note
from spw_tui.viewmodels.looks import READY, Look, task_look, verdict_look

_EVIDENCE = 10


def task_rows(facts: SpecFacts, now_ns: int) -> list[Row]:
    """One line per task in the order of the file. Enter opens the implementation log when there is one."""
    widths = _widths(facts)
    return [_table_row(facts, task, widths) for task in facts.record.tasks] + _warnings(facts)


def tasks_head(facts: SpecFacts) -> Line:
    """The titles of the columns of `task_rows`."""
    status, ids, after = _widths(facts)
    return (
        cell("  status", Tone.TITLE, width=status + 2),
        cell("id", Tone.TITLE, width=ids, right=True),
        cell("task", Tone.TITLE, grow=True),
        cell("wave", Tone.TITLE, width=4, right=True),
        cell(" after", Tone.TITLE, width=after + 1, from_width=56),
        cell("files", Tone.TITLE, width=5, right=True, from_width=84),
        cell("tdd", Tone.TITLE, width=5, from_width=84),
        cell(" log", Tone.TITLE, width=4),
        cell("evidence", Tone.TITLE, width=_EVIDENCE, from_width=72),
    )


def _widths(facts: SpecFacts) -> list[int]:
    """Cells of a status with its glyph, of an id, and of what a task waits for."""
    table = [(look_of(facts, task).word, task.id, _after(task)) for task in facts.record.tasks]
    status, *others = (max(each) for each in zip(columns(table, (16, 8, 14)), (6, 2, 5), strict=True))
    return [status + 2, *others]


def _after(task: Task) -> str:
    return ", ".join(task.depends_on)


def look_of(facts: SpecFacts, task: Task) -> Look:
    """The look of a task; one that can start now says so."""
    return READY if facts.is_ready(task) else task_look(task.status)


def _table_row(facts: SpecFacts, task: Task, widths: list[int]) -> Row:
    log = facts.log_of(task)
    mark = "✔" if log else "○" if facts.lacks_log(task) else ""
    status, ids, after = widths
    line = (
        look_of(facts, task).cell(status),
        cell(task.id, Tone.DIM, width=ids, right=True),
        Cell(tuple(_title(task)), grow=True),
        cell(str(task.wave or "—"), Tone.DIM, width=4, right=True),
        cell(f" {_after(task)}", Tone.DIM, width=after + 1, from_width=56),
        cell(str(len(task.files) or ""), Tone.DIM, width=5, right=True, from_width=84),
        cell(task.tdd, Tone.DIM, width=5, from_width=84),
        cell(f" {mark}", Tone.GOOD if log else Tone.WARN, width=4),
        Cell(tuple(_evidence(facts, task)), width=_EVIDENCE, from_width=72),
    )
    return Row(f"task-{task.line}", (line,), facts.task_ref(task), opens=log)


def _evidence(facts: SpecFacts, task: Task) -> Iterator[Span]:
    """How the checkpoint of its wave ended, and which run says so."""
    if checkpoint := facts.checkpoint_of(task):
        look = verdict_look(checkpoint.status)
        yield Span(f"{look.glyph} ", look.tone)
        yield Span(checkpoint.evidence.rpartition("/")[2], Tone.DIM)


def _title(task: Task) -> Iterator[Span]:
    yield Span(task.title, Tone.DIM if task.status is TaskStatus.DONE else Tone.NORMAL)
    if task.deferred:
        yield Span("  deferred", Tone.WARN)


def _warnings(facts: SpecFacts) -> list[Row]:
    warnings = facts.next.warnings
    if not warnings:
        return []
    rows = list(heading("warnings", "Remarks about tasks.md", str(len(warnings))))
    return rows + [note(f"warning-{number}", text, Tone.WARN) for number, text in enumerate(warnings)]


def tree_rows(facts: SpecFacts, now_ns: int) -> list[Row]:
    """Each task below the first task that it waits for; what else it waits for is said beside it."""
    tasks = facts.record.tasks
    by_id = {task.id: task for task in reversed(tasks)}
    below: dict[str, list[Task]] = {}
    roots: list[Task] = []
    for task in tasks:
        parent = next((name for name in task.depends_on if name in by_id and name != task.id), "")
        (below.setdefault(parent, []) if parent else roots).append(task)
    shown: set[int] = set()
    rows = [row for task in roots for row in _branch(facts, task, below, "", "", shown)]
    stuck = {item.task_id: item.why for item in facts.next.blocked}
    circling = [task for task in tasks if task.line not in shown]
    if circling:
        rows += heading("cycle", "Waiting for each other", str(len(circling)))
        rows += [_tree_row(facts, task, "", stuck.get(task.id, "")) for task in circling]
    return rows + _warnings(facts)


def _branch(
    facts: SpecFacts, task: Task, below: dict[str, list[Task]], stem: str, knot: str, shown: set[int]
) -> Iterator[Row]:
    """A task and all that wait for it. Without recursion: a chain can be as long as the file."""
    pending = [(task, stem, knot)]
    while pending:
        item, stem, knot = pending.pop()
        if item.line in shown:
            continue
        shown.add(item.line)
        others = ", ".join(item.depends_on[1:])
        yield _tree_row(facts, item, stem + knot, f"also after {others}" if others else "")
        children = below.get(item.id, [])
        deeper = stem + {"├─ ": "│  ", "└─ ": "   "}.get(knot, "")
        for number, child in reversed(list(enumerate(children))):
            pending.append((child, deeper, "└─ " if number == len(children) - 1 else "├─ "))


def _tree_row(facts: SpecFacts, task: Task, stem: str, remark: str) -> Row:
    look = look_of(facts, task)
    line = (
        Cell(
            (
                Span(f"{stem[-60:]}", Tone.FAINT),
                Span(f"{look.glyph} ", look.tone),
                Span(f"{task.id} ", Tone.DIM),
                *_title(task),
            ),
            grow=True,
        ),
        cell(f"{remark}  " if remark else "", Tone.DIM, from_width=60),
        cell(look.word, look.tone, width=11),
        cell(f"wave {task.wave}" if task.wave else "", Tone.DIM, width=8),
    )
    return Row(f"task-{task.line}", (line,), facts.task_ref(task), opens=facts.log_of(task))


_NEXT = {
    NextAction.EXECUTE: "ready to run",
    NextAction.CONTINUE_WAVE: "go on",
    NextAction.PLAN_NEXT_WAVE: "plan the next wave",
    NextAction.BLOCKED: "blocked",
    NextAction.DONE: "nothing left to run",
    NextAction.ERROR: "unreadable",
}


def next_title(step: NextWave) -> str:
    """The kind of the next step in words."""
    return _NEXT.get(step.action, step.action)
