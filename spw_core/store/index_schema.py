"""The index's schema, and the one table of it that is read by those who cannot wait for the rest to load."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw

from spw_core.store.connection import Schema, open_for_reading, translating

INDEX_SCHEMA = Schema(name="index", synchronous="NORMAL")


def read_compiled_config(path: Path) -> dict[str, str]:
    """What `IndexStore.put_compiled_config` stored; empty without an index, or with an older one.

    Raises StoreError.
    """
    connection = open_for_reading(path, INDEX_SCHEMA)
    if connection is None:
        return {}
    with closing(connection), translating(path):
        try:
            rows = connection.execute("SELECT key, value FROM compiled_config").fetchall()
        except apsw.SQLError:  # no such table yet
            return {}
        return {str(key): str(value) for key, value in rows}
