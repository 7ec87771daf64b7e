"""`spw doctor` on the memory: damage is told, words and knowledge are made anew, readable rows are saved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.cli import main
from spw_core.harvest.backup import backup, restore_backup
from spw_core.harvest.doctor import ERROR, OK, REPAIRED, Finding
from spw_core.memory import checking
from spw_core.memory.checking import examine_memory
from spw_core.memory.place import HERE, reading_memory
from spw_core.store.memory import soundness
from spw_core.store.memory.stores import KNOWLEDGE_DB, MEMORY_DB, SESSIONS_DB

from .transcript_support import SESSION, Transcript

NEVER_AGAIN = "5e55105e-0000-4000-8000-00000000dead"
DATABASES = (SESSIONS_DB, MEMORY_DB, KNOWLEDGE_DB)
SAID = [f"the {number}. thing about tokens " + "and so on " * 60 for number in range(200)]


@pytest.fixture
def remembered(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace with one conversation, a session that was forgotten, and a harvested spec."""
    transcript = Transcript(tmp_path / f"{SESSION}.jsonl", str(workspace.paths.root))
    for text in SAID:
        transcript.add("user", text)
    workspace.harvest()
    workspace.import_transcripts([transcript.write()])
    workspace.forget([NEVER_AGAIN])
    return workspace


def edit(workspace: Workspace, name: str, sql: str) -> None:
    connection = apsw.Connection(str(workspace.paths.memory_dir / name))
    connection.execute(sql)
    connection.close()


def levels(findings: list[Finding]) -> list[str]:
    return [finding.level for finding in findings]


def test_without_a_memory_there_is_nothing_to_say(workspace: Workspace) -> None:
    assert examine_memory(workspace.paths) == []
    assert not workspace.paths.memory_dir.exists()


