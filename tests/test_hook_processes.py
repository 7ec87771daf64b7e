"""The hook as Claude Code runs it: real processes, pipes that stay open or go away, many at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.cli import main as run
from spw_core.hook import audit as audit_module
from spw_core.hook import detach, log, stdin
from spw_core.hook.main import HANDLERS
from spw_core.store.gateway import gateway_path, writing_gateway
from spw_core.store.spec import SpecStore
from spw_core.user_dirs import hook_log
from tests.conftest import REAL_WORKSPACE
from tests.hook_support import SCRIPT, Fired, audit, configure, fire, run_script, wait_until
from tests.support import write, write_run

__all__ = ["fire"]

Fire = Callable[..., Fired]
BLOCK = '[hooks]\nenforcement_mode = "block"\n'
SAMPLES = sorted((REAL_WORKSPACE.parent / "hooks" / "payloads").glob("*"))

# Own samples, so that these tests say something everywhere.
ODD = {
    "empty": b"",
    "spaces": b" \n ",
    "not-json": b"not json {{{",
    "array": b"[1, 2]",
    "null": b"null",
    "empty-object": b"{}",
    "torn": b'{"cwd": "/x", "prompt": "/spw:ex',
    "bom": b'\xef\xbb\xbf{"hook_event_name": "sessionStart", "cursor_version": "x", "cwd": ""}',
    "utf-16": '{"cwd": "/x"}'.encode("utf-16"),
    "invalid-utf8": b'{"prompt": "/spw:exec caf\xe9", "cwd": "/p"}',
    "lone-surrogate": rb'{"prompt": "\ud83d\u0000", "session_id": "\ud83d", "cwd": "\udc00"}',
    "nulls": b'{"cwd": null, "tool_input": null, "prompt": null, "session_id": null, "tool_name": null}',
    "wrong-types": b'{"cwd": 1, "tool_input": "ls", "prompt": [], "session_id": {}, "agent_id": 5}',
    "numbers": b'{"cwd": 1e999, "tool_input": {"file_path": -0.0}, "hook_event_name": 7}',
    "deep": b'{"a":' * 3000 + b"1" + b"}" * 3000,
    "two-objects": b'{"prompt": "x"}{"prompt": "/spw:exec"}',
    "unknown-event": b'{"hook_event_name": "FutureEvent", "cwd": "/gone"}',
    "3MB": b'{"tool_name": "Write", "tool_input": {"file_path": "x", "content": "'
    + b"y\\n" * 1_500_000
    + b'"}}',
}


def check(done: subprocess.CompletedProcess[bytes], event: str) -> None:
    """Exit code 0, and on stdout nothing or one JSON object of the known kind (a line for statusline)."""
    assert done.returncode == 0, (event, done.stderr)
    assert b"Traceback" not in done.stderr
    if event == "statusline":
        assert done.stdout
    elif done.stdout:
        assert json.loads(done.stdout).keys() <= {"systemMessage", "hookSpecificOutput"}
    for line in done.stderr.decode().splitlines():
        assert line.startswith("[spw-hook] ")
    assert not Path(hook_log()).exists(), Path(hook_log()).read_text()


@pytest.mark.parametrize("event", [*HANDLERS, "statusline"])
def test_odd_payloads(workspace: Workspace, event: str) -> None:
    for data in ODD.values():
        check(run_script(event, data, cwd=workspace.paths.root), event)


@pytest.mark.skipif(not SAMPLES, reason="no recorded payloads here")
@pytest.mark.parametrize("event", ["guard-prompt", "guard-paths", "guard-stop", "post-tool", "session-start"])
def test_recorded_payloads(workspace: Workspace, event: str) -> None:
    for sample in SAMPLES:
        said = "statusline" if b'"Status"' in sample.read_bytes() else event
        check(run_script(event, sample.read_bytes(), cwd=workspace.paths.root), said)


def test_without_argument_and_event_it_is_a_usage_error(workspace: Workspace) -> None:
    for data in (b"", b"{}", b"[]"):
        done = run_script("", data, cwd=workspace.paths.root)
        assert (done.returncode, done.stdout) == (1, b"") and done.stderr.startswith(b"usage: spw-hook")


def test_the_go_form_of_the_command(workspace: Workspace) -> None:
    configure(workspace, BLOCK)
    data = json.dumps({"cwd": str(workspace.paths.root), "prompt": "/spw:exec"}).encode()
    command = [sys.executable, "-m", "spw_core.cli", "hook"]
    done = subprocess.run([*command, "guard-prompt"], input=data, capture_output=True)
    assert done.returncode == 2 and b"missing spec-name" in done.stderr
    unknown = subprocess.run([*command, "no-such-event"], input=data, capture_output=True)
    assert unknown.returncode == 1 and b"unknown hook event: no-such-event" in unknown.stderr


def test_a_pipe_that_stays_open_does_not_hold_a_guard_up(workspace: Workspace) -> None:
    configure(workspace, BLOCK)
    payload = {"cwd": str(workspace.paths.root), "prompt": "x" * 2_000_000 + "\n/spw:exec"}
    run_script("guard-prompt", payload)  # compiles the configuration
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), "guard-prompt"], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stderr is not None
        process.stdin.write(json.dumps(payload).encode())
        process.stdin.flush()
        assert b"missing spec-name" in process.stderr.read()
        assert process.wait(stdin.TOTAL_SECONDS + 30) == 2


@pytest.mark.parametrize("closed", ["stdin", "stdout", "stderr"])
def test_a_stream_that_is_closed(workspace: Workspace, closed: str) -> None:
    configure(workspace, BLOCK)
    number = ("stdin", "stdout", "stderr").index(closed)
    payload = json.dumps({"cwd": str(workspace.paths.root), "prompt": "/spw:exec"})
    closing = f'exec "$0" "$1" guard-prompt {number}{"<" if number == 0 else ">"}&-'
    done = subprocess.run(
        ["sh", "-c", closing, sys.executable, SCRIPT],
        input=payload.encode(),
        capture_output=True,
    )
    assert done.returncode == (0 if closed == "stdin" else 2)
    assert done.stdout == b"" and b"Traceback" not in done.stderr


def test_a_reader_that_went_away(workspace: Workspace) -> None:
    payload = json.dumps({"cwd": str(workspace.paths.root), "prompt": "/spw:exec"}).encode()
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "guard-prompt"], input=payload, stdout=writer, stderr=writer
    )
    os.close(writer)
    assert done.returncode == 0


# --- the child -------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="children are started in another way there")
def test_the_child_holds_no_pipe_of_the_hook_and_harvests(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. x\n")
    workspace.harvest()
    path = ".spec-workflow/specs/alpha/prd/_comms/run-001/_handoff.md"
    write_run(workspace, "specs/alpha/prd/_comms/run-001", {"writer": "pass"})
    payload = {"cwd": str(workspace.paths.root), "tool_name": "Write", "tool_input": {"file_path": path}}

    def handoffs() -> int:
        with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
            assert store is not None
            return store.counts()["handoffs"]

    with closing(apsw.Connection(str(workspace.paths.spec_db("alpha")))) as other:
        # The child has to wait, and with it the pipes of its parent, if it had them.
        other.execute("BEGIN IMMEDIATE")
        done = run_script("post-tool", payload)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert handoffs() == 0
        other.execute("ROLLBACK")
    wait_until(lambda: handoffs() == 1, "the harvest")


@pytest.mark.skipif(os.name == "nt", reason="children are started in another way there")
def test_the_transcript_of_a_session_is_imported_when_it_ends(workspace: Workspace, tmp_path: Path) -> None:
    transcript = tmp_path / "s-1.jsonl"
    line = {"type": "user", "uuid": "u", "sessionId": "s-1", "timestamp": "2026-02-14T10:00:00.000Z"}
    line |= {
        "cwd": str(workspace.paths.root),
        "message": {"role": "user", "content": "why is the login flaky?"},
    }
    transcript.write_text(json.dumps(line) + "\n")
    payload = {"hook_event_name": "SessionEnd", "session_id": "s-1", "transcript_path": str(transcript)}
    done = run_script("session-end", {**payload, "cwd": str(workspace.paths.root)})
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    queue = workspace.paths.workflow / ".spw-memory" / "queue"
    wait_until(lambda: not list(queue.glob("*.json")), "the import")
    command = [sys.executable, "-m", "spw_core.cli", "memory", "list", "--json"]
    command += ["--workspace", str(workspace.paths.root)]
    assert b"s-1" in subprocess.run(command, capture_output=True, check=True).stdout


def test_without_a_home_nothing_is_left_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("spw_core.user_dirs.state_dir", lambda: "~/.local/state/spw")
    log.record("x", OSError("y"))
    assert log.child_log() == -1 and not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="children are started in another way there")
def test_what_the_child_has_to_say_is_in_the_log(workspace: Workspace) -> None:
    detach.run_spw("harvest", "no-such-spec", "--workspace", str(workspace.paths.root))
    wait_until(
        lambda: Path(hook_log()).exists() and "spec not found" in Path(hook_log()).read_text(), "the log"
    )


@pytest.mark.skipif(os.name == "nt", reason="children are started in another way there")
def test_of_equal_children_one_works_and_one_waits(tmp_path: Path) -> None:
    code = (
        "import os, sys; from spw_core.hook.turns import take_turn\n"
        "print('begun', flush=True)\n"
        "if not take_turn(sys.argv[1], sys.argv[2]): sys.exit(3)\n"
        "os.execv('/bin/sh', ['sh', '-c', 'echo works; read end'])"
    )

    def start(work: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", code, str(tmp_path / "turns"), work]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def says(process: subprocess.Popen[bytes], word: bytes) -> None:
        assert process.stdout is not None and process.stdout.readline() == word

    first, other = start("a"), start("b")
    for process in (first, other):  # different works do not wait for each other
        says(process, b"begun\n")
        says(process, b"works\n")
    waiting = [start("a") for _ in range(4)]
    wait_until(lambda: [process.poll() for process in waiting].count(3) == 3, "all but one to give up")
    [second] = [process for process in waiting if process.poll() is None]
    says(second, b"begun\n")
    first.communicate(b"\n")
    says(second, b"works\n")  # the turn had outlived exec, and ended with its process
    for process in (second, other):
        process.communicate(b"\n")
    for process in waiting:
        process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="children are started in another way there")
def test_a_burst_of_events_ends_with_one_harvest_that_has_seen_all(workspace: Workspace) -> None:
    tasks = write(workspace, "specs/alpha/tasks.md", "- [ ] 1. x\n")
    for number in range(2, 12):
        with tasks.open("a") as stream:
            stream.write(f"- [ ] {number}. x\n")
        detach.run_spw("harvest", "alpha", "--workspace", str(workspace.paths.root))

    def stored() -> int:
        with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
            return store.counts()["tasks"] if store else 0

    wait_until(lambda: stored() == 11, "the harvest of the last change")


def test_the_child_does_not_run_modules_of_the_current_folder(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "trap"
    (trap / "spw_core").mkdir(parents=True)
    (trap / "spw_core" / "__init__.py").write_text("raise SystemExit('trapped')")
    monkeypatch.chdir(trap)
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. x\n")
    detach.run_spw("harvest", "alpha", "--workspace", str(workspace.paths.root))
    wait_until(workspace.paths.spec_db("alpha").exists, "the harvest")


# --- many at once, and the audit log ---------------------------------------------------------------------


def test_twenty_at_once_lose_nothing(workspace: Workspace) -> None:
    configure(workspace, BLOCK)
    command = [sys.executable, str(SCRIPT), "guard-paths"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(20)
    ]
    for number, process in enumerate(processes):
        assert process.stdin is not None
        name = "PRD.md" if number % 2 else f"{number}.md"
        payload = {
            "cwd": str(workspace.paths.root),
            "tool_input": {"file_path": name},
            "session_id": f"s{number}",
        }
        process.stdin.write(json.dumps(payload).encode())
        process.stdin.flush()  # and the pipe stays open
    codes = [process.wait(60) for process in processes]
    for process in processes:
        process.communicate()
    assert codes == [2 if number % 2 else 0 for number in range(20)]
    assert not Path(hook_log()).exists(), Path(hook_log()).read_text()
    assert {entry.session for entry in audit()} == {f"s{number}" for number in range(20)}


def test_the_newest_rows_are_kept(fire: Fire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_module, "KEPT_ROWS", 10)
    every = audit_module._TIDY_EVERY
    for number in range(every + 5):
        fire("guard-prompt", {"prompt": f"/spw:exec s{number}"})
    specs = [entry.spec for entry in audit()]
    assert specs == [f"s{number}" for number in range(every - 10, every + 5)]
    with writing_gateway() as gateway:
        assert gateway.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("trouble", ["locked", "damaged", "folder", "pipe", "newer", "no-home", "no-right"])
def test_trouble_with_the_audit_log_changes_no_decision(
    workspace: Workspace, trouble: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configure(workspace, BLOCK)
    run_script("statusline", {"cwd": str(workspace.paths.root)})  # compiles the configuration
    path = gateway_path()
    holder = None
    if trouble in ("locked", "newer"):
        with writing_gateway() as gateway:
            gateway.execute("PRAGMA user_version = 999" if trouble == "newer" else "SELECT 1")
        if trouble == "locked":
            holder = apsw.Connection(str(path))
            holder.execute("BEGIN EXCLUSIVE")
    else:
        path.parent.mkdir(parents=True)
        if trouble == "damaged":
            path.write_bytes(b"SQLite format 3\x00" + b"garbage " * 900)
        elif trouble == "folder":
            path.mkdir()
        elif trouble == "pipe" and hasattr(os, "mkfifo"):
            os.mkfifo(path)
        elif trouble == "no-home":
            monkeypatch.delenv("XDG_DATA_HOME")
            monkeypatch.setenv("HOME", "")
            monkeypatch.chdir(tmp_path)
        else:
            path.parent.chmod(0o500)
    started = time.monotonic()
    done = run_script("guard-prompt", {"cwd": str(workspace.paths.root), "prompt": "/spw:exec"})
    took = time.monotonic() - started
    assert done.returncode == 2 and b"missing spec-name" in done.stderr and b"Traceback" not in done.stderr
    assert took < 20, "a lock that lasts is not waited for"
    if holder is not None:
        holder.close()
        assert "audit: BusyError" in Path(hook_log()).read_text()
    if trouble == "newer":
        assert len(audit()) == 1
    assert not (tmp_path / "~").exists()


def test_an_index_that_is_being_written_does_not_hold_a_hook_up(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. x\n")
    workspace.harvest()
    configure(workspace, BLOCK)
    payload = {"cwd": str(workspace.paths.root), "prompt": "/spw:exec"}
    with closing(apsw.Connection(str(workspace.paths.index_db))) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        assert run_script("guard-prompt", payload).returncode == 2
        assert time.monotonic() - started < 20, "a lock that lasts is not waited for"
        other.execute("ROLLBACK")
    assert "settings: StoreError" in Path(hook_log()).read_text()
    assert run_script("guard-prompt", payload).returncode == 2


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everything")
def test_a_workspace_that_cannot_be_written_is_still_guarded(workspace: Workspace) -> None:
    configure(workspace, BLOCK)
    for folder in (workspace.paths.workflow, workspace.paths.specs):
        folder.chmod(0o500)
    payload = {"cwd": str(workspace.paths.root), "prompt": "/spw:exec"}
    assert run_script("guard-prompt", payload).returncode == 2
    for folder in (workspace.paths.workflow, workspace.paths.specs):
        folder.chmod(0o700)


def test_the_database_is_private(fire: Fire) -> None:
    fire("guard-prompt", {"prompt": "/spw:exec alpha"})
    for path in gateway_path().parent.glob("gateway.db*"):
        assert os.name == "nt" or path.stat().st_mode & 0o777 == 0o600, path


# --- spw log ---------------------------------------------------------------------------------------------


def test_spw_log(
    fire: Fire, workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace.paths.root)

    def entries(*options: str) -> list[dict[str, object]]:
        assert run(["log", "--json", *options]) == 0
        value = json.loads(capsys.readouterr().out)
        assert value["count"] == len(value["entries"])
        return list(value["entries"])

    assert entries() == []
    fire("guard-prompt", {"prompt": "/spw:exec alpha"})
    fire("guard-prompt", {"prompt": "/spw:exec"})
    fire("guard-paths", {"tool_name": "Write", "tool_input": {"file_path": "docs/\x1b[31mPRD.md"}})
    assert [entry["decision"] for entry in entries()] == ["allow", "warn", "allow"]
    assert [entry["decision"] for entry in entries("--violations")] == ["warn"]
    assert [entry["spec"] for entry in entries("--spec", "alpha")] == ["alpha"]
    assert entries("--spec", os.fsdecode(b"\xff")) == []
    assert len(entries("--limit", "2")) == 2 and len(entries("--since", "1h")) == 3
    assert entries("--since", "2999-01-01") == [] and len(entries("--since", "2026-01-01T10:00")) == 3
    assert run(["log"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("\n") == 3 and "\x1b" not in shown and "guard-prompt\talpha\t/spw:exec" in shown
    assert run(["log", "--since", "yesterday-ish"]) == 1
    assert "not a moment" in capsys.readouterr().err
    (workspace.paths.root.parent / "other" / ".spec-workflow").mkdir(parents=True)
    (workspace.paths.root.parent / "link").symlink_to(workspace.paths.root)
    fire("guard-prompt", {"prompt": "/spw:exec", "cwd": str(workspace.paths.root.parent / "link")})
    assert len(entries()) == 4
    monkeypatch.chdir(workspace.paths.root.parent / "other")
    assert entries() == [] and len(entries("--all")) == 4
