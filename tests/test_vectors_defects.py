"""Defects of earlier vector stores, each shown not to be here, by their numbers."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import numpy as np
import pytest

from spw_core.errors import SpwError, StoreError
from spw_core.search.vectors import InvalidMetadata, InvalidVector, VectorHit, VectorStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    with VectorStore.open(tmp_path / "v.db", dimension=3) as opened:
        yield opened


def ids(hits: list[VectorHit]) -> list[str]:
    return [hit.id for hit in hits]


def test_d38_a_write_does_not_grow_with_the_store(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)

    def log_of_one_write(store: VectorStore, name: str) -> int:
        folding = apsw.Connection(str(tmp_path / f"{name}.db"))
        folding.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        folding.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        store.store("one more", chance.standard_normal(64).tolist())
        size = (tmp_path / f"{name}.db-wal").stat().st_size
        folding.close()
        return size

    sizes = []
    for count in (100, 5_000):
        with VectorStore.open(tmp_path / f"{count}.db", dimension=64) as store:
            store.store_many(
                (str(n), v.tolist(), {}) for n, v in enumerate(chance.standard_normal((count, 64)))
            )
            sizes.append(log_of_one_write(store, str(count)))
    assert 0 < sizes[1] <= 3 * sizes[0]


def test_d40_stores_of_one_stem_do_not_share_files(tmp_path: Path) -> None:
    (tmp_path / "st.tmp").mkdir()
    names = ("st.a", "st.b", ".chromem")
    stores = {name: VectorStore.open(tmp_path / name, dimension=3) for name in names}
    for round_ in range(3):
        for name, store in stores.items():
            store.store(f"{name}-{round_}", [1, 0, 0])
    for name, store in stores.items():
        store.close()
        with VectorStore.open(tmp_path / name, dimension=3) as again:
            assert ids(again.search([1, 0, 0])) == [f"{name}-{round_}" for round_ in range(3)]


@pytest.mark.parametrize("damage", ["garbage", "folder"])
def test_d41_a_bad_file_is_told_and_never_overwritten(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "v.db"
    if damage == "garbage":
        path.write_bytes(b"not a database" * 1000)
    else:
        path.mkdir()
    with pytest.raises(StoreError):
        VectorStore.open(path, dimension=3)
    assert path.is_dir() or path.read_bytes() == b"not a database" * 1000


def _store_one(path: Path, key: str) -> None:
    with VectorStore.open(path, dimension=3) as store:
        store.store(key, [1, 0, 0])


def test_d42_two_processes_and_two_instances_keep_both_writes(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    with VectorStore.open(path, dimension=3) as one, VectorStore.open(path, dimension=3) as two:
        one.store("one", [1, 0, 0])
        two.store("two", [1, 0, 0])
        other = multiprocessing.get_context("spawn").Process(target=_store_one, args=(path, "three"))
        other.start()
        other.join()
        assert ids(one.search([1, 0, 0])) == ["one", "three", "two"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_d43_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    _store_one(tmp_path / "v.db", "kept")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SpwError):
            _store_one(tmp_path / "v.db", "lost")
    finally:
        tmp_path.chmod(0o700)
    with VectorStore.open(tmp_path / "v.db", dimension=3) as store:
        assert ids(store.search([1, 0, 0])) == ["kept"]


def test_d44_the_dimension_is_fixed(store: VectorStore, tmp_path: Path) -> None:
    store.store("a", [1, 0, 0])
    for vector in ([0], [1, 0], [1, 0, 0, 0]):
        with pytest.raises(InvalidVector):
            store.store("b", vector)
        with pytest.raises(InvalidVector):
            store.search(vector)
    with pytest.raises(InvalidVector, match="3 dimensions, not 4"):
        VectorStore.open(tmp_path / "v.db", dimension=4)
    assert ids(store.search([1, 0, 0])) == ["a"]


@pytest.mark.parametrize("bad", [0.0, math.nan, math.inf, -math.inf])
def test_d45_vectors_without_a_direction_are_refused(store: VectorStore, bad: float) -> None:
    store.store("a", [1, 0, 0])
    with pytest.raises(InvalidVector):
        store.store("b", [bad, 0, 0])
    with pytest.raises(InvalidVector):
        store.search([bad, 0, 0])
    [hit] = store.search([0.5, 0.5, 0])
    assert math.isfinite(hit.distance)


TEXTS = ("42", "true", "null", " 7 ", '{"a":1}', '"x"', "1.10", "0049 30", "[]", "")


def test_d46_metadata_keeps_value_and_type(tmp_path: Path) -> None:
    metadata: dict[str, object] = {f"text {number}": text for number, text in enumerate(TEXTS)}
    metadata |= {
        "big": 2**53 + 1,
        "no": False,
        "none": None,
        "half": 0.5,
        "list": [1, "1"],
        "map": {"a": [None]},
    }
    with VectorStore.open(tmp_path / "v.db", dimension=3) as store:
        store.store("a", [1, 0, 0], metadata)
        [before] = store.search([1, 0, 0])
    with VectorStore.open(tmp_path / "v.db", dimension=3) as store:
        [after] = store.search([1, 0, 0], filters=metadata)
    for hit in (before, after):
        assert json.dumps(hit.metadata, sort_keys=True) == json.dumps(metadata, sort_keys=True)


@pytest.mark.parametrize("wanted", [{"missing": ""}, {"missing": None}, {"n": "42"}, {"n": 42.5}, {"s": 1}])
def test_d47_filters_fail_closed(store: VectorStore, wanted: dict[str, object]) -> None:
    store.store("a", [1, 0, 0], {"n": 42, "s": "1"})
    assert store.search([1, 0, 0], filters=wanted) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, len, {1: "x"}, object(), b"x", {1, 2}])
def test_d47_what_cannot_be_compared_is_refused(store: VectorStore, value: object) -> None:
    store.store("a", [1, 0, 0])
    with pytest.raises(InvalidMetadata):
        store.search([1, 0, 0], filters={"x": value})


@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize("k", [0, -1])
def test_d48_k_is_checked_whatever_is_stored(store: VectorStore, filled: bool, k: int) -> None:
    if filled:
        store.store("a", [1, 0, 0])
    with pytest.raises(InvalidVector):
        store.search([1, 0, 0], k)


def test_d48_a_rare_filter_is_exact(tmp_path: Path) -> None:
    vectors = np.random.default_rng(2).standard_normal((5_000, 16))
    query = np.random.default_rng(3).standard_normal(16)
    rare = {int(n) for n in np.random.default_rng(4).choice(5_000, 10, replace=False)}
    cosines = vectors @ query / np.linalg.norm(vectors, axis=1)
    best = [f"{n:04}" for n in sorted(rare, key=lambda n: -cosines[n])]
    with VectorStore.open(tmp_path / "v.db", dimension=16, exact_limit=100) as store:
        store.store_many((f"{n:04}", v.tolist(), {"rare": n in rare}) for n, v in enumerate(vectors))
        store.maintain()
        for k in (3, 10, 50):
            assert ids(store.search(query.tolist(), k, {"rare": True})) == best[:k]


def test_d49_ties_go_by_id(store: VectorStore) -> None:
    store.store_many((key, [2, 0, 0], {}) for key in "hgfedcba")
    assert {tuple(ids(store.search([1, 0, 0], 2))) for _ in range(30)} == {("a", "b")}


def test_d50_nothing_is_shared_with_the_caller(store: VectorStore) -> None:
    vector, metadata = np.array([1.0, 0, 0]), {"list": [1]}
    store.store("a", vector, metadata)  # type: ignore[arg-type]
    vector[:] = [0, 1, 0]
    metadata["list"].append(2)
    [hit] = store.search([1, 0, 0])
    assert (hit.distance, hit.metadata) == (0.0, {"list": [1]})
    hit.metadata["list"] = "mine"
    assert store.search([1, 0, 0])[0].metadata == {"list": [1]}


def test_d54_a_search_that_cannot_be_done_is_an_error(store: VectorStore) -> None:
    store.store("a", [1, 0, 0])
    store.close()
    with pytest.raises(StoreError):
        store.search([1, 0, 0])


def test_d55_an_empty_vector_is_refused_and_nobody_is_asked(
    store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: asked.append(address))
    with pytest.raises(InvalidVector):
        store.store("a", [], {"content": "private words"})
    assert asked == []


@pytest.mark.skipif(os.name == "nt", reason="no permissions of this kind")
def test_d56_the_files_are_private(store: VectorStore, tmp_path: Path) -> None:
    store.store("a", [1, 0, 0], {"content": "words"})
    store.search([1, 0, 0])
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir() if path.is_file()} == {0}


def test_d57_searches_go_on_while_somebody_writes(store: VectorStore, tmp_path: Path) -> None:
    store.store("a", [1, 0, 0])
    writer = apsw.Connection(str(tmp_path / "v.db"))
    writer.execute("BEGIN IMMEDIATE")
    found: list[list[str]] = []
    try:
        thread = threading.Thread(target=lambda: found.append(ids(store.search([1, 0, 0]))))
        thread.start()
        thread.join(30)
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    assert found == [["a"]]


def test_d58_after_closing_everything_is_refused(store: VectorStore, tmp_path: Path) -> None:
    store.close()
    store.close()
    for call in (lambda: store.store("a", [1, 0, 0]), lambda: store.delete(["a"]), lambda: len(store)):
        with pytest.raises(StoreError):
            call()
    with VectorStore.open(tmp_path / "v.db", dimension=3) as again:
        assert len(again) == 0


@pytest.mark.parametrize(
    ("vector", "distance"), [([0.9, 0.1, 0], 0.00612), ([5, 0, 0], 0.0), ([-1, 0, 0], 2.0), ([0, 1, 0], 1.0)]
)
def test_d59_distances_are_those_of_cosines(store: VectorStore, vector: list[float], distance: float) -> None:
    store.store("a", vector)
    [hit] = store.search([1, 0, 0])
    assert hit.distance == pytest.approx(distance, abs=1e-5)
    assert 0 <= hit.distance <= 2
