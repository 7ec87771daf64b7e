"""The index at three sizes: what one changed document costs, and a search by words beside raw FTS5."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import apsw

from spw_core import Document, SearchIndex
from spw_core.search.filters import Filters
from spw_core.search.lexical import rank
from spw_core.search.query import parse_query
from spw_core.store.connection import open_for_reading
from spw_core.store.index import INDEX_SCHEMA
from tests.bench.measure import median_ratio, report, seconds

SIZES = (1_000, 10_000, 100_000)
RUNS = 41
_WORDS = 20_000
_WORDS_PER_DOCUMENT = 60


def run() -> None:
    """Microseconds, milliseconds, and the ratio of the budget: one changed document among many and few."""
    with tempfile.TemporaryDirectory() as folder:
        indexes = {}
        for size in SIZES:
            texts = _texts(size)
            indexes[size] = index = SearchIndex(Path(folder) / f"{size}.db")
            filled = _cpu_seconds(index, texts)
            report(f"index.fill.{size}", filled * 1e6 / size, "us of CPU/document")
            _searches(index, size, texts)
        numbers = count()

        def change(size: int) -> float:
            number = next(numbers)
            text = f"# Note {number}\n\nchanged to {number}, whatever it was before\n"
            document = Document(f"d{number * 7}", text, spec="spec-0", type="note")
            return seconds(lambda: indexes[size].put([document]))

        few, many = SIZES[0], SIZES[-1]
        ratio = median_ratio(lambda: change(many), lambda: change(few), RUNS)
        report(f"index.changed_document.{many}", ratio, f"x of one among {few}")


def _cpu_seconds(index: SearchIndex, texts: list[str]) -> float:
    started = time.process_time()
    index.put(_documents(texts))
    return time.process_time() - started


def _texts(size: int) -> list[str]:
    """Texts whose words are as unevenly frequent as those of a language."""
    dice = random.Random(7)
    words = ["".join(dice.choices("abcdefghilmnoprstuv", k=dice.randint(3, 9))) for _ in range(_WORDS)]
    weights = [1 / (place + 10) for place in range(_WORDS)]
    drawn = dice.choices(words, weights, k=size * _WORDS_PER_DOCUMENT)
    starts = range(0, len(drawn), _WORDS_PER_DOCUMENT)
    return [" ".join(drawn[start : start + _WORDS_PER_DOCUMENT]) for start in starts]


def _documents(texts: list[str]) -> Iterator[Document]:
    for number, text in enumerate(texts):
        yield Document(f"d{number}", f"# Note {number}\n\n{text}\n", spec=f"spec-{number % 50}", type="note")


def _searches(index: SearchIndex, size: int, texts: list[str]) -> None:
    """Searches of two words: whole, ranking alone, and FTS5 alone; with a filter, misspelt, while typing."""
    connection = open_for_reading(index.path, INDEX_SCHEMA)
    assert connection is not None
    times: dict[str, list[float]] = {}
    for text in texts[:RUNS]:
        query = " ".join(text.split()[4:6])
        for name, work in {
            "whole": lambda q=query: index.search(q, mode="lexical"),
            "filtered": lambda q=query: index.search(f"{q} spec:spec-7", mode="lexical"),
            "misspelt": lambda q=query: index.search(f"{q[1:]}{q[0]}", mode="lexical"),
            "typing": lambda q=query: index.search(q[:-2], mode="lexical", typing=True),
            "ranking": lambda q=query: rank(connection, parse_query(q), Filters(), 200),
            "raw_fts5": lambda q=query: _raw(connection, q),
        }.items():
            times.setdefault(name, []).append(seconds(work))
    connection.close()
    for name, measured in times.items():
        report(f"search.words.{name}.p50.{size}", statistics.median(measured) * 1000, "ms")
    ratio = statistics.median(times["whole"]) / statistics.median(times["raw_fts5"])
    report(f"search.words.whole.{size}", ratio, "x raw FTS5")


def _raw(connection: apsw.Connection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT rowid, bm25(chunks_fts) AS score FROM chunks_fts WHERE chunks_fts MATCH ?"
        " ORDER BY score LIMIT 10",
        (" OR ".join(f'"{word}"' for word in query.split()),),
    ).fetchall()
