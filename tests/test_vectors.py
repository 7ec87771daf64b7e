"""The vector store: exact under any filter, typed metadata, many readers, both tiers and the crossing."""

from __future__ import annotations

import math
import multiprocessing
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spw_core.errors import NewerStore, SpwError, StoreError
from spw_core.search import graph, nearest, scan
from spw_core.search.vectors import InvalidMetadata, InvalidVector, VectorHit, VectorStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    with VectorStore.open(tmp_path / "v.db", dimension=3) as opened:
        yield opened


def ids(hits: list[VectorHit]) -> list[str]:
    return [hit.id for hit in hits]


def random_vectors(count: int, dimension: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dimension))


def by_brute_force(vectors: dict[str, np.ndarray], query: np.ndarray, k: int) -> list[tuple[float, str]]:
    def distance(vector: np.ndarray) -> float:
        return 1 - float(vector @ query / np.linalg.norm(vector) / np.linalg.norm(query))

    return sorted((distance(vector), key) for key, vector in vectors.items())[:k]


# -- what is promised of one store ---------------------------------------------------------------


def test_nearest_first_with_metadata(store: VectorStore) -> None:
    store.store_many([("a", [1, 0, 0], {"tag": "x"}), ("b", [0, 1, 0], {}), ("c", [0.9, 0.1, 0], {"n": 5})])
    hits = store.search([1, 0, 0], k=2)
    assert ids(hits) == ["a", "c"]
    assert hits[0].distance == 0
    assert hits[0].metadata == {"tag": "x"}
    assert hits[1].distance == pytest.approx(0.00612, abs=1e-5)


@pytest.mark.parametrize(
    ("vector", "distance"), [([5, 0, 0], 0), ([-2, 0, 0], 2), ([0, 1e-30, 0], 1), ([1e300, 0, 0], 0)]
)
def test_distance_is_that_of_directions(store: VectorStore, vector: list[float], distance: float) -> None:
    store.store("a", vector)
    assert store.search([1, 0, 0])[0].distance == pytest.approx(distance, abs=1e-6)


def test_upsert_replaces_vector_and_metadata(store: VectorStore) -> None:
    store.store("a", [1, 0, 0], {"old": 1})
    store.store("a", [0, 1, 0], {"new": 2})
    [hit] = store.search([0, 1, 0], k=5)
    assert (hit.id, hit.distance, hit.metadata) == ("a", 0, {"new": 2})
    assert store.search([0, 1, 0], filters={"old": 1}) == []
    assert len(store) == 1


def test_what_is_stored_already_is_not_written(store: VectorStore) -> None:
    assert store.store_many([("a", [1, 2, 3], {"x": 1})]) == 1
    assert store.store_many([("a", [1, 2, 3], {"x": 1})]) == 0
    assert store.store_many([("a", [1, 2, 3], {"x": 2})]) == 1
    assert store.store_many([("b", [1, 0, 0], {}), ("b", [0, 0, 1], {})]) == 1
    assert store.search([0, 0, 1], k=1)[0].id == "b"


def test_delete(store: VectorStore) -> None:
    store.store_many([(name, [1, 1, number], {}) for number, name in enumerate("abc")])
    assert store.delete(["a", "c", "unknown"]) == 2
    assert store.delete([]) == 0
    assert ids(store.search([1, 1, 1], k=10)) == ["b"]


def test_survives_reopening(tmp_path: Path) -> None:
    with VectorStore.open(tmp_path / "v.db", dimension=2, model="m") as store:
        store.store("a", [1, 0], {"k": [1, {"deep": None}]})
    with VectorStore.open(tmp_path / "v.db", dimension=2, model="m") as store:
        assert store.search([1, 0]) == [VectorHit("a", 0.0, {"k": [1, {"deep": None}]})]
    with VectorStore.open(tmp_path / "v.db", dimension=3, model="other") as store:
        assert store.search([1, 0, 0]) == []
    with pytest.raises(InvalidVector, match="2 dimensions, not 3"):
        VectorStore.open(tmp_path / "v.db", dimension=3, model="m")


