"""Is everything sound? Databases, stored bytes, projections, index, permissions; what is safe is repaired."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spw_core.config import load_config
from spw_core.domain.places import Area, place_of
from spw_core.errors import CorruptStore, SpwError
from spw_core.harvest.harvest import harvest_spec, rebuild_spec
from spw_core.harvest.index_sync import identity_of, put_aside, sync_index
from spw_core.harvest.intake import project_anew
from spw_core.harvest.project import project
from spw_core.harvest.rows import to_rows
from spw_core.harvest.stored import counted, stored_empty_runs, stored_sources
from spw_core.install.files import installation_problems
from spw_core.names import INDEX_DB, SPEC_DB, TEMPORARY_SUFFIX
from spw_core.search.documents import document_path, is_indexed
from spw_core.search.meaning import state as search_state
from spw_core.store.connection import check_integrity
from spw_core.store.index import SPEC_SOURCE, IndexStore
from spw_core.store.side_files import has_no_room
from spw_core.store.spec import UNPROJECTED, SpecStore
from spw_core.workspace import WorkspacePaths

OK = "ok"
REPAIRED = "repaired"
WARNING = "warning"
ERROR = "error"

FULL = "is on a disk that is full"

_PRIVATE = 0o600
# Parts of the projections that also hold what only a walk over the folders can tell.
_NOT_REBUILT = frozenset(("harvest_errors",))
_LONGEST_LIST = 20
_REBUILD = "spw doctor --rebuild saves what is readable"
_AFTER_REBUILD = "spw backup --restore FILE brings back an older state, where there is a backup."
_COPIES = tuple(
    f"{database}.{label}"
    for database in (SPEC_DB, INDEX_DB)
    for label in ("corrupt-", "before-upgrade-", "before-restore-", "rebuild")
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of the doctor. `subject` is a spec, or another thing (`index`, `search`, `hook`, …)."""

    level: str
    subject: str
    text: str
    hint: str = ""


def examine(
    paths: WorkspacePaths, *, rebuild: bool = False, progress: Callable[[int, int, str], None] | None = None
) -> list[Finding]:
    """Check a workspace and repair what is safe: permissions, and an index that is behind.

    With `rebuild`, damaged databases are replaced by what the files and the readable rows give, all
    projections are made anew from the stored bytes, and the index from the projections. A workspace that
    cannot be written is only checked.
    """
    findings: list[Finding] = []
    obstacle = why_not_writable(paths.workflow)
    if obstacle and (rebuild or obstacle == FULL):
        text = f"{obstacle}; it was checked, and nothing was {'rebuilt' if rebuild else 'repaired'}"
        hint = "Check its permissions, and the space left on the disk."
        findings.append(Finding(ERROR if rebuild else WARNING, "workspace", text, hint))
        rebuild = False
    names = paths.spec_names()
    for done, name in enumerate(names):
        if progress:
            progress(done, len(names), name)
        findings += _spec_findings(paths, name, rebuild)
    findings += _index_findings(paths, rebuild, writable=not obstacle)
    findings += _search_findings(paths)
    findings += _permission_findings(paths)
    findings += _leftover_findings(paths)
    findings += _configuration_findings(paths)
    findings += _hook_findings(paths)
    if progress:
        progress(len(names), len(names), "")
    return findings


def why_not_writable(folder: Path) -> str:
    """Why nothing in a folder can be repaired; empty when it can."""
    if not os.access(folder, os.W_OK):
        return "is read-only"
    return FULL if has_no_room(folder) else ""


def _spec_findings(paths: WorkspacePaths, name: str, rebuild: bool) -> Iterator[Finding]:
    try:
        path = paths.spec_db(name)
        if not os.path.lexists(path):
            yield Finding(WARNING, name, "was never harvested", f"spw harvest {name}")
            return
        if rebuild:
            yield from _rebuilt(paths, name)
        hint = _AFTER_REBUILD if rebuild else _REBUILD
        with SpecStore.reading(path) as store:
            if store is None:
                foreign = f"spw harvest {name} takes it over, after a copy"
                yield Finding(WARNING, name, "has a database of another tool", foreign)
                return
            problems = _problems(store, name)
            for problem in problems[:_LONGEST_LIST]:
                yield Finding(ERROR, name, problem, hint)
            if not problems:
                versions = len(store.versions())
                yield Finding(OK, name, f"{versions} versions of files, every byte as it was stored")
                for table in _differing_projections(store, name):
                    yield Finding(WARNING, name, f"{table} is not what its files say", hint)
    except CorruptStore as error:
        yield Finding(ERROR, name, error.message, _AFTER_REBUILD if rebuild else _REBUILD)
    except SpwError as error:
        yield Finding(ERROR, name, error.message, error.hint)


def _rebuilt(paths: WorkspacePaths, name: str) -> Iterator[Finding]:
    path = paths.spec_db(name)
    try:
        with SpecStore.reading(path) as store:
            problems = [] if store is None else _problems(store, name)
    except CorruptStore as error:
        problems = [error.message]
    report = rebuild_spec(paths, name, problems[0]) if problems else harvest_spec(paths, name)
    for remark in report.errors:
        if remark.path == path.name:
            yield Finding(REPAIRED, name, remark.error)
    with SpecStore.writing(path) as writable, writable.transaction():
        touched = project_anew(writable, name)
    if touched:
        yield Finding(REPAIRED, name, f"{touched} rows of the projections were made anew")


