"""Writing stored files back: the same bytes, mode and time, and never over something else unasked."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from spw_core.domain.places import Area, place_of
from spw_core.errors import CorruptStore, DocumentNotFound, SpwError, is_unwritable
from spw_core.harvest.cleanup import Kept
from spw_core.harvest.harvest import harvest_spec
from spw_core.harvest.inside import Entry, aside_of, entry_inside, held, write_whole
from spw_core.harvest.intake import store_content
from spw_core.harvest.read_file import read_file, read_once
from spw_core.harvest.scan import area_folder
from spw_core.harvest.stored import counted
from spw_core.names import SPECS_DIR, WORKFLOW_DIR
from spw_core.search.documents import document_path
from spw_core.store.spec import SpecStore, StoredVersion
from spw_core.text import plural
from spw_core.workspace import WorkspacePaths


@dataclass(slots=True)
class RestoreReport:
    """What a restore wrote, what it left alone, and what it could not write or find.

    Paths are below `.spec-workflow/` (or the target). `damaged` says that stored bytes were not sound.
    """

    spec: str
    written: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    failed: list[Kept] = field(default_factory=list)
    unchanged: int = 0
    damaged: bool = False

    @property
    def ok(self) -> bool:
        """True when everything that was asked for is there now."""
        return not self.kept and not self.failed


def restore(
    paths: WorkspacePaths,
    name: str,
    *,
    wanted: Sequence[str] = (),
    run: str = "",
    at: str = "",
    target: Path | None = None,
    force: bool = False,
) -> RestoreReport:
    """Write files of a spec back as they were stored.

    Without `wanted` and `run`: every file that still counts for the spec. `wanted` names files or folders,
    relative to the spec, to `.spec-workflow/`, or to the approvals; `run` the folder of a run. `at` is a
    UTC time text: the versions that were current then. `target` is a folder outside `.spec-workflow` to
    write below instead. A file that differs is only replaced with `force`, and in the workspace only when
    its own bytes are stored, which is done first.

    Raises DocumentNotFound when nothing stored fits, SpwError for a spec that was never harvested, and when
    nothing more can be written anywhere (a full disk), with the number of files that were.
    """
    paths.existing_spec(name)
    top = target or paths.workflow
    if target is not None and target.resolve().is_relative_to(paths.workflow.resolve()):
        raise SpwError(f"{target} is inside {paths.workflow.name}", "Leave --to out to restore in place.")
    if target is not None and os.path.lexists(target) and not target.is_dir():
        raise SpwError(f"{target} is no folder", "Name a folder, which is made when it is not there.")
    with SpecStore.reading(paths.spec_db(name)) as store:
        if store is None:
            raise SpwError(f"{name} was never harvested: nothing of it is stored", "Run `spw harvest`.")
        versions = _choose(store, name, wanted, run.strip("/"), at)
        if not versions:
            raise DocumentNotFound(f"nothing stored of {name} fits", "See `spw view SPEC` for its runs.")
    report = RestoreReport(name)
    for path in wanted:
        if not any(_is_named(version, name, path) for version in versions):
            report.failed.append(Kept(path, "nothing is stored by this name"))
    if force and target is None:
        # What is about to be replaced must not be lost: store it as the newest version first.
        harvest_spec(paths, name)
        _store_unseen(paths, name, versions)
    stopped = ""
    was_there = top.exists()
    with SpecStore.reading(paths.spec_db(name)) as store:
        if store is None:
            raise SpwError(f"the database of {name} has just disappeared")
        stored = {(v.area, v.rel_path, v.content_hash) for v in store.versions() if v.has_bytes}
        for version in _as_stored_now(store, versions):
            path = document_path(name, version.area, version.rel_path)
            safe = stored if target is None else None
            try:
                try:
                    outcome = _restore_one(store, version, top, path, safe, force=force)
                except FileNotFoundError:  # a cleanup has just removed the folder, which was empty as yet
                    outcome = _restore_one(store, version, top, path, safe, force=force)
            except CorruptStore as error:  # wrong bytes are never written
                report.failed.append(Kept(path, f"cannot be restored: {error.message}"))
                report.damaged = True
                continue
            except (OSError, ValueError) as error:
                text = getattr(error, "strerror", None) or error
                if isinstance(error, OSError) and is_unwritable(error):
                    stopped = f"cannot write {path}: {text}"
                    break
                report.failed.append(Kept(path, f"cannot be written: {text}"))
                continue
            if outcome is None:
                report.written.append(path)
            elif outcome:
                report.kept.append(Kept(path, outcome))
            else:
                report.unchanged += 1
    if force and target is None and report.written:
        # Else what was replaced would still be the current version, and come back with the next restore.
        with suppress(SpwError, OSError):  # the files are back; the next harvest sees them
            harvest_spec(paths, name)
    if stopped:
        if not was_there:
            with suppress(OSError):  # there is something in it
                top.rmdir()
        written = f"{len(report.written)} of {plural(len(versions), 'file')} were written"
        raise SpwError(f"{stopped}; {written}", "Once that is possible, the same command goes on.")
    return report


_Stored = set[tuple[str, str, str]]


def _store_unseen(paths: WorkspacePaths, name: str, versions: list[StoredVersion]) -> None:
    """Store the bytes on disk of files whose size and time did not change, which no harvest sees."""
    with SpecStore.writing(paths.spec_db(name)) as store:
        stored = {(v.area, v.rel_path, v.content_hash) for v in store.versions()}
        known = store.artifacts()
        for version in versions:
            area = Area(version.area)
            try:
                content = read_file(area_folder(paths, name, area), version.rel_path)
            except OSError:
                continue  # not there, or not to be read: then it will not be replaced either
            artifact = known.get((area, version.rel_path))
            if artifact is not None and (area, version.rel_path, content.content_hash) not in stored:
                with store.transaction():
                    store_content(store, area, version.rel_path, artifact, content)


def _as_stored_now(store: SpecStore, chosen: list[StoredVersion]) -> list[StoredVersion]:
    """The same versions, wherever they lie after a harvest that may have moved them to the history."""
    rows = {(v.area, v.rel_path, v.content_hash, v.since): v for v in store.versions()}
    found = ((v, rows.get((v.area, v.rel_path, v.content_hash, v.since))) for v in chosen)
    return [v._replace(row_id=now.row_id, is_current=now.is_current) for v, now in found if now]


def _choose(store: SpecStore, name: str, wanted: Sequence[str], run: str, at: str) -> list[StoredVersion]:
    """At most one version per file: the newest, or the one that was current at a time."""
    counts = {(artifact.area, artifact.rel_path) for artifact in counted(store.artifacts().values())}
    chosen: dict[tuple[str, str], StoredVersion] = {}
    for version in store.versions():
        key = (version.area, version.rel_path)
        if wanted or run:
            if not _is_wanted(version, name, wanted, run):
                continue
        elif not at and key not in counts:
            continue
        if at:
            if version.since <= at and (version.until is None or at < version.until):
                chosen[key] = version
        elif version.is_current:
            chosen[key] = version
    return list(chosen.values())


def _is_wanted(version: StoredVersion, name: str, wanted: Iterable[str], run: str) -> bool:
    if run and version.area == Area.SPEC:
        folder = place_of(Area.SPEC, version.rel_path).run
        if folder and folder == _plain(run).removeprefix(f"{SPECS_DIR}/{name}/"):
            return True
    return any(_is_named(version, name, path) for path in wanted)


def _is_named(version: StoredVersion, name: str, path: str) -> bool:
    """Whether a person who writes `path` means this file, or a folder that it is in."""
    bare = _plain(path)
    names = (version.rel_path, document_path(name, version.area, version.rel_path))
    return any(candidate == bare or candidate.startswith(bare + "/") for candidate in names)


def _plain(path: str) -> str:
    """Without `./`, a final `/` and the way to `.spec-workflow`."""
    return path.rpartition(f"{WORKFLOW_DIR}/")[2].removeprefix("./").rstrip("/")


def _restore_one(
    store: SpecStore, version: StoredVersion, top: Path, path: str, stored: _Stored | None, *, force: bool
) -> str | None:
    """None when the file was written, an empty text when it was there already, else why it was not.

    `stored` are the contents that may be replaced; None where that is not asked.
    """
    if not version.has_bytes:
        return "" if _is_there(top, path, version) else "too large to be stored; only its hash is known"
    content = store.version_bytes(version)
    if content is None:
        return "its bytes are not stored"

    def finish(temporary: Entry) -> None:
        temporary.chmod(stat.S_IMODE(version.mode) & 0o777)
        temporary.set_mtime(version.mtime_ns)

    top.mkdir(parents=True, exist_ok=True)
    with entry_inside(top, path, create=True) as entry:
        present = entry.lstat()
        if present is None:
            try:
                write_whole(entry, content, replace=False, finish=finish)
            except FileExistsError:  # somebody else was faster: another restore, it may be
                return "" if _hash(entry) == version.content_hash else _DIFFERS
            return None
        if not stat.S_ISREG(present.st_mode):
            return "something that is no file is in its place"
        if _hash(entry) == version.content_hash:
            return ""
        if not force:
            return _DIFFERS
        if stored is None:
            write_whole(entry, content, replace=True, finish=finish)
            return None
        with held(entry) as is_ours:
            if not is_ours:
                return "the file on disk is in use by another program"
            return _replace(entry, content, version, stored, finish)


def _replace(
    entry: Entry, content: bytes, version: StoredVersion, stored: _Stored, finish: Callable[[Entry], None]
) -> str | None:
    """Put other bytes in the place of those that are there and stored; results as of `_restore_one`."""
    # Out of the way first: what somebody writes from now on is a new file, and is not replaced.
    aside = aside_of(entry)
    entry.move_over(aside)
    if (version.area, version.rel_path, _hash(aside)) not in stored:
        aside.move_to_free(entry)
        return "the file on disk has bytes that cannot be stored, or changed just now"
    try:
        write_whole(entry, content, replace=False, finish=finish)
    except BaseException as error:
        if entry.lstat() is None:
            aside.move_to_free(entry)
        elif isinstance(error, FileExistsError):
            aside.unlink()
            return "" if _hash(entry) == version.content_hash else "somebody has just written it anew"
        raise
    aside.unlink()
    return None


_DIFFERS = "the file on disk differs; use --force to replace it"


def _is_there(top: Path, path: str, version: StoredVersion) -> bool:
    try:
        with entry_inside(top, path) as entry:
            info = entry.lstat()
            return info is not None and info.st_size == version.size and _hash(entry) == version.content_hash
    except OSError:
        return False


def _hash(entry: Entry) -> str:
    """SHA-256 of a file's bytes; empty when it changes meanwhile."""
    content = read_once(entry, whole=True)
    return content.content_hash if content else ""
