"""Making a table hold exactly the given rows, touching only those that differ.

Table names are ours, never a user's; columns and keys are asked of the table itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import apsw

Value = str | int | float | bytes | None
Row = Mapping[str, Value]


def replace_rows(connection: apsw.Connection, table: str, rows: Iterable[Row]) -> int:
    """Insert, update and delete until `table` holds `rows`; returns how many were touched.

    Of rows with the same primary key the last one counts. Call it inside a transaction.
    """
    key, others = _columns(connection, table)
    columns = key + others
    wanted = {tuple(row[name] for name in key): tuple(row[name] for name in columns) for row in rows}
    names = ", ".join(columns)
    present = {values[: len(key)]: values for values in connection.execute(f"SELECT {names} FROM {table}")}
    changed = [values for identity, values in wanted.items() if present.get(identity) != values]
    vanished = [identity for identity in present if identity not in wanted]
    if changed:
        marks = ", ".join("?" * len(columns))
        updates = ", ".join(f"{name} = excluded.{name}" for name in others)
        action = f"DO UPDATE SET {updates}" if updates else "DO NOTHING"
        connection.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT ({', '.join(key)}) {action}", changed
        )
    if vanished:
        condition = " AND ".join(f"{name} = ?" for name in key)
        connection.executemany(f"DELETE FROM {table} WHERE {condition}", vanished)
    return len(changed) + len(vanished)


def insert_rows(connection: apsw.Connection, table: str, rows: Sequence[Row]) -> None:
    """Fill a table that is empty; of rows with the same primary key the last one counts.

    All rows have the columns of the first, in its order.
    """
    if rows:
        names, marks = ", ".join(rows[0]), ", ".join("?" * len(rows[0]))
        connection.executemany(
            f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})",
            [tuple(row.values()) for row in rows],
        )


def read_rows(connection: apsw.Connection, table: str, condition: str = "true") -> list[dict[str, Value]]:
    """The rows of a table (that fit an SQL condition) as dictionaries, ordered by its primary key."""
    key, others = _columns(connection, table)
    columns = key + others
    cursor = connection.execute(
        f"SELECT {', '.join(columns)} FROM {table} WHERE {condition} ORDER BY {', '.join(key)}"
    )
    return [dict(zip(columns, values, strict=True)) for values in cursor]


def _columns(connection: apsw.Connection, table: str) -> tuple[list[str], list[str]]:
    """(primary key columns in key order, the other columns)."""
    rows = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (table,))
    info = [(str(name), int(str(place))) for name, place in rows]
    key = [name for name, place in sorted(info, key=lambda column: column[1]) if place]
    return key, [name for name, place in info if not place]