@pytest.mark.parametrize(
    "vector",
    [
        *([0, 0, 0], [1, 0], [1, 0, 0, 0], [], [math.nan, 0, 1], [math.inf, 0, 0]),
        *([[1, 0, 0]], ["a", "b", "c"], [None, 1, 2], [1e-320 * 0, 0, -0.0]),
    ],
)
def test_bad_vectors_are_refused_and_change_nothing(store: VectorStore, vector: list[float]) -> None:
    with pytest.raises(InvalidVector):
        store.store_many([("good", [1, 0, 0], {}), ("bad", vector, {})])
    with pytest.raises(InvalidVector):
        store.search(vector)
    assert len(store) == 0


@pytest.mark.parametrize("id", ["", None, 7, "\ud800", "a\0b"])
def test_bad_ids_are_refused(store: VectorStore, id: str) -> None:
    with pytest.raises(InvalidVector):
        store.store(id, [1, 0, 0])


@pytest.mark.parametrize("k", [0, -1])
def test_k_must_be_positive(store: VectorStore, k: int) -> None:
    with pytest.raises(InvalidVector):
        store.search([1, 0, 0], k=k)


def test_ties_are_ordered_by_id(store: VectorStore) -> None:
    store.store_many([(name, [1, 2, 2], {}) for name in "hgfedcba"])
    for _ in range(3):
        assert ids(store.search([1, 2, 2], k=2)) == ["a", "b"]


def test_the_callers_buffer_is_copied(store: VectorStore) -> None:
    vector = np.array([1.0, 0, 0], np.float32)
    metadata = {"list": [1]}
    store.store("a", vector, metadata)  # type: ignore[arg-type]
    vector[:] = [0, 1, 0]
    metadata["list"].append(2)
    [hit] = store.search([1, 0, 0])
    assert (hit.distance, hit.metadata) == (0, {"list": [1]})


def test_closed_store_refuses(tmp_path: Path) -> None:
    store = VectorStore.open(tmp_path / "v.db", dimension=3)
    store.store("a", [1, 0, 0])
    store.close()
    store.close()
    for call in (
        lambda: store.store("b", [1, 0, 0]),
        lambda: store.search([1, 0, 0]),
        lambda: store.delete(["a"]),
    ):
        with pytest.raises(StoreError, match="closed"):
            call()


def test_newer_database_is_refused(tmp_path: Path) -> None:
    VectorStore.open(tmp_path / "v.db", dimension=3).close()
    connection = apsw.Connection(str(tmp_path / "v.db"))
    connection.pragma("user_version", 999)
    connection.close()
    with pytest.raises(NewerStore):
        VectorStore.open(tmp_path / "v.db", dimension=3)


def test_database_is_private(tmp_path: Path) -> None:
    VectorStore.open(tmp_path / "v.db", dimension=3).close()
    assert (tmp_path / "v.db").stat().st_mode & 0o777 == 0o600


def test_a_failing_write_is_not_searchable(store: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.store("a", [1, 0, 0])
    writer = store._writer
    assert writer is not None
    writer.execute(
        "CREATE TEMP TRIGGER f BEFORE INSERT ON vector_floats BEGIN SELECT raise(ABORT, 'full'); END"
    )
    with pytest.raises(StoreError):
        store.store("b", [0, 1, 0])
    writer.execute("DROP TRIGGER f")
    assert ids(store.search([0, 1, 0])) == ["a"]


# -- filters -------------------------------------------------------------------------------------

VALUES = [
    *("42", 42, 42.0, True, False, None, "true", "null", "", " 7 ", "{}", '"x"', "x", 0, 1, -1),
    *(2**53 + 1, 2**53, [], {}, [1], ["1"], {"a": 1}, {"a": "1"}, 1.5, "ação", "a" * 500, "a" * 501, "\0"),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_metadata_comes_back_with_its_type_and_is_found_by_it_alone(
    store: VectorStore, value: object
) -> None:
    store.store_many([(f"{number:02}", [1, 0, number], {"v": other}) for number, other in enumerate(VALUES)])
    store.store("without", [1, 0, 0], {"w": value})
    [hit] = store.search([1, 0, 0], k=100, filters={"v": value})
    assert repr(hit.metadata["v"]) == repr(value)
    assert ids(store.search([1, 0, 0], k=100, filters={"v": value, "w": value})) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), {1: 2}, {"a": {3}}, b"x", "\ud800", len])
