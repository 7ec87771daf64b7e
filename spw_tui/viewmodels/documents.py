"""Documents of a spec outside its runs, and its handoffs: grouped, with how many versions each has."""

from __future__ import annotations

from collections.abc import Iterator

from spw_core.domain.places import Area, Kind
from spw_core.names import DASHBOARDS
from spw_tui.clock import age
from spw_tui.refs import DocumentRef
from spw_tui.rows import Line, Row, Tone, cell, columns, heading
from spw_tui.viewmodels.facts import Placed, SpecFacts
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


def document_rows(facts: SpecFacts, now_ns: int) -> list[Row]:
    """All groups that have documents, then the handoffs, then what could not be read."""
    grouped: dict[str, list[Placed]] = {title: [] for title in (*(title for title, _ in _GROUPS), _LAST)}
    titles = {kind: title for title, kinds in _GROUPS for kind in kinds}
    for item in facts.outside:
        if item.place.kind not in _ELSEWHERE:
            grouped[titles.get(item.place.kind, _LAST)].append(item)
    rows: list[Row] = []
    snapshots = _snapshots(facts)
    for title, items in grouped.items():
        if items:
            rows += heading(title, title, str(len(items)))
            rows += [_row(facts, item, snapshots, now_ns) for item in sorted(items, key=_order)]
        if title == _GROUPS[0][0]:
            rows += _handoffs(facts, now_ns)
    rows += problem_rows(facts)
    return rows[1:]  # the blank line above the first title


def _order(item: Placed) -> tuple[int, str]:
    path = item.document.path
    return (DASHBOARDS.index(path) if path in DASHBOARDS else len(DASHBOARDS), path)


def _snapshots(facts: SpecFacts) -> dict[str, int]:
    """How many approval snapshots each document has, by its name."""
    counts: dict[str, int] = {}
    for item in facts.outside:
        if item.place.kind is Kind.SNAPSHOT:
            name = item.document.path.split("/")[-2]
            counts[name] = counts.get(name, 0) + 1
    return counts


def _row(facts: SpecFacts, item: Placed, snapshots: dict[str, int], now_ns: int) -> Row:
    document = item.document
    count = facts.versions.get((document.area, document.path), 0)
    if document.area == Area.SPEC:
        count += snapshots.get(document.path, 0)
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
    found = [
        (path, item)
        for path, placed in facts.in_runs.items()
        for item in placed
        if item.place.kind is Kind.HANDOFF
    ]
    if not found:
        return
    found.sort(key=lambda entry: (-entry[1].document.mtime_ns, entry[1].document.path))
    widths = columns([(item.place.command, path.rpartition("/")[2]) for path, item in found], (20, 14))
    yield from heading("handoffs", "Handoffs", str(len(found)))
    for path, item in found:
        line = _handoff_line(facts, path, item, widths, now_ns)
        yield Row(item.document.path, (line,), facts.ref(item.document))


def _handoff_line(facts: SpecFacts, run_path: str, item: Placed, widths: list[int], now_ns: int) -> Line:
    run = facts.runs.get(run_path)
    place = item.place
    status = run.status if run and not place.special else ""
    return (
        cell(" "),
        verdict_look(status).cell(10) if status else cell("· audit", Tone.DIM, width=10),
        cell(place.command, width=widths[0] + 1),
        cell(f"wave {place.wave}" if place.wave else "", Tone.DIM, width=7),
        cell(run_path.rpartition("/")[2], Tone.DIM, width=widths[1] + 1),
        cell(place.special.lstrip("_"), Tone.DIM, grow=True),
        cell(age(item.document.mtime_ns, now_ns), Tone.DIM, width=7, right=True),
    )


def problem_rows(facts: SpecFacts) -> list[Row]:
    """Files that were kept raw, and why."""
    errors = facts.record.errors
    if not errors:
        return []
    rows = list(heading("problems", "Files that could not be read as meant", str(len(errors))))
    for number, error in enumerate(errors):
        line = (cell(" "), cell(error.path, grow=True), cell(error.error, Tone.WARN, grow=True))
        document: DocumentRef | None = facts.spec_ref(error.path)
        rows.append(Row(f"problem-{number}-{error.path}", (line,), document))
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
