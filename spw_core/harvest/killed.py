"""Putting right what a killed process left beside the files of a spec: other names of them, and halves.

A file is taken aside for a moment before it is removed or replaced (`inside.aside_of`), and written by
another name before it gets its own (`inside.write_whole`). Whoever does so holds the file's lock, which
ends with the process; so a file by such a name that can be locked belongs to nobody any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from spw_core.domain.places import Area
from spw_core.errors import StoreError
from spw_core.harvest.in_use import is_open_for_writing
from spw_core.harvest.inside import Entry, entry_inside, held, mark_of, remove_left_over
from spw_core.harvest.read_file import read_once
from spw_core.harvest.scan import Scan, scan_spec
from spw_core.names import SPEC_DB, TEMPORARY_SUFFIX
from spw_core.store.spec import SpecStore, StoredVersion
from spw_core.workspace import WorkspacePaths

_OURS = re.compile(rf"\.([0-9a-f]{{20}})(-[0-9a-f]{{8}})?{re.escape(TEMPORARY_SUFFIX)}")


def scan_put_right(paths: WorkspacePaths, name: str) -> Scan:
    """As `scan_spec`, after what a killed process left among the files of a spec was put right.

    A file that was aside gets its name back, or goes when there is another by that name and its bytes are
    stored; what was not yet written whole goes. Whatever cannot be told stays, and the doctor names it.
    """
    scan = scan_spec(paths, name)
    left = [(area, path) for area, path in scan.temporaries if _OURS.fullmatch(path.rpartition("/")[2])]
    if left and any(list(_put_right(paths, name, scan, left))):
        return scan_spec(paths, name)
    return scan


def _put_right(
    paths: WorkspacePaths, name: str, scan: Scan, left: Iterable[tuple[Area, str]]
) -> Iterator[bool]:
    """For each of them whether anything was done about it."""
    versions = _versions(paths, name)
    names = {(Area.SPEC, "", mark_of(SPEC_DB)): SPEC_DB}
    known = [(version.area, version.rel_path) for version in versions]
    for area, path in [*known, *((file.area, file.rel_path) for file in scan.files)]:
        folder, _, base = path.rpartition("/")
        names[Area(area), folder, mark_of(base)] = base
    for area, path in left:
        folder, _, base = path.rpartition("/")
        found = _OURS.fullmatch(base)
        original = found and names.get((area, folder, found[1]))
        if not found or not original:
            continue
        stored = {
            version.content_hash
            for version in versions
            if version.has_bytes
            and (version.area, version.rel_path) == (area, f"{folder}/{original}".lstrip("/"))
        }
        try:
            with entry_inside(scan.tops[area], path) as entry:
                is_aside = found[2] is not None
                yield _bring_back(entry, original, stored) if is_aside else remove_left_over(entry)
        except (OSError, ValueError):  # not ours to open, or gone: then it is named by the doctor, or right
            yield False


def _versions(paths: WorkspacePaths, name: str) -> list[StoredVersion]:
    try:
        with SpecStore.reading(paths.spec_db(name)) as store:
            return store.versions() if store else []
    except StoreError:  # whoever opens it next says so
        return []


def _bring_back(aside: Entry, name: str, stored: set[str]) -> bool:
    """Give a file that was aside its name again, or remove it where that is taken and its bytes are safe."""
    with held(aside, surely=True) as is_ours:
        if not is_ours:
            return False
        original = aside.sibling(name)
        try:
            aside.move_to_free(original)
        except FileExistsError:
            if not _is_one_file(aside, original):
                content = read_once(aside, whole=True)
                if content is None or content.content_hash not in stored or is_open_for_writing(aside):
                    return False
            aside.unlink()
    return True


def _is_one_file(one: Entry, other: Entry) -> bool:
    """True for two names of the same file: it was killed between giving the one and taking the other."""
    first, second = one.lstat(), other.lstat()
    return bool(first and second and (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino))
