"""Removing the traces of work that are safely stored: compared byte for byte, one moment before.

The order makes every interruption harmless: the database learns first which files are about to go, and a
file that is still there at the next harvest is simply no longer marked.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from spw_core.domain.places import Area, place_of
from spw_core.domain.summary import utc_text
from spw_core.domain.transient import is_transient, why_it_stays
from spw_core.errors import DocumentNotFound
from spw_core.harvest.inside import Entry, entry_inside
from spw_core.harvest.read_file import INT64, READ_FLAGS, FileContent, read_open_file, storable
from spw_core.harvest.scan import FoundFile, Scan, area_folder, scan_spec
from spw_core.search.documents import document_path
from spw_core.store.spec import SpecStore, StoredArtifact
from spw_core.workspace import WorkspacePaths


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that stayed, and why. `path` is relative to `.spec-workflow/`."""

    path: str
    reason: str


@dataclass(slots=True)
class CleanupReport:
    """What a cleanup removed (or would remove) and what it kept, with paths below `.spec-workflow/`."""

    spec: str
    removed: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    folders: int = 0
    bytes: int = 0


def cleanup(paths: WorkspacePaths, name: str, *, dry_run: bool = False) -> CleanupReport:
    """Remove the transient files of a spec whose bytes on disk are those in the database now.

    Raises SpecNotFound, DocumentNotFound when the spec was never harvested, and StoreError.
    """
    paths.existing_spec(name)
    report = CleanupReport(name)
    scan = scan_spec(paths, name)
    report.kept += [Kept(document_path(name, Area.SPEC, error.path), error.error) for error in scan.errors]
    if not paths.spec_db(name).is_file():
        raise DocumentNotFound(
            f"{name} was never harvested, so nothing of it is stored", "Run `spw harvest`."
        )
    with SpecStore.writing(paths.spec_db(name)) as store:
        known = store.artifacts()
        sealed = store.sealed_runs()
        candidates = []
        for found in scan.files:
            artifact = known.get((found.area, found.rel_path))
            reason = _reason_to_keep(found, artifact, sealed)
            if reason:
                report.kept.append(Kept(document_path(name, found.area, found.rel_path), reason))
            elif artifact is not None:
                candidates.append((found, artifact))
        if dry_run:
            for found, artifact in candidates:
                _look(report, paths, name, found, artifact)
        else:
            _remove_all(report, paths, name, store, candidates)
            report.folders = _remove_empty_folders(paths, name, scan)
    report.removed.sort()
    report.kept.sort(key=lambda kept: kept.path)
    return report


def _reason_to_keep(found: FoundFile, artifact: StoredArtifact | None, sealed: set[str]) -> str:
    """Why a file stays without even being opened; empty when it may go."""
    if not is_transient(found.area, found.rel_path):
        return why_it_stays(found.rel_path)
    if artifact is None:
        return "not stored yet; run `spw harvest`"
    run = place_of(found.area, found.rel_path).run
    if run and run not in sealed:
        return "its run has no handoff yet"
    return ""


def _look(
    report: CleanupReport, paths: WorkspacePaths, name: str, found: FoundFile, artifact: StoredArtifact
) -> None:
    path = document_path(name, found.area, found.rel_path)
    try:
        with entry_inside(area_folder(paths, name, found.area), found.rel_path) as entry:
            reason = _difference(_read(entry), artifact)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    if reason:
        report.kept.append(Kept(path, reason))
    else:
        report.removed.append(path)
        report.bytes += artifact.size


def _remove_all(
    report: CleanupReport,
    paths: WorkspacePaths,
    name: str,
    store: SpecStore,
    candidates: list[tuple[FoundFile, StoredArtifact]],
) -> None:
    now = utc_text(time.time_ns())
    with store.transaction():
        store.mark_cleaned([artifact.id for _, artifact in candidates], now)
    gone, still_there = [], []
    try:
        for found, artifact in candidates:
            path = document_path(name, found.area, found.rel_path)
            reason = _remove(area_folder(paths, name, found.area), found.rel_path, store, artifact)
            if reason:
                report.kept.append(Kept(path, reason))
                still_there.append(artifact)
            else:
                report.removed.append(path)
                report.bytes += artifact.size
                gone.append(artifact)
    finally:
        with store.transaction():
            store.mark_cleaned([artifact.id for artifact in still_there], None)
            for artifact in gone:
                store.mark_removed(artifact.id, now)


def _remove(top: Path, rel_path: str, store: SpecStore, artifact: StoredArtifact) -> str:
    """Remove one file if its bytes are the stored ones; why not, otherwise."""
    try:
        with entry_inside(top, rel_path) as entry:
            content = _read(entry)
            if reason := _difference(content, artifact):
                return reason
            # The row itself, not what was read of it before: another process may have stored a new version.
            if content is None or store.content(artifact.area, artifact.rel_path) != content.content:
                return "changed since it was stored"
            info = entry.lstat()
            if info is None or (info.st_ino & INT64, info.st_size, storable(info.st_mtime_ns)) != (
                content.inode,
                content.size,
                content.mtime_ns,
            ):
                return "changed while it was compared"
            entry.unlink()
    except OSError as error:
        return f"cannot be removed: {error.strerror or error}"
    return ""


def _read(entry: Entry) -> FileContent | None:
    with os.fdopen(entry.open(READ_FLAGS), "rb", buffering=0) as stream:
        return read_open_file(stream)


def _difference(content: FileContent | None, artifact: StoredArtifact) -> str:
    if content is None:
        return "changes while it is being read"
    if content.content is None:
        return "too large to be stored"
    return "" if content.content_hash == artifact.content_hash else "changed since it was stored"


def _remove_empty_folders(paths: WorkspacePaths, name: str, scan: Scan) -> int:
    """Remove the folders that held transient files and are empty now, the deepest first."""
    folders = set()
    for found in scan.files:
        if is_transient(found.area, found.rel_path):
            parts = found.rel_path.split("/")[:-1]
            folders |= {(found.area, "/".join(parts[:depth])) for depth in range(1, len(parts) + 1)}
    removed = 0
    for area, folder in sorted(folders, key=lambda item: -item[1].count("/")):
        if area is Area.SPEC and "/" not in folder:
            continue  # the phase folders themselves are part of every spec
        try:
            with entry_inside(area_folder(paths, name, area), folder) as entry:
                entry.rmdir()
            removed += 1
        except OSError:
            continue  # not empty: something in it was kept
    return removed
