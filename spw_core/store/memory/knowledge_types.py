"""What the knowledge store holds: entities, relationships between them, facts about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .checks import check_texts, check_time, require
from .types import as_enum

LONGEST_TEXT = 4096


class Direction(StrEnum):
    OUTGOING = "outgoing"
    INCOMING = "incoming"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing with a name. `origin` says what it was derived from; those are replaced together.

    The times are the store's: it keeps the first and refreshes the second.
    """

    id: str
    type: str
    name: str
    properties: Mapping[str, object] = field(default_factory=dict)
    origin: str = ""
    created_at: str = ""
    updated_at: str = ""

    def __post_init__(self) -> None:
        check_texts(id=self.id, type=self.type, name=self.name)


@dataclass(frozen=True, slots=True)
class Relationship:
    """A directed, typed edge. The id is unique in its workspace; without one it is made of the edge.

    One that is given has no tab, which keeps the two kinds apart.
    """

    from_id: str
    type: str
    to_id: str
    id: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_texts(from_id=self.from_id, type=self.type, to_id=self.to_id)
        if not self.id:
            object.__setattr__(self, "id", self._made_id)
        require(self.id == self._made_id or "\t" not in self.id, f"a tab in the id {self.id[:40]!r}")

    @property
    def _made_id(self) -> str:
        return "\t".join((self.from_id, self.type, self.to_id))

    @property
    def has_own_id(self) -> bool:
        """False for an id that follows from the rest."""
        return self.id != self._made_id


def ends_in_id(edge_id: str) -> Iterator[tuple[str, str, str]]:
    """What an id may have been made of: (from, type, to). More than one when there are tabs in these."""
    parts = edge_id.split("\t")
    for first in range(1, len(parts) - 1):
        for second in range(first + 1, len(parts)):
            yield "\t".join(parts[:first]), "\t".join(parts[first:second]), "\t".join(parts[second:])


@dataclass(frozen=True, slots=True)
class Derived:
    """All that follows from one origin. `revision` says which state of it, in words of whoever derives.

    Its relationships have at least one end among its own entities; the other may be anybody's.
    """

    origin: str
    revision: str = ""
    entities: Sequence[Entity] = ()
    relationships: Sequence[Relationship] = ()

    def __post_init__(self) -> None:
        check_texts(origin=self.origin)


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement about an entity, which need not be stored: (entity, predicate, value)."""

    id: str
    entity_id: str
    predicate: str
    value: str
    created_at: str
    confidence: float = 1.0
    source: str = ""

    def __post_init__(self) -> None:
        check_texts(id=self.id, entity_id=self.entity_id, predicate=self.predicate)
        check_time("created_at", self.created_at)
        require(0.0 <= self.confidence <= 1.0, f"confidence is not between 0 and 1: {self.confidence}")
        for name in ("entity_id", "predicate", "value"):
            size = len(getattr(self, name).encode("utf-8", "replace"))
            require(size <= LONGEST_TEXT, f"{name} is longer than {LONGEST_TEXT} bytes")


@dataclass(frozen=True, slots=True)
class Walk:
    """How far to go from an entity, and along what. No types means all of them."""

    depth: int = 1
    types: tuple[str, ...] = ()
    direction: Direction = Direction.BOTH
    limit: int = 10_000

    def __post_init__(self) -> None:
        require(self.depth >= 0, f"the depth must not be negative: {self.depth}")
        require(self.limit > 0, f"the limit must be positive: {self.limit}")
        object.__setattr__(self, "direction", as_enum(Direction, self.direction, "direction"))


@dataclass(frozen=True, slots=True)
class Graph:
    """What was reached, nearest first, and the relationships of the wanted types among it."""

    entities: tuple[Entity, ...]
    relationships: tuple[Relationship, ...]
