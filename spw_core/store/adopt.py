"""Taking over a spec.db that the Go tool wrote (its schema is `user_version` 1).

Its texts become artifacts: harvested files, implementation logs, and the completion summary. Its runs and
subagents do not: that tool could attach subagents to unrelated runs and add a run again at every harvest,
so the files decide. A copy of the whole database is made before anything is changed.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import apsw

_GO_TABLES = (
    *("spec_meta", "artifacts", "runs", "subagents", "waves", "tasks", "impl_logs", "handoffs", "approvals"),
    "completion_summary",
)
_ASIDE = "go_"


def copy_database(connection: apsw.Connection, target: Path) -> None:
    """Write a consistent copy of an open database to a new private file. Raises OSError, apsw.Error."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    copy = apsw.Connection(str(target))
    try:
        with copy.backup("main", connection, "main") as backup:
            while not backup.done:
                backup.step(1000)
    finally:
        copy.close()


def backup_name(path: Path) -> Path:
    """A free name beside a database for the copy that is made before an upgrade."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = path.with_name(f"{path.name}.before-upgrade-{stamp}")
    counter = 1
    while target.exists():
        counter += 1
        target = path.with_name(f"{path.name}.before-upgrade-{stamp}-{counter}")
    return target


def set_aside(connection: apsw.Connection) -> None:
    """Rename the Go tool's tables out of the way; call it inside a transaction, before our migrations."""
    for (index,) in connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall():
        connection.execute(f'DROP INDEX "{index}"')
    for table in _present(connection):
        connection.execute(f"ALTER TABLE {table} RENAME TO {_ASIDE}{table}")


def bring_over(connection: apsw.Connection, now: str) -> None:
    """Fill our tables from what `set_aside` put away, and drop it; in the same transaction.

    The files count as removed until a harvest finds them on disk.
    """
    stored = set()
    for rel_path, phase, kind, content in _texts(connection):
        if rel_path in stored or not _is_plain(rel_path):
            continue
        stored.add(rel_path)
        data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else bytes(content)
        connection.execute(
            "INSERT INTO artifacts (area, rel_path, phase, artifact_type, content, content_hash, size,"
            " mtime_ns, inode, mode, checked_ns, first_seen, last_seen, removed_at)"
            " VALUES ('spec', ?, ?, ?, ?, ?, ?, 0, 0, 33188, 0, ?, ?, ?)",
            (rel_path, phase, kind, data, hashlib.sha256(data).hexdigest(), len(data), now, now, now),
        )
    if _has(connection, "spec_meta"):
        connection.execute(
            f"INSERT OR IGNORE INTO spec_meta (key, value) SELECT 'go.' || key, value FROM {_ASIDE}spec_meta"
        )
    for table in reversed(_GO_TABLES):
        connection.execute(f"DROP TABLE IF EXISTS {_ASIDE}{table}")


def _texts(connection: apsw.Connection) -> Iterator[tuple[str, str, str, str | bytes]]:
    """(path, phase, type, text) of everything the Go tool stored whole, the most original first."""
    if _has(connection, "artifacts"):
        for row in connection.execute(
            f"SELECT rel_path, phase, artifact_type, content FROM {_ASIDE}artifacts"
        ):
            path, phase, kind, content = row
            yield str(path), str(phase), _KINDS.get(str(kind), "document"), content or ""
    if _has(connection, "impl_logs"):
        for task_id, content in connection.execute(f"SELECT task_id, content FROM {_ASIDE}impl_logs"):
            path = f"execution/_implementation-logs/task-{task_id}.md"
            yield path, "execution", "implementation-log", content or ""
    if _has(connection, "completion_summary"):
        rows = connection.execute(f"SELECT frontmatter, body FROM {_ASIDE}completion_summary")
        for frontmatter, body in rows:
            yield "COMPLETION-SUMMARY.md", "", "completion-summary", f"{frontmatter}\n{body}"


_KINDS = {
    "status": "status",
    "brief": "brief",
    "report": "report",
    "handoff": "handoff",
    "document": "document",
    "data": "data",
    "other": "other",
}


def _present(connection: apsw.Connection) -> list[str]:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    return [table for table in _GO_TABLES if table in tables]


def _has(connection: apsw.Connection, table: str) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (_ASIDE + table,)).fetchone()
    return found is not None


def _is_plain(rel_path: str) -> bool:
    """False for a path that does not lie inside the spec; such a row can only be read in the copy."""
    return all(part not in ("", ".", "..") for part in rel_path.split("/")) and "\0" not in rel_path
