"""What the answers of models took, counted once for each, however often a transcript tells it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.cli import main
from spw_core.formats.transcripts import read_line
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
