"""`spw memory forget`: sessions go with all that was said in them, stated of them and found of them.

A session is marked first: an interruption leaves nothing that a later import would bring back, and forgetting
again completes the work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from spw_core.errors import NotFound, SpwError
from spw_core.harvest.knowledge import follow_sessions
from spw_core.memory.finding import is_there, transcripts_of
from spw_core.memory.place import HERE, entity_of, reading_memory, writing_memory
from spw_core.memory.searchable import remove_from_index
from spw_core.store.memory.stores import KNOWLEDGE_DB, MEMORY_DB, SESSIONS_DB
from spw_core.text import plural
from spw_core.workspace import WorkspacePaths

# As much of an id as `spw memory list` shows.
_SHORTEST_BEGINNING = 8
_WHOLE_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """The whole ids of the sessions, how many messages went, and where their words still are, a line each."""

    sessions: tuple[str, ...]
    messages: int
    left: tuple[str, ...]


def forget_sessions(paths: WorkspacePaths, session_ids: Iterable[str]) -> ForgetReport:
    """Remove sessions for ever: from the memory, the search index and, as far as it is ours, from the disk.

    An id may be abbreviated to a beginning that no other session has. Raises NotFound for what is no
    session, SpwError where a database cannot be written; then whoever calls again completes the work.
    """
    whole = tuple(dict.fromkeys(_whole_ids(paths, list(session_ids))))
    gone = 0
    sources: set[str] = set()
    with writing_memory(paths) as memory:
        for session_id in whole:
            sources |= {one.source for one in memory.sessions.query(HERE, session_id)}
            memory.sessions.delete(HERE, session_id, forever=True)
            gone += memory.messages.forget_session(HERE, session_id)
        with _saying_what_is_left(gone, "knowledge.db"):
            follow_sessions(memory)
            for session_id in whole:
                memory.knowledge.forget_facts_about(HERE, entity_of(session_id))
    with _saying_what_is_left(gone, "the search index"):
        is_off_the_disk = remove_from_index(paths)
    return ForgetReport(whole, gone, tuple(_left(paths, whole, sources, is_off_the_disk)))


@contextmanager
def _saying_what_is_left(messages: int, where: str) -> Iterator[None]:
    """Of an error, which the same command makes up for, say what it left undone."""
    try:
        yield
    except SpwError as error:
        message = f"{plural(messages, 'message')} removed, but still in {where}: {error.message}"
        raise SpwError(message, "Forget the session again when that is put right.") from error


def _whole_ids(paths: WorkspacePaths, given: Sequence[str]) -> Iterator[str]:
    with reading_memory(paths) as memory:
        known = [session.id for session in memory.sessions.newest(HERE, None)] if memory else []
        forgotten = memory.sessions.forgotten(HERE) if memory else frozenset()
    for one in given:
        matching = [session_id for session_id in known if session_id.startswith(one)]
        # Of those that are gone when no other is meant: what an error left undone is asked for again so.
        matching = matching or sorted(session_id for session_id in forgotten if session_id.startswith(one))
        if one in known or one in forgotten or (not matching and _WHOLE_ID.fullmatch(one)):
            yield one
        elif len(one) >= _SHORTEST_BEGINNING and len(matching) == 1:
            yield matching[0]
        else:
            what = "no session" if not matching else f"{len(matching)} sessions begin with"
            hint = f"`spw memory list --json` shows whole ids; {_SHORTEST_BEGINNING} characters may do."
            raise NotFound(f"{what} {one[:80]}", hint)


def _left(
    paths: WorkspacePaths, sessions: Iterable[str], sources: Iterable[str], is_off_the_disk: bool
) -> Iterator[str]:
    """Where words of the sessions may still be read, and what becomes of them there."""
    in_use = [] if is_off_the_disk else [paths.index_db.name]
    for name in (SESSIONS_DB, MEMORY_DB, KNOWLEDGE_DB):
        with suppress(OSError):
            if (paths.memory_dir / f"{name}-wal").stat().st_size:
                in_use.append(name)
    if in_use:
        yield f"{', '.join(in_use)}: in use; what was removed is off the disk when the last program closes it"
    for aside in (*paths.memory_dir.glob("*.db.corrupt-*"), *paths.workflow.glob(".spw-index.db.corrupt-*")):
        yield f"{aside}: a damaged database that was put away, and may hold them"
    transcripts = {Path(source) for source in sources if source}
    for session_id in sessions:
        with suppress(SpwError, OSError):
            transcripts |= set(transcripts_of(paths, session_id))
    for path in sorted(transcripts):
        if is_there(path):
            yield f"{path}: the agent's own transcript; it is not ours to remove, and not imported again"
