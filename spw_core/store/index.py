""".spw-index.db: the specs of a workspace and every searchable document, as plain rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from spw_core.store.connection import Schema, open_for_reading, open_for_writing, transaction, translating
from spw_core.store.rows import Row, Value, read_rows

INDEX_SCHEMA = Schema(name="index", synchronous="NORMAL")

DOCUMENT_COLUMNS = (
    "path",
    "spec",
    "doc_type",
    "phase",
    "command",
    "run",
    "wave",
    "agent",
    "status",
    "title",
    "content_hash",
    "updated_at",
)
_NAMES = ", ".join(DOCUMENT_COLUMNS)


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
        """Open an existing index read-only; None when there is none. The caller closes it."""
        connection = open_for_reading(path, INDEX_SCHEMA)
        return None if connection is None else cls(connection)

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
        """Empty the index; the next synchronisation fills it from the spec databases."""
        for table in ("chunks_fts", "chunks", "documents", "specs"):
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

    def remove_spec(self, name: str) -> None:
        """Forget a spec and all its documents."""
        self.delete_documents(
            [row[0] for row in self.connection.execute("SELECT id FROM documents WHERE spec = ?", (name,))]
        )
        self.connection.execute("DELETE FROM specs WHERE name = ?", (name,))

    # -- configuration ---------------------------------------------------------------------------

    def put_compiled_config(self, values: Mapping[str, str]) -> None:
        """Replace the configuration that hooks read, with the identity of its file under the key ''."""
        self.connection.execute("DELETE FROM compiled_config")
        self.connection.executemany("INSERT INTO compiled_config VALUES (?, ?)", list(values.items()))

    # -- documents -------------------------------------------------------------------------------

    def documents(self, spec: str) -> dict[str, tuple[int, dict[str, Value]]]:
        """(id, columns) of every document of a spec, by path."""
        cursor = self.connection.execute(f"SELECT id, {_NAMES} FROM documents WHERE spec = ?", (spec,))
        return {row[1]: (row[0], dict(zip(DOCUMENT_COLUMNS, row[1:], strict=True))) for row in cursor}

    def add_document(self, columns: Mapping[str, Value], chunks: Sequence[tuple[int, str, str]]) -> None:
        """Store a new document and the words of its chunks, each (line, heading, body)."""
        marks = ", ".join("?" * len(DOCUMENT_COLUMNS))
        self.connection.execute(
            f"INSERT INTO documents ({_NAMES}) VALUES ({marks})",
            tuple(columns[name] for name in DOCUMENT_COLUMNS),
        )
        document_id = self.connection.last_insert_rowid()
        [[last_id]] = self.connection.execute("SELECT ifnull(max(id), 0) FROM chunks")
        numbered = list(enumerate(chunks, int(str(last_id)) + 1))
        self.connection.executemany(
            "INSERT INTO chunks (id, document_id, line, heading, body) VALUES (?, ?, ?, ?, ?)",
            [(chunk_id, document_id, *chunk) for chunk_id, chunk in numbered],
        )
        title, spec = columns["title"], columns["spec"]
        self.connection.executemany(
            "INSERT INTO chunks_fts (rowid, title, heading, body) VALUES (?, ?, ?, ?)",
            [(chunk_id, title, f"{heading} {spec!s}", body) for chunk_id, (_, heading, body) in numbered],
        )

    def update_facets(self, document_id: int, columns: Mapping[str, Value]) -> None:
        """Change the columns of a document whose text and title stayed the same."""
        self.connection.execute(
            f"UPDATE documents SET ({_NAMES}) = ({', '.join('?' * len(DOCUMENT_COLUMNS))}) WHERE id = ?",
            (*(columns[name] for name in DOCUMENT_COLUMNS), document_id),
        )

    def delete_documents(self, ids: Sequence[int]) -> None:
        """Remove documents with their chunks and words."""
        for document_id in ids:
            self.connection.execute(
                "DELETE FROM chunks_fts WHERE rowid IN (SELECT id FROM chunks WHERE document_id = ?)",
                (document_id,),
            )
            self.connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
