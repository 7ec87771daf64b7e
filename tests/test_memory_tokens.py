"""What the answers of models took, counted once for each, however often a transcript tells it."""

from __future__ import annotations

import json
import os
import re
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.cli import main
from spw_core.formats.transcripts import read_line
from spw_core.store.connection import migrations
from spw_core.store.memory.database import SESSIONS, Database
from spw_core.store.memory.sessions import SqliteSessions
from spw_core.store.memory.types import Tokens
from spw_core.text import short_count

from .transcript_support import SESSION, Transcript


def imported(workspace: Workspace, transcript: Transcript) -> Tokens:
    workspace.import_transcripts([transcript.write()])
    [row] = workspace.sessions()
    assert workspace.session(SESSION).row.tokens == row.tokens
    return row.tokens


def test_an_answer_counts_once(workspace: Workspace, tmp_path: Path) -> None:
    talk = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root)).add("user", "Hello")
    first = {"input_tokens": 3, "cache_creation_input_tokens": 50, "cache_read_input_tokens": 1000}
    talk.answer("msg_1", "One.", "Two.", "Three.", **first, output_tokens=7)
    assert imported(workspace, talk) == Tokens(3, 7, 50, 1000)
    # Its end is told by a record that is read later; between them stands another answer.
    talk.answer("msg_2", "Four.", input_tokens=5, output_tokens=1)
    talk.answer("msg_1", "Five.", **first, output_tokens=20)
    assert imported(workspace, talk) == Tokens(8, 21, 50, 1000)
    # A transcript that was written anew is read again, and counted as before.
    talk.lines[0] = talk.lines[0].replace("Hello", "Hello again")
    assert imported(workspace, talk) == Tokens(8, 21, 50, 1000)
    workspace.compact(older_than_days=0)
    assert workspace.sessions()[0].tokens == Tokens(8, 21, 50, 1000)


def resumed(talk: Transcript, session: str) -> Transcript:
    """The transcript of a session that goes on from another: it begins with a copy of that one's records."""
    other = Transcript(talk.path.with_name(f"{session}.jsonl"), talk.cwd, session)
    other.lines = [line.replace(SESSION, session) for line in talk.lines]
    return other


LATER = "1a7e0000-0000-4000-8000-000000000002"


@pytest.mark.parametrize("together", [True, False])
def test_an_answer_counts_in_the_session_that_had_it_first(
    workspace: Workspace, tmp_path: Path, together: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    talk = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root)).add("user", "Hello")
    talk.answer("msg_1", "One.", input_tokens=3, output_tokens=7)
    later = resumed(talk, LATER).add("user", "Go on", uuid="later-1")
    talk.answer("msg_2", "Two.", output_tokens=20)
    more = {"role": "assistant", "id": "msg_3", "content": [{"type": "text", "text": "Three."}]}
    later.add("assistant", "Three.", message=more | {"usage": {"output_tokens": 100}}, uuid="later-2")
    files = [talk.write(), later.write()]
    for portion in [files] if together else [files[:1], files[1:]]:
        workspace.import_transcripts(portion)
    tokens = {row.id: row.tokens for row in workspace.sessions()}
    assert tokens == {SESSION: Tokens(3, 27, 0, 0), LATER: Tokens(0, 100, 0, 0)}
    assert [len(workspace.session(one).messages) for one in (SESSION, LATER)] == [3, 2]
    # A copy that knows how the answer ended tells it of the first.
    later.add("assistant", "", message=more | {"id": "msg_2", "usage": {"output_tokens": 33}}, uuid="later-3")
    workspace.import_transcripts([later.write()])
    assert {row.tokens.output for row in workspace.sessions()} == {40, 100}
    # Whose they were is gone, and so are they.
    workspace.forget([SESSION])
    assert [row.tokens for row in workspace.sessions()] == [Tokens(0, 100, 0, 0)]
    assert main(["memory", "list", "--workspace", str(workspace.paths.root)]) == 0
    assert LATER in capsys.readouterr().out


def test_of_two_sessions_in_one_file_the_first_to_tell_has_it(workspace: Workspace, tmp_path: Path) -> None:
    talk = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root)).add("user", "Hello")
    told = {"role": "assistant", "id": "msg_1", "content": [], "usage": {"output_tokens": 5}}
    talk.add("assistant", "", message=told, sessionId=LATER).add("assistant", "", message=told)
    workspace.import_transcripts([talk.write()])
    assert {row.id: row.tokens.output for row in workspace.sessions()} == {SESSION: 0, LATER: 5}


