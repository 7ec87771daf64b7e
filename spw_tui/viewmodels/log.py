"""What happened around a spec: decisions of the hooks, harvests, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from spw_tui.clock import age, nanoseconds
from spw_tui.data import Log
from spw_tui.rows import Cell, Row, Span, Tone, cell, heading, note, plural
from spw_tui.viewmodels.documents import problem_rows
from spw_tui.viewmodels.looks import decision_look

if TYPE_CHECKING:
    from spw_core.answers import AuditEntry, Harvested, HookError, SpecFacts

_WORD = 9


def log_rows(facts: SpecFacts, log: Log, now_ns: int) -> list[Row]:
    """A section each: decisions, errors of hooks, files, harvests. The newest first in all of them."""
    rows = [
        *_decisions(log, now_ns),
        *_errors(log, now_ns),
        *problem_rows(facts),
        *_harvests(facts, log, now_ns),
    ]
    return rows[1:]  # the blank line above the first title


def _decisions(log: Log, now_ns: int) -> Iterator[Row]:
    yield from heading("decisions", "What the hooks decided", str(len(log.decisions) or ""))
    if log.no_decisions:
        yield note("decisions-failed", log.no_decisions, Tone.BAD)
    elif not log.decisions:
        yield note("decisions-none", "nothing yet; `spw hooks status` says whether hooks are installed")
    for number, entry in enumerate(log.decisions):
        yield Row(f"decision-{entry.at}-{number}", _decision(entry, now_ns))


def _decision(entry: AuditEntry, now_ns: int) -> tuple[tuple[Cell, ...], ...]:
    about = (Span(entry.target or entry.tool, Tone.NORMAL), Span(f"  {entry.reason}", Tone.DIM))
    return (
        (
            decision_look(entry.decision).cell(_WORD),
            cell(entry.event, Tone.STRONG, grow=True),
            cell(f"{entry.duration_ms:.0f} ms", Tone.DIM, from_width=60),
            cell(age(nanoseconds(entry.at), now_ns), Tone.DIM, width=7, right=True),
        ),
        (cell(" ", width=_WORD), Cell(about, grow=True)),
    )


def _harvests(facts: SpecFacts, log: Log, now_ns: int) -> Iterator[Row]:
    yield from heading("harvests", "What harvests stored", str(len(log.harvests) or ""))
    if log.no_harvests:
        yield note("harvests-failed", log.no_harvests, Tone.BAD)
    elif not log.harvests:
        yield note("harvests-none", "nothing yet; a harvest keeps every version of every file")
    for number, each in enumerate(log.harvests):
        known = filter(None, map(facts.spec_ref, each.paths))
        yield Row(f"harvest-{each.at}-{number}", (_harvest(each, now_ns),), next(known, None))


def _harvest(each: Harvested, now_ns: int) -> tuple[Cell, ...]:
    counts = {"new": each.new, "changed": each.changed, "gone": each.removed}
    words = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    more = each.new + each.changed + each.removed - len(each.paths)
    paths = ", ".join(each.paths) + (f" and {more} more" if more > 0 else "")
    return (
        cell("✔ stored", Tone.GOOD, width=_WORD),
        Cell((Span(words, Tone.STRONG), Span(f"  {paths}", Tone.DIM)), grow=True),
        cell(age(nanoseconds(each.at), now_ns), Tone.DIM, width=7, right=True),
    )


def _errors(log: Log, now_ns: int) -> Iterator[Row]:
    if not log.errors:
        return
    yield from heading("errors", "What went wrong in hooks", plural(len(log.errors), "line"))
    for number, error in enumerate(log.errors):
        yield Row(f"error-{error.at}-{number}", _error(error, now_ns))


def _error(error: HookError, now_ns: int) -> tuple[tuple[Cell, ...], ...]:
    when = age(nanoseconds(error.at), now_ns) if error.at else ""
    return (
        (
            cell("! error", Tone.BAD, width=_WORD),
            cell(error.event or "in the background", Tone.STRONG, grow=True),
            cell(when, Tone.DIM, width=7, right=True),
        ),
        (cell(" ", width=_WORD), cell(error.text.strip(), Tone.DIM, grow=True)),
    )
