"""`spw search` as people and programs meet it.

golden/search.json fixes the JSON; SPW_UPDATE_GOLDEN=1 writes it anew. Scores, ids and reasons are left out of
the golden answers: they may change, keys and facts may not.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.editor import edit_command

from .support import write
from .test_cli import Capture, spw

GOLDEN = Path(__file__).parent / "golden" / "search.json"
QUERIES = (
    "who fixed the flaky login test",
    "flakey logni tset --limit 2",
    "checkpoint --type handoff --status blocked",
    "release-gate-decider --spec user-auth --wave 1 --type report",
    "ledger --group spec",
    "REQ-004 --group run --limit 3",
    "type:handoff spec:billing-export wave:2",
    "ledger wave:7 --spec billing-export",
    "xyzzyqwerty",
)


@pytest.mark.parametrize("query", QUERIES)
def test_the_json_of_the_demo(demo_harvested: Workspace, capsys: Capture, query: str) -> None:
    assert spw("search", *query.split(), "--mode", "lexical", "--json", workspace=demo_harvested) == 0
    answer = json.loads(capsys.readouterr().out)
    for result in answer["results"]:
        assert isinstance(result.pop("id"), int)
        assert isinstance(result.pop("score"), float)
    assert answer.pop("reason")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
    if os.environ.get("SPW_UPDATE_GOLDEN"):
        text = json.dumps({**golden, query: answer}, indent=1, ensure_ascii=False)
        GOLDEN.write_text(text + "\n", encoding="utf-8")
    else:
        assert answer == golden[query]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--phase", "qa"], "phase:qa"),
        (["--run", "2"], "run:2"),
        (["--agent", "task-*"], "agent:task-*"),
        (["--task", "3"], "task:3"),
        (["--since", "2026-02-01"], "since:2026-02-01"),
        (["--wave", "1", "--wave", "2"], "wave:1,2"),
        (["--status", "blocked", "--type", "report"], "status:blocked type:report"),
    ],
)
def test_options_are_the_filters_of_the_query(
    demo_harvested: Workspace, capsys: Capture, options: list[str], words: str
) -> None:
    answers = []
    for given in (["login", *options], ["login", *words.split()]):
        assert spw("search", *given, "--json", "--limit", 100, workspace=demo_harvested) == 0
        answers.append(json.loads(capsys.readouterr().out)["results"])
    assert answers[0] == answers[1]


def test_filters_need_no_word(demo_harvested: Workspace, capsys: Capture) -> None:
    assert spw("search", "--status", "blocked", "--json", workspace=demo_harvested) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {result["status"] for result in answer["results"]} == {"blocked"}


def test_raw_prints_places(demo_harvested: Workspace, capsys: Capture) -> None:
    assert spw("search", "ledger", "--raw", "--limit", 4, workspace=demo_harvested) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    for line in lines:
        path, _, number = line.rpartition(":")
        assert len((demo_harvested.paths.root / path).read_text().splitlines()) >= int(number)


def test_corrections_and_losses_are_told(demo_harvested: Workspace, capsys: Capture) -> None:
    assert spw("search", "flakey login", workspace=demo_harvested) == 0
    assert capsys.readouterr().out.startswith("Looked for flaky instead of flakey.\n")
    assert spw("search", "ledger", "--wave", 7, workspace=demo_harvested) == 0
    out = capsys.readouterr().out
    assert "Nothing found for 'ledger'." in out
    assert "Without wave:7 there would be" in out


def test_explain(demo_harvested: Workspace, capsys: Capture) -> None:
    assert spw("search", "ledger", "--explain", "--mode", "lexical", "--json", workspace=demo_harvested) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    assert [arm["arm"] for arm in results[0]["explain"]] == ["text"]
    assert results[0]["explain"][0]["rank"] == 1
    assert spw("search", "ledger", "--explain", "--mode", "lexical", workspace=demo_harvested) == 0
    assert "text #1 " in capsys.readouterr().out


def test_more_like(demo_harvested: Workspace, capsys: Capture) -> None:
    assert spw("search", "ledger", "--limit", 1, "--json", workspace=demo_harvested) == 0
    [first] = json.loads(capsys.readouterr().out)["results"]
    assert spw("search", "--more-like", first["id"], "--json", workspace=demo_harvested) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    assert results[0]["spec"] == "billing-export"
    assert first["id"] not in [result["id"] for result in results]
    assert spw("search", "--more-like", first["id"], "login", workspace=demo_harvested) == 1
    assert "takes no words" in capsys.readouterr().err
    assert spw("search", "--more-like", 10**9, workspace=demo_harvested) == 1
    assert "no document has the id" in capsys.readouterr().err


def test_open_starts_the_editor_at_the_line(
    demo_harvested: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    editor = tmp_path / "nano"
    editor.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {shlex.quote(str(tmp_path / 'seen'))}\n")
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    assert spw("search", "ledger", "--json", "--limit", 2, workspace=demo_harvested) == 0
    second = json.loads(capsys.readouterr().out)["results"][1]
    assert spw("search", "ledger", "--open", 2, workspace=demo_harvested) == 0
    line, path = (tmp_path / "seen").read_text().splitlines()
    assert line == f"+{second['line']}"
    assert Path(path) == demo_harvested.paths.workflow / second["path"]


def test_open_says_what_cannot_be_opened(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    note = write(workspace, "specs/alpha/note.md", "walrus")
    workspace.harvest()
    assert spw("search", "walrus", "--open", 2, workspace=workspace) == 1
    assert "there is no result 2" in capsys.readouterr().err
    monkeypatch.setenv("VISUAL", "no-such-editor-anywhere")
    assert spw("search", "walrus", "--open", 1, workspace=workspace) == 1
    assert "cannot run the editor" in capsys.readouterr().err
    monkeypatch.setenv("VISUAL", "'")
    assert spw("search", "walrus", "--open", 1, workspace=workspace) == 1
    assert "cannot run the editor" in capsys.readouterr().err
    monkeypatch.setenv("VISUAL", " ")  # as if there were none: the file itself must not be run
    monkeypatch.setenv("EDITOR", "no-other-editor")
    note.chmod(0o755)
    assert spw("search", "walrus", "--open", 1, workspace=workspace) == 1
    assert "no-other-editor" in capsys.readouterr().err
    note.unlink()
    assert spw("search", "walrus", "--open", 1, workspace=workspace) == 1
    assert "spw restore alpha" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("editor", "command"),
    [
        ("vi", ["vi", "+7", "a b.md"]),
        ("/usr/bin/nvim -u NONE", ["/usr/bin/nvim", "-u", "NONE", "+7", "a b.md"]),
        ("code --wait", ["code", "--wait", "--goto", "a b.md:7"]),
        ("hx", ["hx", "a b.md:7"]),
        ("my-editor", ["my-editor", "a b.md"]),
    ],
)
def test_editors_that_take_a_line(editor: str, command: list[str]) -> None:
    assert edit_command(editor, Path("a b.md"), 7) == command


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["x", "--since", "soon"], "not a moment: soon"),
        (["x", "--wave", "two"], "--wave: must be a whole number"),
        (["x", "--group", "phase"], "--group: invalid choice"),
        (["x", "--mode", "psychic"], "--mode: invalid choice"),
        (["--limit", "3"], "required: WORD"),
    ],
)
def test_slips_are_one_message(
    demo_harvested: Workspace, capsys: Capture, args: list[str], message: str
) -> None:
    assert spw("search", *args, workspace=demo_harvested) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err


def test_removed_files_are_found_on_request_alone(workspace: Workspace, capsys: Capture) -> None:
    note = write(workspace, "specs/alpha/walrus.md", "# Walrus\n\nkept for ever\n")
    write(workspace, "specs/alpha/tasks.md", "# Tasks\n")
    workspace.harvest()
    note.unlink()
    workspace.harvest()
    assert workspace.search("walrus").results == ()
    [result] = workspace.search("walrus", removed=True).results
    assert (result.path, bool(result.removed_at)) == ("specs/alpha/walrus.md", True)
    assert spw("search", "walrus", "--removed", "--json", workspace=workspace) == 0
    assert json.loads(capsys.readouterr().out)["count"] == 1
    workspace.spec("alpha").restore(["walrus.md"])
    workspace.harvest()
    assert [r.path for r in workspace.search("walrus").results] == ["specs/alpha/walrus.md"]
    assert workspace.search("walrus", removed=True).results == ()


def test_secrets_are_neither_found_nor_shown(workspace: Workspace) -> None:
    secret = "ghp_" + "a1B2c3D4e5" * 4
    body = f"# Keys\n\nwalrus one\n\ntoken {secret} here\n\nwalrus last\n"
    path = write(workspace, "specs/alpha/keys.md", body)
    status = json.dumps({"status": "pass", "summary": f"walrus key {secret}"})
    write(workspace, "specs/alpha/qa/_comms/qa/run-001/agent/status.json", status)
    workspace.harvest()
    assert workspace.search(secret, mode="lexical").results == ()
    results = workspace.search("walrus here token key").results
    assert len(results) >= 2
    assert not any(secret in f"{r.snippet} {r.title} {r.heading}" for r in results)
    assert any("[redacted:" in result.snippet for result in results)
    [note] = [r for r in workspace.search("walrus last").results if r.path.endswith("keys.md")]
    assert "walrus" in path.read_text().splitlines()[note.line - 1]
    assert workspace.spec("alpha").read_bytes("keys.md") == body.encode()
    index = workspace.paths.index_db.read_bytes()
    wal = workspace.paths.index_db.with_name(workspace.paths.index_db.name + "-wal")
    assert secret.encode() not in index + (wal.read_bytes() if wal.exists() else b"")


def test_a_search_by_words_starts_light(demo_harvested: Workspace) -> None:
    """No numpy, no usearch, no requests in the process that answers, whatever the mode, without vectors."""
    code = (
        "import sys; from spw_core.cli import main;"
        "main(['--workspace', sys.argv[1], 'search', 'flakey login', '--json', *sys.argv[2:]]);"
        "heavy = {'numpy', 'usearch', 'requests', 'rich', 'textual'} & set(sys.modules);"
        "sys.exit(','.join(heavy) or 0)"
    )
    for options in ([], ["--mode", "lexical"]):
        command = [sys.executable, "-c", code, str(demo_harvested.paths.root), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["count"] == 10
