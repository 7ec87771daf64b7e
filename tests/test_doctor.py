"""Doctor, backup, salvage, dry run and watch."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.cli import main
from spw_core.errors import SpwError
from spw_core.harvest import watch as watch_module
from spw_core.harvest.backup import backup, restore_backup
from spw_core.harvest.doctor import ERROR, OK, REPAIRED, WARNING, Finding, examine
from spw_core.harvest.read_file import read_file
from spw_core.harvest.report import HarvestReport
from spw_core.harvest.watch import watch
from spw_core.store.spec import SpecStore
from spw_core.workspace import WorkspacePaths

from .support import interruptible_children, write, write_run

RUN = "specs/alpha/execution/waves/wave-01/checkpoint/run-001"


def edit(path: Path, sql: str) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(sql)
    connection.close()


def not_ok(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level != OK]


def test_a_sound_workspace(demo: Workspace) -> None:
    demo.harvest()
    findings = examine(demo.paths)
    assert not_ok(findings) == []
    assert {finding.subject for finding in findings} == {*demo.spec_names(), "index", "search"}


def test_a_configuration_that_does_not_count_is_told(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    write(workspace, "spw-config.toml", '[planning]\nmax_wave_size = "many"\nwave = 2\n')
    workspace.harvest()
    found = [finding for finding in examine(workspace.paths) if finding.subject == "configuration"]
    assert [finding.text.partition("toml: ")[2] for finding in found] == [
        "planning.max_wave_size should be a whole number, not 'many'; the default applies",
        "unknown keys: planning.wave",
    ]
    assert main(["--workspace", str(workspace.paths.root), "doctor"]) == 0
    assert "configuration: .spec-workflow/spw-config.toml: unknown keys" in capsys.readouterr().out


def test_a_run_that_has_just_begun_is_sound(workspace: Workspace) -> None:
    """Its folder holds no file yet, so no stored file tells of it."""
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    (workspace.paths.workflow / RUN).mkdir(parents=True)
    [report] = workspace.harvest().specs
    assert report.runs == 1
    assert not_ok(examine(workspace.paths)) == []


def test_what_was_never_harvested(demo: Workspace) -> None:
    assert {finding.level for finding in examine(demo.paths)} == {WARNING}


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("UPDATE artifacts SET content = x'00' WHERE id = 3", "the stored bytes have another hash"),
        ("UPDATE artifacts SET encoding = 'rot13' WHERE id = 3", "does not know"),
        ("UPDATE artifacts SET encoding = 'zlib' WHERE id = 3", "damaged"),
        (
            "PRAGMA foreign_keys = OFF; DELETE FROM runs WHERE run_number = 1",
            "points at no row of runs",
        ),
    ],
)
def test_damage_in_a_spec_database(demo: Workspace, sql: str, text: str) -> None:
    demo.harvest()
    edit(demo.paths.spec_db("user-auth"), sql)
    errors = [finding for finding in examine(demo.paths) if finding.level == ERROR]
    assert errors
    assert all(finding.subject == "user-auth" for finding in errors)
    assert text in errors[0].text
    assert "--rebuild" in errors[0].hint


TABLES = ("subagents", "handoffs", "runs", "waves", "tasks", "impl_logs", "approvals", "harvest_errors")


@pytest.mark.parametrize("table", TABLES[:-1])
def test_projections_are_rebuilt_from_the_artifacts_alone(demo: Workspace, table: str) -> None:
    demo.harvest()
    demo.spec("user-auth").cleanup()
    path = demo.paths.spec_db("user-auth")
    before = dump(path)
    edit(path, f"PRAGMA foreign_keys = ON; DELETE FROM {table}")
    warned = [f.text for f in examine(demo.paths) if f.subject == "user-auth" and f.level == WARNING]
    assert any(text.startswith(table) for text in warned)
    examine(demo.paths, rebuild=True)
    assert dump(path) == before
    assert not_ok(examine(demo.paths)) == []


def test_rebuilt_projections_are_the_same_rows(demo: Workspace) -> None:
    demo.harvest()
    before = {name: dump(demo.paths.spec_db(name)) for name in demo.spec_names()}
    for name in demo.spec_names():
        edit(demo.paths.spec_db(name), "; ".join(f"DELETE FROM {table}" for table in TABLES))
    examine(demo.paths, rebuild=True)
    assert {name: dump(demo.paths.spec_db(name)) for name in demo.spec_names()} == before


def dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    rows = {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}
    connection.close()
    return rows  # type: ignore[return-value]


def test_index_that_is_behind_or_inconsistent(demo: Workspace) -> None:
    demo.harvest()
    edit(demo.paths.index_db, "UPDATE specs SET revision = 0 WHERE name = 'user-auth'")
    [finding] = not_ok(examine(demo.paths))
    assert (finding.level, finding.subject, "user-auth" in finding.text) == (REPAIRED, "index", True)
    edit(demo.paths.index_db, "DELETE FROM documents WHERE id = 5; DELETE FROM chunks WHERE document_id = 6")
    errors = [finding.text for finding in examine(demo.paths) if finding.level == ERROR]
    assert any("words without a chunk" in text for text in errors)
    examine(demo.paths, rebuild=True)
    assert not_ok(examine(demo.paths)) == []
    assert demo.search("flaky login").results


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_open_permissions_are_closed(demo: Workspace) -> None:
    demo.harvest()
    path = demo.paths.spec_db("user-auth")
    path.chmod(0o644)
    [finding] = not_ok(examine(demo.paths))
    assert (finding.level, "private now" in finding.text) == (REPAIRED, True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_bytes_that_only_a_damaged_database_has_are_saved(workspace: Workspace) -> None:
    """Cleaned away, then the database is damaged: what can be read of it still comes back."""
    folder = write_run(workspace, RUN, {f"agent-{number}": "pass" for number in range(30)})
    workspace.harvest()
    spec = workspace.spec("alpha")
    contents = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert len(spec.cleanup().removed) == len(contents)
    path = workspace.paths.spec_db("alpha")
    data = bytearray(path.read_bytes())
    pages = len(data) // 8192
    data[8192 * (pages - 1) :] = b"\xa5" * (len(data) - 8192 * (pages - 1))
    path.write_bytes(data)
    findings = examine(workspace.paths, rebuild=True)
    assert any("still readable" in finding.text for finding in findings) or not_ok(findings) == []
    workspace.spec("alpha").restore()
    saved = [file for file, content in contents.items() if file.is_file() and file.read_bytes() == content]
    assert len(saved) > len(contents) / 2
    assert all(file.read_bytes() == contents[file] for file in saved)


@pytest.mark.parametrize("garbage", [b"\xa5", b"\0"], ids=["noise", "zeros"])
def test_bytes_are_saved_from_behind_a_first_page_that_is_lost(workspace: Workspace, garbage: bytes) -> None:
    kept = write(workspace, "specs/alpha/notes.md", "only the database has this")
    workspace.harvest()
    kept.write_text("and this is newer")
    workspace.harvest()
    kept.unlink()
    workspace.harvest()
    path = workspace.paths.spec_db("alpha")
    data = path.read_bytes()
    path.write_bytes(garbage * 8192 + data[8192:])
    workspace.harvest()
    assert workspace.spec("alpha").restore(["notes.md"]).ok
    assert kept.read_text() == "and this is newer"
    with SpecStore.reading(path) as store:
        assert store is not None
        assert {store.version_bytes(version) for version in store.versions()} >= {
            b"only the database has this",
            b"and this is newer",
        }


def test_doctor_command(demo: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(demo.paths.root)
    assert main(["--workspace", root, "doctor"]) == 0
    assert "never harvested" in capsys.readouterr().out
    main(["--workspace", root, "harvest"])
    capsys.readouterr()
    assert main(["--workspace", root, "doctor", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["ok"] is True
    assert {finding["level"] for finding in value["findings"]} == {"ok"}
    demo.paths.spec_db("user-auth").write_bytes(b"garbage" * 1000)
    assert main(["--workspace", root, "doctor"]) == 1
    assert main(["--workspace", root, "doctor", "--rebuild"]) == 0


def test_backup_unpacks_to_the_same_answers(demo: Workspace, tmp_path: Path) -> None:
    demo.harvest()
    report = backup(demo.paths, tmp_path / "b.zip")
    assert len(report.databases) == 10
    before = demo.specs()
    target = tmp_path / "elsewhere"
    with zipfile.ZipFile(report.file) as archive:
        assert archive.testzip() is None
        archive.extractall(target)
    other = Workspace.open(target)
    assert other.search("flaky login").results == demo.search("flaky login").results
    for name in other.spec_names():
        other.spec(name).restore()
    assert other.specs() == before
    assert stat.S_IMODE(Path(report.file).stat().st_mode) == 0o600


def test_backup_refuses(demo: Workspace, workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(SpwError, match="no database"):
        backup(workspace.paths, tmp_path / "b.zip")
    demo.harvest()
    (tmp_path / "there.zip").write_text("mine")
    with pytest.raises(SpwError, match="exists already"):
        backup(demo.paths, tmp_path / "there.zip")
    assert (tmp_path / "there.zip").read_text() == "mine"
    with pytest.raises(SpwError, match="cannot write"):
        backup(demo.paths, tmp_path / "no" / "such" / "folder.zip")
    assert backup(demo.paths, tmp_path / "there.zip", force=True).bytes > 1000
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_damaged_database_does_not_stop_the_backup(demo: Workspace, tmp_path: Path) -> None:
    demo.harvest()
    damaged = demo.paths.spec_db("user-auth")
    damaged.write_bytes(b"garbage" * 1000)
    target = tmp_path / "b.zip"
    root = str(demo.paths.root)
    assert main(["--workspace", root, "backup", str(target)]) == 1
    with zipfile.ZipFile(target) as archive:
        assert archive.read(".spec-workflow/specs/user-auth/spec.db") == b"garbage" * 1000
        assert len(archive.namelist()) == 10
    report = backup(demo.paths, target, force=True)
    assert len(report.damaged) == 1
    assert report.damaged[0].startswith(".spec-workflow/specs/user-auth/spec.db: ")


def test_a_copy_with_damaged_pages_is_reported(demo: Workspace, tmp_path: Path) -> None:
    demo.harvest()
    path = demo.paths.spec_db("user-auth")
    data = bytearray(path.read_bytes())
    data[8192 * 3 : 8192 * 5] = b"\xa5" * 16384
    path.write_bytes(data)
    report = backup(demo.paths, tmp_path / "b.zip")
    assert len(report.databases) == 10
    assert len(report.damaged) == 1


def test_backup_never_replaces_a_database(demo: Workspace) -> None:
    demo.harvest()
    for path in (demo.paths.spec_db("user-auth"), demo.paths.index_db):
        before = path.read_bytes()
        with pytest.raises(SpwError, match="place of a database"):
            backup(demo.paths, path, force=True)
        with pytest.raises(SpwError, match="place of a database"):
            backup(demo.paths, path.with_name(path.name + "-wal"), force=True)
        assert path.read_bytes() == before


def test_backup_restores(demo: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demo.harvest()
    file = backup(demo.paths, tmp_path / "b.zip").file
    before = dump(demo.paths.spec_db("user-auth"))
    (demo.paths.spec_dir("user-auth") / "new.md").write_text("newer than the backup")
    demo.harvest()
    db = demo.paths.spec_db("user-auth")
    newer = db.read_bytes()
    # What an interrupted writer leaves: replayed into the restored database, it would ruin it.
    wal = db.with_name("spec.db-wal")
    wal.write_bytes(b"\xa5" * 40000)
    with pytest.raises(SpwError, match="there is a database already"):
        restore_backup(demo.paths, Path(file))
    assert db.read_bytes() == newer
    root = str(demo.paths.root)
    assert main(["--workspace", root, "backup", "--restore", file, "--force"]) == 0
    assert "10 databases restored" in capsys.readouterr().out
    assert dump(db) == before
    assert stat.S_IMODE(db.stat().st_mode) == 0o600
    assert not wal.exists() or wal.stat().st_size == 0
    [aside] = [path for path in db.parent.glob("spec.db.before-restore-*") if path.name[-1] == "Z"]
    assert aside.read_bytes() == newer
    assert list(demo.paths.root.rglob(".*.spw-tmp")) == []
    assert demo.harvest().ok
    assert not [report for report in demo.harvest().specs if report.changed]


def test_backup_restores_into_an_empty_workspace(
    demo: Workspace, workspace: Workspace, tmp_path: Path
) -> None:
    demo.harvest()
    file = Path(backup(demo.paths, tmp_path / "b.zip").file)
    report = restore_backup(workspace.paths, file)
    assert (len(report.databases), report.moved_aside) == (10, ())
    assert dump(workspace.paths.spec_db("user-auth")) == dump(demo.paths.spec_db("user-auth"))


@pytest.mark.parametrize(
    "member",
    [
        "../spec.db",
        "/etc/spec.db",
        ".spec-workflow/specs/../spec.db",
        ".spec-workflow/specs/.hidden/spec.db",
        ".spec-workflow/specs/a b/spec.db",
        ".spec-workflow/specs/alpha/spec.db-wal",
        ".spec-workflow/specs/alpha/sub/spec.db",
        ".spec-workflow/specs/alpha/tasks.md",
        "C:\\spec.db",
    ],
)
def test_restore_refuses_what_is_no_database(workspace: Workspace, tmp_path: Path, member: str) -> None:
    file = tmp_path / "b.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(".spec-workflow/specs/alpha/spec.db", b"")
        archive.writestr(member, b"evil")
    before = set(tmp_path.rglob("*"))
    with pytest.raises(SpwError, match="something else than databases"):
        restore_backup(workspace.paths, file, force=True)
    assert set(tmp_path.rglob("*")) == before


def test_restore_of_a_damaged_archive_changes_nothing(demo: Workspace, tmp_path: Path) -> None:
    demo.harvest()
    file = Path(backup(demo.paths, tmp_path / "b.zip").file)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    before = {path: path.stat().st_ino for path in demo.paths.root.rglob("*")}
    with pytest.raises(SpwError, match="damaged archive"):
        restore_backup(demo.paths, file, force=True)
    file.write_text("no archive")
    with pytest.raises(SpwError, match="damaged archive"):
        restore_backup(demo.paths, file, force=True)
    with pytest.raises(SpwError, match="cannot restore"):
        restore_backup(demo.paths, tmp_path / "missing.zip")
    assert {path: path.stat().st_ino for path in demo.paths.root.rglob("*")} == before


def test_names_like_a_database_are_files_of_the_user(workspace: Workspace) -> None:
    names = ["spec.db.md", "spec.db-notes.md", "my.spw-tmp", "spec.dbx", "spec.db.old"]
    skipped = ["spec.db.corrupt-1", "spec.db.before-restore-1-wal", "spec.db.rebuild", ".0123.spw-tmp"]
    for name in (*names, *skipped):
        write(workspace, f"specs/alpha/{name}", "text")
    workspace.harvest()
    with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
        assert store is not None
        assert sorted(path for _, path in store.artifacts()) == sorted(names)


def test_the_limit_of_what_is_read_whole(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/notes.md", "x" * 100)
    top = workspace.paths.spec_dir("alpha")
    assert read_file(top, "notes.md").content == b"x" * 100
    assert read_file(top, "notes.md", limit=100).content == b"x" * 100
    small = read_file(top, "notes.md", limit=99)
    assert (small.content, small.size) == (None, 100)
    assert read_file(top, "notes.md", limit=99, whole=True).content == b"x" * 100


def test_each_leftover_is_reported_once(demo: Workspace) -> None:
    demo.harvest()
    for name in (".abc.spw-tmp", "spec.db.corrupt-1", "spec.db.corrupt-1-wal", "mine.spw-tmp"):
        write(demo, f"specs/user-auth/{name}", "x")
    demo.harvest()
    texts = [finding.text for finding in not_ok(examine(demo.paths))]
    assert len(texts) == 2
    assert sum("/.abc.spw-tmp" in text for text in texts) == 1
    assert sum("/spec.db.corrupt-1 " in text for text in texts) == 1


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_database_that_is_no_file_is_an_error(demo: Workspace, kind: str) -> None:
    demo.harvest()
    path = demo.paths.spec_db("user-auth")
    path.rename(path.with_name("elsewhere"))
    if kind == "link":
        path.symlink_to("elsewhere")
    else:
        path.mkdir()
    for rebuild in (False, True):
        errors = [f for f in examine(demo.paths, rebuild=rebuild) if f.level == ERROR]
        assert [error.subject for error in errors] == ["user-auth"]
        assert "not followed" in errors[0].text or "for writing" in errors[0].text


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE artifacts SET content = x'00' WHERE id = 3",
        "UPDATE artifacts SET encoding = 'zlib' WHERE id = 3",
        "PRAGMA foreign_keys = OFF; DELETE FROM runs WHERE run_number = 1",
    ],
)
def test_rebuild_heals_what_the_checks_find(demo: Workspace, sql: str) -> None:
    demo.harvest()
    path = demo.paths.spec_db("user-auth")
    before = dump(path)
    edit(path, sql)
    findings = examine(demo.paths, rebuild=True)
    assert next(f.subject for f in findings if f.level == REPAIRED) == "user-auth"
    assert not [f for f in findings if f.level == ERROR]
    assert [f.text for f in not_ok(examine(demo.paths)) if "left from a repair" not in f.text] == []
    assert dump(path) == before


def test_rebuild_replaces_a_damaged_index(demo: Workspace) -> None:
    demo.harvest()
    demo.paths.index_db.write_bytes(b"garbage" * 1000)
    findings = examine(demo.paths, rebuild=True)
    assert not [f for f in findings if f.level == ERROR]
    assert demo.search("flaky login").results


def test_hooks_that_are_not_there(demo: Workspace, private_home: Path) -> None:
    demo.harvest()
    hook = demo.paths.root / "bin" / "spw-hook"

    def told() -> list[str]:
        found = [finding for finding in not_ok(examine(demo.paths)) if "lacks" not in finding.text]
        assert all((finding.level, finding.subject) == (WARNING, "hook") for finding in found)
        return [finding.text for finding in found]

    settings = write(demo, "../.claude/settings.json", hooks_json('"$CLAUDE_PROJECT_DIR"/bin/spw-hook stop'))
    assert told() == [f"{settings.resolve()} calls {hook}, which does not exist"]
    hook.parent.mkdir()
    hook.touch()
    assert told() == []
    settings.write_text(hooks_json("spw-hook stop"))
    assert told() == []
    settings.write_text("{")
    assert len(told()) == 1
    settings.unlink()
    (private_home / ".claude").mkdir()
    (private_home / ".claude" / "settings.json").write_text(hooks_json("~/no/spw-hook x"))
    [text] = told()
    assert str(private_home / "no" / "spw-hook") in text


def hooks_json(command: str) -> str:
    return json.dumps({"hooks": {"Stop": [{"hooks": [{"type": "command", "command": command}]}]}})


def test_dry_run_says_what_would_happen_and_writes_nothing(demo: Workspace) -> None:
    before = set(demo.paths.root.rglob("*"))
    planned = demo.harvest(dry_run=True)
    assert set(demo.paths.root.rglob("*")) == before
    done = demo.harvest()
    assert [(p.files, p.changed) for p in planned.specs] == [(d.files, d.changed) for d in done.specs]
    (demo.paths.spec_dir("user-auth") / "tasks.md").unlink()
    (demo.paths.spec_dir("user-auth") / "new.md").write_text("new")
    (demo.paths.spec_dir("user-auth") / "design.md").touch()
    (demo.paths.spec_dir("user-auth") / "requirements.md").write_text("other")
    [planned_now] = demo.harvest(["user-auth"], dry_run=True).specs
    [done_now] = demo.harvest(["user-auth"]).specs
    for report in (planned_now, done_now):
        assert (report.new, report.changed, report.removed) == (1, 2, 1)
    done_now.revision = None
    assert planned_now == done_now


def test_dry_run_command_tells_what_and_that_nothing_was_written(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    write(workspace, "specs/alpha/notes.md", "first")
    write(workspace, "specs/beta/notes.md", "first")
    workspace.harvest()
    write(workspace, "specs/alpha/notes.md", "second")
    write(workspace, "specs/alpha/more.md", "new")
    assert main(["--workspace", str(workspace.paths.root), "harvest", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "alpha: would store 1 new and 1 changed files and note 0 as removed; 0 are unchanged",
        "2 specs, 1 of them as they are stored: would store 1 new and 1 changed files and note 0 as"
        " removed. Nothing was written.",
    ]
    assert main(["--workspace", str(workspace.paths.root), "harvest", "--dry-run", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["dry_run"] is True and answer["specs"][0]["new"] == 1


def test_watch_tells_once_of_an_index_that_cannot_be_written_and_tries_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    ordinary, failing = watch_module.harvest, iter([True] * 4)
    calls = 0

    def harvest(paths: WorkspacePaths, names: list[str] | None = None) -> HarvestReport:
        nonlocal calls
        calls += 1
        report = ordinary(paths, names)
        report.index_failed = "locked" if next(failing, False) else ""
        return report

    monkeypatch.setattr(watch_module, "harvest", harvest)
    looks = iter(range(8))

    def sleep(_: float) -> None:
        if next(looks, None) is None:
            raise KeyboardInterrupt

    seen = []
    with pytest.raises(KeyboardInterrupt):
        seen.extend(report.index_failed for report in watch(workspace.paths, sleep=sleep))
    assert seen == ["locked"]  # once, although it was tried until it went well
    assert calls == 5


def test_watch_takes_a_run_when_it_is_handed_off(workspace: Workspace) -> None:
    steps = [
        lambda: write_run(workspace, RUN, {"a": "pass"}, handoff=False),
        lambda: write(workspace, f"{RUN}/b/report.md", "still working"),
        lambda: write(workspace, f"{RUN}/_handoff.md", "# Handoff\n"),
        lambda: write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n"),
        lambda: None,
        lambda: None,
    ]
    seen: list[tuple[int, int, int]] = []
    asleep = 0

    def sleep(_: float) -> None:
        nonlocal asleep
        if asleep == len(steps):
            raise KeyboardInterrupt
        steps[asleep]()
        asleep += 1

    with pytest.raises(KeyboardInterrupt):
        seen.extend(
            (asleep, spec.changed, spec.handoffs)
            for report in watch(workspace.paths, sleep=sleep)
            for spec in report.specs
        )
    # At the start; when the handoff came; when tasks.md had settled.
    assert seen == [(0, 0, 0), (3, 5, 1), (5, 1, 1)]


def test_watch_survives_a_spec_that_is_deleted(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at it and its harvest."""
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    write(workspace, "specs/beta/tasks.md", "- [ ] 1. T\n")
    ordinary = watch_module.harvest

    def late(paths: WorkspacePaths, names: list[str] | None = None) -> HarvestReport:
        if names and "beta" in names:
            shutil.rmtree(paths.spec_dir("beta"), ignore_errors=True)
            write(workspace, "specs/alpha/tasks.md", "- [x] 1. T\n- [ ] 2. U\n")
        return ordinary(paths, names)

    monkeypatch.setattr(watch_module, "harvest", late)
    looks = iter(range(4))

    def sleep(_: float) -> None:
        if next(looks, None) is None:
            raise KeyboardInterrupt

    seen = []
    with pytest.raises(KeyboardInterrupt):
        seen.extend(
            (spec.spec, spec.changed)
            for report in watch(workspace.paths, sleep=sleep)
            for spec in report.specs
        )
    assert seen == [("alpha", 1), ("beta", 1), ("alpha", 1)]


def test_watch_command_stops_on_interrupt(demo: Workspace) -> None:
    with interruptible_children():
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "spw_core.cli",
                "--workspace",
                str(demo.paths.root),
                "harvest",
                "--watch",
                "--json",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    assert process.stdout is not None
    lines = [json.loads(process.stdout.readline()) for _ in range(8)]
    assert {line["spec"] for line in lines} == set(demo.spec_names())
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, b"")
