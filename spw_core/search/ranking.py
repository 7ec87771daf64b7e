"""What an arm of the search, or their fusion, hands over: chunks in order, and how they came by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from spw_core.search.filters import Filters
from spw_core.search.query import Query

LEXICAL = "lexical"
SEMANTIC = "semantic"
HYBRID = "hybrid"
AUTO = "auto"
MODES = (AUTO, LEXICAL, SEMANTIC, HYBRID)


@dataclass(frozen=True, slots=True)
class ArmScore:
    """What one arm says of a chunk: its place there (from 1, 0 for none) and its own score."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that matches. `score` grows with relevance; `arms` explains it, by name of the arm."""

    chunk_id: int
    score: float
    arms: Mapping[str, ArmScore] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Hits, the best first, the mode that was really used, and the reason for it in words for people.

    It is not `is_final` when a request that is not `quick` may find something else.
    """

    hits: tuple[Hit, ...]
    mode: str
    reason: str
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class RankRequest:
    """A corrected query, exact filters, and how many chunks are wanted at most. `mode` is one of MODES.

    A `quick` answer takes little time, and says whether it is the whole one.
    """

    query: Query
    filters: Filters
    limit: int
    mode: str
    quick: bool = False


# Whoever knows vectors gives one of these to `find`; it falls back to words itself, and says why.
Ranker = Callable[[RankRequest], Ranked]
