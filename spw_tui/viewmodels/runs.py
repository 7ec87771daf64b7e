"""Runs of a spec, and the parts of one run."""

from __future__ import annotations

from collections.abc import Iterator

from spw_core.answers import PARTS, Kind, Run, SpecFacts
from spw_tui.clock import age, duration
from spw_tui.rows import Cell, Line, Row, Span, Tone, cell, columns, heading, plural
from spw_tui.viewmodels.looks import verdict_look

# The part of a subagent that is shown first, and all of them with their names.
FIRST_PART = Kind.REPORT.value
PART_NAMES = tuple(kind.value for kind in PARTS)


def run_rows(facts: SpecFacts, now_ns: int) -> list[Row]:
    """One line per run, the newest first."""
    runs = sorted(facts.record.runs, key=lambda run: (-run.updated_ns, run.path))
    names = _name_widths(facts)
    return [
        Row(
            run.path,
            (_run_line(run, names, now_ns),),
            facts.main_document(run.path),
            run.path,
        )
        for run in runs
    ]


def runs_head(facts: SpecFacts) -> Line:
    """The titles of the columns of `run_rows`."""
    command, run = _name_widths(facts)
    return (
        cell("  status", Tone.TITLE, width=12),
        cell("command", Tone.TITLE, width=command + 1),
        cell("wave", Tone.TITLE, width=5),
        cell("run", Tone.TITLE, width=run + 1),
        cell("subagents", Tone.TITLE, grow=True),
        cell("took", Tone.TITLE, width=6, right=True, from_width=64),
        cell("age", Tone.TITLE, width=7, right=True),
    )


def _name_widths(facts: SpecFacts) -> list[int]:
    found = columns([(run.command, run.run_id) for run in facts.record.runs], (20, 14))
    return [max(width, least) for width, least in zip(found, (7, 3), strict=True)]


def _run_line(run: Run, names: list[int], now_ns: int) -> Line:
    return (
        verdict_look(run.status).cell(10),
        cell(run.command, Tone.STRONG, width=names[0] + 1),
        cell(str(run.wave or ""), width=5),
        cell(run.run_id, width=names[1] + 1),
        Cell(_agents(run), grow=True),
        cell(duration(run.started_ns, run.updated_ns), Tone.DIM, width=6, right=True, from_width=64),
        cell(age(run.updated_ns, now_ns), Tone.DIM, width=7, right=True),
    )


def _agents(run: Run) -> tuple[Span, ...]:
    """How many there are, how many of them do not say pass, and how many files they did not leave."""
    spans = [Span(f"{len(run.subagents):2}", Tone.DIM)]
    if run.blocked_agents:
        spans.append(Span(f"  {run.blocked_agents} blocked", Tone.BAD))
    if missing := sum(len(agent.missing_files) for agent in run.subagents):
        spans.append(Span(f"  {plural(missing, 'file')} missing", Tone.WARN))
    if run.silent_agents:
        spans.append(Span(f"  {run.silent_agents} no verdict", Tone.WARN))
    return tuple(spans)


def run_title(run: Run) -> Line:
    """The heading of the screen of a run."""
    look = verdict_look(run.status)
    wave = f" · wave {run.wave}" if run.wave else ""
    return (
        Cell((Span(f"{run.command}{wave} · {run.run_id}", Tone.STRONG),)),
        cell(f" {look.glyph} {look.word}", look.tone),
    )


def part_rows(facts: SpecFacts, run: Run) -> list[Row]:
    """What a run consists of: its handoff, its subagents, and every other file in its folder."""
    return [*_handoff(facts, run), *_subagents(facts, run), *_others(facts, run)]


def _handoff(facts: SpecFacts, run: Run) -> Iterator[Row]:
    if handoff := facts.handoff_of(run):
        line = (cell("→", Tone.ACCENT), cell("handoff", Tone.STRONG, grow=True))
        yield Row("handoff", (line,), handoff)
    if not run.has_handoff:
        look = verdict_look(run.status)
        line = (Cell((look.span,)), cell("no handoff yet", look.tone, grow=True))
        yield Row("handoff-none", (line,), selectable=False)


def _subagents(facts: SpecFacts, run: Run) -> Iterator[Row]:
    yield from heading("agents", "Subagents", str(len(run.subagents)))
    for agent in run.subagents:
        look = verdict_look(agent.status)
        missing = agent.missing_files
        about = f"missing: {', '.join(missing)}" if missing else agent.summary or "no summary"
        lines = (
            (Cell((look.span,)), cell(agent.name, Tone.STRONG, grow=True), cell(look.word, look.tone)),
            (cell(" "), cell(about, Tone.WARN if missing else Tone.DIM, grow=True)),
        )
        yield Row(agent.path, lines, facts.part_of(agent, FIRST_PART))


def _others(facts: SpecFacts, run: Run) -> Iterator[Row]:
    others = facts.other_files(run)
    if not others:
        return
    yield from heading("others", "Other files", str(len(others)))
    for document in others:
        line = (cell(" "), cell(document.path.removeprefix(f"{run.path}/"), grow=True))
        yield Row(document.path, (line,), facts.ref(document))
