"""Reading a transcript from where the last reading ended: whole lines only, each once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import BinaryIO

from spw_core.formats.transcripts import Record, read_line
from spw_core.store.memory.types import TranscriptState

# Bytes to read at a time: of a file with long lines, few at a time take longer than to parse them.
READ_BYTES = 256 << 10
_HEAD_BYTES = 4096
# Bytes after which what was read is handed over and stored: an interruption loses no more than this.
_BATCH_BYTES = 8 << 20
# Stands for the size of a file that was not read to its end: no file has it, so that none looks unchanged.
_UNFINISHED = -1


def is_unchanged(state: TranscriptState | None, status: os.stat_result) -> bool:
    """True when the file is the one that was read, by its `stat` alone."""
    return state is not None and (state.inode, state.size, state.mtime_ns) == (
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
    )


def ends_of(stream: BinaryIO, size: int, offset: int) -> tuple[str, int]:
    """(hash, length) of the first bytes of a file, and of as many before an offset: who rewrites a file
    changes one of them."""
    stream.seek(0)
    head = stream.read(size)
    stream.seek(max(0, offset - size))
    tail = stream.read(min(size, offset))
    return hashlib.blake2b(head + tail, digest_size=16).hexdigest(), len(head)


def start_of(stream: BinaryIO, state: TranscriptState | None, status: os.stat_result) -> int:
    """Where to go on reading; 0 when the file is new, shorter than that, or was rewritten."""
    if state is None or status.st_size < state.offset:
        return 0
    return (
        state.offset if ends_of(stream, state.head_size, state.offset) == (state.head, state.head_size) else 0
    )


class LineReader:
    """Reads the records of a transcript from an offset to its end, whole lines only.

    `offset` is where reading has to go on, `skipped` counts lines that were no records, `found` the records.
    """

    def __init__(self, stream: BinaryIO, offset: int) -> None:
        stream.seek(offset)
        self._stream = stream
        self.offset = offset
        self.skipped = self.found = 0
        self.ended = False

    def batch(self) -> Iterator[Record]:
        """The next records, as many as are to be stored at once; after the last of all, it has `ended`.

        Lines may be of any length. A last line that is not complete is held back.
        """
        until = self.offset + _BATCH_BYTES
        for line in self._stream:
            records, whole = read_line(line)
            if not whole:
                if not line.endswith(b"\n"):
                    break  # still being written
                self.skipped += 1
            self.offset += len(line)
            self.found += len(records)
            yield from records
            if self.offset >= until:
                return
        self.ended = True


def state_after(
    stream: BinaryIO, path: str, session: str, status: os.stat_result, lines: LineReader, before: int = 0
) -> TranscriptState:
    """What to remember of a file as far as its lines were read; `before` counts what was skipped earlier."""
    head, head_size = ends_of(stream, min(_HEAD_BYTES, lines.offset), lines.offset)
    return TranscriptState(
        path=path,
        session_id=session,
        inode=status.st_ino,
        size=status.st_size if lines.ended else _UNFINISHED,
        mtime_ns=status.st_mtime_ns,
        offset=lines.offset,
        head=head,
        head_size=head_size,
        skipped=before + lines.skipped,
    )
