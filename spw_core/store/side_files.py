"""The two files that SQLite keeps beside an open database, and reading where they cannot be made.

Opening a database in WAL mode takes a log and its index, also for who only reads. On a full disk or in a
folder that may not be written there is no room for them: the database is then read as it lies there.
"""

from __future__ import annotations

import os
from pathlib import Path

import apsw

from spw_core.store.patience import BusyWait, readers_patience

_OPEN_LIMIT_S = 2.0
# SQLite makes the index of a log 32 KB at a time; the log itself takes a few pages more.
_SIDE_FILE_BYTES = 64 * 1024
# What the largest of our databases takes while it is made, empty, once in its log and once in itself.
_NEW_DATABASE_BYTES = 512 * 1024


def lacks_room(path: Path) -> bool:
    """True when a database that nobody has open cannot be opened, or made, for lack of space."""
    if _size(f"{path}-shm"):
        return False  # made already, by another process
    return has_no_room(path.parent, _SIDE_FILE_BYTES if _size(str(path)) else _NEW_DATABASE_BYTES)


def has_no_room(folder: Path, needed: int = _SIDE_FILE_BYTES) -> bool:
    """True when the file system of a folder cannot take so many bytes more, or no more files."""
    if not hasattr(os, "statvfs"):
        return False
    try:
        room = os.statvfs(folder)
    except OSError:
        return False
    is_root = os.geteuid() == 0  # for whom file systems keep something back
    blocks, files = (room.f_bfree, room.f_ffree) if is_root else (room.f_bavail, room.f_favail)
    # Some file systems have no fixed number of blocks or files and say 0 of 0.
    return (room.f_blocks > 0 and blocks * room.f_frsize < needed) or (room.f_files > 0 and files == 0)


def connect_read_only(path: Path) -> apsw.Connection:
    """A connection that cannot write, whatever the file and its folder allow."""
    uri = path.absolute().as_uri()
    if not os.access(path.parent, os.W_OK):
        try:
            return _connect_and_try(f"{uri}?mode=ro", apsw.SQLITE_OPEN_READONLY)
        except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.IOError):
            return _connect_without_side_files(path)
    if lacks_room(path):
        return _connect_without_side_files(path)
    # Opened read-write and then restricted: a truly read-only reader of a WAL database would leave the
    # side files behind that it had to create.
    wait = BusyWait(_OPEN_LIMIT_S)
    attempts = 0
    while True:
        try:
            return _connect_and_try(f"{uri}?mode=rw", apsw.SQLITE_OPEN_READWRITE)
        except (apsw.IOError, apsw.FullError):
            if not has_no_room(path.parent):
                raise
            return _connect_without_side_files(path)
        except (apsw.CantOpenError, apsw.ReadOnlyError):
            # The last writer may just be removing its side files.
            if not wait(attempts):
                raise
            attempts += 1


def _connect_without_side_files(path: Path) -> apsw.Connection:
    """Read what is there, without a lock: where no side files can be made there is no writer either."""
    uri = path.absolute().as_uri()
    if not _size(f"{path}-wal") and not _size(f"{path}-journal"):
        return _connect_and_try(f"{uri}?immutable=1", apsw.SQLITE_OPEN_READONLY)
    # Commits that a process left in the log when it was killed. In exclusive mode SQLite keeps the index of
    # a log in memory; the lock for that mode, which nobody can have here, it is told to do without.
    none = "win32-none" if os.name == "nt" else "unix-none"
    return _connect_and_try(f"{uri}?mode=ro&vfs={none}", apsw.SQLITE_OPEN_READONLY, exclusive=True)


def _connect_and_try(uri: str, flags: int, *, exclusive: bool = False) -> apsw.Connection:
    connection = apsw.Connection(uri, flags=flags | apsw.SQLITE_OPEN_URI)
    try:
        connection.set_busy_handler(BusyWait(readers_patience()))
        if exclusive:
            connection.pragma("locking_mode", "exclusive")
        connection.pragma("query_only", True)
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
    except BaseException:
        connection.close(True)
        raise
    return connection


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0
