"""One file with a consistent copy of every database of a workspace, and the way back from it."""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

from spw_core.atomic import locked
from spw_core.errors import CorruptStore, SpwError
from spw_core.names import (
    INDEX_DB,
    MEMORY_DIR,
    SPEC_DB,
    SPECS_DIR,
    TEMPORARY_SUFFIX,
    WORKFLOW_DIR,
    is_valid_name,
)
from spw_core.store.adopt import copy_database
from spw_core.store.connection import check_integrity, fold_log, move_aside, translating
from spw_core.store.memory.stores import KNOWLEDGE_DB, MEMORY_DB, SESSIONS_DB
from spw_core.store.side_files import connect_read_only
from spw_core.workspace import WorkspacePaths

_OF_MEMORY = (SESSIONS_DB, MEMORY_DB, KNOWLEDGE_DB)
_BLOCK = 1024 * 1024
_SIDES = ("", "-wal", "-shm")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds: databases by path below the workspace, and its own size in bytes.

    `damaged` says of which databases no sound copy could be made, and why; where they are files, their
    bytes are in the archive as they are.
    """

    file: str
    databases: tuple[str, ...]
    bytes: int
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoredBackup:
    """Which databases were put back, and where those that were in their place are now."""

    file: str
    databases: tuple[str, ...]
    moved_aside: tuple[str, ...]


def backup(paths: WorkspacePaths, target: Path, *, force: bool = False) -> BackupReport:
    """Write a zip archive of all databases, each copied in one consistent state while others go on writing.

    `restore_backup` brings them back. A damaged database is taken as it is and reported. Raises SpwError
    when the target exists (without `force`), is a database of a workspace, or cannot be written; a
    half-written archive never appears under its name.
    """
    databases = [path for name in paths.spec_names() if os.path.lexists(path := paths.spec_db(name))]
    if os.path.lexists(paths.index_db):
        databases.append(paths.index_db)
    databases += [path for name in _OF_MEMORY if os.path.lexists(path := paths.memory_dir / name)]
    if not databases:
        raise SpwError("there is no database to back up", "Run `spw harvest --all` first.")
    if _belongs_to_a_database(target):
        raise SpwError(f"{target} is the place of a database", "Name a file outside of the workspace.")
    if os.path.lexists(target) and not force:
        raise SpwError(f"{target} exists already", "Name another file, or use --force.")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
    names, damaged = [], []
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(fd, "wb") as stream,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            tempfile.TemporaryDirectory() as folder,
        ):
            for number, path in enumerate(databases):
                name = path.relative_to(paths.root).as_posix()
                if not stat.S_ISREG(path.lstat().st_mode):
                    damaged.append(f"{name}: a link or no file at all; not copied")
                    continue
                copy = Path(folder) / f"{number}.db"
                if problem := _copy(path, copy):
                    damaged.append(f"{name}: {problem}")
                archive.write(copy, name)
                names.append(name)
                copy.unlink()
        temporary.replace(target)
    except OSError as error:
        raise SpwError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # on a read-only disk this fails whether there is such a file or not
            temporary.unlink(missing_ok=True)
    return BackupReport(str(target), tuple(names), target.stat().st_size, tuple(damaged))


def restore_backup(paths: WorkspacePaths, file: Path, *, force: bool = False) -> RestoredBackup:
    """Put the databases of an archive back, each whole or not at all.

    Raises SpwError, with nothing changed, for an archive that is damaged or holds anything but databases
    of a workspace, and when databases are there already; with `force` those are moved aside.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        with zipfile.ZipFile(file) as archive:
            members = {info.filename: _place(paths, info.filename) for info in archive.infolist()}
            if not members or len(members) != len(archive.infolist()):
                raise SpwError(f"{file} is no backup of spw", "Nothing was changed.")
            _refuse_present(members, force)
            for name, target in members.items():
                staged.append((_stage(archive, name, target), target))
        with ExitStack() as stack:
            for folder in sorted({target.parent for target in members.values()}):
                stack.enter_context(locked(folder))  # no repair of a database runs at the same time
            _refuse_present(members, force)
            aside = [moved for temporary, target in staged for moved in _put(temporary, target)]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise SpwError(f"{file} is a damaged archive: {error}", "Nothing was changed.") from error
    except OSError as error:
        raise SpwError(f"cannot restore {file}: {error.strerror or error}: {error.filename}") from error
    finally:
        for temporary, _ in staged:
            with suppress(OSError):  # the disk has just become read-only
                temporary.unlink(missing_ok=True)
    moved = tuple(path.relative_to(paths.root).as_posix() for path in aside)
    return RestoredBackup(str(file), tuple(members), moved)


