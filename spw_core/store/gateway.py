"""gateway.db, one per user: the audit log of the guards, and whatever else is global to all workspaces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from spw_core.names import GATEWAY_DB
from spw_core.store.connection import Schema, open_for_reading, open_for_writing, translating
from spw_core.user_dirs import data_dir

GATEWAY_SCHEMA = Schema(name="gateway", synchronous="NORMAL")

_AUDIT_COLUMNS = "at, workspace, session, agent, event, decision, tool, target, reason, spec, duration_ms"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One decision of a guard. `at` is fixed-width UTC text; see the schema for the rest."""

    at: str
    workspace: str
    session: str
    agent: str
    event: str
    decision: str
    tool: str
    target: str
    reason: str
    spec: str
    duration_ms: float


def gateway_path() -> Path:
    """Where the database of this user is, or will be."""
    return Path(data_dir()) / GATEWAY_DB


@contextmanager
def writing_gateway() -> Iterator[apsw.Connection]:
    """The database for writing, made with its folder when it is missing; closed at the end.

    Raises StoreError, also where the user has no home.
    """
    path = gateway_path()
    with translating(path):
        try:
            if path.is_absolute():  # no home: it would be a folder called `~`, right here
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            pass  # opening says it better
        with closing(open_for_writing(path, GATEWAY_SCHEMA)) as connection:
            yield connection


@contextmanager
def reading_gateway() -> Iterator[apsw.Connection | None]:
    """The database for reading, None when there is none; closed at the end. Raises StoreError."""
    path = gateway_path()
    connection = open_for_reading(path, GATEWAY_SCHEMA)
    try:
        with translating(path):
            yield connection
    finally:
        if connection is not None:
            connection.close()


def audit_entries(
    connection: apsw.Connection,
    *,
    since: str = "",
    spec: str = "",
    workspace: str = "",
    limit: int = 50,
    violations: bool = False,
) -> list[AuditEntry]:
    """The newest `limit` decisions at or after `since` (UTC text), oldest first; empty filters match all.

    With `violations` those that allowed something are left out.
    """
    # As the hooks store names that are no UTF-8.
    spec, workspace = (name.encode("utf-8", "replace").decode() for name in (spec, workspace))
    rows = connection.execute(
        f"SELECT {_AUDIT_COLUMNS} FROM audit_log"
        " WHERE at >= ?1 AND (?2 = '' OR spec = ?2) AND (?3 = '' OR workspace = ?3)"
        " AND (NOT ?5 OR decision <> 'allow') ORDER BY id DESC LIMIT ?4",
        (since, spec, workspace, limit, violations),
    ).fetchall()
    return [AuditEntry(*row) for row in reversed(rows)]
