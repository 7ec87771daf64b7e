"""Opening SQLite: pragmas, waiting for locks, transactions, migrations. One policy for every database.

Many hook processes write at once. What keeps all of them from ever seeing "locked" is three things
together: every write transaction starts with BEGIN IMMEDIATE, the busy handler sleeps for short random
times instead of SQLite's growing ones, and the handler is set before the first statement runs.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import apsw

from spw_core.errors import CorruptStore, ForeignStore, NewerStore, StoreError
from spw_core.names import TEMPORARY_SUFFIX
from spw_core.store.content import REPAIR_HINT
from spw_core.store.patience import BusyWait, readers_patience
from spw_core.store.side_files import connect_read_only, has_no_room, lacks_room

PAGE_SIZE = 8192
_OPEN_LIMIT_S = 2.0
_WAL_PASSIVE_PAGES = 1000
_WAL_RESTART_PAGES = 4000
_JOURNAL_LIMIT_BYTES = 16 * 1024 * 1024


class Schema(NamedTuple):
    """A family of databases: the folder of its numbered migrations, and how durable a commit must be.

    `foreign_version` is a `user_version` that another tool uses for files of the same name.
    """

    name: str
    synchronous: str
    foreign_version: int = 0


@cache
def migrations(schema_name: str) -> tuple[tuple[int, str], ...]:
    """(version, SQL) of every file `schema/<name>/NNN_*.sql`, ascending."""
    scripts = Path(__file__).with_name("schema").joinpath(schema_name).glob("*.sql")
    return tuple((int(script.name[:3]), script.read_text("utf-8")) for script in sorted(scripts))


def open_for_writing(path: Path, schema: Schema) -> apsw.Connection:
    """Open or create a database and bring it to the newest schema version.

    Raises CorruptStore, NewerStore, ForeignStore, or StoreError when it cannot be opened.
    """
    if lacks_room(path):  # SQLite finds that out when it has begun, and leaves its empty files behind
        raise _disk_full(path)
    _create_private(path)
    with translating(path):
        connection = apsw.Connection(str(path))
        try:
            _configure(connection, schema)
            _migrate(connection, schema, path)
        except BaseException:
            connection.close(True)
            raise
    return connection


def open_for_reading(path: Path, schema: Schema) -> apsw.Connection | None:
    """Open an existing database read-only; None when there is none or it has no schema yet.

    A database of a newer version is opened too: tables are only ever added to, and whoever reads rows
    picks the columns they know. Raises CorruptStore or StoreError.
    """
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise StoreError(message, "Check the permissions.") from error
    if not stat.S_ISREG(mode):
        raise StoreError(f"{path} is a link or no file at all; it is not followed", "Move it away.")
    with translating(path):
        connection = connect_read_only(path)
        try:
            connection.set_busy_handler(BusyWait(readers_patience()))
            version = connection.pragma("user_version")
        except BaseException:
            connection.close(True)
            raise
    if version == 0 or version == schema.foreign_version:
        connection.close(True)
        return None
    return connection


def check_integrity(connection: apsw.Connection) -> list[str]:
    """What SQLite finds wrong with an open database: pages, indexes, foreign keys. Empty when sound."""
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    except (apsw.CorruptError, apsw.NotADBError) as error:
        return [str(error)]
    problems = [text for text in found if text != "ok"]
    return problems + [f"{table}: row {row} points at no row of {parent}" for table, row, parent, _ in broken]


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[apsw.Connection]:
    """One write transaction: BEGIN IMMEDIATE, commit at the end, roll back on any exception."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back itself after some errors, a full disk among them.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reading_once(connection: apsw.Connection) -> Iterator[apsw.Connection]:
    """A read transaction: every statement inside sees the database as it is at the first of them."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        if connection.in_transaction:
            connection.execute("COMMIT")


@contextmanager
def translating(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, naming the file."""
    try:
        yield
    except (apsw.NotADBError, apsw.CorruptError, UnicodeDecodeError) as error:
        # SQLite does not check that a text is UTF-8; one that is not was damaged.
        raise CorruptStore(f"{path} is not a usable database: {error}", REPAIR_HINT) from error
    except apsw.FullError as error:
        raise _disk_full(path) from error
    except apsw.ReadOnlyError as error:
        raise StoreError(f"cannot write {path}: it is read-only", "Check the permissions.") from error
    except apsw.BusyError as error:
        raise StoreError(f"{path} is locked", "Another program is using it; try again soon.") from error
    except (apsw.IOError, apsw.CantOpenError) as error:
        # What SQLite says when there is no room for the side files of a database.
        if has_no_room(path.parent):
            raise _disk_full(path) from error
        raise StoreError(f"cannot use {path}: {error}") from error
    except apsw.Error as error:
        raise StoreError(f"cannot use {path}: {error}") from error


def _disk_full(path: Path) -> StoreError:
    return StoreError(f"cannot write {path}: the disk is full", "Free some space.")


def move_aside(path: Path, label: str = "corrupt") -> Path:
    """Rename a database and its side files to `NAME.LABEL-<time>`; returns the new path."""
    target = _aside(path, label)
    for suffix in ("-wal", "-shm", ""):
        side = path.with_name(path.name + suffix)
        if os.path.lexists(side):
            side.rename(target.with_name(target.name + suffix))
    return target


