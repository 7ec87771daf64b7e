"""All handoffs of a spec, those of inline audits among them."""

from __future__ import annotations

from spw_core.domain.places import Kind
from spw_tui.clock import age
from spw_tui.rows import Row, Tone, cell, columns
from spw_tui.viewmodels.facts import Placed, SpecFacts
from spw_tui.viewmodels.looks import verdict_look


def handoff_rows(facts: SpecFacts, now_ns: int) -> list[Row]:
    """One line per handoff, the newest first."""
    found = [
        (path, item)
        for path, placed in facts.in_runs.items()
        for item in placed
        if item.place.kind is Kind.HANDOFF
    ]
    found.sort(key=lambda entry: (-entry[1].document.mtime_ns, entry[1].document.path))
    widths = columns([(item.place.command, path.rpartition("/")[2]) for path, item in found], (20, 14))
    return [_row(facts, path, item, widths, now_ns) for path, item in found]


def _row(facts: SpecFacts, run_path: str, item: Placed, widths: list[int], now_ns: int) -> Row:
    run = facts.runs.get(run_path)
    place = item.place
    status = run.status if run and not place.special else ""
    first = verdict_look(status).cell(10) if status else cell("· audit", Tone.DIM, width=10)
    line = (
        first,
        cell(place.command, Tone.STRONG, width=widths[0] + 1),
        cell(f"wave {place.wave}" if place.wave else "", width=7),
        cell(run_path.rpartition("/")[2], width=widths[1] + 1),
        cell(place.special.lstrip("_"), Tone.DIM, grow=True),
        cell(age(item.document.mtime_ns, now_ns), Tone.DIM, width=7, right=True),
    )
    return Row(item.document.path, (line,), facts.ref(item.document))