def _copy(path: Path, copy: Path) -> str:
    """Copy one database; what is wrong with it. Raises SpwError when it cannot be read now, OSError."""
    try:
        with translating(path), closing(connect_read_only(path)) as connection:
            copy_database(connection, copy)
        with translating(path), closing(connect_read_only(copy)) as connection:
            problems = check_integrity(connection)
        return problems[0] if problems else ""
    except CorruptStore as error:
        with path.open("rb") as source, copy.open("wb") as target:
            while block := source.read(_BLOCK):
                target.write(block)
        return error.message


def _belongs_to_a_database(target: Path) -> bool:
    """True for what has the name of a database, a side file or a copy of one, inside any workspace."""
    folder = Path(os.path.realpath(target.parent))
    return WORKFLOW_DIR in folder.parts and target.name.lower().startswith((SPEC_DB, INDEX_DB, *_OF_MEMORY))


def _place(paths: WorkspacePaths, member: str) -> Path:
    """Where a database of an archive belongs. Raises SpwError for every other name."""
    match member.split("/"):
        case [top, name] if (top, name) == (WORKFLOW_DIR, INDEX_DB):
            return paths.index_db
        case [top, folder, name] if (top, folder) == (WORKFLOW_DIR, MEMORY_DIR) and name in _OF_MEMORY:
            return paths.memory_dir / name
        case [top, specs, spec, name] if (top, specs, name) == (WORKFLOW_DIR, SPECS_DIR, SPEC_DB):
            if is_valid_name(spec):
                return paths.spec_db(spec)
    raise SpwError(
        f"the archive holds something else than databases: {member[:80]!r}", "Nothing was changed."
    )


def _refuse_present(members: dict[str, Path], force: bool) -> None:
    present = [name for name, target in members.items() if any(map(os.path.lexists, _with_sides(target)))]
    if present and not force:
        more = f" and {len(present) - 1} more" if len(present) > 1 else ""
        raise SpwError(
            f"{present[0]}{more}: there is a database already",
            "Nothing was changed. With --force it is moved aside.",
        )


def _with_sides(path: Path) -> Iterator[Path]:
    return (path.with_name(path.name + suffix) for suffix in _SIDES)


def _stage(archive: zipfile.ZipFile, name: str, target: Path) -> Path:
    """Unpack a database beside its place, flushed to disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}{TEMPORARY_SUFFIX}")
    temporary.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(temporary, _NEW_FILE, 0o600), "wb") as stream, archive.open(name) as source:
            while block := source.read(_BLOCK):
                stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _put(temporary: Path, target: Path) -> Iterator[Path]:
    """Give an unpacked database its name; yields where the one before it is now."""
    if any(map(os.path.lexists, _with_sides(target))):
        if target.is_file() and not target.is_symlink():
            # Its log goes into it if nobody uses it, so that what is put away is one whole file.
            fold_log(target)
        # A log that stayed would be replayed into the restored database and ruin it.
        yield move_aside(target, "before-restore")
    temporary.replace(target)
    with suppress(OSError):  # that it was renamed does not depend on it; some systems cannot
        fd = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
