"""Taking out of the index for good what deleted documents leave in it.

A deletion only marks: words stay in the full-text index until it is merged, in the vocabulary and in what the
built-in embedder learned; vectors wait for the next embedding; pages that became free keep their bytes. For
documents made of files that is a virtue, for what somebody wants forgotten it is not. The cost is that of
writing the index once.
"""

from __future__ import annotations

import apsw

from spw_core.store import vectors as table
from spw_core.store.chunk_vectors import orphans
from spw_core.store.connection import empty_log, transaction

# Stands among the sources of documents, by a name that no keeper of documents may have.
_LAST_PURGE = ":purge"


def last_purge(connection: apsw.Connection) -> str:
    """Names the last time that something was forgotten: who reads texts and stores what it made of them
    looks whether it is still the same."""
    rows = connection.execute("SELECT state FROM sources WHERE name = ?", (_LAST_PURGE,)).fetchall()
    return str(rows[0][0]) if rows else ""


def purge(connection: apsw.Connection, collection_name: str) -> bool:
    """Overwrite what is in no document any more; False when a reader keeps the old log from being emptied.

    `collection_name` is that of the vectors of chunks. Not inside a transaction: the file is written anew.
    """
    with transaction(connection):
        connection.execute("INSERT INTO chunks_fts (chunks_fts) VALUES ('optimize')")
        connection.execute(
            "DELETE FROM words WHERE NOT EXISTS"
            " (SELECT 1 FROM chunks_fts WHERE chunks_fts MATCH '\"' || word || '\"')"
        )
        connection.execute("DELETE FROM vector_words WHERE word NOT IN (SELECT term FROM chunks_vocab)")
        connection.execute(
            "DELETE FROM vector_skips WHERE NOT EXISTS"
            " (SELECT 1 FROM chunks WHERE content_hash = unhex(vector_skips.key))"
        )
        for generation in table.collections(connection, collection_name):
            table.delete_vectors(connection, generation.id, orphans(connection, generation.id))
        connection.execute(
            "INSERT OR REPLACE INTO sources (name, state) VALUES (?, hex(randomblob(8)))", (_LAST_PURGE,)
        )
    connection.execute("VACUUM")
    return empty_log(connection)
