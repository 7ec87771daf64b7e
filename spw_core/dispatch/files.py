"""Writing inside a spec: whole files only, no link followed, nothing replaced unseen."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from spw_core.atomic import WriteError, locked
from spw_core.errors import InvalidName, SpwError
from spw_core.harvest.inside import entry_inside, write_whole
from spw_core.harvest.spec_folder import SpecFolder, locate
from spw_core.workspace import WorkspacePaths


def run_folder(paths: WorkspacePaths, typed: str) -> SpecFolder:
    """The run, or audit inside a run, that a path means; it need not exist.

    Raises SpecNotFound without its spec, and InvalidName for anything else than a folder of a run.
    """
    folder = locate(paths, typed)
    paths.existing_spec(folder.spec)
    if not any(is_run_name(part) for part in folder.path.split("/")):
        from spw_core.domain.runs import is_run_folder

        if not is_run_folder(folder.path):  # older layouts name their runs freely
            raise InvalidName(
                f"not a run directory: {typed[:200]!r}", "Give the `run_dir` that dispatch-init printed."
            )
    return folder


def is_run_name(name: str) -> bool:
    """True for `run-` and digits."""
    number = name.removeprefix("run-")
    return number != name and number.isascii() and number.isdigit()


def wave_folder(paths: WorkspacePaths, spec: str, parent: str, wave: int) -> str:
    """The folder of a wave below `parent`: as it is on disk, else `wave-NN`."""
    name = f"wave-{wave:02d}"
    with suppress(OSError):  # there are no waves yet
        names = sorted(os.listdir(paths.spec_dir(spec) / parent))
        others = (other for other in names if other.startswith("wave-") and other[5:].isdecimal())
        name = next((o for o in others if name not in names and len(o) < 16 and int(o[5:]) == wave), name)
    return f"{parent}/{name}"


def shown(paths: WorkspacePaths, spec: str, rel_path: str = "") -> str:
    """A path inside a spec as an agent in the current folder can use it, with `/`.

    Relative in a workspace that the current folder is part of, absolute elsewhere.
    """
    full = paths.spec_dir(spec) / rel_path
    with suppress(FileNotFoundError):  # the current folder is gone
        here = Path.cwd()
        if here.is_relative_to(paths.root):
            return Path(os.path.relpath(full, here)).as_posix()
    return full.absolute().as_posix()


def make_folder(top: Path, rel_path: str) -> None:
    """Make a folder and those above it, where they are missing. Raises WriteError."""
    with explaining(top, rel_path), entry_inside(top, f"{rel_path}/_", create=True):
        pass


def create_file(top: Path, rel_path: str, content: bytes) -> bool:
    """Write a new file and the folders above it; False, and nothing changed, when there is one already."""
    return put_file(top, rel_path, content, instead_of=None)


def replace_stored(paths: WorkspacePaths, spec: str, rel_path: str, content: bytes) -> tuple[bool, list[str]]:
    """Write a file of which nothing may be lost: an earlier version goes to the database first.

    Where the database cannot take it, it stays beside the new one. Returns whether there was another
    version, and warnings. Raises WriteError.
    """
    from spw_core.dispatch.notes import harvest_now, is_stored

    top = paths.spec_dir(spec)
    warnings: list[str] = []
    while True:
        before = content_of(top, rel_path)
        if before == content:
            return False, warnings
        if before is not None and not is_stored(paths, spec, rel_path, before):
            harvest_now(paths, spec)  # what is wrong with it is told by the harvest that follows the writing
            if not is_stored(paths, spec, rel_path, before):
                copy = _copy_beside(top, rel_path, before)
                warnings.append(f"the earlier version could not be stored and was kept as {copy}")
        if put_file(top, rel_path, content, instead_of=before):
            return before is not None, warnings


def _copy_beside(top: Path, rel_path: str, content: bytes) -> str:
    """Write a copy of a file under the first name that is free or holds the same; returns its path."""
    for number in count(1):
        copy = f"{rel_path}.before-{number}"
        if create_file(top, copy, content) or content_of(top, copy) == content:
            break
    return copy


def put_file(top: Path, rel_path: str, content: bytes, *, instead_of: bytes | None) -> bool:
    """Write a file and the folders above it; False, and nothing changed, if it does not hold `instead_of`
    any more (None: if it exists). Raises WriteError."""
    with (
        explaining(top, rel_path),
        entry_inside(top, rel_path, create=True) as entry,
        locked(entry.folder),
    ):
        if content_of(top, rel_path) != instead_of:
            return False
        try:
            write_whole(entry, content, replace=instead_of is not None)
        except FileExistsError:  # written just now by somebody who knows nothing of locks
            return False
        return True


def content_of(top: Path, rel_path: str) -> bytes | None:
    """The bytes of a file, None when there is none. Raises WriteError for a link and whatever is no file."""
    from spw_core.harvest.read_file import read_file

    with explaining(top, rel_path, "read"):
        try:
            return read_file(top, rel_path, whole=True).content
        except (FileNotFoundError, NotADirectoryError):
            return None


def json_bytes(value: Mapping[str, object]) -> bytes:
    """A JSON file as people like to read it."""
    import json

    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


@contextmanager
def explaining(top: Path, rel_path: str, verb: str = "write") -> Iterator[None]:
    """Turn the system's errors into ours, naming the file."""
    try:
        yield
    except SpwError:
        raise
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        is_full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        hint = "Free some space." if is_full else "Check the permissions of the folder."
        raise WriteError(f"cannot {verb} {top / rel_path}: {why}", hint) from error
