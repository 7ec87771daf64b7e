"""Joining the two arms: a convex combination of their scores, over everything either of them found.

Ranks are not enough: with weak vectors, reciprocal rank fusion lowered the text's own result on every
collection it was measured on, while a sum of scores raised it (see Bruch, Gai, Ingber, "An Analysis of
Fusion Functions for Hybrid Retrieval", 2023). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Weight of the text, by what makes the vectors.
ALPHA_BUILTIN, ALPHA_MODEL = 0.7, 0.5
# With less between the best and the worst of its candidates the vector arm says nothing about any of them.
_FLAT = 0.02


@dataclass(frozen=True, slots=True)
class Fused:
    """A candidate, and what each arm said of it: no text score is 0, no cosine None."""

    id: int
    score: float
    text_score: float
    cosine: float | None


def is_flat(cosines: Mapping[int, float]) -> bool:
    """True when the cosines of what a vector search found hardly differ."""
    return len(cosines) < 2 or max(cosines.values()) - min(cosines.values()) < _FLAT


def fuse(text: Mapping[int, float], cosines: Mapping[int, float], alpha: float) -> list[Fused]:
    """Candidates by alpha · text / max(text) + (1 − alpha) · minmax(cosine), best first.

    Both mappings go from candidates to scores: text scores of 0 and more, cosines between −1 and 1. What one
    of them lacks has no score in it and counts as its worst. Ties are ordered by the text, then by id.
    """
    highest = max(text.values(), default=0.0) or 1.0
    low, high = min(cosines.values(), default=0.0), max(cosines.values(), default=0.0)
    spread = (high - low) or 1.0
    fused = [
        Fused(
            candidate,
            alpha * text.get(candidate, 0.0) / highest
            + (1 - alpha) * (cosines.get(candidate, low) - low) / spread,
            text.get(candidate, 0.0),
            cosines.get(candidate),
        )
        for candidate in text.keys() | cosines.keys()
    ]
    return sorted(fused, key=lambda item: (-item.score, -item.text_score, item.id))
