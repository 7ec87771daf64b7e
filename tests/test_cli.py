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
from spw_core.text import clean

from .support import write, write_run

Capture = pytest.CaptureFixture[str]


def spw(*args: object, workspace: Workspace | None = None) -> int:
    options = ["--workspace", str(workspace.paths.root)] if workspace else []
    try:
        return main([*options, *(str(arg) for arg in args)])
    except SystemExit as error:  # --help and --version
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


@pytest.mark.skipif(os.name == "nt", reason="the current folder cannot be deleted there")
@pytest.mark.parametrize(
    "command",
    [
        "list",
        "tools config-get a.b",
        "hooks status",
        "--workspace x list",
        "harvest x --workspace .",
        "restore alpha --to x",
    ],
)
def test_a_current_folder_that_was_deleted_is_told_in_one_line(
    command: str, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    named = workspace if command.startswith("restore") else None
    assert spw(*command.split(), workspace=named) == 1
    error = capsys.readouterr().err
    assert "the current folder is gone" in error
    assert "internal error" not in error


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
        (["search", "x", "--limit", "0"], "--limit: must be a whole number from 1 to 1000, not '0'"),
        (["search", "x", "--limit", "-5"], "--limit: must be a whole number from 1 to 1000, not '-5'"),
        (["search", "x", "--limit", "many"], "--limit: must be a whole number"),
        (["search", "x", "--limit", "9" * 19], "--limit: must be a whole number"),
        (["search", "x", "--limit", "9" * 9999], "--limit: must be a whole number"),
        (["search", "x", "--width", "100000000"], "--width: must be a whole number from 20 to 1000"),
        (["list", "--width", "-1"], "--width: must be a whole number from 20 to 1000"),
        (["search"], "required: WORD"),
        (["search", "x", "--lmit", "3"], "unrecognized arguments: --lmit"),
        (["search", "x", "-step", "--lmit=3"], "unrecognized arguments: --lmit=3"),
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
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["demo", ""], "the name of the folder is empty"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_bad_input_is_one_message_and_exit_1(
    demo_harvested: Workspace, capsys: Capture, args: list[str], message: str
) -> None:
    code = spw(*args, workspace=demo_harvested)
    captured = capsys.readouterr()
    assert code == 1
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.startswith("spw: error: ")
    assert len(captured.err.splitlines()) <= 2  # the message and a hint


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["search", "--json"], "required: WORD"),
        (["search", "x", "--limit", "0", "--json"], "--limit: must be"),
        (["search", "x", "--type", "nonsense", "--json"], "unknown type"),
        (["--json", "nonsense"], "invalid choice"),
        (["memory", "--json"], "SUBCOMMAND"),
        (["memory", "forget", "--js"], "SESSION"),
        (["memory", "show", "a", "b", "--json"], "unrecognized arguments: b"),
        (["trace", "--json"], "required"),
        (["insights", "--limit", "x", "--json"], "--limit"),
        (["log", "--json", "--nonsense"], "--nonsense"),
        (["workspaces", "--json", "extra"], "extra"),
        (["doctor", "--json", "--nonsense"], "--nonsense"),
        (["hooks", "--json"], "required"),
        (["tasks", "next", "--json"], "required"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_whoever_asks_for_json_gets_errors_as_json(
    demo_harvested: Workspace, capsys: Capture, args: list[str], message: str
) -> None:
    assert spw(*args, workspace=demo_harvested) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    error = json.loads(captured.err)
    assert error["ok"] is False
    assert message in error["error"]
    assert error["hint"]


def test_words_behind_the_options_ask_for_nothing(demo_harvested: Workspace, capsys: Capture) -> None:
    assert spw("list", "--nonsense", "--", "--json", workspace=demo_harvested) == 1
    assert capsys.readouterr().err.startswith("spw: error: ")


@pytest.mark.parametrize(
    ("args", "query"),
    [
        (["Note", "-step"], "Note -step"),
        (["-step", "Note"], "-step Note"),
        (["wave", "-harvest", "-help", "-s"], "wave -harvest -help -s"),  # none of them is -h
        (["Note", "--limit", "3", "-step", "--json", "more"], "Note -step more"),
        (["--limit=3", "-5", "-", "Note"], "-5 - Note"),
        (["Note", "--", "-step", "--json"], "Note -step --json"),
        (["--", "--limit", "-h"], "--limit -h"),
        (["flaky login -step"], "flaky login -step"),
    ],
)
def test_words_with_a_minus_are_part_of_the_query(
    demo_harvested: Workspace, capsys: Capture, args: list[str], query: str
) -> None:
    assert spw("search", "--json", *args, workspace=demo_harvested) == 0
    assert json.loads(capsys.readouterr().out)["query"] == query


def test_search_without_a_word(demo_harvested: Workspace, capsys: Capture) -> None:
    def found(*args: str) -> set[int]:
        assert spw("search", *args, "--json", "--limit", 1000, workspace=demo_harvested) == 0
        return {result["id"] for result in json.loads(capsys.readouterr().out)["results"]}

    assert found("login", "-flaky") == found("login") - found("flaky")
    assert found("login") & found("flaky")


def test_help_of_search_has_its_short_form(capsys: Capture) -> None:
    assert spw("search", "x", "-h") == 0
    assert "-without" in capsys.readouterr().out


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


@pytest.fixture
def broken(demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace that a bug of ours keeps from being listed."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(Workspace, "specs", fail)
    return demo_harvested


def reported(error: str) -> Path:
    """The report that an error message names."""
    assert "internal error: ZeroDivisionError: boom" in error
    assert "Traceback" not in error
    report = Path(error.partition("Details are in ")[2].strip().rstrip("."))
    assert "ZeroDivisionError: boom" in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600
    return report


def test_internal_error_is_a_line_and_a_report(
    broken: Workspace, capsys: Capture, private_home: Path
) -> None:
    assert spw("list", workspace=broken) == 1
    first = reported(capsys.readouterr().err)
    assert first.is_relative_to(private_home)
    assert spw("list", workspace=broken) == 1
    assert reported(capsys.readouterr().err) != first
    assert spw("list", "--json", workspace=broken) == 1
    assert json.loads(capsys.readouterr().err)["error"] == "internal error: ZeroDivisionError: boom"


@pytest.mark.parametrize("trouble", ["folder is a file", "folder takes no files", "no home"])
def test_report_without_a_state_folder_goes_to_a_temporary_file(
    broken: Workspace, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trouble: str
) -> None:
    state = tmp_path / "state"
    (state / "spw").mkdir(parents=True)
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    if trouble == "folder is a file":
        (state / "spw" / "log").touch()
    elif trouble == "folder takes no files":  # not by its mode, which means nothing to root
        (state / "spw" / "log").symlink_to("/proc/self")
    else:
        monkeypatch.delenv("XDG_STATE_HOME")
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)
        monkeypatch.chdir(tmp_path)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    assert spw("list", workspace=broken) == 1
    assert reported(capsys.readouterr().err).parent == tmp_path / "tmp"
    assert not (tmp_path / "~").exists()


def test_report_that_nowhere_can_be_written(
    broken: Workspace, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    assert spw("list", workspace=broken) == 1
    assert capsys.readouterr().err.splitlines() == [
        "spw: error: internal error: ZeroDivisionError: boom",
        "  Its details could not be written to any folder.",
    ]


def run_process(*args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "spw_core.cli", *args],
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=60,
    )


def run_shell(command: str, workspace: Workspace) -> subprocess.CompletedProcess[bytes]:
    """Run a shell command in which `spw` stands for our program on that workspace."""
    script = f'spw() {{ "{sys.executable}" -m spw_core.cli --workspace "{workspace.paths.root}" "$@"; }}; '
    return subprocess.run(["sh", "-c", script + command], capture_output=True, timeout=60)


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
    done = run_shell("spw search the --limit 500 | head -1", demo_harvested)
    assert done.stderr == b""
    assert done.stdout.startswith(b"1. [")


@pytest.mark.parametrize("command", ["list", "search the --json", "view user-auth", "--help", "--version"])
def test_closed_stdout_is_no_error(demo_harvested: Workspace, command: str) -> None:
    done = run_shell(f"spw {command} >&-", demo_harvested)
    assert (done.returncode, done.stderr) == (0, b"")


def test_closed_stdout_of_a_harvest(demo: Workspace) -> None:
    """The descriptor of stdout is free, so that the next file opened could get it, and what is printed."""
    done = run_shell("spw harvest --json >&-", demo)
    assert (done.returncode, done.stderr) == (0, b"")
    assert demo.specs()
    done = run_shell("spw harvest --json >&- 2>&- <&-", demo)
    assert done.returncode == 0
    assert run_shell("spw doctor", demo).returncode == 0


def test_closed_stderr(demo_harvested: Workspace) -> None:
    done = run_shell("spw view nobody 2>&-", demo_harvested)
    assert (done.returncode, done.stdout) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "command",
    [
        "list",
        "search the --limit 500 --json",
        "view user-auth",
        "tasks state user-auth",
        "--help",
        "--version",
    ],
)
def test_full_stdout_is_one_line(demo_harvested: Workspace, private_home: Path, command: str) -> None:
    done = run_shell(f"spw {command} >/dev/full", demo_harvested)
    assert done.returncode == 1
    assert done.stderr == b"spw: error: cannot write to standard output: No space left on device\n"
    assert not list(private_home.rglob("crash-*"))


