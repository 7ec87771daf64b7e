"""Waves as an outline: state and attempts, tasks, what contradicts, and the runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spw_core.domain.model import Run
from spw_core.domain.waves import WaveState, verdict_of
from spw_core.formats.tasks import Task
from spw_tui.clock import age
from spw_tui.refs import DocumentRef
from spw_tui.rows import Cell, Row, Span, Tone, cell, plural
from spw_tui.viewmodels.facts import SpecFacts
from spw_tui.viewmodels.looks import PLANNED, STALE, Look, task_look, verdict_look, wave_look


def wave_rows(facts: SpecFacts, now_ns: int) -> list[Row]:
    """All waves that started, then those that are only planned, then tasks without a wave."""
    rows: list[Row] = []
    by_id = {task.id: task for task in facts.record.tasks}
    shown: set[str] = set()
    for wave in facts.waves:
        tasks = [by_id[task_id] for task_id in wave.task_ids if task_id in by_id]
        shown.update(task.id for task in tasks)
        rows += _wave(facts, wave, tasks, now_ns)
    later: dict[int, list[Task]] = {}
    for task in facts.record.tasks:
        if task.id not in shown:
            later.setdefault(task.wave or 0, []).append(task)
    for number in sorted(later, key=lambda number: (number == 0, number)):
        title = f"Wave {number}" if number else "Without a wave"
        rows += _title(f"wave-{number}", title, PLANNED if number else None, ())
        rows += [_task(facts, task) for task in later[number]]
    return rows[1:]  # the blank line above the first title


def _wave(facts: SpecFacts, wave: WaveState, tasks: Sequence[Task], now_ns: int) -> Iterator[Row]:
    checkpoint = wave.checkpoint
    facts_line = [Span(f"exec ×{wave.exec_runs}   check ×{wave.check_runs}", Tone.DIM)]
    if checkpoint.attempts:
        look = verdict_look(checkpoint.status)
        run_id = checkpoint.run_path.rpartition("/")[2]
        facts_line.append(Span(f"   checkpoint {look.word} in {run_id}", look.tone))
    document, run = facts.main_document(checkpoint.run_path), checkpoint.run_path
    yield from _title(
        f"wave-{wave.number}", f"Wave {wave.number}", wave_look(wave.status), tuple(facts_line), document, run
    )
    for number, text in enumerate(checkpoint.stale):
        line = (cell("   "), Cell((STALE.span,)), cell(f"stale: {text}", STALE.tone, grow=True))
        pointer = text.partition(" ")[0]
        yield Row(
            f"stale-{wave.number}-{number}",
            (line,),
            facts.spec_ref(f"{wave.folder}/{pointer}"),
        )
    for task in tasks:
        yield _task(facts, task)
    runs = [r for r in facts.record.runs if r.wave == wave.number and r.phase == "execution"]
    for item in sorted(runs, key=lambda r: (r.started_ns, r.path)):
        yield _run(facts, item, now_ns)


def _title(
    row_id: str,
    title: str,
    look: Look | None,
    facts_line: tuple[Span, ...],
    document: DocumentRef | None = None,
    run: str = "",
) -> Iterator[Row]:
    yield Row(f"{row_id}-gap", ((),), selectable=False)
    spans = [Span(f"{title}  ", Tone.STRONG)]
    if look:
        spans.append(Span(f"{look.glyph} {look.word}   ", look.tone))
    line = (Cell((*spans, *facts_line), grow=True),)
    yield Row(row_id, (line,), document, run, selectable=document is not None)


def _task(facts: SpecFacts, task: Task) -> Row:
    look = task_look(task.status)
    notes = []
    if task.depends_on:
        notes.append(f"after {', '.join(task.depends_on)}")
    if task.deferred:
        notes.append("deferred")
    line = (
        cell("   "),
        look.cell(13),
        cell(task.id, Tone.DIM, width=4, right=True),
        cell(task.title, grow=True),
        cell(" · ".join(notes), Tone.DIM, from_width=60),
    )
    return Row(f"task-{task.id}", (line,), facts.spec_ref("tasks.md", task.line))


def _run(facts: SpecFacts, run: Run, now_ns: int) -> Row:
    look = verdict_look(verdict_of(run) if run.has_handoff and run.command == "checkpoint" else run.status)
    line = (
        cell("   "),
        look.cell(13),
        cell("", width=4),
        cell(f"{run.command} {run.run_id}", Tone.DIM, width=20),
        cell(plural(len(run.subagents), "agent"), Tone.DIM, grow=True),
        cell(age(run.updated_ns, now_ns), Tone.DIM, width=7, right=True),
    )
    return Row(f"run-{run.path}", (line,), facts.main_document(run.path), run.path)
