"""The demo's transcripts: the same every time, and about its specs."""

from __future__ import annotations

from pathlib import Path

from spw_core.api import Workspace
from spw_core.demo.conversations import CONVERSATIONS, write_conversations


def test_the_demo_has_something_to_remember(demo: Workspace, tmp_path: Path) -> None:
    files = write_conversations(tmp_path)
    assert [path.read_bytes() for path in write_conversations(tmp_path / "again")] == [
        path.read_bytes() for path in files
    ]
    report = demo.import_transcripts(files)
    assert (report.sessions, report.problems) == (len(CONVERSATIONS), [])
    rows = demo.sessions()
    assert [row.specs[0] for row in rows] == ["user-auth", "billing-export", "checkout-flaky-tests"]
    assert rows[2].runs == ("checkout-flaky-tests/execution/waves/wave-01/checkpoint/run-001",)
    assert demo.search_messages("race cookie")[0].title == "Checkout login test: find the race"
    found = demo.trace("src/lib/clock.ts")
    assert [node.title for node in found.nodes if node.kind == "session"] == [rows[2].title]
