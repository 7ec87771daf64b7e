"""The harness that measures search: its metrics by hand, and a small collection with known answers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.bench.bench_search import ndcg, read, recall, reciprocal_rank, run
from tests.conftest import REAL_WORKSPACE

CRANFIELD = REAL_WORKSPACE.parent / "retrieval" / "cranfield"


@pytest.mark.parametrize(
    ("ranking", "grades", "expected"),
    [
        (["a"], {"a": 1}, 1.0),
        (["x", "a"], {"a": 1}, 1 / math.log2(3)),
        (["b", "a"], {"a": 3, "b": 1}, (1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3))),
        ([*"0123456789", "a"], {"a": 1}, 0.0),
        (["a"], {"a": 0}, 0.0),
        ([], {"a": 1}, 0.0),
        (["a"], {"a": 1, "b": 1, "c": -1}, 1 / (1 + 1 / math.log2(3))),
    ],
)
def test_ndcg(ranking: list[str], grades: dict[str, int], expected: float) -> None:
    assert ndcg(ranking, grades) == pytest.approx(expected)


def test_recall_and_reciprocal_rank() -> None:
    assert recall(["x", "a", "y"], {"a": 1, "b": 2, "x": 0}) == 0.5
    assert reciprocal_rank(["x", "a", "y"], {"a": 1, "x": 0}) == 0.5
    assert reciprocal_rank(["x"], {"a": 1}) == 0
    assert recall(["x"], {"x": 0}) == 0


TOPICS = ("login token", "billing invoice", "flaky checkout", "search ranking", "wave checkpoint")


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Five topics with four documents each; of each topic one query, and one that misspells it."""
    folder = tmp_path / "topics"
    folder.mkdir()
    documents, queries, judgments = [], [], ["query-id\tcorpus-id\tscore"]
    for number, topic in enumerate(TOPICS):
        for copy in range(4):
            key = f"d{number}-{copy}"
            text = f"Everything about the {topic}, part {copy}. The {topic} matters."
            documents.append({"_id": key, "title": f"{topic.title()} {copy}", "text": text})
            judgments += [f"{query}{number}\t{key}\t1" for query in "qt"]
        queries.append({"_id": f"q{number}", "text": f"what of the {topic}?"})
        queries.append({"_id": f"t{number}", "text": topic.replace("n", "nn", 1)})
    for name, items in (("corpus", documents), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, items)) + "\n")
    (folder / "qrels.tsv").write_text("\n".join(judgments) + "\n")
    return folder


def test_every_mode_finds_what_is_there(collection: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured = run(collection)
    for mode in ("lexical", "semantic", "hybrid"):
        assert measured[f"{mode}.recall@100"] == 1
        assert measured[f"{mode}.ndcg@10"] > 0.9
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["search.topics.lexical.ndcg@10", f"{measured['lexical.ndcg@10']:.3g}", "mean"]
    assert all(len(line.split()) == 3 for line in lines)


def test_judgments_in_trec_form(collection: Path) -> None:
    (collection / "qrels.tsv").write_text("q0 0 d0-0 2\nq0 0 d0-1 0\n")
    assert read(collection).grades == {"q0": {"d0-0": 2, "d0-1": 0}}


@pytest.mark.prove
@pytest.mark.skipif(not CRANFIELD.is_dir(), reason="no Cranfield collection on this machine")
def test_goals_on_cranfield() -> None:
    measured = run(CRANFIELD)
    assert measured["lexical.ndcg@10"] >= 0.39
    assert measured["hybrid.ndcg@10"] >= 0.41
