"""The tier above exact search: a usearch HNSW graph in a snapshot file that is checked before it is used.

usearch crashes on damaged files, and answers wrongly where it does not. So a snapshot starts with a header of
ours and is read as bytes whose checksum is compared before usearch sees any of them. A graph is never changed
after it was built: rows that came later are scanned, rows that were deleted drop out, and when there are too
many of either the graph is built anew, by one process at a time, while readers go on with the old one.
"""

from __future__ import annotations

import os
import struct
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from spw_core.atomic import sync_folder, try_lock
from spw_core.names import TEMPORARY_SUFFIX
from spw_core.search.scan import Floats, Ids
from spw_core.store import vectors as table

_MAGIC = b"spw graph\0"
_VERSION = 1
_HEADER_BYTES = 4096
# magic, version, uuid, dimension, epoch, last id, last tombstone, number of vectors, payload length, its CRC
_HEADER = struct.Struct("<10sH32sIQQQQQI")
_CRC = struct.Struct("<I")
_DTYPE = "bf16"
_EXPANSION_ADD = 128
_EXPANSION_SEARCH = 256
_ROWS_AT_ONCE = 2000
# What calls for a new graph: so many rows behind it, in numbers and as a part of it, or such a part gone.
_TAIL_ROWS, _TAIL_PART, _DEAD_PART = 20_000, 0.1, 0.25


@dataclass(frozen=True, slots=True)
class Graph:
    """A loaded snapshot: all vectors with ids up to `last_id`, as they were. `file` tells it from others."""

    last_id: int
    count: int
    file: tuple[int, int, int]
    index: Any
    # What the index points into.
    payload: bytes

    def search(self, query: Floats, k: int) -> Ids:
        """Ids of about the k nearest, best first."""
        matches = self.index.search(query, min(k, self.count), threads=1)
        return np.asarray(matches.keys, np.uint64).astype(np.int64)


def snapshot_path(folder: Path, uuid: str) -> Path:
    """The snapshot of a generation."""
    return folder / f"{uuid}.graph"


def load_graph(folder: Path, collection: table.Collection, present: Graph | None) -> Graph | None:
    """The graph in the snapshot of a collection, `present` if it is that one; None when it cannot be used."""
    path = snapshot_path(folder, collection.uuid)
    try:
        with path.open("rb") as stream:
            info = os.fstat(stream.fileno())
            file = (info.st_ino, info.st_size, info.st_mtime_ns)
            if present is not None and present.file == file:
                return present
            header = stream.read(_HEADER_BYTES)
            payload = stream.read() if _fits(header, info.st_size, collection) else b""
    except (OSError, MemoryError):
        return None
    return _restored(header, payload, collection, file) if payload else None


def _fits(header: bytes, size: int, collection: table.Collection) -> bool:
    """True for a whole header of this version, for this generation, with a file as long as it says."""
    if not _is_whole(header):
        return False
    magic, version, uuid, dimension, _, last_id, _, _, length, _ = _HEADER.unpack_from(header)
    return bool(
        (magic, version, uuid.decode("ascii", "replace")) == (_MAGIC, _VERSION, collection.uuid)
        and dimension == collection.dimension
        and last_id <= collection.last_id
        and size == _HEADER_BYTES + length
    )


def _is_whole(header: bytes) -> bool:
    checked = header[: _HEADER_BYTES - _CRC.size]
    return len(header) == _HEADER_BYTES and _CRC.pack(zlib.crc32(checked)) == header[len(checked) :]


def _restored(
    header: bytes, payload: bytes, collection: table.Collection, file: tuple[int, int, int]
) -> Graph | None:
    *_, last_id, _, count, length, crc = _HEADER.unpack_from(header)
    if len(payload) != length or zlib.crc32(payload) != crc:
        return None
    from usearch.index import Index

    try:
        index: Any = Index.restore(payload, view=True)
    except Exception:  # whole, but of another version of usearch
        return None
    if index is None or (index.ndim, len(index)) != (collection.dimension, count):
        return None
    index.expansion_search = _EXPANSION_SEARCH  # restoring resets it
    return Graph(last_id, count, file, index, payload)