def test_what_was_forgotten_does_not_come_back_as_a_copy(workspace: Workspace, tmp_path: Path) -> None:
    talk = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root))
    talk.add("user", "zanzibar").add("assistant", "compacted zanzibar")
    workspace.import_transcripts([talk.write()])
    workspace.compact(session=SESSION, older_than_days=0)
    talk.add("user", "more of zanzibar")
    workspace.import_transcripts([talk.write()])
    workspace.forget([SESSION])
    later = resumed(talk, LATER).add("user", "something else", uuid="later-1")
    workspace.import_transcripts([later.write()])
    assert [one.content for one in workspace.session(LATER).messages] == ["something else"]


def test_the_oldest_transcript_is_read_first(
    workspace: Workspace, private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    root = str(workspace.paths.root.resolve())
    folder = private_home / ".claude" / "projects" / re.sub(r"[^A-Za-z0-9]", "-", root)
    talk = Transcript(folder / f"{SESSION}.jsonl", root).answer("msg_1", "One.", output_tokens=7)
    later = resumed(talk, LATER).answer("msg_2", "Two.", output_tokens=1)
    later.lines[-1] = later.lines[-1].replace(f"{LATER[:8]}-0001", "later-1")
    os.utime(talk.write(), ns=(10**18, 10**18))
    os.utime(later.write(), ns=(2 * 10**18, 2 * 10**18))
    workspace.import_transcripts(everything=True)
    assert {row.id: row.tokens.output for row in workspace.sessions()} == {SESSION: 7, LATER: 1}


def test_tokens_that_were_counted_twice_are_counted_once(tmp_path: Path) -> None:
    """By the version before, which counted by session."""
    path = tmp_path / "sessions.db"
    old = apsw.Connection(str(path))
    for number, script in migrations("sessions")[:2]:
        old.execute(script)
        old.pragma("user_version", number)
    for name in ("b", "a", "c"):  # in the order in which they were stored
        about = "'workspace', ?, 'u', '', '', '', 'active', '', '', '', '{}', 't', 't', '', 1"
        old.execute(f"INSERT INTO sessions VALUES (NULL, {about})", (name,))
    for row in [("a", "x", 1, 9), ("b", "x", 3, 2), ("b", "y", 1, 1), ("c", "x", 2, 2), ("c", "z", 5, 5)]:
        old.execute("INSERT INTO answer_tokens VALUES ('workspace', ?, ?, ?, ?, 0, 0)", row)
    old.close()
    with closing(Database.open(path, SESSIONS)) as database:
        assert SqliteSessions(database).tokens("workspace") == {"b": Tokens(4, 10), "c": Tokens(5, 5)}


def test_what_is_no_number_of_tokens_counts_as_none(workspace: Workspace, tmp_path: Path) -> None:
    talk = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root))
    strange = ({"input_tokens": -1}, {"output_tokens": "many"}, {"input_tokens": True}, [], 7)
    for number, usage in enumerate([*strange, {"input_tokens": 10**30}]):
        message = {"role": "assistant", "id": f"msg_{number}", "content": "Yes."}
        talk.add("assistant", "Yes.", message=message | {"usage": usage})
    assert imported(workspace, talk) == Tokens()


def test_an_answer_without_an_id_goes_by_its_record() -> None:
    record = {"type": "assistant", "uuid": "u1", "message": {"content": "Hi", "usage": {"output_tokens": 2}}}
    [found], _ = read_line(json.dumps(record).encode())
    assert (found.answer, found.tokens) == ("u1", (0, 2, 0, 0))


def test_they_are_shown(workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    talk = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root)).add("user", "Hello")
    imported(workspace, talk)
    root = str(workspace.paths.root)
    assert main(["memory", "show", SESSION, "--workspace", root]) == 0
    assert "Tokens" not in capsys.readouterr().out
    talk.answer("msg_1", "Hi.", input_tokens=1200, cache_read_input_tokens=34_000, output_tokens=56)
    imported(workspace, talk)
    assert main(["memory", "show", SESSION, "--workspace", root]) == 0
    assert "Tokens: 35,200 read, 34,000 of them from the cache, 56 written" in capsys.readouterr().out
    assert main(["memory", "list", "--json", "--workspace", root]) == 0
    assert json.loads(capsys.readouterr().out)["sessions"][0]["tokens"] == {
        "input": 1200,
        "output": 56,
        "cache_write": 0,
        "cache_read": 34_000,
    }


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *((0, ""), (7, "7"), (999, "999"), (1000, "1.0k"), (9949, "9.9k"), (9960, "10k")),
        *((35_256, "35k"), (2_400_000, "2.4M"), (7_000_000_000, "7.0G")),
    ],
)
def test_short_counts(number: int, text: str) -> None:
    assert short_count(number) == text
