"""What a workspace answers from its memory: the part of the public API about what agents said and did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from spw_core.workspace import WorkspacePaths

if TYPE_CHECKING:
    from spw_core.domain.problems import Problem
    from spw_core.memory.compaction import CompactReport
    from spw_core.memory.forgetting import ForgetReport
    from spw_core.memory.importing import ImportReport
    from spw_core.memory.insights import Group, Similar
    from spw_core.memory.sessions import MessageHit, Said, SessionRow, SessionView
    from spw_core.memory.tracing import Trace


class _HasPaths(Protocol):
    @property
    def paths(self) -> WorkspacePaths: ...


class MemoryQuestions:
    """Mixed into `Workspace`. Nothing is imported or opened until a question is asked."""

    __slots__ = ()

    def import_transcripts(
        self: _HasPaths,
        files: Sequence[Path] = (),
        *,
        everything: bool = False,
        session: str = "",
        queued: bool = False,
        progress: Callable[[int, int, str], None] | None = None,
    ) -> ImportReport:
        """Read what is new in transcripts of Claude Code. See `memory.collect.collect`."""
        from spw_core.memory.collect import collect
        from spw_core.memory.searchable import index_memory
        from spw_core.memory.tracing import relate_sessions

        report = collect(
            self.paths, files, everything=everything, session=session, from_queue=queued, progress=progress
        )
        index_memory(self.paths)
        relate_sessions(self.paths)
        return report

    def compact(
        self: _HasPaths,
        *,
        older_than_days: float = 14,
        session: str = "",
        progress: Callable[[int, int, str], None] | None = None,
    ) -> CompactReport:
        """Turn old messages into summaries. See `memory.compaction.compact`."""
        from spw_core.config import load_config
        from spw_core.memory.compaction import compact
        from spw_core.memory.searchable import index_memory
        from spw_core.memory.tracing import relate_sessions

        settings = load_config(self.paths).config.store
        report = compact(
            self.paths, settings, older_than_days=older_than_days, session=session, progress=progress
        )
        index_memory(self.paths)
        relate_sessions(self.paths)
        return report

    def sessions(self: _HasPaths, *, spec: str = "", limit: int | None = None) -> list[SessionRow]:
        """The conversations with agents, or those about one spec, the newest first."""
        from spw_core.memory.sessions import list_sessions

        return list_sessions(self.paths, spec=spec, limit=limit)

    def session(self: _HasPaths, session_id: str) -> SessionView:
        """One session by its id or an unambiguous beginning of it. Raises NotFound."""
        from spw_core.memory.sessions import show_session

        return show_session(self.paths, session_id)

    def search_messages(
        self: _HasPaths, query: str, *, session: str = "", limit: int | None = 20
    ) -> list[MessageHit]:
        """What was said with these words, the best first; in one session, or its beginning. NotFound."""
        from spw_core.memory.sessions import search_messages

        return search_messages(self.paths, query, session_id=session, limit=limit)

    def said(self: _HasPaths, key: str) -> Said:
        """The message or summary behind a search result with this `key`. Raises NotFound."""
        from spw_core.memory.sessions import what_was_said

        return what_was_said(self.paths, key)

    def trace(self: _HasPaths, what: str, *, spec: str = "") -> Trace:
        """What a requirement, task, file, run or session belongs to, and what is missing. Raises NotFound."""
        from spw_core.memory.tracing import trace

        return trace(self.paths, what, spec=spec)

    def insights(self: _HasPaths, *, limit: int | None = None, single: bool = True) -> list[Group]:
        """What was blocked or failed over all specs, grouped by meaning, and what cleared it."""
        from spw_core.memory.insights import insights

        return insights(self.paths, limit=limit, single=single)

    def similar_problems(self: _HasPaths, run: str, *, limit: int = 5) -> tuple[list[Problem], list[Similar]]:
        """(problems of a run, earlier ones most like them). Raises NotFound."""
        from spw_core.memory.insights import similar

        return similar(self.paths, run, limit=limit)

    def forget(self: _HasPaths, session_ids: Sequence[str]) -> ForgetReport:
        """Remove sessions with all that was said in them, for ever. See `memory.forgetting`. NotFound."""
        from spw_core.memory.forgetting import forget_sessions

        return forget_sessions(self.paths, session_ids)
