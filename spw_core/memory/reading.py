"""Reading a transcript from where the last reading ended: whole lines only, each once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from spw_core.formats.transcripts import Record, read_line
from spw_core.store.memory.types import TranscriptState

# Bytes to read at a time: of a file with long lines, few at a time take longer than to parse them.
READ_BYTES = 256 << 10
_HEAD_BYTES = 4096
# Bytes after which what was read is handed over and stored: an interruption loses no more than this.
_BATCH_BYTES = 8 << 20
# How much is taken of a transcript: one that was read when it was less is read again, for what is more.
READER = 1
# Stands for the size of a file that was not read to its end: no file has it, so that none looks unchanged.
_UNFINISHED = -1


@dataclass(frozen=True, slots=True)
class GoesOn:
    """What of the records before is needed for those that follow. See `TranscriptState`."""

    session: str
    moment: str = ""
    open_calls: Mapping[str, str] = field(default_factory=dict)


def goes_on_after(state: TranscriptState) -> GoesOn:
    """What a reading left for the one that goes on where it ended."""
    return GoesOn(state.session_id, state.moment, state.open_calls)


def is_unchanged(state: TranscriptState | None, status: os.stat_result) -> bool:
    """True when the file is the one that was read, by its `stat` alone, and no more is taken of it now."""
    return state is not None and (state.reader, state.inode, state.size, state.mtime_ns) == (
        READER,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
    )


def is_complete(state: TranscriptState) -> bool:
    """False when the reading was interrupted, or took less than one would now."""
    return state.reader == READER and state.size != _UNFINISHED


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

    `line` is where the last line begins, `offset` where reading has to go on; `skipped` counts lines that
    were no records, `found` the records.
    """

    def __init__(self, stream: BinaryIO, offset: int) -> None:
        stream.seek(offset)
        self._stream = stream
        self.line = self.offset = offset
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
            self.line = self.offset
            self.offset += len(line)
            self.found += len(records)
            yield from records
            if self.offset >= until:
                return
        self.ended = True


def state_after(
    stream: BinaryIO, path: str, status: os.stat_result, lines: LineReader, goes_on: GoesOn, before: int = 0
) -> TranscriptState:
    """What to remember of a file as far as its lines were read; `before` counts what was skipped earlier."""
    head, head_size = ends_of(stream, min(_HEAD_BYTES, lines.offset), lines.offset)
    return TranscriptState(
        path=path,
        session_id=goes_on.session,
        inode=status.st_ino,
        size=status.st_size if lines.ended else _UNFINISHED,
        mtime_ns=status.st_mtime_ns,
        offset=lines.offset,
        head=head,
        head_size=head_size,
        skipped=before + lines.skipped,
        moment=goes_on.moment,
        open_calls=goes_on.open_calls,
        reader=READER,
    )
