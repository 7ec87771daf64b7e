"""Is everything sound? Databases, stored bytes, projections, index, permissions; what is safe is repaired."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spw_core.domain.places import Area, place_of
from spw_core.errors import SpwError, StoreError
from spw_core.harvest.harvest import harvest_spec
from spw_core.harvest.index_sync import sync_index
from spw_core.harvest.intake import project_anew
from spw_core.harvest.project import project
from spw_core.harvest.rows import to_rows
from spw_core.harvest.stored import counted, stored_sources
from spw_core.names import TEMPORARY_SUFFIX
from spw_core.search.documents import document_path, is_indexed
from spw_core.store.connection import check_integrity
from spw_core.store.index import IndexStore
from spw_core.store.spec import SpecStore
from spw_core.workspace import WorkspacePaths

OK = "ok"
REPAIRED = "repaired"
WARNING = "warning"
ERROR = "error"

_PRIVATE = 0o600
# Parts of the projections that also hold what only a walk over the folders can tell.
_NOT_REBUILT = frozenset(("harvest_errors",))
_LEFTOVERS = (
    "spec.db.corrupt-*",
    ".spw-index.db.corrupt-*",
    "spec.db.before-upgrade-*",
    f"**/*{TEMPORARY_SUFFIX}",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of the doctor. `subject` is a spec, `index` or `workspace`; `hint` says what to do."""

    level: str
    subject: str
    text: str
    hint: str = ""


def examine(
    paths: WorkspacePaths, *, rebuild: bool = False, progress: Callable[[int, int, str], None] | None = None
) -> list[Finding]:
    """Check a workspace and repair what is safe: permissions, and an index that is behind.

    With `rebuild`, damaged databases are replaced by what the files and the readable rows give, all
    projections are made anew from the stored bytes, and the index from the projections.
    """
    findings: list[Finding] = []
    names = paths.spec_names()
    for done, name in enumerate(names):
        if progress:
            progress(done, len(names), name)
        findings += _spec_findings(paths, name, rebuild)
    findings += _index_findings(paths, rebuild)
    findings += _permission_findings(paths)
    findings += _leftover_findings(paths)
    if progress:
        progress(len(names), len(names), "")
    return findings


def _spec_findings(paths: WorkspacePaths, name: str, rebuild: bool) -> Iterator[Finding]:
    path = paths.spec_db(name)
    if not path.is_file():
        yield Finding(WARNING, name, "was never harvested", f"spw harvest {name}")
        return
    try:
        if rebuild:
            report = harvest_spec(paths, name)
            for error in report.errors:
                if error.path == path.name:
                    yield Finding(REPAIRED, name, error.error)
            with SpecStore.writing(path) as writable, writable.transaction():
                touched = project_anew(writable, name)
            if touched:
                yield Finding(REPAIRED, name, f"{touched} rows of the projections were made anew")
        with SpecStore.reading(path) as store:
            if store is None:
                hint = f"spw harvest {name} takes it over, after a copy"
                yield Finding(WARNING, name, "has a database of another tool", hint)
                return
            problems = [*check_integrity(store.connection), *_damaged_versions(store)]
            for problem in problems[:20]:
                yield Finding(ERROR, name, problem, "spw doctor --rebuild saves what is readable")
            if not problems:
                versions = len(store.versions())
                yield Finding(OK, name, f"{versions} versions of files, every byte as it was stored")
                for table in _differing_projections(store, name):
                    yield Finding(WARNING, name, f"{table} is not what its files say", "spw doctor --rebuild")
    except (StoreError, SpwError) as error:
        yield Finding(ERROR, name, error.message, error.hint or "spw doctor --rebuild saves what is readable")


def _damaged_versions(store: SpecStore) -> Iterator[str]:
    for version in store.versions():
        try:
            content = store.version_bytes(version)
        except ValueError as error:
            yield f"{version.rel_path} ({version.since}): {error}"
            continue
        if content is not None and hashlib.sha256(content).hexdigest() != version.content_hash:
            yield f"{version.rel_path} ({version.since}): the stored bytes have another hash"


