"""The library: one workspace, its specs, search and harvest. Everything else is behind these names.

from spw_core import Workspace

workspace = Workspace.open()               # searches upward from the current folder
workspace.harvest()                        # files -> spec.db -> index
for spec in workspace.specs():             # one line per spec
    print(spec.name, spec.stage, spec.tasks_done, "/", spec.tasks_total)
for hit in workspace.search("flaky login").results:
    print(hit.path, hit.line, hit.snippet)
print(workspace.spec("user-auth").read("tasks.md"))
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from spw_core.domain.model import FileError, SpecRecord
from spw_core.domain.places import Area
from spw_core.domain.summary import Attention, SpecSummary, summarise
from spw_core.errors import SpwError, StoreError
from spw_core.formats.text_decode import decode_text
from spw_core.harvest.behind import catch_up
from spw_core.harvest.reading import load_record, read_document
from spw_core.memory.questions import MemoryQuestions
from spw_core.store.index import IndexStore
from spw_core.store.patience import reading_at_most as reading_at_most
from spw_core.store.stopping import stopping
from spw_core.workspace import WorkspacePaths, find_workspace

if TYPE_CHECKING:
    from spw_core.domain.facts import SpecFacts
    from spw_core.domain.next_wave import NextWave
    from spw_core.harvest.cleanup import CleanupReport
    from spw_core.harvest.diary import Harvested, HookError
    from spw_core.harvest.finalize import FinalizeReport
    from spw_core.harvest.glance import Glance, IndexGlance
    from spw_core.harvest.history import DocumentVersion
    from spw_core.harvest.report import HarvestReport
    from spw_core.harvest.restore import RestoreReport
    from spw_core.search.embedding import EmbedReport
    from spw_core.search.find import SearchAnswer
    from spw_core.search.self_test import SelfTest
    from spw_core.store.gateway import AuditEntry


@dataclass(frozen=True, slots=True)
class Workspace(MemoryQuestions):
    """A folder with `.spec-workflow/`. Cheap to make; nothing is opened until a question is asked."""

    paths: WorkspacePaths

    @classmethod
    def open(cls, start: Path | str | None = None) -> Workspace:
        """The workspace at or above `start` (default: the current folder). Raises WorkspaceNotFound."""
        return cls(find_workspace(start))

    @property
    def name(self) -> str:
        """Name of the folder, for titles."""
        return self.paths.root.resolve().name

    def spec_names(self) -> list[str]:
        """Names of all specs, sorted."""
        return self.paths.spec_names()

    def specs(self) -> list[SpecSummary]:
        """The summary of every spec as it is now, by name; one that cannot be read says why."""
        return [self._summary(name) for name in self.spec_names()]

    def _summary(self, name: str) -> SpecSummary:
        try:
            return self.spec(name).summary()
        except (SpwError, OSError) as error:
            text = error.message if isinstance(error, SpwError) else str(error.strerror or error)
            return summarise(SpecRecord(name, errors=(FileError(".", text),)))

    def indexed_specs(self) -> list[SpecSummary]:
        """The summaries as of the last harvest, from the index alone: fast at any size, empty without one."""
        with IndexStore.reading(self.paths.index_db) as index:
            rows = index.specs() if index else []
        names = [column.name for column in fields(SpecSummary)]
        return [
            SpecSummary(
                **{name: row[name] for name in names if name != "attention"},  # type: ignore[arg-type]
                attention=tuple(Attention(**item) for item in json.loads(str(row["attention"]))),
            )
            for row in rows
        ]

    def index_glance(self) -> IndexGlance:
        """How the index looks from outside: equal looks, equal answers of a search."""
        from spw_core.harvest.glance import index_glance

        return index_glance(self.paths)

    def spec(self, name: str) -> Spec:
        """One spec by name. Raises InvalidName or SpecNotFound."""
        self.paths.existing_spec(name)
        return Spec(self.paths, name)

    def search(
        self,
        query: str,
        *,
        specs: Sequence[str] = (),
        types: Sequence[str] = (),
        phases: Sequence[str] = (),
        statuses: Sequence[str] = (),
        waves: Sequence[int] = (),
        runs: Sequence[str] = (),
        tasks: Sequence[str] = (),
        agents: Sequence[str] = (),
        since: str = "",
        limit: int = 10,
        mode: str = "auto",
        group: str = "",
        removed: bool = False,
        typing: bool = False,
        quick: bool = False,
        more_like: int | None = None,
        stopped: Callable[[], bool] | None = None,
    ) -> SearchAnswer:
        """Ranked documents for words as a person types them; empty when nothing was harvested yet.

        Filters are exact, also those within the query (`status:blocked`); several values of one are
        alternatives. `since` is a date, a time or an age (`2026-02-01`, `3d`). `group` is "spec" or "run"
        for the best document of each. `removed` finds what is no longer on disk and no longer counts.
        While `typing`, the last word also matches as the beginning of a word; a `quick` answer comes soon,
        and says with `is_final` whether the same without it may find more. `more_like` is the id of a
        result: documents about the same are found instead of the query. Raises SpwError for a `since` that
        is no moment, and for an id that is none; Stopped soon after `stopped` says so.
        """
        from spw_core.search.find import SearchRequest, find, find_similar, no_index
        from spw_core.search.query import filters_of
        from spw_core.search.ranking import HYBRID, LEXICAL, SEMANTIC

        filters = filters_of(
            {
                "spec": specs,
                "type": types,
                "phase": phases,
                "status": statuses,
                "wave": waves,
                "run": runs,
                "task": tasks,
                "agent": agents,
                "since": since,
                "removed": removed,
            }
        )
        request = SearchRequest(query, filters, limit, mode, group, typing, quick)
        behind = catch_up(self.paths)
        if mode in (SEMANTIC, HYBRID):
            from spw_core.search.meaning import embed_soon

            embed_soon(self.paths)
        with IndexStore.reading(self.paths.index_db) as index:
            if index is None:
                return no_index(query, mode).lacking(behind)
            ranker = None
            if mode != LEXICAL:
                from spw_core.search.meaning import ranker_of

                ranker = ranker_of(self.paths, index.connection)
            with stopping(index.connection, stopped):
                if more_like is None:
                    return find(index.connection, request, ranker).lacking(behind)
                if similar := find_similar(index.connection, more_like, request, ranker):
                    return similar.lacking(behind)
            raise SpwError(f"no document has the id {more_like}", "Ids are shown by `spw search --json`.")

    def embed(
        self,
        progress: Callable[[int, int, str], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> EmbedReport:
        """Make the vectors that are missing. Resumable; may run in a thread, until `stopped` says so.

        Raises StoreError; an embedder that fails is in the report.
        """
        from spw_core.search.meaning import embed

        return embed(self.paths, progress, stopped)

    def self_test(self, progress: Callable[[int, int, str], None] | None = None) -> SelfTest:
        """Measure whether vectors help here, and keep the weight that serves best.

        See `harvest.self_test.self_test`, also for what it raises.
        """
        from spw_core.harvest.self_test import self_test

        return self_test(self.paths, progress)

    def harvest(
        self,
        names: Sequence[str] | None = None,
        progress: Callable[[int, int, str], None] | None = None,
        *,
        dry_run: bool = False,
    ) -> HarvestReport:
        """Bring the databases of the named specs (default: all) and the index up to date with the files.

        With `dry_run` nothing is written; the report says what would be.
        """
        from spw_core.harvest.harvest import harvest

        report = harvest(self.paths, names, progress, dry_run=dry_run)
        if not dry_run and self.paths.memory_dir.is_dir():
            from spw_core.memory.searchable import index_memory

            index_memory(self.paths)  # an index that was built anew has lost what was said
        return report

    def decisions(self, *, spec: str = "", limit: int = 50) -> list[AuditEntry]:
        """What the guards of the hooks decided in this workspace, the newest last."""
        from spw_core.store.gateway import audit_entries, reading_gateway

        with reading_gateway() as gateway:
            if gateway is None:
                return []
            return audit_entries(gateway, spec=spec, workspace=str(self.paths.root), limit=limit)

    def hook_errors(self, limit: int = 20) -> list[HookError]:
        """What went wrong in hooks of this user, in whatever workspace, the newest first."""
        from spw_core.harvest.diary import hook_errors

        return hook_errors(limit)


@dataclass(frozen=True, slots=True)
class Spec:
    """One spec of a workspace. Every call answers from the database and the live files, as they are now."""

    paths: WorkspacePaths
    name: str

    def record(self) -> SpecRecord:
        """All facts: runs with subagents, waves, tasks, logs, approvals, documents."""
        return load_record(self.paths, self.name)

    def summary(self) -> SpecSummary:
        """Stage, progress and what needs attention."""
        return summarise(self.record())

    def facts(self) -> SpecFacts:
        """The record sorted out: documents by run, waves, the next step, how many versions are kept.

        A database that cannot be read costs the number of versions only.
        """
        from spw_core.domain.facts import facts_of

        record = self.record()
        try:
            versions = self.version_counts()
        except StoreError:
            versions = {}
        return facts_of(record, self.next_wave(record), versions)

    def glance(self, before: Glance | None = None) -> Glance:
        """How the spec looks from outside: equal looks, equal answers. Cheaper than those."""
        from spw_core.harvest.glance import glance

        return glance(self.paths, self.name, before)

    def read_bytes(self, path: str, *, area: str = "spec") -> bytes:
        """Bytes of a file, relative to the spec (or its approvals with area="approvals").

        Raises DocumentNotFound.
        """
        return read_document(self.paths, self.name, Area(area), path)

    def read(self, path: str, *, area: str = "spec") -> str:
        """As `read_bytes`, decoded; bytes that are no UTF-8 become replacement characters."""
        return decode_text(self.read_bytes(path, area=area))[0]

    def versions(self, path: str, *, area: str = "spec") -> list[tuple[str, bytes]]:
        """(time stored, bytes) of every stored version of a file, the newest last."""
        from spw_core.store.spec import SpecStore

        with SpecStore.reading(self.paths.spec_db(self.name)) as store:
            if store is None:
                return []
            return [
                (version.since, content)
                for version in store.versions()
                if (version.area, version.rel_path) == (area, path)
                and (content := store.version_bytes(version)) is not None
            ]

    def history(self, path: str, *, area: str = "spec") -> list[DocumentVersion]:
        """Every text of a document, the newest first: the file, stored versions, approval snapshots."""
        from spw_core.harvest.history import document_versions

        return document_versions(self.paths, self.record(), path, Area(area))

    def harvests(self, limit: int = 50) -> list[Harvested]:
        """What was stored when, the newest first; empty when nothing was harvested. Raises StoreError."""
        from spw_core.harvest.diary import harvests

        return harvests(self.paths, self.name, limit)

    def version_counts(self) -> Mapping[tuple[str, str], int]:
        """How many stored texts each (area, path) has; empty when nothing was harvested."""
        from spw_core.harvest.history import version_counts

        return version_counts(self.paths, self.name)

    def next_wave(self, record: SpecRecord) -> NextWave:
        """What to do next, as `spw tasks next` says it, for the facts that `record` gave."""
        from spw_core.domain.next_wave import next_wave

        return next_wave(record, self.planning_strategy())

    def planning_strategy(self) -> str:
        """The generation strategy that the workspace's configuration names, empty without one.

        The defaults of a configuration that does not exist say nothing about how the tasks were planned.
        """
        from spw_core.config import MISSING, load_config

        loaded = load_config(self.paths)
        return "" if loaded.source == MISSING else loaded.config.planning.tasks_generation_strategy

    def cleanup(self, *, dry_run: bool = False) -> CleanupReport:
        """Remove the traces of work whose bytes on disk are those in the database at this moment."""
        from spw_core.harvest.cleanup import cleanup

        return cleanup(self.paths, self.name, dry_run=dry_run)

    def restore(
        self,
        wanted: Sequence[str] = (),
        *,
        run: str = "",
        at: str = "",
        target: Path | None = None,
        force: bool = False,
    ) -> RestoreReport:
        """Write stored files back: bytes, mode and time. See `harvest.restore.restore`."""
        from spw_core.harvest.restore import restore

        return restore(self.paths, self.name, wanted=wanted, run=run, at=at, target=target, force=force)

    def progress(self) -> str:
        """The progress summary as Markdown with frontmatter, at any stage."""
        from spw_core.summaries.progress import render_progress

        return render_progress(self.record(), time.time_ns())

    def summary_document(self) -> tuple[str, str]:
        """(file name, Markdown): the completion summary once the spec is complete, until then `progress`."""
        from spw_core.harvest.export import current_summary

        return current_summary(self.paths, self.name)

    def export_summary(self) -> tuple[Path, str]:
        """Write `summary_document` into the spec's folder. See `harvest.export.export_summary`."""
        from spw_core.harvest.export import export_summary

        return export_summary(self.paths, self.name)

    def finalize(
        self, *, force: bool = False, export: bool = False, keep_files: bool = False
    ) -> FinalizeReport:
        """Complete the spec; cleans up unless `keep_files` or `store.cleanup_after_finalize = false`.

        See `harvest.finalize.finalize`, also for what it raises.
        """
        from spw_core.config import load_config
        from spw_core.harvest.finalize import finalize

        clean = not keep_files and load_config(self.paths).config.store.cleanup_after_finalize
        return finalize(self.paths, self.name, force=force, export=export, clean=clean)

    def file(self, path: str) -> Path:
        """Where a file of the spec is (or was) on disk, for editors. Raises InvalidName for odd paths."""
        return self.paths.spec_file(self.name, path)
