"""Small helpers that tests share."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spw_core.api import Workspace

# Long ago, so that a harvest right after writing does not count files as just written.
OLD_NS = 1_770_000_000_000_000_000


def write(workspace: Workspace, path: str, content: str | bytes) -> Path:
    """Write a file below `.spec-workflow/`, making its folders."""
    target = workspace.paths.workflow / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(target, ns=(OLD_NS, OLD_NS))
    return target


def write_run(
    workspace: Workspace,
    path: str,
    agents: dict[str, str],
    *,
    handoff: bool = True,
) -> Path:
    """Write a run at `specs/…/run-NNN`: subagent name to status, each with brief and report."""
    for name, status in agents.items():
        write(workspace, f"{path}/{name}/brief.md", f"# Brief: {name}\n")
        write(workspace, f"{path}/{name}/report.md", f"# Report: {name}\n\nIt says {status}.\n")
        write(workspace, f"{path}/{name}/status.json", json.dumps({"status": status, "summary": f"{name}!"}))
    if handoff:
        write(workspace, f"{path}/_handoff.md", "# Handoff Summary\n")
    return workspace.paths.workflow / path


@contextmanager
def interruptible_children() -> Iterator[None]:
    """Processes begun inside can be interrupted; in the background of a shell they would ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def modules_after(
    *command: str, env: dict[str, str], data: bytes = b"{}", cwd: Path | None = None
) -> set[str]:
    """Names in `sys.modules` when a Python process with these arguments has done its work."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        input=data,
        capture_output=True,
        env=env,
        cwd=cwd,
        check=True,
    )
    lines = done.stderr.decode().splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")} - {
        "imported package"
    }
