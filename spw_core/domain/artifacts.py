"""Which of the workflow's documents a spec has, and what in it stands where it no longer belongs."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass

from spw_core.domain.model import SpecRecord
from spw_core.domain.registry import LOGS

ARTIFACTS = (
    "requirements.md",
    "design.md",
    "tasks.md",
    "STATUS-SUMMARY.md",
    "design/DESIGN-RESEARCH.md",
    "design/SKILLS-DESIGN-RESEARCH.md",
    "design/SKILLS-DESIGN-DRAFT.md",
    "planning/TASKS-CHECK.md",
    "planning/SKILLS-TASKS-PLAN.md",
    "planning/SKILLS-EXEC.md",
    "planning/SKILLS-TASKS-CHECK.md",
    "execution/CHECKPOINT-REPORT.md",
    "execution/SKILLS-CHECKPOINT.md",
    "qa/QA-TEST-PLAN.md",
    "qa/QA-CHECK.md",
    "qa/QA-EXECUTION-REPORT.md",
    "qa/QA-DEFECT-REPORT.md",
    "post-mortem/report.md",
)

OLD_PLACES = {
    "Implementation Logs": LOGS,
    "_agent-comms": "<phase>/_comms (runs lie in their phase)",
    "execution/SKILLS-EXEC.md": "planning/SKILLS-EXEC.md",
    "implementation-logs": LOGS,
    "implementation_logs": LOGS,
    "research": "(removed from the standard; research belongs to design/)",
}


@dataclass(frozen=True, slots=True)
class Deviation:
    """A path of an older layout, relative to the spec, and where such things belong now."""

    found: str
    canonical: str


def artifacts_of(record: SpecRecord) -> dict[str, bool]:
    """For each of the workflow's documents whether the spec has it, on disk or remembered."""
    present = {document.path for document in record.documents if document.area == "spec"}
    return {path: path in present for path in ARTIFACTS}


def deviations_of(record: SpecRecord, folders: Set[str] = frozenset()) -> tuple[Deviation, ...]:
    """What is on disk at a place of an older layout, by path. `folders` names folders that may be empty."""
    there = paths_of(d.path for d in record.documents if d.area == "spec" and d.on_disk) | folders
    return tuple(Deviation(path, OLD_PLACES[path]) for path in sorted(there & OLD_PLACES.keys()))


def paths_of(files: Iterable[str]) -> set[str]:
    """The files and all folders above them."""
    paths: set[str] = set()
    for path in files:
        # As soon as a folder is known, so are those above it.
        while path and path not in paths:
            paths.add(path)
            path = path.rpartition("/")[0]
    return paths