def test_what_cannot_be_compared_is_refused(store: VectorStore, value: object) -> None:
    store.store("a", [1, 0, 0], {})
    with pytest.raises(InvalidMetadata):
        store.search([1, 0, 0], filters={"v": value})
    with pytest.raises(InvalidMetadata):
        store.store("b", [1, 0, 0], {"v": value})
    with pytest.raises(InvalidMetadata):
        store.search([1, 0, 0], filters={5: "x"})  # type: ignore[dict-item]
    assert len(store) == 1


@pytest.mark.parametrize("name", ['a"b', "a.b", "a[0]", "$", "'", "ação", "", "\\"])
def test_any_name_can_be_filtered_by(store: VectorStore, name: str) -> None:
    store.store_many([("yes", [1, 0, 0], {name: 1}), ("no", [1, 0, 0], {name: 2})])
    assert ids(store.search([1, 0, 0], filters={name: 1})) == ["yes"]


@pytest.mark.parametrize("matching", [0, 1, 10, 300, 2500, 4999, 5000])
def test_filters_are_exact_at_any_selectivity(tmp_path: Path, matching: int) -> None:
    """Also when all that match lie far away from the query, where a capped search finds nothing."""
    vectors = random_vectors(5000, 16)
    query = vectors[0]
    order = np.argsort(vectors @ query / np.linalg.norm(vectors, axis=1))
    chosen = set(order[:matching].tolist())
    with VectorStore.open(tmp_path / "v.db", dimension=16) as store:
        store.store_many(
            [
                (f"{number}", vector.tolist(), {"in": number in chosen})
                for number, vector in enumerate(vectors)
            ]
        )
        for k in (1, 10, 50):
            hits = store.search(query.tolist(), k=k, filters={"in": True})
            expected = by_brute_force({str(number): vectors[number] for number in chosen}, query, k)
            assert ids(hits) == [key for _, key in expected]
            assert [hit.distance for hit in hits] == pytest.approx([row[0] for row in expected], abs=2e-5)


