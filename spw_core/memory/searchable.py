"""Messages and summaries as documents of the search index, beside the specs: `type:message`, `type:summary`.

What was said counts, and what failed; calls of tools and their answers would drown it. A message never
changes, so only sessions in which something came or went since the last visit, or that got another title, are
looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from spw_core.domain.places import Area, place_of
from spw_core.errors import SpwError
from spw_core.memory.linking import runs_named
from spw_core.memory.place import HERE, SUMMARY_KEY, reading_memory
from spw_core.search.embedding import COLLECTION
from spw_core.search.library import Changes, Document, SearchIndex
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
        revision = memory.messages.revision()
        if index.state == str(revision):
            return 0
        wanted = _documents(memory)

        def changes(state: str, present: dict[str, str]) -> Changes | None:
            # Looked at again: what somebody forgot or rolled up meanwhile must not come back. Whoever does so
            # from here on takes it out of the index after this transaction.
            now = memory.messages.revision()
            if state == str(now):
                return None
            documents = wanted if now == revision else _documents(memory)
            gone = sorted(set(present).difference(*documents.values()))
            # The newest messages of a session may tell what the ones before were about.
            grown = (some for some in documents.values() if not _are_there(some, present))
            return Changes(str(now), gone, (document for some in grown for document in some.values()))

        return index.bring_up_to_date(changes)


def _are_there(documents: Mapping[str, Document], present: Mapping[str, str]) -> bool:
    """Whether all documents of a session are in the index, by the title that it has now."""
    return all(present.get(key) == document.title for key, document in documents.items())


def _documents(memory: Memory) -> dict[str, dict[str, Document]]:
    """The documents of each session by their keys."""
    specs = memory.sessions.all_links(HERE, LinkKind.SPEC)
    runs = memory.sessions.all_links(HERE, LinkKind.RUN)
    return {
        session.id: {
            document.key: document
            for document in _of_session(
                session,
                [link.target for link in specs.get(session.id, ())],
                [link.target for link in runs.get(session.id, ())],
                memory.messages.of_session(HERE, session.id),
                memory.summaries.of_session(HERE, session.id),
            )
        }
        for session in memory.sessions.newest(HERE, None)
    }


def _of_session(
    session: Session,
    specs: Sequence[str],
    runs: Sequence[str],
    messages: Sequence[Message],
    summaries: Sequence[Summary],
) -> Iterator[Document]:
    """`specs` and `runs` are what the session was about, the most often named first."""
    spec = specs[0] if specs else ""
    first = True
    for message, run in zip(messages, runs_of(messages, runs), strict=True):
        if _is_worth_finding(message):
            # The title finds the beginning of a conversation; it would speak for every message otherwise.
            yield _placed(_message(session, message, shared_title=not first), spec, run)
            first = False
    for summary in summaries:
        yield _placed(_summary(session, summary), spec, runs[0] if len(runs) == 1 else "")


def runs_of(messages: Sequence[Message], runs: Collection[str]) -> list[str]:
    """The run that each message belongs to, of those a session was about; empty without any.

    It is the run that was named last; before any was, the one that is named first: what led to it.
    """
    if len(runs) < 2:
        return [*runs, ""][:1] * len(messages)
    found: list[str] = []
    current = ""
    for message in messages:
        known = [run for run in runs_named(message.content) if run in runs]
        if known and not current:
            found = [known[0]] * len(found)
        current = known[-1] if known else current
        found.append(current)
    return found


def _placed(document: Document, spec: str, run: str) -> Document:
    """A document with the facets of its run, else of the spec of its session."""
    if not run:
        return replace(document, spec=spec)
    of_run, _, path = run.partition("/")
    place = place_of(Area.SPEC, f"{path}/_handoff.md")
    return replace(
        document,
        spec=of_run,
        phase=place.phase,
        command=place.command,
        run=path.rpartition("/")[2],
        wave=place.wave,
    )


def _is_worth_finding(message: Message) -> bool:
    if message.role == Role.TOOL:
        return message.metadata.get("error") == "true" and len(message.content) >= _SHORTEST
    return message.role != Role.SYSTEM and not message.tool_name and len(message.content) >= _SHORTEST


def _message(session: Session, message: Message, *, shared_title: bool) -> Document:
    return Document(
        key=message.id,
        text=message.content,
        title=f"{message.role} · {session.title or session.id}",
        type="message",
        agent=message.metadata.get("agent", str(message.role)),
        updated_at=message.created_at,
        shared_title=shared_title,
    )


def _summary(session: Session, summary: Summary) -> Document:
    return Document(
        key=SUMMARY_KEY + summary.id,
        text=summary.content,
        title=f"summary · {session.title or session.id}",
        type="summary",
        updated_at=summary.to_time,
    )
