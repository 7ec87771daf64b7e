"""What a file of a spec is, told from its path alone: kind, phase, command, run, wave, subagent.

Only the path relative to the spec counts, never the folders above it: a checkout under `design/` must
not change the answer. Layouts of older workflow versions are first mapped to today's (`_modernise`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from spw_core.domain.registry import COMMANDS, LOGS, PHASE_ALIASES, PHASES, WAVE_STAGES
from spw_core.formats.logs import is_log_name
from spw_core.names import DASHBOARDS


class Area(StrEnum):
    """The two folders of a spec: its own under `specs/`, and its approvals."""

    SPEC = "spec"
    APPROVALS = "approvals"


class Kind(StrEnum):
    """Type of an artifact, as stored, searched for and shown."""

    REQUIREMENTS = "requirements"
    DESIGN = "design"
    TASKS = "tasks"
    BRIEF = "brief"
    REPORT = "report"
    STATUS = "status"
    HANDOFF = "handoff"
    WAVE_SUMMARY = "wave-summary"
    WAVE_LATEST = "wave-latest"
    ITERATION_STATE = "iteration-state"
    IMPL_LOG = "implementation-log"
    CHECKPOINT_REPORT = "checkpoint-report"
    COMPLETION_SUMMARY = "completion-summary"
    PROGRESS_SUMMARY = "progress-summary"
    STATUS_SUMMARY = "status-summary"
    APPROVAL = "approval"
    SNAPSHOT_LIST = "snapshot-list"
    SNAPSHOT = "snapshot"
    DOCUMENT = "document"
    DATA = "data"
    OTHER = "other"


_DASHBOARD_KINDS = dict(zip(DASHBOARDS, (Kind.REQUIREMENTS, Kind.DESIGN, Kind.TASKS), strict=True))
_DASHBOARD_PHASE = {Kind.REQUIREMENTS: "prd", Kind.DESIGN: "design", Kind.TASKS: "planning"}

HANDOFF_FILE = "_handoff.md"
REPORT_FILE = "report.md"
_RUN_FILES = {"brief.md": Kind.BRIEF, REPORT_FILE: Kind.REPORT, "status.json": Kind.STATUS}
_NAMED_FILES = {
    HANDOFF_FILE: Kind.HANDOFF,
    "_iteration-state.json": Kind.ITERATION_STATE,
    "_iteration_state.json": Kind.ITERATION_STATE,
    "CHECKPOINT-REPORT.md": Kind.CHECKPOINT_REPORT,
    "COMPLETION-SUMMARY.md": Kind.COMPLETION_SUMMARY,
    "PROGRESS-SUMMARY.md": Kind.PROGRESS_SUMMARY,
    "STATUS-SUMMARY.md": Kind.STATUS_SUMMARY,
}
WAVE_FILES = {
    "_wave-summary.json": Kind.WAVE_SUMMARY,
    "_wave-summary.md": Kind.WAVE_SUMMARY,
    "_latest.json": Kind.WAVE_LATEST,
}
LOG_FOLDERS = frozenset(
    ("_implementation-logs", "implementation-logs", "implementation_logs", "Implementation Logs")
)

_RUN_NAME = re.compile(r"run-(\d+)")
_WAVE_NAME = re.compile(r"wave-(\d+)")
_OLD_COMMS = ("agent-comms", "_agent-comms")
# SQLite integers are 64-bit signed; a longer digit run is a name, not a number.
_MAX_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Place:
    """The meaning of one path. Texts are empty and numbers 0 where a thing does not apply.

    `run` is the path of the run directory as it is on disk, `special` the underscore folder inside a
    run (`_inline-audit/iteration-2`) that keeps a file from counting as a subagent's.
    """

    kind: Kind
    phase: str = ""
    command: str = ""
    run: str = ""
    run_number: int = 0
    wave: int = 0
    agent: str = ""
    special: str = ""


def file_of_part(part: Kind) -> str:
    """The name of a subagent's brief, report or status. Raises StopIteration for any other kind."""
    return next(name for name, kind in _RUN_FILES.items() if kind is part)


def run_number(name: str) -> int | None:
    """7 for `run-007`; None for any other name."""
    match = _RUN_NAME.fullmatch(name)
    return int(match[1]) if match and len(match[1]) <= _MAX_DIGITS else None


def wave_number(name: str) -> int | None:
    """2 for `wave-02` and `wave-2`; None for any other name."""
    match = _WAVE_NAME.fullmatch(name)
    return int(match[1]) if match and len(match[1]) <= _MAX_DIGITS else None


@lru_cache(maxsize=1 << 14)
def place_of(area: Area, rel_path: str) -> Place:
    """Classify a file by its path (with `/`) relative to the spec's or the approvals' folder."""
    parts = tuple(rel_path.split("/"))
    if area is Area.APPROVALS:
        return _approval_place(parts)
    if len(parts) == 1 and parts[0] in DASHBOARDS:
        kind = _DASHBOARD_KINDS[parts[0]]
        return Place(kind, phase=_DASHBOARD_PHASE[kind])
    modern, offset = _modernise(parts)
    phase = PHASE_ALIASES.get(modern[0], modern[0])
    phase = phase if phase in PHASES else ""
    return (
        _run_place(parts, modern, offset, phase)
        or _wave_file_place(modern, phase)
        or Place(_plain_kind(modern), phase=phase or _root_phase(modern))
    )


