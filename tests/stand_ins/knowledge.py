"""Entities, relationships and facts in dicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from spw_core.errors import Conflict, NotFound
from spw_core.store.memory.checks import check_limit, check_texts, dump, now
from spw_core.store.memory.knowledge_types import Derived, Direction, Entity, Fact, Graph, Relationship, Walk
from spw_core.store.memory.types import as_enum

# From, type, to: there is one relationship of each.
Edge = tuple[str, str, str]


@dataclass
class _Place:
    """What is stored of one workspace. Of each edge also the origin that brought it, '' when put by hand."""

    entities: dict[str, Entity] = field(default_factory=dict)
    edges: dict[Edge, tuple[str, Relationship]] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def remove(self, entities: Iterable[str]) -> set[str]:
        gone = {one for one in entities if self.entities.pop(one, None)}
        self.edges = {key: edge for key, edge in self.edges.items() if not gone & {key[0], key[2]}}
        return gone


class KnowledgeInMemory:
    """A KnowledgeStore."""

    def __init__(self) -> None:
        self._places: defaultdict[str, _Place] = defaultdict(_Place)

    def put_entity(self, workspace: str, entity: Entity) -> Entity:
        check_texts(workspace=workspace)
        dump("properties", dict(entity.properties))
        known = self._places[workspace].entities
        first = known[entity.id].created_at if entity.id in known else entity.created_at or now()
        known[entity.id] = replace(entity, origin="", created_at=first, updated_at=now())
        return known[entity.id]

    def entity(self, workspace: str, entity_id: str) -> Entity:
        if entity_id not in self._places[workspace].entities:
            raise NotFound("no entity")
        return self._places[workspace].entities[entity_id]

    def find_entities(
        self,
        workspace: str,
        *,
        type: str = "",
        name_prefix: str = "",
        limit: int | None = 100,
        offset: int = 0,
    ) -> list[Entity]:
        check_limit(limit, offset)
        prefix = name_prefix.casefold()
        found = [
            one
            for one in self._places[workspace].entities.values()
            if type in ("", one.type) and one.name.casefold().startswith(prefix)
        ]
        return sorted(found, key=lambda one: (one.name.casefold(), one.id))[offset:][:limit]

    def delete_entity(self, workspace: str, entity_id: str) -> None:
        if not self._places[workspace].remove([entity_id]):
            raise NotFound("no entity")

    def entities_named(
        self, workspace: str, types: Sequence[str], names: Iterable[str], *, ending: bool = False
    ) -> list[Entity]:
        wanted = {name.casefold() for name in names}

        def is_named(name: str) -> bool:
            return name in wanted if not ending else any(name.endswith(f"/{one}") for one in wanted)

        found = self._places[workspace].entities.items()
        return [one for _, one in sorted(found) if one.type in types and is_named(one.name.casefold())]

    def derive(self, workspace: str, derived: Iterable[Derived]) -> set[str]:
        check_texts(workspace=workspace)
        changed: set[str] = set()
        for one in derived:
            changed |= self._derive(self._places[workspace], one)
        return changed

    def _derive(self, place: _Place, derived: Derived) -> set[str]:
        place.origins[derived.origin] = derived.revision
        wanted = {one.id: one for one in reversed(derived.entities)}
        before = {key for key, one in place.entities.items() if one.origin == derived.origin}
        place.edges = {key: edge for key, edge in place.edges.items() if edge[0] != derived.origin}
        gone = place.remove(before - wanted.keys())
        for entity in wanted.values():
            present = place.entities.get(entity.id)
            if present is None or present.origin == derived.origin:
                first = present.created_at if present else now()
                place.entities[entity.id] = replace(
                    entity, origin=derived.origin, created_at=first, updated_at=now()
                )
        for edge in derived.relationships:
            if {edge.from_id, edge.to_id} <= place.entities.keys():
                place.edges.setdefault((edge.from_id, edge.type, edge.to_id), (derived.origin, edge))
        of_origin = {key for key, one in place.entities.items() if one.origin == derived.origin}
        return gone | (of_origin - before)

    def origins(self, workspace: str, prefix: str = "") -> dict[str, str]:
        known = self._places[workspace].origins
        return {name: revision for name, revision in known.items() if name.startswith(prefix)}

    def drop_origins(self, workspace: str, origins: Iterable[str]) -> set[str]:
        place, gone = self._places[workspace], set[str]()
        for origin in origins:
            gone |= self._derive(place, Derived(origin))
            del place.origins[origin]
        return gone

    def put_relationship(self, workspace: str, edge: Relationship) -> None:
        place, key = self._places[workspace], (edge.from_id, edge.type, edge.to_id)
        if not {edge.from_id, edge.to_id} <= place.entities.keys():
            raise NotFound("no such end")
        if any(one.id == edge.id and other != key for other, (_, one) in place.edges.items()):
            raise Conflict("another relationship")
        place.edges[key] = ("", edge)

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
        way = as_enum(Direction, direction, "direction")
        check_limit(limit, offset)
        self.entity(workspace, entity_id)
        found = [
            edge
            for _, edge in self._places[workspace].edges.values()
            if type in ("", edge.type) and entity_id in _ends(edge, way)[0]
        ]
        return sorted(found, key=lambda one: (one.type, one.from_id, one.to_id))[offset:][:limit]

    def delete_relationship(self, workspace: str, edge_id: str) -> None:
        edges = self._places[workspace].edges
        found = [key for key, (_, edge) in edges.items() if edge.id == edge_id]
        if not found:
            raise NotFound("no relationship")
        for key in found:
            del edges[key]

    def traverse(self, workspace: str, start: str, walk: Walk | None = None) -> Graph:
        walk = walk or Walk()
        self.entity(workspace, start)
        edges = [
            edge
            for _, edge in self._places[workspace].edges.values()
            if not walk.types or edge.type in walk.types
        ]
        reached, frontier = [start], {start}
        for _ in range(walk.depth):
            steps = (_ends(edge, walk.direction) for edge in edges)
            found = {end for here, there in steps if frontier & set(here) for end in there}
            frontier = set(sorted(found.difference(reached))[: walk.limit - len(reached)])
            reached += sorted(frontier)
            if not frontier:
                break
        inner = [edge for edge in edges if walk.depth and {edge.from_id, edge.to_id} <= set(reached)]
        return Graph(
            tuple(self.entity(workspace, one) for one in reached),
            tuple(sorted(inner, key=lambda edge: (edge.from_id, edge.type, edge.to_id))),
        )

    def put_facts(self, workspace: str, facts: Iterable[Fact]) -> int:
        check_texts(workspace=workspace)
        known = dict(self._places[workspace].facts)
        before = len(known)
        for fact in facts:
            present = known.setdefault(fact.id, fact)
            if (present.entity_id, present.predicate) != (fact.entity_id, fact.predicate):
                raise Conflict("another fact")
            known[fact.id] = fact
        self._places[workspace].facts = known
        return len(known) - before

    def find_facts(
        self,
        workspace: str,
        *,
        entity_id: str = "",
        predicate: str = "",
        limit: int | None = 100,
        offset: int = 0,
    ) -> list[Fact]:
        check_limit(limit, offset)
        known = sorted(self._places[workspace].facts.values(), key=lambda one: one.created_at)
        last = {(one.entity_id, one.predicate, one.value): one for one in known}
        found = [one for one in known[::-1] if last[one.entity_id, one.predicate, one.value] is one]
        wanted = [
            one for one in found if entity_id in ("", one.entity_id) and predicate in ("", one.predicate)
        ]
        return wanted[offset:][:limit]

    def delete_facts(self, workspace: str, ids: Iterable[str]) -> int:
        return sum(self._places[workspace].facts.pop(one, None) is not None for one in list(ids))

    def delete_facts_by_source(self, workspace: str, source: str) -> int:
        check_texts(source=source)
        facts = self._places[workspace].facts.values()
        return self.delete_facts(workspace, [one.id for one in facts if one.source == source])

    def forget_facts_about(self, workspace: str, entity_id: str) -> int:
        check_texts(entity=entity_id)
        facts = self._places[workspace].facts.values()
        return self.delete_facts(workspace, [one.id for one in facts if one.entity_id == entity_id])

    def close(self) -> None:
        """What is stored stays: this is the disk, too."""


def _ends(edge: Relationship, way: Direction) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(where to enter an edge, where that leads) when walking one way."""
    ends = {
        Direction.OUTGOING: ((edge.from_id,), (edge.to_id,)),
        Direction.INCOMING: ((edge.to_id,), (edge.from_id,)),
        Direction.BOTH: ((edge.from_id, edge.to_id), (edge.from_id, edge.to_id)),
    }
    return ends[way]
