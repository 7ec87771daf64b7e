"""Walking the two folders of a spec: one `stat` per file, no link followed, nothing opened."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from spw_core.domain.model import FileError
from spw_core.domain.places import Area
from spw_core.domain.runs import is_run_folder
from spw_core.errors import InvalidName
from spw_core.harvest.inside import entry_inside
from spw_core.harvest.read_file import INT64, storable
from spw_core.names import APPROVALS_DIR, SPEC_DB, TEMPORARY_SUFFIX
from spw_core.workspace import WorkspacePaths


class FoundFile(NamedTuple):  # not a dataclass: thousands are made for each look at a workspace
    """A regular file. `rel_path` uses `/` and is relative to the folder of its area."""

    area: Area
    rel_path: str
    size: int
    mtime_ns: int
    inode: int
    mode: int


class FoundFolder(NamedTuple):
    """A folder that was listed, with its numbers of just before. `rel_path` is as of a file; the folder of
    the approvals itself is the empty text, that of the spec is not among them."""

    area: Area
    rel_path: str
    mtime_ns: int
    inode: int
    mode: int


@dataclass(slots=True)
class Scan:
    """What a walk found. `tops` are the folders of the areas, `blind` those inside (with a final `/`) that
    could not be listed, `empty_runs` those of runs that hold no file yet, with their modification times
    (ns): to make one is to begin the run, `temporaries` what stands in for files, or did when a process was
    killed: (area, path). `database_alone` tells that there is nothing but the database.
    """

    tops: dict[str, Path]
    started_ns: int = field(default_factory=time.time_ns)
    files: list[FoundFile] = field(default_factory=list)
    folders: list[FoundFolder] = field(default_factory=list)
    errors: list[FileError] = field(default_factory=list)
    blind: list[tuple[Area, str]] = field(default_factory=list)
    empty_runs: dict[str, int] = field(default_factory=dict)
    temporaries: list[tuple[Area, str]] = field(default_factory=list)
    database_alone: bool = False

    def is_there_now(self, area: Area, rel_path: str) -> bool:
        """Look once more: a file may have come, and been harvested by another process, since the walk."""
        try:
            with entry_inside(self.tops[area], rel_path) as entry:
                info = entry.lstat()
        except (OSError, ValueError):
            return False
        return info is not None and stat.S_ISREG(info.st_mode)

    def is_blind(self, area: Area, rel_path: str) -> bool:
        """True when it cannot be told whether this path was deleted.

        A folder above it could not be listed, or the database of the spec is there without a single file, as
        on a branch that does not have the spec: then what it knows is all there is to know.
        """
        if self.database_alone and area is Area.SPEC:
            return True
        return any(area is where and rel_path.startswith(prefix) for where, prefix in self.blind)


def area_folder(paths: WorkspacePaths, name: str, area: Area) -> Path:
    """The folder that `rel_path` is relative to. Raises InvalidName when it is a symbolic link."""
    return paths.spec_dir(name) if area is Area.SPEC else paths.approvals_dir(name)


def spec_folders(paths: WorkspacePaths, name: str) -> dict[str, Path]:
    """The folder of each area, a link where the approvals are one. Raises InvalidName when the spec's is."""
    return {Area.SPEC: paths.spec_dir(name), Area.APPROVALS: paths.workflow / APPROVALS_DIR / name}


def scan_spec(paths: WorkspacePaths, name: str, skip: Collection[str] = ()) -> Scan:
    """List every file of a spec and of its approvals; `skip` holds spec-relative folders to leave out.

    Raises InvalidName when the spec's folder is a symbolic link.
    """
    scan = Scan(spec_folders(paths, name))
    _Walk(scan, Area.SPEC, skip).take(scan.tops[Area.SPEC])
    try:
        paths.approvals_dir(name)  # refuses a link
        if os.path.lexists(scan.tops[Area.APPROVALS]):
            _Walk(scan, Area.APPROVALS, ()).take(scan.tops[Area.APPROVALS])
    except InvalidName as error:
        scan.blind.append((Area.APPROVALS, ""))
        scan.errors.append(FileError(f"{APPROVALS_DIR}/{name}", error.message))
    return scan


