"""Waves as a board: a column for each wave, with its state and attempts, and a card for each task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spw_core.answers import SpecFacts, Task, TaskStatus, WaveState
from spw_tui.clock import age
from spw_tui.rows import Cell, Column, Line, Row, Span, Tone, bar, cell, plural
from spw_tui.viewmodels.looks import PLANNED, STALE, Look, verdict_look, wave_look
from spw_tui.viewmodels.tasks import look_of

_BAR = 10


def wave_columns(facts: SpecFacts, now_ns: int) -> list[Column]:
    """All waves that started, then those that are only planned, then tasks without a wave."""
    columns: list[Column] = []
    by_id = {task.id: task for task in facts.record.tasks}
    shown: set[int] = set()
    for wave in facts.waves:
        tasks = [by_id[task_id] for task_id in wave.task_ids if task_id in by_id]
        shown.update(task.line for task in tasks)
        columns.append(_started(facts, wave, tasks, now_ns))
    later: dict[int, list[Task]] = {}
    for task in facts.record.tasks:
        if task.line not in shown:
            later.setdefault(task.wave or 0, []).append(task)
    order = sorted(later, key=lambda number: (number == 0, number))
    return columns + [_planned(facts, number, later[number]) for number in order]


def first_card(facts: SpecFacts, columns: Sequence[Column]) -> str:
    """The id of the first card of the wave that is worked on, empty when it has none."""
    current = f"wave-{facts.summary.wave_current}"
    return next((column.cards[0].id for column in columns if column.id == current and column.cards), "")


def _started(facts: SpecFacts, wave: WaveState, tasks: Sequence[Task], now_ns: int) -> Column:
    checkpoint = wave.checkpoint
    look = wave_look(wave.status)
    attempts = [Span(f"exec×{wave.exec_runs} check×{wave.check_runs}", Tone.DIM)]
    if checkpoint.attempts:
        verdict = verdict_look(checkpoint.status)
        attempts.append(Span(f"  {verdict.word} in {checkpoint.run_path.rpartition('/')[2]}", verdict.tone))
    title = _title(facts, f"Wave {wave.number}", look, wave.number)
    head = (title, _progress(tasks), (Cell(tuple(attempts)),))
    cards = [*_stale(facts, wave), *(_card(facts, task) for task in tasks), *_runs(facts, wave, now_ns)]
    return Column(f"wave-{wave.number}", head, tuple(cards))


def _planned(facts: SpecFacts, number: int, tasks: Sequence[Task]) -> Column:
    title = f"Wave {number}" if number else "No wave"
    head = (_title(facts, title, PLANNED, number), _progress(tasks), ())
    return Column(f"wave-{number}", head, tuple(_card(facts, task) for task in tasks))


def _title(facts: SpecFacts, title: str, look: Look, number: int) -> Line:
    return (
        Cell((Span(f"{title}  ", Tone.STRONG), Span(f"{look.glyph} {look.word}", look.tone)), grow=True),
        cell("▸ next" if facts.is_next(number) else "", Tone.KEY),
    )


def _progress(tasks: Sequence[Task]) -> Line:
    done = sum(task.status is TaskStatus.DONE for task in tasks)
    return (Cell(bar(done, len(tasks), _BAR)), cell(f" {done}/{len(tasks)} done", Tone.DIM))


def _stale(facts: SpecFacts, wave: WaveState) -> Iterator[Row]:
    for number, pointer in enumerate(facts.stale_pointers(wave)):
        lines = (
            (Cell((STALE.span,)), cell(f"stale: {pointer.name}", STALE.tone, grow=True)),
            (cell(" "), cell(pointer.says, Tone.DIM, grow=True)),
        )
        yield Row(f"stale-{wave.number}-{number}", lines, pointer.document)


def _card(facts: SpecFacts, task: Task) -> Row:
    look = look_of(facts, task)
    remarks = []
    if task.depends_on:
        remarks.append(f"after {', '.join(task.depends_on)}")
    if task.deferred:
        remarks.append("deferred")
    if task.files:
        remarks.append(plural(len(task.files), "file"))
    lines = (
        (
            Cell((look.span,)),
            Cell((Span(f"{task.id} ", Tone.DIM), Span(task.title, Tone.STRONG)), grow=True),
        ),
        (
            cell(" "),
            Cell((Span(look.word, look.tone), *(Span(f" · {remark}", Tone.DIM) for remark in remarks))),
        ),
    )
    return Row(f"task-{task.line}", lines, facts.task_ref(task), opens=facts.log_of(task))


def _runs(facts: SpecFacts, wave: WaveState, now_ns: int) -> Iterator[Row]:
    for run, outcome in facts.runs_of(wave):
        look = verdict_look(outcome)
        line = (
            Cell((look.span,)),
            cell(f"{run.command} {run.run_id}", Tone.DIM, grow=True),
            cell(age(run.updated_ns, now_ns), Tone.DIM, width=6, right=True),
        )
        yield Row(f"run-{run.path}", (line,), facts.main_document(run.path), run.path)
