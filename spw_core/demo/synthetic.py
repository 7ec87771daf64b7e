"""Specs beyond the hand-written ones: invented from seeded vocabulary, in any stage, quick to make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from spw_core.demo.documents import stamp
from spw_core.demo.model import DEMO_NOW, Agent, Document, Review, Run, Story, Task, WaveNote, WavePlan
from spw_core.demo.vocabulary import PATTERNS, WORDS

_STAGES = ("requirements", "design", "planning", "execution", "qa", "post-mortem", "complete")
_WEIGHTS = (1, 1, 2, 6, 3, 2, 3)
_BEFORE_CODE = (
    ("prd", ("source-reader-web", "feedback-analyzer", "requirements-structurer")),
    (
        "design-research",
        ("codebase-pattern-scanner", "web-pattern-scout-api", "risk-analyst", "research-synthesizer"),
    ),
    ("design-draft", ("traceability-mapper", "design-writer", "design-critic")),
    ("tasks-plan", ("task-decomposer", "dependency-graph-builder", "tasks-writer")),
    ("tasks-check", ("traceability-auditor", "dag-validator", "decision-aggregator")),
)
_STEPS_BEFORE_CODE = {"requirements": 1, "design": 3, "planning": 5}
_ENGLISH_NOUNS = WORDS["en"]["noun"]  # code is named in English whatever the spec is written in
_CHECKPOINT = ("evidence-collector", "release-gate-decider")


class Voice(Mapping[str, str]):
    """Fills the gaps of a pattern: every look-up is another random word of the list the key names."""

    def __init__(self, rng: Random, language: str) -> None:
        self._rng = rng
        self._language = language
        self._words = WORDS[language]

    def __getitem__(self, key: str) -> str:
        rng = self._rng
        match key.rstrip("0123456789"):
            case "number":
                return str(rng.randint(2, 97) if key == "number" else rng.randint(1, 900) * 100)
            case "ident":
                first, second = rng.choices(_ENGLISH_NOUNS, k=2)
                return f"{first.capitalize()}{second.capitalize()}{rng.choice(self._words['part'])}"
            case "file":
                folder, first, second = rng.choices(_ENGLISH_NOUNS, k=3)
                return f"src/{folder}/{first}-{second}.ts"
            case "flag":
                first, second = rng.choices(_ENGLISH_NOUNS, k=2)
                return f"{first}_{second}_v{rng.randint(2, 9)}"
            case name if name[0].isupper():
                return rng.choice(self._words[name.lower()]).capitalize()
            case name:
                return rng.choice(self._words[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def say(self, kind: str) -> str:
        return self._rng.choice(PATTERNS[self._language, kind]).format_map(self)

    def lines(self, kind: str, low: int, high: int) -> list[str]:
        return [self.say(kind) for _ in range(self._rng.randint(low, high))]


def story(index: int, rng: Random) -> Story:
    """The invented spec number `index` (from 0), as `feature-0009-…` for index 8."""
    return _Author(index, rng).story()


class _Author:
    def __init__(self, index: int, rng: Random) -> None:
        self._rng = rng
        self._language = rng.choices(("en", "pt"), (2, 1))[0]
        self._voice = Voice(rng, self._language)
        self._slug = f"feature-{index + 1:04d}-{'-'.join(rng.choices(_ENGLISH_NOUNS, k=2))}"
        self._stage = rng.choices(_STAGES, _WEIGHTS)[0]
        self._requirements = tuple(f"REQ-{n:03d}" for n in range(1, rng.randint(3, 6) + 1))
        self._now = DEMO_NOW - timedelta(days=45 + rng.randint(0, 380), minutes=rng.randint(0, 480))
        self._story = Story(self._slug, self._voice.say("title"), self._language, "spw")

    def story(self) -> Story:
        steps = _STEPS_BEFORE_CODE.get(self._stage, len(_BEFORE_CODE))
        for command, roles in _BEFORE_CODE[:steps]:
            self._run(command, (*self._rng.sample(roles[:-1], self._rng.randint(0, 1)), roles[-1]))
            if command == "prd":
                self._document("requirements.md", self._requirements_text())
            elif command == "design-draft":
                self._document("design.md", self._design_text())
        if self._stage not in _STEPS_BEFORE_CODE or self._stage == "planning":
            self._plan()
        if self._stage not in _STEPS_BEFORE_CODE:
            self._execute()
        if self._stage in ("qa", "post-mortem", "complete"):
            self._document("qa/QA-TEST-PLAN.md", self._text("QA Test Plan", 5, 12))
            self._run("qa", ("qa-scope-analyst", "qa-plan-synthesizer"))
            self._run("qa-exec", ("qa-test-runner", "qa-exec-synthesizer"), wave=1)
        if self._stage in ("post-mortem", "complete"):
            self._run("post-mortem", ("artifact-gap-analyzer", "lessons-synthesizer"))
            self._document("post-mortem/report.md", self._text("Post-mortem", 6, 14))
        if self._stage == "complete":
            self._document("COMPLETION-SUMMARY.md", self._completion())
        self._review()
        return replace(self._story, tasks_at=self._now)

    def _pass_time(self) -> datetime:
        self._now += timedelta(hours=self._rng.randint(3, 30), minutes=self._rng.randint(0, 59))
        return self._now

    def _run(
        self, command: str, roles: tuple[str, ...], wave: int = 0, blocked: str = "", open_: bool = False
    ) -> Run:
        agents = [
            Agent(
                name=role,
                status="blocked" if role == blocked else "pass",
                summary=self._voice.say("sentence").rstrip(".").replace("|", "/"),
                body=self._finding(),
            )
            for role in roles
        ]
        number = 1 + sum(run.command == command and run.wave == wave for run in self._story.runs)
        run = Run(command, wave, number, self._pass_time(), tuple(agents), handoff=not open_)
        self._story = replace(self._story, runs=(*self._story.runs, run))
        return run

    def _finding(self) -> str:
        """A few sentences, at times with a list or a table."""
        voice, rng = self._voice, self._rng
        lines = [" ".join(voice.lines("sentence", 2, 4))]
        form = rng.random()
        if form < 0.4:
            lines += ["", *(f"- {line}" for line in voice.lines("sentence", 2, 5))]
        elif form < 0.6:
            lines += ["", "| Item | Before | After |", "|---|---:|---:|"]
            lines += [
                f"| {voice['noun']} {voice['adjective']} | {voice['number2']} | {voice['number2']} |"
                for _ in range(4)
            ]
        return "\n".join(lines)

    def _document(self, path: str, text: str) -> None:
        at = self._now + timedelta(minutes=40)
        self._story = replace(self._story, documents=(*self._story.documents, Document(path, at, text)))

    def _text(self, heading: str, low: int, high: int) -> str:
        lines = [
            f"# {heading}: {self._story.title}",
            "",
            *(f"- {line}" for line in self._voice.lines("sentence", low, high)),
        ]
        return "\n".join(lines) + "\n"

    def _requirements_text(self) -> str:
        voice = self._voice
        lines = [
            f"# Requirements: {self._story.title}",
            "",
            "## Product Context",
            *voice.lines("sentence", 2, 4),
            "",
        ]
        lines.append("## Functional Requirements")
        for name in self._requirements:
            lines += [
                f"### {name} - {voice.say('title')}",
                *(f"- {line}" for line in voice.lines("criterion", 1, 3)),
            ]
            lines += [f"- Priority: {self._rng.choice(('Must', 'Should', 'Could'))}", ""]
        return "\n".join(lines)

    def _design_text(self) -> str:
        voice = self._voice
        rows = [
            f"| {name} | {voice.say('title')} | `{voice['file']}` | unit |" for name in self._requirements
        ]
        lines = [f"# Design: {self._story.title}", "", "## Overview", *voice.lines("sentence", 2, 5), ""]
        lines += [
            "## Requirement Mapping",
            "| Requirement | Technical Decision | Files | Test Strategy |",
            "|---|---|---|---|",
        ]
        lines += [
            *rows,
            "",
            "## Architecture",
            "```mermaid",
            "flowchart LR",
            f"  {voice['Noun']} --> {voice['Noun']}",
            "```",
        ]
        return (
            "\n".join((*lines, "", "## Risks", *(f"- {line}" for line in voice.lines("sentence", 1, 4))))
            + "\n"
        )

    def _plan(self) -> None:
        rng, voice = self._rng, self._voice
        waves = tuple(WavePlan(number, voice.say("title")) for number in range(1, rng.randint(1, 4) + 1))
        tasks: list[Task] = []
        for wave in waves:
            before = [task.id for task in tasks]
            for _ in range(rng.randint(1, 3)):
                file = voice["file"]
                task = Task(
                    id=str(len(tasks) + 1),
                    title=voice.say("title"),
                    wave=wave.number,
                    state=" ",
                    log="",
                    requirements=tuple(sorted(rng.sample(self._requirements, rng.randint(1, 2)))),
                    depends=(rng.choice(before),) if before else (),
                    files=(file, file.replace(".ts", ".test.ts")),
                    check=f"pnpm vitest run {file.rpartition('/')[0]}",
                    notes=tuple(voice.lines("sentence", 1, 2)),
                )
                tasks.append(task)
        self._story = replace(self._story, waves=waves, tasks=tuple(tasks))

    def _execute(self) -> None:
        rng = self._rng
        last = (
            rng.randint(1, len(self._story.waves)) if self._stage == "execution" else len(self._story.waves)
        )
        for wave in range(1, last + 1):
            under_way = self._stage == "execution" and wave == last
            tasks = self._story.tasks_of(wave)
            first, *others = tasks
            roles = [f"task-implementer-{task.id}" for task in tasks]
            if rng.random() < 0.5:
                roles = ["execution-state-scout", *roles]
            if rng.random() < 0.5:
                roles.append(f"{rng.choice(('spec-compliance', 'code-quality'))}-reviewer-{first.id}")
            if under_way and rng.random() < 0.5:
                self._run("exec", tuple(roles), wave, open_=True)
                self._mark((first.id,), "-")
                continue
            self._run("exec", tuple(roles), wave)
            self._mark(tuple(task.id for task in tasks), "x")
            blocked = under_way or rng.random() < 0.3
            checkpoint = self._run(
                "checkpoint", _CHECKPOINT, wave, blocked="release-gate-decider" if blocked else ""
            )
            if under_way:
                self._mark(tuple(task.id for task in others), "-")
            elif blocked:
                self._run("exec", (f"task-implementer-{first.id}", f"code-quality-reviewer-{first.id}"), wave)
                checkpoint = self._run("checkpoint", _CHECKPOINT, wave)
            shape = rng.choice(("tool", "agent"))
            status = "blocked" if under_way else "pass" if shape == "tool" else "complete"
            at = self._now + timedelta(minutes=50)
            execution = next(
                run.id for run in reversed(self._story.runs) if run.command == "exec" and run.wave == wave
            )
            note = WaveNote(wave, shape, status, at, execution, checkpoint.id)
            self._story = replace(self._story, wave_notes=(*self._story.wave_notes, note))
        if self._story.wave_notes:
            self._document("execution/CHECKPOINT-REPORT.md", self._text("Checkpoint Report", 4, 10))

    def _mark(self, ids: tuple[str, ...], state: str) -> None:
        """Sets the state of tasks; a done one mostly gets an implementation log."""
        shapes = ("tool", "tool", "agent", "mcp", "")
        tasks = tuple(
            replace(task, state=state, log=self._rng.choice(shapes) if state == "x" else "")
            if task.id in ids
            else task
            for task in self._story.tasks
        )
        self._story = replace(self._story, tasks=tasks)

    def _completion(self) -> str:
        waves = len(self._story.waves)
        lines = ["---", f"spec: {self._slug}", "status: completed", f"completed_at: {stamp(self._now)}"]
        lines += ["duration_days: 21", f"tasks_count: {len(self._story.tasks)}", f"waves_count: {waves}"]
        lines += [f"checkpoint_passes: {waves}", "checkpoint_failures: 0", "files_changed:"]
        lines += [f"    - {task.files[0]}" for task in self._story.tasks]
        lines += ["tags: []", 'summary: ""', "---", "", self._text("Completion Summary", 2, 5)]
        return "\n".join(lines)

    def _review(self) -> None:
        names = [
            document.path
            for document in self._story.documents
            if document.path in ("requirements.md", "design.md")
        ]
        pending = self._stage in ("requirements", "design") and self._rng.random() < 0.6
        asked = self._now + timedelta(hours=1)
        review = Review(
            document=names[-1],
            outcome="pending" if pending else "approved",
            title=f"{names[-1]} of {self._slug}",
            asked=asked,
            answered=None if pending else asked + timedelta(hours=2),
            response="Approved via dashboard",
            kept=pending or self._rng.random() < 0.3,
            undo=(),
            comments=(),
        )
        self._story = replace(self._story, reviews=(review,))