class _Walk:
    """One walk down a folder. On POSIX each step is taken from the open folder above it and follows no link,
    so that a folder swapped for a link during the walk is refused by the kernel."""

    def __init__(self, scan: Scan, area: Area, skip: Collection[str]) -> None:
        self._scan = scan
        self._area = area
        self._skip = skip

    def take(self, top: Path) -> None:
        self._folder("", str(top), None)

    def _folder(self, prefix: str, path: str, above: int | None) -> None:
        """List one folder; `prefix` is its path below the top with a final `/`, `above` its parent, open."""
        fd = None
        try:
            if _BY_DESCRIPTOR:
                fd = os.open(path if above is None else prefix.split("/")[-2], _FOLDER_FLAGS, dir_fd=above)
            if prefix or self._area is Area.APPROVALS:
                info = os.lstat(path) if fd is None else os.fstat(fd)
                numbers = (info.st_mtime_ns, info.st_ino, info.st_mode)
                self._scan.folders.append(FoundFolder(self._area, prefix[:-1], *numbers))
            with os.scandir(path if fd is None else fd) as listing:
                entries = list(listing)
            if not prefix and self._area is Area.SPEC:
                names = [entry.name for entry in entries]
                self._scan.database_alone = bool(names) and all(name.startswith(SPEC_DB) for name in names)
            files_before = len(self._scan.files)
            for entry in entries:
                # The system said so when it listed the folder: no stat.
                if entry.is_dir(follow_symlinks=False):
                    if self._is_named_well(prefix + entry.name) and prefix + entry.name not in self._skip:
                        self._folder(f"{prefix}{entry.name}/", f"{path}/{entry.name}", fd)
                else:
                    self._file(prefix, entry)
            if len(self._scan.files) == files_before and self._is_run(prefix):
                info = Path(path).lstat() if fd is None else os.fstat(fd)
                self._scan.empty_runs[prefix[:-1]] = storable(info.st_mtime_ns)
        except OSError as error:
            if not isinstance(error, FileNotFoundError) or not prefix:
                self._scan.blind.append((self._area, prefix))
                self._report(prefix.rstrip("/") or ".", f"cannot be listed: {_why(error)}")
        finally:
            if fd is not None:
                os.close(fd)

    def _is_run(self, prefix: str) -> bool:
        return self._area is Area.SPEC and "/run-" in prefix and is_run_folder(prefix[:-1])

    def _is_named_well(self, rel_path: str) -> bool:
        if rel_path.isascii() or _is_utf8(rel_path):
            return True
        self._report(rel_path, "the name is not valid UTF-8; not stored")
        return False

    def _file(self, prefix: str, entry: os.DirEntry[str]) -> None:
        name = entry.name
        rel_path = prefix + name
        if not self._is_named_well(rel_path):
            return
        if is_temporary(name):
            self._scan.temporaries.append((self._area, rel_path))
            return
        if not prefix and self._area is Area.SPEC and is_ours(name):
            return
        try:
            info = entry.stat(follow_symlinks=False)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):  # gone since the folder was listed: nothing to say
                self._report(rel_path, f"cannot be examined: {_why(error)}")
            return
        mtime_ns = info.st_mtime_ns
        if stat.S_ISREG(info.st_mode):
            self._scan.files.append(
                FoundFile(
                    self._area,
                    rel_path,
                    info.st_size,
                    mtime_ns if -INT64 <= mtime_ns <= INT64 else storable(mtime_ns),
                    info.st_ino & INT64,
                    info.st_mode,
                )
            )
        else:
            self._report(rel_path, f"{_file_type(info.st_mode)}; not stored")

    def _report(self, rel_path: str, text: str) -> None:
        self._scan.errors.append(FileError(_printable(rel_path), text))


_BY_DESCRIPTOR = os.scandir in os.supports_fd and os.open in os.supports_dir_fd
_FOLDER_FLAGS = os.O_RDONLY
for _name in ("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC"):  # not every system has every one
    _FOLDER_FLAGS |= getattr(os, _name, 0)


# Exactly the names that we or SQLite give: `spec.db.md` and `spec.db-notes.md` are files of a user's.
_DATABASES = frozenset(SPEC_DB + suffix for suffix in ("", "-wal", "-shm", "-journal"))
_COPIES = tuple(
    SPEC_DB + suffix for suffix in (".corrupt-", ".before-upgrade-", ".before-restore-", ".rebuild")
)


def is_ours(name: str) -> bool:
    """True for an entry of a spec's own folder that belongs to us: a database, a copy of one, a temporary."""
    return name in _DATABASES or name.startswith(_COPIES) or is_temporary(name)


def is_temporary(name: str) -> bool:
    """True for what stands in for a file while that is written."""
    return name.endswith(TEMPORARY_SUFFIX) and name.startswith(".")


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
