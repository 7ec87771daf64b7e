"""`spw demo`: a workspace that is the same, byte by byte and second by second, every time it is generated."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from spw_core.demo import stories, synthetic, workspace
from spw_core.demo.model import Story
from spw_core.demo.writer import StoryWriter, Tree
from spw_core.errors import SpwError
from spw_core.names import WORKFLOW_DIR

_ELSEWHERE = "Name a new or empty folder."


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
    """Writes `<target>/.spec-workflow`; spec k is the same whatever the number of specs.

    Raises SpwError when the target cannot be written or is not ours to write.
    """
    if specs < 1:
        raise SpwError(f"a demo needs at least one spec, not {specs}", hint="use --specs 8")
    final = target / WORKFLOW_DIR
    was_there = os.path.lexists(target)
    try:
        if os.path.lexists(target) and not target.is_dir():
            raise SpwError(f"not a folder: {target}", _ELSEWHERE)
        target.mkdir(parents=True, exist_ok=True)
        _refuse_taken(final)
        # Written beside the place where it will stand, in a folder of our own: moving it there is one step.
        with tempfile.TemporaryDirectory(
            prefix=f"{WORKFLOW_DIR}.", suffix=".partial", dir=target, ignore_cleanup_errors=True
        ) as ours:
            partial = Path(ours, WORKFLOW_DIR)
            report = _write(Tree(partial), specs, seed, progress)
            _refuse_taken(final)
            partial.rename(final)
    except OSError as error:
        if not was_there:
            with suppress(OSError):  # it was never made, or somebody uses it
                target.rmdir()
        raise SpwError(f"cannot write a demo to {target}: {error.strerror or error}", _ELSEWHERE) from error
    return report


def _refuse_taken(final: Path) -> None:
    if os.path.lexists(final):
        raise SpwError(f"there is already a workspace in {final.parent}", _ELSEWHERE)


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