def _problems(store: SpecStore, name: str) -> list[str]:
    """Everything in a database that only building it anew can repair."""
    problems = [*check_integrity(store.connection), *_damaged_versions(store)]
    if not problems:
        try:
            _differing_projections(store, name)
        except (ValueError, TypeError, KeyError) as error:
            problems.append(f"holds what no harvest wrote: {error}")
    return problems


def _damaged_versions(store: SpecStore) -> Iterator[str]:
    for version in store.versions():
        try:
            store.version_bytes(version)
        except ValueError as error:
            yield f"{version.rel_path} ({version.since}): {error}"


def _differing_projections(store: SpecStore, name: str) -> list[str]:
    if store.meta().get(UNPROJECTED):
        return []  # known to be behind; the harvest that follows makes them anew
    artifacts = counted(store.artifacts().values())
    empty_runs = stored_empty_runs(store.meta())
    fresh = to_rows(project(name, stored_sources(store, artifacts), empty_runs=empty_runs))
    stored = store.projections()
    return [
        table
        for table, rows in fresh.items()
        if table not in _NOT_REBUILT and _as_set(rows) != _as_set(stored[table])
    ]


def _as_set(rows: Any) -> set[tuple[tuple[str, object], ...]]:
    return {tuple(sorted(row.items())) for row in rows}


def _index_findings(paths: WorkspacePaths, rebuild: bool, *, writable: bool) -> Iterator[Finding]:
    if not os.path.lexists(paths.index_db):
        yield Finding(WARNING, "index", "there is no index yet", "spw harvest --all")
        return
    try:
        if writable:
            yield from _index_repairs(paths, rebuild)
        elif behind := _specs_behind(paths):
            yield Finding(WARNING, "index", f"is behind for {', '.join(behind[:8])}", "spw harvest --all")
        with IndexStore.reading(paths.index_db) as opened:
            if opened is None:
                return
            problems = _index_problems(opened)
            if writable:  # else the index may rightly be behind, which was said
                problems += _missing_documents(paths, opened)
            for problem in problems[:_LONGEST_LIST]:
                yield Finding(ERROR, "index", problem, _REBUILD)
            if not problems:
                yield Finding(OK, "index", f"{opened.count()} documents")
    except CorruptStore as error:
        yield Finding(ERROR, "index", error.message, _REBUILD)
    except SpwError as error:
        yield Finding(ERROR, "index", error.message, error.hint)


def _index_repairs(paths: WorkspacePaths, rebuild: bool) -> Iterator[Finding]:
    seen = identity_of(paths.index_db)
    try:
        if rebuild:
            with IndexStore.writing(paths.index_db) as index:
                with index.transaction():
                    index.clear()
                if problems := check_integrity(index.connection):
                    raise CorruptStore(problems[0])
        behind = _specs_behind(paths)
    except CorruptStore as error:
        if rebuild and (moved := put_aside(paths, seen)):  # damage that emptying it did not end
            yield Finding(REPAIRED, "index", f"{error.message}; moved to {moved.name} and built anew")
        behind = []
    for remark in sync_index(paths, dict.fromkeys(paths.spec_names()), everything=True):
        yield Finding(REPAIRED, "index", remark)
    if behind:
        what = "was made anew" if rebuild else f"was behind for {', '.join(behind[:8])}"
        yield Finding(REPAIRED, "index", what)


def _search_findings(paths: WorkspacePaths) -> Iterator[Finding]:
    """What searches by meaning rest on, and how to get something better."""
    if not paths.index_db.exists():
        return
    try:
        text, hint = search_state(paths)
    except SpwError:
        return  # the findings of the index say it
    yield Finding(OK, "search", text, hint)


def _index_problems(index: IndexStore) -> list[str]:
    return [*check_integrity(index.connection), *index.inconsistencies()]


def _specs_behind(paths: WorkspacePaths) -> list[str]:
    behind = []
    with IndexStore.reading(paths.index_db) as index:
        indexed = index.spec_revisions() if index else {}
        for name in paths.spec_names():
            try:
                with SpecStore.reading(paths.spec_db(name)) as store:
                    if store and index and indexed.get(name) != store.revision():
                        behind.append(name)
            except SpwError:
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
        except SpwError:
            continue
        present = {
            path: columns["content_hash"] for path, (_, columns) in index.documents(SPEC_SOURCE, name).items()
        }
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
    for folder, folders, files in os.walk(paths.workflow):
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            if name.startswith(_COPIES) and not name.endswith(("-wal", "-shm")):
                is_copy = ".before-upgrade-" in name
                what = "is as it was before an upgrade" if is_copy else "is left from a repair"
            elif name.startswith(".") and name.endswith(TEMPORARY_SUFFIX):
                what = "is left from an interrupted write"
            else:
                continue
            with suppress(OSError):  # just removed by somebody
                text = f"{path.relative_to(paths.root)} ({path.lstat().st_size} bytes) {what}"
                yield Finding(WARNING, "workspace", text, "Delete it when nothing in it is needed.")


def _configuration_findings(paths: WorkspacePaths) -> Iterator[Finding]:
    """What of the configuration does not count: nothing else would tell a person that a key is misspelt."""
    for warning in load_config(paths).warnings[:_LONGEST_LIST]:
        yield Finding(WARNING, "configuration", warning)


def _hook_findings(paths: WorkspacePaths) -> Iterator[Finding]:
    for text, hint in installation_problems(paths.root):
        yield Finding(WARNING, "hook", text, hint)


def _databases(paths: WorkspacePaths) -> Iterator[Path]:
    for path in (paths.index_db, *(paths.spec_db(name) for name in paths.spec_names())):
        if path.is_file() and not path.is_symlink():
            yield path
