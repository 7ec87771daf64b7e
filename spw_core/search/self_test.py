"""Does the meaning help here? Questions whose answers the workspace itself knows, asked with every weight.

The weight of the text that finds most of the known answers is kept for the model; where no weight does
better than words alone, automatic searches use words alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from spw_core.search.fusion import fuse

# Weights of the text that are tried; 1 is words alone, 0 meaning alone.
ALPHAS = tuple(step / 10 for step in range(11))
# With fewer questions chance decides.
MIN_ITEMS = 20
# What a weight must gain over the usual one to replace it, and what fusion may lose against words alone.
_GAIN, _LOSS = 0.01, 0.01

# What each arm says of the candidates for a question: text scores and cosines, by chunk.
Arms = tuple[Mapping[int, float], Mapping[int, float]]


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A question and the path of the document that answers it. Documents below `without` are not counted:
    the question was taken from them."""

    kind: str
    query: str
    answer: str
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Mean reciprocal ranks of the known answers, by weight of the text, and what follows from them."""

    items: int
    by_alpha: Mapping[float, float]
    alpha: float
    pays: bool

    @property
    def is_enough(self) -> bool:
        """False when there were too few questions for anything to follow."""
        return self.items >= MIN_ITEMS

    @property
    def text(self) -> float:
        return self.by_alpha.get(1.0, 0.0)

    @property
    def vector(self) -> float:
        return self.by_alpha.get(0.0, 0.0)

    @property
    def fused(self) -> float:
        return self.by_alpha.get(self.alpha, 0.0)

    def as_details(self) -> dict[str, object]:
        """What is stored with the vectors."""
        return {
            "items": self.items,
            "alpha": self.alpha,
            "pays": self.pays,
            "text": round(self.text, 4),
            "vector": round(self.vector, 4),
            "fused": round(self.fused, 4),
        }


def measure(
    items: Sequence[KnownItem],
    ask: Callable[[str], Arms],
    paths: Callable[[Sequence[int]], Mapping[int, str]],
    usual: float,
) -> SelfTest:
    """Ask every question. `ask` gives what the arms say, `paths` the documents of chunks."""
    ranks: dict[float, list[float]] = {alpha: [] for alpha in ALPHAS}
    for item in items:
        text, cosines = ask(item.query)
        documents = paths(list(text.keys() | cosines.keys()))
        for alpha in ALPHAS:
            fused = [found.id for found in fuse(text, cosines, alpha)]
            order = [chunk for chunk in fused if _counts(chunk, alpha, text, cosines)]
            ranks[alpha].append(_reciprocal_rank(order, documents, item))
    means = {alpha: sum(found) / max(len(found), 1) for alpha, found in ranks.items()}
    return decide(means, len(items), usual)


def decide(by_alpha: Mapping[float, float], items: int, usual: float) -> SelfTest:
    """The weight to use: the usual one unless another is clearly better; and whether fusion pays at all."""
    if items < MIN_ITEMS:
        return SelfTest(items, by_alpha, usual, pays=True)
    mixed = {alpha: value for alpha, value in by_alpha.items() if 0 < alpha < 1}
    best = max(mixed, key=lambda alpha: (mixed[alpha], -abs(alpha - usual)))
    nearest = min(mixed, key=lambda alpha: abs(alpha - usual))
    chosen = best if mixed[best] >= mixed[nearest] + _GAIN else nearest
    return SelfTest(items, by_alpha, chosen, pays=mixed[chosen] >= by_alpha[1.0] - _LOSS)


def _counts(chunk: int, alpha: float, text: Mapping[int, float], cosines: Mapping[int, float]) -> bool:
    """With one arm alone, what only the other one found is not found."""
    return (alpha < 1 or text.get(chunk, 0.0) > 0) and (alpha > 0 or chunk in cosines)


def _reciprocal_rank(order: Sequence[int], documents: Mapping[int, str], item: KnownItem) -> float:
    seen: set[str] = set()
    for chunk in order:
        path = documents.get(chunk, "")
        if path in seen or path.startswith(item.without):
            continue
        seen.add(path)
        if path == item.answer:
            return 1 / len(seen)
    return 0.0
