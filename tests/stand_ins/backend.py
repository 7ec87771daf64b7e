"""A backend whose folders are dicts in this process."""

from __future__ import annotations

from pathlib import Path

from spw_core.store.memory.stores import Memory

from .knowledge import KnowledgeInMemory
from .said import MessagesInMemory, Said, SummariesInMemory
from .sessions import SessionsInMemory


def memory_in_dicts() -> Memory:
    """An empty memory."""
    said = Said()
    return Memory(SessionsInMemory(), MessagesInMemory(said), SummariesInMemory(said), KnowledgeInMemory())


class Dicts:
    """A Backend."""

    def __init__(self) -> None:
        self.folders: dict[Path, Memory] = {}

    def memory(self, folder: Path, writing: bool) -> Memory | None:
        if writing and folder not in self.folders:
            self.folders[folder] = memory_in_dicts()
        return self.folders.get(folder)

    def knowledge(self, folder: Path, writing: bool) -> KnowledgeInMemory | None:
        memory = self.memory(folder, writing)
        if memory is None:
            return None
        assert isinstance(memory.knowledge, KnowledgeInMemory)
        return memory.knowledge

    def sessions(self, folder: Path) -> SessionsInMemory | None:
        memory = self.memory(folder, False)
        if memory is None:
            return None
        assert isinstance(memory.sessions, SessionsInMemory)
        return memory.sessions
