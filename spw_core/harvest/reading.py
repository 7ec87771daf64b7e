"""Answers about a spec that are both fast and never stale: sealed runs from its database, the rest live.

A sealed run was harvested with its handoff and is not looked at again here. Everything else is compared
with the disk by `stat`; only files that differ are read.
"""

from __future__ import annotations

from dataclasses import replace

from spw_core.domain.model import FileError, SpecRecord
from spw_core.domain.places import Area, place_of
from spw_core.errors import DocumentNotFound, InvalidName, StoreError
from spw_core.harvest.finalized import as_finalized, finalization
from spw_core.harvest.intake import is_unchanged
from spw_core.harvest.project import READ_KINDS, Source, project
from spw_core.harvest.read_file import read_file
from spw_core.harvest.scan import FoundFile, Scan, area_folder, scan_spec, spec_folders
from spw_core.harvest.stamps import OPEN, files_as_seen
from spw_core.harvest.stored import (
    counted,
    empty_runs_now,
    stored_empty_runs,
    stored_record,
    stored_sources,
    stored_wave_facts,
)
from spw_core.names import SPEC_DB
from spw_core.store.spec import UNPROJECTED, SpecStore, StoredArtifact
from spw_core.summaries.completion import COMPLETION_FILE
from spw_core.workspace import WorkspacePaths


def load_record(paths: WorkspacePaths, name: str) -> SpecRecord:
    """All facts of a spec as they are now; a damaged database is among its `errors`. Raises SpecNotFound."""
    paths.existing_spec(name)

    def as_harvested(store: SpecStore) -> SpecRecord | None:
        seen = files_as_seen(store, spec_folders(paths, name), (OPEN,))
        return None if seen is None else stored_record(store, name)

    if record := SpecStore.at_rest(paths.spec_db(name), as_harvested):
        return record
    try:
        with SpecStore.reading(paths.spec_db(name)) as store:
            if store is not None:
                return _merged_record(paths, name, store)
    except StoreError as error:
        record = scanned_record(paths, name)
        return replace(record, errors=(FileError(SPEC_DB, error.message), *record.errors))
    return scanned_record(paths, name)


def load_wave_facts(paths: WorkspacePaths, name: str) -> SpecRecord:
    """As `load_record`, but only what the states of the waves follow from need be in it."""
    paths.existing_spec(name)

    def as_harvested(store: SpecStore) -> SpecRecord | None:
        seen = files_as_seen(store, spec_folders(paths, name), (OPEN,))
        return None if seen is None else stored_wave_facts(store, name)

    return SpecStore.at_rest(paths.spec_db(name), as_harvested) or load_record(paths, name)


def read_document(paths: WorkspacePaths, name: str, area: Area, rel_path: str) -> bytes:
    """The bytes of one file: of a sealed run from the database, else from disk, else as last stored.

    The completion summary of a finalized spec is stored without being a file.

    Raises DocumentNotFound when neither has it, and StoreError when only the database could tell and cannot
    be read, or no longer has the bytes it was given. `rel_path` is not joined to a folder before it was
    found in a scan or in the database, so it cannot lead anywhere else.
    """
    stored, sealed, trouble = None, False, None
    try:
        with SpecStore.reading(paths.spec_db(name)) as store:
            if store is not None:
                stored = store.content(area, rel_path)
                if (area, rel_path) == (Area.SPEC, COMPLETION_FILE) and (final := finalization(store.meta())):
                    stored = final.summary
                sealed = place_of(area, rel_path).run in store.sealed_runs()
    except StoreError as error:  # leaves the disk; the commands that write report and repair it
        trouble = error
    if stored is not None and sealed:
        return stored
    if (live := read_live(paths, name, area, rel_path)) is not None:
        return live
    if stored is not None:
        return stored
    if trouble is not None:
        raise trouble
    raise DocumentNotFound(f"{name} has no file {rel_path}", "See `spw view` for what there is.")


def read_live(paths: WorkspacePaths, name: str, area: Area, rel_path: str) -> bytes | None:
    """Bytes of a file on disk, whatever its size, no part of the way being a link; None if there is none."""
    try:
        return read_file(area_folder(paths, name, area), rel_path, whole=True).content
    except (OSError, InvalidName):
        return None


def scanned_record(paths: WorkspacePaths, name: str) -> SpecRecord:
    """The facts told by the files alone, all of which are listed."""
    scan = scan_spec(paths, name)
    errors: list[FileError] = []
    sources = [_live_source(scan, found, errors) for found in scan.files]
    return project(name, sources, [*scan.errors, *errors], scan.empty_runs)


def _merged_record(paths: WorkspacePaths, name: str, store: SpecStore) -> SpecRecord:
    """The stored facts, with everything outside sealed runs replaced by what the disk says now."""
    known = store.artifacts()
    on_disk_before = {
        place_of(Area(area), rel_path).run for (area, rel_path), a in known.items() if a.removed_at is None
    }
    # One that was cleaned away is looked for: it may have been dispatched again.
    sealed = store.sealed_runs() & on_disk_before
    scan = scan_spec(paths, name, skip=sealed)
    differing = {}
    for found in scan.files:
        key = (found.area, found.rel_path)
        artifact = known.get(key)
        if artifact is None or not is_unchanged(artifact, found):
            differing[key] = found
            known[key] = _as_if_stored(found)
    on_disk = {(found.area, found.rel_path) for found in scan.files}
    gone = False
    for (area, rel_path), artifact in known.items():
        if artifact.removed_at is None and (area, rel_path) not in on_disk:
            if place_of(Area(area), rel_path).run in sealed or scan.is_blind(Area(area), rel_path):
                continue
            known[area, rel_path] = artifact._replace(removed_at=_JUST_NOW)
            gone = True
    meta = store.meta()
    empty_runs = empty_runs_now(scan, meta)
    is_current = stored_empty_runs(meta) == empty_runs and not meta.get(UNPROJECTED)
    if is_current and not differing and not gone:
        return stored_record(store, name)
    speaking = counted(known.values())
    errors: list[FileError] = []
    sources = [
        _live_source(scan, differing[source.area, source.rel_path], errors)
        if (source.area, source.rel_path) in differing
        else source
        for source in stored_sources(store, speaking)
    ]
    sources.sort(key=lambda source: (source.area, source.rel_path))
    remembered = [FileError(artifact.rel_path, artifact.problem) for artifact in speaking if artifact.problem]
    record = project(name, sources, [*scan.errors, *errors, *remembered], empty_runs)
    return as_finalized(record, meta)


def _as_if_stored(found: FoundFile) -> StoredArtifact:
    """A file that is on disk, for the rule that says which artifacts count."""
    return StoredArtifact(
        id=0,
        area=found.area,
        rel_path=found.rel_path,
        artifact_type=place_of(found.area, found.rel_path).kind,
        content_hash="",
        size=found.size,
        mtime_ns=found.mtime_ns,
        inode=found.inode,
        mode=found.mode,
        checked_ns=0,
        removed_at=None,
        cleaned_at=None,
        problem=None,
    )


# Stands for the moment of reading where only "removed or not" matters.
_JUST_NOW = "now"


def _live_source(scan: Scan, found: FoundFile, errors: list[FileError]) -> Source:
    """A file on disk, with its bytes only if their content says something about state."""
    content = None
    if place_of(found.area, found.rel_path).kind in READ_KINDS:
        try:
            content = read_file(scan.tops[found.area], found.rel_path).content
        except OSError as error:
            errors.append(FileError(found.rel_path, f"cannot be read: {error.strerror or error}"))
    return Source(found.area, found.rel_path, found.size, found.mtime_ns, content)
