"""From files to facts: the pure function that turns a spec's artifacts into a SpecRecord.

Harvest, live reads and `doctor --rebuild` all go through `project`, so a spec looks the same whether its
bytes come from disk or from the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from spw_core.domain.model import Document, FileError, ImplLog, Run, SpecRecord, Subagent, WaveFiles
from spw_core.domain.places import Area, Kind, Place, place_of
from spw_core.domain.registry import COMMANDS
from spw_core.formats.approvals import Approval, parse_approval, parse_snapshots
from spw_core.formats.frontmatter import split_frontmatter
from spw_core.formats.iteration import parse_iteration_state
from spw_core.formats.logs import parse_log_header
from spw_core.formats.problem import Problem
from spw_core.formats.status import MISSING_STATUS, StatusReport, normalise_verdict, parse_status
from spw_core.formats.tasks import TasksDocument, parse_tasks
from spw_core.formats.text_decode import decode_text
from spw_core.formats.waves import WaveLatest, WaveSummary, parse_wave_latest, parse_wave_summary

_T = TypeVar("_T")

# The kinds whose bytes say something about state; of all others only the existence counts.
READ_KINDS = frozenset(
    (
        Kind.STATUS,
        Kind.WAVE_SUMMARY,
        Kind.WAVE_LATEST,
        Kind.ITERATION_STATE,
        Kind.TASKS,
        Kind.IMPL_LOG,
        Kind.APPROVAL,
        Kind.SNAPSHOT_LIST,
        Kind.COMPLETION_SUMMARY,
    )
)


NO_RUNS: Mapping[str, int] = MappingProxyType({})

_COMMAND_ORDER = {name: place for place, name in enumerate(COMMANDS)}


class Source(NamedTuple):  # not a dataclass: one is made for each file
    """One artifact to project. `content` may be None for kinds outside READ_KINDS and unstored files."""

    area: Area
    rel_path: str
    size: int
    mtime_ns: int
    content: bytes | None
    on_disk: bool = True


@dataclass(slots=True)
class _RunParts:
    place: Place
    started_ns: int
    updated_ns: int
    has_handoff: bool = False
    agents: dict[str, set[Kind]] = field(default_factory=dict)
    statuses: dict[str, StatusReport] = field(default_factory=dict)


@dataclass(slots=True)
class _WaveParts:
    folder: str
    summary: WaveSummary | None = None
    latest: WaveLatest | None = None


def project(
    name: str,
    sources: Iterable[Source],
    errors: Iterable[FileError] = (),
    empty_runs: Mapping[str, int] = NO_RUNS,
) -> SpecRecord:
    """All facts of spec `name` told by its artifacts. `errors` are carried over, readers' problems added.

    `empty_runs` are the folders of runs without a file, with the time (ns) they were made.
    """
    projection = _Projection(name, list(errors))
    for source in sources:
        projection.add(source)
    for path, made_ns in empty_runs.items():
        place = place_of(Area.SPEC, f"{path}/_handoff.md")
        projection.runs.setdefault(path, _RunParts(place, made_ns, made_ns))
    return projection.record()


class _Projection:
    """Collects artifacts one by one; `record` assembles what they amount to."""

    def __init__(self, name: str, errors: list[FileError]) -> None:
        self.name = name
        self.errors = errors
        self.documents: list[Document] = []
        self.runs: dict[str, _RunParts] = {}
        self.waves: dict[int, _WaveParts] = {}
        self.tasks: TasksDocument | None = None
        self.logs: list[ImplLog] = []
        self.approvals: list[Approval] = []
        self.completed_at = ""

    def add(self, source: Source) -> None:
        place = place_of(source.area, source.rel_path)
        self.documents.append(
            Document(
                str(source.area), source.rel_path, place.kind, source.size, source.mtime_ns, source.on_disk
            )
        )
        if place.run:
            self._add_to_run(source, place)
        elif place.wave:
            self._add_wave_file(source, place)
        elif (reader := self._readers().get(place.kind)) and source.content is not None:
            reader(source, source.content)

    def _readers(self) -> dict[Kind, Callable[[Source, bytes], None]]:
        return {
            Kind.TASKS: self._read_tasks,
            Kind.IMPL_LOG: self._read_log,
            Kind.APPROVAL: self._read_approval,
            Kind.SNAPSHOT_LIST: self._read_snapshots,
            Kind.COMPLETION_SUMMARY: self._read_completion,
        }

    def _add_to_run(self, source: Source, place: Place) -> None:
        run = self.runs.get(place.run)
        if run is None:
            run = self.runs[place.run] = _RunParts(place, source.mtime_ns, source.mtime_ns)
        run.started_ns = min(run.started_ns, source.mtime_ns)
        run.updated_ns = max(run.updated_ns, source.mtime_ns)
        if place.kind is Kind.ITERATION_STATE and source.content is not None:
            self._noting(source, parse_iteration_state(source.content))
        if place.special:
            return
        if place.agent:
            run.agents.setdefault(place.agent, set()).add(place.kind)
            if place.kind is Kind.STATUS and source.rel_path == f"{place.run}/{place.agent}/status.json":
                run.statuses[place.agent] = self._noting(source, parse_status(source.content or b""))
        elif place.kind is Kind.HANDOFF and source.size:
            run.has_handoff = True

    def _add_wave_file(self, source: Source, place: Place) -> None:
        folder = source.rel_path.rpartition("/")[0]
        if place.phase != "execution":  # the pointer files of qa-exec waves decide nothing
            return
        wave = self.waves.setdefault(place.wave, _WaveParts(folder))
        if source.rel_path.endswith(".md") or source.content is None:
            return
        if place.kind is Kind.WAVE_SUMMARY:
            wave.summary = self._noting(source, parse_wave_summary(source.content))
        else:
            wave.latest = self._noting(source, parse_wave_latest(source.content))

    def _read_tasks(self, source: Source, content: bytes) -> None:
        text, problems = decode_text(content)
        self.tasks = self._noting(source, (parse_tasks(text), problems))
        self._note(source, self.tasks.problems)

    def _read_log(self, source: Source, content: bytes) -> None:
        text, problems = decode_text(content)
        header, remarks = parse_log_header(text, source.rel_path.rpartition("/")[2])
        self._note(source, [*problems, *remarks])
        self.logs.append(ImplLog(source.rel_path, header.task_id, header.title, source.size))

    def _read_approval(self, source: Source, content: bytes) -> None:
        approval = self._noting(source, parse_approval(content, source.rel_path))
        if approval is not None:
            self.approvals.append(approval)

    def _read_snapshots(self, source: Source, content: bytes) -> None:
        self.approvals.extend(self._noting(source, parse_snapshots(content, source.rel_path)))

    def _read_completion(self, source: Source, content: bytes) -> None:
        text, problems = decode_text(content)
        header, _, _, remarks = split_frontmatter(text)
        self._note(source, [*problems, *remarks])
        if normalise_verdict(header.get("status")) == "pass":
            self.completed_at = str(header.get("completed_at") or "unknown")

    def _noting(self, source: Source, parsed: tuple[_T, Iterable[Problem]]) -> _T:
        value, problems = parsed
        self._note(source, problems)
        return value

    def _note(self, source: Source, problems: Iterable[Problem]) -> None:
        self.errors.extend(FileError(source.rel_path, str(problem)) for problem in problems)

    def record(self) -> SpecRecord:
        tasks = self.tasks
        for run_path, run in self.runs.items():
            if run.place.phase == "execution" and run.place.wave:
                folder = "/".join(run_path.split("/")[:-2])
                self.waves.setdefault(run.place.wave, _WaveParts(folder))
        return SpecRecord(
            name=self.name,
            documents=tuple(sorted(self.documents, key=lambda document: (document.area, document.path))),
            runs=tuple(sorted((_run(path, parts) for path, parts in self.runs.items()), key=run_order)),
            waves=tuple(
                WaveFiles(number, parts.folder, parts.summary, parts.latest)
                for number, parts in sorted(self.waves.items())
            ),
            tasks=tasks.tasks if tasks else (),
            has_tasklike_lines=bool(tasks and tasks.has_tasklike_lines),
            task_warnings=tasks.warnings if tasks else (),
            generation_strategy=tasks.header.generation_strategy if tasks else "",
            impl_logs=tuple(sorted(self.logs, key=lambda log: log.path)),
            approvals=tuple(self.approvals),
            completed_at=self.completed_at,
            errors=tuple(self.errors),
        )


def run_order(run: Run) -> tuple[int, str, int, int, str]:
    """Sort key: order of the work, then wave, then number."""
    return (_COMMAND_ORDER.get(run.command, len(COMMANDS)), run.command, run.wave, run.number, run.path)


def _run(path: str, parts: _RunParts) -> Run:
    place = parts.place
    return Run(
        path=path,
        command=place.command,
        number=place.run_number,
        phase=place.phase,
        wave=place.wave,
        has_handoff=parts.has_handoff,
        subagents=tuple(
            _subagent(path, name, kinds, parts.statuses.get(name, MISSING_STATUS))
            for name, kinds in sorted(parts.agents.items())
        ),
        started_ns=parts.started_ns,
        updated_ns=parts.updated_ns,
    )


def _subagent(run_path: str, name: str, kinds: set[Kind], report: StatusReport) -> Subagent:
    return Subagent(
        name=name,
        path=f"{run_path}/{name}",
        status=report.status,
        summary=report.summary,
        has_brief=Kind.BRIEF in kinds,
        has_report=Kind.REPORT in kinds,
        has_status=Kind.STATUS in kinds,
        skills_used=report.skills_used,
        skills_missing=report.skills_missing,
    )
