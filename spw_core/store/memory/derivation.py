"""What follows from an origin, made so in knowledge.db by writing only what is different.

Whatever stays keeps its number, and so what others relate to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .checks import dump
from .database import Transaction
from .knowledge_types import Derived, Relationship

_BATCH = 400


class _Entity(NamedTuple):
    type: str
    name: str
    properties: str


# (number of one end, type, number of the other), and what else is stored of it: (workspace, id, metadata)
_Edge = tuple[int, str, int]
_About = tuple[str | None, str | None, str | None]


def derive(change: Transaction, workspace: str, derived: Iterable[Derived], moment: str) -> set[str]:
    """Store what follows from each origin; returns the ids of the entities that came or went."""
    changed: set[str] = set()
    [[newest]] = change.rows("SELECT ifnull(max(number), 0) FROM entities")
    for one in derived:
        came, went = _derive(change, workspace, one, moment, newest)
        newest += len(came)
        changed |= came | went
    return changed


def drop(change: Transaction, workspace: str, origins: Iterable[str]) -> set[str]:
    """Remove all that follows from some origins; returns the ids of the entities that went."""
    gone: set[str] = set()
    for name in origins:
        for (number,) in change.rows(
            "SELECT number FROM origins WHERE workspace_id = ? AND name = ?", (workspace, name)
        ):
            gone |= {row[0] for row in change.rows("SELECT id FROM entities WHERE origin = ?", (number,))}
            change.write("DELETE FROM entities WHERE origin = ?", (number,))
            change.write("DELETE FROM origins WHERE number = ?", (number,))
    return gone


def _derive(
    change: Transaction, workspace: str, one: Derived, moment: str, newest: int
) -> tuple[set[str], set[str]]:
    """(ids that came, ids that went); new entities get the numbers behind `newest`."""
    origin, present, edges = _present(change, workspace, one)
    wanted: dict[str, _Entity] = {}
    for entity in one.entities:
        if entity.id not in wanted:
            wanted[entity.id] = _Entity(entity.type, entity.name, dump("properties", dict(entity.properties)))
    ends = {end for edge in one.relationships for end in (edge.from_id, edge.to_id)}
    others = numbers_of(change, workspace, (wanted.keys() | ends) - present.keys())
    stale = {entity_id: number for entity_id, (number, _) in present.items() if entity_id not in wanted}
    came = [entity_id for entity_id in wanted if entity_id not in present and entity_id not in others]
    numbers = {entity_id: number for entity_id, (number, _) in present.items() if entity_id in wanted}
    numbers |= others
    numbers |= {entity_id: number for number, entity_id in enumerate(came, newest + 1)}
    change.write_all("DELETE FROM entities WHERE number = ?", [(number,) for number in stale.values()])
    change.write_all(
        "UPDATE entities SET type = ?, name = ?, folded_name = ?, properties = ?, updated_at = ?"
        " WHERE number = ?",
        [
            (new.type, new.name, new.name.casefold(), new.properties, moment, number)
            for entity_id, (number, before) in present.items()
            if (new := wanted.get(entity_id)) and new != before
        ],
    )
    change.write_all(
        "INSERT INTO entities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(numbers[entity_id], workspace, entity_id, entity.type, entity.name),
                *(entity.name.casefold(), entity.properties, origin, moment, moment),
            )
            for entity_id in came
            for entity in (wanted[entity_id],)
        ],
    )
    _put_edges(change, origin, edges, _edges_of(workspace, one.relationships, numbers), set(stale.values()))
    return set(came), set(stale)


def _present(
    change: Transaction, workspace: str, one: Derived
) -> tuple[int, dict[str, tuple[int, _Entity]], dict[_Edge, _About]]:
    """(number of the origin, its entities, its relationships) as they are stored; from here on, it is."""
    rows = change.rows(
        "SELECT number, revision FROM origins WHERE workspace_id = ? AND name = ?", (workspace, one.origin)
    )
    if not rows:
        origin = change.insert(
            "INSERT INTO origins (workspace_id, name, revision) VALUES (?, ?, ?)",
            (workspace, one.origin, one.revision),
        )
        return origin, {}, {}
    [(origin, revision)] = rows
    if revision != one.revision:
        change.write("UPDATE origins SET revision = ? WHERE number = ?", (one.revision, origin))
    entities = {
        entity_id: (number, _Entity(*about))
        for number, entity_id, *about in change.rows(
            "SELECT number, id, type, name, properties FROM entities WHERE origin = ?", (origin,)
        )
    }
    edges = {
        (start, kind, end): (owner, edge_id, metadata)
        for here in ("from_number", "to_number")
        for start, kind, end, owner, edge_id, metadata in change.rows(
            "SELECT r.from_number, r.type, r.to_number, r.workspace_id, r.id, r.metadata FROM entities e"
            f" JOIN relationships r ON r.{here} = e.number WHERE e.origin = ?1 AND r.origin = ?1",
            (origin,),
        )
    }
    return origin, entities, edges


def _edges_of(
    workspace: str, relationships: Sequence[Relationship], numbers: dict[str, int]
) -> dict[_Edge, _About]:
    """The relationships whose ends are both known, as they are stored."""
    return {
        (start, edge.type, end): stored_about(workspace, edge)
        for edge in relationships
        if (start := numbers.get(edge.from_id)) and (end := numbers.get(edge.to_id))
    }


def stored_about(workspace: str, edge: Relationship) -> _About:
    """What is stored of a relationship beside its ends and type: (workspace, id, metadata)."""
    metadata = dump("metadata", dict(edge.metadata)) if edge.metadata else None
    return (workspace, edge.id, metadata) if edge.has_own_id else (None, None, metadata)


def _put_edges(
    change: Transaction,
    origin: int,
    present: dict[_Edge, _About],
    wanted: dict[_Edge, _About],
    gone: set[int],
) -> None:
    """`gone` are entities that took their relationships along."""
    change.write_all(
        "DELETE FROM relationships WHERE from_number = ? AND type = ? AND to_number = ?",
        [
            edge
            for edge, about in present.items()
            if wanted.get(edge) != about and not gone.intersection((edge[0], edge[2]))
        ],
    )
    change.write_all(
        "INSERT INTO relationships (from_number, type, to_number, origin, workspace_id, id, metadata)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (from_number, type, to_number) DO NOTHING",
        [
            (*edge, origin, *about)
            for edge, about in wanted.items()
            if edge not in present or present[edge] != about
        ],
    )


def numbers_of(change: Transaction, workspace: str, ids: Iterable[str]) -> dict[str, int]:
    """The numbers of the entities that are stored."""
    found: dict[str, int] = {}
    wanted = list(ids)
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        marks = ", ".join("?" * len(batch))
        found |= change.rows(
            f"SELECT id, number FROM entities WHERE workspace_id = ? AND id IN ({marks})", (workspace, *batch)
        )
    return found
