"""What the Overview tab says about a spec; every line that has evidence leads to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from spw_core.answers import NextAction, SpecFacts, TaskStatus
from spw_tui.clock import age, nanoseconds
from spw_tui.rows import Cell, Line, Row, Span, Tone, as_fits, bar, beside, cell, heading, note, plural
from spw_tui.viewmodels.looks import READY, attention_look, spec_look, task_look, verdict_look, wave_look
from spw_tui.viewmodels.tasks import next_title

_DAY_NS = 86_400 * 1_000_000_000
_DAYS = 28
_HEIGHTS = "▁▂▃▄▅▆▇█"
_NEXT_SHOWN = 6


def overview_rows(facts: SpecFacts, now_ns: int) -> list[Row]:
    """Summary, what needs somebody now, what comes next, and the waves."""
    return [
        *_summary(facts, now_ns),
        *_attention(facts),
        *_next(facts),
        *_waves(facts),
    ]


def _summary(facts: SpecFacts, now_ns: int) -> Iterator[Row]:
    summary = facts.summary
    look = spec_look(summary.status)
    state = [Span(" "), Span(f"{look.glyph} {look.word}", look.tone), Span(f"  {summary.stage}", Tone.NORMAL)]
    updated = age(nanoseconds(summary.updated_at), now_ns)
    if summary.waves_total:
        state.append(Span(f"  wave {summary.wave_current} of {summary.waves_total}", Tone.NORMAL))
    changed = cell(f" last change {updated}" if updated else "", Tone.DIM)
    yield Row("summary", (as_fits(Cell(tuple(state)), changed),), selectable=False)
    if summary.tasks_total:
        yield Row("tasks", (_tasks(facts),), selectable=False)
    counts = (
        plural(len(facts.record.runs), "run"),
        plural(sum(run.has_handoff for run in facts.record.runs), "handoff"),
        plural(len(facts.record.impl_logs), "task log"),
        plural(len(facts.record.documents), "file"),
    )
    first, *more = counts
    line = as_fits(cell(f" {first}", Tone.DIM), *(cell(f"· {count}", Tone.DIM) for count in more))
    yield Row("counts", (line,), selectable=False)
    if facts.record.documents:
        yield _activity(facts, now_ns)


def _activity(facts: SpecFacts, now_ns: int) -> Row:
    """A bar for each day of four weeks, by the number of files written on it. The weeks end now, or with the
    last change of a spec that nobody has touched since they began."""
    newest = facts.record.updated_ns
    is_old = now_ns - newest > _DAYS * _DAY_NS
    end = (newest if is_old else now_ns) // _DAY_NS
    days = Counter(document.mtime_ns // _DAY_NS for document in facts.record.documents)
    counts = [days[day] for day in range(end - _DAYS + 1, end + 1)]
    highest = max([*counts, 1])
    spans = [Span(" ")]
    for count in counts:
        height = _HEIGHTS[-(-count * (len(_HEIGHTS) - 1) // highest)]
        spans.append(Span(height, Tone.ACCENT if count else Tone.FAINT))
    until = f"to {age(newest, now_ns)}" if is_old else "to now"
    busy = sum(1 for count in counts if count)
    weeks = cell(f" four weeks {until}", Tone.DIM)
    line = as_fits(Cell(tuple(spans)), weeks, cell(f"· files on {plural(busy, 'day')}", Tone.DIM))
    return Row("activity", (line,), selectable=False)


def _tasks(facts: SpecFacts) -> Line:
    summary = facts.summary
    counts = Counter(task.status for task in facts.record.tasks)
    spans = [Span(" "), *bar(summary.tasks_done, summary.tasks_total, 12)]
    spans.append(Span(f"  {summary.tasks_done} of {summary.tasks_total} tasks done", Tone.NORMAL))
    more = []
    for status in (TaskStatus.BLOCKED, TaskStatus.IN_PROGRESS, TaskStatus.PENDING):
        if counts[status]:
            look = task_look(status)
            more.append(cell(f" {look.glyph} {counts[status]} {look.word}", look.tone))
    if deferred := sum(task.deferred for task in facts.record.tasks):
        more.append(cell(f" {deferred} deferred", Tone.DIM))
    return as_fits(Cell(tuple(spans)), *more)


def _attention(facts: SpecFacts) -> Iterator[Row]:
    items = facts.summary.attention
    yield from heading("attention", "Needs me now", str(len(items)) if items else "")
    if not items:
        yield note("attention-none", "nothing: no block, no open approval, no run without handoff")
    for number, item in enumerate(items):
        look = attention_look(item.kind)
        document, run = facts.evidence(item.path)
        evidence = document.name if document else item.path.rpartition("/")[2]
        told = (cell(""), look.cell(12), cell(item.text, grow=True))
        line = beside(told, cell(f"→ {evidence}", Tone.DIM))
        yield Row(f"attention-{number}-{item.kind}-{item.path}", (line,), document, run)


def _next(facts: SpecFacts) -> Iterator[Row]:
    """The answer of `spw tasks next`: the tasks to run, or why there are none."""
    step = facts.next
    if not facts.record.tasks and step.action == NextAction.DONE:
        return
    title = f"Next: {next_title(step)}" + (f", wave {step.wave}" if step.wave else "")
    yield from heading("next", title)
    yield note("next-reason", step.reason)
    by_id = {task.id: task for task in facts.record.tasks}
    for task_id in step.task_ids[:_NEXT_SHOWN]:
        if task := by_id.get(task_id):
            line = (
                cell(""),
                READY.cell(12),
                cell(task.id, Tone.DIM, width=3, right=True),
                cell(task.title, Tone.STRONG, grow=True),
                cell(plural(len(task.files), "file") if task.files else "", Tone.DIM, from_width=60),
            )
            yield Row(f"next-{task_id}", (line,), facts.task_ref(task))
    if len(step.task_ids) > _NEXT_SHOWN:
        yield note("next-more", f"and {len(step.task_ids) - _NEXT_SHOWN} more")
    for number, stuck in enumerate(step.blocked[:_NEXT_SHOWN]):
        blocked_task = by_id.get(stuck.task_id)
        why = (
            cell(""),
            task_look(TaskStatus.BLOCKED).cell(12),
            cell(stuck.task_id, Tone.DIM, width=3, right=True),
            cell(stuck.why, grow=True),
        )
        document = facts.task_ref(blocked_task) if blocked_task else None
        yield Row(f"stuck-{number}", (why,), document, selectable=document is not None)


def _waves(facts: SpecFacts) -> Iterator[Row]:
    if not facts.waves:
        return
    yield from heading("waves", "Waves", str(len(facts.waves)))
    for wave in facts.waves:
        checkpoint = verdict_look(wave.checkpoint.status)
        verdict = "no checkpoint" if not wave.checkpoint.attempts else f"checkpoint {checkpoint.word}"
        run = wave.checkpoint.run_path
        line = (
            cell(""),
            wave_look(wave.status).cell(12),
            cell(f"wave {wave.number}", Tone.STRONG, width=8),
            cell(plural(len(wave.task_ids), "task"), Tone.NORMAL, width=8, from_width=50),
            cell(f"exec×{wave.exec_runs}", Tone.DIM, width=8, from_width=60),
            cell(f"check×{wave.check_runs}", Tone.DIM, width=9, from_width=60),
            cell(verdict, checkpoint.tone if wave.checkpoint.attempts else Tone.DIM, grow=True),
        )
        yield Row(f"wave-{wave.number}", (line,), facts.main_document(run), run)
