"""`spw memory`, `trace` and `insights` as they are typed: text, JSON, errors, nothing unescaped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spw_core.api import Workspace
from spw_core.cli import main

from .transcript_support import SESSION, Transcript

Capture = pytest.CaptureFixture[str]
EVIL = "\x1b]0;title\x07\x1b[31mred\x1b[0m \u202e[bold]markup[/]"


def spw(workspace: Workspace, *args: object) -> int:
    try:
        return main([*map(str, args), "--workspace", str(workspace.paths.root)])
    except SystemExit as error:
        return int(str(error.code))


def answer(capsys: Capture, workspace: Workspace, *args: object) -> dict[str, Any]:
    assert spw(workspace, *args, "--json") == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert value["ok"] is True
    return value


@pytest.fixture
def transcript(workspace: Workspace, tmp_path: Path) -> Path:
    said = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root))
    said.add("user", f"Look at alpha {EVIL}\nand go on").add("assistant", "The answer is forty-two.")
    return said.write()


def test_file_that_is_no_transcript_fails_when_it_is_named(
    workspace: Workspace, transcript: Path, tmp_path: Path, capsys: Capture
) -> None:
    other = tmp_path / "notes.jsonl"
    other.write_text("hello\n")
    assert spw(workspace, "memory", "import", transcript, other, "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["messages"]) == (False, 2)
    assert report["problems"] == [{"path": str(other), "error": "holds no records of Claude Code"}]


def test_import_list_show_search_forget(workspace: Workspace, transcript: Path, capsys: Capture) -> None:
    imported = answer(capsys, workspace, "memory", "import", transcript)
    assert {key: imported[key] for key in ("sessions", "messages", "redacted")} == {
        "sessions": 1,
        "messages": 2,
        "redacted": 0,
    }
    assert answer(capsys, workspace, "memory", "import", transcript)["messages"] == 0
    [row] = answer(capsys, workspace, "memory", "list", "--spec", "alpha")["sessions"]
    assert (row["id"], row["messages"], row["specs"]) == (SESSION, 2, ["alpha"])
    shown = answer(capsys, workspace, "memory", "show", SESSION[:8])
    assert [message["role"] for message in shown["messages"]] == ["user", "assistant"]
    [hit] = answer(capsys, workspace, "memory", "search", "forty", "two")["results"]
    assert hit["content"] == "The answer is forty-two."
    for name in (SESSION, SESSION[:8]):
        assert answer(capsys, workspace, "memory", "search", "forty", "--session", name)["count"] == 1
    assert spw(workspace, "memory", "search", "forty", "--session", "nobody") == 1
    assert "no session nobody" in capsys.readouterr().err
    compacted = answer(capsys, workspace, "memory", "compact", "--session", SESSION[:8])
    assert (compacted["summaries"], compacted["messages"]) == (1, 2)
    assert answer(capsys, workspace, "memory", "forget", SESSION)["sessions"] == [SESSION]
    assert answer(capsys, workspace, "memory", "list")["sessions"] == []


def test_nothing_reaches_the_terminal_as_a_command(
    workspace: Workspace, transcript: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    spw(workspace, "memory", "import", transcript)
    for terminal in (False, True):
        monkeypatch.setattr("spw_core.cli.memory.is_terminal", lambda on=terminal: on)
        monkeypatch.setattr("spw_core.cli.trace.is_terminal", lambda on=terminal: on)
        for command in (
            ("memory", "list"),
            ("memory", "show", SESSION),
            ("memory", "search", "markup"),
            ("trace", SESSION),
        ):
            capsys.readouterr()
            assert spw(workspace, *command) == 0
            out = capsys.readouterr().out
            assert "markup" in out
            assert not any(sign in out for sign in ("\x1b", "\x07", "\u202e"))


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("memory",), "SUBCOMMAND"),
        (("memory", "import"), "nothing to import"),
        (("memory", "import", "/no/such/file.jsonl"), "no such file"),
        (("memory", "import", "--session", "unknown"), "no transcript of session"),
        (("memory", "show", "unknown"), "no session"),
        (("memory", "list", "--spec", "nobody"), "spec not found"),
        (("memory", "search"), "WORD"),
        (("memory", "compact", "--older-than", "-3"), "older-than"),
        (("trace", "REQ-404"), "nothing here is called"),
        (("insights", "--similar", "nobody/run-001"), "no blocked or failed run"),
        (("workspaces", "--forget", "/nowhere"), "no workspace"),
    ],
)
def test_mistakes_are_one_line_and_a_hint(
    workspace: Workspace, capsys: Capture, command: tuple[str, ...], says: str
) -> None:
    assert spw(workspace, *command) == 1
    shown = capsys.readouterr()
    assert says in shown.err
    assert "Traceback" not in shown.err


def test_an_empty_workspace_says_what_to_do(workspace: Workspace, capsys: Capture) -> None:
    for command, says in (
        (("memory", "list"), "spw memory import --all"),
        (("memory", "search", "x"), "Nothing found"),
        (("insights",), "Nothing was blocked"),
    ):
        assert spw(workspace, *command) == 0
        assert says in capsys.readouterr().out


def test_trace_and_insights_of_the_demo(demo_harvested: Workspace, capsys: Capture) -> None:
    found = answer(capsys, demo_harvested, "trace", "checkout-flaky-tests/REQ-002")
    assert found["starts"] == ["requirement:checkout-flaky-tests/REQ-002"]
    assert {"nodes", "edges", "gaps"} <= found.keys()
    groups = answer(capsys, demo_harvested, "insights", "--repeated")["groups"]
    assert groups and all(group["count"] > 1 for group in groups)
    problem = groups[0]["problems"][0]
    run = f"{problem['spec']}/{problem['run']}"
    assert answer(capsys, demo_harvested, "insights", "--similar", run)["problems"]