def test_a_sound_memory(remembered: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert examine_memory(remembered.paths) == [Finding(OK, "memory", "1 session, 200 messages, 0 summaries")]
    assert main(["--workspace", str(remembered.paths.root), "doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [one["level"] for one in found if one["subject"] == "memory"] == [OK]


def test_words_that_are_missing_are_indexed_anew(remembered: Workspace) -> None:
    edit(remembered, MEMORY_DB, "INSERT INTO memory_words (memory_words) VALUES ('delete-all')")
    assert remembered.search_messages("tokens") == []
    [repaired, sound] = examine_memory(remembered.paths)
    assert (repaired.level, sound.level) == (REPAIRED, OK)
    assert "200 messages without words" in repaired.text
    assert len(remembered.search_messages("tokens", limit=None)) == 200


def test_knowledge_is_derived_anew(remembered: Workspace) -> None:
    examine_memory(remembered.paths)
    edit(remembered, KNOWLEDGE_DB, "UPDATE entities SET name = 'wrong' WHERE id = 'spec:alpha'")
    examine_memory(remembered.paths)
    with reading_memory(remembered.paths) as memory:
        assert memory
        assert memory.knowledge.entity(HERE, "spec:alpha").name == "alpha"


def test_open_permissions_are_closed(remembered: Workspace) -> None:
    path = remembered.paths.memory_dir / SESSIONS_DB
    path.chmod(0o644)
    assert levels(examine_memory(remembered.paths)) == [REPAIRED, OK]
    assert path.stat().st_mode & 0o777 == 0o600


def overwrite(path: Path, start: int, length: int) -> None:
    edit_log = apsw.Connection(str(path))
    edit_log.pragma("wal_checkpoint(TRUNCATE)")
    edit_log.close()
    with path.open("r+b") as stream:
        stream.seek(start)
        stream.write(b"\xa5" * length)


@pytest.mark.parametrize("name", DATABASES)
def test_a_file_that_is_no_database(remembered: Workspace, name: str, tmp_path: Path) -> None:
    overwrite(remembered.paths.memory_dir / name, 0, 4096)
    [error] = [one for one in examine_memory(remembered.paths) if one.level != OK]
    assert error.level == ERROR
    assert name in error.text
    assert "--rebuild" in error.hint
    assert levels(examine_memory(remembered.paths, rebuild=True)) == [REPAIRED, OK]
    assert list(remembered.paths.memory_dir.glob(f"{name}.corrupt-*"))
    remembered.import_transcripts([tmp_path / f"{SESSION}.jsonl"])
    assert len(remembered.session(SESSION).messages) == 200
    assert levels(examine_memory(remembered.paths)) == [OK]


def test_readable_rows_of_a_damaged_database_are_saved(remembered: Workspace, tmp_path: Path) -> None:
    path = remembered.paths.memory_dir / MEMORY_DB
    size = path.stat().st_size
    overwrite(path, size // 2 // 4096 * 4096, 4096)
    assert levels(examine_memory(remembered.paths)) == [ERROR]
    found = examine_memory(remembered.paths, rebuild=True)
    assert levels(found) == [REPAIRED, REPAIRED, OK]
    assert "rows saved" in found[0].text
    assert len(remembered.session(SESSION).messages) > 100
    remembered.import_transcripts([tmp_path / f"{SESSION}.jsonl"])
    assert sorted(one.content for one in remembered.session(SESSION).messages) == sorted(SAID)


@pytest.mark.parametrize("name", DATABASES)
def test_a_repair_that_was_killed_is_made_up_for(
    remembered: Workspace, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered.compact(session=SESSION)
    overwrite(remembered.paths.memory_dir / name, 100, 1)
    before = (remembered.paths.memory_dir / name).read_bytes()

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(soundness, "_copy", killed)
        with pytest.raises(KeyboardInterrupt):
            examine_memory(remembered.paths, rebuild=True)
    assert (remembered.paths.memory_dir / name).read_bytes() == before
    assert levels(examine_memory(remembered.paths, rebuild=True))[0] == REPAIRED


def test_two_repair_at_once(remembered: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    overwrite(remembered.paths.memory_dir / MEMORY_DB, 0, 4096)
    damage = checking.damage

    def another_is_faster(folder: Path) -> dict[str, list[str]]:
        found = damage(folder)
        monkeypatch.setattr(checking, "damage", damage)
        assert levels(examine_memory(remembered.paths, rebuild=True)) == [REPAIRED, OK]
        return found

    monkeypatch.setattr(checking, "damage", another_is_faster)
    assert levels(examine_memory(remembered.paths, rebuild=True)) == [OK]
    assert len(list(remembered.paths.memory_dir.glob("*.corrupt-*"))) == 1


def test_what_was_forgotten_stays_so(remembered: Workspace) -> None:
    edit(
        remembered,
        SESSIONS_DB,
        "INSERT INTO session_links VALUES ('workspace', 'nobody', 'spec', 'alpha', 'cwd', 1)",
    )
    assert levels(examine_memory(remembered.paths)) == [ERROR]
    assert levels(examine_memory(remembered.paths, rebuild=True)) == [REPAIRED, OK]
    assert [row.id for row in remembered.sessions()] == [SESSION]
    with reading_memory(remembered.paths) as memory:
        assert memory
        assert memory.sessions.forgotten(HERE) == {NEVER_AGAIN}


def test_a_backup_brings_the_memory_back(remembered: Workspace, tmp_path: Path) -> None:
    report = backup(remembered.paths, tmp_path / "all.zip")
    assert {f".spec-workflow/.spw-memory/{name}" for name in DATABASES} <= set(report.databases)
    before = remembered.session(SESSION).messages
    shutil.rmtree(remembered.paths.workflow)
    remembered.paths.specs.mkdir(parents=True)
    restore_backup(remembered.paths, tmp_path / "all.zip")
    assert remembered.session(SESSION).messages == before
    with reading_memory(remembered.paths) as memory:
        assert memory
        assert memory.sessions.forgotten(HERE) == {NEVER_AGAIN}
