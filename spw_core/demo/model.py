"""What a demo spec is made of, before any of it becomes a file."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from spw_core.domain.registry import COMMANDS

#: The "now" of the demo. Every time of every story is counted back from this instant.
DEMO_NOW = datetime(2026, 3, 2, 14, 2, tzinfo=UTC)

#: Runs of an older workflow, beside those that the registry of commands knows.
_OLD_COMMS = {"prd-revision": "prd/_comms/prd-revision"}

_MOMENT = re.compile(r"(\d+)d(\d\d):(\d\d)")
_TASK_SUFFIX = re.compile(r"-(\d+(?:\.\d+)*)$")


def moment(text: str) -> datetime:
    """`3d09:40` is 09:40 UTC, three days before the day of DEMO_NOW."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a moment of the story: {text!r}")
    days, hour, minute = map(int, match.groups())
    return DEMO_NOW.replace(hour=hour, minute=minute) - timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Task:
    """One task of tasks.md; `state` is its checkbox character, `log` the shape of its log ("" for none)."""

    id: str
    title: str
    wave: int
    state: str
    log: str
    requirements: tuple[str, ...]
    depends: tuple[str, ...]
    files: tuple[str, ...]
    check: str
    notes: tuple[str, ...]

    @property
    def commit(self) -> str:
        return hashlib.sha256(f"{self.id} {self.title}".encode()).hexdigest()[:7]


@dataclass(frozen=True, slots=True)
class Agent:
    """A subagent of a run. Its name may be a path below the run, as in `_inline-audit/iteration-1/x`.

    Flags: `pt` (reports in Portuguese), `two-key` and `invalid` (shapes of status.json), `no-report`,
    `no-status`. `artifact` names the document of the spec that its report is a copy of.
    """

    name: str
    status: str
    summary: str
    body: str = ""
    flags: frozenset[str] = frozenset()
    artifact: str = ""

    @property
    def label(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def role(self) -> str:
        role = _TASK_SUFFIX.sub("", self.label)
        return "web-pattern-scout" if role.startswith("web-pattern-scout") else role

    @property
    def task_id(self) -> str:
        match = _TASK_SUFFIX.search(self.label)
        return match.group(1) if match else ""


@dataclass(frozen=True, slots=True)
class Run:
    command: str
    wave: int
    number: int
    start: datetime
    agents: tuple[Agent, ...]
    files: tuple[tuple[str, str], ...] = ()
    handoff: bool = True

    @property
    def id(self) -> str:
        return f"run-{self.number:03d}"

    @property
    def path(self) -> str:
        comms = _OLD_COMMS.get(self.command) or COMMANDS[self.command].comms
        return f"{comms.format(wave=f'{self.wave:02d}')}/{self.id}"


@dataclass(frozen=True, slots=True)
class Document:
    """A file that is written as it stands; a path starting with `/` counts from `.spec-workflow`."""

    path: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class WavePlan:
    number: int
    title: str
    deferred: bool = False


@dataclass(frozen=True, slots=True)
class WaveNote:
    """A `_wave-summary.json`, as the tool writes it (with its `_latest.json`) or as an agent does."""

    wave: int
    shape: str
    status: str
    at: datetime
    execution: str = ""
    checkpoint: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """One approval request. `undo` turns the later text of the document into the one submitted here."""

    document: str
    outcome: str
    title: str
    asked: datetime
    answered: datetime | None
    response: str
    kept: bool
    undo: tuple[tuple[str, str], ...]
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known of one spec; `dialect` is that of tasks.md: g3, nested or mcp."""

    slug: str
    title: str
    language: str
    frontmatter: str
    dialect: str = "g3"
    tasks_at: datetime = DEMO_NOW
    tasks: tuple[Task, ...] = ()
    waves: tuple[WavePlan, ...] = ()
    documents: tuple[Document, ...] = ()
    runs: tuple[Run, ...] = ()
    wave_notes: tuple[WaveNote, ...] = ()
    reviews: tuple[Review, ...] = ()

    def task_of(self, run: Run, agent: Agent) -> Task | None:
        """The task an agent works on: named by its suffix, else the first one of the wave."""
        if agent.task_id:
            return next((task for task in self.tasks if task.id == agent.task_id), None)
        return next(iter(self.tasks_of(run.wave)), None)

    def tasks_of(self, wave: int) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks if task.wave == wave)
