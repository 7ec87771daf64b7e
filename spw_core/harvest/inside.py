"""Touching files inside one folder and nowhere else: every step down is taken without following a link.

On systems with directory descriptors a link that appears at the last moment is refused by the kernel;
elsewhere each folder is looked at first.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from spw_core.digest import sha256_hex
from spw_core.names import TEMPORARY_SUFFIX

if sys.platform != "win32":
    import fcntl

_HAS_DIR_FD = os.open in os.supports_dir_fd and os.unlink in os.supports_dir_fd
_HAS_LOCKS = sys.platform != "win32"
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_NAP_S = 0.002
_NO_NAMES = frozenset(("", ".", ".."))


class Entry(NamedTuple):
    """A name in a folder that is held open. Where the system has no such thing, `dir_fd` is None and
    `folder` the path of it."""

    name: str
    dir_fd: int | None
    folder: Path

    @property
    def _path(self) -> str:
        return self.name if self.dir_fd is not None else str(self.folder / self.name)

    def lstat(self) -> os.stat_result | None:
        """Status of the entry itself; None when there is nothing by this name."""
        try:
            return os.stat(self._path, dir_fd=self.dir_fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def open(self, flags: int, mode: int = 0o600) -> int:
        """A descriptor; fails for a link."""
        return os.open(self._path, flags | _NOFOLLOW | _BINARY, mode, dir_fd=self.dir_fd)

    def chmod(self, mode: int) -> None:
        os.chmod(self._path, mode, dir_fd=self.dir_fd)

    def set_mtime(self, nanoseconds: int) -> None:
        os.utime(self._path, ns=(nanoseconds, nanoseconds), dir_fd=self.dir_fd)

    def unlink(self) -> None:
        os.unlink(self._path, dir_fd=self.dir_fd)

    def mkdir(self) -> None:
        """Make a folder; raises FileExistsError when there is anything by this name."""
        os.mkdir(self._path, dir_fd=self.dir_fd)

    def rmdir(self) -> None:
        os.rmdir(self._path, dir_fd=self.dir_fd)

    def move_over(self, other: Entry) -> None:
        """Rename this entry to another in the same folder, replacing it."""
        os.replace(self._path, other._path, src_dir_fd=self.dir_fd, dst_dir_fd=other.dir_fd)

    def move_to_free(self, other: Entry) -> None:
        """As `move_over`, but raises FileExistsError rather than replace anything."""
        if self.dir_fd is None:
            os.rename(self._path, other._path)  # noqa: PTH104 - refuses to replace on Windows
            return
        try:
            os.link(
                self._path,
                other._path,
                src_dir_fd=self.dir_fd,
                dst_dir_fd=other.dir_fd,
                follow_symlinks=False,  # else a link would become one more name of its target
            )
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            # exFAT and some network file systems: what is left is to look, and then to rename.
            if other.lstat() is not None:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), other._path) from error
            self.move_over(other)
            return
        self.unlink()

    def sibling(self, name: str) -> Entry:
        return Entry(name, self.dir_fd, self.folder)

    def sync_folder(self) -> None:
        """Make a rename in the folder durable."""
        if self.dir_fd is not None:
            os.fsync(self.dir_fd)


class Descent:
    """Steps down from `top` to one entry after another. The folders on the way are held open until an entry
    lies elsewhere, so that many entries of one folder, in order, cost one walk. Close it at the end."""

    def __init__(self, top: Path, *, create: bool = False) -> None:
        self._top = top
        self._create = create
        self._names: list[str] = []
        self._fds: list[int] = []  # of the top, then of each of the names
        self._made: set[int] = set()  # which of the names are new, by their depth

    def entry(self, rel_path: str) -> Entry:
        """The entry `rel_path` (with `/`), good until the next is asked for.

        Raises OSError when a part of the way is missing, no folder, or a link, and ValueError for a path
        with empty, `.` or `..` parts.
        """
        *folders, name = parts = rel_path.split("/")
        if not _NO_NAMES.isdisjoint(parts) or "\0" in rel_path:
            raise ValueError(f"not a path inside a folder: {rel_path!r}")
        if not _HAS_DIR_FD:
            return Entry(name, None, _walk_by_path(self._top, folders, self._create))
        if folders != self._names or not self._fds:
            self._go_to(folders)
        return Entry(name, self._fds[-1], self._top)

    def _go_to(self, folders: list[str]) -> None:
        if not self._fds:
            self._fds.append(os.open(self._top, os.O_RDONLY | _DIRECTORY))
        shared = 0
        while shared < min(len(folders), len(self._names)) and folders[shared] == self._names[shared]:
            shared += 1
        self._leave(shared)
        for part in folders[shared:]:
            if self._create:
                with suppress(FileExistsError):  # the next open refuses anything but a folder
                    os.mkdir(part, dir_fd=self._fds[-1])
                    self._made.add(len(self._names))
            self._fds.append(os.open(part, os.O_RDONLY | _DIRECTORY | _NOFOLLOW, dir_fd=self._fds[-1]))
            self._names.append(part)

    def unmake(self) -> None:
        """Remove the folders that were made on the way to this entry, unless there is something in them."""
        for depth in range(len(self._names) - 1, -1, -1):
            if depth in self._made:
                with suppress(OSError):
                    os.rmdir(self._names[depth], dir_fd=self._fds[depth])

    def _leave(self, depth: int) -> None:
        self._made = {made for made in self._made if made < depth}
        del self._names[depth:]
        while len(self._fds) > depth + 1:
            os.close(self._fds.pop())

    def close(self) -> None:
        self._names.clear()
        while self._fds:
            os.close(self._fds.pop())


@contextmanager
def entry_inside(top: Path, rel_path: str, *, create: bool = False) -> Iterator[Entry]:
    """One entry below `top` as `Descent.entry` gives it; missing folders are made on request.

    Where what is done with it fails, they go again: an empty folder of a run would be a run that has begun.
    """
    descent = Descent(top, create=create)
    try:
        yield descent.entry(rel_path)
    except BaseException:
        descent.unmake()
        raise
    finally:
        descent.close()


def aside_of(entry: Entry) -> Entry:
    """A name in the same folder that nobody else uses, for an entry that is taken out of the way while it is
    `held`. It tells whose it is (`mark_of`), should the process be killed before it is back or gone."""
    return entry.sibling(f".{mark_of(entry.name)}-{os.urandom(4).hex()}{TEMPORARY_SUFFIX}")


def free_name(entry: Entry) -> Entry:
    """A name in the same folder that nobody else uses, for something that nobody will miss."""
    return entry.sibling(f".{os.urandom(10).hex()}{TEMPORARY_SUFFIX}")


def mark_of(name: str) -> str:
    """What stands for a name in those of its temporary files: short, because the name itself may already be
    as long as the file system allows."""
    return sha256_hex(name.encode("utf-8", "surrogateescape"))[:20]


@contextmanager
def held(entry: Entry, wait_s: float = 0.0, *, surely: bool = False) -> Iterator[bool]:
    """Have the lock of a file, whatever its name is meanwhile; False when another process has it for longer,
    or put another file in its place.

    Whoever takes a file aside holds it, so that nobody takes it for one that a killed process left. Where
    files cannot be locked everybody gets it, or with `surely` nobody. Raises OSError when it cannot be
    opened, is a link, or is gone.
    """
    if sys.platform == "win32":
        yield not surely
        return
    fd = entry.open(os.O_RDONLY | os.O_NONBLOCK)
    try:
        deadline = time.monotonic() + wait_s
        while (is_ours := _try_lock(fd)) is False and time.monotonic() < deadline:
            time.sleep(_NAP_S)
        info = entry.lstat()
        if info is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), entry.name)
        is_same = info.st_ino == os.fstat(fd).st_ino
        yield is_same and (not surely if is_ours is None else is_ours)
    finally:
        os.close(fd)  # ends the lock


def _try_lock(fd: int) -> bool | None:
    """Whether the lock was free, and is ours now; None on a file system without locks."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def write_whole(
    entry: Entry,
    content: bytes | bytearray,
    *,
    replace: bool,
    mode: int = 0o666,
    finish: Callable[[Entry], None] | None = None,
) -> None:
    """Write a file through a temporary one in the same folder, so that nobody ever sees half of it.

    `mode` is reduced by the umask; `finish` is given the temporary file before it gets its name. Raises
    OSError; without `replace` also FileExistsError when there is something by that name.
    """
    temporary, fd = _begin_temporary(entry, mode)
    stream = os.fdopen(fd, "wb")
    try:
        stream.write(content)
        stream.flush()
        os.fsync(fd)
        if not _HAS_LOCKS:
            stream.close()  # Windows moves no file that is open; elsewhere this would end the lock
        if finish:
            finish(temporary)
        if replace:
            temporary.move_over(entry)
        else:
            temporary.move_to_free(entry)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    finally:
        with suppress(OSError):  # a full disk, which the flush has told of
            stream.close()
    entry.sync_folder()


