"""Exact conditions on documents, the same for words and for vectors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

# The name of a facet, as it is typed, to the field that holds its values.
FACETS = {
    "spec": "specs",
    "type": "types",
    "phase": "phases",
    "status": "statuses",
    "wave": "waves",
    "run": "runs",
    "task": "tasks",
    "agent": "agents",
}
# The type of the one kind of document that is no file (`search/run_card.py`).
RUN_CARD = "run-card"
# Values of a facet that are repeated to the user.
_MOST_NAMED = 8
# Signs of a beginning that are compared; no value is as long.
_LONGEST_BEGINNING = 4000
_COLUMNS = {name: name for name in FACETS} | {"type": "doc_type"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a document must be; an empty tuple asks for nothing, several values are alternatives.

    A text may end in `*`, which stands for any rest. `without` holds (facet, value) pairs that must not be
    so. `since` is a UTC text as `search.since.parse_since` makes it. `also` are further conditions that
    must hold. Removed documents are left out unless `removed`, which finds them alone.
    """

    specs: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    waves: tuple[int, ...] = ()
    runs: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    since: str = ""
    without: tuple[tuple[str, str | int], ...] = ()
    removed: bool = False
    also: Filters | None = None

    def merged(self, other: Filters) -> Filters:
        """The values of both as alternatives, facet by facet: `spec:a spec:b` is either of them."""
        values: dict[str, Any] = {
            field: tuple(dict.fromkeys(getattr(self, field) + getattr(other, field)))
            for field in FACETS.values()
        }
        return _changed(
            self,
            values
            | {
                "since": max(self.since, other.since),
                "without": self.without + other.without,
                "removed": self.removed or other.removed,
            },
        )

    def both(self, other: Filters) -> Filters:
        """Documents for which the conditions of both hold."""
        if not any(True for _ in other.parts()):
            return replace(self, removed=self.removed or other.removed)
        return replace(other, removed=self.removed or other.removed, also=self)

    def parts(self) -> Iterator[tuple[str, Filters]]:
        """(as it is typed, these filters without it) for each condition that is set, removal aside."""
        for name, field in FACETS.items():
            if values := getattr(self, field):
                more = ["…"] if len(values) > _MOST_NAMED else []
                named = ",".join([*map(str, values[:_MOST_NAMED]), *more])
                yield f"{name}:{named}", _changed(self, {field: ()})
        if self.since:
            yield f"since:{self.since[:10]}", replace(self, since="")
        for pair in self.without:
            rest = tuple(other for other in self.without if other != pair)
            yield f"-{pair[0]}:{pair[1]}", replace(self, without=rest)
        if self.also:
            for text, left in self.also.parts():
                yield text, replace(self, also=left)

    def __bool__(self) -> bool:
        return any(True for _ in self.parts()) or self.removed


def _changed(filters: Filters, values: Mapping[str, Any]) -> Filters:
    return replace(filters, **values)


def conditions(filters: Filters, first: int = 1, table: str = "d") -> tuple[str, list[str | int]]:
    """An SQL condition on the table `documents` under an alias, and its values.

    The values are numbered from `?first` on. The condition is never empty: removed documents are either
    left out or the only ones.
    """
    parts = [f"{table}.removed_at <> ''" if filters.removed else f"{table}.removed_at = ''"]
    values: list[str | int] = []
    level: Filters | None = filters
    while level is not None:
        parts += _conditions(level, values, first, table)
        level = level.also
    return " AND ".join(parts), values


def _conditions(filters: Filters, values: list[str | int], first: int, table: str) -> Iterator[str]:
    def value(item: str | int) -> str:
        values.append(item)
        return f"?{first + len(values) - 1}"

    def is_one_of(name: str, wanted: Sequence[str | int]) -> str:
        """As few terms and values as there can be: SQLite has limits for both, a query has none."""
        column = f"{table}.{_COLUMNS[name]}"
        patterns = [_glob(item) for item in wanted if isinstance(item, str) and item.endswith("*")]
        exact = [item for item in wanted if not (isinstance(item, str) and item.endswith("*"))]
        parts = []
        if len(exact) == 1:
            parts.append(f"{column} = {value(exact[0])}")
        elif exact:
            parts.append(f"{column} IN (SELECT value FROM json_each({value(json.dumps(exact))}))")
        if len(patterns) == 1:
            parts.append(f"{column} GLOB {value(patterns[0])}")
        elif patterns:
            each = f"json_each({value(json.dumps(patterns))})"
            parts.append(f"EXISTS (SELECT 1 FROM {each} pattern WHERE {column} GLOB pattern.value)")
        return f"({' OR '.join(parts)})"

    for name, field in FACETS.items():
        if wanted := getattr(filters, field):
            yield is_one_of(name, wanted)
        if unwanted := [item for facet, item in filters.without if facet == name]:
            yield f"NOT {is_one_of(name, unwanted)}"
    if filters.since:
        yield f"{table}.updated_at >= {value(filters.since)}"


def _glob(text: str) -> str:
    """A pattern for GLOB in which only the last `*` has a meaning. SQLite refuses very long ones."""
    beginning = text[:-1][:_LONGEST_BEGINNING]
    return "".join(f"[{char}]" if char in "*?[" else char for char in beginning) + "*"
