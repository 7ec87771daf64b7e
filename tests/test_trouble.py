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
        if path.is_file() and not path.name.startswith(("spec.db", ".spw-index", ".gitignore"))
    }


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1.5 MB, where we may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not shutil.which("mount") or os.name == "nt":
        pytest.skip("no mount here")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1536k,nr_inodes=10k", "tmpfs", folder], capture_output=True
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


def test_read_only_workspace(demo_files: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ro"
    shutil.copytree(demo_files, folder)
    Workspace.open(folder).harvest()
    # A bind mount, because a process of root writes through permissions.
    target = tmp_path / "mounted"
    target.mkdir()
    if not shutil.which("mount") or subprocess.run(["mount", "--bind", folder, target]).returncode:
        pytest.skip("may not mount")
    try:
        if subprocess.run(["mount", "-o", "remount,ro,bind", target]).returncode:
            pytest.skip("may not remount")
        workspace = Workspace.open(target)
        before = fingerprint(target)
        assert len(workspace.specs()) == 8
        assert workspace.search("flaky login").results
        command = [sys.executable, "-m", "spw_core.cli", "--workspace", str(target)]
        for args in (["harvest", "--all"], ["cleanup", "user-auth"]):
            done = subprocess.run([*command, *args], capture_output=True, text=True)
            assert done.returncode == 1, (args, done)
            text = done.stdout + done.stderr
            assert "Traceback" not in text
            assert "ead-only" in text, text
        assert fingerprint(target) == before
    finally:
        subprocess.run(["umount", "-l", target], check=True)
