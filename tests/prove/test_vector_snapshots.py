"""A thousand damaged snapshots, each opened in a process of its own: no crash, and every answer is right."""

from __future__ import annotations

import os
import random
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spw_core.search import nearest
from spw_core.search.graph import load_graph, snapshot_path
from spw_core.search.scan import unit_rows
from spw_core.search.vectors import VectorStore

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(sys.platform == "win32", reason="processes are forked"),
    # The children only search and leave; they start no threads before they are forked.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

MUTATIONS = 1000
SHARDS = 4
VECTORS, DIMENSION, LIMIT = 1500, 24, 100
_PAGE = 4096

Mutation = Callable[[random.Random, bytes, bytes], bytes]


def flip(chance: random.Random, data: bytes, other: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def flip_header(chance: random.Random, data: bytes, other: bytes) -> bytes:
    at = chance.randrange(100)
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def flip_many(chance: random.Random, data: bytes, other: bytes) -> bytes:
    for _ in range(chance.randint(2, 50)):
        data = flip(chance, data, other)
    return data


def truncate(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: chance.randrange(len(data))]


def extend(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return data + chance.randbytes(chance.randint(1, 9000))


def zero_page(chance: random.Random, data: bytes, other: bytes) -> bytes:
    at = chance.randrange(len(data) // _PAGE) * _PAGE
    return data[:at] + bytes(min(_PAGE, len(data) - at)) + data[at + _PAGE :]


def swap_pages(chance: random.Random, data: bytes, other: bytes) -> bytes:
    first, second = sorted(chance.sample(range(len(data) // _PAGE), 2))
    one, two = (data[page * _PAGE : (page + 1) * _PAGE] for page in (first, second))
    between = data[(first + 1) * _PAGE : second * _PAGE]
    return data[: first * _PAGE] + two + between + one + data[(second + 1) * _PAGE :]


def other_model(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return other


def other_payload(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return data[:_PAGE] + other[_PAGE:]


def other_version(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """A header that is whole, checksum and all, of a version that we do not know."""
    header = bytearray(data[:_PAGE])
    struct.pack_into("<H", header, 10, chance.randint(2, 60_000))
    struct.pack_into("<I", header, _PAGE - 4, zlib.crc32(header[:-4]))
    return bytes(header) + data[_PAGE:]


def noise(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return chance.randbytes(chance.randint(0, 20_000))


KINDS: tuple[Mutation, ...] = (
    *(flip, flip, flip, flip_header, flip_many, truncate, extend, zero_page, zero_page, swap_pages),
    *(other_model, other_payload, other_version, noise),
)


def items(seed: int) -> list[tuple[str, list[float], dict[str, object]]]:
    vectors = np.random.default_rng(seed).standard_normal((VECTORS, DIMENSION))
    return [(str(number), vector.tolist(), {}) for number, vector in enumerate(vectors)]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_damaged_snapshots(tmp_path: Path, shard: int) -> None:
    path, folder = tmp_path / "v.db", tmp_path / "snapshots"
    snapshots = {}
    for model in ("mine", "other"):
        with VectorStore.open(
            path, dimension=DIMENSION, model=model, exact_limit=LIMIT, snapshots=folder
        ) as store:
            store.store_many(items(1 if model == "mine" else 2))
            assert store.maintain()
            with store._reading() as (_, collection):
                snapshots[model] = snapshot_path(folder, collection.uuid)
    target, whole, other = snapshots["mine"], snapshots["mine"].read_bytes(), snapshots["other"].read_bytes()
    query = np.random.default_rng(3).standard_normal(DIMENSION).tolist()
    expected = exact_answer(query)
    refused = 0
    for number in range(shard, MUTATIONS, SHARDS):
        chance = random.Random(number)
        damaged = KINDS[number % len(KINDS)](chance, whole, other)
        target.write_bytes(damaged)
        code = in_a_child(lambda: search_and_compare(path, folder, query, expected))
        assert code in (0, 10), f"mutation {number} ({KINDS[number % len(KINDS)].__name__}): {code}"
        refused += damaged != whole
        assert (code == 10) == (damaged == whole), f"mutation {number} was believed"
    assert refused > MUTATIONS / SHARDS * 0.95
    with VectorStore.open(
        path, dimension=DIMENSION, model="mine", exact_limit=LIMIT, snapshots=folder
    ) as store:
        assert store.maintain()
    assert in_a_child(lambda: search_and_compare(path, folder, query, expected)) == 10


def exact_answer(query: list[float]) -> list[str]:
    rows = unit_rows([vector for _, vector, _ in items(1)], DIMENSION)
    [unit] = unit_rows([query], DIMENSION)
    return [str(number) for number in np.argsort(-(rows @ unit), kind="stable")[:10]]


def search_and_compare(path: Path, folder: Path, query: list[float], expected: list[str]) -> int:
    """0: right answers without the graph, 10: nearly all of them with it, 1: wrong answers."""
    with VectorStore.open(
        path, dimension=DIMENSION, model="mine", exact_limit=LIMIT, snapshots=folder
    ) as store:
        found = [hit.id for hit in store.search(query, k=10)]
        with store._reading() as (_, collection):
            used = nearest._held[collection.uuid].graph is not None
            assert used == (load_graph(folder, collection, None) is not None)
    if used:
        return 10 if len(set(found) & set(expected)) >= 9 else 1
    return 0 if found == expected else 1


def in_a_child(work: Callable[[], int]) -> int:
    """The exit code of `work` in a forked process; negative for the signal that killed it."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(work())
        except BaseException:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
