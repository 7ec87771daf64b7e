"""Opening the memory of a workspace: which backend, in which order, and closing it whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol, TypeVar

from spw_core.errors import InvalidInput, SpwError, StoreError
from spw_core.store.connection import Schema

from .database import KNOWLEDGE, MEMORY, SESSIONS, Database
from .knowledge import SqliteKnowledge
from .messages import SqliteMessages
from .protocols import KnowledgeStore, MessageStore, SessionStore, SummaryStore
from .sessions import SqliteSessions
from .summaries import SqliteSummaries

DEFAULT_BACKEND = "sqlite"
# A workspace has databases of its own, in its own folder, which may be moved: the id in them is constant.
HERE = "workspace"
SESSIONS_DB, MEMORY_DB, KNOWLEDGE_DB = "sessions.db", "memory.db", "knowledge.db"


@dataclass(frozen=True, slots=True)
class Memory:
    """The stores of one workspace. Close it, or use `opened`."""

    sessions: SessionStore
    messages: MessageStore
    summaries: SummaryStore
    knowledge: KnowledgeStore

    def close(self) -> None:
        """Close all of them, also when one fails; raises StoreError with what every failure said."""
        failures = []
        for store in (self.messages, self.summaries, self.knowledge, self.sessions):
            try:
                store.close()
            except (SpwError, OSError) as error:
                failures.append(str(error))
        if failures:
            raise StoreError("cannot close the memory: " + "; ".join(failures))


_Store = TypeVar("_Store", Memory, KnowledgeStore, SessionStore)


class Backend(Protocol):
    """Opens the stores of a folder, each call anew; what is put by one is there for the next.

    With `writing` the folder is there, and what is missing in it is made; else None says that nothing was
    ever stored. Messages and summaries know of each other: to confirm a summary removes its messages, to
    forget the messages of a session removes its summaries.
    """

    def memory(self, folder: Path, writing: bool) -> Memory | None: ...
    def knowledge(self, folder: Path, writing: bool) -> KnowledgeStore | None: ...
    def sessions(self, folder: Path) -> SessionStore | None: ...


_backends: dict[str, Backend] = {}
_registering = Lock()


def register_backend(name: str, backend: Backend) -> None:
    """Let another database stand in; one that is registered as `DEFAULT_BACKEND` is used everywhere."""
    with _registering:
        _backends[name] = backend


def open_memory(folder: Path, *, backend: str = DEFAULT_BACKEND) -> Memory:
    """Open or create the memory in a folder, which is made when it is missing, for the user alone.

    Raises InvalidInput for an unknown backend, and StoreError saying which store cannot be opened; then
    nothing stays open.
    """
    chosen = _backend(backend)
    _make(folder)
    return _made(chosen.memory(folder, True), folder)


def read_memory(folder: Path, *, backend: str = DEFAULT_BACKEND) -> Memory | None:
    """The memory in a folder for reading; None when nothing was ever stored there."""
    return _backend(backend).memory(folder, False)


@contextmanager
def opened(folder: Path, *, backend: str = DEFAULT_BACKEND) -> Iterator[Memory]:
    """As `open_memory`, closed at the end."""
    with closing(open_memory(folder, backend=backend)) as memory:
        yield memory


@contextmanager
def reading(folder: Path, *, backend: str = DEFAULT_BACKEND) -> Iterator[Memory | None]:
    """As `read_memory`, closed at the end."""
    with _closing(read_memory(folder, backend=backend)) as memory:
        yield memory


@contextmanager
def opened_knowledge(folder: Path) -> Iterator[KnowledgeStore]:
    """The knowledge store alone, made when it is missing; closed at the end. Raises StoreError."""
    _make(folder)
    with closing(_made(_backend().knowledge(folder, True), folder)) as knowledge:
        yield knowledge


@contextmanager
def reading_knowledge(folder: Path) -> Iterator[KnowledgeStore | None]:
    """As `opened_knowledge`, for reading; None when there is none."""
    with _closing(_backend().knowledge(folder, False)) as knowledge:
        yield knowledge


@contextmanager
def reading_sessions(folder: Path) -> Iterator[SessionStore | None]:
    """The session store alone, for reading; None when there is none."""
    with _closing(_backend().sessions(folder)) as sessions:
        yield sessions


def _backend(name: str = "") -> Backend:
    with _registering:
        backend = _backends.get(name or DEFAULT_BACKEND)
        known = ", ".join(sorted(_backends))
    if backend is None:
        raise InvalidInput(f"unknown backend of the memory: {name[:40]}", f"There is: {known}.")
    return backend


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make {folder}: {error.strerror or error}"
        raise StoreError(message, "Check the permissions.") from error


def _made(store: _Store | None, folder: Path) -> _Store:
    if store is None:
        raise StoreError(f"the backend of the memory made nothing in {folder}")
    return store


@contextmanager
def _closing(store: _Store | None) -> Iterator[_Store | None]:
    try:
        yield store
    finally:
        if store is not None:
            store.close()


# -- SQLite --------------------------------------------------------------------------------------


class _Sqlite:
    """Three databases in the folder."""

    def memory(self, folder: Path, writing: bool) -> Memory | None:
        databases = []
        with ExitStack() as undo:
            for name, schema, what in (
                (SESSIONS_DB, SESSIONS, "session store"),
                (MEMORY_DB, MEMORY, "message store"),
                (KNOWLEDGE_DB, KNOWLEDGE, "knowledge store"),
            ):
                try:
                    database = _open(folder / name, schema, writing)
                except StoreError as error:
                    raise type(error)(f"opening the {what}: {error.message}", error.hint) from error
                if database is None and name == KNOWLEDGE_DB:  # it only repeats what is known elsewhere
                    database = Database.in_memory(schema)
                if database is None:
                    return None
                undo.callback(database.close)
                databases.append(database)
            undo.pop_all()
        sessions, memory, knowledge = databases
        return Memory(
            SqliteSessions(sessions),
            SqliteMessages(memory),
            SqliteSummaries(memory),
            SqliteKnowledge(knowledge),
        )

    def knowledge(self, folder: Path, writing: bool) -> KnowledgeStore | None:
        database = _open(folder / KNOWLEDGE_DB, KNOWLEDGE, writing)
        return SqliteKnowledge(database) if database else None

    def sessions(self, folder: Path) -> SessionStore | None:
        database = _open(folder / SESSIONS_DB, SESSIONS, writing=False)
        return SqliteSessions(database) if database else None


def _open(path: Path, schema: Schema, writing: bool) -> Database | None:
    return Database.open(path, schema) if writing else Database.open_reading(path, schema)


register_backend(DEFAULT_BACKEND, _Sqlite())
