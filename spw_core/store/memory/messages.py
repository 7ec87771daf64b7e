"""memory.db, tier 1: every message, searchable by words; and how far each transcript was read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from spw_core.errors import InvalidInput

from .checks import check_limit, check_optional_time, check_texts, dump, now, require
from .database import Database, Transaction
from .message_rows import COLUMNS, MARKS, MessageRow, read_message, refuse_other, row_of
from .types import Message, TranscriptState
from .words import expressions, indexed, phrase

_BATCH = 500
_STATE_COLUMNS = (
    "path, session_id, inode, size, mtime_ns, offset, head, head_size, skipped, moment, reader, open_calls"
)


class SqliteMessages:
    """MessageStore over memory.db."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def close(self) -> None:
        self._database.close()

    def append(self, workspace: str, message: Message) -> bool:
        """Store a message; False when the very same one is there. Raises Conflict when another one is."""
        check_texts(workspace=workspace)
        with self._database.transaction() as change:
            present = change.rows(
                f"SELECT {COLUMNS} FROM memory_messages WHERE workspace_id = ? AND id = ?",
                (workspace, message.id),
            )
            if present:
                refuse_other(message, present[0])
                return False
            _insert_all(change, workspace, [row_of(message)])
            touch(change)
        return True

    def take_in(
        self, workspace: str, messages: Iterable[Message], state: TranscriptState | None = None
    ) -> list[str]:
        """Store the messages that are new, and how far their transcript was read, in one transaction.

        Those that are stored, went into a summary or were forgotten are left out, whatever they say now:
        reading a transcript again changes nothing. Returns the ids of those that were added.
        """
        states = [state] if state else []
        return self.take_in_rows(workspace, [row_of(message) for message in messages], states)

    def take_in_rows(
        self, workspace: str, messages: Sequence[MessageRow], states: Sequence[TranscriptState] = ()
    ) -> list[str]:
        """As `take_in`, of messages that `row_of` made plain, of several transcripts."""
        check_texts(workspace=workspace)
        unique: dict[str, MessageRow] = {}
        for row in messages:
            unique.setdefault(row.id, row)
        with self._database.transaction() as change:
            known = _known(change, workspace, list(unique))
            fresh = {name: row for name, row in unique.items() if name not in known} if known else unique
            _insert_all(change, workspace, list(fresh.values()))
            read_at = now()
            change.write_all(
                f"INSERT OR REPLACE INTO transcripts ({_STATE_COLUMNS}, read_at)"
                f" VALUES ({', '.join('?' * 13)})",
                [(*_state_row(state), read_at) for state in states],
            )
            if fresh or states:  # what is read may change the title of a session, too
                touch(change)
        return list(fresh)

    def transcripts(self) -> dict[str, TranscriptState]:
        """Every transcript that was read, by its path."""
        rows = self._database.rows(f"SELECT {_STATE_COLUMNS} FROM transcripts ORDER BY path")
        return {state.path: state for state in map(_state, rows)}

    def search(
        self,
        workspace: str,
        query: str,
        *,
        limit: int | None = 50,
        offset: int = 0,
        session_id: str = "",
        exact: bool = False,
    ) -> list[Message]:
        """Messages with the words of a query, the best first, then the newest. Any text is a valid query.

        Those with all words; without one, those with any; without one, those with words that begin so.
        With `exact`, the query is one phrase.
        """
        limit_value = check_limit(limit, offset)
        for expression in filter(None, [phrase(query)]) if exact else expressions(query):
            rows = self._database.rows(
                f"SELECT {', '.join(f'm.{name}' for name in MessageRow._fields)}"
                " FROM memory_words w JOIN memory_messages m ON m.number = w.rowid"
                " WHERE memory_words MATCH ?1 AND m.workspace_id = ?2 AND (?3 = '' OR m.session_id = ?3)"
                " ORDER BY bm25(memory_words), m.created_at DESC, m.number DESC LIMIT ?4 OFFSET ?5",
                (expression, workspace, session_id, limit_value, offset),
            )
            if rows:
                return [read_message(row) for row in rows]
        return []

    def range(
        self, workspace: str, since: str | None, until: str | None, limit: int | None = None
    ) -> list[Message]:
        """Messages at or after `since` and before `until` (None is open), the oldest first."""
        check_optional_time("since", since)
        check_optional_time("until", until)
        return self._select(
            "workspace_id = ? AND created_at >= ifnull(?, '') AND created_at < ifnull(?, '~')"
            " ORDER BY created_at, number LIMIT ?",
            (workspace, since, until, check_limit(limit)),
        )

    def oldest(self, workspace: str, limit: int, session_id: str = "") -> list[Message]:
        """The oldest messages, of one session or of all, the oldest first. At least one must be asked for."""
        require(limit > 0, f"the number of messages must be positive: {limit}")
        return self._select(
            "workspace_id = ?1 AND (?2 = '' OR session_id = ?2) ORDER BY created_at, number LIMIT ?3",
            (workspace, session_id, limit),
        )

    def of_session(
        self, workspace: str, session_id: str, limit: int | None = None, offset: int = 0
    ) -> list[Message]:
        """The messages of a session in the order in which they were said."""
        return self._select(
            "workspace_id = ? AND session_id = ? ORDER BY number LIMIT ? OFFSET ?",
            (workspace, session_id, check_limit(limit, offset), offset),
        )

    def with_id(self, workspace: str, message_id: str) -> Message | None:
        """One message; None when there is none."""
        return next(iter(self._select("workspace_id = ? AND id = ?", (workspace, message_id))), None)

    def count(self, workspace: str, session_id: str = "") -> int:
        [[number]] = self._database.rows(
            "SELECT count(*) FROM memory_messages WHERE workspace_id = ?1 AND (?2 = '' OR session_id = ?2)",
            (workspace, session_id),
        )
        return int(number)

    def per_session(self, workspace: str) -> dict[str, tuple[int, str, str]]:
        """(number, first time, last time) of the messages of every session."""
        rows = self._database.rows(
            "SELECT session_id, count(*), min(created_at), max(created_at) FROM memory_messages"
            " WHERE workspace_id = ? GROUP BY session_id",
            (workspace,),
        )
        return {row[0]: (row[1], row[2], row[3]) for row in rows}

    def delete(self, workspace: str, ids: Iterable[str]) -> int:
        """Delete messages by id, all or none; returns how many there were. Unknown ids are passed over."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return 0
        with self._database.transaction() as change:
            gone = delete_messages(change, workspace, wanted)
        self._database.forget_log()
        return gone

    def trim(self, workspace: str, keep: int) -> list[str]:
        """Delete all but the newest `keep` messages; returns the ids that went, the oldest first."""
        check_limit(keep)
        with self._database.transaction() as change:
            rows = change.rows(
                "SELECT id FROM memory_messages WHERE workspace_id = ?"
                " ORDER BY created_at DESC, number DESC LIMIT -1 OFFSET ?",
                (workspace, keep),
            )
            ids = [row[0] for row in reversed(rows)]
            delete_messages(change, workspace, ids)
        self._database.forget_log()
        return ids

    def forget_session(self, workspace: str, session_id: str) -> int:
        """Delete the messages, summaries and reading state of a session; returns how many messages.

        Their ids stay: a transcript that has copies of them, as that of a session which went on from there,
        does not bring them back.
        """
        if not session_id:
            raise InvalidInput("session must not be empty")
        with self._database.transaction() as change:
            rows = change.rows(
                "SELECT id FROM memory_messages WHERE workspace_id = ? AND session_id = ?",
                (workspace, session_id),
            )
            gone = delete_messages(change, workspace, [row[0] for row in rows])
            change.write(
                "UPDATE compacted SET summary_id = '' WHERE workspace_id = ?1 AND summary_id IN"
                " (SELECT id FROM summaries WHERE workspace_id = ?1 AND session_id = ?2)",
                (workspace, session_id),
            )
            change.write_all(
                "INSERT OR IGNORE INTO compacted VALUES (?, ?, '')", [(workspace, row[0]) for row in rows]
            )
            change.write(
                "DELETE FROM summaries WHERE workspace_id = ? AND session_id = ?", (workspace, session_id)
            )
            change.write("DELETE FROM transcripts WHERE session_id = ?", (session_id,))
            touch(change)
        self._database.forget_log()
        return gone

    def revision(self) -> int:
        """Grows with every change of messages and summaries."""
        [[number]] = self._database.rows("SELECT value FROM revision")
        return int(number)

    def inconsistencies(self) -> list[str]:
        """Where messages and their words do not belong together."""
        checks = {
            "messages without words": "SELECT count(*) FROM memory_messages"
            " WHERE number NOT IN (SELECT id FROM memory_words_docsize)",
            "words without a message": "SELECT count(*) FROM memory_words_docsize"
            " WHERE id NOT IN (SELECT number FROM memory_messages)",
        }
        found = []
        for what, statement in checks.items():
            [[number]] = self._database.rows(statement)
            if number:
                found.append(f"{number} {what}")
        return found

    def rebuild_words(self) -> None:
        """Index the words of all messages anew."""
        with self._database.transaction() as change:
            change.write("INSERT INTO memory_words (memory_words) VALUES ('delete-all')")
            for number, content in change.rows("SELECT number, content FROM memory_messages"):
                change.write(
                    "INSERT INTO memory_words (rowid, body) VALUES (?, ?)", (number, indexed(content))
                )

    def _select(self, condition: str, values: Sequence[str | int | None]) -> list[Message]:
        rows = self._database.rows(f"SELECT {COLUMNS} FROM memory_messages WHERE {condition}", values)
        return [read_message(row) for row in rows]


def touch(change: Transaction) -> None:
    """Count a change."""
    change.write("UPDATE revision SET value = value + 1")


def delete_messages(change: Transaction, workspace: str, ids: Sequence[str]) -> int:
    """Delete messages and their words inside a transaction; returns how many there were."""
    gone = 0
    for batch in _batches(ids):
        marks = ", ".join("?" * len(batch))
        rows = change.rows(
            f"SELECT number, content FROM memory_messages WHERE workspace_id = ? AND id IN ({marks})",
            (workspace, *batch),
        )
        for number, content in rows:
            change.write(
                "INSERT INTO memory_words (memory_words, rowid, body) VALUES ('delete', ?, ?)",
                (number, indexed(content)),
            )
            change.write("DELETE FROM memory_messages WHERE number = ?", (number,))
        gone += len(rows)
    if gone:
        touch(change)
    return gone


def _insert_all(change: Transaction, workspace: str, messages: Sequence[MessageRow]) -> None:
    """Store messages and their words, numbered as nothing was before."""
    rows = change.rows("SELECT seq FROM sqlite_sequence WHERE name = 'memory_messages'")
    numbered = list(enumerate(messages, (rows[0][0] if rows else 0) + 1))
    change.write_all(
        f"INSERT INTO memory_messages (number, workspace_id, {COLUMNS}) VALUES (?, ?, {MARKS})",
        [(number, workspace, *message) for number, message in numbered],
    )
    change.write_all(
        "INSERT INTO memory_words (rowid, body) VALUES (?, ?)",
        [(number, indexed(message.content)) for number, message in numbered],
    )


def _state_row(state: TranscriptState) -> tuple[str | int, ...]:
    return (
        *(state.path, state.session_id, state.inode, state.size, state.mtime_ns, state.offset),
        *(state.head, state.head_size, state.skipped, state.moment, state.reader),
        dump("open_calls", [*state.open_calls.items()]),
    )


def _state(row: tuple[Any, ...]) -> TranscriptState:
    *told, open_calls = row
    return replace(TranscriptState(*told), open_calls=dict(json.loads(open_calls)))


def _known(change: Transaction, workspace: str, ids: Sequence[str]) -> set[str]:
    """Which of some ids are stored, went into a summary, or were forgotten."""
    found: set[str] = set()
    for batch in _batches(ids):
        marks = ", ".join("?" * len(batch))
        for table, column in (("memory_messages", "id"), ("compacted", "message_id")):
            rows = change.rows(
                f"SELECT {column} FROM {table} WHERE workspace_id = ? AND {column} IN ({marks})",
                (workspace, *batch),
            )
            found.update(row[0] for row in rows)
    return found


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]
