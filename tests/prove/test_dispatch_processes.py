"""Many agents at once: every step of the workflow, called by processes that know nothing of each other."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.store.spec import SpecStore

pytestmark = pytest.mark.prove

AGENTS = 8
SPEC = ".spec-workflow/specs/alpha"

# What one agent does in its wave: open a run, brief itself, work, log, mark its task, hand off, end the wave.
AGENT = """
import contextlib, io, json, sys
from spw_core.cli import main
number = sys.argv[1]

def tool(*words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["tools", *words])
    assert (code, err.getvalue()) == (0, ""), (words, err.getvalue())
    answer = json.loads(out.getvalue())
    assert answer.get("warnings", []) == [], answer
    return answer

run = tool("dispatch-init", "exec", "alpha", "--wave", "1")["run_dir"]
agent = tool("dispatch-setup", f"task-implementer-{number}", "--run-dir", run)
open(agent["report_path"], "w").write(f"# Report {number}\\n")
open(agent["status_path"], "w").write(json.dumps({"status": "pass", "summary": f"did {number}"}))
for status in ("in-progress", "done"):
    tool("task-mark", "alpha", "--task-id", number, "--status", status)
log = ["--title", f"Do {number}", "--files", "a.py", "--changes", f"Done {number}."]
tool("impl-log", "register", "alpha", "--task-id", number, "--wave", "1", *log)
tool("dispatch-handoff", "--run-dir", run)
tool("wave-update", "alpha", "--wave", "1", "--status", "pass", "--tasks", number)
print(run)
"""


def test_agents_in_parallel_lose_nothing(workspace: Workspace, tmp_path: Path) -> None:
    tasks = "".join(f"- [ ] {number}. Task {number}\n  - Wave: 1\n" for number in range(1, AGENTS + 1))
    (workspace.paths.root / SPEC / "tasks.md").write_text(tasks)
    agents = [
        subprocess.Popen(
            [sys.executable, "-c", AGENT, str(number)],
            cwd=workspace.paths.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(1, AGENTS + 1)
    ]
    outputs = [agent.communicate(timeout=300) for agent in agents]
    assert [err.decode() for _, err in outputs] == [""] * AGENTS
    runs = sorted(out.decode().strip().rpartition("/")[2] for out, _ in outputs)
    assert runs == [f"run-{number:03d}" for number in range(1, AGENTS + 1)]

    home = workspace.paths.root / SPEC
    assert (home / "tasks.md").read_text() == tasks.replace("[ ]", "[x]")
    assert json.loads((home / "execution/waves/wave-01/_latest.json").read_text()) == {"status": "pass"}
    left = [path.name for path in home.rglob("*") if path.name.startswith(".") or "before" in path.name]
    assert left == []

    # The database says what one that is made of the files alone says.
    workspace.harvest()
    with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
        assert store is not None
        found = store.projections()
        assert len(store.sealed_runs()) == AGENTS
    copy = tmp_path / "copy"
    shutil.copytree(workspace.paths.root, copy, ignore=shutil.ignore_patterns("*.db*"))
    fresh = Workspace.open(copy)
    fresh.harvest()
    with SpecStore.reading(fresh.paths.spec_db("alpha")) as store:
        assert store is not None
        assert store.projections() == found
    assert workspace.search("report", types=["report"], limit=50).results


def test_one_audit_counted_by_many(workspace: Workspace) -> None:
    """Every advance counts once, and no result is lost."""
    (workspace.paths.root / SPEC / "qa/_comms/qa/run-001").mkdir(parents=True)
    words = ["--run-dir", f"{SPEC}/qa/_comms/qa/run-001", "--type", "inline-audit"]

    def step(*more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "spw_core.cli", "tools", "audit-iteration", *more, *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=workspace.paths.root, stdout=pipe, stderr=pipe)

    starts = [step("start", "--max", "50") for _ in range(4)]
    assert [process.wait(timeout=100) for process in starts if process.communicate()] == [0] * 4
    steps = [step("advance", "--result", f"try {number}") for number in range(AGENTS)]
    numbers = sorted(json.loads(process.communicate()[0])["advanced_to"] for process in steps)
    assert numbers == list(range(2, AGENTS + 2))
    path = workspace.paths.root / SPEC / "qa/_comms/qa/run-001/_inline-audit/_iteration-state.json"
    history = json.loads(path.read_text())["history"]
    assert sorted(entry["result"] for entry in history[:-1]) == [f"try {n}" for n in range(AGENTS)]
    assert "result" not in history[-1]
