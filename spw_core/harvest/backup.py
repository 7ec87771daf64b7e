"""One file with a consistent copy of every database of a workspace."""

from __future__ import annotations

import os
import tempfile
import zipfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from spw_core.errors import SpwError
from spw_core.store.adopt import copy_database
from spw_core.store.connection import connect_read_only, translating
from spw_core.workspace import WorkspacePaths


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds: databases by path below the workspace, and its own size in bytes."""

    file: str
    databases: tuple[str, ...]
    bytes: int


def backup(paths: WorkspacePaths, target: Path, *, force: bool = False) -> BackupReport:
    """Write a zip archive of all databases, each copied in one consistent state while others go on writing.

    The archive unpacks over a workspace. Raises SpwError when the target exists (without `force`) or
    cannot be written; a half-written archive never appears under its name.
    """
    if target.exists() and not force:
        raise SpwError(f"{target} exists already", "Name another file, or use --force.")
    databases = [path for name in paths.spec_names() if (path := paths.spec_db(name)).is_file()]
    if paths.index_db.is_file():
        databases.append(paths.index_db)
    if not databases:
        raise SpwError("there is no database to back up", "Run `spw harvest --all` first.")
    names = tuple(path.relative_to(paths.root).as_posix() for path in databases)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(fd, "wb") as stream,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            tempfile.TemporaryDirectory() as folder,
        ):
            for number, (path, name) in enumerate(zip(databases, names, strict=True)):
                copy = Path(folder) / f"{number}.db"
                with translating(path), closing(connect_read_only(path)) as connection:
                    copy_database(connection, copy)
                archive.write(copy, name)
                copy.unlink()
        temporary.replace(target)
    except OSError as error:
        raise SpwError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return BackupReport(str(target), names, target.stat().st_size)
