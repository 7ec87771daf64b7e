"""Transcripts into the memory: every record once, nothing secret, linked to specs, runs and files."""

from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.errors import InvalidInput, NotFound
from spw_core.formats.transcripts import read_line
from spw_core.memory import importing, reading
from spw_core.memory.finding import queued
from spw_core.memory.importing import ImportReport
from spw_core.memory.portions import Scout
from spw_core.memory.reading import GoesOn, LineReader, is_unchanged, start_of, state_after
from spw_core.store.memory.message_rows import read_message, row_of
from spw_core.store.memory.messages import SqliteMessages
from spw_core.store.memory.sessions import SqliteSessions

from .transcript_support import SESSION, Transcript

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "hooks" / "transcripts"
KEY = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5"


@pytest.fixture
def transcript(workspace: Workspace, tmp_path: Path) -> Transcript:
    return Transcript(tmp_path / "transcripts" / f"{SESSION}.jsonl", str(workspace.paths.root))


def take(workspace: Workspace, *files: Path) -> ImportReport:
    return workspace.import_transcripts(files)


def texts(workspace: Workspace, session: str = SESSION) -> list[tuple[str, str]]:
    return [(str(message.role), message.content) for message in workspace.session(session).messages]


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.sessions, report.messages, report.redacted


def test_a_conversation(workspace: Workspace, transcript: Transcript) -> None:
    transcript.raw(json.dumps({"type": "file-history-snapshot", "messageId": "x", "snapshot": {}}))
    transcript.add("user", "Make the tests pass\nplease")
    transcript.add("assistant", [{"type": "thinking", "thinking": "private"}])
    looking = [{"type": "text", "text": "I will look."}]
    transcript.add("assistant", "", message={"role": "assistant", "model": "claude-x", "content": looking})
    transcript.call("Bash", "2 failed", error=True, command="make test", description="run")
    transcript.call("Edit", [{"type": "text", "text": "ok"}], file_path=f"{transcript.cwd}/src/a.py")
    transcript.add("user", "<command-name>x</command-name>", isMeta=True)
    transcript.raw(json.dumps({"type": "ai-title", "aiTitle": "Green tests", "sessionId": SESSION}))
    assert counts(take(workspace, transcript.write())) == (1, 7, 0)
    assert texts(workspace) == [
        ("user", "Make the tests pass\nplease"),
        ("assistant", "I will look."),
        ("assistant", "Bash: make test"),
        ("tool", "2 failed"),
        ("assistant", f"Edit: {transcript.cwd}/src/a.py"),
        ("tool", "ok"),
        ("system", "<command-name>x</command-name>"),
    ]
    view = workspace.session(SESSION[:8])
    assert (view.row.title, view.row.messages, view.session.model) == ("Green tests", 7, "claude-x")
    assert view.row.started_at == "2026-02-14T10:00:01.500000Z"
    assert [message.tool_name for message in view.messages[2:6]] == ["Bash", "Bash", "Edit", "Edit"]
    assert view.messages[3].metadata == {"error": "true"}
    assert [(link.kind, link.target) for link in view.links] == [("file", "src/a.py")]
    assert [hit.message.role for hit in workspace.search_messages("failed")] == ["tool"]


def test_only_what_is_new_is_read(workspace: Workspace, transcript: Transcript) -> None:
    path = transcript.add("user", "one").write()
    assert counts(take(workspace, path)) == (1, 1, 0)
    again = take(workspace, path)
    assert (counts(again), again.read, again.unchanged) == ((0, 0, 0), 0, 1)
    transcript.add("assistant", "two").write()
    assert counts(take(workspace, path)) == (0, 1, 0)
    assert [text for _, text in texts(workspace)] == ["one", "two"]


def test_a_torn_last_line_is_read_once_it_is_whole(workspace: Workspace, transcript: Transcript) -> None:
    transcript.add("user", "one").add("assistant", "two é")
    whole = transcript.write().read_bytes()
    for cut in range(len(whole) - 1, len(whole) - 40, -1):
        transcript.path.write_bytes(whole[:cut])
        take(workspace, transcript.path)
    assert [text for _, text in texts(workspace)][:1] == ["one"]
    transcript.path.write_bytes(whole)
    take(workspace, transcript.path)
    assert [text for _, text in texts(workspace)] == ["one", "two é"]
    assert not workspace.import_transcripts([transcript.path]).problems


def test_a_last_line_without_a_newline_is_taken_when_it_is_whole(
    workspace: Workspace, transcript: Transcript
) -> None:
    path = transcript.add("user", "one").write(end="")
    assert counts(take(workspace, path)) == (1, 1, 0)
    transcript.add("assistant", "two").write()
    assert counts(take(workspace, path)) == (0, 1, 0)


