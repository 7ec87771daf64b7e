"""A spec sorted out: which documents belong to which run, task and wave, and which one stands for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spw_core.domain.model import Document, Run, SpecRecord, Subagent
from spw_core.domain.next_wave import NextWave
from spw_core.domain.places import Area, Kind, Place, file_of_part, place_of
from spw_core.domain.summary import SpecSummary, summarise
from spw_core.domain.waves import Checkpoint, WaveState, outcome_of, wave_states
from spw_core.formats.status import MISSING
from spw_core.formats.tasks import Task, TaskStatus
from spw_core.names import DASHBOARDS
from spw_core.refs import DocumentRef, ref_of

# What a subagent leaves, in the order in which it is made.
PARTS = (Kind.BRIEF, Kind.REPORT, Kind.STATUS)
_TASKS_FILE = DASHBOARDS[-1]


@dataclass(frozen=True, slots=True)
class Placed:
    """A document and what its path says about it."""

    document: Document
    place: Place

    @property
    def is_handoff_of_run(self) -> bool:
        """True for the run's own, not for one of an audit inside the run."""
        return self.place.kind is Kind.HANDOFF and not self.place.special


@dataclass(frozen=True, slots=True)
class Handoff:
    """A handoff of a run, or of an audit inside it; the verdict of an audit is not known."""

    run_path: str
    placed: Placed
    status: str

    @property
    def run_id(self) -> str:
        return self.run_path.rpartition("/")[2]

    @property
    def audit(self) -> str:
        """What audit it is of, empty for the run's own."""
        return self.placed.place.special.lstrip("_")


@dataclass(frozen=True, slots=True)
class StalePointer:
    """A file that says something else about a wave than its runs do."""

    name: str
    says: str
    document: DocumentRef | None


@dataclass(frozen=True, slots=True)
class SpecFacts:
    """Everything that can be asked about one spec; as immutable as the record inside.

    `in_runs` has the documents of each run by its path, `outside` all others; `versions` counts the stored
    texts of each (area, path).
    """

    record: SpecRecord
    summary: SpecSummary
    waves: tuple[WaveState, ...]
    runs: Mapping[str, Run]
    documents: Mapping[tuple[str, str], Document]
    in_runs: Mapping[str, Sequence[Placed]]
    outside: Sequence[Placed]
    next: NextWave
    versions: Mapping[tuple[str, str], int]
    snapshots: Mapping[str, int]

    @property
    def name(self) -> str:
        return self.record.name

    # Documents

    def ref(self, document: Document, line: int = 0) -> DocumentRef:
        return DocumentRef(self.name, document.path, document.area, line)

    def spec_ref(self, path: str, line: int = 0) -> DocumentRef | None:
        """A document of the spec's own folder, if there is one at that path."""
        document = self.documents.get((Area.SPEC, path))
        return self.ref(document, line) if document else None

    def version_count(self, document: Document) -> int:
        """How many earlier and present texts of a document are kept, approval snapshots among them."""
        count = self.versions.get((document.area, document.path), 0)
        return count + self.snapshots.get(document.path, 0) if document.area == Area.SPEC else count

    def handoffs(self) -> list[Handoff]:
        """Those of all runs and of the audits inside them, the newest first."""
        found = [
            Handoff(path, item, run.status if (run := self.runs.get(path)) and not item.place.special else "")
            for path, placed in self.in_runs.items()
            for item in placed
            if item.place.kind is Kind.HANDOFF
        ]
        return sorted(found, key=lambda one: (-one.placed.document.mtime_ns, one.placed.document.path))

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

    # Runs

    def main_document(self, run_path: str) -> DocumentRef | None:
        """What stands for a run: its handoff, else a report, else a brief, else anything."""
        placed = self.in_runs.get(run_path, ())
        for kind in (Kind.HANDOFF, Kind.REPORT, Kind.BRIEF):
            for item in placed:
                if item.place.kind is kind and not item.place.special:
                    return self.ref(item.document)
        return self.ref(placed[0].document) if placed else None

    def handoff_of(self, run: Run) -> DocumentRef | None:
        """The run's own handoff."""
        found = (item for item in self.in_runs.get(run.path, ()) if item.is_handoff_of_run)
        return next((self.ref(item.document) for item in found), None)

    def part_of(self, agent: Subagent, part: str) -> DocumentRef | None:
        """The wanted part of a subagent (one of PARTS), or the first one that exists."""
        for kind in (part, *PARTS):
            if found := self.spec_ref(f"{agent.path}/{file_of_part(Kind(kind))}"):
                return found
        return None

    def other_files(self, run: Run) -> list[Document]:
        """What lies in the folder of a run besides its handoff and the parts of its subagents."""
        parts = {f"{agent.path}/{file_of_part(kind)}" for agent in run.subagents for kind in PARTS}
        return [
            item.document
            for item in self.in_runs.get(run.path, ())
            if not item.is_handoff_of_run and item.document.path not in parts
        ]

    # Tasks

    def task_ref(self, task: Task) -> DocumentRef | None:
        """The file of the tasks, at the line of one of them."""
        return self.spec_ref(_TASKS_FILE, task.line)

    def log_of(self, task: Task) -> DocumentRef | None:
        """The implementation log of a task, the longest when there are several."""
        logs = [log for log in self.record.impl_logs if log.task_id == task.id and log.size]
        return self.spec_ref(max(logs, key=lambda log: log.size).path) if logs else None

    def lacks_log(self, task: Task) -> bool:
        """True for a task that is done and has no implementation log."""
        return task.status is TaskStatus.DONE and self.log_of(task) is None

    def is_ready(self, task: Task) -> bool:
        """True for a task that can start now."""
        return task.status is TaskStatus.PENDING and task.id in self.next.task_ids

    def checkpoint_of(self, task: Task) -> Checkpoint | None:
        """The resolved checkpoint of the task's wave; None while nothing was checked."""
        found = (wave.checkpoint for wave in self.waves if task.id in wave.task_ids)
        checkpoint = next(found, None)
        return checkpoint if checkpoint and checkpoint.status != MISSING else None

    # Waves

    def is_next(self, wave: int) -> bool:
        """True for the wave whose tasks come next."""
        return bool(wave and self.next.wave == wave and self.next.task_ids)

    def runs_of(self, wave: WaveState) -> list[tuple[Run, str]]:
        """The runs of a wave in the order in which they began, each with how it ended."""
        runs = [run for run in self.record.runs if run.wave == wave.number and run.phase == "execution"]
        return [(run, outcome_of(run)) for run in sorted(runs, key=lambda run: (run.started_ns, run.path))]

    def stale_pointers(self, wave: WaveState) -> list[StalePointer]:
        """The files of a wave that contradict its runs."""
        said = (text.partition(" ") for text in wave.checkpoint.stale)
        return [StalePointer(name, says, self.spec_ref(f"{wave.folder}/{name}")) for name, _, says in said]


def facts_of(record: SpecRecord, step: NextWave, versions: Mapping[tuple[str, str], int]) -> SpecFacts:
    """Sort a record out. Its cost grows with the number of documents.

    `step` is what to do next, `versions` counts the stored texts of each (area, path).
    """
    in_runs: dict[str, list[Placed]] = {run.path: [] for run in record.runs}
    outside: list[Placed] = []
    for document in record.documents:
        place = place_of(Area(document.area), document.path)
        in_runs.get(place.run, outside).append(Placed(document, place))
    snapshots = (item.document.path for item in outside if item.place.kind is Kind.SNAPSHOT)
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
        snapshots=Counter(path.split("/")[-2] for path in snapshots),
    )
