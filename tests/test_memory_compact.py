"""Old messages become summaries: nothing lost, nothing twice, whatever happens in between."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from spw_core.api import Workspace
from spw_core.config.sections import Store
from spw_core.errors import InvalidInput
from spw_core.memory import compaction
from spw_core.memory.compaction import compact
from spw_core.memory.extract import extract
from spw_core.memory.place import HERE, writing_memory

from .support import write
from .transcript_support import SESSION, Transcript


def conversation(workspace: Workspace, folder: Path, turns: int = 3) -> Path:
    transcript = Transcript(folder / f"{SESSION}.jsonl", str(workspace.paths.root))
    for number in range(turns):
        transcript.add("user", f"Please fix problem {number}")
        transcript.add(
            "assistant", f"I looked at it. We decided to use a queue {number} because it is simple."
        )
        transcript.call("Edit", file_path=f"src/file{number}.py")
        transcript.call("Bash", f"test {number} failed", error=True, command="make test")
        transcript.add("assistant", f"The cause was a missing import {number}.")
    return transcript.write()


@pytest.fixture
def talked(workspace: Workspace, tmp_path: Path) -> Workspace:
    workspace.import_transcripts([conversation(workspace, tmp_path)])
    return workspace


def test_a_session_becomes_a_summary(talked: Workspace, tmp_path: Path) -> None:
    before = talked.session(SESSION)
    report = talked.compact(older_than_days=0)
    assert (report.sessions, report.summaries, report.messages) == (1, 1, len(before.messages))
    view = talked.session(SESSION)
    assert (view.messages, view.row.summaries) == ((), 1)
    [summary] = view.summaries
    assert summary.message_ids == tuple(message.id for message in before.messages)
    assert (summary.from_time, summary.to_time) == (before.row.started_at, before.row.ended_at)
    for line in (
        "Please fix problem 2",
        "We decided to use a queue 1 because it is simple.",
        "src/file0.py",
        "Bash: test 1 failed → The cause was a missing import 1.",
    ):
        assert f"- {line}\n" in summary.content + "\n"
    with writing_memory(talked.paths) as memory:
        facts = memory.knowledge.find_facts(HERE, entity_id=f"session:{SESSION}", predicate="changed")
    assert {fact.value for fact in facts} == {f"src/file{number}.py" for number in range(3)}
    # A pass more finds nothing to do, and reading the transcript again brings nothing back.
    assert talked.compact(older_than_days=0).summaries == 0
    path = conversation(talked, tmp_path / "again")
    assert talked.import_transcripts([path]).messages == 0


def test_only_what_is_old(talked: Workspace) -> None:
    assert talked.compact(older_than_days=90_000).sessions == 0
    assert talked.compact(older_than_days=90_000, session=SESSION).sessions == 1
    with pytest.raises(InvalidInput):
        talked.compact(older_than_days=-1)


def test_long_sessions_in_batches(talked: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "_BATCH", 5)
    count = len(talked.session(SESSION).messages)
    report = talked.compact(older_than_days=0)
    assert (report.messages, report.summaries) == (count, -(-count // 5))
    summaries = talked.session(SESSION).summaries
    assert len({one for summary in summaries for one in summary.message_ids}) == count


def test_two_passes_at_once_make_one_summary(talked: Workspace) -> None:
    count = len(talked.session(SESSION).messages)
    reports: list[Any] = []
    passes = [
        threading.Thread(target=lambda: reports.append(talked.compact(older_than_days=0))) for _ in range(4)
    ]
    for one in passes:
        one.start()
    for one in passes:
        one.join()
    assert sorted(report.messages for report in reports) == [0, 0, 0, count]
    assert len(talked.session(SESSION).summaries) == 1


def test_messages_that_arrive_meanwhile_stay(
    talked: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = compaction.extract

    def while_choosing(batch: Any) -> Any:
        path = conversation(talked, tmp_path, turns=4)
        assert talked.import_transcripts([path]).messages == 7
        return chosen(batch)

    monkeypatch.setattr(compaction, "extract", while_choosing)
    talked.compact(older_than_days=0)
    assert len(talked.session(SESSION).messages) == 7


def test_nothing_to_extract() -> None:
    found = extract([])
    assert compaction.as_markdown(found) == "0 messages without anything to keep."


# -- a model writes the summary ------------------------------------------------------------------

KEY = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5"
ANSWERS: dict[str, tuple[int, str]] = {
    "good": (200, json.dumps({"response": f" The team fixed it with {KEY}. "})),
    "empty": (200, json.dumps({"response": " "})),
    "wrong": (200, json.dumps({"response": 7})),
    "list": (200, "[1]"),
    "broken": (200, "{nope"),
    "missing": (404, json.dumps({"error": "model not found"})),
    "failing": (500, ""),
    "refusing": (200, json.dumps({"error": "out of memory"})),
    "torn": (200, json.dumps({"response": "The team"})[:-4]),
    "cut off": (200, "…"),
    "reset": (200, "…"),
    "dripping": (200, "…"),
    "half a key": (200, json.dumps({"response": "x" * 7_950 + f" token: {KEY}" + " and so on" * 100})),
    "odd": (200, json.dumps({"response": "Fixed \ud800 it \0 with \x1b[31mgh\x1b[0m" + KEY[2:]})),
}
GOOD = ("good", "half a key", "odd")


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, Any]]]:
    state: dict[str, Any] = {"answer": "good", "asked": [], "asked_enough": threading.Event()}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state["asked"].append((self.path, json.loads(body)))
            status, text = ANSWERS[state["answer"]]
            if state["answer"] == "reset":
                self.connection.close()
                return
            self.send_response(status)
            if state["answer"] in ("cut off", "dripping"):
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b'{"response"')
                if state["answer"] == "dripping":
                    state["asked_enough"].wait(60)
                return
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Keep the test output quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as one:
        thread = threading.Thread(target=one.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{one.server_port}", state
        state["asked_enough"].set()
        one.shutdown()
        thread.join()


def test_a_model_writes_it(talked: Workspace, server: tuple[str, dict[str, Any]]) -> None:
    url, state = server
    write(talked, "spw-config.toml", f'[store]\nsummary_model = "small"\nembeddings_url = "{url}"\n')
    report = talked.compact(older_than_days=0)
    assert (report.summaries, report.remarks) == (1, [])
    [summary] = talked.session(SESSION).summaries
    assert (summary.content, summary.method) == ("The team fixed it with [redacted:github].", "small")
    [(path, body)] = state["asked"]
    assert (path, body["model"], body["stream"]) == ("/api/generate", "small", False)
    assert "Please fix problem 0" in body["prompt"]


@pytest.mark.parametrize("answer", sorted(ANSWERS.keys() - set(GOOD)))
def test_whatever_a_server_answers_there_is_a_summary(
    talked: Workspace, server: tuple[str, dict[str, Any]], answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, state = server
    state["answer"] = answer
    monkeypatch.setattr(compaction, "_BATCH", 10)
    settings = replace(Store(), summary_model="small", embeddings_url=url, timeout_s=0.5)
    said = [message.id for message in talked.session(SESSION).messages]
    report = compact(talked.paths, settings, older_than_days=0)
    [remark] = report.remarks
    assert len(state["asked"]) == 1 and REASONS.get(answer, "no text in its answer") in remark
    summaries = talked.session(SESSION).summaries
    assert {summary.method for summary in summaries} == {"extractive"}
    assert [one for summary in summaries for one in summary.message_ids] == said


REASONS = {
    "missing": "404: model not found",
    "refusing": "out of memory",
    "failing": "HTTP 500",
    "reset": "cannot be asked",
    "dripping": "did not answer within 0.5 s",
}


@pytest.mark.parametrize("answer", GOOD)
def test_nothing_secret_or_unstorable_of_an_answer_is_kept(
    talked: Workspace, server: tuple[str, dict[str, Any]], answer: str
) -> None:
    url, state = server
    state["answer"] = answer
    settings = replace(Store(), summary_model="small", embeddings_url=url)
    assert compact(talked.paths, settings, older_than_days=0).remarks == []
    [summary] = talked.session(SESSION).summaries
    assert KEY[5:20] not in summary.content and "\0" not in summary.content
    assert summary.method == "small" and len(summary.content) <= 8_000


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://example.com", "nonsense"])
def test_no_server_or_one_elsewhere_is_not_needed(talked: Workspace, url: str) -> None:
    settings = replace(Store(), summary_model="small", embeddings_url=url)
    report = compact(talked.paths, settings, older_than_days=0)
    assert (report.summaries, len(report.remarks)) == (1, 1)