@pytest.mark.parametrize("how", ["shorter", "same size", "longer", "replaced"])
def test_a_file_that_was_written_anew_is_read_from_its_start(
    workspace: Workspace, transcript: Transcript, how: str
) -> None:
    path = transcript.add("user", "the first one").add("assistant", "answer").write()
    take(workspace, path)
    other = Transcript(path, transcript.cwd, "0ther000-0000-4000-8000-000000000001")
    size = path.stat().st_size
    other.add("user", "x").add("assistant", "y")
    if how == "longer":
        other.add("user", "z" * 1000)
    if how == "replaced":
        path.unlink()
    other.write()
    if how == "same size":
        with path.open("ab") as stream:
            stream.write(b" " * (size - path.stat().st_size))
        os.utime(path, ns=(1, 1))
    report = take(workspace, path)
    assert report.sessions == 1
    assert [text[:1] for _, text in texts(workspace, other.session)][:2] == ["x", "y"]
    assert len(texts(workspace)) == 2


def test_odd_lines(workspace: Workspace, transcript: Transcript) -> None:
    transcript.add("user", "one")
    transcript.add("assistant", "two")
    joined = "".join(transcript.lines[-2:])
    transcript.lines[-2:] = [
        joined,
        "",
        "not json",
        "[1, 2]",
        '"text"',
        "null",
        '{"type": 7}',
        '{"type": "totally-unheard-of", "sessionId": "x"}',
        '{"type": "user"}',
        '{"type": "user", "message": "text"}',
        '{"type": "user", "message": {"content": [null, {"type": "image"}, {"type": "text", "text": null}]}}',
        '{"type": "assistant", "message": {"content": {"a": 1}}}',
        "[" * 100_000,
        '{"type": "user", "uuid": "last", "timestamp": "nonsense", "message": {"content": "end \\ud800"}}',
    ]
    report = take(workspace, transcript.write())
    assert not report.problems
    assert [text for _, text in texts(workspace)] == ["one", "two", "end ?"]
    assert workspace.session(SESSION).messages[-1].created_at == "2026-02-14T10:00:01.500000Z"


def test_a_file_that_is_called_by_signs_for_a_terminal(workspace: Workspace, transcript: Transcript) -> None:
    transcript.call("Write", file_path="\x1b]0;title\x07").call("Write", file_path="\x1b[31msrc/red.py")
    transcript.add("user", "and this is said after it")
    report = workspace.import_transcripts([transcript.write()])
    assert not report.problems
    view = workspace.session(SESSION)
    assert view.messages[-1].content == "and this is said after it"
    assert [link.target for link in view.links if link.kind == "file"] == ["src/red.py"]


def test_invalid_utf8_and_a_byte_order_mark(workspace: Workspace, transcript: Transcript) -> None:
    path = transcript.add("user", "one").add("user", "two").write()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"two", b"tw\xff"))
    take(workspace, path)
    assert [text for _, text in texts(workspace)] == ["one", "tw\ufffd"]


def test_a_line_of_a_megabyte(workspace: Workspace, transcript: Transcript) -> None:
    transcript.call("Read", "x" * 1_000_000 + KEY, file_path="/etc/hosts")
    transcript.add("user", "w " * 500_000)
    assert counts(take(workspace, transcript.write())) == (1, 3, 0)
    _, answer, prompt = workspace.session(SESSION).messages
    assert (len(answer.content), answer.metadata["characters"]) == (600, str(1_000_000 + len(KEY)))
    assert len(prompt.content) == 20_000


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"sessions": [{"messages": []}]}, indent=2),  # another agent's pretty-printed JSON
        '{"timestamp":"2026","type":"session_meta","payload":{"id":"x"}}\n',  # a rollout of Codex
        "# Not a transcript\n\nAt all.\n",
        "\0\1\2" * 1000,
    ],
)
def test_foreign_formats_are_told_and_stop_nothing(
    workspace: Workspace, transcript: Transcript, content: str
) -> None:
    foreign = transcript.path.with_name("foreign.jsonl")
    transcript.add("user", "one").write()
    foreign.write_text(content)
    report = take(workspace, foreign, transcript.path)
    assert report.problems == [(str(foreign), "holds no records of Claude Code")]
    assert report.messages == 1


def test_missing_and_unreadable_files_stop_nothing(workspace: Workspace, transcript: Transcript) -> None:
    path = transcript.add("user", "one").write()
    report = take(workspace, path.with_name("gone.jsonl"), path.parent, path)
    assert [Path(name).name for name, _ in report.problems] == ["gone.jsonl", path.parent.name]
    assert report.messages == 1


