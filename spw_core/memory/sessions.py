"""Sessions as they are listed and shown: what was said, what became of it, what it was about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spw_core.errors import NotFound
from spw_core.memory.place import HERE, SUMMARY_KEY, reading_memory
from spw_core.store.memory.types import Link, LinkKind, Message, Session, Summary, Tokens
from spw_core.workspace import WorkspacePaths


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in a list. Times are fixed-width UTC text; `specs` the best known first."""

    id: str
    title: str
    started_at: str
    ended_at: str
    messages: int
    summaries: int
    specs: tuple[str, ...]
    runs: tuple[str, ...]
    files: int
    model: str
    branch: str
    source: str
    tokens: Tokens

    @property
    def is_open(self) -> bool:
        """True while nobody has ended it."""
        return not self.ended_at


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session with everything that is stored of it, in the order in which it was said."""

    row: SessionRow
    session: Session
    messages: tuple[Message, ...]
    summaries: tuple[Summary, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class MessageHit:
    """A message that matches, and the session it is from."""

    message: Message
    title: str


@dataclass(frozen=True, slots=True)
class Said:
    """The text of a message or summary, and the session it is from."""

    session_id: str
    content: str


def list_sessions(paths: WorkspacePaths, *, spec: str = "", limit: int | None = None) -> list[SessionRow]:
    """The sessions of a workspace, or those about one spec, the newest first."""
    with reading_memory(paths) as memory:
        if memory is None:
            return []
        if spec:
            sessions = memory.sessions.linked(HERE, LinkKind.SPEC, spec)[::-1]
            sessions = sessions if limit is None else sessions[:limit]
        else:
            sessions = memory.sessions.newest(HERE, limit)
        counts = memory.messages.per_session(HERE)
        summaries: dict[str, int] = {}
        for summary in memory.summaries.latest(HERE, None):
            summaries[summary.session_id] = summaries.get(summary.session_id, 0) + 1
        links = {kind: memory.sessions.all_links(HERE, kind) for kind in LinkKind}
        tokens = memory.sessions.tokens(HERE)
        return [
            _row(
                session,
                counts.get(session.id, (0, "", "")),
                summaries.get(session.id, 0),
                [link for by_session in links.values() for link in by_session.get(session.id, ())],
                tokens.get(session.id, Tokens()),
            )
            for session in sessions
        ]


def show_session(paths: WorkspacePaths, session_id: str) -> SessionView:
    """One session by its id, or by a beginning of it that no other has. Raises NotFound."""
    with reading_memory(paths) as memory:
        if memory is None:
            raise NotFound("no sessions are stored yet", "`spw memory import --all` reads transcripts.")
        known = [session.id for session in memory.sessions.newest(HERE, None)]
        session = memory.sessions.get(HERE, _whole_id(known, session_id))
        messages = memory.messages.of_session(HERE, session.id)
        summaries = memory.summaries.of_session(HERE, session.id)
        links = memory.sessions.links(HERE, session.id)
        tokens = memory.sessions.tokens(HERE, session.id).get(session.id, Tokens())
    times = [message.created_at for message in messages] or [""]
    row = _row(session, (len(messages), min(times), max(times)), len(summaries), links, tokens)
    return SessionView(row, session, tuple(messages), tuple(summaries), tuple(links))


def _whole_id(known: Sequence[str], given: str) -> str:
    """The id of the session that is meant by an id or the beginning of one. Raises NotFound."""
    matching = [one for one in known if one == given] or [
        one for one in known if given and one.startswith(given)
    ]
    if len(matching) != 1:
        what = "several sessions begin with" if matching else "no session"
        raise NotFound(f"{what} {given[:80]}", "`spw memory list --json` shows whole ids.")
    return matching[0]


def search_messages(
    paths: WorkspacePaths, query: str, *, session_id: str = "", limit: int | None = 20
) -> list[MessageHit]:
    """Messages with the words of a query, the best first; of one session, if it is named as for
    `show_session`. Raises NotFound."""
    with reading_memory(paths) as memory:
        if memory is None:
            return []
        titles = {session.id: session.title for session in memory.sessions.newest(HERE, None)}
        session_id = session_id and _whole_id(list(titles), session_id)
        found = memory.messages.search(HERE, query, session_id=session_id, limit=limit)
    return [MessageHit(message, titles.get(message.session_id, "")) for message in found]


def what_was_said(paths: WorkspacePaths, key: str) -> Said:
    """The message or summary that the search index has under a key. Raises NotFound."""
    with reading_memory(paths) as memory:
        if memory and key.startswith(SUMMARY_KEY):
            summary = memory.summaries.get(HERE, key.removeprefix(SUMMARY_KEY))
            return Said(summary.session_id, summary.content)
        if memory and (message := memory.messages.with_id(HERE, key)):
            return Said(message.session_id, message.content)
    raise NotFound(f"no message {key[:80]}", "It was forgotten; `spw memory import --all` reads transcripts.")


def _row(
    session: Session, said: tuple[int, str, str], summaries: int, links: Iterable[Link], tokens: Tokens
) -> SessionRow:
    number, first, last = said
    ordered = sorted(links, key=lambda link: (link.how == "prompt", -link.count, link.target))
    return SessionRow(
        id=session.id,
        title=session.title,
        started_at=min(filter(None, (session.created_at, first))),
        ended_at=last or session.updated_at,
        messages=number,
        summaries=summaries,
        specs=tuple(link.target for link in ordered if link.kind == LinkKind.SPEC),
        runs=tuple(link.target for link in ordered if link.kind == LinkKind.RUN),
        files=sum(link.kind == LinkKind.FILE for link in ordered),
        model=session.model,
        branch=session.branch,
        source=session.source,
        tokens=tokens,
    )
