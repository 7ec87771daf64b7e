"""The files of a spec that follow a form: briefs, statuses, handoffs, tasks.md, logs and wave summaries."""

from __future__ import annotations

import json
from datetime import datetime

from spw_core.demo.model import Agent, Run, Story, Task, WaveNote
from spw_core.demo.phrases import ERRANDS

_SOURCES = {"requirements": "prd", "design": "design-draft", "tasks": "tasks-plan"}


def to_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def brief(story: Story, run: Run, agent: Agent) -> str:
    spec = f".spec-workflow/specs/{story.slug}"
    here = f"{spec}/{run.path}/{agent.name}"
    task = story.task_of(run, agent) if run.command == "exec" else None
    errand = next(text for word, text in ERRANDS if word in agent.role)
    inputs = ["requirements.md"]
    if run.command not in ("prd", "discover", "prd-revision"):
        inputs.append("design.md")
    if task or run.wave:
        inputs.append("tasks.md")
    lines = [
        f"# Brief: {agent.label}",
        "",
        "## Inputs",
        "<!-- Paths only, never content -->",
        *(f"- `{spec}/{name}`" for name in inputs),
        "",
        "## Config Context",
        "<!-- From spw-config.toml -->",
        "- tdd_default: off",
        "- max_wave_size: 3",
        "- require_test_per_task: true",
        "- allow_no_test_exception: true",
        "",
        "## Task",
        errand,
    ]
    if task:
        lines += [
            "",
            f"**Task {task.id}: {task.title}**",
            "",
            *(f"- Done when: {note}" for note in task.notes),
            f"- Files: {', '.join(task.files)}",
            f"- Requirements: {', '.join(task.requirements)}",
            f"- Verification: `{task.check}`",
        ]
    lines += [
        "",
        "## Output Contract",
        "Write your output to:",
        f"- Report: {here}/report.md",
        f"- Status: {here}/status.json",
        "",
        "```json",
        '{"status": "pass | blocked", "summary": "one line", "skills_used": [], "skills_missing": [],',
        ' "model_override_reason": null}',
        "```",
    ]
    return "\n".join(lines) + "\n"


def status(agent: Agent) -> str:
    value: dict[str, object] = {"status": agent.status, "summary": agent.summary}
    if "two-key" in agent.flags:
        return to_json(value)
    value |= {"skills_used": [], "skills_missing": [], "model_override_reason": None}
    if agent.role == "task-implementer":
        value["self_check"] = {"all_passed": agent.status == "pass", "impl_log": True, "commit": True}
    text = to_json(value)
    return text.replace('",\n', '"\n', 1) if "invalid" in agent.flags else text


def handoff(agents: list[Agent]) -> str:
    lines = ["# Handoff Summary", "", "| Subagent | Status | Summary |", "|----------|--------|---------|"]
    for agent in sorted(agents, key=lambda agent: agent.label):
        state = "missing" if "no-status" in agent.flags else agent.status
        lines.append(f"| {agent.label} | {state} | {agent.summary} |")
    all_pass = all(agent.status == "pass" and "no-status" not in agent.flags for agent in agents)
    return "\n".join((*lines, "", f"**All pass:** {str(all_pass).lower()}")) + "\n"


def frontmatter(story: Story, kind: str, at: datetime) -> str:
    names = sorted({name for task in story.tasks for name in task.requirements})
    lines = [
        "---",
        f"{story.frontmatter}:",
        "  schema: 1",
        f'  spec: "{story.slug}"',
        f'  doc: "{kind}"',
        '  status: "draft"',
        f'  source: "{story.frontmatter}:{_SOURCES[kind]}"',
        f'  updated_at: "{at:%Y-%m-%d}"',
    ]
    if kind != "requirements":
        lines += ["  inputs:", f'    - ".spec-workflow/specs/{story.slug}/requirements.md"']
        lines += (
            ["  requirements:", *(f'    - "{name}"' for name in names)] if names else ["  requirements: []"]
        )
    if kind == "tasks":
        ids = [task.id if "." not in task.id else f'"{task.id}"' for task in story.tasks]
        lines += [f"  task_ids: [{', '.join(ids)}]", "  test_required: true"]
    return "\n".join((*lines, '  risk: "medium"', "  open_questions: []", "---", "", ""))


def tasks(story: Story) -> str:
    if story.dialect == "mcp":
        return _mcp_tasks(story)
    lines = [
        "# Tasks Document (TDD OFF by default)",
        "",
        "## Execution Constraints",
        "- max_tasks_per_wave: 3",
        "- require_test_per_task: true",
        "- tdd_default: off",
        "",
        "## Wave Plan",
    ]
    for wave in story.waves:
        states = {task.state for task in story.tasks_of(wave.number)}
        word = (
            "deferred"
            if wave.deferred
            else "complete"
            if states == {"x"}
            else "planned"
            if states == {" "}
            else "current"
        )
        lines.append(f"- Wave {wave.number} ({word}): {wave.title}")
    lines += ["", "---", ""]
    for wave in story.waves:
        if wave.deferred:
            lines += ["## Deferred Tasks", ""]
        for task in story.tasks_of(wave.number):
            lines += _g3_task(story, task, wave.deferred)
    return frontmatter(story, "tasks", story.tasks_at) + "\n".join(lines)


