"""Documents of a spec outside its runs, and its handoffs: grouped, with how many versions each has."""

from __future__ import annotations

from collections.abc import Iterator

from spw_core.answers import Handoff, Kind, Placed, SpecFacts
from spw_tui.clock import age
from spw_tui.rows import Line, Row, Tone, cell, columns, heading
from spw_tui.viewmodels.looks import verdict_look

# Title of each group of documents and the kinds in it; any other kind comes last.
_GROUPS = (
    ("Documents", (Kind.REQUIREMENTS, Kind.DESIGN, Kind.TASKS)),
    ("Summaries", (Kind.COMPLETION_SUMMARY, Kind.PROGRESS_SUMMARY, Kind.STATUS_SUMMARY)),
    ("Reports", (Kind.CHECKPOINT_REPORT, Kind.REPORT, Kind.DOCUMENT, Kind.BRIEF)),
    ("Implementation logs", (Kind.IMPL_LOG,)),
    ("Approvals", (Kind.APPROVAL,)),
)
# Shown where they mean something: with their wave, or as versions of their document.
_ELSEWHERE = (Kind.SNAPSHOT, Kind.SNAPSHOT_LIST, Kind.WAVE_SUMMARY, Kind.WAVE_LATEST, Kind.HANDOFF)
_LAST = "Other files"
_FIRST = _GROUPS[0][1]


def document_rows(facts: SpecFacts, now_ns: int) -> list[Row]:
    """All groups that have documents, then the handoffs, then what could not be read."""
    grouped: dict[str, list[Placed]] = {title: [] for title in (*(title for title, _ in _GROUPS), _LAST)}
    titles = {kind: title for title, kinds in _GROUPS for kind in kinds}
    for item in facts.outside:
        if item.place.kind not in _ELSEWHERE:
            grouped[titles.get(item.place.kind, _LAST)].append(item)
    rows: list[Row] = []
    for title, items in grouped.items():
        if items:
            rows += heading(title, title, str(len(items)))
            rows += [_row(facts, item, now_ns) for item in sorted(items, key=_order)]
        if title == _GROUPS[0][0]:
            rows += _handoffs(facts, now_ns)
    rows += problem_rows(facts)
    return rows[1:]  # the blank line above the first title


def _order(item: Placed) -> tuple[int, str]:
    kind = item.place.kind
    return (_FIRST.index(kind) if kind in _FIRST else len(_FIRST), item.document.path)


def _row(facts: SpecFacts, item: Placed, now_ns: int) -> Row:
    document = item.document
    count = facts.version_count(document)
    line = (
        cell(" "),
        cell(document.path, grow=True),
        cell("" if document.on_disk else "in the database", Tone.DIM, from_width=60),
        cell(f"{count} versions" if count > 1 else "", Tone.ACCENT, width=11, right=True, from_width=50),
        cell(size_text(document.size), Tone.DIM, width=7, right=True),
        cell(age(document.mtime_ns, now_ns), Tone.DIM, width=7, right=True),
    )
    return Row(f"{document.area}-{document.path}", (line,), facts.ref(document))


def _handoffs(facts: SpecFacts, now_ns: int) -> Iterator[Row]:
    """One line per handoff, the newest first, those of inline audits among them."""
    found = facts.handoffs()
    if not found:
        return
    widths = columns([(one.placed.place.command, one.run_id) for one in found], (20, 14))
    yield from heading("handoffs", "Handoffs", str(len(found)))
    for one in found:
        document = one.placed.document
        yield Row(document.path, (_handoff_line(one, widths, now_ns),), facts.ref(document))


def _handoff_line(one: Handoff, widths: list[int], now_ns: int) -> Line:
    place = one.placed.place
    return (
        cell(" "),
        verdict_look(one.status).cell(9) if one.status else cell("· audit", Tone.DIM, width=9),
        cell(place.command, width=widths[0]),
        cell(f"wave {place.wave}" if place.wave else "", Tone.DIM, width=6),
        cell(one.run_id, Tone.DIM, width=widths[1]),
        cell(one.audit, Tone.DIM, grow=True),
        cell(age(one.placed.document.mtime_ns, now_ns), Tone.DIM),
    )


def problem_rows(facts: SpecFacts) -> list[Row]:
    """Files that were kept raw, and why."""
    errors = facts.record.errors
    if not errors:
        return []
    rows = list(heading("problems", "Files that could not be read as meant", str(len(errors))))
    for number, error in enumerate(errors):
        short = "/".join(error.path.split("/")[-2:])  # the preview tells the rest of the path
        line = (cell(" "), cell(f"{short} "), cell(error.error, Tone.WARN, grow=True))
        rows.append(Row(f"problem-{number}-{error.path}", (line,), facts.spec_ref(error.path)))
    return rows


def count_documents(facts: SpecFacts) -> int:
    """How many rows lead to a document, for the number beside the tab."""
    return sum(item.place.kind not in _ELSEWHERE for item in facts.outside)


def size_text(size: int) -> str:
    """`812 B`, `12 KB`, `1.4 MB`."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.0f} KB"
    return f"{size / 1_000_000:.1f} MB"
