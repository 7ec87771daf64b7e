"""Reading one file so that what is stored is what was there: whole, untorn, and never through a link."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from io import FileIO

# Larger files are recorded with their hash and reported, but their bytes are not stored.
MAX_STORED_BYTES = 32 * 1024 * 1024

_ATTEMPTS = 3
_BLOCK = 1024 * 1024
READ_FLAGS = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):  # not every system has every one
    READ_FLAGS |= getattr(os, _name, 0)


@dataclass(frozen=True, slots=True)
class FileContent:
    """Bytes and identity of a file as it was at one moment. `content` is None above MAX_STORED_BYTES."""

    content: bytes | None
    content_hash: str
    size: int
    mtime_ns: int
    inode: int
    mode: int


def read_file(path: str) -> FileContent:
    """Read a regular file, again if it changed meanwhile. Raises OSError, also when it is none."""
    for _ in range(_ATTEMPTS):
        with os.fdopen(os.open(path, READ_FLAGS), "rb", buffering=0) as stream:
            content = read_open_file(stream)
        if content is not None:
            return content
    raise OSError("changes while it is being read; it will be taken at the next harvest")


def read_open_file(stream: FileIO) -> FileContent | None:
    """Read a regular file from its start; None when it changed meanwhile. Raises OSError when it is none."""
    fd = stream.fileno()
    before = os.fstat(fd)
    if not stat.S_ISREG(before.st_mode):
        raise OSError("not a regular file")
    digest = hashlib.sha256()
    blocks: list[bytes] | None = [] if before.st_size <= MAX_STORED_BYTES else None
    size = 0
    while block := stream.read(_BLOCK):
        digest.update(block)
        size += len(block)
        if blocks is not None:
            blocks.append(block)
    after = os.fstat(fd)
    if size != before.st_size or size != after.st_size or before.st_mtime_ns != after.st_mtime_ns:
        return None
    return FileContent(
        content=b"".join(blocks) if blocks is not None else None,
        content_hash=digest.hexdigest(),
        size=size,
        mtime_ns=after.st_mtime_ns,
        inode=after.st_ino & 0x7FFF_FFFF_FFFF_FFFF,
        mode=after.st_mode,
    )
