"""memory.db, tier 2: what became of batches of messages, in two steps.

A summary is stored as pending, which nobody sees. Confirming it and deleting its messages is one
transaction: there is never a moment at which a message is both gone and not in a summary, or in two.
"""

from __future__ import annotations

import json
from typing import Any

from spw_core.errors import Conflict, NotFound

from .checks import check_limit, check_optional_time, check_texts, dump, require
from .database import Database, Transaction
from .messages import delete_messages, touch
from .types import Summary, SummaryStatus

_COLUMNS = "id, from_time, to_time, content, message_ids, created_at, status, session_id, method"


class SqliteSummaries:
    """SummaryStore over memory.db."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def close(self) -> None:
        self._database.close()

    def put(self, workspace: str, summary: Summary) -> bool:
        """Store a summary; False when the same one is there.

        Raises Conflict when another summary has the id, or one of the messages is in another one already.
        """
        check_texts(workspace=workspace)
        with self._database.transaction() as change:
            present = _find(change, workspace, summary.id)
            if present:
                if present[0] != summary:
                    raise Conflict(f"another summary is stored as {summary.id}")
                return False
            for message_id in summary.message_ids:
                if change.rows(
                    "SELECT 1 FROM compacted WHERE workspace_id = ? AND message_id = ?",
                    (workspace, message_id),
                ):
                    raise Conflict(f"message {message_id} is in another summary, or forgotten")
            change.insert(
                f"INSERT INTO summaries (workspace_id, {_COLUMNS}) VALUES ({', '.join('?' * 10)})",
                (workspace, *_row(summary)),
            )
            if summary.status == SummaryStatus.COMMITTED:
                touch(change)
        return True

    def confirm(self, workspace: str, summary_id: str) -> int:
        """Make a pending summary visible and delete its messages, in one transaction.

        Returns how many messages went. Raises NotFound, and Conflict when it is not pending, or when one
        of its messages went into another summary meanwhile.
        """
        with self._database.transaction() as change:
            present = _find(change, workspace, summary_id)
            if not present:
                raise NotFound(f"no summary {summary_id}")
            summary = present[0]
            if summary.status != SummaryStatus.PENDING:
                raise Conflict(f"summary {summary_id} is not pending but {summary.status}")
            change.write(
                "UPDATE summaries SET status = 'committed' WHERE workspace_id = ? AND id = ?",
                (workspace, summary_id),
            )
            for message_id in summary.message_ids:
                if not change.write(
                    "INSERT OR IGNORE INTO compacted VALUES (?, ?, ?)", (workspace, message_id, summary_id)
                ):
                    raise Conflict(f"message {message_id} is in another summary, or forgotten")
            gone = delete_messages(change, workspace, summary.message_ids)
            touch(change)
        self._database.forget_log()
        return gone

    def get(self, workspace: str, summary_id: str) -> Summary:
        """A summary, pending or not. Raises NotFound."""
        for summary in self._select("id = ?", workspace, summary_id):
            return summary
        raise NotFound(f"no summary {summary_id}")

    def delete(self, workspace: str, summary_id: str) -> bool:
        """Remove a summary whatever its status; False when there is none. Its messages do not come back."""
        with self._database.transaction() as change:
            gone = change.write(
                "DELETE FROM summaries WHERE workspace_id = ? AND id = ?", (workspace, summary_id)
            )
            if gone:
                touch(change)
        return gone > 0

    def range(
        self, workspace: str, since: str | None, until: str | None, *, contained: bool = False
    ) -> list[Summary]:
        """Committed summaries that overlap a time span (None is open), or lie in it; the oldest first."""
        check_optional_time("since", since)
        check_optional_time("until", until)
        require(since is None or until is None or since <= until, "the time span ends before it begins")
        first, last = ("from_time", "to_time") if contained else ("to_time", "from_time")
        return self._select(
            f"status = 'committed' AND {first} >= ifnull(?, '') AND {last} <= ifnull(?, '~')"
            " ORDER BY from_time, number",
            workspace,
            since,
            until,
        )

    def latest(self, workspace: str, limit: int | None = 10) -> list[Summary]:
        """The newest committed summaries, the newest first."""
        return self._select(
            "status = 'committed' ORDER BY created_at DESC, number DESC LIMIT ?",
            workspace,
            check_limit(limit),
        )

    def of_session(self, workspace: str, session_id: str) -> list[Summary]:
        """The committed summaries of a session, in the order of their messages."""
        return self._select(
            "status = 'committed' AND session_id = ? ORDER BY from_time, number", workspace, session_id
        )

    def pending(self, workspace: str) -> list[Summary]:
        """What an interrupted compaction left behind, the oldest first."""
        return self._select("status = 'pending' ORDER BY created_at, number", workspace)

    def _select(self, condition: str, workspace: str, *values: str | int | None) -> list[Summary]:
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM summaries WHERE workspace_id = ? AND {condition}", (workspace, *values)
        )
        return [_summary(row) for row in rows]


def _find(change: Transaction, workspace: str, summary_id: str) -> list[Summary]:
    rows = change.rows(
        f"SELECT {_COLUMNS} FROM summaries WHERE workspace_id = ? AND id = ?", (workspace, summary_id)
    )
    return [_summary(row) for row in rows]


def _row(summary: Summary) -> tuple[str, ...]:
    return (
        summary.id,
        summary.from_time,
        summary.to_time,
        summary.content,
        dump("message_ids", list(summary.message_ids)),
        summary.created_at,
        summary.status,
        summary.session_id,
        summary.method,
    )


def _summary(row: tuple[Any, ...]) -> Summary:
    summary_id, from_time, to_time, content, message_ids, created_at, status, session_id, method = row
    return Summary(
        id=summary_id,
        from_time=from_time,
        to_time=to_time,
        content=content,
        message_ids=tuple(json.loads(message_ids)),
        created_at=created_at,
        status=status,
        session_id=session_id,
        method=method,
    )
