"""What the tests of the commands for programs share: asking them, and small specs to ask about."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

from spw_core.api import Workspace
from spw_core.cli import main

from .support import write


@dataclass(frozen=True)
class Answer:
    """What a command did. `value` is its JSON, empty with --raw and for errors."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> dict[str, Any]:
        return json.loads(self.out) if self.out.startswith("{") else {}

    @property
    def error(self) -> str:
        return str(json.loads(self.err)["error"]) if self.err.startswith("{") else self.err


def ask(workspace: Workspace, *args: object) -> Answer:
    """Run `spw` in a workspace."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(["--workspace", str(workspace.paths.root), *(str(arg) for arg in args)])
        except SystemExit as error:  # a usage error
            code = int(error.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


def checkpoint(
    workspace: Workspace,
    wave: int,
    status: str,
    *,
    run: str = "run-001",
    summary: str | None = None,
    latest: str = "",
    spec: str = "alpha",
) -> None:
    """A gate decider's verdict, a wave summary that says the same (or `summary`), a pointer to `latest`."""
    folder = f"specs/{spec}/execution/waves/wave-{wave:02d}"
    write(
        workspace,
        f"{folder}/checkpoint/{run}/release-gate-decider/status.json",
        json.dumps({"status": status, "summary": f"gate says {status}"}),
    )
    write(workspace, f"{folder}/_wave-summary.json", json.dumps({"status": summary or status}))
    if latest:
        write(workspace, f"{folder}/_latest.json", json.dumps({"run_id": latest, "status": status}))


def tasks_file(*lines: str, ids: str = "", strategy: str = "") -> str:
    """A `tasks.md` with flat frontmatter, a wave plan, and task lines without dots."""
    fields = {"spec": "test-feature", "task_ids": f"[{ids}]", "approval_id": "abc-123"}
    if strategy:
        fields["generation_strategy"] = strategy
    header = ["---", *(f"{key}: {value}" for key, value in fields.items()), "---", "", "# Tasks", ""]
    body = ["## Execution Constraints", "", "- max_tasks_per_wave: 2", ""]
    body += ["## Wave Plan", "", "- Wave 1: Tasks 1, 2", "- Wave 2: Tasks 3, 4", "", "## Tasks", ""]
    return "\n".join([*header, *body, *lines]) + "\n"


def task(mark: str, task_id: str, wave: int | None = None, depends: str = "", title: str = "") -> str:
    """One task as text."""
    lines = [f"- [{mark}] {task_id} {title or f'Task {task_id}'}"]
    lines += [f"  Wave: {wave}"] if wave is not None else []
    lines += [f"  Depends On: {depends}"] if depends else []
    return "\n".join([*lines, "  TDD: yes", ""])


BASIC = tasks_file(
    task("x", "1", 1),
    task("x", "2", 1, "Task 1"),
    task(" ", "3", 2, "Task 2"),
    task(" ", "4", 2, "Task 3"),
    ids="1, 2, 3, 4",
    strategy="rolling-wave",
)
ALL_DONE = tasks_file(
    task("x", "1", 1), task("x", "2", 1), task("x", "3", 2), ids="1, 2, 3", strategy="all-at-once"
)
ALL_DONE_ROLLING = tasks_file(task("x", "1", 1), task("x", "2", 1), ids="1, 2", strategy="rolling-wave")
IN_PROGRESS = tasks_file(
    task("x", "1", 1),
    task("x", "2", 1),
    task("-", "3", 2, "2"),
    task(" ", "4", 2, "2"),
    ids="1, 2, 3, 4",
    strategy="all-at-once",
)
MIXED_DEPS = tasks_file(
    task("x", "1", 1),
    task("x", "2", 1),
    task(" ", "3", 2, "1"),
    task(" ", "4", 2, "1, 2"),
    task(" ", "5", 2, "3"),
    ids="1, 2, 3, 4, 5",
    strategy="all-at-once",
)
DEFERRED_READY = tasks_file(
    task("x", "1", 1),
    task("x", "2", 1),
    task("x", "3", 2),
    task("x", "4", 2),
    "## Deferred Backlog\n",
    task(" ", "5", 3, "4"),
    ids="1, 2, 3, 4",
    strategy="rolling-wave",
)
DEFERRED_BLOCKED = tasks_file(
    task("x", "1", 1),
    task("x", "2", 1),
    task(" ", "3", 2, "2"),
    "## Deferred Backlog\n",
    task(" ", "5", 3, "3"),
    ids="1, 2, 3",
    strategy="rolling-wave",
)