def _modernise(parts: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """Map an older layout's path to today's; the offset is how many parts longer the result is."""
    head = parts[0]
    if head in _OLD_COMMS and len(parts) > 2:
        command, rest = parts[1], parts[2:]
        if command == "waves":
            prefix: tuple[str, ...] = ("execution", "waves")
        elif command == "qa-exec":
            prefix = ("qa", "_comms", "qa-exec")
        elif command == "prd-revision":
            prefix = ("prd", "_comms", "prd-revision")
        elif command in COMMANDS and not COMMANDS[command].wave_aware:
            prefix = tuple(COMMANDS[command].comms.split("/"))
        else:
            prefix = ("execution", "_comms", command)
        return prefix + rest, len(prefix) - 2
    if head in LOG_FOLDERS and len(parts) > 1:
        return (*LOGS.split("/"), *parts[1:]), 1
    return parts, 0


def _run_place(parts: tuple[str, ...], modern: tuple[str, ...], offset: int, phase: str) -> Place | None:
    """Place of a file inside a run directory, or None when no part of the path is one."""
    found = _find_run(modern, free_names=parts[0] in _OLD_COMMS)
    if found is None:
        return None
    index, command, wave = found
    inside = modern[index + 1 :]
    agent, special = "", ""
    if len(inside) > 1:
        if inside[0].startswith(("_", ".")):
            special = "/".join(inside[:-1])
        else:
            agent = inside[0]
    kind = _kind_in_run(inside)
    return Place(
        kind,
        phase=phase,
        command=command,
        run="/".join(parts[: index + 1 - offset]),
        run_number=run_number(modern[index]) or 0,
        wave=wave,
        agent=agent,
        special=special,
    )


def _find_run(parts: tuple[str, ...], *, free_names: bool) -> tuple[int, str, int] | None:
    """(index of the run directory, command, wave or 0). Free-form run names exist in old layouts only."""
    folders = parts[:-1]

    def is_run(index: int) -> bool:
        if index >= len(folders):
            return False
        return run_number(folders[index]) is not None or (free_names and folders[index][:1] not in "_.")

    if parts[:2] == ("execution", "waves") and len(folders) > 3:
        wave, stage = wave_number(folders[2]), folders[3]
        if wave is not None and stage in WAVE_STAGES and is_run(4):
            return 4, WAVE_STAGES[stage], wave
        return None
    if len(folders) < 3 or folders[1] != "_comms":
        return None
    if run_number(folders[2]) is not None:  # prd/_comms/run-001: the phase is the command
        return 2, folders[0], 0
    if folders[2:4] == ("qa-exec", "waves") and len(folders) > 5 and is_run(5):
        wave = wave_number(folders[4])
        return None if wave is None else (5, "qa-exec", wave)
    if is_run(3) and folders[3] != "waves":
        return 3, folders[2], 0
    if free_names and folders[0] in COMMANDS and is_run(2):
        return 2, folders[0], 0
    return None


def _kind_in_run(inside: tuple[str, ...]) -> Kind:
    name = inside[-1]
    if name in _NAMED_FILES:
        return _NAMED_FILES[name]
    if len(inside) > 1 and name in _RUN_FILES:
        return _RUN_FILES[name]
    return _by_extension(name)


def _wave_file_place(parts: tuple[str, ...], phase: str) -> Place | None:
    """Place of a file right inside a wave folder of execution or qa-exec."""
    if parts[-1] not in WAVE_FILES or len(parts) < 4 or parts[-3] != "waves":
        return None
    wave = wave_number(parts[-2])
    if wave is None:
        return None
    command = "exec" if parts[0] == "execution" else "qa-exec"
    return Place(WAVE_FILES[parts[-1]], phase=phase, command=command, wave=wave)


def _approval_place(parts: tuple[str, ...]) -> Place:
    name = parts[-1]
    if parts[0] == ".snapshots":
        kind = Kind.SNAPSHOT_LIST if name == "metadata.json" else Kind.SNAPSHOT
        return Place(kind if len(parts) == 3 and name.endswith(".json") else _by_extension(name))
    is_request = len(parts) == 1 and name.lower().startswith("approval_") and name.lower().endswith(".json")
    return Place(Kind.APPROVAL if is_request else _by_extension(name))


def _plain_kind(parts: tuple[str, ...]) -> Kind:
    name = parts[-1]
    if name in _NAMED_FILES:
        return _NAMED_FILES[name]
    if len(parts) > 1 and parts[-2] in LOG_FOLDERS and is_log_name(name):
        return Kind.IMPL_LOG
    return _by_extension(name)


def _root_phase(parts: tuple[str, ...]) -> str:
    """Phase of a document at the spec root or in `_generated/`, where early versions kept everything."""
    name = parts[-1]
    for prefix, phase in _ROOT_PREFIXES:
        if name.startswith(prefix):
            return phase
    return ""


_ROOT_PREFIXES = (
    ("PRD", "prd"),
    ("DESIGN-RESEARCH", "design"),
    ("SKILLS-DESIGN", "design"),
    ("TASKS-CHECK", "planning"),
    ("SKILLS-TASKS", "planning"),
    ("SKILLS-EXEC", "planning"),
    ("CHECKPOINT-REPORT", "execution"),
    ("SKILLS-CHECKPOINT", "execution"),
    ("QA-", "qa"),
)


def _by_extension(name: str) -> Kind:
    suffix = name.rpartition(".")[2].lower()
    if suffix in ("md", "markdown"):
        return Kind.DOCUMENT
    return Kind.DATA if suffix in ("json", "jsonl") else Kind.OTHER
