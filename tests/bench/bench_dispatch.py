"""The dispatch tools against `python -c pass`: CPU time of whole processes, as a workflow calls them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from spw_core.api import Workspace
from spw_core.demo.generate import generate
from spw_core.harvest.behind import notes_of_behind
from tests.bench.measure import cpu_of_process, median_ratio, report

SPEC = "user-auth"
RUNS = 20


def run() -> None:
    """Ratio of each tool in the demo workspace, harvested before; each call has a run of its own.

    The harvest that follows a handoff is a process that nobody waits for, and is not counted.
    """
    # The last of those harvests may still be closing its databases.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        generate(Path(folder))
        Workspace.open(folder).harvest()

        def command(*words: str) -> list[str]:
            return [sys.executable, "-m", "spw_core.cli", "tools", *words]

        def new_run(*, agent: bool = False) -> str:
            """The folder of a run that was just begun, with a subagent that has done its work."""
            told = subprocess.run(
                command("dispatch-init", "qa", SPEC, "--raw"), cwd=folder, capture_output=True, check=True
            )
            run_dir = told.stdout.decode()
            if agent:
                setup = command("dispatch-setup", "a", "--run-dir", run_dir)
                subprocess.run(setup, cwd=folder, stdout=subprocess.DEVNULL, check=True)
                status = json.dumps({"status": "pass", "summary": "ok"})
                Path(folder, run_dir, "a", "status.json").write_text(status)
                Path(folder, run_dir, "a", "report.md").write_text("# Report\n\nAll is well.\n")
            return run_dir

        tools: dict[str, Callable[[], list[str]]] = {
            "init": lambda: command("dispatch-init", "exec", SPEC, "--wave", "1"),
            "setup": lambda: command("dispatch-setup", "a", "--run-dir", new_run()),
            "read_status": lambda: command("dispatch-read-status", "a", "--run-dir", new_run(agent=True)),
            "init_audit": lambda: command(
                "dispatch-init-audit", "--run-dir", new_run(), "--type", "inline-audit"
            ),
            "handoff": lambda: command("dispatch-handoff", "--run-dir", new_run(agent=True)),
        }
        for name, words in tools.items():

            def tool(words: Callable[[], list[str]] = words) -> float:
                return cpu_of_process(words(), b"", folder)

            def nothing() -> float:
                return cpu_of_process([sys.executable, "-c", "pass"], b"", folder)

            tool()
            report(f"dispatch.{name}", median_ratio(tool, nothing, RUNS), "x python -c pass")
        paths = Workspace.open(folder).paths
        while notes_of_behind(paths):  # until then the last of them writes
            time.sleep(0.1)
