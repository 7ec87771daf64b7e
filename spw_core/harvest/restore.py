"""Writing stored files back: the same bytes, mode and time, and never over something else unasked."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spw_core.domain.places import Area, place_of
from spw_core.errors import DocumentNotFound, SpwError
from spw_core.harvest.cleanup import Kept
from spw_core.harvest.harvest import harvest_spec
from spw_core.harvest.inside import Entry, entry_inside, write_whole
from spw_core.harvest.read_file import READ_FLAGS, read_open_file
from spw_core.harvest.stored import counted
from spw_core.search.documents import document_path
from spw_core.store.spec import SpecStore, StoredVersion
from spw_core.workspace import WorkspacePaths


@dataclass(slots=True)
class RestoreReport:
    """What a restore wrote and what it left alone, with paths below `.spec-workflow/` (or the target)."""

    spec: str
    written: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    unchanged: int = 0


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
    UTC time text: the versions that were current then. `target` is a folder to write below instead of the
    workspace. A file that differs is only replaced with `force`; its own bytes must be stored first.

    Raises DocumentNotFound when nothing stored fits, SpwError for a spec that was never harvested.
    """
    paths.existing_spec(name)
    top = target or paths.workflow
    with SpecStore.reading(paths.spec_db(name)) as store:
        if store is None:
            raise SpwError(f"{name} was never harvested: nothing of it is stored", "Run `spw harvest`.")
        versions = _choose(store, name, wanted, run.strip("/"), at)
        if not versions:
            raise DocumentNotFound(f"nothing stored of {name} fits", "See `spw view SPEC` for its runs.")
    if force and target is None:
        # What is about to be replaced must not be lost: store it as the newest version first.
        harvest_spec(paths, name)
    with SpecStore.reading(paths.spec_db(name)) as store:
        if store is None:
            raise SpwError(f"the database of {name} has just disappeared")
        versions = _as_stored_now(store, versions)
        report = RestoreReport(name)
        for version in versions:
            path = document_path(name, version.area, version.rel_path)
            try:
                outcome = _restore_one(store, version, top, path, force=force)
            except (OSError, ValueError) as error:
                outcome = f"cannot be written: {getattr(error, 'strerror', None) or error}"
            if outcome is None:
                report.written.append(path)
            elif outcome:
                report.kept.append(Kept(path, outcome))
            else:
                report.unchanged += 1
    return report


def _as_stored_now(store: SpecStore, chosen: list[StoredVersion]) -> list[StoredVersion]:
    """The same versions, wherever they lie after a harvest that may have moved them to the history."""
    by_content = {(v.area, v.rel_path, v.content_hash): v for v in store.versions()}
    return [by_content[v.area, v.rel_path, v.content_hash] for v in chosen]


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
    if run and version.area == Area.SPEC and place_of(Area.SPEC, version.rel_path).run == run:
        return True
    full = document_path(name, version.area, version.rel_path)
    names = (version.rel_path, full, f".spec-workflow/{full}")
    for path in wanted:
        bare = path.rstrip("/")
        if any(candidate == bare or candidate.startswith(bare + "/") for candidate in names):
            return True
    return False


def _restore_one(
    store: SpecStore, version: StoredVersion, top: Path, path: str, *, force: bool
) -> str | None:
    """None when the file was written, an empty text when it was there already, else why it was not."""
    if not version.has_bytes:
        return "too large to be stored; only its hash is known"
    content = store.version_bytes(version)
    if content is None:
        return "its bytes are not stored"
    top.mkdir(parents=True, exist_ok=True)
    with entry_inside(top, path, create=True) as entry:
        present = entry.lstat()
        if present is not None:
            if not stat.S_ISREG(present.st_mode):
                return "something that is no file is in its place"
            if _is_same(entry, version):
                _set_attributes(entry, version)
                return ""
            if not force:
                return "the file on disk differs; use --force to replace it"
        write_whole(
            entry,
            content,
            replace=present is not None,
            finish=lambda temporary: _set_attributes(temporary, version),
        )
    return None


def _is_same(entry: Entry, version: StoredVersion) -> bool:
    with os.fdopen(entry.open(READ_FLAGS), "rb", buffering=0) as stream:
        content = read_open_file(stream)
    return content is not None and content.content_hash == version.content_hash


def _set_attributes(entry: Entry, version: StoredVersion) -> None:
    """Mode and modification time as they were; only the permission bits of the mode."""
    entry.chmod(stat.S_IMODE(version.mode) & 0o777)
    entry.set_mtime(version.mtime_ns)