def is_due(connection: apsw.Connection, collection: table.Collection, folder: Path) -> bool:
    """True when there is no usable graph, or too much has changed since it was built."""
    graph = load_graph(folder, collection, None)
    if graph is None:
        return True
    left = table.count_up_to(connection, collection.id, graph.last_id)
    tail = collection.live - left
    return tail > max(_TAIL_ROWS, graph.count * _TAIL_PART) or graph.count - left > graph.count * _DEAD_PART


def build_graph(
    connection: apsw.Connection,
    collection: table.Collection,
    folder: Path,
    progress: Callable[[int, int], bool] | None = None,
) -> bool:
    """Build the graph of a collection and write its snapshot; False when another process is at it.

    `progress` is called with (done, total) and stops the work by returning False. Call it inside a read
    transaction. Raises OSError.
    """
    from usearch.index import Index

    folder.mkdir(mode=0o700, exist_ok=True)
    with try_lock(snapshot_path(folder, collection.uuid).with_suffix(".lock")) as mine:
        if not mine:
            return False
        index = Index(
            ndim=collection.dimension,
            metric="cos",
            dtype=_DTYPE,
            expansion_add=_EXPANSION_ADD,
            expansion_search=_EXPANSION_SEARCH,
        )
        held: list[tuple[int, bytes]] = []
        for row in table.floats_after(connection, collection.id, 0):
            held.append(row)
            if len(held) == _ROWS_AT_ONCE:
                _add(index, held, collection.dimension)
                held = []
                if progress is not None and not progress(len(index), collection.live):
                    return False
        _add(index, held, collection.dimension)
        payload = bytes(index.save() or b"")
        _write(folder, collection, len(index), payload)
    return True


def _add(index: Any, rows: list[tuple[int, bytes]], dimension: int) -> None:
    whole = [(number, floats) for number, floats in rows if len(floats) == 4 * dimension]
    if whole:
        vectors = np.frombuffer(b"".join([floats for _, floats in whole]), "<f4").reshape(-1, dimension)
        # Rows that are added at once do not see each other; the first ones, of which all others hang, must.
        index.add(
            np.array([number for number, _ in whole], np.uint64), vectors, threads=0 if len(index) else 1
        )


def _write(folder: Path, collection: table.Collection, count: int, payload: bytes) -> None:
    """Write a snapshot: beside, flushed, moved into place, and its folder flushed."""
    fields = _HEADER.pack(
        _MAGIC,
        _VERSION,
        collection.uuid.encode("ascii"),
        collection.dimension,
        *collection.state,
        count,
        len(payload),
        zlib.crc32(payload),
    )
    checked = fields.ljust(_HEADER_BYTES - _CRC.size, b"\0")
    path = snapshot_path(folder, collection.uuid)
    for left_over in folder.glob(f".{path.name}.*{TEMPORARY_SUFFIX}"):  # nobody else writes it now
        left_over.unlink(missing_ok=True)
    fd, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=TEMPORARY_SUFFIX, dir=folder)
    try:
        with os.fdopen(fd, "wb") as stream:
            stream.write(checked + _CRC.pack(zlib.crc32(checked)))
            stream.write(payload)
            stream.flush()
            os.fsync(fd)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    sync_folder(folder)


def remove_outlived(connection: apsw.Connection, folder: Path) -> None:
    """Remove the snapshots that hold deleted vectors; until a new one is built the scan answers."""
    for collection in table.all_collections(connection):
        path = snapshot_path(folder, collection.uuid)
        with suppress(OSError):
            with path.open("rb") as stream:
                header = stream.read(_HEADER_BYTES)
            epoch, _, last_tombstone = _HEADER.unpack_from(header)[4:7] if _is_whole(header) else (-1, 0, 0)
            if (epoch, last_tombstone) != (collection.epoch, collection.last_tombstone):
                path.unlink()


def remove_snapshots(folder: Path, kept: set[str]) -> None:
    """Remove the snapshots of generations that are no more."""
    for path in folder.glob("*.graph"):
        if path.stem not in kept:
            with suppress(OSError):
                path.unlink()
                path.with_suffix(".lock").unlink(missing_ok=True)
