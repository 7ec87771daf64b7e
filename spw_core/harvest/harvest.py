"""Harvest: the files of a spec into its spec.db, in one transaction, and from there into the index."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence

from spw_core.atomic import WriteError, locked
from spw_core.collector import collector_at_rest
from spw_core.crash import where, write_report
from spw_core.domain.model import FileError
from spw_core.domain.places import Area
from spw_core.errors import CorruptStore, SpwError, StoreError
from spw_core.harvest.behind import forget_behind, notes_of_behind
from spw_core.harvest.crew import HARVEST, working_ahead
from spw_core.harvest.first import appears, fill
from spw_core.harvest.index_sync import sync_index
from spw_core.harvest.inside import entry_inside
from spw_core.harvest.intake import (
    TOO_LARGE,
    differences,
    has_room_now,
    keep_stamps,
    lacks_stamps,
    take_in,
)
from spw_core.harvest.killed import scan_put_right
from spw_core.harvest.late import store_late
from spw_core.harvest.read_file import READ_FLAGS, read_file
from spw_core.harvest.report import HarvestReport, SpecReport
from spw_core.harvest.scan import FoundFile, Scan, scan_spec, spec_folders
from spw_core.harvest.stamps import OPEN, SEALED, files_as_seen
from spw_core.names import SPEC_DB
from spw_core.store.connection import replace_database
from spw_core.store.spec import SpecStore, StoredArtifact
from spw_core.workspace import GITIGNORE_LINES, WorkspacePaths

# Files of a new spec up to which its database is made in memory.
_IN_MEMORY_BYTES = 64 * 1024 * 1024

# Called before each spec with (specs done, specs in all, name), and once at the end with an empty name.
Progress = Callable[[int, int, str], None]


def harvest(
    paths: WorkspacePaths,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    dry_run: bool = False,
) -> HarvestReport:
    """Harvest the named specs, or all of them. One bad spec is reported and does not stop the others.

    With `dry_run` nothing is written: the report counts what would be stored and removed.

    Raises InvalidName or SpecNotFound for a name that was given, before anything is written, and
    StoreError when the index cannot be written.
    """
    started = time.monotonic()
    chosen = paths.spec_names() if names is None else list(dict.fromkeys(names))
    for name in chosen if names is not None else ():
        paths.existing_spec(name)
    report = HarvestReport()
    notes = {} if dry_run else notes_of_behind(paths)
    if chosen and not dry_run:
        report.remarks += ensure_gitignore(paths)
        report.remarks += store_late(paths, lambda: _stored_limit(paths))
    report.specs += store_specs(paths, chosen, progress, dry_run=dry_run)
    if names is None:
        report.specs += [
            SpecReport(folder, failed=f"the folder {reason}") for folder, reason in paths.odd_spec_folders()
        ]
    revisions = {spec.spec: spec.revision for spec in report.specs[: len(chosen)]}
    if not dry_run and (chosen or paths.index_db.exists()):
        try:
            remarks = sync_index(paths, revisions, everything=names is None)
            report.remarks += [f"index: {remark}" for remark in remarks]
        except SpwError as error:  # the specs are stored all the same
            report.index_failed = error.message
    if notes and not report.index_failed:
        stored = {spec.spec for spec in report.specs if not spec.failed}
        forget_behind(paths, [note for note, name in notes.items() if name in stored])
    if progress:
        progress(len(chosen), len(chosen), "")
    report.elapsed_s = time.monotonic() - started
    return report


def store_specs(
    paths: WorkspacePaths, names: Sequence[str], progress: Progress | None = None, *, dry_run: bool = False
) -> list[SpecReport]:
    """The first half of a harvest, after which nothing can be lost: `harvest_or_report` for each spec."""
    reports = []
    new = [name for name in names if not dry_run and not os.path.lexists(paths.spec_db(name))]
    if new:
        import hashlib  # noqa: F401 - OpenSSL's SHA-256 (`spw_core.digest`): here it is worth its loading
    with working_ahead(paths, HARVEST, new) as answer:
        for done, name in enumerate(names):
            if progress:
                progress(done, len(names), name)
            found = answer(name)
            reports.append(
                found if isinstance(found, SpecReport) else harvest_or_report(paths, name, dry_run=dry_run)
            )
    return reports


def harvest_spec(paths: WorkspacePaths, name: str) -> SpecReport:
    """Bring one spec.db up to date with the files of its spec; the index is not touched.

    A file that is no database is moved aside and built anew. Raises SpwError when the folder cannot be
    listed or the database cannot be written.
    """
    try:
        return _harvest_spec(paths, name)
    except CorruptStore as error:
        return rebuild_spec(paths, name, error.message)


def rebuild_spec(paths: WorkspacePaths, name: str, reason: str) -> SpecReport:
    """Replace a damaged spec.db by one made of its readable rows and the files; the old one is kept aside.

    The new one is complete before it gets its name: an interruption leaves the damaged one in place, and
    the next harvest begins again.
    """
    path = paths.spec_db(name)
    with locked(path.parent):
        try:
            with SpecStore.reading(path) as store:
                sound = store is not None and not store.is_damaged()
        except StoreError:
            sound = False
        if not sound:  # else another process has just repaired it
            fresh = path.with_name(f"{path.name}.rebuild")
            for leftover in path.parent.glob(f"{fresh.name}*"):
                leftover.unlink()
            with SpecStore.writing(fresh) as store, store.transaction():
                saved = store.salvage(path)
            moved = replace_database(path, fresh)
            reason += f"; moved to {moved.name}, a new one was built from the files"
            reason += f" and {saved} rows that were still readable"
    report = _harvest_spec(paths, name)
    report.errors.insert(0, FileError(SPEC_DB, reason))
    return report


def _harvest_spec(paths: WorkspacePaths, name: str) -> SpecReport:
    path = paths.spec_db(name)
    if not os.path.lexists(path):
        scan = _checked(scan_put_right(paths, name))
        if sum(found.size for found in scan.files) <= _IN_MEMORY_BYTES:
            with collector_at_rest(), SpecStore.in_memory() as store:
                stored = fill(store, name, scan, _stored_limit(paths))
                made = _report(store, name, len(scan.files), stored)
                made.new = stored
                content = store.file_bytes()
            if appears(path, content):
                return made

    def unchanged(store: SpecStore) -> SpecReport | None:
        files = files_as_seen(store, spec_folders(paths, name), (OPEN, SEALED))
        if files is None:
            return None
        report = _report(store, name, files)
        if any(error.error == TOO_LARGE for error in report.errors):
            limit = _stored_limit(paths)
            if any(has_room_now(artifact, limit) for artifact in store.artifacts().values()):
                return None
        return report

    if report := SpecStore.at_rest(path, unchanged):
        return report
    with SpecStore.writing(path) as store:
        return _update(store, paths, name, _checked(scan_put_right(paths, name)))


def _checked(scan: Scan) -> Scan:
    if (Area.SPEC, "") in scan.blind:
        raise SpwError(f"the spec folder {scan.errors[0].error}", "Check its permissions.")
    return scan


def _update(store: SpecStore, paths: WorkspacePaths, name: str, scan: Scan) -> SpecReport:
    """Bring a database up to date with a scan."""
    new = changed = removed = 0
    made_for = store.meta().get("name", name)
    limit = _stored_limit(paths)
    if differences(store, scan, limit):
        with store.transaction():
            # Asked again inside the transaction: another process may have been faster.
            differing = differences(store, scan, limit)
            new, changed, removed = take_in(store, name, scan, differing, limit)
            keep_stamps(store, scan, limit)
    elif lacks_stamps(store, scan):
        with store.transaction():
            keep_stamps(store, scan, limit)
    report = _report(store, name, len(scan.files), changed, removed)
    report.new = new
    if changed + removed and made_for != name and made_for in paths.spec_names():
        text = (
            f"copied from {made_for}, whose removed files it remembers as its own; if that is not meant,"
            " delete it and harvest again"
        )
        report.errors.insert(0, FileError(SPEC_DB, text))
    return report


def _report(store: SpecStore, name: str, files: int, changed: int = 0, removed: int = 0) -> SpecReport:
    report = SpecReport(name, files=files, changed=changed, unchanged=files - changed, removed=removed)
    for table, count in store.counts().items():
        setattr(report, table, count)
    report.revision = store.revision()
    report.errors = [FileError(path, error) for path, error in store.harvest_errors()]
    return report


def _stored_limit(paths: WorkspacePaths) -> int:
    """Bytes up to which a file is stored whole."""
    from spw_core.config import load_config

    return load_config(paths).config.store.max_file_mb * 1024 * 1024


def preview_harvest(paths: WorkspacePaths, name: str) -> SpecReport:
    """What `harvest_spec` would do, by comparing alone. The facts counted are those there are now."""
    from spw_core.harvest.reading import load_record

    scan = _checked(scan_spec(paths, name))
    report = SpecReport(name, files=len(scan.files))
    with SpecStore.reading(paths.spec_db(name)) as store:
        if store is None:
            report.changed = report.new = report.files
        else:
            limit = _stored_limit(paths)
            differing = differences(store, scan, limit)
            stored = [pair for pair in differing.fresh if _would_be_stored(scan, *pair, limit)]
            report.changed = len(stored)
            report.new = sum(artifact is None for _, artifact in stored)
            report.removed = len(differing.removed)
    report.unchanged = report.files - report.changed
    record = load_record(paths, name)
    report.runs, report.tasks, report.waves = len(record.runs), len(record.tasks), len(record.waves)
    report.subagents = sum(len(run.subagents) for run in record.runs)
    report.handoffs = sum(run.has_handoff for run in record.runs)
    report.impl_logs = len(record.impl_logs)
    report.approvals = sum(approval.version == 0 for approval in record.approvals)
    report.errors = list(record.errors)
    return report


def _would_be_stored(scan: Scan, found: FoundFile, artifact: StoredArtifact | None, limit: int) -> bool:
    """False for a file that was only touched, and for one that cannot be read."""
    try:
        content = read_file(scan.tops[found.area], found.rel_path, limit=limit)
    except OSError:
        return False
    return (
        artifact is None
        or artifact.removed_at is not None
        or artifact.content_hash != content.content_hash
        or (artifact.problem == TOO_LARGE and content.content is not None)
    )


def ensure_gitignore(paths: WorkspacePaths) -> list[str]:
    """Keep databases and caches out of git: add what is missing, touch no existing line.

    Returns a remark when that cannot be done; nothing depends on it.
    """
    try:
        if _complete_gitignore(paths, write=False):
            with locked(paths.workflow):  # else two would add the same lines
                _complete_gitignore(paths, write=True)
    except OSError as error:
        return [f"{paths.gitignore.name} cannot be completed: {error.strerror or error}"]
    except WriteError as error:
        return [f"{paths.gitignore.name} cannot be completed: {error.message}"]
    return []


def _complete_gitignore(paths: WorkspacePaths, *, write: bool) -> list[str]:
    """The lines that are missing, which are added on request. Raises OSError."""
    with entry_inside(paths.workflow, paths.gitignore.name) as entry:
        flags = READ_FLAGS | os.O_RDWR | os.O_CREAT | os.O_APPEND
        with os.fdopen(entry.open(flags, 0o644), "r+b") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise OSError("it is no regular file")
            present = stream.read()
            known = {line.strip() for line in present.decode("utf-8", "replace").splitlines()}
            missing = [line for line in GITIGNORE_LINES if line not in known]
            if missing and write:
                newline = b"" if not present or present.endswith(b"\n") else b"\n"
                stream.write(newline + "".join(line + "\n" for line in missing).encode())
    return missing


def harvest_or_report(paths: WorkspacePaths, name: str, *, dry_run: bool = False) -> SpecReport:
    """As `harvest_spec`; what goes wrong is in the report."""
    try:
        return preview_harvest(paths, name) if dry_run else harvest_spec(paths, name)
    except SpwError as error:
        return SpecReport(name, failed=error.message)
    except OSError as error:
        return SpecReport(name, failed=f"{error.strerror or error}: {error.filename or name}")
    except Exception as error:
        # A bug of ours that one spec brings to light must not keep the others from being stored.
        details = where(write_report(error))
        return SpecReport(name, failed=f"internal error: {type(error).__name__}: {error}. {details}")
