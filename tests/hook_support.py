"""Firing hook events: in this process for tables of cases, in real processes for what only they can show."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import spw_core.hook
from spw_core.api import Workspace
from spw_core.hook import detach, main, stdin
from spw_core.store.gateway import AuditEntry, audit_entries, reading_gateway

SCRIPT = Path(spw_core.hook.__file__).parent / "script" / "spw-hook"


@dataclass(frozen=True, slots=True)
class Fired:
    """What an event has led to; `answer` is the JSON on stdout, `spawned` what was started."""

    code: int
    out: str
    err: str
    spawned: list[tuple[str, ...]]

    @property
    def answer(self) -> dict[str, object]:
        value: dict[str, object] = json.loads(self.out)
        return value


@pytest.fixture
def fire(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Fired]:
    """Run an event in this process, in `workspace` unless the payload has a `cwd`; nothing is spawned."""

    def fire(event: str = "", payload: Mapping[str, object] | None = None, **more: object) -> Fired:
        spawned: list[tuple[str, ...]] = []
        monkeypatch.setattr(detach, "run_spw", lambda *arguments: spawned.append(arguments))
        data = json.dumps({"cwd": str(workspace.paths.root), **(payload or {}), **more}).encode()
        monkeypatch.setattr(stdin, "read", lambda is_complete: data)
        capsys.readouterr()
        code = main.main([event] if event else [])
        captured = capsys.readouterr()
        return Fired(code, captured.out, captured.err, spawned)

    return fire


def configure(workspace: Workspace, text: str) -> None:
    """Write the configuration of a workspace."""
    (workspace.paths.workflow / "spw-config.toml").write_text(text)


def audit() -> list[AuditEntry]:
    """Every decision so far."""
    with reading_gateway() as gateway:
        return audit_entries(gateway, limit=100_000) if gateway else []


def run_script(
    event: str, payload: object, *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the real script in a process of its own."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    command = [sys.executable, str(SCRIPT), *([event] if event else [])]
    return subprocess.run(command, input=data, capture_output=True, cwd=cwd, env=env, timeout=60)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for something that another process is to do."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.02)
