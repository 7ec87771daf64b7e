"""kill −9 at every step of an import: nothing lost, nothing twice, and the next import completes it."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.memory.place import HERE, reading_memory
from spw_core.store.memory.types import Tokens

from ..transcript_support import Transcript
from .steps import run_until

pytestmark = pytest.mark.prove

# Small batches and few of them at once, so that every transcript takes several transactions.
IMPORT = """
from pathlib import Path
from spw_core.api import Workspace
from spw_core.memory import importing, reading
from spw_core.store.memory import messages, sessions

told(sessions.SqliteSessions, "create")
told(sessions.SqliteSessions, "add_tokens")
told(sessions.SqliteSessions, "add_links")
told(messages.SqliteMessages, "take_in_rows")
told(messages.Transaction, "write_all")
reading._BATCH_BYTES = 1500
importing._MOST_AT_ONCE = 3
Workspace.open(sys.argv[1]).import_transcripts([Path(name) for name in sys.argv[2:]])
"""
KEY = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5"

# Of each session, what was said (id and text), and what it is linked to.
Contents = dict[str, tuple[list[tuple[str, str]], set[str]]]


def conversations(workspace: Workspace, folder: Path) -> list[Path]:
    files = []
    for session in ("one", "two", "three"):
        said = Transcript(folder / f"{session}.jsonl", str(workspace.paths.root), f"{session:-<8}")
        for number in range(4):
            said.add("user", f"The token is {KEY}")
            said.answer(f"msg {number // 2}", "So it is.", "And now?", input_tokens=3, output_tokens=number)
            said.call("Edit", file_path=f"src/{number}.py")
        files.append(said.write())
    return files


def contents(workspace: Workspace) -> tuple[Contents, dict[str, Tokens]]:
    for path in workspace.paths.memory_dir.glob("*.db"):
        connection = apsw.Connection(str(path))
        assert connection.pragma("integrity_check") == "ok"
        connection.close()
    with reading_memory(workspace.paths) as memory:
        if memory is None:
            return {}, {}
        assert memory.messages.inconsistencies() == []
        found = {
            one.id: (
                [(said.id, said.content) for said in memory.messages.of_session(HERE, one.id)],
                {link.target for link in memory.sessions.links(HERE, one.id)},
            )
            for one in memory.sessions.newest(HERE, None)
        }
        assert memory.messages.count(HERE) == sum(len(said) for said, _ in found.values())
        return found, dict(memory.sessions.tokens(HERE))


def test_killed_at_every_step(workspace: Workspace, tmp_path: Path) -> None:
    files = conversations(workspace, tmp_path)
    workspace.import_transcripts(files)
    everything, tokens = contents(workspace)
    assert len(everything) == 3 and tokens
    kills, steps = 0, 1
    while True:
        for path in workspace.paths.memory_dir.glob("*"):
            path.unlink()
        if run_until(IMPORT, [workspace.paths.root, *files], steps):
            break
        kills += 1
        for session, (said, _) in contents(workspace)[0].items():
            assert said == everything[session][0][: len(said)]
        assert workspace.import_transcripts(files).problems == []
        assert contents(workspace) == (everything, tokens)
        assert workspace.import_transcripts(files).unchanged == 3
        # Every step of the first transactions, then in strides: the others are the same.
        steps += 1 if steps < 25 else 19
    assert kills >= 25
    assert contents(workspace) == (everything, tokens)
