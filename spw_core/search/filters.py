"""Exact conditions on documents, the same for words and for vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Filters:
    """What a document must be; an empty tuple asks for nothing, several values are alternatives.

    A text may end in `*`, which stands for any rest. `without` holds (name, value) pairs that must not be
    so. `since` is a UTC text as `domain.summary.utc_text` writes it. Removed documents are left out
    unless `removed`, which finds them alone.
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

    def merged(self, other: Filters) -> Filters:
        """Both sets of conditions; of the same facet the values of `other` count, if it has any."""
        given = {
            field.name: value
            for field in fields(self)
            if (value := getattr(other, field.name)) and field.name != "without"
        }
        return _changed(self, {**given, "without": self.without + other.without})

    def parts(self) -> Iterator[tuple[str, Filters]]:
        """(as it is typed, these filters without it) for each condition that is set, removal aside."""
        for name, field in FACETS.items():
            if values := getattr(self, field):
                shown = f"{name}:{','.join(str(value) for value in values)}"
                yield shown, _changed(self, {field: ()})
        if self.since:
            yield f"since:{self.since}", replace(self, since="")
        for pair in self.without:
            rest = tuple(other for other in self.without if other != pair)
            yield f"-{pair[0]}:{pair[1]}", replace(self, without=rest)

    def __bool__(self) -> bool:
        return any(True for _ in self.parts()) or self.removed


def _changed(filters: Filters, values: Mapping[str, Any]) -> Filters:
    return replace(filters, **values)


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
_COLUMNS = {name: name for name in FACETS} | {"type": "doc_type"}


def conditions(filters: Filters, first: int = 1, table: str = "d") -> tuple[str, list[str | int]]:
    """An SQL condition on the table `documents` under an alias, and its values.

    The values are numbered from `?first` on. The condition is never empty: removed documents are either
    left out or the only ones.
    """
    values: list[str | int] = []

    def one(name: str, value: str | int) -> str:
        column = f"{table}.{_COLUMNS[name]}"
        values.append(_glob(value) if isinstance(value, str) and value.endswith("*") else value)
        number = f"?{first + len(values) - 1}"
        return f"{column} GLOB {number}" if values[-1] != value else f"{column} = {number}"

    parts = [f"{table}.removed_at <> ''" if filters.removed else f"{table}.removed_at = ''"]
    for name, field in FACETS.items():
        if wanted := getattr(filters, field):
            parts.append(f"({' OR '.join(one(name, value) for value in wanted)})")
    parts += [f"NOT {one(name, value)}" for name, value in filters.without]
    if filters.since:
        values.append(filters.since)
        parts.append(f"{table}.updated_at >= ?{first + len(values) - 1}")
    return " AND ".join(parts), values


def _glob(text: str) -> str:
    """A pattern for GLOB in which only the last `*` has a meaning."""
    escaped = "".join(f"[{char}]" if char in "*?[" else char for char in text[:-1])
    return f"{escaped}*"
