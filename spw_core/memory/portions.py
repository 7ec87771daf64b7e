"""What a transcript brings, batch by batch: its messages, redacted, and what else is to be stored with them.

Nothing here touches a database but to see whom to pass over, so other processes can do it ahead of the
import; what they hand over is plain.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from spw_core.errors import InvalidInput
from spw_core.formats.transcripts import ASSISTANT, SYSTEM, TOOL, USER, Record, Said, Tokens
from spw_core.memory.linking import Linker, Sighting
from spw_core.memory.place import HERE, reading_memory
from spw_core.memory.reading import (
    READ_BYTES,
    READER,
    GoesOn,
    LineReader,
    goes_on_after,
    start_of,
    state_after,
)
from spw_core.memory.texts import hides, storable
from spw_core.redact import LONGEST_NEEDED, redact_start
from spw_core.store.memory.checks import utc
from spw_core.store.memory.message_rows import MessageRow, metadata_text
from spw_core.store.memory.types import Origin, TranscriptState
from spw_core.workspace import WorkspacePaths

_LONGEST_TITLE = 200
_EPOCH = "1970-01-01T00:00:00.000000Z"
# Sizes of what is stored beside the messages themselves.
_LONGEST_FIELD = 300
# What stands for the name of a tool and the id of a call that are not told, or no text.
_A_TOOL, _A_CALL, _A_SESSION = "tool", "-", "session"
# Calls whose answers are waited for; of an older one than these, none will come.
_MOST_OPEN = 200
_ORIGINS = {
    USER: Origin.UNKNOWN.value,
    ASSISTANT: Origin.UNKNOWN.value,
    SYSTEM: Origin.SYSTEM.value,
    TOOL: Origin.TOOL_OUTPUT.value,
}


@dataclass(slots=True)
class SessionFacts:
    """What the records of a session say about it as a whole. `prompt` is the start of its first one, `tokens`
    what each answer took, by its id."""

    id: str
    first: str
    last: str
    title: str = ""
    prompt: str = ""
    cwd: str = ""
    branch: str = ""
    model: str = ""
    tokens: dict[str, Tokens] = field(default_factory=dict)


@dataclass(slots=True)
class Portion:
    """What one batch brings.

    `redacted` tells the rules of each message with secrets, `state` where reading goes on once all of this is
    stored; `has_records` is false when nothing of a transcript was there, `is_again` true when the file was
    read before and is read from its start, as it was written anew.
    """

    messages: list[MessageRow]
    sessions: list[SessionFacts]
    sightings: list[Sighting]
    redacted: dict[str, tuple[str, ...]]
    state: TranscriptState
    has_records: bool
    is_again: bool


class Scout:
    """Reads transcripts of a workspace. Sessions that are `forgotten` are passed over."""

    def __init__(self, paths: WorkspacePaths, forgotten: Collection[str]) -> None:
        self._linker = Linker(str(paths.root), paths.spec_names())
        self._forgotten = forgotten

    def portions(self, path: Path, known: TranscriptState | None) -> Iterator[Portion]:
        """What a transcript brings that is not `known` yet. Raises OSError."""
        name = storable(str(path))
        with path.open("rb", buffering=READ_BYTES) as stream:
            status = os.fstat(stream.fileno())
            known, before = known if start_of(stream, known, status) else None, known
            is_again = bool(before) and not known
            # Of what an earlier version read, all is read again for what that did not take, but no messages.
            taken = known.offset if known and known.reader < READER else 0
            last = None if taken else known
            lines = LineReader(stream, last.offset if last else 0)
            goes_on = goes_on_after(last) if last else GoesOn(storable(path.stem) or _A_SESSION)
            reader = _Reader(goes_on, utc_of_ns(status.st_mtime_ns))
            while not lines.ended:
                for record in lines.batch():
                    session = reader.session_of(record)
                    if session not in self._forgotten:
                        is_new = lines.line >= taken
                        if is_new:
                            self._linker.see(session, record)
                        reader.read(session, record, is_new)
                state = state_after(stream, name, status, lines, reader.goes_on, last.skipped if last else 0)
                if known and lines.offset < taken:
                    state = known  # until all of that is read again, it is as it was
                messages, sessions, redacted = reader.hand_over()
                sightings = self._linker.hand_over()
                has_records = bool(lines.found or known)
                yield Portion(messages, sessions, sightings, redacted, state, has_records, is_again)


def portions_ahead(paths: WorkspacePaths, name: str) -> list[Portion] | None:
    """All of a transcript that was never read; None when it cannot be, which the import will report."""
    try:
        path = Path(name)
        return list(_scout(paths).portions(path, None)) if stat.S_ISREG(path.stat().st_mode) else None
    except (OSError, InvalidInput):
        return None


@lru_cache(maxsize=1)  # a helper lives as long as one import, which looks once, too
def _scout(paths: WorkspacePaths) -> Scout:
    with reading_memory(paths) as memory:
        return Scout(paths, memory.sessions.forgotten(HERE) if memory else frozenset())


class _Reader:
    """Makes rows of messages of the records of one transcript, in the order of the file."""

    def __init__(self, goes_on: GoesOn, fallback_time: str) -> None:
        self._last_session = goes_on.session
        self._time = goes_on.moment
        self._fallback_time = fallback_time
        self._open_calls = dict(goes_on.open_calls)
        self._messages: list[MessageRow] = []
        self._sessions: dict[str, SessionFacts] = {}
        self._answered: dict[str, SessionFacts] = {}  # whose an answer is: the session's that had it first
        self._redacted: dict[str, tuple[str, ...]] = {}

    @property
    def goes_on(self) -> GoesOn:
        """What the records so far leave to those that follow."""
        return GoesOn(self._last_session, self._time, dict(self._open_calls))

    def hand_over(self) -> tuple[list[MessageRow], list[SessionFacts], dict[str, tuple[str, ...]]]:
        """(messages, sessions, rules of messages with secrets) since the last time; forgotten here."""
        brought = self._messages, list(self._sessions.values()), self._redacted
        self._messages, self._sessions, self._answered, self._redacted = [], {}, {}, {}
        return brought

    def session_of(self, record: Record) -> str:
        """Its session; of one that tells none, that of the record before, even if that is forgotten."""
        self._last_session = _field(record.session) or self._last_session
        return self._last_session

    def read(self, session: str, record: Record, is_new: bool = True) -> None:
        """Take in a record; of one that is not new, its messages were stored when it was."""
        moment = self._moment(record.timestamp)
        facts = self._sessions.get(session)
        if facts is None:
            facts = self._sessions[session] = SessionFacts(session, moment, moment)
        elif moment > facts.last:
            facts.last = moment
        elif moment < facts.first:
            facts.first = moment
        facts.cwd = facts.cwd or _short(record.cwd)
        facts.branch = _short(record.branch) or facts.branch
        facts.model = _short(record.model) or facts.model
        if record.tokens and any(record.tokens):
            answer = _field(record.answer)
            first = self._answered.setdefault(answer, facts)
            before = first.tokens.get(answer)
            first.tokens[answer] = record.tokens if before is None else _most(before, record.tokens)
        if record.title:
            facts.title = _title(record.title) or facts.title
        for said in record.said:
            if said.is_typed and not record.agent and not facts.prompt:
                facts.prompt = _title(said.text)
            tool, call = self._call_of(said)
            if is_new:
                self._messages.append(self._row(session, moment, record.agent, said, tool, call))

    def _call_of(self, said: Said) -> tuple[str, str]:
        """(name of the tool, id of the call) of a call or an answer; the name is told by the call alone."""
        if said.role == TOOL:
            call = _field(said.tool_id) or _A_CALL
            return self._open_calls.pop(call, _A_TOOL), call
        if not said.tool:
            return "", ""
        tool, call = _short(said.tool) or _A_TOOL, _field(said.tool_id) or _A_CALL
        self._open_calls[call] = tool
        if len(self._open_calls) > _MOST_OPEN:
            del self._open_calls[next(iter(self._open_calls))]
        return tool, call

    def _row(self, session: str, moment: str, agent: str, said: Said, tool: str, call: str) -> MessageRow:
        """The row of a message; it is what a `Message` may be, without making one of each."""
        role = said.role
        redacted = redact_start(_whole(said.text, said.limit), said.limit)
        identity = _field(said.id) or said.id.encode("utf-8", "replace").hex()
        metadata = {}
        if redacted.rules:
            self._redacted[identity] = redacted.rules
            metadata["redacted"] = ",".join(dict.fromkeys(redacted.rules))
        if len(said.text) > said.limit:
            metadata["characters"] = str(len(said.text))
        if said.is_error:
            metadata["error"] = "true"
        if agent:
            metadata["agent"] = _short(agent)
        return MessageRow(
            session,
            identity,
            role,
            redacted.text if redacted.text or role == TOOL else "…",
            call,
            tool,
            Origin.USER_INPUT.value if said.is_typed else _ORIGINS[role],
            None,
            moment,
            metadata_text(metadata),
        )

    def _moment(self, timestamp: str) -> str:
        """The time of a record; of one without, that of the record before, or of the file."""
        try:
            self._time = utc(timestamp)
        except InvalidInput:
            self._time = self._time or self._fallback_time
        return self._time


def _most(one: Tokens, other: Tokens) -> Tokens:
    """Of an answer that is told in parts, the first may not know the end yet."""
    return one if one == other else Tokens(*map(max, one, other))


def utc_of_ns(time_ns: int) -> str:
    """Nanoseconds since the epoch as the stores write times."""
    from spw_core.moments import utc_text

    try:
        return utc(utc_text(time_ns))
    except (InvalidInput, OverflowError, ValueError):
        return _EPOCH


def _title(text: str) -> str:
    if not text:
        return ""
    lines = (
        line.strip(" #*-\t") for line in redact_start(storable(text), 4 * _LONGEST_TITLE).text.split("\n")
    )
    return next(filter(None, lines), "")[:_LONGEST_TITLE]


@lru_cache(maxsize=4096)  # folders, branches, models and tools: the same ones in every record
def _short(text: str) -> str:
    """A field beside the text of a message, without secrets: they get into names of folders and files."""
    return redact_start(storable(text), _LONGEST_FIELD).text


def _field(text: str) -> str:
    """An id as it is stored."""
    if len(text) <= _LONGEST_FIELD and text.isascii() and text.isprintable():
        return text
    return storable(text)[:_LONGEST_FIELD]


def _whole(text: str, limit: int) -> str:
    """A text as it can be stored, or, of one that is too long, as much as tells what its start is."""
    if not hides(text):
        text = text[: limit + LONGEST_NEEDED + 1]
    return storable(text)
