"""Quality of every search mode over a retrieval collection: `make bench-search DATA=<folder>`.

The folder holds `corpus.jsonl` and `queries.jsonl` (one JSON object a line with `_id`, `text` and, in the
corpus, perhaps `title`) and `qrels.tsv` (query, document, grade; a header line and TREC's extra column are
understood). Prints nDCG@10, recall@100 and MRR of each mode, one line each: name value unit.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spw_core.config.sections import Store
from spw_core.search.chunks import chunk_lines, text_lines
from spw_core.search.embedding import embed_texts
from spw_core.search.find import SearchRequest, find
from spw_core.search.hybrid import HybridRanker
from spw_core.search.indexing import DocumentWriter, indexed_text
from spw_core.search.ranking import HYBRID, LEXICAL, SEMANTIC
from spw_core.store.index import DOCUMENT_COLUMNS, IndexStore
from tests.bench.measure import report

DEPTH = 100
_BATCH = 5_000
# Weights of the text that are measured beside the usual one.
ALPHAS = (0.4,)

Grades = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Documents and queries by id, and the grade of each document that was judged for a query."""

    documents: Mapping[str, str]
    queries: Mapping[str, str]
    grades: Mapping[str, Grades]


def run(folder: Path, settings: Store | None = None) -> dict[str, float]:
    """Measure every mode and print it; returns what was printed, by name."""
    data = read(folder)
    measured: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "index.db"
        settings = settings or Store(provider="builtin")
        build(path, data.documents)
        embedded = embed_texts(path, Path(work) / "vectors", settings)
        if not embedded.complete:
            sys.exit(f"no vectors: {embedded.problem}")
        for name, mode, alpha in _modes():
            rankings = search_all(path, Path(work), data, settings, mode, alpha)
            for metric, function in METRICS.items():
                value = mean(
                    function(rankings[query], grades)
                    for query, grades in data.grades.items()
                    if query in rankings and any(grade > 0 for grade in grades.values())
                )
                measured[f"{name}.{metric}"] = value
                report(f"search.{folder.resolve().name}.{name}.{metric}", value, "mean")
    return measured


def _modes() -> Iterator[tuple[str, str, float | None]]:
    yield "lexical", LEXICAL, None
    yield "semantic", SEMANTIC, None
    yield "hybrid", HYBRID, None
    for alpha in ALPHAS:
        yield f"hybrid_alpha_{alpha:g}", HYBRID, alpha


def read(folder: Path) -> RetrievalSet:
    """Read a collection; documents become Markdown with their title as heading."""
    documents = {}
    for item in _lines(folder / "corpus.jsonl"):
        title, text = item.get("title", ""), item.get("text", "")
        documents[item["_id"]] = f"# {' '.join(title.split())}\n\n{text}" if title else text
    queries = {item["_id"]: item["text"] for item in _lines(folder / "queries.jsonl")}
    grades: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        parts = line.split()
        if len(parts) >= 3 and parts[-1].lstrip("-").isdigit():
            grades.setdefault(parts[0], {})[parts[-2]] = int(parts[-1])
    return RetrievalSet(documents, queries, grades)


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)


def build(path: Path, documents: Mapping[str, str]) -> None:
    """An index of the documents, keyed by their ids."""
    with IndexStore.writing(path) as index:
        items = list(documents.items())
        for start in range(0, len(items), _BATCH):
            with index.transaction():
                writer = DocumentWriter(index)
                for key, text in items[start : start + _BATCH]:
                    chunked = chunk_lines(text_lines(text))
                    columns = {name: 0 if name == "wave" else "" for name in DOCUMENT_COLUMNS}
                    columns |= {"key": key, "source": "bench", "path": key, "title": chunked.title}
                    writer.put(columns, indexed_text(chunked.title, "", chunked.chunks))
                writer.flush()


def search_all(
    path: Path, work: Path, data: RetrievalSet, settings: Store, mode: str, alpha: float | None
) -> dict[str, list[str]]:
    """Ids of the documents found for each query, best first."""
    with IndexStore.reading(path) as index:
        assert index is not None
        ranker = HybridRanker(index.connection, settings, alpha, work / "vectors", work / "state.json")
        return {
            query: [
                result.key
                for result in find(
                    index.connection, SearchRequest(text, limit=DEPTH, mode=mode), ranker
                ).results
            ]
            for query, text in data.queries.items()
        }


def ndcg(ranking: Sequence[str], grades: Grades, depth: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen, 2002), with the grade as gain."""

    def dcg(gains: Sequence[int]) -> float:
        return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains[:depth]))

    ideal = dcg(sorted((grade for grade in grades.values() if grade > 0), reverse=True))
    return dcg([max(grades.get(key, 0), 0) for key in ranking]) / ideal if ideal else 0.0


def recall(ranking: Sequence[str], grades: Grades, depth: int = DEPTH) -> float:
    """Part of the relevant documents that is among the first."""
    relevant = {key for key, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranking[:depth])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Grades) -> float:
    """1 / place of the first relevant document."""
    return next((1 / place for place, key in enumerate(ranking, 1) if grades.get(key, 0) > 0), 0.0)


METRICS: dict[str, Callable[[Sequence[str], Grades], float]] = {
    "ndcg@10": ndcg,
    "recall@100": recall,
    "mrr": reciprocal_rank,
}


def mean(values: Iterator[float]) -> float:
    """Mean of some values, 0 of none."""
    found = list(values)
    return sum(found) / len(found) if found else 0.0


if __name__ == "__main__":
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "corpus.jsonl").is_file():
        sys.exit("usage: make bench-search DATA=<folder with corpus.jsonl, queries.jsonl, qrels.tsv>")
    run(Path(sys.argv[1]))
