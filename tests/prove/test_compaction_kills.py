"""kill −9 at every step of a compaction: every message is there or in exactly one summary, never both."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.memory.place import HERE, reading_memory

from ..test_memory_compact import conversation
from ..transcript_support import SESSION
from .steps import run_until

pytestmark = pytest.mark.prove

COMPACT = """
from spw_core.api import Workspace
from spw_core.memory import compaction
from spw_core.store.memory import knowledge, messages, summaries

told(compaction, "_recover")
told(summaries.SqliteSummaries, "put")
told(knowledge.SqliteKnowledge, "put_facts")
told(summaries.SqliteSummaries, "confirm")
told(summaries, "delete_messages")
told(messages.Transaction, "write")
compaction._BATCH = 8
Workspace.open(sys.argv[1]).compact(older_than_days=0)
"""


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
        finished = run_until(COMPACT, [workspace.paths.root], steps)
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