# -- exactness -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize("shape", ["random", "clustered", "equal", "spiky", "wide"])
def test_a_scan_finds_what_a_full_scan_finds(
    tmp_path: Path, shape: str, kernel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kernel:
        monkeypatch.setattr(scan, "_kernel", lambda: None)
    dimension = 600 if shape == "wide" else 24
    vectors = random_vectors(2000, dimension)
    match shape:
        case "clustered":  # many are nearer to each other than the codes can tell
            vectors = vectors[:4].repeat(500, axis=0) + 1e-4 * vectors
        case "equal":
            vectors = np.ones((2000, dimension))
        case "spiky":  # one large number makes the codes of all others coarse
            vectors[:, 3] *= 1000
    names = {f"{number:04}": vector for number, vector in enumerate(vectors)}
    with VectorStore.open(tmp_path / "v.db", dimension=dimension) as store:
        store.store_many([(name, vector.tolist(), {}) for name, vector in names.items()])
        stored = {
            name: (vector / np.linalg.norm(vector)).astype(np.float32) for name, vector in names.items()
        }
        for seed in range(5):
            query = random_vectors(1, dimension, seed)[0] if seed else vectors[7]
            unit = (query / np.linalg.norm(query)).astype(np.float32)
            exact = sorted((1 - float(vector @ unit), name) for name, vector in stored.items())
            hits = store.search(query.tolist(), k=10)
            assert len(hits) == 10
            assert [hit.distance for hit in hits] == pytest.approx([row[0] for row in exact[:10]], abs=1e-6)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "put", "put", "delete"]),
            st.lists(st.integers(0, 30), min_size=1, max_size=12),
            st.integers(0, 4),
        ),
        max_size=25,
    )
)
def test_readers_catch_up_with_every_change(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, list[int], int]]
) -> None:
    """Two stores over one file: what one writes, the other finds, whatever the order of changes."""
    path = tmp_path_factory.mktemp("vectors") / "v.db"
    with VectorStore.open(path, dimension=4) as writer, VectorStore.open(path, dimension=4) as reader:
        expected: dict[str, np.ndarray] = {}
        for kind, numbers, seed in changes:
            if kind == "put":
                new = {str(number): random_vectors(1, 4, number * 7 + seed)[0] for number in numbers}
                writer.store_many([(key, vector.tolist(), {}) for key, vector in new.items()])
                expected |= new
            else:
                writer.delete([str(number) for number in numbers])
                for number in numbers:
                    expected.pop(str(number), None)
            hits = reader.search([1, 2, 3, 4], k=50)
            brute = by_brute_force(expected, np.array([1, 2, 3, 4]), 50)
            assert sorted(ids(hits)) == sorted(key for _, key in brute)
            assert [hit.distance for hit in hits] == pytest.approx([row[0] for row in brute], abs=1e-4)
        assert len(reader) == len(expected)


def test_forgotten_tombstones_make_readers_start_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spw_core.store.vectors._MIN_TOMBSTONES", 5)
    path = tmp_path / "v.db"
    with VectorStore.open(path, dimension=2) as writer, VectorStore.open(path, dimension=2) as reader:
        writer.store_many([(str(number), [1, number], {}) for number in range(20)])
        assert len(reader.search([1, 1], k=100)) == 20
        for number in range(18):
            writer.delete([str(number)])
        assert sorted(ids(reader.search([1, 1], k=100))) == ["18", "19"]


# -- several at once -----------------------------------------------------------------------------


def _search_until(path: Path, stop: object, results: object) -> None:
    with VectorStore.open(path, dimension=8) as store:
        seen = 0
        while not stop.is_set():  # type: ignore[attr-defined]
            hits = store.search([1.0] * 8, k=5000)
            # Batches of ten are there as a whole or not at all, and none ever goes.
            assert len(hits) % 10 == 0
            assert len(hits) >= seen
            assert len({hit.id for hit in hits}) == len(hits)
            seen = len(hits)
        results.put(seen)  # type: ignore[attr-defined]


def test_processes_read_while_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    VectorStore.open(path, dimension=8).close()
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    readers = [context.Process(target=_search_until, args=(path, stop, results)) for _ in range(3)]
    for reader in readers:
        reader.start()
    with VectorStore.open(path, dimension=8) as store:
        for batch in range(60):
            vectors = random_vectors(10, 8, batch)
            store.store_many(
                [(f"{batch}-{number}", vector.tolist(), {}) for number, vector in enumerate(vectors)]
            )
    stop.set()
    for reader in readers:
        reader.join(60)
    assert [reader.exitcode for reader in readers] == [0, 0, 0]
    with VectorStore.open(path, dimension=8) as store:
        assert len(store.search([1.0] * 8, k=5000)) == 600


def test_threads_share_a_store(tmp_path: Path) -> None:
    failures: list[BaseException] = []
    with VectorStore.open(tmp_path / "v.db", dimension=8) as store:

        def work(seed: int) -> None:
            try:
                for turn in range(30):
                    vector = random_vectors(1, 8, seed * 100 + turn)[0].tolist()
                    store.store(f"{seed}-{turn}", vector)
                    assert store.search(vector, k=1)[0].distance < 1e-6
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(store) == 120


