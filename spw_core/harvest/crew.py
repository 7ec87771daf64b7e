"""Helpers of a large harvest or import: processes that do the independent work ahead.

What they do is what their employer would do itself, one by one, and every answer may be missing: where
there are no helpers, or one is killed, the employer does the work when it gets there.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from spw_core.workspace import WorkspacePaths

# What helpers can do: the module and the function, which is given the workspace and a name.
HARVEST = "spw_core.harvest.harvest:harvest_or_report"
PREPARE = "spw_core.harvest.index_sync:prepare_documents"

# Below so many specs the start of the helpers, each a Python of its own, takes longer than they save.
_FEWEST = 200
_MOST_HELPERS = 4
# Names that a helper is given before its first answer is taken, so that it never waits for the next one.
_AHEAD = 4

# Gives the answer for the next of the names, None for any other and where no helper gave one.
Answers = Callable[[str], object]


@contextmanager
def working_ahead(
    paths: WorkspacePaths, task: str, names: Sequence[str], fewest: int | None = None
) -> Iterator[Answers]:
    """Have a task done for some names, each a line of text; their answers are asked for in order.

    There are helpers from `fewest` names on, by default so many specs as are worth them. At the end, however
    it comes, the helpers finish what they are at and leave.
    """
    helpers: list[subprocess.Popen[bytes]] = []
    count = min(_processors(), _MOST_HELPERS)
    try:
        if count > 1 and len(names) >= (_FEWEST if fewest is None else fewest):
            with suppress(OSError):  # as many as can be had
                while len(helpers) < count:
                    helpers.append(_start(paths, task))
        yield _Queue(helpers, names).answer if helpers else lambda name: None
    finally:
        for helper in helpers:
            _dismiss(helper)


class _Queue:
    """The names in order, dealt to the helpers in turn, so that it is known whose answer comes next."""

    def __init__(self, helpers: Sequence[subprocess.Popen[bytes]], names: Sequence[str]) -> None:
        self._helpers = helpers
        self._waiting = deque(enumerate(names))
        self._given: deque[tuple[int, str]] = deque()

    def answer(self, name: str) -> object:
        while self._waiting and len(self._given) < _AHEAD * len(self._helpers):
            self._give(self._waiting.popleft())
        if not self._given or self._given[0][1] != name:
            return None
        place, _ = self._given.popleft()
        stream = self._helpers[place % len(self._helpers)].stdout
        assert stream is not None
        try:
            return pickle.load(stream)  # from a child of ours, over a pipe that nobody else has
        except (EOFError, OSError, pickle.UnpicklingError):  # it was killed
            return None

    def _give(self, item: tuple[int, str]) -> None:
        place, name = item
        stream = self._helpers[place % len(self._helpers)].stdin
        assert stream is not None
        with suppress(OSError):  # it was killed; reading its answer tells
            stream.write(f"{name}\n".encode())
            stream.flush()
        self._given.append(item)


def _start(paths: WorkspacePaths, task: str) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "spw_core.harvest.helper", task, str(paths.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,  # Ctrl-C is for the employer, who then dismisses the helpers
    )


def _dismiss(helper: subprocess.Popen[bytes]) -> None:
    """Let a helper see that nobody asks and nobody listens any more, and wait until it has left."""
    for stream in (helper.stdin, helper.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    helper.wait()


def _processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
