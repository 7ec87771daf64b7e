"""What a spec *is*: plain facts read from its files or from its database, the same either way.

`SpecRecord` holds facts only. Everything that follows from them (stage, wave states, attention) is
computed by the pure functions beside this module, so that there is one answer to each question.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from spw_core.domain.places import Kind
from spw_core.formats.approvals import Approval
from spw_core.formats.status import BLOCKED, PASS
from spw_core.formats.tasks import Task
from spw_core.formats.waves import WaveLatest, WaveSummary

IN_PROGRESS = "in_progress"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Subagent:
    """One subagent of a run. `path` is its folder relative to the spec; `status` as in formats.status."""

    name: str
    path: str
    status: str
    summary: str
    has_brief: bool
    has_report: bool
    has_status: bool
    skills_used: tuple[str, ...] = ()
    skills_missing: tuple[str, ...] = ()

    @property
    def missing_files(self) -> tuple[str, ...]:
        present = {"brief.md": self.has_brief, "report.md": self.has_report, "status.json": self.has_status}
        return tuple(name for name, there in present.items() if not there)


@dataclass(frozen=True, slots=True)
class Run:
    """One dispatch of a command. `path` is its folder relative to the spec and its identity.

    `started_ns` and `updated_ns` are the oldest and newest modification time in the folder,
    nanoseconds since the epoch. `wave` is 0 where waves do not apply.
    """

    path: str
    command: str
    number: int
    phase: str
    wave: int
    has_handoff: bool
    subagents: tuple[Subagent, ...]
    started_ns: int
    updated_ns: int

    @property
    def run_id(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def title(self) -> str:
        """`checkpoint wave 2 run-001`, for people."""
        return f"{self.command}{f' wave {self.wave}' if self.wave else ''} {self.run_id}"

    @property
    def all_pass(self) -> bool:
        """True only when there is a subagent and every one of them says pass."""
        return bool(self.subagents) and all(agent.status == PASS for agent in self.subagents)

    @property
    def blocked_agents(self) -> int:
        """How many subagents say that they are blocked."""
        return sum(agent.status == BLOCKED for agent in self.subagents)

    @property
    def silent_agents(self) -> int:
        """How many subagents say neither pass nor blocked."""
        return sum(agent.status not in (PASS, BLOCKED) for agent in self.subagents)

    @property
    def status(self) -> str:
        """`in_progress` until the handoff is there, then `pass` or `blocked`; `unknown` without subagents."""
        if not self.has_handoff:
            return IN_PROGRESS
        if not self.subagents:
            return UNKNOWN
        return PASS if self.all_pass else BLOCKED


@dataclass(frozen=True, slots=True)
class WaveFiles:
    """What a wave folder says about itself, besides its runs."""

    number: int
    folder: str
    summary: WaveSummary | None = None
    latest: WaveLatest | None = None


@dataclass(frozen=True, slots=True)
class ImplLog:
    """An implementation log. `size` in bytes; an empty log proves nothing."""

    path: str
    task_id: str
    title: str
    size: int


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the spec, for lists. `path` is relative to the spec or, for approvals, their folder."""

    area: str
    path: str
    kind: Kind
    size: int
    mtime_ns: int
    on_disk: bool = True


@dataclass(frozen=True, slots=True)
class FileError:
    """A file that was kept raw or left out, and why. `path` is relative to the spec."""

    path: str
    error: str


@dataclass(frozen=True, slots=True)
class SpecRecord:
    """All facts of one spec. Runs are ordered by wave, command and number within their phase."""

    name: str
    documents: tuple[Document, ...] = ()
    runs: tuple[Run, ...] = ()
    waves: tuple[WaveFiles, ...] = ()
    tasks: tuple[Task, ...] = ()
    has_tasklike_lines: bool = False
    task_warnings: tuple[str, ...] = ()
    generation_strategy: str = ""
    impl_logs: tuple[ImplLog, ...] = ()
    approvals: tuple[Approval, ...] = ()
    completed_at: str = ""
    errors: tuple[FileError, ...] = field(default=())

    @property
    def updated_ns(self) -> int:
        """Newest modification time of any file, or of a run without one; nanoseconds since the epoch.

        0 for an empty spec.
        """
        files = max((document.mtime_ns for document in self.documents), default=0)
        return max([files, *(run.updated_ns for run in self.runs)])