# -- the graph -----------------------------------------------------------------------------------

LIMIT = 300


@pytest.fixture
def big(tmp_path: Path) -> Iterator[VectorStore]:
    """A store whose graph is asked from 300 vectors on."""
    with VectorStore.open(tmp_path / "v.db", dimension=16, exact_limit=LIMIT) as opened:
        yield opened


def fill(store: VectorStore, start: int, stop: int) -> dict[str, np.ndarray]:
    vectors = {str(number): random_vectors(1, 16, number)[0] for number in range(start, stop)}
    store.store_many([(key, vector.tolist(), {"even": int(key) % 2 == 0}) for key, vector in vectors.items()])
    return vectors


def check(store: VectorStore, vectors: dict[str, np.ndarray]) -> None:
    """Searches agree with a full scan; where the graph is asked, all but a few times."""
    found = 0
    for seed in range(20):
        query = random_vectors(1, 16, 10_000 + seed)[0]
        even = {key: vector for key, vector in vectors.items() if int(key) % 2 == 0}
        hits = store.search(query.tolist(), k=10, filters={"even": True})
        assert ids(hits) == [key for _, key in by_brute_force(even, query, 10)]
        exact = {key: distance for distance, key in by_brute_force(vectors, query, len(vectors))}
        hits = store.search(query.tolist(), k=10)
        assert len(hits) == 10
        assert [hit.distance for hit in hits] == pytest.approx([exact[hit.id] for hit in hits], abs=1e-6)
        found += len(set(ids(hits)) & set(list(exact)[:10]))
    assert found == 200 if the_graph(store) is None else found >= 196


def the_graph(store: VectorStore) -> graph.Graph | None:
    with store._reading() as (_, collection):
        return nearest._held[collection.uuid].graph


def test_crossing_the_threshold_and_back(big: VectorStore) -> None:
    vectors = fill(big, 0, LIMIT)
    assert not big.maintain()
    check(big, vectors)
    assert the_graph(big) is None
    vectors |= fill(big, LIMIT, LIMIT + 200)
    check(big, vectors)  # above it, before there is a graph
    assert the_graph(big) is None
    assert big.maintain()
    assert not big.maintain()
    check(big, vectors)
    built = the_graph(big)
    assert built is not None
    assert built.count == LIMIT + 200
    vectors |= fill(big, LIMIT + 200, LIMIT + 260)  # behind the graph
    big.delete([str(number) for number in range(40)])
    vectors = {key: vector for key, vector in vectors.items() if int(key) >= 40}
    check(big, vectors)
    assert the_graph(big) is built
    big.delete([str(number) for number in range(40, 300)])
    vectors = {key: vector for key, vector in vectors.items() if int(key) >= 300}
    check(big, vectors)  # below it again
    assert the_graph(big) is None


def test_updates_leave_the_graph_for_the_rows_behind_it(big: VectorStore) -> None:
    vectors = fill(big, 0, 400)
    assert big.maintain()
    changed = {str(number): random_vectors(1, 16, 5000 + number)[0] for number in range(100)}
    big.store_many([(key, vector.tolist(), {"even": int(key) % 2 == 0}) for key, vector in changed.items()])
    check(big, vectors | changed)


def test_a_quarter_gone_calls_for_a_new_graph(big: VectorStore) -> None:
    vectors = fill(big, 0, 500)
    assert big.maintain()
    big.delete([str(number) for number in range(130)])
    assert big.maintain()
    check(big, {key: vector for key, vector in vectors.items() if int(key) >= 130})


