"""Transcripts into the memory: redacted, once, and linked to what they are about.

For each batch of a transcript its messages and the place where reading ended are stored in one
transaction, so an interruption neither loses nor repeats anything. The session's row is written before.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from spw_core.errors import Conflict, InvalidInput
from spw_core.formats.transcripts import ASSISTANT, TOOL, Record, Said
from spw_core.memory.linking import Linker
from spw_core.memory.place import HERE, LOCAL_USER, writing_memory
from spw_core.memory.reading import Batch, is_unchanged, read_batches, start_of, state_after
from spw_core.redact import redact_start
from spw_core.store.memory.checks import utc
from spw_core.store.memory.stores import Memory
from spw_core.store.memory.types import Message, Origin, Role, Session
from spw_core.text import clean
from spw_core.workspace import WorkspacePaths

Progress = Callable[[int, int, str], None]
_LONGEST_TITLE = 200
_EPOCH = "1970-01-01T00:00:00.000000Z"
# Sizes of what is stored beside the messages themselves.
_LONGEST_FIELD = 300


@dataclass(slots=True)
class ImportReport:
    """What one call added: sessions and messages that are new, and secrets taken out of them.

    `read` and `unchanged` count transcripts; `problems` are (path, reason).
    """

    sessions: int = 0
    messages: int = 0
    redacted: int = 0
    read: int = 0
    unchanged: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    rules: dict[str, int] = field(default_factory=dict)


def import_transcripts(
    paths: WorkspacePaths, files: Sequence[Path], progress: Progress | None = None
) -> ImportReport:
    """Bring the memory up to date with some transcripts. One that cannot be read does not stop the others.

    Raises StoreError when the memory cannot be written.
    """
    report = ImportReport()
    if not files:
        return report
    with writing_memory(paths) as memory:
        importer = _Importer(memory, paths, report)
        for done, path in enumerate(files):
            if progress:
                progress(done, len(files), path.name)
            try:
                importer.take(path)
            except InvalidInput as error:
                report.problems.append((str(path), error.message))
            except OSError as error:
                report.problems.append((str(path), f"cannot be read: {error.strerror or error}"))
    if progress:
        progress(len(files), len(files), "")
    return report


class _Importer:
    """One run over some transcripts."""

    def __init__(self, memory: Memory, paths: WorkspacePaths, report: ImportReport) -> None:
        self._memory = memory
        self._report = report
        self._linker = Linker(str(paths.root), paths.spec_names())
        self._forgotten = memory.sessions.forgotten(HERE)
        self._states = memory.messages.transcripts()
        self._known: dict[str, Session] = {}

    def take(self, path: Path) -> None:
        path = Path(os.path.abspath(path))  # noqa: PTH100 - the name it was given, links and all
        known = self._states.get(_storable(str(path)))
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            self._report.problems.append((str(path), "is no file"))
            return
        if is_unchanged(known, status):
            self._report.unchanged += 1
            return
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            offset = start_of(stream, known, status)
            skipped = known.skipped if known and offset else 0
            found = bool(known and offset)
            self._report.read += 1
            for batch in read_batches(stream, offset):
                skipped += batch.skipped
                found = found or bool(batch.records)
                self._store(stream, path, status, batch, skipped)
        if not found and status.st_size:
            self._report.problems.append((str(path), "holds no records of Claude Code"))

    def _store(
        self, stream: BinaryIO, path: Path, status: os.stat_result, batch: Batch, skipped: int
    ) -> None:
        reader = _Reader(_storable(path.stem), utc_of_ns(status.st_mtime_ns))
        for record in batch.records:
            session = reader.session_of(record)
            if session not in self._forgotten:
                self._linker.see(session, record)
                reader.read(record)
        for facts in reader.sessions.values():
            self._put_session(facts, _storable(str(path)))
        state = state_after(stream, _storable(str(path)), reader.last_session, status, batch.offset, skipped)
        added = set(self._memory.messages.take_in(HERE, reader.messages, state))
        self._report.messages += len(added)
        for message_id, rules in reader.redacted.items():
            if message_id in added:
                self._report.redacted += len(rules)
                for rule in rules:
                    self._report.rules[rule] = self._report.rules.get(rule, 0) + 1

    def _put_session(self, facts: _SessionFacts, source: str) -> None:
        for last_try in (False, False, True):
            try:
                self._known[facts.id] = self._stored(facts, source)
                break
            except Conflict:  # another import stored the same session at this moment
                self._known.pop(facts.id, None)
                if last_try:
                    raise
        self._memory.sessions.add_links(HERE, facts.id, self._linker.links(facts.id))

    def _stored(self, facts: _SessionFacts, source: str) -> Session:
        """The session as it is stored, with what the facts add to it."""
        present = self._known.get(facts.id) or next(iter(self._memory.sessions.query(HERE, facts.id)), None)
        if present is None:
            present = self._memory.sessions.create(
                Session(
                    id=facts.id,
                    workspace_id=HERE,
                    user_id=LOCAL_USER,
                    created_at=facts.first,
                    updated_at=facts.last,
                    title=facts.title or facts.prompt,
                    model=facts.model,
                    source=source,
                    cwd=facts.cwd,
                    branch=facts.branch,
                )
            )
            self._report.sessions += 1
        else:
            changed = replace(
                present,
                title=facts.title or present.title or facts.prompt,
                model=facts.model or present.model,
                branch=facts.branch or present.branch,
            )
            if changed != present:
                present = self._memory.sessions.update(changed)
        return present


@dataclass(slots=True)
class _SessionFacts:
    """What the records of a session say about it as a whole. `prompt` is the start of its first one."""

    id: str
    first: str
    last: str
    title: str = ""
    prompt: str = ""
    cwd: str = ""
    branch: str = ""
    model: str = ""


class _Reader:
    """Makes messages of the records of one batch, in the order of the file."""

    def __init__(self, stem: str, fallback_time: str) -> None:
        self.messages: list[Message] = []
        self.sessions: dict[str, _SessionFacts] = {}
        self.redacted: dict[str, tuple[str, ...]] = {}
        self.last_session = stem
        self._time = ""
        self._fallback_time = fallback_time
        self._tools: dict[str, str] = {}

    def session_of(self, record: Record) -> str:
        return _storable(record.session)[:_LONGEST_FIELD] or self.last_session

    def read(self, record: Record) -> None:
        session = self.last_session = self.session_of(record)
        moment = self._moment(record.timestamp)
        facts = self.sessions.setdefault(session, _SessionFacts(session, moment, moment))
        facts.first, facts.last = min(facts.first, moment), max(facts.last, moment)
        facts.cwd = facts.cwd or _short(record.cwd)
        facts.branch = _short(record.branch) or facts.branch
        facts.model = _short(record.model) or facts.model
        facts.title = _title(record.title) or facts.title
        for said in record.said:
            if said.is_typed and not record.agent and not facts.prompt:
                facts.prompt = _title(said.text)
            self.messages.append(self._message(session, moment, record, said))

    def _message(self, session: str, moment: str, record: Record, said: Said) -> Message:
        redacted = redact_start(_storable(said.text), said.limit)
        message_id = _storable(said.id)[:_LONGEST_FIELD]
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
            tool_call_id=_storable(said.tool_id)[:_LONGEST_FIELD] or ("-" if tool else ""),
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
        line.strip(" #*-\t") for line in redact_start(_storable(text), 4 * _LONGEST_TITLE).text.split("\n")
    )
    return next(filter(None, lines), "")[:_LONGEST_TITLE]


@lru_cache(maxsize=4096)  # folders, branches, models and tools: the same ones in every record
def _short(text: str) -> str:
    """A field beside the text of a message, without secrets: they get into names of folders and files."""
    return redact_start(_storable(text), _LONGEST_FIELD).text


def _storable(text: str) -> str:
    """Without lone surrogates and NULs, which a database does not take, and without the escape sequences of
    terminals, which would hide a secret that has colours in it from the rules."""
    if "\x1b" in text or "\x9b" in text:
        text = clean(text.replace("\0", "\ufffd").encode("utf-8", "replace").decode())
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
