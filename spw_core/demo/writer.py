"""Turns a story into the files that agents, tools and the dashboard would have left behind."""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from spw_core.demo import approvals, documents
from spw_core.demo.model import DEMO_NOW, Agent, Run, Story
from spw_core.demo.reports import Scene, report
from spw_core.domain.registry import LOGS

_ROOT_DOCUMENTS = {"requirements.md": "requirements", "design.md": "design"}


_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_BY_DESCRIPTOR = os.utime in os.supports_fd  # spares the long path a second look-up


class Tree:
    """Writes files below a root, each with the modification time of its story, and counts them."""

    def __init__(self, root: Path) -> None:
        self.files = 0
        self._root = str(root)
        self._folders: set[str] = set()

    def write(self, path: str, text: str, at: datetime) -> None:
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            Path(self._root, folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        seconds = int(min(at, DEMO_NOW).timestamp())
        descriptor = os.open(f"{self._root}/{path}", _NEW_FILE, 0o644)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.write(text.encode())
            os.utime(descriptor if _BY_DESCRIPTOR else f"{self._root}/{path}", (seconds, seconds))
        self.files += 1


class StoryWriter:
    """Writes one story and counts what it wrote."""

    def __init__(self, tree: Tree, story: Story, rng: Random) -> None:
        self.subagents = 0
        self.handoffs = 0
        self._tree = tree
        self._story = story
        self._rng = rng
        self._spec = f"specs/{story.slug}"
        self._texts: dict[str, str] = {}
        self._implemented: dict[str, datetime] = {}

    def write(self) -> None:
        self._documents()
        for run in self._story.runs:
            self._run(run)
        self._logs()
        for note in self._story.wave_notes:
            folder = f"{self._spec}/execution/waves/wave-{note.wave:02d}"
            for name, text in documents.wave_files(self._story, note).items():
                self._tree.write(f"{folder}/{name}", text, note.at)
        for path, text, at in approvals.files(self._story, self._texts, self._rng):
            self._tree.write(f"approvals/{self._story.slug}/{path}", text, at)

    def _documents(self) -> None:
        story = self._story
        for document in story.documents:
            kind = _ROOT_DOCUMENTS.get(document.path)
            head = documents.frontmatter(story, kind, document.at) if kind else ""
            self._document(document.path, head + document.text, document.at)
        if story.tasks:
            self._document("tasks.md", documents.tasks(story), story.tasks_at)

    def _document(self, path: str, text: str, at: datetime) -> None:
        self._texts[path] = text
        self._tree.write(path[1:] if path.startswith("/") else f"{self._spec}/{path}", text, at)

    def _run(self, run: Run) -> None:
        home = f"{self._spec}/{run.path}"
        at = run.start
        groups: dict[str, list[Agent]] = defaultdict(list)
        for agent in run.agents:
            at = self._subagent(run, agent, at)
            groups[agent.name.rpartition("/")[0]].append(agent)
        own = dict(run.files)
        for path, text in own.items():
            self._tree.write(f"{home}/{path}", text, at)
        for folder, agents in groups.items():
            path = f"{folder}/_handoff.md".lstrip("/")
            if path not in own and (folder or run.handoff):
                self._tree.write(f"{home}/{path}", documents.handoff(agents), at)
        self.handoffs += "_handoff.md" in own or run.handoff

    def _subagent(self, run: Run, agent: Agent, at: datetime) -> datetime:
        """Writes the three files of a subagent; returns when the next one starts."""
        home = f"{self._spec}/{run.path}/{agent.name}"
        self._tree.write(f"{home}/brief.md", documents.brief(self._story, run, agent), at)
        done = at + timedelta(seconds=self._rng.randint(150, 560))
        if "no-report" not in agent.flags:
            text = self._texts[agent.artifact] if agent.artifact else ""
            text = text or report(Scene(self._story, run, agent, self._rng))
            self._tree.write(f"{home}/report.md", text, done)
        if "no-status" not in agent.flags:
            self._tree.write(f"{home}/status.json", documents.status(agent), done)
        if agent.role == "task-implementer" and (task := self._story.task_of(run, agent)):
            self._implemented[task.id] = done
        self.subagents += "/" not in agent.name
        return done + timedelta(seconds=self._rng.randint(4, 40))

    def _logs(self) -> None:
        for task in self._story.tasks:
            if task.log and task.state == "x":
                at = self._implemented.get(task.id, self._story.tasks_at)
                path = f"{self._spec}/{LOGS}/task-{task.id}.md"
                self._tree.write(path, documents.implementation_log(task, at), at)