def test_secrets_are_taken_out_before_they_are_stored(workspace: Workspace, transcript: Transcript) -> None:
    transcript.add("user", f"deploy with {KEY} please")
    transcript.call("Bash", f"token: {KEY}\nok", command=f"GITHUB_TOKEN={KEY} make deploy")
    report = take(workspace, transcript.write())
    assert (report.redacted, report.rules) == (3, {"github": 3})
    view = workspace.session(SESSION)
    assert view.messages[0].content == "deploy with [redacted:github] please"
    assert all(message.metadata["redacted"] == "github" for message in view.messages)
    assert KEY not in view.row.title
    for path in workspace.paths.memory_dir.rglob("*"):
        assert path.is_dir() or KEY[8:24].encode() not in path.read_bytes()
    assert take(workspace, transcript.write(end="\n\n")).redacted == 0


def test_no_byte_of_a_secret_is_stored_anywhere(workspace: Workspace, transcript: Transcript) -> None:
    """Whatever it stands in: words, colours, calls, answers, errors, titles, folders, branches, names."""
    password = "Tr0ub4" + "dor&3kq"
    red, plain = "\x1b[31m", "\x1b[0m"
    transcript.cwd += f"/{KEY}"
    transcript.add(
        "user", f"a senha é {password}, o token {KEY[:20]}{red}{KEY[20:]}{plain}", gitBranch=f"x/{KEY}"
    )
    transcript.call(
        "Bash", f"{red}{KEY}{plain}", command=f"echo {password} | sudo -S make; curl -u me:{password} x"
    )
    transcript.call(
        "Bash", f"mysql: -p{password}\ntoken={KEY}", error=True, command=f"mysql -p{password} shop"
    )
    transcript.call("Write", file_path=f"{transcript.cwd}/{KEY}.txt")
    transcript.call(f"tool-{KEY}", [{"type": "text", "text": "x" * 590 + KEY}], query=f"Bearer {KEY}")
    transcript.call("Task", "done", prompt=f"DB_PASSWORD={password}", subagent_type="x", description=KEY)
    transcript.raw(json.dumps({"type": "ai-title", "aiTitle": f"Rotate {KEY}", "sessionId": SESSION}))
    report = take(workspace, transcript.write())
    assert report.redacted > 8 and len(texts(workspace)) == 11
    workspace.import_transcripts([transcript.path])
    for folder in (workspace.paths.workflow, Path(os.environ["HOME"])):
        for path in folder.rglob("*"):
            content = b"" if path.is_dir() else path.read_bytes()
            assert KEY[6:20].encode() not in content and KEY[20:].encode() not in content, path
            assert password.encode() not in content, path


def test_a_file_that_grows_while_it_is_read(workspace: Workspace, transcript: Transcript) -> None:
    """Whatever was read is remembered by its place, and what came meanwhile is read the next time."""
    path = transcript.add("user", "one").write()
    with path.open("rb") as stream:
        status = os.fstat(stream.fileno())
        transcript.add("assistant", "two").write()
        lines = LineReader(stream, 0)
        records = list(lines.batch())
        state = state_after(stream, str(path), status, lines, GoesOn(SESSION))
    assert lines.ended
    assert [said.text for record in records for said in record.said][:1] == ["one"]
    assert not is_unchanged(state, path.stat())
    with path.open("rb") as stream:
        assert start_of(stream, state, path.stat()) == state.offset
    take(workspace, path)
    assert [text for _, text in texts(workspace)] == ["one", "two"]


