"""What a transcript brings, batch by batch: its messages, redacted, and what else is to be stored with them.

Nothing here touches a database but to see whom to pass over, so other processes can do it ahead of the
import; what they hand over is plain.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from spw_core.errors import InvalidInput
from spw_core.formats.transcripts import ASSISTANT, TOOL, Record, Said
from spw_core.memory.linking import Linker, Sighting
from spw_core.memory.place import HERE, reading_memory
from spw_core.memory.reading import READ_BYTES, Batch, read_batches, start_of, state_after
from spw_core.redact import redact_start
from spw_core.store.memory.checks import utc
from spw_core.store.memory.message_rows import MessageRow, row_of
from spw_core.store.memory.types import Message, Origin, Role, TranscriptState
from spw_core.text import clean
from spw_core.workspace import WorkspacePaths

_LONGEST_TITLE = 200
_EPOCH = "1970-01-01T00:00:00.000000Z"
# Sizes of what is stored beside the messages themselves.
_LONGEST_FIELD = 300


@dataclass(slots=True)
class SessionFacts:
    """What the records of a session say about it as a whole. `prompt` is the start of its first one."""

    id: str
    first: str
    last: str
    title: str = ""
    prompt: str = ""
    cwd: str = ""
    branch: str = ""
    model: str = ""


@dataclass(slots=True)
class Portion:
    """What one batch brings.

    `redacted` tells the rules of each message with secrets, `state` where reading goes on once all of this is
    stored; `has_records` is false when nothing of a transcript was there.
    """

    messages: list[MessageRow]
    sessions: list[SessionFacts]
    sightings: list[Sighting]
    redacted: dict[str, tuple[str, ...]]
    state: TranscriptState
    has_records: bool


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
            offset = start_of(stream, known, status)
            skipped = known.skipped if known and offset else 0
            for batch in read_batches(stream, offset):
                skipped += batch.skipped
                reader = self._read(batch, _Reader(storable(path.stem), utc_of_ns(status.st_mtime_ns)))
                yield Portion(
                    messages=reader.messages,
                    sessions=list(reader.sessions.values()),
                    sightings=self._linker.hand_over(),
                    redacted=reader.redacted,
                    state=state_after(stream, name, reader.last_session, status, batch.offset, skipped),
                    has_records=bool(batch.records or offset),
                )

    def _read(self, batch: Batch, reader: _Reader) -> _Reader:
        for record in batch.records:
            session = reader.session_of(record)
            if session not in self._forgotten:
                self._linker.see(session, record)
                reader.read(record)
        return reader


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
    """Makes messages of the records of one batch, in the order of the file."""

    def __init__(self, stem: str, fallback_time: str) -> None:
        self.messages: list[MessageRow] = []
        self.sessions: dict[str, SessionFacts] = {}
        self.redacted: dict[str, tuple[str, ...]] = {}
        self.last_session = stem
        self._time = ""
        self._fallback_time = fallback_time
        self._tools: dict[str, str] = {}

    def session_of(self, record: Record) -> str:
        return storable(record.session)[:_LONGEST_FIELD] or self.last_session

    def read(self, record: Record) -> None:
        session = self.last_session = self.session_of(record)
        moment = self._moment(record.timestamp)
        facts = self.sessions.setdefault(session, SessionFacts(session, moment, moment))
        facts.first, facts.last = min(facts.first, moment), max(facts.last, moment)
        facts.cwd = facts.cwd or _short(record.cwd)
        facts.branch = _short(record.branch) or facts.branch
        facts.model = _short(record.model) or facts.model
        facts.title = _title(record.title) or facts.title
        for said in record.said:
            if said.is_typed and not record.agent and not facts.prompt:
                facts.prompt = _title(said.text)
            self.messages.append(row_of(self._message(session, moment, record, said)))

    def _message(self, session: str, moment: str, record: Record, said: Said) -> Message:
        redacted = redact_start(storable(said.text), said.limit)
        message_id = storable(said.id)[:_LONGEST_FIELD]
        if redacted.rules:
            self.redacted[message_id] = redacted.rules
        metadata = {}
        if redacted.rules:
            metadata["redacted"] = ",".join(dict.fromkeys(redacted.rules))
        if len(said.text) > said.limit:
            metadata["characters"] = str(len(said.text))
        if said.is_error:
            metadata["error"] = "true"
        if record.agent:
            metadata["agent"] = _short(record.agent)
        tool = _short(said.tool)
        if said.role == ASSISTANT and said.tool_id:
            self._tools[said.tool_id] = tool
        elif said.role == TOOL:
            tool = self._tools.get(said.tool_id, "tool")
        return Message(
            id=message_id,
            session_id=session,
            role=Role(said.role),
            content=redacted.text if redacted.text or said.role == TOOL else "…",
            created_at=moment,
            tool_call_id=storable(said.tool_id)[:_LONGEST_FIELD] or ("-" if tool else ""),
            tool_name=tool,
            origin=_origin(said),
            metadata=metadata,
        )

    def _moment(self, timestamp: str) -> str:
        """The time of a record; of one without, that of the record before, or of the file."""
        try:
            self._time = utc(timestamp)
        except InvalidInput:
            self._time = self._time or self._fallback_time
        return self._time


def utc_of_ns(time_ns: int) -> str:
    """Nanoseconds since the epoch as the stores write times."""
    from spw_core.moments import utc_text

    try:
        return utc(utc_text(time_ns))
    except (InvalidInput, OverflowError, ValueError):
        return _EPOCH


def _origin(said: Said) -> Origin:
    if said.is_typed:
        return Origin.USER_INPUT
    return (
        Origin.TOOL_OUTPUT
        if said.role == TOOL
        else Origin.SYSTEM
        if said.role == "system"
        else Origin.UNKNOWN
    )


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


def storable(text: str) -> str:
    """Without lone surrogates and NULs, which a database does not take, and without the escape sequences of
    terminals, which would hide a secret that has colours in it from the rules."""
    if "\x1b" in text or "\x9b" in text:
        text = clean(text.replace("\0", "\ufffd").encode("utf-8", "replace").decode())
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
