"""The command line as a person and as a program meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.cli import main

from .support import write, write_run

Capture = pytest.CaptureFixture[str]


def spw(*args: object, workspace: Workspace | None = None) -> int:
    options = ["--workspace", str(workspace.paths.root)] if workspace else []
    try:
        return main([*options, *(str(arg) for arg in args)])
    except SystemExit as error:  # argparse
        return error.code if isinstance(error.code, int) else 1


def test_no_workspace_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["list"], ["harvest", "--all"], ["search", "x"], ["view", "x"]):
        assert spw(*command) == 1
        error = capsys.readouterr().err
        assert "no .spec-workflow folder" in error
        assert "mkdir -p .spec-workflow/specs" in error


def test_errors_are_json_where_json_was_asked(tmp_path: Path, capsys: Capture) -> None:
    assert spw("--workspace", tmp_path, "list", "--json") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    value = json.loads(captured.err)
    assert value["ok"] is False
    assert "no .spec-workflow" in value["error"]


def test_empty_workspace(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / ".spec-workflow").mkdir()
    workspace = Workspace.open(tmp_path)
    assert spw("harvest", "--all", workspace=workspace) == 0
    assert "No specs yet" in capsys.readouterr().out
    assert spw("list", workspace=workspace) == 0
    assert "No specs yet" in capsys.readouterr().out
    assert spw("list", "--json", workspace=workspace) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "specs": []}


def test_workspace_option_before_and_after_the_command(demo_harvested: Workspace, capsys: Capture) -> None:
    root = str(demo_harvested.paths.root)
    assert spw("--workspace", root, "list") == 0
    before = capsys.readouterr().out
    assert spw("list", "--workspace", root) == 0
    assert capsys.readouterr().out == before
    assert len(before.splitlines()) == 8


def test_harvest_json(demo: Workspace, capsys: Capture) -> None:
    assert spw("harvest", "--all", "--json", workspace=demo) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["ok"] is True
    assert value["elapsed_s"] >= 0
    wanted = {"spec", "files", "changed", "unchanged", "removed", "runs", "subagents", "handoffs", "waves"}
    wanted |= {"tasks", "impl_logs", "approvals", "errors"}
    for spec in value["specs"]:
        assert wanted <= spec.keys()
        assert spec["files"] == spec["changed"] > 0
    [error] = [error for spec in value["specs"] for error in spec["errors"]]
    assert error.keys() == {"path", "error"}


def test_harvest_prints_counts_and_errors(demo: Workspace, capsys: Capture) -> None:
    assert spw("harvest", "user-auth", "billing-export", workspace=demo) == 0
    out = capsys.readouterr().out
    assert "user-auth: " in out
    assert "invalid JSON" in out
    assert "gift-cards" not in out


def test_harvest_of_a_bad_name_writes_nothing(demo: Workspace, capsys: Capture) -> None:
    assert spw("harvest", "user-auth", "../evil", workspace=demo) == 1
    assert "invalid spec name" in capsys.readouterr().err
    assert not demo.paths.spec_db("user-auth").exists()
    assert spw("harvest", "--all", "user-auth", workspace=demo) == 1
    assert "either" in capsys.readouterr().err


def test_failed_spec_makes_the_exit_code_1(workspace: Workspace, capsys: Capture) -> None:
    (workspace.paths.specs / "bad name").mkdir()
    assert spw("harvest", "--all", workspace=workspace) == 1
    assert "bad name: failed" in capsys.readouterr().out


def test_list_json(demo_harvested: Workspace, capsys: Capture) -> None:
    assert spw("list", "--json", workspace=demo_harvested) == 0
    specs = {spec["name"]: spec for spec in json.loads(capsys.readouterr().out)["specs"]}
    assert {spec["stage"] for spec in specs.values()} == {
        "requirements",
        "design",
        "planning",
        "execution",
        "qa",
        "post-mortem",
        "complete",
    }
    blocked = specs["billing-export"]
    assert blocked["status"] == "blocked"
    assert blocked["tasks"] == {"done": 3, "total": 5}
    assert blocked["waves"] == {"current": 2, "total": 2}
    assert blocked["attention"][0].keys() == {"kind", "text", "path"}
    for item in blocked["attention"]:
        assert (demo_harvested.paths.workflow / item["path"]).exists()


def test_search_json(demo_harvested: Workspace, capsys: Capture) -> None:
    assert spw("search", "flaky", "login", "--json", "--limit", 3, workspace=demo_harvested) == 0
    value = json.loads(capsys.readouterr().out)
    assert value.keys() >= {"ok", "query", "mode_requested", "mode", "reason", "count", "results"}
    assert (value["query"], value["count"], len(value["results"])) == ("flaky login", 3, 3)
    first = value["results"][0]
    assert first.keys() >= {
        *("id", "spec", "type", "phase", "command", "run", "wave", "agent", "title", "heading", "path"),
        *("line", "snippet", "score", "matched"),
    }
    assert "«" in first["snippet"]
    assert first["matched"] == ["flaky", "login"]


def test_search_prints_place_and_snippet(demo_harvested: Workspace, capsys: Capture) -> None:
    assert spw("search", "flaky login", "--spec", "checkout-flaky-tests", workspace=demo_harvested) == 0
    out = capsys.readouterr().out
    assert "task-implementer-3" in out
    assert ".spec-workflow/specs/checkout-flaky-tests/" in out
    assert "«login»" in out


def test_search_without_results_gives_a_hint(
    demo_harvested: Workspace, workspace: Workspace, capsys: Capture
) -> None:
    assert spw("search", "xyzzyqwerty", workspace=demo_harvested) == 0
    assert "Nothing found" in capsys.readouterr().out
    assert spw("search", "x", workspace=workspace) == 0
    assert "spw harvest --all" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["search", "x", "--type", "nonsense"], "Types are:"),
        (["search", "x", "--spec", "nobody"], "spec not found: nobody"),
        (["search", "x", "--limit", "0"], "--limit must be at least 1"),
        (["search", "x", "--limit", "many"], "invalid int value"),
        (["search"], "required: WORD"),
        (["view", "nobody"], "spec not found"),
        (["view", "user-auth", "nonsense"], "unknown type: nonsense"),
        (["view", "user-auth", "report", "--wave", "0"], "start at 1"),
        (["view", "user-auth", "report", "--wave", "99"], "no run exec wave 99"),
        (["view", "user-auth", "report", "--wave", "1", "--subagent", "x"], "no subagent x"),
        (["view", "user-auth", "implementation-log"], "--task"),
        (["view", "user-auth", "implementation-log", "--task", "77"], "task 77"),
        (["view", "user-auth", "completion-summary"], "COMPLETION-SUMMARY.md"),
        (["view", "user-auth", "wave-summary", "--wave", "9"], "no wave 9"),
        (["nonsense"], "invalid choice"),
        (["--nonsense"], "required"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_message_and_exit_1(
    demo_harvested: Workspace, capsys: Capture, args: list[str], message: str
) -> None:
    code = spw(*args, workspace=demo_harvested)
    captured = capsys.readouterr()
    if args == ["--nonsense"]:
        assert code == 1
        return
    assert code == 1
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ([], "**Stage:** execution (active)"),
        (["overview"], "| 1 | complete |"),
        (["report", "--wave", "1"], "**Status:** PASS"),
        (["report", "--wave", "2", "--subagent", "task-implementer-4"], "task-implementer-4"),
        (["brief", "--wave", "2", "--run", "1"], "# Brief"),
        (["report", "--command", "design-research"], "#"),
        (["checkpoint", "--wave", "1"], "release-gate-decider"),
        (["implementation-log", "--task", "1"], "Task 1"),
        (["wave-summary", "--wave", "1"], "# user-auth: wave 1"),
        (["wave-summary"], "# user-auth: wave 2"),
    ],
)
def test_view(demo_harvested: Workspace, capsys: Capture, args: list[str], text: str) -> None:
    assert spw("view", "user-auth", *args, workspace=demo_harvested) == 0
    assert text in capsys.readouterr().out


def test_view_answers_the_same_before_any_harvest(
    demo: Workspace, demo_harvested: Workspace, capsys: Capture
) -> None:
    for args in (["overview"], ["report", "--wave", "1"], ["checkpoint"], ["wave-summary"]):
        spw("view", "billing-export", *args, workspace=demo)
        before = capsys.readouterr().out
        spw("view", "billing-export", *args, workspace=demo_harvested)
        assert capsys.readouterr().out == before


def test_view_raw_and_json(demo_harvested: Workspace, capsys: Capture) -> None:
    assert spw("view", "notification-center", "completion-summary", "--raw", workspace=demo_harvested) == 0
    raw = capsys.readouterr().out
    assert raw.startswith("---\n")
    assert spw("view", "notification-center", "completion-summary", "--json", workspace=demo_harvested) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["path"] == "COMPLETION-SUMMARY.md"
    assert value["content"].rstrip("\n") == raw.rstrip("\n")


def test_view_in_vscode_without_vscode(
    demo_harvested: Workspace, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert spw("view", "user-auth", "--vscode", workspace=demo_harvested) == 1
    assert "code" in capsys.readouterr().err


def test_view_in_vscode_gets_the_markdown(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "code"
    program.write_text(f'#!/bin/sh\ntest "$1" = - && /bin/cat > {tmp_path}/got.md\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert spw("view", "user-auth", "--vscode", workspace=demo_harvested) == 0
    assert (tmp_path / "got.md").read_text().startswith("# user-auth")


def test_hostile_content_is_not_printed(workspace: Workspace, capsys: Capture) -> None:
    run = "specs/alpha/execution/waves/wave-01/execution/run-001"
    write_run(workspace, run, {"evil": "pass"})
    write(workspace, f"{run}/evil/report.md", "# walrus \x1b[2J\x1b]0;owned\x07 [bold]x[/bold]\x9b31m\n")
    write(workspace, f"{run}/evil/status.json", json.dumps({"status": "pass", "summary": "\x1b[31m|"}))
    workspace.harvest()
    for args in (
        ["view", "alpha", "report", "--raw"],
        ["view", "alpha", "wave-summary"],
        ["search", "walrus"],
    ):
        assert spw(*args, workspace=workspace) == 0
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "\x9b" not in out
    assert spw("view", "alpha", "report", workspace=workspace) == 0
    assert "[bold]x[/bold]" in capsys.readouterr().out


def test_demo_command(tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "d"
    assert spw("demo", target, "--specs", 2, "--seed", 3, "--json") == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["ok"], value["specs"]) == (True, 2)
    assert spw("demo", target) == 1
    assert "already a workspace" in capsys.readouterr().err
    assert spw("demo", tmp_path / "e", "--specs", 0) == 1
    assert not (tmp_path / "e").exists()


def test_internal_error_is_a_line_and_a_report(
    demo_harvested: Workspace, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(Workspace, "specs", fail)
    assert spw("list", workspace=demo_harvested) == 1
    error = capsys.readouterr().err
    assert "internal error: ZeroDivisionError: boom" in error
    assert "Traceback" not in error
    report = Path(error.partition("Details are in ")[2].strip().rstrip("."))
    assert "ZeroDivisionError: boom" in report.read_text()


def run_process(*args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "spw_core.cli", *args],
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=60,
    )


def test_output_in_a_legacy_encoding(demo_harvested: Workspace) -> None:
    root = str(demo_harvested.paths.root)
    for args in (
        ["list"],
        ["search", "teste instável"],
        ["view", "relatorios-fiscais"],
        ["search", "é", "--json"],
    ):
        done = run_process("--workspace", root, *args, env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
        assert (done.returncode, done.stderr) == (0, b"")
        done.stdout.decode("ascii")


def test_closed_pipe_is_no_error(demo_harvested: Workspace) -> None:
    spw_command = f"{sys.executable} -m spw_core.cli --workspace {demo_harvested.paths.root}"
    command = f"{spw_command} search the --limit 500 | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60)
    assert done.stderr == b""
    assert done.stdout.startswith(b"1. [")


def test_help_and_version() -> None:
    assert b"COMMAND" in run_process("--help").stdout
    assert run_process("--version").stdout.startswith(b"spw ")
    assert run_process().returncode == 1


def test_start_up_imports_nothing_heavy() -> None:
    code = (
        "import sys; from spw_core.cli.main import build_parser; build_parser();"
        "heavy = ('rich', 'textual', 'numpy', 'usearch', 'requests', 'yaml', 'apsw', 'platformdirs');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