def test_a_file_that_was_cut_in_a_line_is_read_from_its_start(
    workspace: Workspace, transcript: Transcript
) -> None:
    path = transcript.add("user", "one").add("assistant", "two").add("user", "three").write()
    take(workspace, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert counts(take(workspace, path)) == (0, 0, 0)
    transcript.lines[2:] = []
    transcript.add("user", "another three", uuid="new").add("assistant", "four").write()
    take(workspace, path)
    assert [text for _, text in texts(workspace)] == ["one", "two", "three", "another three", "four"]


def test_a_linked_transcript_is_read_and_a_link_to_nothing_is_told(
    workspace: Workspace, transcript: Transcript
) -> None:
    path = transcript.add("user", "one").write()
    link, dangling = path.with_name("link.jsonl"), path.with_name("dangling.jsonl")
    link.symlink_to(path)
    dangling.symlink_to(path.with_name("nothing"))
    report = take(workspace, link, dangling)
    assert counts(report) == (1, 1, 0)
    assert [Path(name).name for name, _ in report.problems] == ["dangling.jsonl"]
    assert take(workspace, link).unchanged == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_transcript_that_may_not_be_read_stops_nothing(
    workspace: Workspace, transcript: Transcript
) -> None:
    path = transcript.add("user", "one").write()
    closed = path.with_name("closed.jsonl")
    closed.write_bytes(path.read_bytes())
    closed.chmod(0)
    report = take(workspace, closed, path)
    assert counts(report) == (1, 1, 0)
    assert [Path(name).name for name, _ in report.problems] == ["closed.jsonl"]


def silent(kind: str, data: object, end: str = "") -> bytes:
    record = {"parentUuid": None, "isSidechain": False, "cwd": "/x", "type": kind, "data": data}
    return (json.dumps(record, separators=(",", ":")) + end).encode()


def test_silent_records_are_told_before_they_are_parsed() -> None:
    said = {"type": "user", "uuid": "u", "message": {"content": "hi"}}
    joined = json.dumps(said, separators=(",", ":"))
    assert read_line(silent("progress", {"type": "user"})) == ([], True)
    assert read_line(silent("progress", {"type": "user"}, "\n")) == ([], True)
    assert read_line(silent("progress", {"broken": 1})[:-5] + b"\n") == ([], True)  # nothing to lose
    for end in (joined, f" {joined}", f"{joined}\n"):
        [record] = read_line(silent("progress", {}, end))[0]
        assert record.said[0].text == "hi"
    # A type that is not the record's own says nothing about it.
    nested = json.dumps({"message": {"type": "progress", "content": "hi"}, "type": "user"}).encode()
    [record] = read_line(nested)[0]
    assert record.said[0].text == "hi"


DATA_KEY = "toolUseResult"
ANSWER: dict[str, Any] = {
    "parentUuid": None,
    "isSidechain": False,
    "cwd": "/x",
    "sessionId": SESSION,
    "gitBranch": "main",
    "type": "user",
    "message": {"content": [{"type": "tool_result", "tool_use_id": "t", "content": 'a "quoted" \\ é'}]},
    "uuid": "u",
    "timestamp": "2026-02-14T10:00:00.000Z",
    DATA_KEY: {"stdout": '","' + DATA_KEY + '":{"', "is": [{}, {"a": None}]},
    "sourceToolAssistantUUID": "v",
}


def compact(*records: object) -> bytes:
    return "".join(json.dumps(record, separators=(",", ":")) for record in records).encode() + b"\n"


def spaced(record: object) -> bytes:
    """A line that has to be parsed whole."""
    return json.dumps(record).encode() + b"\n"


@given(st.permutations(list(ANSWER)), st.sets(st.sampled_from(list(ANSWER)), max_size=3), st.data())
def test_data_of_tools_are_passed_over_wherever_they_stand(
    order: list[str], missing: set[str], data: st.DataObject
) -> None:
    record = {key: ANSWER[key] for key in order if key not in missing}
    for key, values in {"isSidechain": [True], "isMeta": [True], "agentId": ["a"], "uuid": ["", 7]}.items():
        if data.draw(st.booleans()):
            record[key] = data.draw(st.sampled_from(values))
    if data.draw(st.booleans()):  # as the progress of a subagent has it
        record = {**record, "data": {"message": dict(record)}}
    assert read_line(compact(record)) == read_line(spaced(record))


def test_a_silent_record_that_is_still_being_written_is_held_back(
    workspace: Workspace, transcript: Transcript
) -> None:
    """What comes behind would be read as a record of its own."""
    inner = {"type": "user", "uuid": "w", "message": {"content": "inside"}}
    line = json.dumps({"type": "progress", "data": inner}, separators=(",", ":"))
    path = transcript.add("user", "one").raw(line[: line.index("{", 1)]).write(end="")
    assert counts(take(workspace, path)) == (1, 1, 0)
    transcript.lines[-1] = line
    transcript.add("user", "two").write()
    assert take(workspace, path).problems == []
    assert [text for _, text in texts(workspace)] == ["one", "two"]


def test_of_two_records_on_a_line_the_second_may_have_the_data_of_a_tool() -> None:
    first = {**ANSWER, "uuid": "first"}
    del first[DATA_KEY]
    records, whole = read_line(compact(first, ANSWER))
    assert ([record.said[0].id for record in records], whole) == (["first", "u"], True)


def test_an_import_that_was_interrupted_inside_of_a_transcript_is_completed_by_the_next(
    workspace: Workspace, transcript: Transcript, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_BATCH_BYTES", 1_000)
    monkeypatch.setattr(importing, "_MOST_AT_ONCE", 2)
    for number in range(40):
        transcript.add("user", f"words {number}")
    path = transcript.write()
    real, stored = SqliteMessages.take_in_rows, list[int]()

    def once(store: SqliteMessages, name: str, rows: Any, states: Any = ()) -> list[str]:
        if stored:
            raise KeyboardInterrupt
        stored.append(len(rows))
        return real(store, name, rows, states)

    with monkeypatch.context() as interrupted, pytest.raises(KeyboardInterrupt):
        interrupted.setattr(SqliteMessages, "take_in_rows", once)
        take(workspace, path)
    assert 0 < stored[0] < 40
    assert counts(take(workspace, path)) == (0, 40 - stored[0], 0)
    assert [text for _, text in texts(workspace)] == [f"words {number}" for number in range(40)]
    assert take(workspace, path).unchanged == 1


def test_what_stands_behind_the_data_of_a_tool_is_not_lost() -> None:
    [answer], whole = read_line(compact(ANSWER))
    assert (answer.said[0].text, whole) == ('a "quoted" \\ é', True)
    other = {"type": "user", "uuid": "w", "message": {"content": "and this"}}
    title = {"type": "summary", "leafUuid": "v", "summary": "this"}
    for second in (other, title, ANSWER):
        records, whole = read_line(compact(ANSWER, second))
        assert (len(records), records[0], whole) == (2, answer, True)
    line = compact(ANSWER)
    assert read_line(line[:-1]) == ([answer], True)
    assert read_line(line[:-2]) == ([], False)  # still being written
    assert read_line(line.replace(b'v"}', b'v"') + compact(other)) == ([], False)


def test_sessions_are_linked(workspace: Workspace, transcript: Transcript) -> None:
    (workspace.paths.specs / "beta").mkdir()
    run = ".spec-workflow/specs/alpha/execution/waves/wave-01/execution/run-002"
    transcript.add("user", "Run /spw:exec beta now, never gamma")
    transcript.call("Write", file_path=f"{transcript.cwd}/{run}/unit-tester/report.md")
    transcript.call("Bash", command=f"ls {run}")
    transcript.call("Edit", file_path="src/pay.py")
    transcript.call("Edit", file_path="../elsewhere.py")
    transcript.call("Edit", file_path="/etc/passwd")
    transcript.call("Read", file_path=f"{transcript.cwd}/README.md")
    take(workspace, transcript.write())
    links = {(str(link.kind), link.target): link.how for link in workspace.session(SESSION).links}
    assert links == {
        ("spec", "alpha"): "path",
        ("spec", "beta"): "prompt",
        ("run", "alpha/execution/waves/wave-01/execution/run-002"): "path",
        ("file", "src/pay.py"): "path",
    }
    [row] = workspace.sessions(spec="alpha")
    assert row.specs == ("alpha", "beta")
    assert workspace.sessions(spec="gamma") == []


def test_a_folder_inside_a_spec_is_a_link(workspace: Workspace, transcript: Transcript) -> None:
    transcript.cwd = str(workspace.paths.spec_dir("alpha") / "design")
    take(workspace, transcript.add("user", "hello").write())
    assert [(link.target, link.how) for link in workspace.session(SESSION).links] == [("alpha", "cwd")]


def test_subagents_are_told_apart(workspace: Workspace, transcript: Transcript) -> None:
    transcript.add("user", "task for you", isSidechain=True, agentId="a1")
    transcript.call("Task", "found it", prompt="Look for the bug", subagent_type="tester", description="bug")
    take(workspace, transcript.write())
    said = workspace.session(SESSION).messages
    assert said[0].metadata == {"agent": "a1"}
    assert said[1].content == "Task: tester bug\nLook for the bug"


def test_what_is_forgotten_is_not_imported_again(workspace: Workspace, transcript: Transcript) -> None:
    path = transcript.add("user", "one zanzibar").write()
    take(workspace, path)
    assert workspace.forget([SESSION]).messages == 1
    transcript.add("user", "two").write()
    assert counts(take(workspace, path)) == (0, 0, 0)
    assert workspace.sessions() == []
    assert workspace.search_messages("zanzibar") == []
    with pytest.raises(NotFound):
        workspace.session(SESSION)
    assert workspace.forget([SESSION]).messages == 0


def test_the_same_message_in_two_files_is_one(workspace: Workspace, transcript: Transcript) -> None:
    path = transcript.add("user", f"one {KEY}").write()
    copy = path.with_name("fork.jsonl")
    copy.write_bytes(path.read_bytes())
    assert counts(take(workspace, path, copy)) == (1, 1, 1)
    assert take(workspace, path, copy).unchanged == 2


def test_a_session_that_goes_on_in_another_file_keeps_its_order(
    workspace: Workspace, transcript: Transcript
) -> None:
    said = ["one", "two", "three", "four", "five"]
    for text in said[:3]:
        transcript.add("user", text)
    path = transcript.write()
    transcript.path = path.with_name("resumed.jsonl")
    for text in said[3:]:
        transcript.add("user", text)
    transcript.raw(transcript.lines[0])  # written twice
    take(workspace, path, transcript.write())
    assert [text for _, text in texts(workspace)] == said


def test_many_transcripts_are_stored_together_and_each_remembered(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [
        Transcript(tmp_path / f"{number}.jsonl", "/x", f"S{number:03}").add("user", "one").write()
        for number in range(120)
    ]
    stored: list[int] = []
    real = SqliteMessages.take_in_rows

    def noting(store: SqliteMessages, name: str, rows: Any, states: Any = ()) -> list[str]:
        stored.append(len(states))
        return real(store, name, rows, states)

    monkeypatch.setattr(SqliteMessages, "take_in_rows", noting)
    assert counts(take(workspace, *files)) == (120, 120, 0)
    assert stored == [50, 50, 20]
    assert take(workspace, *files).unchanged == 120
    assert stored == [50, 50, 20]  # what is unchanged is not written about


def test_a_record_that_tells_no_session_is_of_the_one_before(workspace: Workspace, tmp_path: Path) -> None:
    said = Transcript(tmp_path / "other-name.jsonl", "/x", SESSION).add("user", "one")
    take(workspace, said.write())
    take(workspace, said.raw('{"type":"ai-title","aiTitle":"Its title"}').write())
    assert [(row.id, row.title) for row in workspace.sessions()] == [(SESSION, "Its title")]
    workspace.forget([SESSION])
    take(workspace, said.path)
    assert workspace.sessions() == []


@pytest.mark.parametrize("odd", ["src/\ud800.py", "src/\0.py", "src/\x1b[31m.py", "a" * 5_000])
def test_odd_names_of_files_are_linked(workspace: Workspace, transcript: Transcript, odd: str) -> None:
    path = transcript.call("Edit", file_path=odd).write()
    assert take(workspace, path).problems == []
    [link] = workspace.session(SESSION).links
    assert str(link.kind) == "file" and link.target.isprintable()
    assert take(workspace, path).unchanged == 1


def test_what_cannot_be_stored_of_a_transcript_holds_up_no_other(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are stored in one transaction, and of the one that failed nothing behind what is missing."""
    monkeypatch.setattr(reading, "_BATCH_BYTES", 1)
    files = []
    for session in ("first", "bad", "last"):
        said = Transcript(tmp_path / f"{session}.jsonl", "/x", session)
        said.add("user", "one", uuid=f"{session} 1").add("user", "two", uuid=f"{session} 2")
        files.append(said.write())
    real = SqliteMessages.take_in_rows

    def picky(store: SqliteMessages, name: str, rows: Any, states: Any = ()) -> list[str]:
        if any(row[1] == "bad 1" for row in rows):
            raise InvalidInput("not this one")
        return real(store, name, rows, states)

    with monkeypatch.context() as refusing:
        refusing.setattr(SqliteMessages, "take_in_rows", picky)
        report = take(workspace, *files)
        assert report.messages == 4 and report.problems == [(str(files[1]), "not this one")]
        assert [text for _, text in texts(workspace, "last")] == ["one", "two"]
        assert texts(workspace, "bad") == []
    report = take(workspace, *files)
    assert (report.messages, report.unchanged, report.problems) == (2, 2, [])
    assert [text for _, text in texts(workspace, "bad")] == ["one", "two"]


def test_a_record_as_deep_as_can_be_read_is_no_error() -> None:
    for depth in range(800, 1_100):
        read_line(b'{"type":"user","x":%b,"message":{"content":"hi"}}\n' % (b"[" * depth + b"]" * depth))


# -- which transcripts ---------------------------------------------------------------------------


@pytest.fixture
def projects(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    return private_home / ".claude" / "projects"


def folder_of(path: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "-", path)


def test_all_of_this_workspace(workspace: Workspace, projects: Path) -> None:
    root = str(workspace.paths.root.resolve())
    places = {"here": root, "below": f"{root}/web", "beside": f"{root}-2", "elsewhere": "/somewhere/else"}
    for number, (name, cwd) in enumerate(places.items()):
        session = f"{number}0000000-0000-4000-8000-000000000001"
        Transcript(projects / folder_of(cwd) / f"{session}.jsonl", cwd, session).add("user", name).write()
    session = "00000000-0000-4000-8000-000000000001"
    sub = Transcript(projects / folder_of(root) / session / "subagents" / "agent-1.jsonl", root, session)
    sub.add("user", "sub", isSidechain=True, agentId="1", uuid="sub").write()
    assert workspace.import_transcripts(everything=True).messages == 3
    assert {row.title for row in workspace.sessions()} == {"here", "below"}
    again = workspace.import_transcripts(session="00000000-0000-4000-8000-000000000001")
    assert (again.unchanged, again.messages) == (2, 0)
    with pytest.raises(NotFound):
        workspace.import_transcripts(session="unknown")


def test_what_cannot_be_read_below_a_workspace_hides_no_other(workspace: Workspace, projects: Path) -> None:
    root = str(workspace.paths.root)
    below = projects / re.sub(r"[^A-Za-z0-9]", "-", root + "/sub")
    later = projects / re.sub(r"[^A-Za-z0-9]", "-", root + "/tub")
    for number, folder in enumerate((below, later)):
        Transcript(folder / "good.jsonl", f"{root}/sub", f"s{number}").add("user", "a word").write()
    (below / "a-link.jsonl").symlink_to("nothing")
    (below / "folder.jsonl").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(below / "b-pipe.jsonl")
    report = workspace.import_transcripts(everything=True)
    assert (report.sessions, report.problems) == (2, [])


def test_no_folder_of_claude_code_is_no_error(workspace: Workspace, projects: Path) -> None:
    assert workspace.import_transcripts(everything=True) == ImportReport()


def queue(workspace: Workspace, name: str, value: object) -> Path:
    note = workspace.paths.memory_queue / f"{name}.json"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(value if isinstance(value, str) else json.dumps(value))
    return note


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_a_note_that_is_no_file_is_not_waited_for(workspace: Workspace, tmp_path: Path) -> None:
    note = queue(workspace, "pipe", {})
    note.unlink()
    os.mkfifo(note)
    (tmp_path / "elsewhere.json").write_text(f'{{"transcript": "{tmp_path}/x.jsonl"}}')
    note.with_name("link.json").symlink_to(tmp_path / "elsewhere.json")
    reading = threading.Thread(target=queued, args=[workspace.paths], daemon=True)
    reading.start()
    reading.join(30)
    assert not reading.is_alive() and queued(workspace.paths) == []


@pytest.mark.parametrize(
    "name", ["/" + "a" * 5_000, "/\0", "/\ud800", "/dev/zero"], ids=["long", "nul", "surrogate", "device"]
)
def test_a_note_of_an_odd_name_holds_up_no_other(
    workspace: Workspace, transcript: Transcript, name: str
) -> None:
    queue(workspace, "a", {"transcript": name})
    queue(workspace, SESSION, {"transcript": str(transcript.add("user", "a word").write())})
    assert workspace.import_transcripts(queued=True).messages == 1
    assert queued(workspace.paths) == []
    queue(workspace, SESSION, {"transcript": name})
    assert workspace.forget([SESSION]).messages == 1


def test_the_queue_is_drained(workspace: Workspace, transcript: Transcript) -> None:
    path = transcript.add("user", "one").write()
    notes = [
        queue(workspace, SESSION, {"session": SESSION, "transcript": str(path)}),
        queue(workspace, "gone", {"transcript": str(path.with_name("deleted.jsonl"))}),
    ]
    odd = [queue(workspace, "odd", "no json"), queue(workspace, "relative", {"transcript": "../x.jsonl"})]
    report = workspace.import_transcripts(queued=True)
    assert (report.messages, report.problems) == (1, [])
    assert not any(note.exists() for note in notes)
    assert all(note.exists() for note in odd)
    assert workspace.import_transcripts(queued=True).messages == 0


# -- anything ------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "message", "content", "text", "input", "uuid", "sessionId", "name", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_record_is_an_error(value: Any) -> None:
    for kind in ("user", "assistant", "system", "attachment", "ai-title", value):
        record = {"type": kind, "message": value} if not isinstance(value, dict) else {**value, "type": kind}
        read_line(json.dumps(record).encode())
        read_line(json.dumps({"type": kind, "message": {"content": value}}).encode())


@given(st.binary(max_size=200))
def test_no_line_is_an_error(line: bytes) -> None:
    read_line(line)


ODD_TEXT = st.sampled_from(["", "\x1b[31m", "\0", "\ud800", "é\x9b1m", "x" * 700, "t"])


@pytest.mark.skipif(os.name == "nt", reason="no such names of files")
@given(st.lists(st.tuples(ODD_TEXT, ODD_TEXT, ODD_TEXT, ODD_TEXT, st.booleans()), min_size=1, max_size=5))
def test_whatever_is_said_becomes_a_message(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str, str, str, bool]]
) -> None:
    """Rows are not made of messages, for that takes long, but messages can be made of all of them."""
    path = tmp_path_factory.mktemp("said") / "\x1b[1m.jsonl"
    transcript = Transcript(path, "/x")
    for identity, session, name, text, failed in said:
        use = {"type": "tool_use", "id": name, "name": text, "input": {"command": text}}
        result = {"type": "tool_result", "tool_use_id": name, "content": text, "is_error": failed}
        told = {"type": "text", "text": text}
        for kind in ("assistant", "user"):
            transcript.add(kind, [use, result, told], uuid=identity, sessionId=session, agentId=name)
        notice = {"type": "system", "subtype": "api_error", "content": text, "timestamp": name}
        transcript.raw(json.dumps({**notice, "uuid": identity}))
    (path.parent / ".spec-workflow").mkdir()
    scout = Scout(Workspace.open(path.parent).paths, ())
    for portion in scout.portions(transcript.write(), None):
        for row in portion.messages:
            assert row_of(read_message(row)) == row


def test_real_transcripts(workspace: Workspace) -> None:
    if not DATA.is_dir():
        pytest.skip("no real transcripts on this machine")
    report = take(workspace, *sorted(DATA.glob("*.jsonl")))
    assert report.problems == []
    assert report.sessions == 2
    titles = {row.title for row in workspace.sessions()}
    assert titles == {"Edit the notes file", "Implement the following plan:"}
    real = next(row for row in workspace.sessions() if row.messages > 200)
    # 31 texts of which one is blank, 106 calls, 105 answers, 1 prompt; the reasoning is left out.
    assert real.messages == 242


# -- what tries to break it -------------------------------------------------------------------------


def test_a_file_rewritten_behind_its_first_bytes_is_read_anew(
    workspace: Workspace, transcript: Transcript
) -> None:
    transcript.add("user", "x" * 5000)
    for number in range(20):
        transcript.add("user", f"as it was, {number}")
    take(workspace, transcript.write())
    del transcript.lines[1:]
    for number in range(30):
        transcript.add("user", f"rewound and said otherwise, {number}", uuid=f"new-{number}")
    assert counts(take(workspace, transcript.write())) == (0, 30, 0)


@pytest.mark.skipif(os.name == "nt", reason="names of files are text there")
def test_a_name_that_is_no_text(workspace: Workspace, transcript: Transcript, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd\xff.jsonl"))
    transcript.add("user", "said in the odd one", sessionId="")
    odd.write_bytes(transcript.write().read_bytes())
    other = Transcript(tmp_path / "other.jsonl", transcript.cwd, "other").add("user", "said in the other")
    assert counts(take(workspace, odd, other.write())) == (2, 2, 0)
    assert take(workspace, odd, other.path).unchanged == 2
    assert {row.id for row in workspace.sessions()} == {"odd?", "other"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_not_waited_for(workspace: Workspace, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    assert take(workspace, tmp_path / "pipe.jsonl").problems == [(str(tmp_path / "pipe.jsonl"), "is no file")]


def test_the_strongest_sign_of_a_link_stays(workspace: Workspace, transcript: Transcript) -> None:
    root, transcript.cwd = transcript.cwd, f"{transcript.cwd}/.spec-workflow/specs/alpha"
    transcript.add("user", "hello")
    take(workspace, transcript.write())
    transcript.cwd = root
    transcript.add("user", "go on with alpha")
    take(workspace, transcript.write())
    assert [(link.target, link.how) for link in workspace.session(SESSION).links] == [("alpha", "cwd")]


def test_what_another_import_stored_meanwhile_is_no_conflict(
    workspace: Workspace, transcript: Transcript, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcript.add("user", "one")
    take(workspace, transcript.write())
    transcript.add("user", "two")
    queries = iter([[]])
    real = SqliteSessions.query
    monkeypatch.setattr(SqliteSessions, "query", lambda self, *ids: next(queries, None) or real(self, *ids))
    assert counts(take(workspace, transcript.write())) == (0, 1, 0)


def test_forgetting_takes_the_facts_of_summaries_along(workspace: Workspace, transcript: Transcript) -> None:
    transcript.add("assistant", "I decided on zebrafish because it is better than all others.")
    transcript.call("Edit", file_path=f"{transcript.cwd}/src/zebrafish.py")
    take(workspace, transcript.write())
    assert workspace.compact(session=SESSION, older_than_days=0).facts == 2
    workspace.forget([SESSION])
    holding = [p.name for p in workspace.paths.memory_dir.iterdir() if b"zebrafish" in p.read_bytes()]
    assert holding == []
