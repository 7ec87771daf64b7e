"""The one door to the core: every question that needs the disk or a database is asked here.

All methods are plain functions that may be slow and may raise; screens call them through
`asyncio.to_thread` and never from the event loop. The core is imported when the first question comes,
so that the first picture does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from spw_core.errors import SpwError, WorkspaceNotFound
from spw_core.refs import DocumentRef
from spw_core.text import clean_line

if TYPE_CHECKING:
    from spw_core.answers import (
        AuditEntry,
        DocumentVersion,
        EmbedReport,
        Glance,
        Group,
        Harvested,
        HarvestReport,
        HookError,
        IndexGlance,
        Said,
        SearchAnswer,
        SessionRow,
        SessionView,
        Similar,
        SpecFacts,
        SpecSummary,
        Trace,
    )
    from spw_core.api import Workspace

SEARCH_LIMIT = 50
NEWEST_LIMIT = 15
LOG_LIMIT = 200
HARVESTS_LIMIT = 30
ERRORS_LIMIT = 10
# The ways to search, in the order of the key; words of `spw_core.search.ranking`, which costs too much here.
SEARCH_MODES = ("auto", "lexical", "semantic", "hybrid")
_EVER = "1970-01-01"
# So long a question waits for a lock. Whoever looks at a screen asks again sooner than a program gives up.
_PATIENCE_S = 2.0

_T = TypeVar("_T")
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """A spec that could not be read, and why; the rest of the list is shown all the same."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Log:
    """What happened around a spec, the newest first; the texts say why a part could not be read."""

    decisions: Sequence[AuditEntry] = ()
    harvests: Sequence[Harvested] = ()
    errors: Sequence[HookError] = ()
    no_decisions: str = ""
    no_harvests: str = ""