def test_file_names_cannot_forge_lines(workspace: Workspace, capsys: Capture, tmp_path: Path) -> None:
    forged = "a\nalpha: removed 0 files (0 KB) and 0 empty folders, kept 0"
    write(
        workspace, f"specs/alpha/execution/waves/wave-01/execution/run-001/{forged}/status.json", "{nonsense"
    )
    write(workspace, f"specs/alpha/{forged}.md", "# walrus\n")
    target = tmp_path / "back\nup.zip"
    for args in (
        ["harvest"],
        ["harvest", "alpha"],
        ["search", "walrus"],
        ["cleanup", "alpha", "--dry-run"],
        ["restore", "alpha", "--to", tmp_path / "new\nfolder"],
        ["doctor"],
        ["backup", target],
        ["backup", target],  # refused, as it exists now
        ["view", "alpha\nbeta"],
    ):
        spw(*args, workspace=workspace)
        captured = capsys.readouterr()
        assert captured.out + captured.err
        for line in (captured.out + captured.err).splitlines():
            assert not line.startswith(("alpha: removed", "up.zip", "folder", "beta"))


def test_json_is_safe_to_look_at(workspace: Workspace, capsys: Capture) -> None:
    hostile = "\x1b[2J \x9b31m \u202e ação 漢字"
    write(workspace, "specs/alpha/report.md", hostile)
    write(workspace, "specs/alpha/tasks.md", f"- [ ] 1. {hostile}\n")
    for args in (["view", "alpha", "overview", "--json"], ["tasks", "state", "alpha"]):
        assert spw(*args, workspace=workspace) == 0
        out = capsys.readouterr().out
        assert clean(out) == out
        assert hostile.split()[-1] in out
        json.loads(out)


def test_help_and_version() -> None:
    assert b"COMMAND" in run_process("--help").stdout
    assert run_process("--version").stdout.startswith(b"spw ")
    assert run_process().returncode == 1


def test_start_up_imports_nothing_heavy() -> None:
    code = (
        "import sys; from spw_core.cli.commands import build_parser; build_parser();"
        "heavy = ('rich', 'textual', 'numpy', 'usearch', 'requests', 'yaml', 'apsw', 'platformdirs');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
