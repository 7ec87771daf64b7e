"""A transcript that is read as it grows brings what it brings when it is read whole."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.memory import portions, reading
from spw_core.memory.importing import import_transcripts
from spw_core.memory.place import HERE, reading_memory

from .transcript_support import SESSION, Transcript

OTHER = "07he0000-0000-4000-8000-000000000002"
TOOLS = ("Bash", "Edit", "", "tool")
IDS = tuple(f"toolu_{number}" for number in range(2))


def call(which: str, tool: str) -> dict[str, Any]:
    used = {"type": "tool_use", "id": which, "name": tool, "input": {"file_path": "src/a.py"}}
    return {"type": "assistant", "message": {"content": [used], "model": f"m-{tool}"}}


def answer(which: str, text: str) -> dict[str, Any]:
    given = {"type": "tool_result", "tool_use_id": which, "content": text}
    return {"type": "user", "message": {"content": [given]}, "toolUseResult": {"is": [{}, text]}}


def said(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "message": {"content": [{"type": "text", "text": text}]}}


def counted(which: int, tokens: int) -> dict[str, Any]:
    message = {"id": f"msg_{which}", "content": [], "usage": {"output_tokens": tokens}}
    return {"type": "assistant", "message": message}


TEXTS = st.sampled_from(["alpha, please", "é\U0001f600", " ", "<meta>", '{"type":"user"}', "x" * 300])
RECORDS = st.one_of(
    st.builds(call, st.sampled_from(IDS), st.sampled_from(TOOLS)),
    st.builds(answer, st.sampled_from(IDS), TEXTS),
    st.builds(said, st.sampled_from(["user", "assistant"]), TEXTS),
    st.builds(counted, st.integers(0, 2), st.integers(1, 9)),
    st.builds(lambda text: {"type": "ai-title", "aiTitle": text}, TEXTS),
    st.just({"type": "progress", "data": {"type": "user"}}),
)
# Where a record belongs, as far as it tells.
PLACES = st.fixed_dictionaries(
    {},
    optional={
        "sessionId": st.sampled_from([SESSION, OTHER]),
        "timestamp": st.sampled_from([f"2026-02-14T10:00:0{n}.000Z" for n in range(5)]),
        "cwd": st.sampled_from(["/x", "/x/.spec-workflow/specs/alpha"]),
        "gitBranch": st.sampled_from(["main", "other"]),
    },
)


NO_RECORDS = "holds no records of Claude Code"
WHOLE = 8 << 20


def lines_of(records: Sequence[tuple[dict[str, Any], dict[str, str], str]]) -> bytes:
    numbered = (
        json.dumps(place | record | {"uuid": f"u{number}"}, ensure_ascii=False) + end
        for number, (record, place, end) in enumerate(records)
    )
    return "".join(numbered).encode()


def taken(folder: Path, data: bytes, cuts: Sequence[int], batch: int = WHOLE) -> dict[str, Any]:
    """All that is remembered of a transcript that was read at some lengths and then whole, in batches."""
    (folder / ".spec-workflow" / "specs" / "alpha").mkdir(parents=True)
    workspace = Workspace.open(folder)
    path = folder / "transcript.jsonl"
    for length in (*sorted(cuts), len(data)):
        path.write_bytes(data[:length])
        os.utime(path, ns=(10**18, 10**18))  # stands for the times that records do not tell
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reading, "_BATCH_BYTES", batch)
            assert import_transcripts(workspace.paths, [path]).problems in ([], [(str(path), NO_RECORDS)])
    with reading_memory(workspace.paths) as memory:
        assert memory
        sessions = memory.sessions.newest(HERE, None)
        [state] = memory.messages.transcripts().values()
        return {
            "messages": [memory.messages.of_session(HERE, one.id) for one in sessions],
            "sessions": [(one.id, one.title, one.model, one.branch, one.cwd) for one in sessions],
            "times": [one.created_at for one in sessions],
            "tokens": memory.sessions.tokens(HERE),
            "links": [memory.sessions.links(HERE, one.id) for one in sessions],
            "state": (state.session_id, state.offset, state.moment, [*state.open_calls.items()]),
        }


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(RECORDS, PLACES, st.sampled_from(["\n", "\n", "", "\nno record\n"])), min_size=3),
    st.data(),
)
def test_any_cuts_bring_what_the_whole_brings(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[tuple[dict[str, Any], dict[str, str], str]],
    data: st.DataObject,
) -> None:
    whole = lines_of(records)
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=4))
    batch = data.draw(st.sampled_from([1, 300, WHOLE]))
    folder = tmp_path_factory.mktemp("cut")
    assert taken(folder / "cut", whole, cuts, batch) == taken(folder / "whole", whole, [])


def test_what_is_named_most_often_is_told_by_all_readings(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.paths.specs / "beta").mkdir()
    talk = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root))
    for words in ("alpha", "alpha", "beta", "beta", "alpha"):
        talk.add("user", f"go on with {words}")
        workspace.import_transcripts([talk.write()])
    agent = Transcript(tmp_path / "agent-1.jsonl", talk.cwd).add("user", "do alpha", uuid="a-1", agentId="1")
    workspace.import_transcripts([agent.write()])
    counts = {link.target: link.count for link in workspace.session(SESSION).links}
    assert counts == {"alpha": 4, "beta": 2}
    assert workspace.sessions()[0].specs == ("alpha", "beta")
    # A file that was written anew tells again what it told.
    talk.lines[0] = talk.lines[0].replace("go on", "now go on")
    workspace.import_transcripts([talk.write()])
    assert {link.target: link.count for link in workspace.session(SESSION).links} == counts


@pytest.mark.parametrize("batch", [1, WHOLE])
def test_an_answer_has_the_name_of_the_tool_that_was_called_before(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """Also when the call is no message any more, and when the reading between them was another's."""
    monkeypatch.setattr(reading, "_BATCH_BYTES", batch)
    talk = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root)).add("user", "Go")
    talk.call("Grep", "found").call("Bash", "ok")
    answers = [talk.lines.pop(), talk.lines.pop(-2)]
    workspace.import_transcripts([talk.write()])
    workspace.compact(session=SESSION, older_than_days=0)
    for line in answers:
        workspace.import_transcripts([talk.raw(line).write()])
    names = [one.tool_name for one in workspace.session(SESSION).messages]
    assert names == ["Bash", "Grep"]


def test_of_calls_without_end_the_oldest_are_given_up(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "_MOST_OPEN", 2)
    talk = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root))
    for tool in ("One", "Two", "Three"):
        talk.call(tool)
    calls, answers = talk.lines[::2], talk.lines[1::2]
    talk.lines[:] = calls
    workspace.import_transcripts([talk.write()])
    talk.lines += answers
    workspace.import_transcripts([talk.write()])
    named = [one.tool_name for one in workspace.session(SESSION).messages]
    assert named == ["One", "Two", "Three", "tool", "Two", "Three"]
