"""kill −9 at every step of a compaction: every message is there or in exactly one summary, never both.

Aimed by progress: the process tells each step before it takes it, and waits; the test lets it go on or
kills it there.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.memory.place import HERE, reading_memory

from ..test_memory_compact import conversation
from ..transcript_support import SESSION

pytestmark = pytest.mark.prove

COMPACT = """
import sys
from spw_core.api import Workspace
from spw_core.memory import compaction
from spw_core.store.memory import knowledge, messages, summaries

def told(owner, name):
    whole = getattr(owner, name)
    def step(*args, **more):
        print(name, flush=True)
        sys.stdin.readline()
        result = whole(*args, **more)
        print(name + " done", flush=True)
        sys.stdin.readline()
        return result
    setattr(owner, name, step)

told(compaction, "_recover")
told(summaries.SqliteSummaries, "put")
told(knowledge.SqliteKnowledge, "put_facts")
told(summaries.SqliteSummaries, "confirm")
told(summaries, "delete_messages")
told(messages.Transaction, "write")
compaction._BATCH = 8
Workspace.open(sys.argv[1]).compact(older_than_days=0)
print("finished", flush=True)
"""


def compact_until(root: Path, steps: int) -> bool:
    """Compact in a process of its own that is killed after so many steps; True when it finished before."""
    command = [sys.executable, "-c", COMPACT, str(root)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    finished = False
    for _ in range(steps):
        line = process.stdout.readline()
        finished = line.strip() == "finished" or not line
        if finished:
            break
        process.stdin.write("\n")
        process.stdin.flush()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return finished


def check(workspace: Workspace, everything: set[str]) -> None:
    for path in workspace.paths.memory_dir.glob("*.db"):
        connection = apsw.Connection(str(path))
        assert connection.pragma("integrity_check") == "ok"
        connection.close()
    with reading_memory(workspace.paths) as memory:
        assert memory is not None
        there = [message.id for message in memory.messages.of_session(HERE, SESSION)]
        rolled = [one for summary in memory.summaries.latest(HERE, None) for one in summary.message_ids]
        assert sorted(there + rolled) == sorted(everything)
        assert memory.messages.inconsistencies() == []


def test_killed_at_every_step(workspace: Workspace, tmp_path: Path) -> None:
    source = conversation(workspace, tmp_path, turns=4)
    kills = 0
    steps = 1
    while True:
        for path in workspace.paths.memory_dir.glob("*"):
            path.unlink()
        workspace.import_transcripts([source])
        everything = {message.id for message in workspace.session(SESSION).messages}
        finished = compact_until(workspace.paths.root, steps)
        check(workspace, everything)
        if finished:
            break
        kills += 1
        workspace.import_transcripts([source])
        check(workspace, everything)
        report = workspace.compact(older_than_days=0)
        check(workspace, everything)
        with reading_memory(workspace.paths) as memory:
            assert memory is not None
            committed = {f"summary:{summary.id}" for summary in memory.summaries.latest(HERE, None)}
            assert memory.summaries.pending(HERE) == []
            assert {fact.source for fact in memory.knowledge.find_facts(HERE, limit=None)} <= committed
            assert memory.messages.count(HERE) == 0
        assert report.remarks == []
        # Every step of the first batch, then in strides: the others are the same.
        steps += 1 if steps < 40 else 7
    assert kills >= 40
