"""A whole spec, played as the workflow plays it: tools, agents that write files, and hooks as processes.

Afterwards the transient files are gone, and every question gets the answer that it got before.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import spw_core.hook
from spw_core.api import Workspace
from spw_core.store.spec import SpecStore

from .test_cli import spw

HOOK = Path(spw_core.hook.__file__).parent / "script" / "spw-hook"
SPEC = "pix-payments"
HOME = f".spec-workflow/specs/{SPEC}"
BLOCKING = 2

CONFIG = """
[hooks]
enforcement_mode = "block"

[planning]
tasks_generation_strategy = "all-at-once"
"""

TASKS = """\
# Tasks

## Wave 01

- [ ] 1. Store the payment request
  - Wave: 1
  - Files: src/requests.py
- [ ] 2. Sign the payload
  - Wave: 1
  - Depends On: 1

## Wave 02

- [ ] 3. Reconcile settlements
  - Wave: 2
  - Depends On: 2
"""


class Session:
    """A coding session: the main agent with its hooks, and the agents it dispatches."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys

    # -- what the agent runs

    def run(self, *words: object) -> dict[str, object]:
        """The JSON answer of an `spw` command that succeeds without a warning."""
        assert spw(*words) == 0, self._capsys.readouterr().err
        out, err = self._capsys.readouterr()
        assert err == ""
        value: dict[str, object] = json.loads(out)
        assert value["ok"] is True
        return value

    def tool(self, *words: object) -> dict[str, object]:
        answer = self.run("tools", *words)
        assert answer.get("warnings", []) == []
        return answer

    # -- what fires

    def fire(self, event: str, name: str, code: int = 0, **fields: object) -> str:
        """Run a hook with the payload that Claude Code sends; returns what it printed."""
        payload = {
            "session_id": "7c1f0d52-0a4e-4f1c-9a3e-2f6f4be2a0d1",
            "transcript_path": str(self.root / "transcript.jsonl"),
            "cwd": str(self.root),
            "permission_mode": "acceptEdits",
            "hook_event_name": name,
            **fields,
        }
        done = subprocess.run(
            [sys.executable, str(HOOK), event],
            input=json.dumps(payload).encode(),
            capture_output=True,
            cwd=self.root,
            check=False,
        )
        assert done.returncode == code, done.stderr.decode()
        return done.stdout.decode() + done.stderr.decode()

    def prompt(self, text: str, code: int = 0) -> str:
        return self.fire("guard-prompt", "UserPromptSubmit", code, prompt=text)

    def write(self, path: str, text: str) -> None:
        """An agent writes a file with its tool: the guard looks first, the other hook is told after."""
        given = {"file_path": str(self.root / path), "content": text}
        self.fire("guard-paths", "PreToolUse", tool_name="Write", tool_input=given)
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        response = {"type": "create", "filePath": str(target), "content": text, "structuredPatch": []}
        self.fire("post-tool", "PostToolUse", tool_name="Write", tool_input=given, tool_response=response)

    def stop(self, code: int = 0, **fields: object) -> str:
        return self.fire("guard-stop", "Stop", code, **{"stop_hook_active": False, **fields})

    def status_line(self) -> str:
        return self.fire(
            "statusline",
            "Status",
            model={"id": "claude-opus-4-1", "display_name": "Opus"},
            workspace={"current_dir": str(self.root), "project_dir": str(self.root)},
            context_window={"remaining_percentage": 62, "total_input_tokens": 41_000},
            cost={"total_cost_usd": 0.77},
        )

    # -- a run with its subagents

    def dispatch(self, *words: object, agents: dict[str, str], hand_off: bool = True) -> str:
        """Open a run, brief every subagent, let it work, and hand off; returns the run's folder."""
        self.prompt(f"/spw:{words[0]} {SPEC}")
        run_dir = str(self.tool("dispatch-init", *words)["run_dir"])
        for agent, status in agents.items():
            self.work(run_dir, agent, status)
        if hand_off:
            answer = self.tool("dispatch-handoff", "--run-dir", run_dir, "--command", words[0])
            assert answer["all_pass"] is all(status == "pass" for status in agents.values())
        return run_dir

    def work(self, run_dir: str, agent: str, status: str) -> None:
        ready = self.tool("dispatch-setup", agent, "--run-dir", run_dir, "--model-alias", "implementation")
        assert ready["model"] == "sonnet"
        brief = Path(str(ready["brief_path"]))
        self.write(str(brief), brief.read_text() + f"\n- requirements.md\n- design.md ({agent})\n")
        self.write(str(ready["report_path"]), f"# Report of {agent}\n\nThe webhook verdict: {status}.\n")
        self.write(
            str(ready["status_path"]), json.dumps({"status": status, "summary": f"{agent} | {status}"})
        )
        self.fire("subagent-stop", "SubagentStop", agent_id="a1", agent_type=agent, stop_hook_active=False)
        assert self.tool("dispatch-read-status", agent, "--run-dir", run_dir)["status"] == status


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Session:
    (tmp_path / "shop" / ".spec-workflow" / "specs").mkdir(parents=True)
    (tmp_path / "shop" / ".spec-workflow" / "spw-config.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path / "shop")
    return Session(tmp_path / "shop", capsys)


def test_a_whole_spec(session: Session) -> None:
    requirements(session)
    planning(session)
    first_wave(session)
    second_wave(session)
    end_of_work(session)

    workspace = Workspace.open(session.root)
    before = answers(session)
    files = {
        path: path.read_bytes() for path in (session.root / HOME).rglob("*.*") if "spec.db" not in path.name
    }
    report = session.run("finalizar", SPEC, "--export")
    assert (report["tasks_count"], report["waves_count"], report["deferred"]) == (3, 2, [])

    left = {path.relative_to(session.root / HOME).as_posix() for path in (session.root / HOME).rglob("*")}
    assert not [path for path in left if "run-" in path or "_comms" in path or path.endswith(".json")]
    assert {"requirements.md", "design.md", "tasks.md", "spec.db", "COMPLETION-SUMMARY.md"} <= left
    assert answers(session) == before
    assert session.run("spec", "stage", SPEC)["stage"] == "complete"

    workspace.spec(SPEC).restore()
    assert {path: path.read_bytes() for path in files} == files


def requirements(session: Session) -> None:
    said = session.prompt("/spw:prd", BLOCKING)  # for which spec?
    assert "spec" in said
    run = session.dispatch("prd", SPEC, agents={"codebase-impact-scanner": "pass", "prd-editor": "pass"})
    assert run == f"{HOME}/prd/_comms/run-001"
    given = {"file_path": str(session.root / "PRD.md"), "content": "x"}
    session.fire("guard-paths", "PreToolUse", BLOCKING, tool_name="Write", tool_input=given)
    session.write(f"{HOME}/prd/PRD.md", "# PRD\n\nInstant payments.\n")
    session.write(f"{HOME}/requirements.md", "# Requirements\n\nCustomers pay with Pix.\n")
    assert session.run("spec", "stage", SPEC)["stage"] == "requirements"


def planning(session: Session) -> None:
    session.dispatch("design-research", "--spec", SPEC, agents={"risk-analyst": "pass"})
    session.write(f"{HOME}/design.md", "# Design\n\nA queue between checkout and the bank.\n")
    run = session.dispatch("tasks-plan", SPEC, agents={"task-decomposer": "pass"}, hand_off=False)
    audit = ("--run-dir", run, "--type", "inline-audit")
    session.tool("audit-iteration", "start", *audit, "--max", 2)
    for iteration, status in enumerate(("blocked", "pass"), 1):
        folder = session.tool("dispatch-init-audit", *audit, "--iteration", iteration)["audit_dir"]
        session.work(str(folder), "dag-validator", status)
        session.tool("dispatch-handoff", "--run-dir", folder)
        if status == "blocked":
            assert session.tool("audit-iteration", "advance", *audit, "--result", status)["advanced_to"] == 2
    session.write(f"{HOME}/tasks.md", TASKS)
    assert session.tool("dispatch-handoff", "--run-dir", run)["all_pass"] is True
    assert session.run("tasks", "next", SPEC)["action"] == "execute"


def implement(session: Session, wave: int, task_ids: list[str]) -> str:
    agents = {}
    for task_id in task_ids:
        session.tool("task-mark", SPEC, "--task-id", task_id, "--status", "in-progress")
        agents[f"task-implementer-{task_id}"] = "pass"
    run = session.dispatch("exec", SPEC, "--wave", wave, agents=agents, hand_off=False)
    said = session.stop(BLOCKING)  # nobody stops before the run is handed off
    assert "missing _handoff.md" in said
    session.stop(0, stop_hook_active=True)
    for task_id in task_ids:
        log = ("--title", f"Do {task_id}", "--files", f"src/t{task_id}.py", "--changes", "Done.")
        session.tool("impl-log", "register", SPEC, "--task-id", task_id, "--wave", wave, *log)
        assert session.tool("verify-task", SPEC, "--task-id", task_id)["impl_log"]["exists"]  # type: ignore[index]
        session.tool("task-mark", SPEC, "--task-id", task_id, "--status", "done")
    session.tool("dispatch-handoff", "--run-dir", run, "--command", "exec")
    session.stop()
    return run


def check(session: Session, wave: int, attempt: int, verdict: str) -> None:
    agents = {"evidence-collector": "pass", "traceability-judge": "pass", "release-gate-decider": verdict}
    run = session.dispatch("checkpoint", SPEC, "--wave", wave, agents=agents)
    assert run.endswith(f"/run-00{attempt}")
    tasks = ",".join(["1", "2"] if wave == 1 else ["3"])
    words = ("--wave", wave, "--status", verdict, "--tasks", tasks)
    session.tool(
        "wave-update", SPEC, *words, "--checkpoint-run", f"run-00{attempt}", "--execution-run", "run-001"
    )
    found = session.run("wave", "checkpoint", SPEC, wave)
    assert (found["status"], found["run_id"], found["stale_flag"]) == (verdict, f"run-00{attempt}", False)


def first_wave(session: Session) -> None:
    implement(session, 1, ["1", "2"])
    assert session.run("wave", "state", SPEC)["waves"][0]["status"] == "in_progress"  # type: ignore[index]
    check(session, 1, 1, "blocked")
    assert session.run("tasks", "next", SPEC)["action"] == "blocked"
    assert session.tool("wave-status", SPEC)["resume_action"] == "wait-checkpoint"
    assert "block" in session.status_line().lower()
    check(session, 1, 2, "pass")
    following = session.run("tasks", "next", SPEC)
    assert (following["action"], following["wave"], following["task_ids"]) == ("execute", 2, ["3"])


def second_wave(session: Session) -> None:
    implement(session, 2, ["3"])
    check(session, 2, 1, "pass")
    line = session.status_line()
    assert SPEC in line and "3/3" in line


def end_of_work(session: Session) -> None:
    """The post-mortem's agents write the handoff themselves: the hook has it harvested in the background."""
    run = session.dispatch("post-mortem", SPEC, agents={"lessons-synthesizer": "pass"}, hand_off=False)
    session.write(f"{HOME}/post-mortem/report.md", "# Post-mortem\n\nSign earlier.\n")
    session.write(f"{run}/_handoff.md", "# Handoff Summary\n\nWritten by hand.\n")
    path = run.removeprefix(f"{HOME}/")

    def is_sealed() -> bool:
        with SpecStore.reading(session.root / HOME / "spec.db") as store:
            return store is not None and path in store.sealed_runs()

    wait_until(is_sealed)
    session.fire("pre-compact", "PreCompact", trigger="auto", custom_instructions="")
    session.fire("session-end", "SessionEnd", reason="exit")
    assert list((session.root / ".spec-workflow/.spw-memory").rglob("7c1f0d52*.json"))
    wait_until(lambda: not background_work(session.root))
    decisions = session_log(session)
    assert {"guard-prompt", "guard-paths", "guard-stop"} <= {entry["event"] for entry in decisions}
    assert all(entry["decision"] == "block" for entry in decisions)


def session_log(session: Session) -> list[dict[str, object]]:
    entries = session.run("log", "--violations", "--json")["entries"]
    assert isinstance(entries, list)
    return entries


def answers(session: Session) -> dict[str, object]:
    """What the queries say, by their words."""
    checkpoint = f"{HOME}/execution/waves/wave-01/checkpoint"
    questions: list[tuple[object, ...]] = [
        ("tasks", "state", SPEC),
        ("tasks", "count", SPEC),
        ("tasks", "next", SPEC),
        ("wave", "state", SPEC),
        ("wave", "resume", SPEC),
        *[("wave", what, SPEC, wave) for what in ("checkpoint", "summary") for wave in (1, 2)],
        *[("tools", "verify-task", SPEC, "--task-id", task_id) for task_id in "123"],
        ("tools", "wave-status", SPEC),
        ("tools", "wave-resolve-current", SPEC),
        ("tools", "impl-log", "check", SPEC, "--task-ids", "1,2,3"),
        ("tools", "handoff-validate", f"{checkpoint}/run-001"),
        ("tools", "handoff-validate", f"{checkpoint}/run-002"),
        ("tools", "runs-latest-unfinished", checkpoint),
        ("tools", "dispatch-read-status", "release-gate-decider", "--run-dir", f"{checkpoint}/run-001"),
    ]
    found = {" ".join(map(str, words)): session.run(*words) for words in questions}
    hits = session.run(
        "search", "webhook verdict", "--type", "report", "--limit", 50, "--mode", "lexical", "--json"
    )
    results = hits["results"]
    assert isinstance(results, list)
    assert len(results) > 10
    record = Workspace.open(session.root).spec(SPEC).record()
    found["search"] = {"paths": sorted(hit["path"] for hit in results)}
    return {**found, "runs": record.runs, "waves": record.waves, "logs": record.impl_logs}


def background_work(root: Path) -> bool:
    """Whether a process that a hook left behind still works on this workspace."""
    proc = Path("/proc")
    if not proc.is_dir():
        return False
    for entry in proc.glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile
            continue
        if str(root).encode() in words and b"harvest" in words:
            return True
    return False


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never came about")