def _differing_projections(store: SpecStore, name: str) -> Iterator[str]:
    artifacts = counted(store.artifacts().values())
    fresh = to_rows(project(name, stored_sources(store, artifacts)))
    stored = store.projections()
    for table, rows in fresh.items():
        if table not in _NOT_REBUILT and _as_set(rows) != _as_set(stored[table]):
            yield table


def _as_set(rows: Any) -> set[tuple[tuple[str, object], ...]]:
    return {tuple(sorted(row.items())) for row in rows}


def _index_findings(paths: WorkspacePaths, rebuild: bool) -> Iterator[Finding]:
    if not paths.index_db.is_file():
        yield Finding(WARNING, "index", "there is no index yet", "spw harvest --all")
        return
    try:
        if rebuild:
            with IndexStore.writing(paths.index_db) as index, index.transaction():
                index.clear()
        behind = _specs_behind(paths)
        remarks = sync_index(paths, dict.fromkeys(paths.spec_names()), everything=True)
        for remark in remarks:
            yield Finding(REPAIRED, "index", remark)
        if behind:
            what = "was made anew" if rebuild else f"was behind for {', '.join(behind[:8])}"
            yield Finding(REPAIRED, "index", what)
        with IndexStore.reading(paths.index_db) as opened:
            if opened is None:
                return
            problems = [*check_integrity(opened.connection), *opened.inconsistencies()]
            problems += _missing_documents(paths, opened)
            for problem in problems[:20]:
                yield Finding(ERROR, "index", problem, "spw doctor --rebuild")
            if not problems:
                yield Finding(OK, "index", f"{opened.count()} documents")
    except StoreError as error:
        yield Finding(ERROR, "index", error.message, error.hint or "spw doctor --rebuild")


def _specs_behind(paths: WorkspacePaths) -> list[str]:
    behind = []
    with IndexStore.reading(paths.index_db) as index:
        for name in paths.spec_names():
            try:
                with SpecStore.reading(paths.spec_db(name)) as store:
                    if store and index and index.spec_revisions().get(name) != store.revision():
                        behind.append(name)
            except StoreError:
                continue  # reported with the spec itself
    return behind


def _missing_documents(paths: WorkspacePaths, index: IndexStore) -> Iterator[str]:
    for name in paths.spec_names():
        try:
            with SpecStore.reading(paths.spec_db(name)) as store:
                if store is None:
                    continue
                wanted = {
                    document_path(name, artifact.area, artifact.rel_path): artifact.content_hash
                    for artifact in counted(store.artifacts().values())
                    if is_indexed(place_of(Area(artifact.area), artifact.rel_path).kind)
                }
        except StoreError:
            continue
        present = {path: columns["content_hash"] for path, (_, columns) in index.documents(name).items()}
        for path in sorted(wanted.keys() - present.keys())[:3]:
            yield f"{path} is missing"
        for path, content_hash in wanted.items():
            if path in present and present[path] != content_hash:
                yield f"{path} is out of date"


def _permission_findings(paths: WorkspacePaths) -> Iterator[Finding]:
    if os.name == "nt":
        return
    for path in _databases(paths):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & ~_PRIVATE:
            try:
                path.chmod(_PRIVATE)
            except OSError as error:
                yield Finding(WARNING, "workspace", f"{path} is open to others: {error.strerror}")
            else:
                yield Finding(REPAIRED, "workspace", f"{path} was open to others ({mode:o}), is private now")


def _leftover_findings(paths: WorkspacePaths) -> Iterator[Finding]:
    folders = [paths.workflow, *(paths.spec_dir(name) for name in paths.spec_names())]
    for folder in folders:
        for pattern in _LEFTOVERS:
            for path in sorted(folder.glob(pattern)):
                if path.is_file() and not path.name.endswith(("-wal", "-shm")):
                    text = (
                        f"{path.relative_to(paths.root)} ({path.stat().st_size} bytes) is left from a repair"
                    )
                    yield Finding(WARNING, "workspace", text, "Delete it when nothing in it is needed.")


def _databases(paths: WorkspacePaths) -> Iterator[Path]:
    for path in (paths.index_db, *(paths.spec_db(name) for name in paths.spec_names())):
        if path.is_file() and not path.is_symlink():
            yield path
