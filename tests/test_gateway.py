"""gateway.db: where it is, that it is private, and the audit log in it."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from spw_core import user_dirs
from spw_core.errors import StoreError
from spw_core.store.gateway import audit_entries, gateway_path, reading_gateway, writing_gateway


def add(connection: object, at: str, **values: object) -> None:
    row = {
        **dict.fromkeys(("workspace", "session", "agent", "event", "decision"), ""),
        **dict.fromkeys(("tool", "target", "reason", "spec"), ""),
        "at": at,
        "duration_ms": 0.5,
        **values,
    }
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO audit_log ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # type: ignore[attr-defined]


@pytest.mark.parametrize("with_variables", [True, False])
def test_folders_are_those_of_platformdirs(monkeypatch: pytest.MonkeyPatch, with_variables: bool) -> None:
    if not with_variables:
        monkeypatch.delenv("XDG_DATA_HOME")
        monkeypatch.setenv("XDG_STATE_HOME", "relative")  # to be ignored, as the standard says
    assert user_dirs.data_dir() == platformdirs.user_data_dir("spw", appauthor=False)
    if with_variables:
        assert user_dirs.state_dir() == platformdirs.user_state_dir("spw", appauthor=False)
    else:
        assert user_dirs.state_dir().endswith("/spw")


def test_made_on_first_use_with_its_folder_and_private() -> None:
    assert not gateway_path().parent.exists()
    with reading_gateway() as nothing:
        assert nothing is None
    with writing_gateway() as connection:
        add(connection, "2026-02-14T10:00:00.000000Z", decision="warn")
    with reading_gateway() as again:
        assert again is not None
        assert [entry.decision for entry in audit_entries(again)] == ["warn"]
    if os.name == "posix":
        assert gateway_path().stat().st_mode & 0o777 == 0o600
        assert gateway_path().parent.stat().st_mode & 0o777 == 0o700


def test_entries_are_the_newest_in_order_and_filtered() -> None:
    with writing_gateway() as connection:
        for number in range(10):
            at = f"2026-02-14T10:00:{number:02}.000000Z"
            add(
                connection,
                at,
                spec="ab"[number % 2],
                workspace="/w" if number < 5 else "/v",
                target=str(number),
            )

        def targets(**filters: object) -> str:
            return "".join(entry.target for entry in audit_entries(connection, **filters))  # type: ignore[arg-type]

        assert targets() == "0123456789"
        assert targets(limit=3) == "789"
        assert targets(spec="b") == "13579"
        assert targets(workspace="/v", spec="a", limit=1) == "8"
        assert targets(since="2026-02-14T10:00:07") == "789"
        assert targets(spec="no such") == ""


def test_without_a_home_it_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError), writing_gateway():
        pytest.fail("a database in a folder called ~")
    assert not list(tmp_path.iterdir())
