"""Walking the two folders of a spec: one `stat` per file, no link followed, nothing opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from spw_core.domain.model import FileError
from spw_core.domain.places import Area
from spw_core.names import SPEC_DB, TEMPORARY_SUFFIX
from spw_core.workspace import WorkspacePaths


class FoundFile(NamedTuple):  # not a dataclass: thousands are made for each look at a workspace
    """A regular file. `rel_path` uses `/` and is relative to the folder of its area."""

    area: Area
    rel_path: str
    full_path: str
    size: int
    mtime_ns: int
    inode: int
    mode: int


@dataclass(slots=True)
class Scan:
    """What a walk found. `tops` are the folders of the areas, `blind` those inside (with a final `/`)
    that could not be listed."""

    tops: dict[str, str] = field(default_factory=dict)
    files: list[FoundFile] = field(default_factory=list)
    errors: list[FileError] = field(default_factory=list)
    blind: list[tuple[Area, str]] = field(default_factory=list)

    def is_there_now(self, area: Area, rel_path: str) -> bool:
        """Look once more: a file may have come, and been harvested by another process, since the walk."""
        return os.path.lexists(f"{self.tops[area]}/{rel_path}")

    def is_blind(self, area: Area, rel_path: str) -> bool:
        """True when nothing can be said about this path because a folder above it could not be listed."""
        return any(area is where and rel_path.startswith(prefix) for where, prefix in self.blind)


def area_folder(paths: WorkspacePaths, name: str, area: Area) -> Path:
    """The folder that `rel_path` is relative to."""
    return paths.spec_dir(name) if area is Area.SPEC else paths.approvals_dir(name)


def scan_spec(paths: WorkspacePaths, name: str, skip: Collection[str] = ()) -> Scan:
    """List every file of a spec and of its approvals; `skip` holds spec-relative folders to leave out."""
    scan = Scan()
    for area in Area:
        folder = area_folder(paths, name, area)
        scan.tops[area] = str(folder)
        if area is Area.APPROVALS and not folder.is_dir():
            continue
        _walk(scan, area, str(folder), skip if area is Area.SPEC else ())
    return scan


def _walk(scan: Scan, area: Area, top: str, skip: Collection[str]) -> None:
    pending = [("", top)]
    while pending:
        prefix, folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    _take(scan, area, prefix, entry, pending, skip)
        except OSError as error:
            scan.blind.append((area, prefix))
            scan.errors.append(
                FileError(_printable(prefix.rstrip("/")) or ".", f"cannot be listed: {_why(error)}")
            )


def _take(
    scan: Scan,
    area: Area,
    prefix: str,
    entry: os.DirEntry[str],
    pending: list[tuple[str, str]],
    skip: Collection[str],
) -> None:
    name = entry.name
    rel_path = prefix + name
    if not name.isascii() and not _is_utf8(name):
        scan.errors.append(FileError(_printable(rel_path), "the name is not valid UTF-8; not stored"))
        return
    if entry.is_dir(follow_symlinks=False):  # the system said so when it listed the folder: no stat
        if rel_path not in skip:
            pending.append((rel_path + "/", entry.path))
        return
    if name.endswith(TEMPORARY_SUFFIX) or (not prefix and area is Area.SPEC and _is_database(name)):
        return
    try:
        info = entry.stat(follow_symlinks=False)
    except OSError as error:
        if not isinstance(error, FileNotFoundError):  # gone since the folder was listed: nothing to say
            scan.errors.append(FileError(rel_path, f"cannot be examined: {_why(error)}"))
        return
    if stat.S_ISREG(info.st_mode):
        scan.files.append(
            FoundFile(
                area, rel_path, entry.path, info.st_size, info.st_mtime_ns, info.st_ino & _INT64, info.st_mode
            )
        )
    else:
        scan.errors.append(FileError(rel_path, f"{_file_type(info.st_mode)}; not stored"))


# Inode numbers are unsigned 64-bit on some file systems, SQLite integers are signed.
_INT64 = 0x7FFF_FFFF_FFFF_FFFF


def _is_database(name: str) -> bool:
    return name == SPEC_DB or name.startswith((SPEC_DB + "-", SPEC_DB + "."))


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _printable(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _file_type(mode: int) -> str:
    for check, text in _FILE_TYPES:
        if check(mode):
            return text
    return "not a regular file"


_FILE_TYPES = (
    (stat.S_ISLNK, "a symbolic link, not followed"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


def _why(error: OSError) -> str:
    return error.strerror or str(error)
