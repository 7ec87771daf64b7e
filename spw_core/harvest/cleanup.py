"""Removing the traces of work that are safely stored: compared byte for byte, one moment before.

The order makes every interruption harmless: the database learns first which files are about to go, and a
file that is still there at the next harvest is simply no longer marked.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from spw_core.domain.places import Area, Kind, place_of
from spw_core.domain.transient import is_transient, why_it_stays
from spw_core.errors import DocumentNotFound
from spw_core.formats.approvals import NEEDS_REVISION, PENDING, parse_approval
from spw_core.harvest.in_use import is_open_for_writing
from spw_core.harvest.inside import Entry, aside_of, entry_inside, held
from spw_core.harvest.killed import scan_put_right
from spw_core.harvest.late import put_away
from spw_core.harvest.read_file import INT64, FileContent, read_once, storable
from spw_core.harvest.scan import FoundFile, Scan, area_folder, scan_spec
from spw_core.harvest.stored import begun_anew
from spw_core.moments import utc_text
from spw_core.search.documents import document_path
from spw_core.store.at_rest import RACY_NS
from spw_core.store.content import DamagedBytes
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
    scan = scan_spec(paths, name) if dry_run else scan_put_right(paths, name)
    report.kept += [Kept(document_path(name, Area.SPEC, error.path), error.error) for error in scan.errors]
    with SpecStore.reading(paths.spec_db(name)) as stored:
        if stored is None:
            raise DocumentNotFound(
                f"{name} was never harvested: nothing of it is stored", "Run `spw harvest`."
            )
    opened = SpecStore.reading if dry_run else SpecStore.writing
    with opened(paths.spec_db(name)) as store:
        if store is None:
            raise DocumentNotFound(f"the database of {name} has just disappeared")
        candidates = _candidates(report, store, scan, name)
        if dry_run:
            for found, artifact in candidates:
                _look(report, paths, name, found, artifact)
        else:
            _remove_all(report, paths, name, store, candidates)
            report.folders = _remove_empty_folders(paths, name, scan)
    report.removed.sort()
    report.kept.sort(key=lambda kept: kept.path)
    return report


def _candidates(
    report: CleanupReport, store: SpecStore, scan: Scan, name: str
) -> list[tuple[FoundFile, StoredArtifact]]:
    """The files that may go if their bytes turn out to be the stored ones; the others are reported."""
    known = store.artifacts()
    closed = _closed_runs(store, known, scan)
    candidates = []
    for found in scan.files:
        artifact = known.get((found.area, found.rel_path))
        place = place_of(found.area, found.rel_path)
        if not is_transient(found.area, found.rel_path):
            reason = why_it_stays(found.rel_path)
        elif artifact is None:
            reason = "not stored yet; run `spw harvest`"
        elif place.run and place.run not in closed:
            reason = "its run has no handoff yet"
        elif found.mode & _SPECIAL_BITS:
            reason = "has special mode bits, which a restore would not give back"
        elif place.kind is Kind.APPROVAL and _is_unanswered(store, artifact):
            reason = "waits for an answer"
        else:
            candidates.append((found, artifact))
            continue
        report.kept.append(Kept(document_path(name, found.area, found.rel_path), reason))
    return candidates


_SPECIAL_BITS = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX


def _closed_runs(store: SpecStore, known: Mapping[tuple[str, str], StoredArtifact], scan: Scan) -> set[str]:
    """The sealed runs that are still handed off, by what is on disk now: one may have been taken up again."""
    found = {(file.area, file.rel_path): file.mtime_ns for file in scan.files}
    spec_files = ((rel_path, mtime_ns) for (area, rel_path), mtime_ns in found.items() if area is Area.SPEC)
    anew = begun_anew(known.values(), spec_files)
    closed = set()
    for run in store.sealed_runs() - anew:
        key = (Area.SPEC, f"{run}/_handoff.md")
        handoff = known.get(key)
        if key in found or (handoff is not None and handoff.cleaned_at):
            closed.add(run)
    return closed


def _is_unanswered(store: SpecStore, artifact: StoredArtifact) -> bool:
    approval, _ = parse_approval(store.content(artifact.area, artifact.rel_path) or b"", artifact.rel_path)
    return approval is not None and approval.status in (PENDING, NEEDS_REVISION)


def _look(
    report: CleanupReport, paths: WorkspacePaths, name: str, found: FoundFile, artifact: StoredArtifact
) -> None:
    path = document_path(name, found.area, found.rel_path)
    try:
        with entry_inside(area_folder(paths, name, found.area), found.rel_path) as entry:
            reason = _difference(read_once(entry, whole=True), artifact)
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
    since_ns = time.time_ns()
    now = utc_text(since_ns)
    with store.transaction():
        store.mark_cleaned([artifact.id for _, artifact in candidates], now)
    gone, stayed = [], []
    try:
        for found, artifact in candidates:
            path = document_path(name, found.area, found.rel_path)
            top = area_folder(paths, name, found.area)
            reason = _remove(
                top, found.rel_path, store, artifact, partial(put_away, paths, since_ns, path=path)
            )
            if reason == _GONE:  # by another cleanup, which says so; else the next harvest sees it
                continue
            if reason:
                stayed.append((found, artifact, reason))
            else:
                report.removed.append(path)
                report.bytes += artifact.size
                gone.append(artifact)
    finally:
        with store.transaction():
            # Looked for again: what another cleanup held a moment ago, it may have removed since. If it does
            # so after this look, it marks the file after this transaction.
            still_there = [kept for kept in stayed if _is_there(paths, name, kept[0])]
            store.mark_cleaned([artifact.id for _, artifact, _ in still_there], None)
            # Again: a harvest that saw a file before it went has taken it for one that stays.
            store.mark_cleaned([artifact.id for artifact in gone], now)
            for artifact in gone:
                store.mark_removed(artifact.id, now)
        report.kept += [
            Kept(document_path(name, found.area, found.rel_path), reason) for found, _, reason in still_there
        ]


def _is_there(paths: WorkspacePaths, name: str, found: FoundFile) -> bool:
    try:
        with entry_inside(area_folder(paths, name, found.area), found.rel_path) as entry:
            return entry.lstat() is not None
    except FileNotFoundError:  # its folder went, too
        return False
    except OSError:  # nobody can tell: then it is no file of ours that went
        return True


# Keeps a removed file for a while, where it may yet be written; False when it cannot.
_Keep = Callable[[Entry], bool]


def _remove(top: Path, rel_path: str, store: SpecStore, artifact: StoredArtifact, keep: _Keep) -> str:
    """Remove one file if its bytes are the stored ones; why not, otherwise."""
    try:
        with entry_inside(top, rel_path) as entry:
            content = read_once(entry, whole=True)
            if reason := _difference(content, artifact):
                return reason
            # The row itself, not what was read of it before: another process may have stored a new version.
            if content is None or store.content(artifact.area, artifact.rel_path) != content.content:
                return "its bytes are not stored"
            if not _looks_alike(entry, content):
                return "changed while it was compared"
            with held(entry, _LOCK_WAIT_S) as is_ours:
                if not is_ours:
                    return "is in use by another program"
                return _unlink_unchanged(entry, content, keep)
    except DamagedBytes as error:
        return f"{error}; see `spw doctor`"
    except FileNotFoundError:
        return _GONE
    except OSError as error:
        return f"cannot be removed: {error.strerror or error}"


_GONE = "was removed by somebody else"

# Longer than another cleanup or restore of ours needs for one file.
_LOCK_WAIT_S = 0.5


def _unlink_unchanged(entry: Entry, content: FileContent, keep: _Keep) -> str:
    """Move a file aside before it goes: who opens it by name from now on makes a new one, and who wrote in
    the last moment, or has it open to write yet, is found out and gets it back."""
    aside = aside_of(entry)
    entry.move_over(aside)
    reason = "changed while it was being removed"
    try:
        in_use = is_open_for_writing(aside)  # asked first: from here on nobody is left to change it
        if in_use:
            reason = "is open for writing in another program"
        elif _is_still(aside, content):
            if in_use is None and keep(aside):
                return ""
            aside.unlink()
            return ""
    finally:
        if aside.lstat() is not None:
            aside.move_to_free(entry)
    return reason


def _is_still(entry: Entry, content: FileContent) -> bool:
    """Whether a file is as it was read. A young one is read again, as the clock may not tell."""
    if not _looks_alike(entry, content):
        return False
    if content.mtime_ns < time.time_ns() - RACY_NS:
        return True
    again = read_once(entry, whole=True)
    return again is not None and again.content_hash == content.content_hash


def _looks_alike(entry: Entry, content: FileContent) -> bool:
    info = entry.lstat()
    return info is not None and (info.st_ino & INT64, info.st_size, storable(info.st_mtime_ns)) == (
        content.inode,
        content.size,
        content.mtime_ns,
    )


def _difference(content: FileContent | None, artifact: StoredArtifact) -> str:
    if content is None:
        return "changes while it is being read"
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