def fold_log(path: Path) -> None:
    """Write what is in the log of a database into it, as far as that is possible now."""
    try:
        with closing(apsw.Connection(str(path), apsw.SQLITE_OPEN_READWRITE)) as connection:
            connection.pragma("wal_checkpoint(TRUNCATE)")
    except apsw.Error:
        pass  # damaged, or in use


def empty_log(connection: apsw.Connection) -> bool:
    """Empty the write-ahead log, which may hold what was deleted; False when a reader still needs it."""
    connection.set_busy_handler(BusyWait(_OPEN_LIMIT_S))
    try:
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except apsw.BusyError:
        return False  # whoever closes the database last removes the log
    finally:
        connection.set_busy_handler(BusyWait())
    return True


def replace_database(path: Path, fresh: Path) -> Path:
    """Put a closed database in the place of a damaged one; returns where the damaged one is kept.

    At every moment there is a database by this name: the damaged one until the new one is whole.
    """
    target = _aside(path, "corrupt")
    try:
        os.link(path, target)
    except OSError:  # a file system without hard links
        import shutil

        shutil.copy2(path, target)
    for suffix in ("-wal", "-shm"):  # a log of the old one would be replayed into the new one
        side = path.with_name(path.name + suffix)
        if os.path.lexists(side):
            side.rename(target.with_name(target.name + suffix))
    fresh.replace(path)
    return target


def _aside(path: Path, label: str = "corrupt") -> Path:
    """A free name for a database that is put away."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = path.with_name(f"{path.name}.{label}-{stamp}")
    counter = 1
    while os.path.lexists(target):
        counter += 1
        target = path.with_name(f"{path.name}.{label}-{stamp}-{counter}")
    return target


def _create_private(path: Path) -> None:
    """Make the file with mode 0600 before SQLite would make it with the umask's; side files inherit it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _disk_full(path) from error
        raise StoreError(
            f"cannot open {path} for writing: {error.strerror or error}",
            "Check the permissions of the folder and the space left on the disk.",
        ) from error


def _configure(connection: apsw.Connection, schema: Schema) -> None:
    connection.set_busy_handler(BusyWait())
    if connection.pragma("user_version") == 0:
        connection.pragma("page_size", PAGE_SIZE)
    _switch_to_wal(connection)
    connection.pragma("synchronous", schema.synchronous)
    connection.pragma("foreign_keys", True)
    connection.pragma("journal_size_limit", _JOURNAL_LIMIT_BYTES)
    connection.set_wal_hook(_checkpoint_when_long)


def _switch_to_wal(connection: apsw.Connection) -> None:
    # The switch itself takes an exclusive lock without asking the busy handler in every case.
    wait = BusyWait()
    attempts = 0
    while True:
        try:
            connection.pragma("journal_mode", "wal")
            return
        except apsw.BusyError:
            if not wait(attempts):
                raise
            attempts += 1


def _checkpoint_when_long(connection: apsw.Connection, database: str, pages: int) -> int:
    """Keep the write-ahead log short even when readers never leave it alone."""
    if pages >= _WAL_PASSIVE_PAGES:
        mode = (
            apsw.SQLITE_CHECKPOINT_RESTART if pages >= _WAL_RESTART_PAGES else apsw.SQLITE_CHECKPOINT_PASSIVE
        )
        connection.set_busy_handler(BusyWait(0.1))
        try:
            connection.wal_checkpoint(database, mode)
        except apsw.BusyError:
            pass  # readers are in the way; the next commit tries again
        finally:
            connection.set_busy_handler(BusyWait())
    return apsw.SQLITE_OK


def _adopt(connection: apsw.Connection, schema: Schema, path: Path) -> None:
    """Take over another tool's database after copying it: all in one transaction, or not at all."""
    from spw_core.store import adopt

    steps = migrations(schema.name)
    with transaction(connection):
        if connection.pragma("user_version") != schema.foreign_version:
            return  # another process has just done it
        backup = adopt.backup_name(path)
        half = backup.with_name(f".{backup.name}{TEMPORARY_SUFFIX}")
        try:
            # Through a connection of its own: one that has begun to write cannot be copied.
            with closing(apsw.Connection(str(path), apsw.SQLITE_OPEN_READWRITE)) as reader:
                adopt.copy_database(reader, half)
            half.replace(backup)
        except (OSError, apsw.Error) as error:
            half.unlink(missing_ok=True)
            raise ForeignStore(
                f"{path} was written by another tool, and no copy can be made of it: {error}",
                "Free some space or check the permissions; nothing was changed.",
            ) from error
        adopt.set_aside(connection)
        for _, script in steps:
            connection.execute(script)
        adopt.bring_over(connection, time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime()))
        connection.pragma("user_version", steps[-1][0])


def _migrate(connection: apsw.Connection, schema: Schema, path: Path) -> None:
    steps = migrations(schema.name)
    newest = steps[-1][0]
    version = connection.pragma("user_version")
    if version == newest:
        return
    if version > newest:
        raise NewerStore(
            f"{path} was written by a newer spw (schema {version}, this one knows {newest})",
            "Upgrade spw; nothing was changed.",
        )
    if version and version == schema.foreign_version:
        _adopt(connection, schema, path)
        return
    for number, script in steps:
        with transaction(connection):
            # Another process may have been faster.
            if connection.pragma("user_version") < number:
                connection.execute(script)
                connection.pragma("user_version", number)