def _g3_task(story: Story, task: Task, deferred: bool) -> list[str]:
    mark = f"- [{task.state}] {task.id}{'' if story.dialect == 'nested' else '.'} {task.title}"
    beside = [
        other.id
        for other in story.tasks_of(task.wave)
        if other.id != task.id and other.depends == task.depends
    ]
    return [
        mark,
        f"  - Wave: {task.wave}{' (deferred)' if deferred else ''}",
        f"  - Depends On: {', '.join(task.depends) or 'none'}",
        f"  - Can Run In Parallel With: {', '.join(beside) or 'none'}",
        f"  - Files: {', '.join(task.files)}",
        f"  - _Requirements: {', '.join(task.requirements)}_",
        "  - TDD: inherit",
        "  - Verification Command:",
        f"    - {task.check}",
        "  - Definition of Done:",
        *(f"    - {note}" for note in task.notes),
        f"  - _Prompt: Role: developer | Task: {task.title} | Restrictions: edit only the files above | "
        f"Success: `{task.check}` passes_",
        "",
    ]


def _mcp_tasks(story: Story) -> str:
    lines = ["# Tasks Document", ""]
    for task in story.tasks:
        lines += [
            f"- [{task.state}] {task.id}. {task.title}",
            *(f"  - File: {path}" for path in task.files),
            f"  - Run: `{task.check}`",
            f"  - Purpose: {'; '.join(task.notes)}",
            f"  - _Leverage: {task.files[0].rpartition('/')[0] or task.files[0]}_",
            f"  - _Requirements: {', '.join(task.requirements)}_",
            f"  - _Prompt: Role: Developer | Task: {task.title} | Success: {task.check}_",
            "",
        ]
    return "\n".join(lines)


def implementation_log(task: Task, at: datetime) -> str:
    """The log of a done task, in one of the three shapes found in the field."""
    files = [f"- `{path}`" for path in task.files]
    notes = [f"- {note}" for note in task.notes]
    match task.log:
        case "tool":
            lines = [
                f"# Task {task.id}: {task.title}",
                "",
                f"- **Wave:** {task.wave}",
                f"- **Timestamp:** {stamp(at)}",
            ]
            lines += [
                "",
                "## Files Changed",
                "",
                *files,
                "",
                "## Changes",
                "",
                *notes,
                "",
                "## Tests",
                "",
                f"`{task.check}`",
            ]
        case "agent":
            lines = [f"# Implementation Log: Task {task.id} - {task.title}", ""]
            lines += [f"**Task ID:** {task.id}", "**Status:** completed", f"**Date:** {at:%Y-%m-%d}", ""]
            lines += [
                "## Summary",
                "",
                task.notes[0],
                "",
                "## Files Created",
                "",
                *files,
                "",
                "## Evidence",
                "",
            ]
            lines += [f"- `{task.check}` passes", f"- Traced to {', '.join(task.requirements)}"]
        case _:
            lines = [f"# Implementation Log: Task {task.id}", "", f"**Summary:** {task.title}", ""]
            lines += [
                f"**Timestamp:** {stamp(at).replace('Z', '.000Z')}",
                f"**Log ID:** {task.commit}",
                "",
                "---",
                "",
            ]
            lines += [
                "## Statistics",
                "",
                f"- **Files changed:** {len(files)}",
                "",
                "## Files Modified",
                *files,
            ]
            lines += ["", "## Artifacts", "", *notes]
    return "\n".join(lines) + "\n"


def wave_files(story: Story, note: WaveNote) -> dict[str, str]:
    """The summary of a wave, by file name; the tool writes the pointer beside it, an agent does not."""
    tasks = story.tasks_of(note.wave)
    if note.shape == "tool":
        ids: list[object] = [int(task.id) if task.id.isdigit() else task.id for task in tasks]
        summary = {
            "status": note.status,
            "tasks": ids,
            "updated_at": stamp(note.at),
            "wave": f"{note.wave:02d}",
        }
        latest = {"checkpoint": note.checkpoint, "execution": note.execution, "status": note.status}
        return {
            "_wave-summary.json": to_json(summary),
            "_latest.json": to_json({key: value for key, value in latest.items() if value}),
        }
    told = {
        "wave": f"wave-{note.wave:02d}",
        "run_id": note.execution,
        "tasks": [
            {
                "task_id": task.id,
                "status": "pass",
                "summary": task.title,
                "reviews": _reviews(story, note.wave, task),
            }
            for task in tasks
        ],
        "wave_status": note.status,
        "next_wave": f"wave-{note.wave + 1:02d}",
    }
    return {"_wave-summary.json": to_json(told)}


def _reviews(story: Story, wave: int, task: Task) -> list[str]:
    """The last word of each reviewer of a task, as `<subagent>: <status>`."""
    last = {
        agent.label: agent.status
        for run in story.runs
        if run.command == "exec" and run.wave == wave
        for agent in run.agents
        if agent.role.endswith("-reviewer") and agent.task_id == task.id
    }
    return [f"{name}: {status}" for name, status in last.items()]
