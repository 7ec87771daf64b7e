"""Messages and summaries as documents of the search index, beside the specs: `type:message`, `type:summary`.

What was said counts, and what failed; calls of tools and their answers would drown it. A message never
changes, so only those that came or went since the last visit are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from spw_core.errors import SpwError
from spw_core.memory.place import HERE, SUMMARY_KEY, reading_memory
from spw_core.search.embedding import COLLECTION
from spw_core.search.library import Document, SearchIndex
from spw_core.store.index import IndexStore
from spw_core.store.memory.stores import Memory
from spw_core.store.memory.types import LinkKind, Message, Role, Session, Summary
from spw_core.store.purge import purge
from spw_core.workspace import WorkspacePaths

SOURCE = "memory"
_SHORTEST = 20


def index_memory(paths: WorkspacePaths) -> int:
    """Bring the index up to date with the memory; returns how many documents came or went.

    An index that cannot be written stays behind until the next visit.
    """
    with suppress(SpwError, OSError):
        return _index_changes(paths)
    return 0


def remove_from_index(paths: WorkspacePaths) -> bool:
    """Take what is no longer in the memory out of the index, and off the disk; vectors included.

    Costs as much as writing the index once. False when somebody who reads it keeps its log alive. Raises
    SpwError when the index cannot be written.
    """
    if not paths.index_db.exists():
        return True
    _index_changes(paths)
    from spw_core.search.graph import remove_outlived  # numpy

    with IndexStore.writing(paths.index_db) as index:
        emptied = purge(index.connection, COLLECTION)
        remove_outlived(index.connection, paths.vectors)
    return emptied


def _index_changes(paths: WorkspacePaths) -> int:
    with reading_memory(paths) as memory:
        if memory is None:
            return 0
        index = SearchIndex(paths.index_db, source=SOURCE)
        revision = str(memory.messages.revision())
        if index.state == revision:
            return 0
        present = set(index.keys())
        wanted = dict(_documents(memory))
        changed = index.delete(sorted(present - wanted.keys()))
        changed += index.put(document for key, document in wanted.items() if key not in present)
        index.state = revision
    return changed


def _documents(memory: Memory) -> Iterator[tuple[str, Document]]:
    specs = memory.sessions.all_links(HERE, LinkKind.SPEC)
    for session in memory.sessions.newest(HERE, None):
        links = specs.get(session.id)
        spec = links[0].target if links else ""
        found = filter(_is_worth_finding, memory.messages.of_session(HERE, session.id))
        for number, message in enumerate(found):
            # The title finds the beginning of a conversation; it would speak for every message otherwise.
            yield message.id, _message(session, message, spec, shared_title=number > 0)
        for summary in memory.summaries.of_session(HERE, session.id):
            yield SUMMARY_KEY + summary.id, _summary(session, summary, spec)


def _is_worth_finding(message: Message) -> bool:
    if message.role == Role.TOOL:
        return message.metadata.get("error") == "true" and len(message.content) >= _SHORTEST
    return message.role != Role.SYSTEM and not message.tool_name and len(message.content) >= _SHORTEST


def _message(session: Session, message: Message, spec: str, *, shared_title: bool) -> Document:
    return Document(
        key=message.id,
        text=message.content,
        title=f"{message.role} · {session.title or session.id}",
        type="message",
        spec=spec,
        agent=message.metadata.get("agent", str(message.role)),
        updated_at=message.created_at,
        shared_title=shared_title,
    )


def _summary(session: Session, summary: Summary, spec: str) -> Document:
    return Document(
        key=SUMMARY_KEY + summary.id,
        text=summary.content,
        title=f"summary · {session.title or session.id}",
        type="summary",
        spec=spec,
        updated_at=summary.to_time,
    )