def _begin_temporary(entry: Entry, mode: int) -> tuple[Entry, int]:
    """The file that an entry is written as, open and ours alone.

    It has always the same name, so that one which a killed process left is replaced; the lock tells it from
    one that another process is writing at this moment.
    """
    usual = entry.sibling(f".{mark_of(entry.name)}{TEMPORARY_SUFFIX}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    if sys.platform != "win32":
        with suppress(OSError):  # not there, or a link
            remove_left_over(usual)
        with suppress(FileExistsError):
            fd = usual.open(flags, mode)
            with suppress(OSError):  # a file system without locks
                fcntl.flock(fd, fcntl.LOCK_EX)
            if os.fstat(fd).st_nlink:
                return usual, fd
            os.close(fd)  # it was taken for a left over one before it was locked
    other = free_name(entry)
    return other, other.open(flags, mode)


def remove_left_over(temporary: Entry) -> bool:
    """Remove a temporary file that a killed process left; False when somebody is writing it, or it is gone.

    Raises OSError when it cannot be opened or removed.
    """
    with held(temporary, surely=True) as is_ours:
        if is_ours:
            temporary.unlink()
        return is_ours


def _walk_by_path(top: Path, folders: list[str], create: bool) -> Path:
    folder = top
    for part in folders:
        folder = folder / part
        if create and not folder.exists():
            folder.mkdir()
        info = folder.lstat()
        if stat.S_ISLNK(info.st_mode) or not stat.S_ISDIR(info.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    return folder
