"""Files that a cleanup removed while nobody could tell whether a program has them open for writing.

A name that is taken away stops no program that holds the file open, and what it writes later would be lost.
Linux tells of such programs, to the owner of a file (`in_use`). Elsewhere the file itself goes to a folder of
ours for a day, by the path that it had, and every harvest looks whether it has bytes that are not stored.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from spw_core.domain.places import Area
from spw_core.errors import SpwError
from spw_core.harvest.inside import Entry, entry_inside
from spw_core.harvest.intake import new_content
from spw_core.harvest.read_file import read_file
from spw_core.moments import utc_text
from spw_core.names import APPROVALS_DIR, CACHE_DIR, SPECS_DIR, is_valid_name
from spw_core.store.at_rest import RACY_NS
from spw_core.store.spec import SpecStore
from spw_core.workspace import WorkspacePaths

_FOLDER = f"{CACHE_DIR}/removed"
_KEPT_NS = 24 * 60 * 60 * 1_000_000_000
_AREAS = {SPECS_DIR: Area.SPEC, APPROVALS_DIR: Area.APPROVALS}


class _Late(NamedTuple):
    """A file here: where it is below its batch's folder, and what it was."""

    path: str
    spec: str
    area: Area
    rel_path: str


def put_away(paths: WorkspacePaths, removed_ns: int, file: Entry, *, path: str) -> bool:
    """Move a file here that a cleanup which began at `removed_ns` is about to remove; False where that is
    not possible. `path` is that of the file below `.spec-workflow/`."""
    try:
        with entry_inside(paths.workflow, f"{_FOLDER}/{removed_ns}/{path}", create=True) as place:
            file.move_over(place)
    except OSError:  # another file system, a path that gets too long
        return False
    return True


def store_late(paths: WorkspacePaths, limit: Callable[[], int]) -> list[str]:
    """Store what was written since into files that are here, and remove those that are here for a day.

    Returns a remark for each file that got something. `limit` tells the most bytes of a file that are stored.
    """
    top = paths.workflow / _FOLDER
    try:
        batches = [name for name in os.listdir(top) if name.isascii() and name.isdigit()]
    except OSError:  # there never was one
        return []
    remarks = []
    for batch in sorted(batches):
        removed_ns = int(batch)
        is_old = removed_ns < time.time_ns() - _KEPT_NS
        for late in _files(top / batch):
            try:
                written = (top / batch / late.path).lstat().st_mtime_ns >= removed_ns - RACY_NS
                if written or is_old:
                    stored, is_new = _store(paths, top / batch, late, limit())
                    if is_new:
                        remarks.append(f"{late.path} was written after it was cleaned up; that is stored now")
                    if stored and is_old:
                        (top / batch / late.path).unlink()
            except (OSError, SpwError):
                continue  # the next harvest tries again
        if is_old:
            _remove_empty(top / batch)
    return remarks


def _files(batch: Path) -> Iterator[_Late]:
    for folder, _, names in os.walk(batch):
        for name in names:
            path = Path(folder, name).relative_to(batch).as_posix()
            area, _, rest = path.partition("/")
            spec, _, rel_path = rest.partition("/")
            if area in _AREAS and is_valid_name(spec) and rel_path:
                yield _Late(path, spec, _AREAS[area], rel_path)


def _store(paths: WorkspacePaths, batch: Path, late: _Late, limit: int) -> tuple[bool, bool]:
    """(whether the bytes of a file here are stored, whether they were not before)."""
    content = read_file(batch, late.path, limit=limit)
    if content.content is None or not os.path.lexists(paths.spec_db(late.spec)):
        return False, False
    with SpecStore.writing(paths.spec_db(late.spec)) as store, store.transaction():
        key = (str(late.area), late.rel_path)
        if any(
            (version.area, version.rel_path, version.content_hash) == (*key, content.content_hash)
            and version.has_bytes
            for version in store.versions()
        ):
            return True, False
        artifact = store.artifacts().get(key)
        if artifact is None:
            return False, False
        now_ns = time.time_ns()
        store.replace(artifact.id, new_content(late.area, late.rel_path, content, now_ns), utc_text(now_ns))
        if artifact.removed_at is not None:  # else the next harvest finds what is in its place now
            store.mark_removed(artifact.id, artifact.removed_at)
            if artifact.cleaned_at is not None:  # and not before it was written: that would be a new run
                store.mark_cleaned([artifact.id], utc_text(now_ns))
        store.note_change()
    return True, True


def _remove_empty(batch: Path) -> None:
    for folder, _, _ in os.walk(batch, topdown=False):
        with suppress(OSError):  # something in it is not stored
            Path(folder).rmdir()
