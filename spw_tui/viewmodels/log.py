"""What the hooks decided about a spec, and which of its files could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spw_tui.clock import age, nanoseconds
from spw_tui.rows import Cell, Row, Span, Tone, cell, heading, note
from spw_tui.viewmodels.documents import problem_rows
from spw_tui.viewmodels.facts import SpecFacts
from spw_tui.viewmodels.looks import decision_look

if TYPE_CHECKING:
    from spw_core.store.gateway import AuditEntry


def log_rows(facts: SpecFacts, entries: Sequence[AuditEntry], now_ns: int) -> list[Row]:
    """The newest decision first, in two lines each, then the files."""
    rows = list(heading("decisions", "What the hooks decided", str(len(entries) or "")))[1:]
    if not entries:
        rows.append(
            note("decisions-none", "nothing yet; `spw hooks status` says whether hooks are installed")
        )
    for number, entry in enumerate(reversed(entries)):
        look = decision_look(entry.decision)
        about = Cell(
            (Span(entry.target or entry.tool, Tone.NORMAL), Span(f"  {entry.reason}", Tone.DIM)), grow=True
        )
        lines = (
            (
                look.cell(9),
                cell(entry.event, Tone.STRONG, grow=True),
                cell(f"{entry.duration_ms:.0f} ms", Tone.FAINT, from_width=60),
                cell(age(nanoseconds(entry.at), now_ns), Tone.DIM, width=7, right=True),
            ),
            (cell(" ", width=9), about),
        )
        rows.append(Row(f"decision-{entry.at}-{number}", lines))
    return rows + problem_rows(facts)
