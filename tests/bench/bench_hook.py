"""Every event of the hook against `python -c pass`: CPU time of whole processes, with few and many specs."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import spw_core.hook
from spw_core.api import Workspace
from spw_core.store.gateway import writing_gateway
from tests.bench.measure import cpu_of_process, median_ratio, report

SCRIPT = Path(spw_core.hook.__file__).parent / "script" / "spw-hook"
SIZES = (1, 1000)
RUNS_PER_SPEC = 50
MEASUREMENTS = 30
_WHOLE_SPECS = 10

# A status line as Claude Code asks for it, and per event the payload that takes the longest way that is
# no violation.
PAYLOADS: dict[str, dict[str, object]] = {
    "statusline": {
        "model": {"display_name": "Opus"},
        "context_window": {"remaining_percentage": 50, "total_input_tokens": 20_000},
        "cost": {"total_cost_usd": 0.42},
    },
    "guard-prompt": {"hook_event_name": "UserPromptSubmit", "prompt": "go on\n/spw:exec spec-0000 --wave 2"},
    "guard-paths": {
        "hook_event_name": "PreToolUse",
        "tool_name": "Write",
        "tool_input": {
            "file_path": ".spec-workflow/specs/spec-0000/execution/waves/wave-01/execution/run-050/a/x.md",
            "content": "x" * 10_000,
        },
    },
    "guard-stop": {"hook_event_name": "Stop", "stop_hook_active": False},
    "subagent-stop": {"hook_event_name": "SubagentStop", "agent_id": "a1"},
    "post-tool": {
        "hook_event_name": "PostToolUse",
        "tool_name": "Edit",
        "tool_input": {"file_path": "src/main.py"},
    },
    "session-start": {"hook_event_name": "SessionStart", "source": "startup"},
    "session-end": {"hook_event_name": "SessionEnd", "transcript_path": "/t.jsonl", "reason": "other"},
}


def run() -> None:
    """Ratio of every event at each size."""
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder, _home_in(folder):
            root = _workspace(Path(folder, "ws"), size)
            for event, payload in PAYLOADS.items():
                report(f"hook.{event}.{size}_specs", _ratio(event, payload, root), "x python -c pass")


def _ratio(event: str, payload: dict[str, object], root: str) -> float:
    common = {"session_id": "bench", "cwd": root, "workspace": {"current_dir": root}}
    data = json.dumps({**common, **payload}).encode()

    def hook() -> float:
        return cpu_of_process([sys.executable, str(SCRIPT), event], data, root)

    def nothing() -> float:
        return cpu_of_process([sys.executable, "-c", "pass"], data, root)

    hook()  # compiles the configuration and warms the caches
    return median_ratio(hook, nothing, MEASUREMENTS)


def _home_in(folder: str) -> patch.dict:  # type: ignore[type-arg]
    """An audit log and a hook log of the benchmark's own."""
    return patch.dict(os.environ, {"XDG_DATA_HOME": f"{folder}/data", "XDG_STATE_HOME": f"{folder}/state"})


def _workspace(root: Path, size: int) -> str:
    """Specs with 50 runs each, all handed off, the last one just now; harvested, with a configuration.

    Where they are many, the runs of those that no event is about hold nothing but their handoff.
    """
    workflow = root / ".spec-workflow"
    for number in range(size):
        spec = workflow / "specs" / f"spec-{number:04d}"
        for run_number in range(1, RUNS_PER_SPEC + 1):
            run = spec / "execution" / "waves" / "wave-01" / "execution" / f"run-{run_number:03d}"
            run.mkdir(parents=True)
            for agent in ("a", "b") if number < _WHOLE_SPECS else ():
                (run / agent).mkdir(parents=True)
                for file in ("brief.md", "report.md", "status.json"):
                    (run / agent / file).write_text('{"status": "pass"}')
            (run / "_handoff.md").write_text("# Handoff Summary\n")
            old = time.time() - 86_400
            if run_number < RUNS_PER_SPEC:
                os.utime(run, (old, old))
        (spec / "tasks.md").write_text("- [x] 1. First\n  - Wave: 1\n- [ ] 2. Second\n  - Wave: 1\n")
    (workflow / "spw-config.toml").write_text('[hooks]\nenforcement_mode = "block"\n')
    workspace = Workspace.open(root)
    # All of them where they are few; the hook looks at the active one alone, and a harvest takes its time.
    workspace.harvest(None if size < 10 else ["spec-0000", "spec-0001"])
    with writing_gateway():
        pass
    return str(root)
