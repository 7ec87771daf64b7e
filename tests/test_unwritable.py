"""Every command where nothing can be written: who only reads answers as ever, who writes says why not.

In both cases the disk is afterwards as it was, down to the side files of the databases.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.demo.conversations import write_conversations
from spw_core.harvest.behind import note_behind
from spw_core.store.memory.people import open_gateway
from spw_core.store.side_files import connect_read_only

from .test_cli import Capture, spw
from .test_trouble import fill, mounted

SPEC = "checkout-flaky-tests"
RUN = f".spec-workflow/specs/{SPEC}/qa/_comms/qa/run-001"
OPEN_RUN = ".spec-workflow/specs/user-auth/execution/waves/wave-02/execution/run-001"

READING = f"""
search flaky login
search flaky --mode hybrid --json
search --spec {SPEC} --raw
list
list --json
view {SPEC}
view {SPEC} checkpoint --wave 1 --raw
view {SPEC} report --command qa --json
summary {SPEC} --raw
summary notification-center --json
cleanup {SPEC} --dry-run
restore {SPEC} --to OUTSIDE/restored --force
harvest --all --dry-run
doctor
backup OUTSIDE/backup.zip --force
tasks state {SPEC}
tasks next user-auth
tasks count {SPEC}
tasks files {SPEC} 1
tasks validate {SPEC}
tasks complexity {SPEC}
wave state {SPEC}
wave summary {SPEC} 1
wave checkpoint {SPEC} 1
wave resume {SPEC}
spec list
spec stage {SPEC}
spec artifacts {SPEC}
spec prereqs {SPEC} exec
spec approval {SPEC} design
spec resolve {SPEC}
tools wave-status {SPEC}
tools wave-resolve-current {SPEC}
tools spec-resolve-dir {SPEC}
tools approval-fallback-id {SPEC} design
tools verify-task {SPEC} --task-id 1
tools handoff-validate {RUN}
tools dispatch-read-status qa-plan-synthesizer --run-dir {RUN}
tools runs-latest-unfinished .spec-workflow/specs/{SPEC}/qa/_comms/qa
tools config-get store.max_file_mb
tools resolve-model complex_reasoning
tools skills-effective-set design
tools impl-log check {SPEC} --task-ids 1,2
hook statusline
hooks status
hooks print
hooks uninstall --project
log
memory list
memory show SESSION
memory search login
trace REQ-001 --spec user-auth
insights
workspaces
""".strip().splitlines()

WRITING = f"""
harvest user-auth
finalizar relatorios-fiscais
finalize relatorios-fiscais --export
cleanup {SPEC}
restore {SPEC} --to here
doctor --rebuild
backup here.zip
embed
summary {SPEC} --export
tasks mark gift-cards 1 done
tools task-mark gift-cards --task-id 1 --status done
tools dispatch-init qa user-auth
tools dispatch-setup tester --run-dir {OPEN_RUN}
tools dispatch-handoff --run-dir {OPEN_RUN}
tools dispatch-init-audit --run-dir {OPEN_RUN} --type inline-audit
tools audit-iteration start --run-dir {OPEN_RUN} --type inline-audit
tools impl-log register {SPEC} --task-id 3 --wave 1 --title T --files a --changes c
tools wave-update {SPEC} --wave 1 --status pass --tasks 1
hooks install --project
memory import TRANSCRIPT
memory forget SESSION
memory compact --older-than 1
demo here
""".strip().splitlines()

# A run and an audit begin with a folder, which a full disk may still take.
_BEGINS = ("tools dispatch-init ", "tools dispatch-init-audit ")

_REASONS = ("full", "No space left", "ead-only", "write-protected")


def leaves(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command that there is, as it is typed."""
    if fill_in := getattr(parser, "_fill", None):
        parser._fill = None  # type: ignore[attr-defined]
        fill_in(parser, "")
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield " ".join(words)
    for group in groups:
        for name, command in group.choices.items():
            yield from leaves(command, (*words, name))


def test_no_command_is_forgotten() -> None:
    from spw_core.cli.commands import build_parser

    tried = [f"{line} " for line in READING + WRITING]
    assert [name for name in leaves(build_parser()) if not any(t.startswith(f"{name} ") for t in tried)] == []


def contents(top: Path) -> dict[str, bytes | str | None]:
    """Everything in a folder: bytes of files, targets of links, None for folders."""
    found: dict[str, bytes | str | None] = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = Path(folder, name)
            if name != "filler":
                found[str(path.relative_to(top))] = None if path.is_dir() else path.read_bytes()
    return found


