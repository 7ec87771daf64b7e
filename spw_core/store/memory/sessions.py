"""sessions.db: conversations with agents, their newest messages, what they were about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, replace
from typing import Any

from spw_core.errors import Conflict, NotFound

from .checks import check_limit, check_texts, dump, now
from .database import Database, Transaction
from .message_rows import COLUMNS as _MESSAGE_COLUMNS
from .message_rows import MARKS as _MESSAGE_MARKS
from .message_rows import read_message, refuse_other, row_of
from .types import Link, Message, Session, TokenBudget, Tokens, ToolBudget

_BATCH = 400
_COLUMNS = (
    "workspace_id, id, user_id, title, summary, model, status, source, cwd, branch, budgets, created_at,"
    " updated_at, compacted_at, version"
)


class SqliteSessions:
    """SessionStore over sessions.db."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def close(self) -> None:
        self._database.close()

    def create(self, session: Session) -> Session:
        """Store a new session and return it as stored. Raises Conflict when the id is taken."""
        stored = replace(session, updated_at=session.updated_at or session.created_at, version=1)
        with self._database.transaction() as change:
            if _find(change, session.workspace_id, session.id):
                raise Conflict(f"there is a session {session.id} already")
            change.insert(f"INSERT INTO sessions ({_COLUMNS}) VALUES ({', '.join('?' * 15)})", _row(stored))
        return stored

    def get(self, workspace: str, session_id: str) -> Session:
        """Raises NotFound."""
        for session in self.query(workspace, session_id):
            return session
        raise NotFound(f"no session {session_id}", "`spw memory list` shows those there are.")

    def query(self, workspace: str, session_id: str) -> list[Session]:
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM sessions WHERE workspace_id = ? AND id = ?", (workspace, session_id)
        )
        return [_session(row) for row in rows]

    def update(self, session: Session) -> Session:
        """Replace a session that was read before, and return it as stored, with the present as its time.

        Raises NotFound, and Conflict when somebody else updated it since it was read.
        """
        stored = replace(session, updated_at=now(), version=session.version + 1)
        with self._database.transaction() as change:
            found = _find(change, session.workspace_id, session.id)
            if not found:
                raise NotFound(f"no session {session.id}")
            if found[0][1] != session.version:
                raise Conflict(f"session {session.id} was changed since it was read", "Read it again.")
            change.write(
                f"UPDATE sessions SET ({_COLUMNS}) = ({', '.join('?' * 15)}) WHERE number = ?",
                (*_row(stored), found[0][0]),
            )
        return stored

    def newest(self, workspace: str, limit: int | None = 100, offset: int = 0) -> list[Session]:
        """The newest first."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM sessions WHERE workspace_id = ?"
            " ORDER BY created_at DESC, number DESC LIMIT ? OFFSET ?",
            (workspace, check_limit(limit, offset), offset),
        )
        return [_session(row) for row in rows]

    def delete(self, workspace: str, session_id: str, *, forever: bool = False) -> None:
        """Remove a session with its messages and links here. `forever`: it is not imported again.

        Raises NotFound, unless it is to be gone for ever: that holds for one that was never here, too.
        """
        check_texts(session=session_id)
        with self._database.transaction() as change:
            gone = change.write(
                "DELETE FROM sessions WHERE workspace_id = ? AND id = ?", (workspace, session_id)
            )
            if forever:
                change.write(
                    "INSERT OR IGNORE INTO forgotten VALUES (?, ?, ?)", (workspace, session_id, now())
                )
            elif not gone:
                raise NotFound(f"no session {session_id}")
        self._database.forget_log()

    def forgotten(self, workspace: str) -> frozenset[str]:
        """Ids of sessions that were deleted for ever."""
        rows = self._database.rows("SELECT session_id FROM forgotten WHERE workspace_id = ?", (workspace,))
        return frozenset(row[0] for row in rows)

    # -- messages --------------------------------------------------------------------------------

    def append_message(self, workspace: str, session_id: str, message: Message) -> bool:
        """Add a message to a session; False when the very same one is there already.

        Raises NotFound without the session, Conflict when another message has the id.
        """
        message = replace(message, session_id=session_id)
        with self._database.transaction() as change:
            if not _find(change, workspace, session_id):
                raise NotFound(f"no session {session_id}")
            present = change.rows(
                f"SELECT {_MESSAGE_COLUMNS} FROM messages WHERE workspace_id = ? AND id = ?",
                (workspace, message.id),
            )
            if present:
                refuse_other(message, present[0])
                return False
            change.insert(
                f"INSERT INTO messages (workspace_id, {_MESSAGE_COLUMNS}) VALUES (?, {_MESSAGE_MARKS})",
                (workspace, *row_of(message)),
            )
        return True

    def active_window(self, workspace: str, session_id: str, limit: int | None = 20) -> list[Message]:
        """The newest messages of a session, the oldest of them first."""
        rows = self._database.rows(
            f"SELECT {_MESSAGE_COLUMNS} FROM messages WHERE workspace_id = ? AND session_id = ?"
            " ORDER BY created_at DESC, number DESC LIMIT ?",
            (workspace, session_id, check_limit(limit)),
        )
        return [read_message(row) for row in reversed(rows)]

    # -- tokens ----------------------------------------------------------------------------------

    def add_tokens(self, workspace: str, session_id: str, answers: Mapping[str, Tokens]) -> None:
        """Note what answers of models took, by the id of each. One that is told again, in whichever session,
        counts once: in the session that had it first, with the most that was told of it.

        Raises NotFound without the session.
        """
        with self._database.transaction() as change:
            if not _find(change, workspace, session_id):
                raise NotFound(f"no session {session_id}")
            change.write_all(
                "INSERT INTO answer_tokens VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " input = max(input, excluded.input), output = max(output, excluded.output),"
                " cache_write = max(cache_write, excluded.cache_write),"
                " cache_read = max(cache_read, excluded.cache_read)",
                [(workspace, session_id, answer, *astuple(took)) for answer, took in answers.items()],
            )

    def tokens(self, workspace: str, session_id: str = "") -> dict[str, Tokens]:
        """What the answers of every session took together, or of one; sessions without any are left out."""
        rows = self._database.rows(
            "SELECT session_id, sum(input), sum(output), sum(cache_write), sum(cache_read) FROM answer_tokens"
            " WHERE workspace_id = ?1 AND (?2 = '' OR session_id = ?2) GROUP BY session_id",
            (workspace, session_id),
        )
        return {row[0]: Tokens(*row[1:]) for row in rows}

    # -- links -----------------------------------------------------------------------------------

    def add_links(self, workspace: str, session_id: str, links: Iterable[Link]) -> None:
        """Add to what a session is known to be about; the highest count that was seen stays,
        and of the signs the first by name, which is the strongest."""
        with self._database.transaction() as change:
            change.write_all(
                "INSERT INTO session_links VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET count = max(count, excluded.count),"
                " how = min(how, excluded.how)",
                [(workspace, session_id, link.kind, link.target, link.how, link.count) for link in links],
            )

    def links(self, workspace: str, session_id: str) -> list[Link]:
        """By kind, the most often seen first."""
        rows = self._database.rows(
            "SELECT kind, target, how, count FROM session_links WHERE workspace_id = ? AND session_id = ?"
            " ORDER BY kind, count DESC, target",
            (workspace, session_id),
        )
        return [Link(*row) for row in rows]

    def linked(self, workspace: str, kind: str, target: str) -> list[Session]:
        """The sessions about a spec, run or file, the oldest first."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM sessions WHERE workspace_id = ?1 AND id IN (SELECT session_id FROM"
            " session_links WHERE workspace_id = ?1 AND kind = ?2 AND target = ?3)"
            " ORDER BY created_at, number",
            (workspace, kind, target),
        )
        return [_session(row) for row in rows]

    def about(self, workspace: str, kind: str, targets: Iterable[str]) -> set[str]:
        """Ids of the sessions about any of some specs, runs or files."""
        found: set[str] = set()
        wanted = list(targets)
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            rows = self._database.rows(
                "SELECT DISTINCT session_id FROM session_links WHERE workspace_id = ? AND kind = ?"
                f" AND target IN ({', '.join('?' * len(batch))})",
                (workspace, kind, *batch),
            )
            found |= {session_id for (session_id,) in rows}
        return found

    def all_links(self, workspace: str, kind: str) -> dict[str, list[Link]]:
        """The links of one kind of every session."""
        found: dict[str, list[Link]] = {}
        for session_id, *link in self._database.rows(
            "SELECT session_id, kind, target, how, count FROM session_links"
            " WHERE workspace_id = ? AND kind = ? ORDER BY session_id, count DESC, target",
            (workspace, kind),
        ):
            found.setdefault(session_id, []).append(Link(*link))
        return found


