"""Whether anything about a spec may be different since the last look, told without reading any of it.

SQLite's `data_version` says the same of a database, but only to a connection that stays open; that would
leave side files beside the database and take the fast way of reading (`store.at_rest`) from everybody.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spw_core.domain.places import Area
from spw_core.errors import StoreError
from spw_core.harvest.scan import scan_spec
from spw_core.store.spec import SpecStore
from spw_core.workspace import WorkspacePaths

_Numbers = tuple[int, int, int]
IndexGlance = tuple[_Numbers, _Numbers]


@dataclass(frozen=True, slots=True)
class Glance:
    """How a spec looked; equal ones stand for equal facts.

    `files` has (time, size, inode) of each file outside sealed runs, `sealed` those runs as of the database
    with these numbers.
    """

    database: tuple[_Numbers, _Numbers]
    sealed: frozenset[str]
    files: Mapping[tuple[Area, str], _Numbers]
    empty_runs: Mapping[str, int]
    problems: tuple[str, ...]


def glance(paths: WorkspacePaths, name: str, before: Glance | None = None) -> Glance:
    """Look at a spec; with the glance `before`, its database is opened only if that changed meanwhile.

    Raises InvalidName when the spec's folder is a link.
    """
    database = paths.spec_db(name)
    numbers = (_numbers(database), _numbers(database.with_name(f"{database.name}-wal")))
    sealed = before.sealed if before and before.database == numbers else _sealed_runs(database)
    scan = scan_spec(paths, name, sealed)
    files = {(file.area, file.rel_path): (file.mtime_ns, file.size, file.inode) for file in scan.files}
    return Glance(numbers, sealed, files, scan.empty_runs, tuple(error.error for error in scan.errors))


def index_glance(paths: WorkspacePaths) -> IndexGlance:
    """How the index looks from outside; equal looks, equal contents."""
    return _numbers(paths.index_db), _numbers(paths.index_db.with_name(f"{paths.index_db.name}-wal"))


def _numbers(path: Path) -> _Numbers:
    """What a commit changes of a file; zeros for one that is empty or not there."""
    try:
        info = os.lstat(path)
    except OSError:
        return 0, 0, 0
    return (info.st_mtime_ns, info.st_size, info.st_ino) if info.st_size else (0, 0, 0)


def _sealed_runs(database: Path) -> frozenset[str]:
    try:
        with SpecStore.reading(database) as store:
            return frozenset(store.sealed_runs()) if store else frozenset()
    except StoreError:
        return frozenset()  # what reads the spec tells
