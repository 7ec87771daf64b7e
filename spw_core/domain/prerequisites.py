"""What has to exist before a workflow command can start."""

from __future__ import annotations

from collections.abc import Set

from spw_core.domain.artifacts import paths_of
from spw_core.domain.model import SpecRecord

# Commands that are not here, `prd` above all, need nothing.
PREREQUISITES: dict[str, tuple[str, ...]] = {
    "design-research": ("requirements.md",),
    "design-draft": ("requirements.md", "design/DESIGN-RESEARCH.md"),
    "tasks-plan": ("design.md",),
    "tasks-check": ("tasks.md",),
    "exec": ("tasks.md",),
    "checkpoint": ("tasks.md", "execution/waves"),
    "qa": ("tasks.md",),
    "qa-check": ("qa/QA-TEST-PLAN.md",),
    "qa-exec": ("qa/QA-TEST-PLAN.md",),
    "post-mortem": ("tasks.md",),
}


def missing_prerequisites(
    record: SpecRecord, command: str, folders: Set[str] = frozenset()
) -> tuple[str, ...]:
    """The files and folders that `command` needs and the spec lacks; empty when it can start.

    `folders` names folders on disk, which count even when they are empty.
    """
    present = paths_of(document.path for document in record.documents if document.area == "spec") | folders
    return tuple(path for path in PREREQUISITES.get(command, ()) if path not in present)
