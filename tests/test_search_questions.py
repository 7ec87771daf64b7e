"""Forty questions with known answers: what share of them each way of searching answers."""

from __future__ import annotations

import pytest

from spw_core.api import Workspace
from spw_core.search.results import SearchResult

from .questions import KINDS, QUESTIONS, Question

LIMIT = 10


def is_right(question: Question, result: SearchResult) -> bool:
    return result.spec == question.spec and question.path in result.path


def rank_of(workspace: Workspace, question: Question, mode: str) -> int:
    """Place of the first right answer, from 1; 0 when there is none among the first ten."""
    results = workspace.search(question.text, limit=LIMIT, mode=mode).results
    return next((place for place, result in enumerate(results, 1) if is_right(question, result)), 0)


@pytest.fixture(scope="module")
def lexical_ranks(demo_harvested: Workspace) -> dict[Question, int]:
    return {question: rank_of(demo_harvested, question, "lexical") for question in QUESTIONS}


def share(ranks: dict[Question, int], k: int, kind: str = "") -> float:
    asked = [rank for question, rank in ranks.items() if kind in ("", question.kind)]
    return sum(0 < rank <= k for rank in asked) / len(asked)


def test_there_are_forty_questions_with_answers(demo_harvested: Workspace) -> None:
    assert len(set(QUESTIONS)) == 40
    for question in QUESTIONS:
        documents = demo_harvested.spec(question.spec).record().documents
        assert any(question.path in document.path for document in documents), question


@pytest.mark.parametrize(("k", "least"), [(1, 0.85), (5, 0.9), (10, 0.9)])
def test_words_answer_most_questions(lexical_ranks: dict[Question, int], k: int, least: float) -> None:
    missed = [question.text for question, rank in lexical_ranks.items() if not 0 < rank <= k]
    assert share(lexical_ranks, k) >= least, missed


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("keyword", 1.0),
        ("symptom", 0.95),
        ("who", 1.0),
        ("typo", 0.95),
        ("paraphrase", 0.57),
        ("translated", 0.5),
    ],
)
def test_each_kind_of_question(lexical_ranks: dict[Question, int], kind: str, least: float) -> None:
    assert share(lexical_ranks, LIMIT, kind) >= least


def test_every_kind_has_its_goal() -> None:
    assert set(KINDS) == {"keyword", "symptom", "who", "paraphrase", "typo", "translated"}


def test_with_vectors_no_fewer_are_answered(demo: Workspace, lexical_ranks: dict[Question, int]) -> None:
    demo.harvest()
    assert demo.embed().complete
    hybrid = {question: rank_of(demo, question, "hybrid") for question in QUESTIONS}
    assert share(hybrid, LIMIT) >= share(lexical_ranks, LIMIT)
    assert share(hybrid, 1) >= share(lexical_ranks, 1) - 0.05
