"""What the library answers with: shapes and words that a face shows, each loaded when it is first named.

`spw_core.api` is asked, this is what comes back. Whoever draws answers needs nothing else of the core: rules
about paths, statuses and verdicts stay behind these names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spw_core.domain.facts import PARTS as PARTS
    from spw_core.domain.facts import Handoff as Handoff
    from spw_core.domain.facts import Placed as Placed
    from spw_core.domain.facts import SpecFacts as SpecFacts
    from spw_core.domain.model import IN_PROGRESS as IN_PROGRESS
    from spw_core.domain.model import UNKNOWN as UNKNOWN
    from spw_core.domain.model import Run as Run
    from spw_core.domain.model import SpecRecord as SpecRecord
    from spw_core.domain.model import Subagent as Subagent
    from spw_core.domain.next_wave import NextAction as NextAction
    from spw_core.domain.next_wave import NextWave as NextWave
    from spw_core.domain.places import Kind as Kind
    from spw_core.domain.problems import Problem as Problem
    from spw_core.domain.summary import AttentionKind as AttentionKind
    from spw_core.domain.summary import SpecStatus as SpecStatus
    from spw_core.domain.summary import SpecSummary as SpecSummary
    from spw_core.domain.trace import Node as Node
    from spw_core.domain.trace import NodeKind as NodeKind
    from spw_core.domain.waves import WAVE_COMPLETE as WAVE_COMPLETE
    from spw_core.domain.waves import WAVE_PENDING as WAVE_PENDING
    from spw_core.domain.waves import WaveState as WaveState
    from spw_core.formats.status import BLOCKED as BLOCKED
    from spw_core.formats.status import INVALID as INVALID
    from spw_core.formats.status import MISSING as MISSING
    from spw_core.formats.status import PASS as PASS
    from spw_core.formats.tasks import Task as Task
    from spw_core.formats.tasks import TaskStatus as TaskStatus
    from spw_core.harvest.diary import Harvested as Harvested
    from spw_core.harvest.diary import HookError as HookError
    from spw_core.harvest.glance import Glance as Glance
    from spw_core.harvest.glance import IndexGlance as IndexGlance
    from spw_core.harvest.history import DocumentVersion as DocumentVersion
    from spw_core.harvest.report import HarvestReport as HarvestReport
    from spw_core.memory.insights import Group as Group
    from spw_core.memory.insights import Similar as Similar
    from spw_core.memory.sessions import Said as Said
    from spw_core.memory.sessions import SessionRow as SessionRow
    from spw_core.memory.sessions import SessionView as SessionView
    from spw_core.memory.tracing import Trace as Trace
    from spw_core.names import ALLOW as ALLOW
    from spw_core.names import BLOCK as BLOCK
    from spw_core.names import WARN as WARN
    from spw_core.refs import MEMORY_AREA as MEMORY_AREA
    from spw_core.refs import DocumentRef as DocumentRef
    from spw_core.refs import message_ref as message_ref
    from spw_core.refs import ref_of as ref_of
    from spw_core.search.embedding import EmbedReport as EmbedReport
    from spw_core.search.find import SearchAnswer as SearchAnswer
    from spw_core.search.results import SearchResult as SearchResult
    from spw_core.search.snippets import marked_pieces as marked_pieces
    from spw_core.search.snippets import prose as prose
    from spw_core.search.suggestions import FILTER_NAMES as FILTER_NAMES
    from spw_core.search.suggestions import filter_values as filter_values
    from spw_core.search.words import CJK_RUN as CJK_RUN
    from spw_core.store.gateway import AuditEntry as AuditEntry
    from spw_core.store.memory.types import Message as Message
    from spw_core.text import clean_line as clean_line
    from spw_core.text import fold as fold

# Module: its names.
_HOMES = {
    "spw_core.domain.facts": "PARTS Handoff Placed SpecFacts",
    "spw_core.domain.model": "IN_PROGRESS UNKNOWN Run SpecRecord Subagent",
    "spw_core.domain.next_wave": "NextAction NextWave",
    "spw_core.domain.places": "Kind",
    "spw_core.domain.problems": "Problem",
    "spw_core.domain.summary": "AttentionKind SpecStatus SpecSummary",
    "spw_core.domain.trace": "Node NodeKind",
    "spw_core.domain.waves": "WAVE_COMPLETE WAVE_PENDING WaveState",
    "spw_core.formats.status": "BLOCKED INVALID MISSING PASS",
    "spw_core.formats.tasks": "Task TaskStatus",
    "spw_core.harvest.diary": "Harvested HookError",
    "spw_core.harvest.glance": "Glance IndexGlance",
    "spw_core.harvest.history": "DocumentVersion",
    "spw_core.harvest.report": "HarvestReport",
    "spw_core.memory.insights": "Group Similar",
    "spw_core.memory.sessions": "Said SessionRow SessionView",
    "spw_core.memory.tracing": "Trace",
    "spw_core.names": "ALLOW BLOCK WARN",
    "spw_core.refs": "MEMORY_AREA DocumentRef message_ref ref_of",
    "spw_core.search.embedding": "EmbedReport",
    "spw_core.search.find": "SearchAnswer",
    "spw_core.search.results": "SearchResult",
    "spw_core.search.snippets": "marked_pieces prose",
    "spw_core.search.suggestions": "FILTER_NAMES filter_values",
    "spw_core.search.words": "CJK_RUN",
    "spw_core.store.gateway": "AuditEntry",
    "spw_core.store.memory.types": "Message",
    "spw_core.text": "clean_line fold",
}
_PLACES = {name: module for module, names in _HOMES.items() for name in names.split()}


if not TYPE_CHECKING:  # to whom any name at all would then be one

    def __getattr__(name: str) -> object:
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        value = globals()[name] = getattr(importlib.import_module(_PLACES[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted(_PLACES)