@pytest.fixture(scope="module")
def remembered(demo_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo workspace with everything a workspace can have: databases, vectors, memory. Read only."""
    folder = tmp_path_factory.mktemp("remembered") / "acme-shop"
    shutil.copytree(demo_files, folder)
    workspace = Workspace.open(folder)
    transcripts = write_conversations(folder)
    workspace.import_transcripts(transcripts[:1])
    workspace.harvest()
    workspace.embed()
    return folder


@pytest.fixture
def disk(remembered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same on a file system of its own, with room for more; it is the current folder."""
    (tmp_path / "outside").mkdir()
    for folder in mounted(tmp_path / "disk", "30m"):
        shutil.copytree(remembered, folder, dirs_exist_ok=True)
        monkeypatch.chdir(folder)
        yield folder
        monkeypatch.chdir(tmp_path)


def run(line: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a command as the tables have it."""
    [transcript] = [str(path) for path in sorted(Path("transcripts").glob("*.jsonl"))[1:2]]
    session = sorted(Path("transcripts").glob("*.jsonl"))[0].stem
    words = line.replace("OUTSIDE", "../outside").replace("TRANSCRIPT", transcript)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"{}")))
    code = spw(*words.replace("SESSION", session).split())
    out, err = capsys.readouterr()
    return code, out, err


def make_full(disk: Path) -> None:
    fill(disk)


def make_read_only(disk: Path) -> None:
    if subprocess.run(["mount", "-o", "remount,ro", disk], check=False).returncode:
        pytest.skip("may not remount")


@pytest.mark.parametrize("spoil", [make_full, make_read_only])
def test_who_only_reads_answers(
    spoil: Callable[[Path], None], disk: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {line: run(line, capsys, monkeypatch) for line in READING}
    assert {line: told for line, told in expected.items() if told[0]} == {}
    shutil.rmtree("../outside/restored")
    spoil(disk)
    before = contents(disk)
    different = {}
    for line, told in expected.items():
        code, out, err = run(line, capsys, monkeypatch)
        same = out == told[1] or line.startswith(
            ("doctor", "backup", "summary")
        )  # which tell of the disk or the time
        if code or err or not same:
            different[line] = (code, err, out)
        changed = set(before.keys() ^ contents(disk).keys())
        assert changed == set(), line
    assert different == {}
    assert contents(disk) == before


@pytest.mark.parametrize("spoil", [make_full, make_read_only])
def test_who_writes_says_why_not(
    spoil: Callable[[Path], None], disk: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(disk)
    before = contents(disk)
    for line in WRITING:
        code, out, err = run(line, capsys, monkeypatch)
        assert "internal error" not in out + err, (line, err)
        now = contents(disk)
        if spoil is make_full and line.startswith(_BEGINS):
            assert code == 0, (line, err)
            assert all(now[name] is None for name in now.keys() - before.keys()), line
            before = {**now, **before}
        else:
            assert code == 1, (line, out, err)
            assert any(text in out + err for text in _REASONS), (line, out, err)
        assert now == before, line


def test_a_search_says_what_it_could_not_take_in(
    disk: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    note_behind(Workspace.open(disk).paths, "user-auth")
    Path(".spec-workflow/specs/user-auth/extra.md").write_text("# Zebra crossing\n")
    make_full(disk)
    code, out, err = run("search flaky --json", capsys, monkeypatch)
    assert code == 0
    assert '"behind": [\n    "user-auth"\n  ]' in out
    assert "the newest files of user-auth are not in the answer" in err
    assert "without the newest of user-auth" in out
    (disk / "filler").unlink()
    code, out, err = run("search zebra crossing --json", capsys, monkeypatch)
    assert (code, err) == (0, "")
    assert "extra.md" in out


@pytest.mark.parametrize("spoil", [make_full, make_read_only])
def test_what_a_killed_process_left_in_a_log_is_read(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    """As it is found on a copy of a disk: a log with commits, and nobody who has it open."""
    writer = apsw.Connection(str(tmp_path / "live.db"))
    writer.pragma("journal_mode", "wal")
    writer.execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    for folder in mounted(tmp_path / "disk", "1m"):
        for suffix in ("", "-wal"):
            shutil.copy(tmp_path / f"live.db{suffix}", folder / f"live.db{suffix}")
        spoil(folder)
        before = contents(folder)
        connection = connect_read_only(folder / "live.db")
        assert connection.execute("SELECT x FROM t").fetchall() == [(1,)]
        connection.close()
        assert contents(folder) == before
    writer.close()


def test_a_restore_that_fails_begins_no_run(
    disk: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To make a run's folder is to begin the run: none is left where there was no room for its files."""
    workspace = Workspace.open(disk)
    assert workspace.spec(SPEC).cleanup().removed
    before = workspace.spec(SPEC).record()
    make_full(disk)
    code, _, err = run(f"restore {SPEC}", capsys, monkeypatch)
    assert code == 1
    assert "0 of 141 files were written" in err
    assert [run for run in workspace.spec(SPEC).record().runs if not run.subagents] == []
    assert workspace.spec(SPEC).record() == before


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of gateway.db, on a file system of its own."""
    for folder in mounted(tmp_path / "home", "4m"):
        monkeypatch.setenv("XDG_DATA_HOME", str(folder))
        yield folder


@pytest.mark.parametrize("spoil", [make_full, make_read_only])
def test_workspaces_are_listed_from_a_folder_that_cannot_be_written(
    spoil: Callable[[Path], None], home: Path, tmp_path: Path, capsys: Capture
) -> None:
    with open_gateway() as gateway:
        gateway.workspaces.remember(tmp_path)
    assert list(home.rglob("gateway.db"))
    spoil(home)
    assert spw("workspaces") == 0
    assert str(tmp_path) in capsys.readouterr().out
