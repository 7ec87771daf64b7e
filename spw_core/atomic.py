"""Replacing a file that others edit too: whole or not at all, and never over a change that was not seen.

A new version is written beside the file, flushed to disk, and moved over it while the folder is locked, if
the file still has the bytes that the new version was made from. Everybody who writes this way thus waits
for everybody else, so nothing is lost between them. Programs that know nothing of the lock (editors,
agents) could still write in the microseconds between the last look and the move.

The lock is an advisory one on the folder itself: unlike one on the file it outlives the file being
replaced, unlike a lock file it leaves nothing behind, and it ends with the process that holds it. Where
folders cannot be locked (Windows, some network file systems) only the last look protects.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from spw_core.errors import SpwError
from spw_core.names import TEMPORARY_SUFFIX

if sys.platform != "win32":
    import fcntl

_T = TypeVar("_T")

_LONGEST_WAIT_S = 10.0
_NAP_S = 0.002
_ATTEMPTS = 100

_READ = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):  # not every system has every one
    _READ |= getattr(os, _name, 0)


class WriteError(SpwError):
    """A file could not be replaced; it is as it was."""


class FileChanged(WriteError):
    """The file no longer has the bytes that the new version was made from."""


def update_file(path: Path, change: Callable[[bytes], tuple[bytes, _T]]) -> _T:
    """Replace the bytes of a file by what `change` makes of them, and return what else it says.

    `change` is called again when somebody was faster. The file is left alone when the bytes are the same.
    Raises WriteError, and whatever `change` raises.
    """
    for _ in range(_ATTEMPTS):
        before = _read(path)
        after, result = change(before)
        if after == before:
            return result
        with suppress(FileChanged):
            replace_file(path, after, expected=before)
            return result
    raise WriteError(f"{path} keeps changing", "Try again when nobody else writes it.")


def replace_file(path: Path, data: bytes, *, expected: bytes | None = None) -> None:
    """Make `data` the content of a file, keeping its mode and, where permitted, its owner.

    With `expected` the file must exist and have these bytes, else FileChanged is raised. Raises WriteError
    for anything but a regular file that may be written, links included.
    """
    temporary: Path | None = None
    try:
        before = _status(path)
        if before and not os.access(path, os.W_OK):
            raise WriteError(f"{path} is write-protected")
        temporary = _write_beside(path, data, before)
        with locked(path.parent):
            if expected is not None and _read(path) != expected:
                raise FileChanged(f"{path} was changed by somebody else")
            temporary.replace(path)
            temporary = None
        sync_folder(path.parent)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary:
            with suppress(OSError):
                temporary.unlink()


def _read(path: Path) -> bytes:
    """The bytes of a regular file; raises WriteError for a link and everything else that is none."""
    try:
        _status(path)
        fd = os.open(path, _READ)
        with os.fdopen(fd, "rb") as stream:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise WriteError(f"{path} is not a regular file")
            return stream.read()
    except OSError as error:
        raise WriteError(f"cannot read {path}: {error.strerror or error}") from error


def _status(path: Path) -> os.stat_result | None:
    try:
        info = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(info.st_mode):
        raise WriteError(f"{path} is a symbolic link", "Replace the link by the file itself.")
    if not stat.S_ISREG(info.st_mode):
        raise WriteError(f"{path} is not a regular file")
    return info


def _write_beside(path: Path, data: bytes, like: os.stat_result | None) -> Path:
    """A flushed file in the same folder, with mode and owner of the one it is to replace."""
    import tempfile  # which imports a lot

    fd, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=TEMPORARY_SUFFIX, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(fd, "wb") as stream:
            stream.write(data)
            stream.flush()
            if sys.platform != "win32":
                if like and (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
                    with suppress(PermissionError):  # only a privileged user may give files away
                        os.fchown(fd, like.st_uid, like.st_gid)
                os.fchmod(fd, stat.S_IMODE(like.st_mode) if like else 0o666 & ~_umask())
            os.fsync(fd)
    except BaseException:
        temporary.unlink()
        raise
    return temporary


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, or raise WriteError after waiting long for who holds it."""
    if sys.platform == "win32":
        yield
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + _LONGEST_WAIT_S
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise WriteError(f"{folder} is locked by another process") from None
                time.sleep(_NAP_S)
            except OSError:  # this file system has no such locks
                break
        yield
    finally:
        os.close(fd)  # ends the lock


@contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Hold the lock that a file of this name stands for; yields False when another process has it.

    The file stays. The lock ends with the process. Where files cannot be locked, everybody gets it.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        yield _try_lock(fd)
    finally:
        os.close(fd)  # ends the lock


def _try_lock(fd: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # this file system has no such locks
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Make a rename durable. That it has happened does not depend on it, so no error is raised."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
