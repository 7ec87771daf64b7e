"""Finalizing a spec: it is checked, its completion is written down for good, and its traces may go.

Each step is whole by itself and finds done what an earlier attempt did, so that a run that was interrupted
anywhere is completed by the next: harvest, store the completion (with its export, in one transaction), take
that into the index, clean up.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from spw_core.domain.model import SpecRecord
from spw_core.domain.places import Area
from spw_core.domain.task_plan import is_put_off
from spw_core.domain.unfinished import obstacles
from spw_core.errors import SpwError, Unfinished
from spw_core.harvest.cleanup import cleanup
from spw_core.harvest.export import export_file
from spw_core.harvest.finalized import Finalization, finalization, store_finalization
from spw_core.harvest.harvest import harvest
from spw_core.harvest.report import SpecReport
from spw_core.harvest.stored import stored_record
from spw_core.moments import nanoseconds
from spw_core.store.index import SPEC_SOURCE, IndexStore
from spw_core.store.spec import SpecStore
from spw_core.summaries.completion import COMPLETION_FILE, Completion, completion_of, render_completion
from spw_core.workspace import WorkspacePaths

# Where the workflow keeps post-mortems of all specs, below `.spec-workflow/`.
_POST_MORTEMS = "post-mortems"


@dataclass(frozen=True, slots=True)
class FinalizeReport:
    """What a finalization found and did.

    `harvested` counts the files on disk, `docs_indexed` the spec's documents in the index. `deferred` names
    the tasks that were put off, `overridden` the reasons against it that were overruled, now or before.
    `again` says that it was complete already, with the same summary. `removed` and
    `kept` count files of the cleanup, 0 without one. `summary_path` is where the summary was exported to.
    """

    spec: str
    completed_at: str
    tasks_count: int
    waves_count: int
    harvested: int
    docs_indexed: int
    deferred: tuple[str, ...]
    overridden: tuple[str, ...]
    again: bool
    removed: int
    kept: int
    summary_path: Path | None


def finalize(
    paths: WorkspacePaths, name: str, *, force: bool = False, export: bool = False, clean: bool = True
) -> FinalizeReport:
    """Complete a spec. Done again, it keeps the time of the first completion and changes nothing else.

    `force` overrules every reason but the lack of readable tasks, for good: the next time only a reason
    that is new stands against it. It also lets `export` replace a
    COMPLETION-SUMMARY.md of somebody's own, whose bytes are stored. `clean` removes what is stored of the
    traces of the work.

    Raises SpecNotFound; Unfinished with all reasons; SpwError when the spec cannot be harvested or the
    summary cannot be exported, and then nothing was stored; StoreError.
    """
    paths.existing_spec(name)
    _harvest(paths, name)
    with SpecStore.writing(paths.spec_db(name)) as store, store.transaction():
        record = stored_record(store, name)
        before = finalization(store.meta())
        accepted = before.overruled if before else ()
        overridden = _overruled(record, force, accepted, has_post_mortem=_has_post_mortem(paths, record))
        completion = _completion(store, record)
        summary = render_completion(record, completion).encode()
        new = Finalization(completion.completed_at, summary, overridden)
        # The lock of the transaction keeps other finalizations from writing the same file.
        path = _export(paths, store, name, new, force) if export else None
        is_new = store_finalization(store, new)
    report = _harvest(paths, name)
    with IndexStore.reading(paths.index_db) as index:
        docs_indexed = len(index.documents(SPEC_SOURCE, name)) if index else 0
    cleaned = cleanup(paths, name) if clean else None
    return FinalizeReport(
        spec=name,
        completed_at=completion.completed_at,
        tasks_count=completion.tasks_count,
        waves_count=completion.waves_count,
        harvested=report.files,
        docs_indexed=docs_indexed,
        deferred=tuple(task.id for task in record.tasks if is_put_off(task)),
        overridden=overridden,
        again=not is_new,
        removed=len(cleaned.removed) if cleaned else 0,
        kept=len(cleaned.kept) if cleaned else 0,
        summary_path=path,
    )


def _harvest(paths: WorkspacePaths, name: str) -> SpecReport:
    [report] = harvest(paths, [name]).specs
    if report.failed:
        raise SpwError(f"{name} cannot be harvested: {report.failed}", "It was not finalized.")
    return report


def _overruled(
    record: SpecRecord, force: bool, accepted: tuple[str, ...], *, has_post_mortem: bool
) -> tuple[str, ...]:
    """The reasons that `force` overrules, or has overruled before (`accepted`). Raises Unfinished, with
    those that are new, when it may not or is not given."""
    found = obstacles(record, has_post_mortem=has_post_mortem)
    reasons = tuple(obstacle.text for obstacle in found)
    if any(obstacle.is_final for obstacle in found):
        hint = "--force does not help here: nothing says what would be done."
        raise Unfinished(f"{record.name} has no tasks that could be complete", hint, reasons)
    new = tuple(reason for reason in reasons if reason not in accepted)
    if new and not force:
        hint = "Finish what is named, or finalize as it is with --force."
        since = ": there is something new since it was finalized with --force" if accepted else ""
        raise Unfinished(f"{record.name} is not finished{since}", hint, new)
    return reasons


def _has_post_mortem(paths: WorkspacePaths, record: SpecRecord) -> bool:
    """True for a report in the spec's folder or a file in the spec's folder of common post-mortems."""
    for document in record.documents:
        if (document.area, document.path) == (Area.SPEC, "post-mortem/report.md") and document.size:
            return True
    try:
        files = list((paths.workflow / _POST_MORTEMS / record.name).iterdir())
        return any(path.is_file() and path.stat().st_size for path in files)
    except OSError:
        return False


def _completion(store: SpecStore, record: SpecRecord) -> Completion:
    """The completion as it was, or at this moment; its numbers are those of today's facts."""
    now_ns = time.time_ns() // 1000 * 1000  # as precise as the text it is written as
    completed_ns = nanoseconds(record.completed_at)
    created_ns = nanoseconds(store.meta().get("created_at", ""))
    return completion_of(record, now_ns if completed_ns is None else completed_ns, created_ns or 0)


def _export(paths: WorkspacePaths, store: SpecStore, name: str, new: Finalization, force: bool) -> Path:
    known = finalization(store.meta())
    stored = store.content(Area.SPEC, COMPLETION_FILE)

    def may_replace(present: bytes) -> bool:
        is_ours = known is not None and present == known.summary
        return is_ours or (force and present == stored)

    return export_file(paths, name, COMPLETION_FILE, new.summary, may_replace=may_replace)
