"""The status line against `python -c pass`: CPU time of whole processes, with few and with many specs."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import spw_core.hook
from spw_core.api import Workspace
from tests.bench.measure import cpu_of_process, median_ratio, report

SCRIPT = Path(spw_core.hook.__file__).parent / "script" / "spw-hook"
SIZES = (1, 1000)
RUNS = 30


def run() -> None:
    """Ratio of the status line at each size."""
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            workspace = _workspace(Path(folder), size)
            payload = json.dumps(
                {
                    "model": {"display_name": "Opus"},
                    "workspace": {"current_dir": str(workspace.paths.root)},
                    "context_window": {"remaining_percentage": 50, "total_input_tokens": 20_000},
                    "cost": {"total_cost_usd": 0.42},
                }
            ).encode()

            def status_line(payload: bytes = payload, folder: str = folder) -> float:
                return cpu_of_process([sys.executable, str(SCRIPT), "statusline"], payload, folder)

            def nothing(payload: bytes = payload, folder: str = folder) -> float:
                return cpu_of_process([sys.executable, "-c", "pass"], payload, folder)

            status_line()
            ratio = median_ratio(status_line, nothing, RUNS)
            report(f"hook.statusline.{size}_specs", ratio, "x python -c pass")


def _workspace(folder: Path, size: int) -> Workspace:
    for number in range(size):
        spec = folder / ".spec-workflow" / "specs" / f"spec-{number:04d}"
        spec.mkdir(parents=True)
        (spec / "tasks.md").write_text("- [x] 1. First\n  - Wave: 1\n- [ ] 2. Second\n  - Wave: 1\n")
    workspace = Workspace.open(folder)
    workspace.harvest()
    return workspace
