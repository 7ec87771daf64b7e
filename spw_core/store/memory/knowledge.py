"""knowledge.db: entities, typed relationships, facts. Every call names its workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from spw_core.errors import Conflict, InvalidInput, NotFound

from . import derivation
from .checks import check_limit, check_texts, dump, load_mapping, now
from .database import Database
from .knowledge_types import Derived, Direction, Entity, Fact, Graph, Relationship, Walk, ends_in_id
from .types import as_enum

_ENTITY = "e.id, e.type, e.name, e.properties, ifnull(o.name, ''), e.created_at, e.updated_at"
_ENTITIES = "entities e LEFT JOIN origins o ON o.number = e.origin"
_EDGE = "f.id, r.type, t.id, r.id, r.metadata"
_EDGES = (
    "relationships r JOIN entities f ON f.number = r.from_number JOIN entities t ON t.number = r.to_number"
)
_FACT = "id, entity_id, predicate, value, created_at, confidence, source"
_BATCH = 400
_AFTER_ALL_TEXT = "\U0010ffff"


class SqliteKnowledge:
    """KnowledgeStore over knowledge.db."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def close(self) -> None:
        self._database.close()

    # -- entities --------------------------------------------------------------------------------

    def put_entity(self, workspace: str, entity: Entity) -> Entity:
        """Store an entity as a whole: what it said before is gone, only its first time stays."""
        check_texts(workspace=workspace)
        moment = now()
        with self._database.transaction() as change:
            change.write(
                "INSERT INTO entities (workspace_id, id, type, name, folded_name, properties, created_at,"
                " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workspace_id, id) DO UPDATE SET"
                " type = excluded.type, name = excluded.name, folded_name = excluded.folded_name,"
                " properties = excluded.properties, origin = NULL, updated_at = excluded.updated_at",
                (
                    *(workspace, entity.id, entity.type, entity.name, entity.name.casefold()),
                    *(dump("properties", dict(entity.properties)), entity.created_at or moment, moment),
                ),
            )
        return self.entity(workspace, entity.id)

    def entity(self, workspace: str, entity_id: str) -> Entity:
        """Raises NotFound."""
        rows = self._database.rows(
            f"SELECT {_ENTITY} FROM {_ENTITIES} WHERE e.workspace_id = ? AND e.id = ?", (workspace, entity_id)
        )
        if not rows:
            raise NotFound(f"no entity {entity_id}")
        return _entity(rows[0])

    def find_entities(
        self,
        workspace: str,
        *,
        type: str = "",
        name_prefix: str = "",
        limit: int | None = 100,
        offset: int = 0,
    ) -> list[Entity]:
        """Entities by type and beginning of the name, whatever its case and with no wildcards; by name."""
        prefix = name_prefix.casefold()
        rows = self._database.rows(
            f"SELECT {_ENTITY} FROM {_ENTITIES} WHERE e.workspace_id = ?1"
            f" AND {'e.type = ?2' if type else '?2 IS NOT NULL'}"
            " AND folded_name >= ?3 AND folded_name < ?4 ORDER BY folded_name, e.id LIMIT ?5 OFFSET ?6",
            (workspace, type, prefix, prefix + _AFTER_ALL_TEXT, check_limit(limit, offset), offset),
        )
        return [_entity(row) for row in rows]

    def delete_entity(self, workspace: str, entity_id: str) -> None:
        """Remove an entity with its relationships; facts about it stay. Raises NotFound."""
        with self._database.transaction() as change:
            if not change.write(
                "DELETE FROM entities WHERE workspace_id = ? AND id = ?", (workspace, entity_id)
            ):
                raise NotFound(f"no entity {entity_id}")

    def entities_named(
        self, workspace: str, types: Sequence[str], names: Iterable[str], *, ending: bool = False
    ) -> list[Entity]:
        """Entities of some types with one of these names, whatever its case; with `ending`, those whose name
        is a path that ends in one. By id."""
        found: list[tuple[Any, ...]] = []
        for name in dict.fromkeys(name.casefold() for name in names):
            where, value = ("= ?", name)
            if ending:
                where, value = (f"<> '' AND substr(folded_name, -{len(name) + 1}) = ?", f"/{name}")
            found += self._database.rows(
                f"SELECT {_ENTITY} FROM {_ENTITIES} WHERE e.workspace_id = ?"
                f" AND e.type IN ({', '.join('?' * len(types))}) AND folded_name {where}",
                (workspace, *types, value),
            )
        return sorted(map(_entity, found), key=lambda entity: entity.id)

    # -- what is derived -------------------------------------------------------------------------

    def derive(self, workspace: str, derived: Iterable[Derived]) -> set[str]:
        """Make what follows from some origins be exactly this, in one transaction; only differences are
        written. Returns the ids of the entities that came or went.

        An entity that another origin brought too stays with it; relationships to unknown entities are
        left out.
        """
        check_texts(workspace=workspace)
        with self._database.transaction() as change:
            return derivation.derive(change, workspace, derived, now())

    def origins(self, workspace: str, prefix: str = "") -> dict[str, str]:
        """The revision that each origin was derived from, of those whose names begin so."""
        rows = self._database.rows(
            "SELECT name, revision FROM origins WHERE workspace_id = ?1 AND name >= ?2 AND name < ?3",
            (workspace, prefix, prefix + _AFTER_ALL_TEXT),
        )
        return dict(rows)

    def drop_origins(self, workspace: str, origins: Iterable[str]) -> set[str]:
        """Remove all that follows from some origins. Returns the ids of the entities that went."""
        with self._database.transaction() as change:
            return derivation.drop(change, workspace, origins)

    # -- relationships ---------------------------------------------------------------------------

    def put_relationship(self, workspace: str, edge: Relationship) -> None:
        """Store an edge by hand; one between the same two of the same type is replaced, whatever brought it.

        Raises NotFound when an end is not stored in this workspace, Conflict when another edge has the id.
        """
        with self._database.transaction() as change:
            numbers = derivation.numbers_of(change, workspace, {edge.from_id, edge.to_id})
            for end in (edge.from_id, edge.to_id):
                if end not in numbers:
                    raise NotFound(f"no entity {end}")
            for owner in change.rows(
                f"SELECT {_EDGE} FROM {_EDGES} WHERE r.workspace_id = ? AND r.id = ?", (workspace, edge.id)
            ):
                if owner[:3] != (edge.from_id, edge.type, edge.to_id):
                    raise Conflict(f"another relationship is stored as {edge.id}")
            change.write(
                "INSERT INTO relationships VALUES (?, ?, ?, NULL, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " origin = NULL, workspace_id = excluded.workspace_id, id = excluded.id,"
                " metadata = excluded.metadata",
                (
                    *(numbers[edge.from_id], edge.type, numbers[edge.to_id]),
                    *derivation.stored_about(workspace, edge),
                ),
            )

    def relationships(
        self,
        workspace: str,
        entity_id: str,
        *,
        type: str = "",
        direction: str = Direction.BOTH,
        limit: int | None = 100,
        offset: int = 0,
    ) -> list[Relationship]:
        """The edges of an entity, ordered by type and ends. Raises NotFound without the entity."""
        way = as_enum(Direction, direction, "direction")
        self.entity(workspace, entity_id)
        ends = {
            Direction.OUTGOING: "r.from_number = {0}",
            Direction.INCOMING: "r.to_number = {0}",
            Direction.BOTH: "(r.from_number = {0} OR r.to_number = {0})",
        }
        number = "(SELECT number FROM entities WHERE workspace_id = ?1 AND id = ?2)"
        rows = self._database.rows(
            f"SELECT {_EDGE} FROM {_EDGES} WHERE {ends[way].format(number)}"
            " AND (?3 = '' OR r.type = ?3) ORDER BY r.type, f.id, t.id LIMIT ?4 OFFSET ?5",
            (workspace, entity_id, type, check_limit(limit, offset), offset),
        )
        return [_edge(row) for row in rows]

    def delete_relationship(self, workspace: str, edge_id: str) -> None:
        """Raises NotFound."""
        with self._database.transaction() as change:
            gone = change.write(
                "DELETE FROM relationships WHERE workspace_id = ? AND id = ?", (workspace, edge_id)
            )
            for start, kind, end in ends_in_id(edge_id):
                numbers = derivation.numbers_of(change, workspace, {start, end})
                gone += change.write(
                    "DELETE FROM relationships WHERE (from_number, type, to_number) = (?, ?, ?)",
                    (numbers.get(start), kind, numbers.get(end)),
                )
            if not gone:
                raise NotFound(f"no relationship {edge_id}")

    def traverse(self, workspace: str, start: str, walk: Walk | None = None) -> Graph:
        """What is within some steps of an entity, breadth first, every entity once, in a fixed order.

        Cycles end because nothing is visited twice; the cost is that of the edges touched, whatever the
        depth. Raises NotFound when the start is not stored.
        """
        walk = walk or Walk()
        self.entity(workspace, start)
        reached = {start: None}
        frontier = [start]
        edges: dict[str, Relationship] = {}
        for _ in range(walk.depth):
            found: dict[str, None] = {}
            for edge, ends in self._edges_of(workspace, frontier, walk):
                edges[edge.id] = edge
                found |= {end: None for end in ends if end not in reached}
            frontier = sorted(found)[: walk.limit - len(reached)]
            reached |= dict.fromkeys(frontier)
            if not frontier:
                break
        entities = {entity.id: entity for entity in self._entities(workspace, list(reached))}
        inner = (edge for edge in edges.values() if edge.from_id in reached and edge.to_id in reached)
        outer = self._edges_of(workspace, frontier, walk) if frontier and walk.depth else ()
        last = (edge for edge, _ in outer if edge.from_id in reached and edge.to_id in reached)
        unique = {edge.id: edge for edge in (*inner, *last)}
        return Graph(
            tuple(entities[entity_id] for entity_id in reached),
            tuple(sorted(unique.values(), key=lambda edge: (edge.from_id, edge.type, edge.to_id))),
        )

    def _edges_of(
        self, workspace: str, ids: Sequence[str], walk: Walk
    ) -> Iterator[tuple[Relationship, tuple[str, ...]]]:
        """Edges of the wanted types that leave some entities, each with the ends it leads to."""
        types = "".join(f" AND r.type IN ({', '.join('?' * len(walk.types))})" for _ in walk.types[:1])
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            marks = ", ".join("?" * len(batch))
            for here, there, unwanted in (
                ("f", 2, Direction.INCOMING),
                ("t", 0, Direction.OUTGOING),
            ):
                if walk.direction != unwanted:
                    for row in self._database.rows(
                        f"SELECT {_EDGE} FROM {_EDGES} WHERE {here}.workspace_id = ?"
                        f" AND {here}.id IN ({marks}){types} ORDER BY f.id, r.type, t.id",
                        (workspace, *batch, *walk.types),
                    ):
                        yield _edge(row), (row[there],)

    def _entities(self, workspace: str, ids: Sequence[str]) -> Iterator[Entity]:
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            for row in self._database.rows(
                f"SELECT {_ENTITY} FROM {_ENTITIES} WHERE e.workspace_id = ?"
                f" AND e.id IN ({', '.join('?' * len(batch))})",
                (workspace, *batch),
            ):
                yield _entity(row)

    # -- facts -----------------------------------------------------------------------------------

    def put_facts(self, workspace: str, facts: Iterable[Fact]) -> int:
        """Store facts, all or none; returns how many rows are new. One with the same id is replaced.

        Raises Conflict when the id belongs to a statement about something else.
        """
        check_texts(workspace=workspace)
        added = 0
        with self._database.transaction() as change:
            for fact in facts:
                present = change.rows(
                    "SELECT entity_id, predicate FROM facts WHERE workspace_id = ? AND id = ?",
                    (workspace, fact.id),
                )
                if present and present[0] != (fact.entity_id, fact.predicate):
                    raise Conflict(f"another fact is stored as {fact.id}")
                change.write(
                    f"INSERT INTO facts (workspace_id, {_FACT}) VALUES ({', '.join('?' * 8)})"
                    " ON CONFLICT (workspace_id, id) DO UPDATE SET value = excluded.value,"
                    " created_at = excluded.created_at, confidence = excluded.confidence,"
                    " source = excluded.source",
                    (workspace, *_fact_row(fact)),
                )
                added += not present
        return added

    def find_facts(
        self,
        workspace: str,
        *,
        entity_id: str = "",
        predicate: str = "",
        limit: int | None = 100,
        offset: int = 0,
    ) -> list[Fact]:
        """Facts, the newest first. What several sources state is one fact, as last stated."""
        rows = self._database.rows(
            f"SELECT {_FACT} FROM facts f WHERE workspace_id = ?1 AND (?2 = '' OR entity_id = ?2)"
            " AND (?3 = '' OR predicate = ?3) AND NOT EXISTS (SELECT 1 FROM facts o"
            " WHERE o.workspace_id = f.workspace_id AND o.entity_id = f.entity_id"
            " AND o.predicate = f.predicate AND o.value = f.value"
            " AND (o.created_at, o.number) > (f.created_at, f.number))"
            " ORDER BY created_at DESC, number DESC LIMIT ?4 OFFSET ?5",
            (workspace, entity_id, predicate, check_limit(limit, offset), offset),
        )
        return [Fact(*row) for row in rows]

    def delete_facts(self, workspace: str, ids: Iterable[str]) -> int:
        """Take statements back by id; the same ones by other sources stay. Returns how many went."""
        with self._database.transaction() as change:
            return sum(
                change.write("DELETE FROM facts WHERE workspace_id = ? AND id = ?", (workspace, fact_id))
                for fact_id in dict.fromkeys(ids)
            )

    def delete_facts_by_source(self, workspace: str, source: str) -> int:
        """Take back what one source states. Returns how many went."""
        if not source:
            raise InvalidInput("source must not be empty")
        with self._database.transaction() as change:
            return change.write(
                "DELETE FROM facts WHERE workspace_id = ? AND source = ?", (workspace, source)
            )

    def forget_facts_about(self, workspace: str, entity_id: str) -> int:
        """Delete whatever is stated about an entity, by whomever. Returns how many went."""
        check_texts(entity=entity_id)
        with self._database.transaction() as change:
            gone = change.write(
                "DELETE FROM facts WHERE workspace_id = ? AND entity_id = ?", (workspace, entity_id)
            )
        self._database.forget_log()
        return gone


def _fact_row(fact: Fact) -> tuple[str | float, ...]:
    return (
        *(fact.id, fact.entity_id, fact.predicate, fact.value),
        *(fact.created_at, fact.confidence, fact.source),
    )


def _entity(row: tuple[Any, ...]) -> Entity:
    entity_id, kind, name, properties, origin, created_at, updated_at = row
    return Entity(entity_id, kind, name, load_mapping(properties), origin, created_at, updated_at)


def _edge(row: tuple[Any, ...]) -> Relationship:
    from_id, kind, to_id, edge_id, metadata = row
    return Relationship(from_id, kind, to_id, edge_id or "", load_mapping(metadata) if metadata else {})
