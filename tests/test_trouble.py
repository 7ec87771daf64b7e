"""A full disk, a read-only workspace: a clear error, and everything as it was."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.errors import StoreError


def fingerprint(top: Path) -> dict[str, str]:
    return {
        str(path.relative_to(top)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in top.rglob("*")
        if path.is_file()
        and not path.name.startswith(("spec.db", ".spw-index", "knowledge.db", ".gitignore"))
    }


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2.5 MB, where we may mount one."""
    yield from mounted(tmp_path / "small", "2560k")


@pytest.fixture
def roomy_disk(tmp_path: Path) -> Iterator[Path]:
    """One that takes a spec with its databases."""
    yield from mounted(tmp_path / "roomy", "3m")


def mounted(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    if not shutil.which("mount") or os.name == "nt":
        pytest.skip("no mount here")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},nr_inodes=10k", "tmpfs", folder], capture_output=True
    )
    if done.returncode:
        pytest.skip("may not mount a file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_full_disk(small_disk: Path, demo_files: Path) -> None:
    source = demo_files / ".spec-workflow" / "specs" / "checkout-flaky-tests"
    shutil.copytree(source, small_disk / ".spec-workflow" / "specs" / "checkout-flaky-tests")
    workspace = Workspace.open(small_disk)
    before = fingerprint(small_disk)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)

        except OSError:
            pass  # full: what the test needs
    with filler.open("r+b") as stream:
        stream.truncate(filler.stat().st_size - 200 * 1024)
    try:
        report = workspace.harvest()
        message = report.specs[0].failed
    except StoreError as error:
        message = error.message
    assert "disk is full" in message
    assert fingerprint(small_disk).items() >= before.items()
    assert workspace.spec("checkout-flaky-tests").summary().tasks_total == 5
    filler.unlink()
    report = workspace.harvest()
    assert report.ok
    assert report.specs[0].runs == 12


def fill(folder: Path) -> Path:
    """Leave no byte free; returns the file that takes the room."""
    filler = folder / "filler"
    for size in (65536, 4096, 1):
        with filler.open("ab", buffering=0) as stream:
            try:
                while stream.write(b"x" * size) == size:
                    pass
            except OSError:
                pass  # full: what the test needs
    return filler


@pytest.mark.parametrize("what", ["cleanup", "restore", "finalize"])
def test_full_disk_once_harvested(roomy_disk: Path, demo_files: Path, what: str) -> None:
    """Said as it is, and once there is room again the same command works."""
    name = "relatorios-fiscais"
    source = demo_files / ".spec-workflow" / "specs" / name
    shutil.copytree(source, roomy_disk / ".spec-workflow" / "specs" / name)
    spec = Workspace.open(roomy_disk).spec(name)
    Workspace.open(roomy_disk).harvest()
    whole = fingerprint(roomy_disk)
    if what == "restore":
        assert spec.cleanup().removed
    before = fingerprint(roomy_disk)
    filler = fill(roomy_disk)
    done = subprocess.run(
        [sys.executable, "-m", "spw_core.cli", "--workspace", str(roomy_disk), what, name],
        capture_output=True,
        text=True,
    )
    text = done.stdout + done.stderr
    assert done.returncode == 1, done
    assert "disk is full" in text or "No space left on device" in text, text
    assert "Traceback" not in text
    assert "I/O" not in text
    filler.unlink()
    assert fingerprint(roomy_disk) == before
    getattr(spec, what)()
    spec.restore()
    assert fingerprint(roomy_disk).items() >= whole.items()


@pytest.fixture
def read_only(demo_files: Path, tmp_path: Path) -> Iterator[Path]:
    """A harvested demo on a mount that nobody may write to: a process of root writes through permissions."""
    folder, target = tmp_path / "ro", tmp_path / "mounted"
    shutil.copytree(demo_files, folder)
    Workspace.open(folder).harvest()
    target.mkdir()
    if not shutil.which("mount") or subprocess.run(["mount", "--bind", folder, target]).returncode:
        pytest.skip("may not mount")
    try:
        if subprocess.run(["mount", "-o", "remount,ro,bind", target]).returncode:
            pytest.skip("may not remount")
        yield target
    finally:
        subprocess.run(["umount", "-l", target], check=True)


def spw_at(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spw_core.cli", "--workspace", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True)


def test_doctor_of_a_read_only_workspace(read_only: Path) -> None:
    """Sound data are called sound where nothing can be written, and nothing is rebuilt there."""
    done = spw_at(read_only, "doctor")
    assert done.returncode == 0, done
    assert done.stdout.endswith("10 sound, nothing to do\n"), done
    done = spw_at(read_only, "doctor", "--rebuild")
    assert done.returncode == 1
    assert done.stdout.count("error ") == 1
    assert "is read-only" in done.stdout


def test_read_only_workspace(read_only: Path) -> None:
    workspace = Workspace.open(read_only)
    before = fingerprint(read_only)
    assert len(workspace.specs()) == 8
    assert workspace.search("flaky login").results
    for words in (["harvest", "--all"], ["cleanup", "user-auth"]):
        done = spw_at(read_only, *words)
        assert done.returncode == 1, (words, done)
        text = done.stdout + done.stderr
        assert "Traceback" not in text
        assert "ead-only" in text, text
    assert fingerprint(read_only) == before
