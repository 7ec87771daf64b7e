"""What an earlier version read is made up for: it took no tokens, and could leave a transcript half read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.cli import main
from spw_core.memory import importing, reading
from spw_core.memory.checking import examine_memory
from spw_core.memory.place import HERE, writing_memory
from spw_core.store.connection import migrations
from spw_core.store.memory.messages import SqliteMessages
from spw_core.store.memory.stores import MEMORY_DB, SESSIONS_DB
from spw_core.store.memory.types import Tokens

from .test_memory_doctor import edit
from .transcript_support import SESSION, Transcript


@pytest.fixture
def talk(workspace: Workspace, tmp_path: Path) -> Transcript:
    transcript = Transcript(tmp_path / "transcripts" / f"{SESSION}.jsonl", str(workspace.paths.root))
    for number in range(5):
        transcript.add("user", f"question {number}")
        transcript.answer(f"msg_{number}", f"answer {number}", input_tokens=10, output_tokens=1)
    return transcript


def as_before(workspace: Workspace) -> None:
    """Make the databases those of the version that took no tokens."""
    columns = ("moment", "open_calls", "reader")
    for name, schema, undo in (
        (SESSIONS_DB, "sessions", ["DROP TABLE answer_tokens"]),
        (MEMORY_DB, "memory", [f"ALTER TABLE transcripts DROP COLUMN {column}" for column in columns]),
    ):
        connection = apsw.Connection(str(workspace.paths.memory_dir / name))
        for statement in undo:
            connection.execute(statement)
        connection.pragma("user_version", migrations(schema)[0][0])
        connection.close()


def half_read(workspace: Workspace, talk: Transcript, lines: int) -> Path:
    """A transcript of which the first lines are stored, and that looks as if all of them were."""
    whole, talk.lines = talk.lines, talk.lines[:lines]
    workspace.import_transcripts([talk.write()])
    talk.lines = whole
    path = talk.write()
    status = path.stat()
    looks = f"size = {status.st_size}, mtime_ns = {status.st_mtime_ns}, inode = {status.st_ino}"
    edit(workspace, MEMORY_DB, f"UPDATE transcripts SET {looks}")
    return path


def said(workspace: Workspace) -> list[str]:
    return [message.content for message in workspace.session(SESSION).messages]


def doctor(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the doctor has to say of the memory beside that it is sound."""
    capsys.readouterr()
    assert main(["--workspace", str(workspace.paths.root), "doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    return [one for one in found if one["subject"] == "memory" and one["level"] != "ok"]


ALL = [text for number in range(5) for text in (f"question {number}", f"answer {number}")]


@pytest.mark.parametrize("lines", [10, 3])
def test_the_doctor_names_it_and_an_import_of_all_mends_it(
    workspace: Workspace, talk: Transcript, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = half_read(workspace, talk, lines)
    as_before(workspace)
    [named] = doctor(workspace, capsys)
    assert named["level"] == "warning" and str(path) in named["text"]
    assert "1 transcript was read" in named["text"] and "spw memory import --all" in named["hint"]
    assert said(workspace) == ALL[:lines] and workspace.sessions()[0].tokens == Tokens()
    assert main(["memory", "import", "--all", "--workspace", str(workspace.paths.root)]) == 0
    assert said(workspace) == ALL
    assert workspace.sessions()[0].tokens == Tokens(50, 5)
    assert doctor(workspace, capsys) == []
    assert workspace.import_transcripts([path]).unchanged == 1


def test_what_went_since_stays_away(workspace: Workspace, talk: Transcript, tmp_path: Path) -> None:
    """Compacted, forgotten, or deleted one by one; only what was never read comes."""
    forgotten = Transcript(tmp_path / "f.jsonl", talk.cwd, "f0rg0770-0000-4000-8000-000000000001")
    forgotten.add("user", "never again").answer("msg_f", "Never.", output_tokens=1000)
    path = half_read(workspace, talk, 6)
    workspace.import_transcripts([forgotten.write()])
    workspace.forget([forgotten.session])
    with writing_memory(workspace.paths) as memory:
        memory.messages.delete(HERE, [memory.messages.of_session(HERE, SESSION)[1].id])
    workspace.compact(session=SESSION, older_than_days=0)
    as_before(workspace)
    report = workspace.import_transcripts([forgotten.path], everything=True)
    assert (report.messages, report.sessions, report.problems) == (4, 0, [])
    assert said(workspace) == ALL[6:]
    assert [(row.id, row.tokens, row.summaries) for row in workspace.sessions()] == [
        (SESSION, Tokens(50, 5), 1)
    ]
    assert workspace.import_transcripts([path]).unchanged == 1


def test_a_second_reading_that_is_interrupted_is_begun_anew(
    workspace: Workspace, talk: Transcript, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = half_read(workspace, talk, 7)
    with writing_memory(workspace.paths) as memory:
        memory.messages.delete(HERE, [memory.messages.of_session(HERE, SESSION)[1].id])
    as_before(workspace)
    real = SqliteMessages.take_in_rows
    for times in range(1, 8):
        left = iter(range(times))

        def failing(*args: Any, left: Any = left, **more: Any) -> list[str]:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return real(*args, **more)

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(reading, "_BATCH_BYTES", 1)
            patch.setattr(importing, "_MOST_AT_ONCE", 1)
            patch.setattr(SqliteMessages, "take_in_rows", failing)
            workspace.import_transcripts([path])
    workspace.import_transcripts(everything=True)
    assert said(workspace) == [text for text in ALL if text != "answer 0"]
    assert workspace.sessions()[0].tokens == Tokens(50, 5)


def test_an_import_that_was_interrupted_is_named(
    workspace: Workspace, talk: Transcript, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_BATCH_BYTES", 1)
    monkeypatch.setattr(importing, "_MOST_AT_ONCE", 2)
    real, stored = SqliteMessages.take_in_rows, list[int]()

    def once(store: SqliteMessages, *args: Any) -> list[str]:
        if stored:
            raise KeyboardInterrupt
        stored.append(1)
        return real(store, *args)

    with monkeypatch.context() as interrupted, pytest.raises(KeyboardInterrupt):
        interrupted.setattr(SqliteMessages, "take_in_rows", once)
        workspace.import_transcripts([talk.write()])
    assert [one.level for one in examine_memory(workspace.paths)] == ["warning", "ok"]
    workspace.import_transcripts(everything=True)
    assert [one.level for one in examine_memory(workspace.paths)] == ["ok"]
    assert said(workspace) == ALL


def test_of_what_is_no_longer_there_nothing_is_said(workspace: Workspace, talk: Transcript) -> None:
    path = half_read(workspace, talk, 4)
    as_before(workspace)
    path.unlink()
    assert [one.level for one in examine_memory(workspace.paths)] == ["ok"]
    assert workspace.import_transcripts(everything=True).problems == []
