"""Replacing a file: whole or not at all, and never over somebody else's change."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from spw_core import atomic
from spw_core.atomic import FileChanged, WriteError, replace_file, update_file

posix = pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be locked here")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "file.md"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755])
def test_replacing_keeps_the_mode_and_leaves_nothing_behind(file: Path, mode: int) -> None:
    file.chmod(mode)
    before = file.stat()
    replace_file(file, b"new", expected=b"old")
    after = file.stat()
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(after.st_mode) == mode
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert names(file) == ["file.md"]


def test_new_file_has_an_ordinary_mode(tmp_path: Path) -> None:
    replace_file(tmp_path / "new.md", b"text")
    (tmp_path / "other.md").write_bytes(b"text")
    assert (tmp_path / "new.md").stat().st_mode == (tmp_path / "other.md").stat().st_mode


def test_a_change_that_was_not_seen_is_not_overwritten(file: Path) -> None:
    with pytest.raises(FileChanged):
        replace_file(file, b"new", expected=b"older")
    assert file.read_bytes() == b"old"
    file.unlink()
    with pytest.raises(WriteError, match="cannot read"):
        replace_file(file, b"new", expected=b"old")
    assert names(file) == []


def test_update_tries_again_when_somebody_was_faster(file: Path) -> None:
    seen: list[bytes] = []

    def change(data: bytes) -> tuple[bytes, int]:
        seen.append(data)
        if len(seen) == 1:
            file.write_bytes(b"theirs")
        return data + b"+ours", len(seen)

    assert update_file(file, change) == 2
    assert seen == [b"old", b"theirs"]
    assert file.read_bytes() == b"theirs+ours"


def test_update_gives_up_on_a_file_that_never_rests(file: Path) -> None:
    def change(data: bytes) -> tuple[bytes, None]:
        file.write_bytes(data + b"!")
        return b"ours", None

    with pytest.raises(WriteError, match="keeps changing"):
        update_file(file, change)
    assert names(file) == ["file.md"]


def test_update_without_a_change_does_not_touch_the_file(file: Path) -> None:
    before = file.stat()
    assert update_file(file, lambda data: (data, "same")) == "same"
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_threads_lose_nothing(file: Path) -> None:
    file.write_bytes(b"")

    def add(number: int) -> None:
        for _ in range(5):
            update_file(file, lambda data: (data + b"%d " % number, None))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(file.read_bytes().split()) == sorted(b"%d" % n for n in range(8) for _ in range(5))


def test_only_regular_files_are_replaced(file: Path) -> None:
    link = file.with_name("link.md")
    link.symlink_to(file)
    dangling = file.with_name("dangling.md")
    dangling.symlink_to("nowhere")
    pipe = file.with_name("pipe.md")
    os.mkfifo(pipe)
    for path, why in (
        (link, "symbolic link"),
        (dangling, "symbolic link"),
        (pipe, "not a regular"),
        (file.parent, "not a regular"),
    ):
        with pytest.raises(WriteError, match=why):
            replace_file(path, b"new")
        with pytest.raises(WriteError, match=why):
            update_file(path, lambda data: (b"new", None))
    assert file.read_bytes() == b"old"
    assert link.is_symlink()


def test_write_protection_is_respected(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everything
    with pytest.raises(WriteError, match="write-protected"):
        replace_file(file, b"new")
    assert (file.read_bytes(), names(file)) == (b"old", ["file.md"])


@pytest.mark.parametrize("call", ["fsync", "fchmod"])
def test_a_failure_on_the_way_leaves_the_file_as_it_was(
    file: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(WriteError, match="No space left"):
            replace_file(file, b"new")
    assert (file.read_bytes(), names(file)) == (b"old", ["file.md"])


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="No such file"):
        replace_file(tmp_path / "nowhere" / "file.md", b"new")


@posix
def test_a_lock_that_is_never_given_back_is_an_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    monkeypatch.setattr(atomic, "_LONGEST_WAIT_S", 0.02)
    holder = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(WriteError, match="locked by another process"):
            replace_file(file, b"new")
    finally:
        os.close(holder)
    assert (file.read_bytes(), names(file)) == (b"old", ["file.md"])
    replace_file(file, b"new")


@posix
def test_where_folders_cannot_be_locked_the_last_look_protects(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def fail(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    replace_file(file, b"new", expected=b"old")
    with pytest.raises(FileChanged):
        replace_file(file, b"newer", expected=b"old")
