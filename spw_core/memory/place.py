"""Where the memory of a workspace lies, and under which id it stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from spw_core.store.memory.stores import HERE, Memory, opened, reading
from spw_core.workspace import WorkspacePaths

__all__ = ["HERE", "LOCAL_USER", "SUMMARY_KEY", "entity_of", "reading_memory", "writing_memory"]

LOCAL_USER = "local"
# So begin the keys of summaries in the search index; those of messages are their ids.
SUMMARY_KEY = "summary:"


@contextmanager
def writing_memory(paths: WorkspacePaths) -> Iterator[Memory]:
    """The memory for writing, made when there is none. Raises StoreError."""
    from spw_core.harvest.harvest import ensure_gitignore  # not for those who only read

    ensure_gitignore(paths)
    with opened(paths.memory_dir) as memory:
        yield memory


@contextmanager
def reading_memory(paths: WorkspacePaths) -> Iterator[Memory | None]:
    """The memory for reading; None when nothing was ever stored."""
    with reading(paths.memory_dir) as memory:
        yield memory


def entity_of(session_id: str) -> str:
    """Under which entity the facts about a session are stored."""
    return f"session:{session_id}"
