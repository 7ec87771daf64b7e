"""The tabs of a spec: which rows each has, and the number beside its label."""

from __future__ import annotations

from spw_tui.rows import Row
from spw_tui.viewmodels.facts import SpecFacts
from spw_tui.viewmodels.handoffs import handoff_rows
from spw_tui.viewmodels.overview import overview_rows
from spw_tui.viewmodels.runs import run_rows
from spw_tui.viewmodels.waves import wave_rows

_ROWS = {"overview": overview_rows, "runs": run_rows, "waves": wave_rows, "handoffs": handoff_rows}


def rows_of(tab: str, facts: SpecFacts, now_ns: int) -> list[Row]:
    """The rows of one tab. The cost grows with the spec: call it in a worker."""
    return _ROWS[tab](facts, now_ns)


def counts_of(facts: SpecFacts) -> dict[str, int]:
    """How many things each tab lists, where that is worth a number."""
    return {
        "runs": len(facts.record.runs),
        "waves": len(facts.waves),
        "handoffs": sum(run.has_handoff for run in facts.record.runs),
    }
