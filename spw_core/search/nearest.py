"""The nearest vectors of a stored collection: catches up with the database, then scans or asks the graph.

What is held in memory is shared by all readers in the process and belongs to one generation of a collection,
named by its uuid. It is never wrong, only behind: every reader catches up inside its own read transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Collection as Sized
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import numpy as np

from spw_core.search.graph import Graph, load_graph
from spw_core.search.scan import Fetch, Floats, Ids, Scan
from spw_core.store import vectors as table

# From so many vectors on a graph is asked instead of all of them, once there is one.
EXACT_LIMIT = 200_000
# Collections that are kept in memory; the one that was used longest ago goes first.
_KEPT = 4
# Of fewer rows than this, or a tenth of all, the exact vectors are read instead of the codes.
_GATHERED = 2000


@dataclass(slots=True)
class _Held:
    """What the process holds of one generation. `after` is the id behind which its scan starts."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    scan: Scan | None = None
    state: tuple[int, int, int] = (-1, 0, 0)
    after: int = 0
    graph: Graph | None = None


_held: dict[str, _Held] = {}
_held_lock = threading.Lock()


def nearest(
    connection: apsw.Connection,
    collection: table.Collection,
    query: Floats,
    k: int,
    *,
    allowed: Sized[int] | None = None,
    exact_limit: int = EXACT_LIMIT,
    snapshots: Path | None = None,
) -> tuple[Ids, Floats]:
    """(ids, cosines) of the k nearest vectors, best first, with all that tie with the last.

    `query` is a unit vector. With `allowed` only these ids count, and the answer is exact at any number of
    vectors; without it, it is exact up to `exact_limit` and as good as the graph above. Call it inside a read
    transaction, so that what it catches up with is what it scores.
    """

    def fetch(ids: Ids) -> tuple[Ids, Floats]:
        return exact_vectors(connection, collection.dimension, ids)

    if allowed is not None and len(allowed) <= max(_GATHERED, collection.live // 10):
        ids = np.fromiter(allowed, np.int64)
        found, vectors = fetch(ids)
        return _best(found, vectors @ query, k)
    held = _holder(collection.uuid)
    with held.lock:
        if allowed is None and collection.live > exact_limit and snapshots is not None:
            held.graph = load_graph(snapshots, collection, held.graph)
        else:
            held.graph = None
        graph = held.graph
        scan = _caught_up(connection, collection, held, graph.last_id if graph else 0)
    if graph is None:
        wanted = None if allowed is None else np.fromiter(allowed, np.int64)
        return scan.nearest(query, k, fetch, wanted)
    in_graph = _from_graph(graph, query, k, fetch)
    behind = scan.nearest(query, k, fetch)
    ids = np.concatenate([in_graph[0], behind[0]])
    return _best(ids, np.concatenate([in_graph[1], behind[1]]), k)


def exact_vectors(connection: apsw.Connection, dimension: int, ids: Ids) -> tuple[Ids, Floats]:
    """The ids that are there, in the given order, and their exact vectors as rows."""
    rows = table.floats_of(connection, ids.tolist())
    present = [number for number in ids.tolist() if len(rows.get(number, b"")) == 4 * dimension]
    joined = b"".join([rows[number] for number in present])
    return np.array(present, np.int64), np.frombuffer(joined, "<f4").reshape(len(present), dimension)


def _holder(uuid: str) -> _Held:
    with _held_lock:
        held = _held.pop(uuid, None) or _Held()
        _held[uuid] = held
        while len(_held) > _KEPT:
            _held.pop(next(iter(_held)))
        return held


def _caught_up(connection: apsw.Connection, collection: table.Collection, held: _Held, after: int) -> Scan:
    """The scan of all rows behind `after`, as they are in this transaction."""
    scan = held.scan
    epoch, last_id, last_tombstone = held.state
    if scan is not None and (epoch, held.after) == (collection.epoch, after):
        if held.state == collection.state:
            return scan
        # A reader whose transaction began earlier is served what is already known to be newer: of that,
        # rows that it cannot see have no exact vectors for it and drop out.
        if last_id < collection.last_id:
            scan = scan.extended(table.codes_after(connection, collection.id, last_id))
        if last_tombstone < collection.last_tombstone:
            scan = scan.without(table.tombstones_after(connection, collection.id, last_tombstone))
        newest = (
            collection.epoch,
            max(last_id, collection.last_id),
            max(last_tombstone, collection.last_tombstone),
        )
    else:
        scan = Scan.empty(collection.dimension).extended(table.codes_after(connection, collection.id, after))
        newest = collection.state
    held.scan, held.state, held.after = scan, newest, after
    return scan


def _from_graph(graph: Graph, query: Floats, k: int, fetch: Fetch) -> tuple[Ids, Floats]:
    """The best of the graph that still exist: what was deleted since has no exact vector any more."""
    wanted = 4 * k + 16
    while True:
        ids = graph.search(query, wanted)
        found, vectors = fetch(ids)
        if len(found) >= min(2 * k, graph.count) or wanted >= graph.count:
            return _best(found, vectors @ query, k)
        wanted = min(4 * wanted, graph.count)


def _best(ids: Ids, cosines: Floats, k: int) -> tuple[Ids, Floats]:
    order = np.argsort(-cosines, kind="stable")
    if len(order) > k:
        order = order[: int((cosines >= cosines[order[k - 1]]).sum())]
    return ids[order], cosines[order]
