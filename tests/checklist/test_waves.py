"""A37-A46 and A121-A127: where execution stands, told from runs and pointer files."""

from __future__ import annotations

from spw_core.api import Workspace

from ..machine_support import task
from .line import Line, each, gate, pointer, verdict

WAVE = "execution/waves/wave-{:02d}"


def standing(
    number: str, about: str, tasks: str | None, files: dict[str, str | None], **answer: object
) -> Line:
    """A line about `tools wave-status`."""
    if tasks is not None:
        files = {"tasks.md": tasks, **files}
    raw = str(answer["current_wave"]) if "current_wave" in answer else None
    return Line(number, about, "tools wave-status alpha", answer, raw=raw, files=files)


def tasks_of(*lines: tuple[str, str, int]) -> str:
    return "".join(task(mark, task_id, wave) for mark, task_id, wave in lines)


TWO_PENDING = tasks_of((" ", "1", 1), (" ", "2", 1))
HALF_DONE = tasks_of(("x", "1", 1), ("x", "2", 1), (" ", "3", 2), (" ", "4", 2))
# Only pointer files, as the Go tool's own tests have it; no run contradicts them.
PASSED = pointer(1, "_wave-summary.json", '{"wave": "01", "status": "pass", "tasks": [1, 2]}')
PASSED |= pointer(1, "_latest.json", '{"status": "pass"}')


@each(
    standing(
        "A37",
        "not-started",
        TWO_PENDING,
        {},
        spec="alpha",
        current_wave="01",
        wave_status="not-started",
        resume_action="start-wave",
        total_tasks=2,
        completed_tasks=0,
        waves=[],
        next_tasks=["1", "2"],
    ),
    standing(
        "A38",
        "one-wave-passed",
        HALF_DONE,
        {**PASSED},
        current_wave="02",
        wave_status="not-started",
        resume_action="start-wave",
        total_tasks=4,
        completed_tasks=2,
        waves=[{"wave": "01", "status": "completed", "tasks": ["1", "2"], "checkpoint": "pass"}],
        next_tasks=["3", "4"],
    ),
    standing(
        "A39",
        "begun-before-its-folder",
        tasks_of(("x", "1", 1), ("-", "3", 2)),
        {**PASSED},
        current_wave="02",
        wave_status="in-progress",
        resume_action="resume-in-progress",
        in_progress_tasks=["3"],
    ),
    standing(
        "A39",
        "begun",
        tasks_of(("x", "1", 1), ("-", "3", 2)),
        {**PASSED, WAVE.format(2): None},
        current_wave="02",
        wave_status="in-progress",
        resume_action="resume-in-progress",
        in_progress_tasks=["3"],
    ),
    standing(
        "A40",
        "done",
        tasks_of(("x", "1", 1)),
        {**PASSED},
        current_wave="01",
        wave_status="completed",
        checkpoint_status="pass",
        resume_action="done",
    ),
    standing(
        "A41",
        "blocked",
        tasks_of(("-", "1", 1)),
        {**pointer(1, "_latest.json", '{"status": "blocked"}')},
        resume_action="wait-checkpoint",
        wave_status="blocked",
        checkpoint_status="blocked",
        next_tasks=["1"],
    ),
    standing(
        "A42",
        "an-empty-folder",
        TWO_PENDING,
        {WAVE.format(1): None},
        wave_status="in-progress",
        resume_action="continue-wave",
        waves=[{"wave": "01", "status": "not-started", "tasks": ["1", "2"], "checkpoint": "missing"}],
    ),
    standing("A43", "no-folder", tasks_of((" ", "1", 1)), {}, resume_action="start-wave"),
    standing(
        "A44",
        "every-mark-counts",
        tasks_of(("x", "1", 1), ("x", "2", 1), ("-", "3", 1), (" ", "4", 1), ("!", "5", 1)),
        {},
        total_tasks=5,
        completed_tasks=2,
        in_progress_tasks=["3"],
    ),
    Line("A45", "unknown-spec", "tools wave-status nobody", error="spec directory not found"),
    standing("A46", "no-tasks", None, {}, total_tasks=0, current_wave="01", resume_action="start-wave"),
)
def test_wave_status(workspace: Workspace, line: Line) -> None:
    line.holds(workspace)


EXECUTED = {f"{WAVE.format(1)}/execution/run-001/task-implementer-1/status.json": verdict("pass")}


def listed(status: str, exec_runs: int, check_runs: int) -> list[dict[str, object]]:
    return [
        {"wave_num": 1, "status": status, "exec_runs": exec_runs, "check_runs": check_runs, "task_ids": []}
    ]


@each(
    Line(
        "A121",
        "checkpoint-without-pointer",
        "wave checkpoint alpha 1",
        {"status": "pass", "stale_flag": False, "wave_num": 1},
        raw="pass",
        files=gate(1, "pass") | pointer(1, "_wave-summary.json", '{"status": "pass"}'),
    ),
    Line(
        "A121",
        "its-summary",
        "wave summary alpha 1",
        {"status": "pass", "stale_flag": False, "wave": 1},
        raw="pass",
        files=gate(1, "pass") | pointer(1, "_wave-summary.json", '{"status": "pass"}'),
    ),
    Line(
        "A122",
        "stale-summary",
        "wave checkpoint alpha 1",
        {"status": "pass", "stale_flag": True, "run_id": "run-003", "source": "latest_json"},
        files=gate(1, "blocked")
        | gate(1, "pass", "run-003")
        | pointer(1, "_wave-summary.json", '{"status": "blocked"}')
        | pointer(1, "_latest.json", '{"run_id": "run-003", "status": "pass"}'),
    ),
    Line(
        "A123",
        "no-checkpoint",
        "wave checkpoint alpha 1",
        {"status": "missing"},
        files={WAVE.format(1): None},
    ),
    Line(
        "A124",
        "the-highest-run-decides",
        "wave checkpoint alpha 1",
        {"status": "pass", "run_id": "run-005", "source": "dir_scan"},
        files=gate(1, "blocked")
        | gate(1, "blocked", "run-002")
        | gate(1, "blocked", "run-003")
        | gate(1, "pass", "run-005"),
    ),
    Line(
        "A125",
        "executed",
        "wave state alpha",
        {"waves": listed("in_progress", 1, 0)},
        raw="1 waves",
        files=EXECUTED,
    ),
    Line(
        "A126",
        "complete",
        "wave state alpha",
        {"waves": listed("complete", 1, 1)},
        files=EXECUTED | gate(1, "pass"),
    ),
    Line(
        "A127",
        "none",
        "wave state alpha",
        {"waves": [], "count": 0},
        raw="0 waves",
        files={"execution/waves": None},
    ),
)
def test_waves(workspace: Workspace, line: Line) -> None:
    line.holds(workspace)
