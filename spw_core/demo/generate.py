"""`spw demo`: a workspace that is the same, byte by byte and second by second, every time it is generated."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from spw_core.demo import stories, synthetic, workspace
from spw_core.demo.model import DEMO_NOW, Story
from spw_core.demo.writer import StoryWriter, Tree
from spw_core.errors import SpwError

__all__ = ["DEMO_NOW", "DemoReport", "generate"]


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What a demo workspace holds."""

    specs: int
    runs: int
    subagents: int
    handoffs: int
    files: int


def generate(
    target: Path, *, specs: int = 8, seed: int = 7, progress: Callable[[int, int], None] | None = None
) -> DemoReport:
    """Writes `<target>/.spec-workflow`; spec k is the same whatever the number of specs."""
    if specs < 1:
        raise SpwError(f"a demo needs at least one spec, not {specs}", hint="use --specs 8")
    if target.exists() and not target.is_dir():
        raise SpwError(f"not a directory: {target}", hint="name a new or empty directory")
    final = target / ".spec-workflow"
    if final.exists():
        raise SpwError(f"there is already a workspace in {target}", hint="name a new or empty directory")
    partial = target / ".spec-workflow.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        report = _write(Tree(partial), specs, seed, progress)
        partial.rename(final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return report


def _write(tree: Tree, specs: int, seed: int, progress: Callable[[int, int], None] | None) -> DemoReport:
    told: list[Story] = []
    runs = subagents = handoffs = 0
    for index in range(specs):
        rng = Random(f"{seed}:{index}")
        story = stories.story(index, rng) if index < stories.HAND_WRITTEN else synthetic.story(index, rng)
        writer = StoryWriter(tree, story, rng)
        writer.write()
        told += [story] if index < stories.HAND_WRITTEN else []
        runs += len(story.runs)
        subagents += writer.subagents
        handoffs += writer.handoffs
        if progress:
            progress(index + 1, specs)
    for path, text, at in workspace.files(told):
        tree.write(path, text, at)
    return DemoReport(specs, runs, subagents, handoffs, tree.files)
