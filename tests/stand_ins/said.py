"""Messages and summaries in dicts, which they share: to confirm a summary removes its messages."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from spw_core.errors import Conflict, InvalidInput, NotFound
from spw_core.store.memory.checks import check_limit, check_optional_time, check_texts, require
from spw_core.store.memory.message_rows import MessageRow, read_message
from spw_core.store.memory.types import Message, Summary, SummaryStatus, TranscriptState

_SIGN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')
# (words next to each other, whether the last of them may go on)
Term = tuple[list[str], bool]


@dataclass
class _Place:
    """What is stored of one workspace. `compacted` tells of a message which summary it is in, '' of none."""

    messages: dict[str, Message] = field(default_factory=dict)
    summaries: dict[str, Summary] = field(default_factory=dict)
    compacted: dict[str, str] = field(default_factory=dict)


class Said:
    """What both stores hold."""

    def __init__(self) -> None:
        self.places: defaultdict[str, _Place] = defaultdict(_Place)
        self.transcripts: dict[str, TranscriptState] = {}
        self.revision = 0


class MessagesInMemory:
    """A MessageStore."""

    def __init__(self, said: Said) -> None:
        self._said = said

    def append(self, workspace: str, message: Message) -> bool:
        check_texts(workspace=workspace)
        _check_text(message)
        present = self._messages(workspace).setdefault(message.id, message)
        if present != message:
            raise Conflict("another message")
        self._said.revision += present is message
        return present is message

    def take_in(
        self, workspace: str, messages: Iterable[Message], state: TranscriptState | None = None
    ) -> list[str]:
        check_texts(workspace=workspace)
        place, fresh = self._said.places[workspace], dict[str, Message]()
        for message in messages:
            _check_text(message)
            if message.id not in place.messages and message.id not in place.compacted:
                fresh.setdefault(message.id, message)
        place.messages |= fresh
        self._said.revision += bool(fresh)
        if state:
            self._said.transcripts[state.path] = state
        return list(fresh)

    def take_in_rows(
        self, workspace: str, messages: Sequence[MessageRow], states: Sequence[TranscriptState] = ()
    ) -> list[str]:
        added = self.take_in(workspace, list(map(read_message, messages)))
        self._said.transcripts |= {state.path: state for state in states}
        return added

    def transcripts(self) -> dict[str, TranscriptState]:
        return dict(sorted(self._said.transcripts.items()))

    def search(
        self,
        workspace: str,
        query: str,
        *,
        limit: int | None = 50,
        offset: int = 0,
        session_id: str = "",
        exact: bool = False,
    ) -> list[Message]:
        check_limit(limit, offset)
        said = self._messages(workspace).values()
        said_here = [one for one in said if session_id in ("", one.session_id)]
        terms = [(_words(query), False)] if exact else list(_terms(query))
        begun = [(words, True) for words, _ in terms]
        for wanted, needed in ((terms, len(terms)), (terms, 1), (begun, 1)):
            found = []
            for message in sorted(said_here, key=lambda one: one.created_at)[::-1]:
                words = _words(message.content)
                counts = [_occurrences(term, words) for term in wanted if term[0]]
                if counts and sum(map(bool, counts)) >= needed:
                    found.append((-sum(counts) / len(words), message))
            if found or exact:
                return [message for _, message in sorted(found, key=lambda one: one[0])][offset:][:limit]
        return []

    def range(
        self, workspace: str, since: str | None, until: str | None, limit: int | None = None
    ) -> list[Message]:
        check_optional_time("since", since)
        check_optional_time("until", until)
        check_limit(limit)
        found = self._by_time(workspace)
        return [one for one in found if (since or "") <= one.created_at < (until or "~")][:limit]

    def oldest(self, workspace: str, limit: int, session_id: str = "") -> list[Message]:
        require(limit > 0, "at least one")
        return [one for one in self._by_time(workspace) if session_id in ("", one.session_id)][:limit]

    def of_session(
        self, workspace: str, session_id: str, limit: int | None = None, offset: int = 0
    ) -> list[Message]:
        check_limit(limit, offset)
        said = self._messages(workspace).values()
        return [one for one in said if one.session_id == session_id][offset:][:limit]

    def with_id(self, workspace: str, message_id: str) -> Message | None:
        return self._messages(workspace).get(message_id)

    def count(self, workspace: str, session_id: str = "") -> int:
        return sum(session_id in ("", one.session_id) for one in self._messages(workspace).values())

    def per_session(self, workspace: str) -> dict[str, tuple[int, str, str]]:
        times: dict[str, list[str]] = {}
        for one in self._messages(workspace).values():
            times.setdefault(one.session_id, []).append(one.created_at)
        return {session: (len(all_), min(all_), max(all_)) for session, all_ in times.items()}

    def delete(self, workspace: str, ids: Iterable[str]) -> int:
        gone = sum(self._messages(workspace).pop(one, None) is not None for one in list(ids))
        self._said.revision += bool(gone)
        return gone

    def trim(self, workspace: str, keep: int) -> list[str]:
        check_limit(keep)
        ids = [one.id for one in self._by_time(workspace)[::-1][keep:][::-1]]
        self.delete(workspace, ids)
        return ids

    def forget_session(self, workspace: str, session_id: str) -> int:
        require(bool(session_id), "no session")
        place = self._said.places[workspace]
        ids = [one.id for one in self.of_session(workspace, session_id)]
        gone = self.delete(workspace, ids)
        place.compacted = dict.fromkeys(ids, "") | place.compacted
        summaries = {one.id for one in place.summaries.values() if one.session_id == session_id}
        place.summaries = {key: one for key, one in place.summaries.items() if key not in summaries}
        states = self._said.transcripts.items()
        self._said.transcripts = {key: one for key, one in states if one.session_id != session_id}
        self._said.revision += 1
        return gone

    def revision(self) -> int:
        return self._said.revision

    def inconsistencies(self) -> list[str]:
        return []

    def rebuild_words(self) -> None:
        """Words are looked for in the messages themselves."""

    def close(self) -> None:
        """What is stored stays: this is the disk, too."""

    def _messages(self, workspace: str) -> dict[str, Message]:
        return self._said.places[workspace].messages

    def _by_time(self, workspace: str) -> list[Message]:
        return sorted(self._messages(workspace).values(), key=lambda one: one.created_at)


class SummariesInMemory:
    """A SummaryStore."""

    def __init__(self, said: Said) -> None:
        self._said = said

    def put(self, workspace: str, summary: Summary) -> bool:
        check_texts(workspace=workspace)
        place = self._said.places[workspace]
        if summary.id in place.summaries:
            if place.summaries[summary.id] != summary:
                raise Conflict("another summary")
            return False
        if place.compacted.keys() & set(summary.message_ids):
            raise Conflict("in another summary")
        place.summaries[summary.id] = summary
        self._said.revision += summary.status == SummaryStatus.COMMITTED
        return True

    def confirm(self, workspace: str, summary_id: str) -> int:
        place, summary = self._said.places[workspace], self.get(workspace, summary_id)
        if summary.status != SummaryStatus.PENDING:
            raise Conflict(f"not pending but {summary.status}")
        if place.compacted.keys() & set(summary.message_ids):
            raise Conflict("in another summary")
        place.summaries[summary_id] = replace(summary, status=SummaryStatus.COMMITTED)
        place.compacted |= dict.fromkeys(summary.message_ids, summary_id)
        self._said.revision += 1
        return sum(place.messages.pop(one, None) is not None for one in summary.message_ids)

    def get(self, workspace: str, summary_id: str) -> Summary:
        if summary_id not in self._said.places[workspace].summaries:
            raise NotFound("no summary")
        return self._said.places[workspace].summaries[summary_id]

    def delete(self, workspace: str, summary_id: str) -> bool:
        gone = self._said.places[workspace].summaries.pop(summary_id, None) is not None
        self._said.revision += gone
        return gone

    def range(
        self, workspace: str, since: str | None, until: str | None, *, contained: bool = False
    ) -> list[Summary]:
        check_optional_time("since", since)
        check_optional_time("until", until)
        first, last = since or "", until or "~"
        require(first <= last, "ends before it begins")
        found = [
            one
            for one in self._committed(workspace)
            if (
                first <= one.from_time and one.to_time <= last
                if contained
                else first <= one.to_time and one.from_time <= last
            )
        ]
        return sorted(found, key=lambda one: one.from_time)

    def latest(self, workspace: str, limit: int | None = 10) -> list[Summary]:
        check_limit(limit)
        return sorted(self._committed(workspace), key=lambda one: one.created_at)[::-1][:limit]

    def of_session(self, workspace: str, session_id: str) -> list[Summary]:
        return [one for one in self.range(workspace, None, None) if one.session_id == session_id]

    def pending(self, workspace: str) -> list[Summary]:
        found = [one for one in self._all(workspace) if one.status == SummaryStatus.PENDING]
        return sorted(found, key=lambda one: one.created_at)

    def close(self) -> None:
        """What is stored stays: this is the disk, too."""

    def _all(self, workspace: str) -> Iterable[Summary]:
        return self._said.places[workspace].summaries.values()

    def _committed(self, workspace: str) -> list[Summary]:
        return [one for one in self._all(workspace) if one.status == SummaryStatus.COMMITTED]


def _check_text(message: Message) -> None:
    try:
        message.content.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("no Unicode") from error


def _words(text: str) -> list[str]:
    """Words without case, accents and endings; signs of scripts without spaces one by one."""
    plain = "".join(
        one for one in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(one)
    )
    return [re.sub(r"(?<=...)(ed|ing|s)$", "", word) for word in _SIGN.findall(plain)]


def _terms(query: str) -> Iterator[Term]:
    for phrase, word in _TERM.findall(query):
        if words := _words(phrase or word):
            yield words, word.endswith("*")


def _occurrences(term: Term, words: Sequence[str]) -> int:
    wanted, begins = term
    places = range(len(words) - len(wanted) + 1)
    rows = (words[place : place + len(wanted)] for place in places)
    return sum(
        row[:-1] == wanted[:-1] and (row[-1].startswith(wanted[-1]) if begins else row[-1] == wanted[-1])
        for row in rows
    )
