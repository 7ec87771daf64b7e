""".spw-index.db: the specs of a workspace and every searchable document, as plain rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import apsw

from spw_core.store.connection import (
    migrations,
    open_for_reading,
    open_for_writing,
    transaction,
    translating,
)
from spw_core.store.index_schema import INDEX_SCHEMA
from spw_core.store.rows import Row, Value, read_rows

# The keeper of all documents that the harvest makes of spec databases.
SPEC_SOURCE = "spec"

DOCUMENT_COLUMNS = (
    "key",
    "source",
    "path",
    "spec",
    "doc_type",
    "phase",
    "command",
    "run",
    "wave",
    "task",
    "agent",
    "status",
    "title",
    "content_hash",
    "updated_at",
    "removed_at",
)
_NAMES = ", ".join(DOCUMENT_COLUMNS)
_INSERT_DOCUMENT = (
    f"INSERT INTO documents (id, {_NAMES}) VALUES ({', '.join('?' * (len(DOCUMENT_COLUMNS) + 1))})"
)
_UPDATE_DOCUMENT = (
    f"UPDATE documents SET ({_NAMES}) = ({', '.join('?' * len(DOCUMENT_COLUMNS))}) WHERE id = ?"
)
_INSERT_CHUNK = (
    "INSERT INTO chunks (id, document_id, line, content_hash, heading, body) VALUES (?, ?, ?, ?, ?, ?)"
)
_INSERT_WORDS = "INSERT INTO chunks_fts (rowid, title, heading, body, exact) VALUES (?, ?, ?, ?, ?)"
_DELETE_WORDS = "DELETE FROM chunks_fts WHERE rowid = ?"


class ChunkRow(NamedTuple):
    """A chunk as it is stored, and its words as they are indexed: the columns of `chunks_fts`."""

    line: int
    content_hash: bytes
    heading: str
    body: str
    words: tuple[str, str, str, str]


class DocumentRow(NamedTuple):
    """A document to store. `id` is that of the one it replaces, 0 for a new one.

    `words_changed` says that the words of unchanged chunks differ all the same, because of the title.
    """

    id: int
    columns: Mapping[str, Value]
    chunks: Sequence[ChunkRow]
    words_changed: bool = False


class IndexStore:
    """One open index database. Writing methods belong inside `transaction()`."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection

    @classmethod
    @contextmanager
    def writing(cls, path: Path) -> Iterator[IndexStore]:
        """Open or create for writing; closed at the end."""
        with closing(open_for_writing(path, INDEX_SCHEMA)) as connection, translating(path):
            yield cls(connection)

    @classmethod
    def open_reading(cls, path: Path) -> IndexStore | None:
        """Open an existing index read-only; None when there is none. The caller closes it.

        One of an older version is none: the next harvest builds it anew.
        """
        connection = open_for_reading(path, INDEX_SCHEMA)
        if connection is None:
            return None
        if connection.pragma("user_version") < migrations(INDEX_SCHEMA.name)[-1][0]:
            connection.close(True)
            return None
        return cls(connection)

    @classmethod
    @contextmanager
    def reading(cls, path: Path) -> Iterator[IndexStore | None]:
        """As `open_reading`, closed at the end."""
        store = cls.open_reading(path)
        try:
            with translating(path):
                yield store
        finally:
            if store is not None:
                store.close()

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with transaction(self.connection):
            yield

    def clear(self) -> None:
        """Empty the index; the next harvest, and every other keeper of documents, fills it again."""
        for table in ("chunks_fts", "chunks", "documents", "specs", "words", "sources"):
            self.connection.execute(f"DELETE FROM {table}")

    def count(self) -> int:
        """Number of documents."""
        [[number]] = self.connection.execute("SELECT count(*) FROM documents")
        return int(str(number))

    def inconsistencies(self) -> list[str]:
        """Where documents, chunks and words do not belong together."""
        checks = {
            "chunks without a document": ("chunks", "document_id", "documents"),
            "chunks without words": ("chunks", "id", "chunks_fts_docsize"),
            "words without a chunk": ("chunks_fts_docsize", "id", "chunks"),
        }
        counts = {
            text: self.connection.execute(
                f"SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT id FROM {parent})"
            ).fetchone()
            for text, (table, column, parent) in checks.items()
        }
        return [f"{row[0]} {text}" for text, row in counts.items() if row and row[0]]

    # -- specs -----------------------------------------------------------------------------------

    def put_spec(self, row: Row) -> None:
        """Insert or replace the row of a spec."""
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        self.connection.execute(
            f"INSERT OR REPLACE INTO specs ({names}) VALUES ({marks})", tuple(row.values())
        )

    def specs(self) -> list[dict[str, Value]]:
        """All spec rows by name."""
        return read_rows(self.connection, "specs")

    def spec_revisions(self) -> dict[str, int]:
        """The spec.db revision that each spec was last indexed at."""
        rows = self.connection.execute("SELECT name, revision FROM specs")
        return {str(name): int(str(revision)) for name, revision in rows}

    def specs_with_failures(self) -> set[str]:
        """Names of the specs in which some run or subagent has a status that is no pass."""
        rows = self.connection.execute(
            "SELECT DISTINCT spec FROM documents WHERE status NOT IN ('', 'pass', 'missing')"
        )
        return {str(row[0]) for row in rows}

    def remove_spec(self, name: str) -> None:
        """Forget a spec and all documents made of its database."""
        self.delete_documents([document_id for document_id, _ in self.documents(SPEC_SOURCE, name).values()])
        self.connection.execute("DELETE FROM specs WHERE name = ?", (name,))

    # -- configuration ---------------------------------------------------------------------------

    def put_compiled_config(self, values: Mapping[str, str]) -> None:
        """Replace the configuration that hooks read, with the identity of its file under the key ''."""
        self.connection.execute("DELETE FROM compiled_config")
        self.connection.executemany("INSERT INTO compiled_config VALUES (?, ?)", list(values.items()))

    # -- documents -------------------------------------------------------------------------------

    def documents(self, source: str, spec: str = "") -> dict[str, tuple[int, dict[str, Value]]]:
        """(id, columns) of every document of a source, or of one spec in it, by key."""
        condition, values = ("AND spec = ?", (source, spec)) if spec else ("", (source,))
        cursor = self.connection.execute(
            f"SELECT id, {_NAMES} FROM documents WHERE +source = ? {condition}", values
        )
        return {row[1]: (row[0], dict(zip(DOCUMENT_COLUMNS, row[1:], strict=True))) for row in cursor}

    def documents_by_key(self, keys: Iterable[str]) -> dict[str, tuple[int, dict[str, Value]]]:
        """(id, columns) of the documents that have one of these keys."""
        found = {}
        for key in keys:
            for row in self.connection.execute(f"SELECT id, {_NAMES} FROM documents WHERE key = ?", (key,)):
                found[key] = (row[0], dict(zip(DOCUMENT_COLUMNS, row[1:], strict=True)))
        return found

    def put_documents(self, rows: Sequence[DocumentRow]) -> None:
        """Store documents with their chunks. A chunk that stayed as it was keeps its id and its words."""
        [[last_document]] = self.connection.execute("SELECT ifnull(max(id), 0) FROM documents")
        next_document = int(str(last_document)) + 1
        documents: list[tuple[Value, ...]] = []
        fresh: list[tuple[int, ChunkRow]] = []
        for row in rows:
            values = tuple(row.columns[name] for name in DOCUMENT_COLUMNS)
            if row.id:
                self.connection.execute(_UPDATE_DOCUMENT, (*values, row.id))
                fresh += [(row.id, chunk) for chunk in self._without_kept(row)]
            else:
                documents.append((next_document, *values))
                fresh += [(next_document, chunk) for chunk in row.chunks]
                next_document += 1
        self.connection.executemany(_INSERT_DOCUMENT, documents)
        self._add_chunks(fresh)

    def _without_kept(self, row: DocumentRow) -> list[ChunkRow]:
        """The chunks of a changed document that are new; those that are no longer in it are deleted."""
        present: dict[bytes, list[tuple[int, int]]] = {}
        for chunk_id, line, content_hash in self.connection.execute(
            "SELECT id, line, content_hash FROM chunks WHERE document_id = ? ORDER BY id DESC", (row.id,)
        ):
            present.setdefault(content_hash, []).append((chunk_id, line))
        new: list[ChunkRow] = []
        moved: list[tuple[int, int]] = []
        rewritten: list[tuple[int, ChunkRow]] = []
        for chunk in row.chunks:
            if not (same := present.get(chunk.content_hash)):
                new.append(chunk)
                continue
            chunk_id, line = same.pop()
            if line != chunk.line:
                moved.append((chunk.line, chunk_id))
            if row.words_changed:
                rewritten.append((chunk_id, chunk))
        gone = [(chunk_id,) for left in present.values() for chunk_id, _ in left]
        self.connection.executemany(_DELETE_WORDS, gone + [(chunk_id,) for chunk_id, _ in rewritten])
        self.connection.executemany(
            _INSERT_WORDS, [(chunk_id, *chunk.words) for chunk_id, chunk in rewritten]
        )
        self.connection.executemany("DELETE FROM chunks WHERE id = ?", gone)
        self.connection.executemany("UPDATE chunks SET line = ? WHERE id = ?", moved)
        return new

    def _add_chunks(self, chunks: Sequence[tuple[int, ChunkRow]]) -> None:
        """Store new chunks, each with the id of its document."""
        rows = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchall()
        numbered = list(enumerate(chunks, int(str(rows[0][0])) + 1 if rows else 1))
        self.connection.executemany(
            _INSERT_CHUNK,
            [
                (number, document, chunk.line, chunk.content_hash, chunk.heading, chunk.body)
                for number, (document, chunk) in numbered
            ],
        )
        self.connection.executemany(
            _INSERT_WORDS, [(number, *chunk.words) for number, (_, chunk) in numbered]
        )

    def update_facets(self, documents: Iterable[tuple[int, Mapping[str, Value]]]) -> None:
        """Change the columns of documents whose text and title stayed the same."""
        self.connection.executemany(
            _UPDATE_DOCUMENT,
            [
                (*(columns[name] for name in DOCUMENT_COLUMNS), document_id)
                for document_id, columns in documents
            ],
        )

    def delete_documents(self, ids: Sequence[int]) -> None:
        """Remove documents with their chunks and words."""
        keys = [(document_id,) for document_id in ids]
        self.connection.executemany(
            "DELETE FROM chunks_fts WHERE rowid IN (SELECT id FROM chunks WHERE document_id = ?)", keys
        )
        self.connection.executemany("DELETE FROM documents WHERE id = ?", keys)

    def add_words(self, words: Iterable[str]) -> None:
        """Add to the vocabulary what is not yet in it."""
        self.connection.executemany(
            "INSERT OR IGNORE INTO words (word) VALUES (?)", [(word,) for word in words]
        )

    # -- other sources ---------------------------------------------------------------------------

    def source_state(self, source: str) -> str:
        """What a keeper of documents stored here at its last visit; empty when the index is new."""
        row = self.connection.execute("SELECT state FROM sources WHERE name = ?", (source,)).fetchone()
        return str(row[0]) if row else ""

    def set_source_state(self, source: str, state: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO sources (name, state) VALUES (?, ?)", (source, state))
