"""The `report.md` of a subagent: the layout of its role around what it has to say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from spw_core.demo.model import Agent, Run, Story, Task
from spw_core.demo.phrases import PORTUGUESE, REMARKS


@dataclass(frozen=True, slots=True)
class Scene:
    """A subagent at work: all that its report may draw on."""

    story: Story
    run: Run
    agent: Agent
    rng: Random

    @property
    def language(self) -> str:
        return "pt" if "pt" in self.agent.flags else self.story.language

    @property
    def task(self) -> Task | None:
        return self.story.task_of(self.run, self.agent)

    @property
    def passed(self) -> bool:
        return self.agent.status == "pass"

    def say(self, label: str) -> str:
        return PORTUGUESE.get(label, label) if self.language == "pt" else label

    def remarks(self, slot: str, count: int = 1) -> list[str]:
        return self.rng.sample(REMARKS[self.language, slot], count)

    def section(self, heading: str, lines: list[str]) -> list[str]:
        return ["", f"## {self.say(heading)}", "", *lines] if lines else []

    def table(self, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
        head = " | ".join(self.say(column) for column in columns)
        return [
            f"| {head} |",
            f"|{'|'.join('---' for _ in columns)}|",
            *(f"| {' | '.join(row)} |" for row in rows),
        ]

    def body(self, heading: str) -> list[str]:
        """What the story lets the agent say, below a heading unless it brings its own."""
        text = self.agent.body.rstrip("\n")
        if not text:
            return []
        if text.startswith("#"):
            return ["", *text.replace("### ", "## ").splitlines()]
        return self.section(heading, text.splitlines())


def report(scene: Scene) -> str:
    layout = _LAYOUTS.get(scene.agent.role, _research)
    return "\n".join((*_title(scene), *layout(scene))) + "\n"


def _title(scene: Scene) -> list[str]:
    subject = scene.task.title if scene.task and scene.run.command == "exec" else scene.story.title
    forms = (
        "# {report}: {name}",
        "# {report}: {name} - {subject}",
        "# {name}: {subject}",
    )
    title = scene.rng.choice(forms).format(
        report=scene.say("Report"), name=scene.agent.label, subject=subject
    )
    verdict = "PASS" if scene.passed else "BLOCKED"
    return [
        title,
        "",
        f"**{scene.say('Status')}:** {verdict}",
        *scene.section("Summary", [f"{scene.agent.summary}."]),
    ]


def _scout(scene: Scene) -> list[str]:
    tasks = scene.story.tasks_of(scene.run.wave) or scene.story.tasks
    retry = scene.run.number > 1
    due = {agent.task_id for agent in scene.run.agents if agent.role == "task-implementer"}
    rows = [
        (task.id, task.title, scene.say(_state(task, due, retry)), f"`{task.files[0]}`") for task in tasks
    ]
    answer = [
        "```json",
        "{",
        f'  "wave": "{scene.run.wave:02d}",',
        f'  "checkpoint_status": "{"BLOCKED" if retry else "MISSING"}",',
        f'  "resume_action": "{"resume-in-progress" if retry else "start-next-task"}"',
        "}",
        "```",
    ]
    return [
        *scene.section("Tasks of this wave", scene.table(("Task", "Title", "State", "First file"), rows)),
        *scene.body("Findings"),
        *scene.section("Worktree", [f"- {remark}" for remark in scene.remarks("worktree", 2)]),
        *scene.section("Answer", answer),
    ]


def _state(task: Task, due: set[str], retry: bool) -> str:
    """How a task stood when the run began: what the run works on was not done yet."""
    if task.id in due:
        return "reopened" if retry else "pending"
    return "done" if task.state == "x" and retry else "pending"


def _implementer(scene: Scene) -> list[str]:
    task = scene.task
    if task is None:
        return _research(scene)
    rng = scene.rng
    changes = [
        (
            f"`{path}`",
            scene.say("new" if rng.random() < 0.4 else "changed"),
            f"+{rng.randint(9, 210)} -{rng.randint(0, 60)}",
        )
        for path in task.files
    ]
    verification = [
        "```console",
        f"$ {task.check}",
        f"  {rng.randint(6, 48)} passed in {rng.uniform(0.4, 21):.1f} s",
        "```",
    ]
    checks = [
        f"- [x] {scene.say('requirements')}: {', '.join(task.requirements)}",
        f"- [{'x' if task.log else ' '}] {scene.say('implementation log')}: `task-{task.id}.md`",
        f"- [x] {scene.say('commit')} `{task.commit}`: `feat({scene.story.slug}): task {task.id}`",
    ]
    told = "$ " in scene.agent.body
    return [
        *scene.section("What changed", [f"- {note}" for note in task.notes]),
        *scene.section("Files", scene.table(("File", "Change", "Lines"), changes)),
        *scene.body("Details"),
        *scene.section("Verification", [] if told else verification),
        *scene.section(
            "Decisions", [f"{n}. {remark}" for n, remark in enumerate(scene.remarks("decision", 2), 1)]
        ),
        *scene.section("Self-check", checks),
    ]


def _compliance(scene: Scene) -> list[str]:
    task = scene.task
    if task is None:
        return _research(scene)
    rows = [
        (note, f"`{scene.rng.choice(task.files)}:{scene.rng.randint(8, 240)}`", "PASS") for note in task.notes
    ]
    if rows and not scene.passed:
        rows[-1] = (*rows[-1][:2], "**FAIL**")
    return [
        *scene.section("Criteria", scene.table(("Criterion", "Evidence", "Result"), rows)),
        *scene.body("Remarks"),
        *scene.section(
            "Traceability", [f"- {name}: task {task.id}, `{task.commit}`" for name in task.requirements]
        ),
        *_verdict(scene),
    ]


def _quality(scene: Scene) -> list[str]:
    return [
        *scene.section("Maintainability", [f"- {remark}" for remark in scene.remarks("maintainability", 2)]),
        *scene.section("Safety", [f"- {remark}" for remark in scene.remarks("safety", 2)]),
        *scene.section("Regression risk", scene.remarks("regression")),
        *scene.body("Findings"),
        *_verdict(scene),
    ]


def _auditor(scene: Scene) -> list[str]:
    tasks = scene.story.tasks_of(scene.run.wave) or scene.story.tasks
    rows = [
        (
            task.id,
            ", ".join(task.requirements),
            f"`{task.commit}`",
            scene.say("present" if task.log else "missing"),
        )
        for task in tasks
    ]
    columns = ("Task", "Requirements", "Commit", "Log")
    return [
        *scene.section("Matrix", scene.table(columns, rows) if rows else []),
        *scene.body("Findings"),
        *scene.section("Method", [f"- {remark}" for remark in scene.remarks("method", 2)]),
        *_verdict(scene),
    ]


def _gate(scene: Scene) -> list[str]:
    others = [agent for agent in scene.run.agents if agent is not scene.agent and "/" not in agent.name]
    rows = [(f"`{agent.name}`", agent.status.upper(), agent.summary.replace("|", "/")) for agent in others]
    follow = "next step" if scene.passed else "blocked step"
    return [
        *scene.section("Reports read", scene.table(("Subagent", "Status", "Summary"), rows)),
        *_verdict(scene),
        *scene.body("Reasons"),
        *scene.section("Next step", scene.remarks(follow)),
    ]


def _research(scene: Scene) -> list[str]:
    sources = [f"- `{document.path}`" for document in scene.story.documents if document.path.endswith(".md")][
        :4
    ]
    return [
        *scene.body("Findings"),
        *scene.section("Notes", [f"- {remark}" for remark in scene.remarks("research", 3)]),
        *scene.section("Sources", sources),
        *scene.section("Open points", scene.remarks("open")),
    ]


def _verdict(scene: Scene) -> list[str]:
    slot = "approve" if scene.passed else "refuse"
    return scene.section(
        "Verdict", [f"**{'PASS' if scene.passed else 'BLOCKED'}** - {scene.remarks(slot)[0]}"]
    )


_LAYOUTS: dict[str, Callable[[Scene], list[str]]] = {
    **dict.fromkeys(("execution-state-scout", "qa-state-scout"), _scout),
    "task-implementer": _implementer,
    "spec-compliance-reviewer": _compliance,
    "code-quality-reviewer": _quality,
    **dict.fromkeys(
        (
            "evidence-collector",
            "traceability-judge",
            "traceability-auditor",
            "dag-validator",
            "test-policy-auditor",
            "qa-traceability-auditor",
            "qa-selector-verifier",
            "qa-data-feasibility-checker",
        ),
        _auditor,
    ),
    **dict.fromkeys(("release-gate-decider", "decision-aggregator", "qa-check-aggregator"), _gate),
}
