"""Transcripts into the memory: redacted, once, and linked to what they are about.

The messages of each batch of a transcript and the place where reading ended are stored in one transaction,
several batches at once, so an interruption neither loses nor repeats anything. The rows of their sessions are
written before.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from spw_core.errors import Conflict, InvalidInput, SpwError
from spw_core.harvest.crew import Answers, working_ahead
from spw_core.memory.linking import Linker
from spw_core.memory.place import HERE, LOCAL_USER, writing_memory
from spw_core.memory.portions import Portion, Scout, SessionFacts
from spw_core.memory.reading import is_unchanged
from spw_core.memory.texts import storable
from spw_core.memory.tidying import drop_forgotten
from spw_core.store.memory.stores import Memory
from spw_core.store.memory.types import Link, Session, Tokens
from spw_core.workspace import WorkspacePaths

Progress = Callable[[int, int, str], None]
# What helpers do, see `spw_core.harvest.crew`.
_READ_AHEAD = "spw_core.memory.portions:portions_ahead"
# Bytes of new transcripts below which the start of helpers takes longer than they save.
_WORTH_HELPERS = 48 << 20
# A larger transcript is read by the import itself, in batches: what helpers hand over comes in one piece.
_LARGEST_AHEAD = 64 << 20
# Messages that are enough for one transaction, and the most batches of transcripts that wait for so many.
_ENOUGH = 2_500
_MOST_AT_ONCE = 50


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
        with working_ahead(paths, _READ_AHEAD, importer.worth_helpers(files), 2) as answer:
            for done, path in enumerate(files):
                if progress:
                    progress(done, len(files), path.name)
                try:
                    importer.take(path, answer)
                except InvalidInput as error:
                    report.problems.append((str(path), error.message))
                except OSError as error:
                    report.problems.append((str(path), f"cannot be read: {error.strerror or error}"))
            importer.store()
    if progress:
        progress(len(files), len(files), "")
    return report


class _Importer:
    """One run over some transcripts."""

    def __init__(self, memory: Memory, paths: WorkspacePaths, report: ImportReport) -> None:
        self._memory = memory
        self._report = report
        self._states = memory.messages.transcripts()
        self._scout = Scout(paths, memory.sessions.forgotten(HERE))
        # What was seen comes to what is known of a session; what is seen again is counted apart.
        self._linker, self._again = Linker(str(paths.root), ()), Linker(str(paths.root), ())
        self._linked: set[str] = set()
        self._known: dict[str, Session] = {}
        self._waiting: list[Portion] = []
        self._refused: set[str] = set()

    def worth_helpers(self, files: Sequence[Path]) -> list[str]:
        """The transcripts that processes had better read ahead: new ones, when they are large together."""
        sizes: dict[str, int] = {}
        for path in map(_absolute, files):
            name = str(path)
            if name not in self._states and name.isprintable():  # it goes over a pipe as one line
                with suppress(OSError):
                    sizes[name] = path.stat().st_size
        fit = [name for name, size in sizes.items() if size <= _LARGEST_AHEAD]
        return fit if sum(sizes[name] for name in fit) >= _WORTH_HELPERS else []

    def take(self, path: Path, answer: Answers) -> None:
        path = _absolute(path)
        known = self._states.get(storable(str(path)))
        portions = None if known else answer(str(path))
        if not isinstance(portions, list):
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                self._report.problems.append((str(path), "is no file"))
                return
            if is_unchanged(known, status):
                self._report.unchanged += 1
                return
            portions = self._scout.portions(path, known)
        self._take_in(path, portions)

    def _take_in(self, path: Path, portions: Iterable[Portion]) -> None:
        found, size = False, 0
        for portion in portions:
            self._waiting.append(portion)
            found, size = found or portion.has_records, portion.state.size
            if len(self._waiting) >= _MOST_AT_ONCE or sum(map(_messages, self._waiting)) >= _ENOUGH:
                self.store()
        self._report.read += 1
        if not found and size:
            self._report.problems.append((str(path), "holds no records of Claude Code"))

    def store(self) -> None:
        """Store what was taken and waits for more, for few large transactions cost less than many small."""
        portions, self._waiting = self._waiting, []
        portions = [one for one in portions if one.state.path not in self._refused]
        if not portions:
            return
        try:
            self._store_together(portions)
        except InvalidInput as error:
            if len(portions) == 1:
                # Nothing more of it either: where its reading ended would be behind what is missing.
                self._refused.add(portions[0].state.path)
                self._report.problems.append((portions[0].state.path, error.message))
            else:
                for portion in portions:  # so that only the one with what cannot be stored is left out
                    self._waiting = [portion]
                    self.store()

    def _store_together(self, portions: Sequence[Portion]) -> None:
        forgotten = self._memory.sessions.forgotten(HERE)
        try:
            self._store(portions, forgotten)
        except SpwError:
            if self._memory.sessions.forgotten(HERE) == forgotten:
                raise
            # A session went away while something was added to it.
            self._store(portions, self._memory.sessions.forgotten(HERE))
        drop_forgotten(self._memory, {facts.id for portion in portions for facts in portion.sessions})

    def _store(self, portions: Sequence[Portion], forgotten: Collection[str]) -> None:
        portions = [_without(portion, forgotten) for portion in portions] if forgotten else portions
        for portion in portions:
            links = self._links(portion)
            for facts in portion.sessions:
                self._put_session(facts, portion.state.path)
                if facts.tokens:
                    took = {answer: Tokens(*counts) for answer, counts in facts.tokens.items()}
                    self._memory.sessions.add_tokens(HERE, facts.id, took)
            for session, changed in links.items():
                self._memory.sessions.add_links(HERE, session, changed)
        rows = [row for portion in portions for row in portion.messages]
        states = [portion.state for portion in portions]
        added = set(self._memory.messages.take_in_rows(HERE, rows, states))
        self._report.messages += len(added)
        for message_id, rules in [item for portion in portions for item in portion.redacted.items()]:
            if message_id in added:
                added.remove(message_id)  # another file may have it, too
                self._report.redacted += len(rules)
                for rule in rules:
                    self._report.rules[rule] = self._report.rules.get(rule, 0) + 1

    def _links(self, portion: Portion) -> dict[str, list[Link]]:
        """What sessions are about by all that was seen of them, where the portion adds to it."""
        if portion.is_again:
            return self._again.take_over(portion.sightings)
        for session in {seen[0] for seen in portion.sightings} - self._linked:
            self._linked.add(session)
            self._linker.know(session, self._memory.sessions.links(HERE, session))
        return self._linker.take_over(portion.sightings)

    def _put_session(self, facts: SessionFacts, source: str) -> None:
        for last_try in (False, False, True):
            try:
                self._known[facts.id] = self._stored(facts, source)
                break
            except Conflict:  # another import stored the same session at this moment
                self._known.pop(facts.id, None)
                if last_try:
                    raise

    def _stored(self, facts: SessionFacts, source: str) -> Session:
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
                cwd=present.cwd or facts.cwd,
                branch=facts.branch or present.branch,
                created_at=min(present.created_at, facts.first),
            )
            if changed != present:
                present = self._memory.sessions.update(changed)
        return present


def _without(portion: Portion, forgotten: Collection[str]) -> Portion:
    """The portion without what is of some sessions: they were forgotten since it was read."""
    return replace(
        portion,
        messages=[row for row in portion.messages if row.session_id not in forgotten],
        sessions=[facts for facts in portion.sessions if facts.id not in forgotten],
        sightings=[seen for seen in portion.sightings if seen[0] not in forgotten],
    )


def _messages(portion: Portion) -> int:
    return len(portion.messages)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - the name it was given, links and all
