"""Writing and searching vectors and texts as the index grows, beside the plainest programs for the same.

Budgets: indexing one document among 100,000 costs at most 1.5 times the same among 1,000; a hybrid search
at most 1.5 times a raw FTS5 query plus a raw usearch query over the same data; and writing 1,000 vectors is
at least 100 times cheaper than exporting the whole store after each of them.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import numpy.typing as npt

from spw_core.config.sections import Store
from spw_core.search.embedders import BUILTIN, Model
from spw_core.search.embedders.random_index import DIMENSION
from spw_core.search.embedding import COLLECTION
from spw_core.search.expression import expression_of
from spw_core.search.filters import Filters
from spw_core.search.hybrid import HybridRanker
from spw_core.search.query import parse_query
from spw_core.search.ranking import HYBRID, RankRequest
from spw_core.search.scan import encode, unit_rows
from spw_core.store import vectors as table
from spw_core.store.index import IndexStore
from tests.bench.bench_search import build
from tests.bench.measure import report, seconds

SIZES = (1_000, 10_000, 100_000)
QUERIES = 15
ONE_AT_A_TIME = 10
WORDS = [
    first + second
    for first in "ba de ki lo mu na pe ri so tu va ze cho shi".split()
    for second in "rin tal mok pas gur vel dor sim nat lep fir cub hod wex jul".split()
]
WORDS_PER_TEXT = 60

Rows = npt.NDArray[np.float32]


def run() -> None:
    """Indexing, hybrid search, filtered search and writes at three sizes."""
    indexing = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            indexing.append(_measure(Path(folder), size))
    report("index.one_document.100000_against_1000", indexing[-1] / indexing[0], "x")


def _text(chance: random.Random, number: int) -> str:
    # Words as frequent as in a language: a few everywhere, most of them rarely.
    words = [WORDS[int(len(WORDS) * chance.random() ** 2)] for _ in range(WORDS_PER_TEXT)]
    return f"# Note {number}\n\n{' '.join(words)}"


def _measure(folder: Path, size: int) -> float:
    chance = random.Random(size)
    path = folder / "index.db"
    build(path, {f"d{number}": _text(chance, number) for number in range(size)})
    vectors = unit_rows(np.random.default_rng(size).standard_normal((size, DIMENSION)), DIMENSION)
    _store(path, vectors)
    queries = [" ".join(chance.sample(WORDS, 4)) for _ in range(QUERIES)]
    _search(path, folder, vectors, queries, size)
    one = statistics.median(
        _timed(partial(build, path, {f"x{number}": _text(chance, number)})) for number in range(ONE_AT_A_TIME)
    )
    report(f"index.one_document.{size}", one * 1000, "ms")
    _write(path, folder, vectors, size)
    return one


def _store(path: Path, vectors: Rows) -> None:
    """One vector for each chunk, as the embedding queue would store it."""
    with IndexStore.writing(path) as index:
        keys = [row[0] for row in index.connection.execute("SELECT lower(hex(content_hash)) FROM chunks")]
        with index.transaction():
            made = table.create_collection(index.connection, COLLECTION, "bench", DIMENSION, complete=True)
        for start in range(0, len(keys), 5000):
            part = slice(start, start + 5000)
            with index.transaction():
                table.put_vectors(index.connection, made.id, _rows(keys[part], vectors[part]))


def _rows(keys: list[str], vectors: Rows) -> list[table.VectorRow]:
    return [
        table.VectorRow(key, codes, row.tobytes(), "{}")
        for key, codes, row in zip(keys, encode(vectors), vectors, strict=False)
    ]


class _Known:
    """An embedder that costs nothing: what is measured is the search."""

    def __init__(self, vectors: Rows) -> None:
        self._vectors = vectors
        self._asked = 0
        self.model = Model(BUILTIN, "bench", DIMENSION)

    def embed_documents(self, texts: Any) -> list[Any]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> Rows:
        self._asked += 1
        row: Rows = self._vectors[self._asked % len(self._vectors)]
        return row


def _search(path: Path, folder: Path, vectors: Rows, queries: list[str], size: int) -> None:
    from usearch.index import MetricKind
    from usearch.index import search as exact

    with IndexStore.reading(path) as index:
        assert index is not None
        connection = index.connection
        [collection] = table.collections(connection, COLLECTION)
        ranker = HybridRanker(connection, Store(), 0.5, folder, folder / "state")
        known = _Known(vectors)
        parsed = [parse_query(text) for text in queries]
        hybrid = _hybrid(ranker, collection, known)
        fts = [_timed(partial(_fts, connection, expression_of(query))) for query in parsed]
        some = vectors[:QUERIES]
        raw = [
            _timed(partial(exact, vectors, row, 100, MetricKind.IP, exact=True, threads=1)) for row in some
        ]
        scan = [_timed(partial(_numpy_scan, vectors, row)) for row in some]
        hybrid(parsed[0])  # loads the codes, once in a process
        both = [_timed(partial(hybrid, query)) for query in parsed]
    values = {"fts5": fts, "usearch_exact": raw, "numpy_scan": scan, "hybrid": both}
    for name, times in values.items():
        report(f"search.{name}.{size}", statistics.median(times) * 1000, "ms")
    ratio = statistics.median(both) / (statistics.median(fts) + statistics.median(raw))
    report(f"search.hybrid_against_raw.{size}", ratio, "x fts5+usearch")


def _hybrid(ranker: HybridRanker, collection: table.Collection, known: _Known) -> Callable[[Any], object]:
    """A hybrid search as `find` makes it, with the vector of the query given."""
    from spw_core.search.hybrid import ranked_by_both

    def search(query: Any) -> object:
        request = RankRequest(query, Filters(), 100, HYBRID)
        return ranked_by_both(ranker, request, collection, known.model, known.embed_query(""), 0.5)

    return search


def _numpy_scan(vectors: Rows, query: Rows) -> object:
    return np.argsort(vectors @ query)[-100:]


def _fts(connection: apsw.Connection, expression: str) -> list[Any]:
    return connection.execute(
        "SELECT rowid, bm25(chunks_fts) FROM chunks_fts WHERE chunks_fts MATCH ? ORDER BY rank LIMIT 100",
        (expression,),
    ).fetchall()


def _timed(work: Callable[[], object]) -> float:
    """CPU seconds: what a machine shared with others does not blur."""
    started = time.process_time()
    work()
    return time.process_time() - started


def _write(path: Path, folder: Path, vectors: Rows, size: int) -> None:
    """1,000 new vectors in one transaction, against writing the whole store to a file for each of them."""
    fresh = unit_rows(np.random.default_rng(7).standard_normal((1000, DIMENSION)), DIMENSION)
    with IndexStore.writing(path) as index:
        [collection] = table.collections(index.connection, COLLECTION)

        def put() -> None:
            with index.transaction():
                table.put_vectors(
                    index.connection, collection.id, _rows([f"new-{n}" for n in range(1000)], fresh)
                )

        batch = seconds(put)

    def export() -> None:
        with (folder / "export").open("wb") as stream:
            stream.write(vectors.tobytes())
            stream.flush()
            os.fsync(stream.fileno())
        (folder / "export").replace(folder / "exported")

    whole = statistics.median(seconds(export) for _ in range(3))
    report(f"vectors.write_1000_into.{size}", batch * 1000, "ms")
    report(f"vectors.full_export_against_batch.{size}", whole * 1000 / batch, "x cheaper")
