"""Reading a database that nobody has open, without the side files that opening it takes.

Making and removing the two side files of a WAL database costs several times what a short answer does. They
are not needed while nobody writes; that nobody did is told from the file itself, before and after.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import apsw

from spw_core.errors import SpwError
from spw_core.store.connection import Schema, migrations

_T = TypeVar("_T")

# File systems count time in steps of up to two seconds: a file that was written this shortly ago may be
# written again without a visible change of its time.
RACY_NS = 2_000_000_000


def read_at_rest(path: Path, schema: Schema, read: Callable[[apsw.Connection], _T | None]) -> _T | None:
    """What `read` makes of the database. None when it is not there, in use, was just written, is written
    meanwhile, or cannot be read: then it has to be opened in the ordinary way, which says what is wrong."""
    before = _still(path)
    if before is None:
        return None
    uri = f"{path.absolute().as_uri()}?immutable=1"
    try:
        connection = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        try:
            if connection.pragma("user_version") != migrations(schema.name)[-1][0]:
                return None
            answer = read(connection)
        finally:
            connection.close(True)
    except (apsw.Error, SpwError, UnicodeDecodeError):
        return None
    return answer if _still(path) == before else None


def has_log(path: Path) -> bool:
    """True when there is a log of a database by this name, with commits that its file may not hold yet."""
    return os.path.lexists(f"{path}-wal") or os.path.lexists(f"{path}-journal")


def _still(path: Path) -> tuple[int, int, int] | None:
    """What tells one state of a database file from any other; None while it may be written.

    A commit goes to the log beside it, and from there into the file, whose time then changes.
    """
    try:
        info = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISREG(info.st_mode) or info.st_mtime_ns >= time.time_ns() - RACY_NS:
        return None
    if has_log(path):
        return None
    return info.st_mtime_ns, info.st_size, info.st_ino
