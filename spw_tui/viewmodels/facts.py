"""A spec's record with what all panes need from it: documents by run, waves, summary, the next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spw_core.domain.model import Document, Run, SpecRecord
from spw_core.domain.next_wave import NextWave
from spw_core.domain.places import Area, Kind, Place, place_of
from spw_core.domain.summary import SpecSummary, summarise
from spw_core.domain.waves import Checkpoint, WaveState, wave_states
from spw_core.formats.status import MISSING
from spw_core.formats.tasks import Task
from spw_core.names import DASHBOARDS
from spw_tui.refs import DocumentRef, ref_of

if TYPE_CHECKING:
    from spw_core.harvest.glance import Glance

TASKS_FILE = DASHBOARDS[-1]


@dataclass(frozen=True, slots=True)
class Placed:
    """A document and what its path says about it."""

    document: Document
    place: Place


@dataclass(frozen=True, slots=True)
class SpecFacts:
    """Everything the panes of one spec are made from; as immutable as the record inside."""

    record: SpecRecord
    summary: SpecSummary
    waves: tuple[WaveState, ...]
    runs: Mapping[str, Run]
    documents: Mapping[tuple[str, str], Document]
    in_runs: Mapping[str, Sequence[Placed]]
    outside: Sequence[Placed]
    next: NextWave
    versions: Mapping[tuple[str, str], int]
    glance: Glance | None = None

    @property
    def name(self) -> str:
        return self.record.name

    def log_of(self, task_id: str) -> DocumentRef | None:
        """The implementation log of a task, the longest when there are several."""
        logs = [log for log in self.record.impl_logs if log.task_id == task_id and log.size]
        return self.spec_ref(max(logs, key=lambda log: log.size).path) if logs else None

    def checkpoint_of(self, task: Task) -> Checkpoint | None:
        """The resolved checkpoint of the task's wave; None while nothing was checked."""
        found = (wave.checkpoint for wave in self.waves if task.id in wave.task_ids)
        checkpoint = next(found, None)
        return checkpoint if checkpoint and checkpoint.status != MISSING else None

    def ref(self, document: Document, line: int = 0) -> DocumentRef:
        return DocumentRef(self.name, document.path, document.area, line)

    def spec_ref(self, path: str, line: int = 0) -> DocumentRef | None:
        """A document of the spec's own folder, if there is one at that path."""
        document = self.documents.get((Area.SPEC, path))
        return self.ref(document, line) if document else None

    def task_ref(self, task: Task) -> DocumentRef | None:
        """The file of the tasks, at the line of one of them."""
        return self.spec_ref(TASKS_FILE, task.line)

    def main_document(self, run_path: str) -> DocumentRef | None:
        """What stands for a run: its handoff, else a report, else a brief, else anything."""
        placed = self.in_runs.get(run_path, ())
        for kind in (Kind.HANDOFF, Kind.REPORT, Kind.BRIEF):
            for item in placed:
                if item.place.kind is kind and not item.place.special:
                    return self.ref(item.document)
        return self.ref(placed[0].document) if placed else None

    def evidence(self, workflow_path: str) -> tuple[DocumentRef | None, str]:
        """The document, and the run if it is one, that a path below `.spec-workflow/` leads to."""
        ref = ref_of(workflow_path)
        if ref is None or ref.spec != self.name:
            return ref, ""
        if (ref.area, ref.path) in self.documents:
            return ref, ""
        if ref.path in self.in_runs:
            return self.main_document(ref.path), ref.path
        inside = (
            d for d in self.record.documents if d.path.startswith(f"{ref.path}/") and d.area == ref.area
        )
        found = next(inside, None)
        return (self.ref(found) if found else None), ""


def facts_of(
    record: SpecRecord, step: NextWave, versions: Mapping[tuple[str, str], int], glance: Glance | None = None
) -> SpecFacts:
    """Sort a record out. Its cost grows with the number of documents: call it in a worker.

    `step` is what to do next, `versions` counts the stored texts of each (area, path), and `glance` is how
    the spec looked before the record was read.
    """
    in_runs: dict[str, list[Placed]] = {run.path: [] for run in record.runs}
    outside: list[Placed] = []
    for document in record.documents:
        place = place_of(Area(document.area), document.path)
        in_runs.get(place.run, outside).append(Placed(document, place))
    return SpecFacts(
        record=record,
        summary=summarise(record),
        waves=wave_states(record),
        runs={run.path: run for run in record.runs},
        documents={(document.area, document.path): document for document in record.documents},
        in_runs=in_runs,
        outside=outside,
        next=step,
        versions=versions,
        glance=glance,
    )
