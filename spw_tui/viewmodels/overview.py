"""What the Overview tab says about a spec; every line that has evidence leads to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from spw_core.domain.places import Area, Kind
from spw_core.formats.tasks import TaskStatus
from spw_core.names import DASHBOARDS
from spw_tui.clock import age, nanoseconds
from spw_tui.refs import DocumentRef
from spw_tui.rows import Cell, Line, Row, Span, Tone, bar, cell, heading, note, plural
from spw_tui.viewmodels.facts import Placed, SpecFacts
from spw_tui.viewmodels.looks import attention_look, spec_look, task_look, verdict_look, wave_look

_READABLE = (Kind.DATA, Kind.OTHER, Kind.SNAPSHOT, Kind.SNAPSHOT_LIST, Kind.WAVE_SUMMARY, Kind.WAVE_LATEST)


def overview_rows(facts: SpecFacts, now_ns: int) -> list[Row]:
    """Summary, what needs attention, waves, documents, and files that could not be read."""
    return [
        *_summary(facts, now_ns),
        *_attention(facts),
        *_waves(facts),
        *_documents(facts, now_ns),
        *_problems(facts),
    ]


def _summary(facts: SpecFacts, now_ns: int) -> Iterator[Row]:
    summary = facts.summary
    look = spec_look(summary.status)
    state = [Span(" "), Span(f"{look.glyph} {look.word}", look.tone), Span(f"  {summary.stage}", Tone.NORMAL)]
    updated = age(nanoseconds(summary.updated_at), now_ns)
    if summary.waves_total:
        state.append(Span(f"  wave {summary.wave_current} of {summary.waves_total}", Tone.NORMAL))
    if updated:
        state.append(Span(f"  last change {updated}", Tone.DIM))
    yield Row("summary", ((Cell(tuple(state), grow=True),),), selectable=False)
    if summary.tasks_total:
        yield Row("tasks", (_tasks(facts),), selectable=False)
    counts = (
        plural(len(facts.record.runs), "run"),
        plural(sum(run.has_handoff for run in facts.record.runs), "handoff"),
        plural(len(facts.record.impl_logs), "implementation log"),
        plural(len(facts.record.documents), "file"),
    )
    yield note("counts", " · ".join(counts))


def _tasks(facts: SpecFacts) -> Line:
    summary = facts.summary
    counts = Counter(task.status for task in facts.record.tasks)
    spans = [Span(" "), *bar(summary.tasks_done, summary.tasks_total, 20)]
    spans.append(Span(f"  {summary.tasks_done} of {summary.tasks_total} tasks done", Tone.NORMAL))
    for status in (TaskStatus.IN_PROGRESS, TaskStatus.BLOCKED, TaskStatus.PENDING):
        if counts[status]:
            look = task_look(status)
            spans.append(Span(f"  {look.glyph} {counts[status]} {look.word}", look.tone))
    if deferred := sum(task.deferred for task in facts.record.tasks):
        spans.append(Span(f"  {deferred} deferred", Tone.DIM))
    return (Cell(tuple(spans), grow=True),)


def _attention(facts: SpecFacts) -> Iterator[Row]:
    items = facts.summary.attention
    yield from heading("attention", "Needs attention", str(len(items)) if items else "")
    if not items:
        yield note("attention-none", "nothing: no block, no open approval, no run without handoff")
    for number, item in enumerate(items):
        look = attention_look(item.kind)
        document, run = facts.evidence(item.path)
        evidence = document.name if document else item.path.rpartition("/")[2]
        line = (
            cell(""),
            look.cell(12),
            cell(item.text, grow=True),
            cell(f"→ {evidence}", Tone.DIM, from_width=70),
        )
        yield Row(f"attention-{number}-{item.kind}-{item.path}", (line,), document, run)


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
            cell(plural(len(wave.task_ids), "task"), Tone.NORMAL, width=8),
            cell(f"exec ×{wave.exec_runs}", Tone.DIM, width=8, from_width=60),
            cell(f"check ×{wave.check_runs}", Tone.DIM, width=9, from_width=60),
            cell(verdict, checkpoint.tone if wave.checkpoint.attempts else Tone.DIM, grow=True),
        )
        yield Row(f"wave-{wave.number}", (line,), facts.main_document(run), run)


def _documents(facts: SpecFacts, now_ns: int) -> Iterator[Row]:
    placed = [p for p in facts.outside if p.document.area == Area.SPEC and p.place.kind not in _READABLE]
    yield from heading("documents", "Documents", str(len(placed)) if placed else "")
    if not placed:
        yield note("documents-none", "no document yet")
    for item in sorted(placed, key=_document_order):
        document = item.document
        where = "" if document.on_disk else "in the database"
        line = (
            cell(" "),
            cell(document.path, grow=True),
            cell(where, Tone.DIM, from_width=60),
            cell(size_text(document.size), Tone.DIM, width=7, right=True),
            cell(age(document.mtime_ns, now_ns), Tone.DIM, width=7, right=True),
        )
        yield Row(f"document-{document.path}", (line,), facts.ref(document))


def _document_order(item: Placed) -> tuple[int, str]:
    path = item.document.path
    return (DASHBOARDS.index(path) if path in DASHBOARDS else len(DASHBOARDS), path)


def _problems(facts: SpecFacts) -> Iterator[Row]:
    errors = facts.record.errors
    if not errors:
        return
    yield from heading("problems", "Files that could not be read as meant", str(len(errors)))
    for number, error in enumerate(errors):
        line = (cell(" "), cell(error.path, grow=True), cell(error.error, Tone.WARN, grow=True))
        document: DocumentRef | None = facts.spec_ref(error.path)
        yield Row(f"problem-{number}-{error.path}", (line,), document)


def size_text(size: int) -> str:
    """`812 B`, `12 KB`, `1.4 MB`."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.0f} KB"
    return f"{size / 1_000_000:.1f} MB"
