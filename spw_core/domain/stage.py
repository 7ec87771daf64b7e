"""The stage a spec has reached, told from which files exist."""

from __future__ import annotations

from spw_core.domain.model import SpecRecord

# In the order of the work.
REQUIREMENTS = "requirements"
DESIGN = "design"
PLANNING = "planning"
EXECUTION = "execution"
QA = "qa"
POST_MORTEM = "post-mortem"
COMPLETE = "complete"
UNKNOWN = "unknown"

_QA_FILES = ("qa/QA-TEST-PLAN.md", "qa/QA-CHECK.md", "qa/QA-EXECUTION-REPORT.md")


def stage_of(record: SpecRecord) -> str:
    """The furthest stage with evidence; `complete` once a completion summary says so, `unknown` for none."""
    if record.completed_at:
        return COMPLETE
    paths = {document.path for document in record.documents if document.area == "spec"}
    if "post-mortem/report.md" in paths:
        return POST_MORTEM
    if any(path in paths for path in _QA_FILES):
        return QA
    if record.waves or any(path.startswith("execution/waves/") for path in paths):
        return EXECUTION
    if "tasks.md" in paths:
        return PLANNING
    if "design.md" in paths or "design/DESIGN-RESEARCH.md" in paths:
        return DESIGN
    return REQUIREMENTS if "requirements.md" in paths else UNKNOWN
