"""kill −9 in the midst of bulk writes and of snapshots: every committed vector is there, and nothing else."""

from __future__ import annotations

import os
import random
import signal
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from spw_core.search.graph import remove_snapshots
from spw_core.search.vectors import VectorStore
from tests.prove.test_vector_snapshots import in_a_child

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(sys.platform == "win32", reason="processes are forked"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

KILLS = 150
SHARDS = 3
BATCH, DIMENSION, LIMIT = 60, 48, 200
BATCHES_PER_LIFE = 6
_WRITTEN, _BUILT = b"w", b"b"


def open_store(folder: Path) -> VectorStore:
    return VectorStore.open(
        folder / "v.db", dimension=DIMENSION, exact_limit=LIMIT, snapshots=folder / "snapshots"
    )


def batch(number: int) -> list[tuple[str, list[float], dict[str, object]]]:
    """New vectors, and new ones for half of the keys of the batch before."""
    vectors = np.random.default_rng(number).standard_normal((BATCH + BATCH // 2, DIMENSION))
    keys = [f"{number}-{place}" for place in range(BATCH)]
    keys += [f"{number - 1}-{place}" for place in range(BATCH // 2)] if number else []
    return [(key, vector.tolist(), {"by": number}) for key, vector in zip(keys, vectors, strict=False)]


def state_after(batches: int) -> dict[str, int]:
    """Each key and the batch that wrote it last."""
    return {key: int(str(metadata["by"])) for number in range(batches) for key, _, metadata in batch(number)}


def write(folder: Path, start: int, tell: int) -> int:
    with open_store(folder) as store:
        for number in range(start, start + BATCHES_PER_LIFE):
            store.store_many(batch(number))
            os.write(tell, _WRITTEN)
            if number % 2:
                store.delete(["no such key"])
                store.maintain()
                os.write(tell, _BUILT)
    return 0


def stored(folder: Path) -> dict[str, int]:
    with open_store(folder) as store:
        hits = store.search([1.0] * DIMENSION, k=1_000_000)
        assert len(hits) == len(store)
        return {hit.id: int(str(hit.metadata["by"])) for hit in hits}


def check(folder: Path, acknowledged: int) -> int:
    """10 + the number of batches that are stored whole; anything below 10 is a failure."""
    with open_store(folder) as store:
        for number in range(max(acknowledged - 2, 0), acknowledged):
            key, vector, _ = batch(number)[-1 if number == acknowledged - 1 else 40]
            assert store.search(vector, k=1)[0].id == key
    found = stored(folder)
    for batches in (acknowledged, acknowledged + 1):
        if found == state_after(batches):
            return 10 + batches - acknowledged
    return 1


@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_writers(tmp_path: Path, shard: int) -> None:
    chance = random.Random(shard)
    done = while_building = 0
    folder = tmp_path / "0"
    folder.mkdir()
    for attempt in range(KILLS // SHARDS):
        if done > 30:  # start over, so that checking stays quick
            folder, done = tmp_path / str(attempt + 1), 0
            folder.mkdir()
        seen = killed_after(folder, done, chance)
        acknowledged = done + seen.count(_WRITTEN)
        while_building += builds_next(done, seen)
        code = in_a_child(partial(check, folder, acknowledged))
        assert code in (10, 11), f"attempt {attempt}: {code} after {acknowledged} batches"
        done = acknowledged + code - 10
    # Otherwise the kills came at the wrong moments to prove anything.
    assert while_building
    remove_snapshots(folder / "snapshots", set())
    assert in_a_child(lambda: 10 if stored(folder) == state_after(done) else 1) == 10


def builds_next(start: int, seen: bytes) -> bool:
    """True when the last thing told is the batch after which a snapshot is written."""
    return seen.endswith(_WRITTEN) and (start + seen.count(_WRITTEN)) % 2 == 0


def killed_after(folder: Path, start: int, chance: random.Random) -> bytes:
    """What a writer told before it was killed: by its progress, and a little later."""
    listen, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(listen)
            os._exit(write(folder, start, tell))
        except BaseException:
            os._exit(2)
    os.close(tell)
    seen = b""
    at_a_build = chance.random() < 0.4
    left = chance.randint(0, BATCHES_PER_LIFE + BATCHES_PER_LIFE // 2 - 1)
    while left > 0 or (at_a_build and not builds_next(start, seen)):
        told = os.read(listen, 1)
        if not told:
            break
        seen += told
        left -= 1
    for _ in range(chance.choice((0, 10, 300)) if at_a_build else chance.choice((0, 300, 3_000, 30_000))):
        os.sched_yield()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while told := os.read(listen, 1024):
        seen += told
    os.close(listen)
    return seen