def _find(change: Transaction, workspace: str, session_id: str) -> list[tuple[int, int]]:
    return change.rows(
        "SELECT number, version FROM sessions WHERE workspace_id = ? AND id = ?", (workspace, session_id)
    )


def _row(session: Session) -> tuple[str | int, ...]:
    budgets = dump("budgets", {"tools": asdict(session.tools), "tokens": asdict(session.tokens)})
    return (
        session.workspace_id,
        session.id,
        session.user_id,
        session.title,
        session.summary,
        session.model,
        session.status,
        session.source,
        session.cwd,
        session.branch,
        budgets,
        session.created_at,
        session.updated_at,
        session.compacted_at,
        session.version,
    )


def _session(row: tuple[Any, ...]) -> Session:
    workspace, session_id, user, title, summary, model, status, source, cwd, branch, budgets = row[:11]
    created_at, updated_at, compacted_at, version = row[11:]
    read = json.loads(budgets)
    return Session(
        id=session_id,
        workspace_id=workspace,
        user_id=user,
        created_at=created_at,
        title=title,
        summary=summary,
        model=model,
        status=status,
        source=source,
        cwd=cwd,
        branch=branch,
        tools=ToolBudget(**read["tools"]),
        tokens=TokenBudget(**read["tokens"]),
        updated_at=updated_at,
        compacted_at=compacted_at,
        version=version,
    )
