"""Joining two arms: what the formula says, for every kind of gap."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.search.fusion import fuse, is_flat


def test_both_arms_count_by_their_weights() -> None:
    fused = fuse({1: 10.0, 2: 5.0}, {1: 0.2, 2: 0.6, 3: 0.4}, alpha=0.7)
    assert [(item.id, round(item.score, 4)) for item in fused] == [
        (1, 0.7),
        (2, 0.65),
        (3, 0.15),
    ]
    assert [(item.text_score, item.cosine) for item in fused] == [(10.0, 0.2), (5.0, 0.6), (0.0, 0.4)]


@pytest.mark.parametrize(
    ("text", "cosines", "order"),
    [
        ({}, {}, []),
        ({1: 2.0}, {}, [1]),
        ({}, {1: 0.5}, [1]),
        ({}, {1: 0.5, 2: 0.5}, [1, 2]),
        ({1: 0.0, 2: 0.0}, {2: 0.1, 1: 0.0}, [2, 1]),
        ({3: 1.0, 1: 1.0}, {}, [1, 3]),
        ({1: 1.0, 2: 1.0}, {1: -0.5, 2: -0.1}, [2, 1]),
    ],
)
def test_gaps_and_ties(text: dict[int, float], cosines: dict[int, float], order: list[int]) -> None:
    assert [item.id for item in fuse(text, cosines, 0.5)] == order


scores = st.dictionaries(st.integers(1, 20), st.floats(0, 100))
cosines = st.dictionaries(st.integers(1, 20), st.floats(-1, 1))


@given(scores, cosines, st.floats(0, 1))
def test_scores_are_between_0_and_1_and_nothing_is_lost(
    text: dict[int, float], near: dict[int, float], alpha: float
) -> None:
    fused = fuse(text, near, alpha)
    assert {item.id for item in fused} == text.keys() | near.keys()
    assert all(-1e-9 <= item.score <= 1 + 1e-9 for item in fused)
    assert [item.score for item in fused] == sorted((item.score for item in fused), reverse=True)


@given(scores.filter(lambda text: any(text.values())), cosines)
def test_alone_each_arm_keeps_its_order(text: dict[int, float], near: dict[int, float]) -> None:
    by_text = [text.get(item.id, 0.0) for item in fuse(text, near, 1.0)]
    assert by_text == sorted(by_text, reverse=True)
    by_vector = [item.cosine for item in fuse(text, near, 0.0) if item.cosine is not None]
    assert all(one >= other - 1e-9 for one, other in pairwise(by_vector))


@pytest.mark.parametrize(
    ("near", "flat"),
    [({}, True), ({1: 0.9}, True), ({1: 0.5, 2: 0.495}, True), ({1: 0.5, 2: 0.4}, False)],
)
def test_flat(near: dict[int, float], flat: bool) -> None:
    assert is_flat(near) is flat
