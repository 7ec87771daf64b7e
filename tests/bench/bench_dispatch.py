"""The dispatch tools against `python -c pass`: CPU time of whole processes, as a workflow calls them."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from spw_core.api import Workspace
from spw_core.demo.generate import generate
from tests.bench.measure import cpu_of_process, median_ratio, report

SPEC = "user-auth"
RUNS = 20


def run() -> None:
    """Ratio of each tool in the demo workspace, harvested before; a handoff harvests its spec again."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        Workspace.open(folder).harvest()
        run_dir = f".spec-workflow/specs/{SPEC}/qa/_comms/qa/run-900"
        agent = Path(folder, run_dir, "a")
        agent.mkdir(parents=True)
        (agent / "status.json").write_text(json.dumps({"status": "pass", "summary": "ok"}))
        tools = {
            "init": ("dispatch-init", "exec", SPEC, "--wave", "1"),
            "setup": ("dispatch-setup", "a", "--run-dir", run_dir),
            "read_status": ("dispatch-read-status", "a", "--run-dir", run_dir),
            "init_audit": ("dispatch-init-audit", "--run-dir", run_dir, "--type", "inline-audit"),
            "handoff": ("dispatch-handoff", "--run-dir", run_dir),
        }
        for name, words in tools.items():
            command = [sys.executable, "-m", "spw_core.cli", "tools", *words]

            def tool(command: list[str] = command) -> float:
                return cpu_of_process(command, b"", folder)

            def nothing() -> float:
                return cpu_of_process([sys.executable, "-c", "pass"], b"", folder)

            tool()
            report(f"dispatch.{name}", median_ratio(tool, nothing, RUNS), "x python -c pass")
