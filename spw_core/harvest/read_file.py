"""Reading one file so that what is stored is what was there: whole, untorn, and never through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from spw_core.digest import new_sha256
from spw_core.harvest.inside import Entry, entry_inside

# Larger files are recorded with their hash and reported, but their bytes are not stored, unless
# the configuration says another size.
MAX_STORED_BYTES = 32 * 1024 * 1024

# The largest integer that SQLite holds.
INT64 = 0x7FFF_FFFF_FFFF_FFFF

_ATTEMPTS = 3
_BLOCK = 1024 * 1024
READ_FLAGS = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):  # not every system has every one
    READ_FLAGS |= getattr(os, _name, 0)


class FileContent(NamedTuple):
    """Bytes and identity of a file as it was at one moment. `content` is None above the limit."""

    content: bytes | None
    content_hash: str
    size: int
    mtime_ns: int
    inode: int
    mode: int


def storable(number: int) -> int:
    """The nearest 64-bit integer: file systems hold times, and give inode numbers, that no database takes."""
    return max(-INT64 - 1, min(number, INT64))


def read_file(top: Path, rel_path: str, *, whole: bool = False, limit: int | None = None) -> FileContent:
    """As `read_entry`, of the file `rel_path` below `top`. No part of the way may be a link."""
    try:
        with entry_inside(top, rel_path) as entry:
            return read_entry(entry, whole=whole, limit=limit)
    except ValueError as error:
        raise FileNotFoundError(str(error)) from error


def read_entry(entry: Entry, *, whole: bool = False, limit: int | None = None) -> FileContent:
    """Read a regular file, again if it changed meanwhile.

    `content` is there up to `limit` bytes (MAX_STORED_BYTES if it is None), with `whole` whatever the size.
    Raises OSError, also when it is no file.
    """
    for _ in range(_ATTEMPTS):
        content = read_once(entry, whole=whole, limit=limit)
        if content is not None:
            return content
    raise OSError("changes while it is being read; it will be taken at the next harvest")


def read_once(entry: Entry, *, whole: bool = False, limit: int | None = None) -> FileContent | None:
    """As `read_entry`, but None when the file changed while it was read."""
    fd = entry.open(READ_FLAGS)
    try:
        before = os.fstat(fd)
        if not stat.S_ISREG(before.st_mode):
            raise OSError("not a regular file")
        limit = MAX_STORED_BYTES if limit is None else limit
        keep = whole or before.st_size <= limit
        # One byte more than is expected, so that the end is seen without another read.
        block = os.read(fd, min(before.st_size, _BLOCK) + 1)
        digest = new_sha256(block)
        blocks = [block] if keep else []
        size = len(block)
        while block and size < before.st_size:
            block = os.read(fd, min(before.st_size - size, _BLOCK) + 1)
            digest.update(block)
            size += len(block)
            if keep:
                blocks.append(block)
        after = os.fstat(fd)
    finally:
        os.close(fd)
    if size != before.st_size or size != after.st_size or before.st_mtime_ns != after.st_mtime_ns:
        return None
    return FileContent(
        blocks[0] if len(blocks) == 1 else b"".join(blocks) if keep else None,
        digest.hexdigest(),
        size,
        storable(after.st_mtime_ns),
        after.st_ino & INT64,
        after.st_mode,
    )