class DataService:
    """Questions about one workspace. `prepare` runs once before the first of them (`--demo` uses it)."""

    def __init__(self, root: Path, prepare: Callable[[], None] | None = None) -> None:
        self.root = root
        self.harvest_when_empty = prepare is not None
        self._prepare = prepare
        self._opened: Workspace | None = None

    @property
    def name(self) -> str:
        """Name of the workspace, known without a look at the disk."""
        return self.root.name

    def prepare(self) -> None:
        """Make sure that there is a workspace to ask about. Raises SpwError."""
        from spw_core.api import Workspace

        if self._opened is None:
            if self._prepare:
                self._prepare()
            self._opened = Workspace.open(self.root)

    def switch(self, root: Path) -> None:
        """Answer from another workspace from now on. Raises WorkspaceNotFound, and then nothing changes."""
        from spw_core.api import Workspace

        self._opened = Workspace.open(root)
        self.root = self._opened.paths.root
        self.harvest_when_empty = False

    @property
    def _workspace(self) -> Workspace:
        self.prepare()
        assert self._opened is not None
        return self._opened

    @contextmanager
    def _asking(self) -> Iterator[Workspace]:
        """The workspace, for a question; what stores something waits as long as it takes."""
        from spw_core.api import reading_at_most

        with reading_at_most(_PATIENCE_S):
            yield self._workspace

    def indexed_specs(self) -> list[SpecSummary]:
        """All specs as of the last harvest; fast, and empty when nothing was harvested."""
        with self._asking() as workspace:
            return workspace.indexed_specs()

    def spec_names(self) -> list[str]:
        """Names of all specs. Raises WorkspaceNotFound when the folder was taken away meanwhile."""
        with self._asking() as workspace:
            names = workspace.spec_names()
        if not names and not workspace.paths.workflow.is_dir():
            raise WorkspaceNotFound(f"{self.root} is no workspace any more", "Is the folder still there?")
        return names

    def summaries(self, names: Iterable[str]) -> list[SpecSummary | Failure]:
        """The specs as they are now. One that cannot be read does not keep the others away."""
        found: list[SpecSummary | Failure] = []
        for name in names:
            try:
                with self._asking() as workspace:
                    found.append(workspace.spec(name).summary())
            except (SpwError, OSError) as error:
                found.append(Failure(name, describe(error)))
        return found

    def glance(self, spec: str, before: Glance | None = None) -> Glance:
        """How a spec looks from outside; compare two to know whether anything may be different."""
        with self._asking() as workspace:
            return workspace.spec(spec).glance(before)

    def changed(self, names: Iterable[str], seen: dict[str, Glance]) -> list[str]:
        """The specs that may be different since they were `seen`, which is brought up to date."""
        found = []
        for name in names:
            try:
                now = self.glance(name, seen.get(name))
            except (SpwError, OSError):
                seen.pop(name, None)
            else:
                if seen.get(name) == now:
                    continue
                seen[name] = now
            found.append(name)
        return found

    def facts(self, spec: str) -> SpecFacts:
        """Everything about a spec as it is now."""
        with self._asking() as workspace:
            return workspace.spec(spec).facts()

    def history(self, ref: DocumentRef) -> list[DocumentVersion]:
        """Every text that a document had, the newest first."""
        with self._asking() as workspace:
            return workspace.spec(ref.spec).history(ref.path, area=ref.area)

    def trace(self, spec: str, node: str = "") -> Trace:
        """From the requirements of a spec to the evidence, and what is missing; or what led to one node of
        it, and what followed. Raises NotFound for a node that is gone."""
        with self._asking() as workspace:
            return workspace.trace(node or spec, spec=spec)

    def log(self, spec: str) -> Log:
        """What hooks decided about a spec, what harvests stored of it, and what went wrong in hooks.

        A database that cannot be read is told in place of what it holds.
        """
        with self._asking() as workspace:
            decisions, no_decisions = _or_why(lambda: workspace.decisions(spec=spec, limit=LOG_LIMIT))
            harvests, no_harvests = _or_why(lambda: workspace.spec(spec).harvests(HARVESTS_LIMIT))
            errors = workspace.hook_errors(ERRORS_LIMIT)
        return Log(decisions[::-1], harvests, errors, no_decisions, no_harvests)

    def insights(self) -> list[Group]:
        """What went wrong over all specs, grouped."""
        with self._asking() as workspace:
            return workspace.insights()

    def similar_problems(self, spec: str, run: str) -> list[Similar]:
        """Earlier problems of all specs like those of a run, the most like first; none for a run without."""
        from spw_core.errors import NotFound

        try:
            with self._asking() as workspace:
                return workspace.similar_problems(f"{spec}/{run}")[1]
        except NotFound:
            return []

    def sessions(self) -> list[SessionRow]:
        """The sessions of the workspace, the newest first."""
        with self._asking() as workspace:
            return workspace.sessions()

    def session(self, session_id: str) -> SessionView:
        """One session with everything that was said."""
        with self._asking() as workspace:
            return workspace.session(session_id)

    def said(self, ref: DocumentRef) -> Said:
        """A message or summary, and the session it is from. Raises NotFound."""
        with self._asking() as workspace:
            return workspace.said(ref.message_key)

    def text(self, ref: DocumentRef) -> str:
        """The text of a document or message, not yet safe to show. Raises DocumentNotFound, NotFound."""
        if ref.message_key:
            return self.said(ref).content
        with self._asking() as workspace:
            return workspace.spec(ref.spec).read(ref.path, area=ref.area)

    def file(self, ref: DocumentRef) -> Path | None:
        """The file of a document, for an editor; None when it is kept in the database only."""
        path = self._workspace.paths.workflow_file(ref.workflow_path)
        return path if path.is_file() else None

    def search(
        self,
        query: str,
        mode: str = SEARCH_MODES[0],
        *,
        quick: bool = False,
        stopped: Callable[[], bool] | None = None,
    ) -> SearchAnswer:
        """Ranked documents for a query that is still being typed; a `quick` answer may not be the final one.

        Raises Stopped soon after `stopped` says so.
        """
        with self._asking() as workspace:
            return workspace.search(
                query, limit=SEARCH_LIMIT, mode=mode, typing=True, quick=quick, stopped=stopped
            )

    def newest_documents(self) -> SearchAnswer:
        """The documents that were written last, of all specs."""
        with self._asking() as workspace:
            return workspace.search("", since=_EVER, limit=NEWEST_LIMIT)

    def index_glance(self) -> IndexGlance:
        """How the index looks from outside; compare two to know whether searches may answer otherwise."""
        return self._workspace.index_glance()

    def search_mode(self) -> str:
        """The mode that searches really use now. Asked with a word, because nothing else tells."""
        with self._asking() as workspace:
            return workspace.search("spec", limit=1).mode

    def embed(self, progress: Progress, stopped: Callable[[], bool]) -> EmbedReport:
        """Make the vectors that are missing; may take minutes with a real model."""
        return self._workspace.embed(progress, stopped)

    def harvest(self, progress: Progress) -> HarvestReport:
        """Bring the databases up to date with the files; `progress` is called from this thread."""
        self.spec_names()
        return self._workspace.harvest(progress=progress)


def _or_why(read: Callable[[], list[_T]]) -> tuple[list[_T], str]:
    try:
        return read(), ""
    except SpwError as error:
        return [], describe(error)


def describe(error: Exception) -> str:
    """An error in one line, with what to do about it when that is known."""
    if isinstance(error, SpwError):
        return clean_line(f"{error.message}. {error.hint}" if error.hint else error.message)
    if isinstance(error, OSError) and error.strerror:
        return clean_line(f"{error.strerror}: {error.filename}" if error.filename else error.strerror)
    return clean_line(f"{type(error).__name__}: {error}")