def test_a_long_tail_calls_for_a_new_graph(big: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_TAIL_ROWS", 30)
    fill(big, 0, 500)
    assert big.maintain()
    fill(big, 500, 540)
    assert not big.maintain()
    fill(big, 540, 560)
    assert big.maintain()


def snapshot(store: VectorStore) -> Path:
    [path] = store._snapshots.glob("*.graph")
    return path


def test_another_process_sees_a_new_snapshot(big: VectorStore, tmp_path: Path) -> None:
    vectors = fill(big, 0, 400)
    with VectorStore.open(tmp_path / "v.db", dimension=16, exact_limit=LIMIT) as other:
        check(other, vectors)
        assert big.maintain()
        check(other, vectors)
        assert the_graph(other) is not None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:100],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: b"\0" * len(data),
        lambda data: data[:5000] + bytes([data[5000] ^ 1]) + data[5001:],
        lambda data: data[:12] + bytes([data[12] ^ 1]) + data[13:],
        lambda data: data[:4096] + data[:4096] + data[8192:],
    ],
)
def test_a_damaged_snapshot_is_not_used_and_built_anew(big: VectorStore, damage: object) -> None:
    vectors = fill(big, 0, 400)
    assert big.maintain()
    path = snapshot(big)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    check(big, vectors)
    assert the_graph(big) is None
    assert big.maintain()
    check(big, vectors)
    assert the_graph(big) is not None


def test_a_snapshot_of_another_collection_is_not_used(big: VectorStore, tmp_path: Path) -> None:
    vectors = fill(big, 0, 400)
    assert big.maintain()
    with VectorStore.open(tmp_path / "v.db", dimension=16, model="other", exact_limit=LIMIT) as other:
        others = fill(other, 1000, 1400)
        with other._reading() as (_, collection):
            (tmp_path / "v.db.vectors" / f"{collection.uuid}.graph").write_bytes(snapshot(big).read_bytes())
        check(other, others)
        assert the_graph(other) is None
    check(big, vectors)


def test_a_folder_in_the_place_of_a_snapshot(big: VectorStore) -> None:
    vectors = fill(big, 0, 400)
    assert big.maintain()
    path = snapshot(big)
    path.unlink()
    path.mkdir()
    check(big, vectors)


def test_snapshots_are_written_beside_flushed_and_moved(
    big: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def traced(name: str, real: object) -> object:
        def call(*args: object, **options: object) -> object:
            calls.append(name)
            return real(*args, **options)  # type: ignore[operator]

        return call

    fill(big, 0, 400)
    big._snapshots.mkdir()
    left_over = big._snapshots / ".old.spw-tmp"
    left_over.write_bytes(b"")
    monkeypatch.setattr(os, "fsync", traced("fsync", os.fsync))
    monkeypatch.setattr(Path, "replace", traced("rename", Path.replace))
    monkeypatch.setattr(graph, "sync_folder", traced("fsync folder", graph.sync_folder))
    assert big.maintain()
    assert calls[:3] == ["fsync", "rename", "fsync folder"]
    assert snapshot(big).stat().st_mode & 0o777 == 0o600


def test_a_snapshot_that_cannot_be_written_leaves_the_old_one(
    big: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = fill(big, 0, 400)
    assert big.maintain()
    before = snapshot(big).read_bytes()
    big.delete([str(number) for number in range(90)])
    vectors |= fill(big, 400, 500)
    big.delete([str(number) for number in range(90, 130)])

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SpwError, match="No space left"):
        big.maintain()
    assert snapshot(big).read_bytes() == before
    assert [path.name for path in big._snapshots.iterdir() if path.name.endswith(".spw-tmp")] == []
    check(big, {key: vector for key, vector in vectors.items() if int(key) >= 130})


def test_only_one_builds(big: VectorStore) -> None:
    fill(big, 0, 400)
    with big._reading() as (reader, collection):
        path = graph.snapshot_path(big._snapshots, collection.uuid).with_suffix(".lock")
        path.parent.mkdir()
        with graph.try_lock(path) as mine:
            assert mine
            assert not graph.build_graph(reader, collection, big._snapshots)
        assert graph.build_graph(reader, collection, big._snapshots)
