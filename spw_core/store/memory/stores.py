"""Opening the memory of a workspace: which backend, in which order, and closing it whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from spw_core.errors import InvalidInput, SpwError, StoreError

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


Opener = Callable[[Path, bool], "Memory | None"]

_backends: dict[str, Opener] = {}
_registering = Lock()


def register_backend(name: str, opener: Opener) -> None:
    """Let another database stand in: `opener(folder, writing)` opens it, None when there is nothing."""
    with _registering:
        _backends[name] = opener


def open_memory(folder: Path, *, backend: str = DEFAULT_BACKEND) -> Memory:
    """Open or create the memory in a folder, which is made when it is missing, for the user alone.

    Raises InvalidInput for an unknown backend, and StoreError saying which store cannot be opened; then
    nothing stays open.
    """
    memory = _opener(backend)(folder, True)
    if memory is None:
        raise StoreError(f"backend {backend} made nothing in {folder}")
    return memory


def read_memory(folder: Path, *, backend: str = DEFAULT_BACKEND) -> Memory | None:
    """The memory in a folder for reading; None when nothing was ever stored there."""
    return _opener(backend)(folder, False)


@contextmanager
def opened(folder: Path, *, backend: str = DEFAULT_BACKEND) -> Iterator[Memory]:
    """As `open_memory`, closed at the end."""
    memory = open_memory(folder, backend=backend)
    try:
        yield memory
    finally:
        memory.close()


@contextmanager
def reading(folder: Path, *, backend: str = DEFAULT_BACKEND) -> Iterator[Memory | None]:
    """As `read_memory`, closed at the end."""
    memory = read_memory(folder, backend=backend)
    try:
        yield memory
    finally:
        if memory is not None:
            memory.close()


def _opener(backend: str) -> Opener:
    with _registering:
        opener = _backends.get(backend or DEFAULT_BACKEND)
        known = ", ".join(sorted(_backends))
    if opener is None:
        raise InvalidInput(f"unknown backend of the memory: {backend[:40]}", f"There is: {known}.")
    return opener


@contextmanager
def opened_knowledge(folder: Path) -> Iterator[KnowledgeStore]:
    """The knowledge store alone, made when it is missing; closed at the end. Raises StoreError."""
    _make(folder)
    with closing(Database.open(folder / KNOWLEDGE_DB, KNOWLEDGE)) as database:
        yield SqliteKnowledge(database)


@contextmanager
def reading_knowledge(folder: Path) -> Iterator[KnowledgeStore | None]:
    """As `opened_knowledge`, for reading; None when there is none."""
    database = Database.open_reading(folder / KNOWLEDGE_DB, KNOWLEDGE)
    with closing(database) if database else nullcontext():
        yield SqliteKnowledge(database) if database else None


@contextmanager
def reading_sessions(folder: Path) -> Iterator[SessionStore | None]:
    """The session store alone, for reading; None when there is none."""
    database = Database.open_reading(folder / SESSIONS_DB, SESSIONS)
    with closing(database) if database else nullcontext():
        yield SqliteSessions(database) if database else None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make {folder}: {error.strerror or error}"
        raise StoreError(message, "Check the permissions.") from error


def _open_sqlite(folder: Path, writing: bool) -> Memory | None:
    if writing:
        _make(folder)
    databases = []
    with ExitStack() as undo:
        for name, schema, what in (
            (SESSIONS_DB, SESSIONS, "session store"),
            (MEMORY_DB, MEMORY, "message store"),
            (KNOWLEDGE_DB, KNOWLEDGE, "knowledge store"),
        ):
            try:
                path = folder / name
                database = Database.open(path, schema) if writing else Database.open_reading(path, schema)
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


register_backend(DEFAULT_BACKEND, _open_sqlite)
