"""What a reader did not understand reaches the user, with its line, before a harvest and after it."""

from __future__ import annotations

import pytest

from spw_core.api import Workspace

from .support import write

WAVE = "execution/waves/wave-01"
RUN = f"{WAVE}/execution/run-001"


@pytest.mark.parametrize(
    ("path", "content", "error"),
    [
        pytest.param(
            f"{RUN}/scout/status.json",
            '{"status": "pass",\n"summary": 3}',
            "line 2: 'summary' is not a text",
            id="status",
        ),
        pytest.param(
            f"{WAVE}/_wave-summary.json",
            '{"status": "pass",\n"tasks": "3"}',
            "line 2: 'tasks' is not a list",
            id="wave-summary",
        ),
        pytest.param(
            f"{WAVE}/_latest.json", '{\n"run_id": 3}', "line 2: 'run_id' is not a text", id="latest"
        ),
        pytest.param(
            f"{RUN}/_inline-audit/_iteration-state.json",
            '{"current_iteration":\n"x"}',
            "line 2: 'current_iteration' is not a whole number",
            id="iteration-state",
        ),
        pytest.param(
            f"{RUN}/_inline-audit/_iteration-state.json",
            "{\n",
            "line 2: invalid JSON: Expecting property name enclosed in double quotes (column 1)",
            id="broken-iteration-state",
        ),
        pytest.param(
            "/approvals/alpha/approval_1.json",
            '{"filePath": "tasks.md",\n"status": "perhaps"}',
            "line 2: status 'perhaps' is not known",
            id="approval",
        ),
        pytest.param(
            "/approvals/alpha/.snapshots/tasks.md/metadata.json",
            '{"snapshots": [\n{"version": 0}]}',
            "line 2: a snapshot entry has no usable version: 0",
            id="snapshots",
        ),
        pytest.param(
            "execution/_implementation-logs/task-3.md",
            "# Log\n\n# Task 4: Other\n",
            "line 3: the heading says task 4, the file name task 3; the heading counts",
            id="log",
        ),
        pytest.param(
            "tasks.md",
            "- [ ] 1. A\n  - Wave: soon\n",
            "line 2: the wave of task 1 is no number: 'soon'",
            id="tasks",
        ),
        pytest.param(
            "tasks.md",
            "---\nspec: a\ntask_ids: [\n---\n- [ ] 1. A\n",
            "line 4: the frontmatter is not valid YAML",
            id="frontmatter",
        ),
        pytest.param(
            "COMPLETION-SUMMARY.md",
            "---\nstatus: completed\nsummary: [\n---\n# Done\n",
            "line 4: the frontmatter is not valid YAML",
            id="completion",
        ),
    ],
)
def test_the_line_is_named(workspace: Workspace, path: str, content: str, error: str) -> None:
    write(workspace, path[1:] if path.startswith("/") else f"specs/alpha/{path}", content)
    name = path.removeprefix("/approvals/alpha/")

    def told() -> list[str]:
        return [found.error for found in workspace.spec("alpha").record().errors if found.path == name]

    [live] = told()
    assert live.startswith(error)
    [report] = workspace.harvest().specs
    assert [(found.path, found.error) for found in report.errors] == [(name, live)]
    assert told() == [live]
