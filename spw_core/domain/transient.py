"""Which files are traces of the work, to be cleaned away once they are stored, and which stay for ever."""

from __future__ import annotations

from spw_core.domain.places import Area, wave_number
from spw_core.domain.registry import LOGS, PHASE_ALIASES, PHASES, WAVE_STAGES
from spw_core.names import DASHBOARDS

_PHASE_FOLDERS = frozenset((*PHASES, *PHASE_ALIASES))
_POINTERS = ("_wave-summary.json", "_latest.json")
_TRACE_FOLDERS = (LOGS, "qa/qa-artifacts")


def is_transient(area: Area, rel_path: str) -> bool:
    """True for run folders, wave pointers, implementation logs, QA evidence and approvals.

    Dashboards, phase documents, summaries and everything unknown are not.
    """
    if area is Area.APPROVALS:
        return True
    parts = rel_path.split("/")
    if len(parts) < 3:
        return False
    if parts[0] in _PHASE_FOLDERS and parts[1] == "_comms":
        return True
    if "/".join(parts[:2]) in _TRACE_FOLDERS:
        return True
    if parts[:2] == ["execution", "waves"] and wave_number(parts[2]) is not None and len(parts) > 3:
        return parts[3] in _POINTERS if len(parts) == 4 else parts[3] in WAVE_STAGES
    return False


def why_it_stays(rel_path: str) -> str:
    """The reason to give for a file that is not transient."""
    return "a dashboard document" if rel_path in DASHBOARDS else "not a trace of a run; it stays"
