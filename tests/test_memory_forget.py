"""What is forgotten is gone: from answers, from the index, and from the bytes on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.errors import NotFound, SpwError
from spw_core.memory.forgetting import forget_sessions
from spw_core.search import graph
from spw_core.search.embedders import random_index
from spw_core.search.embedders.builtin import BuiltinEmbedder
from spw_core.search.embedding import COLLECTION
from spw_core.search.scan import Floats
from spw_core.store import vectors as table
from spw_core.store.connection import empty_log
from spw_core.store.index import IndexStore
from spw_core.store.patience import waiting_at_most

from .support import write
from .transcript_support import SESSION, Transcript

OTHER = "07e55105-0000-4000-8000-000000000002"
# No other text begins with its letters, so that no part of it is shared with another word in an index.
SECRET = "xqzvbnwkpt"


def say(workspace: Workspace, folder: Path, session: str, word: str, turns: int = 8) -> Path:
    """A conversation that says a word in every way that is stored: title, prompt, call, error, decision."""
    transcript = Transcript(folder / f"{session}.jsonl", str(workspace.paths.spec_dir("alpha")), session)
    for number in range(turns):
        transcript.add("user", f"Look at {word} and {word}ing number {number} in the queue, please")
        transcript.add("assistant", f"We decided on {word} {number} because {word}-{number} is simple.")
        transcript.call("Edit", file_path=f"src/{word}/file{number}.py")
        transcript.call("Bash", f"{word}: command {number} not found here", error=True, command=f"run {word}")
    return transcript.write()


@pytest.fixture
def talked(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Two sessions about alpha, found by words and by meaning."""
    write(workspace, "specs/alpha/design.md", "# Design\n\nThe queue holds what is waiting.\n")
    workspace.harvest()
    workspace.import_transcripts(
        [say(workspace, tmp_path, SESSION, SECRET), say(workspace, tmp_path, OTHER, "zanzibar")]
    )
    workspace.embed()
    return workspace


def files_with(workspace: Workspace, word: str) -> set[str]:
    """Names of the files of a workspace that hold a word somewhere in their bytes."""
    found = (path for path in workspace.paths.root.rglob("*") if path.is_file())
    return {path.name for path in found if word.encode() in path.read_bytes()}


@pytest.mark.parametrize("compacted", [False, True], ids=["messages", "summaries"])
def test_no_byte_of_a_forgotten_session_is_left(talked: Workspace, compacted: bool) -> None:
    if compacted:
        talked.compact(older_than_days=0)
        assert "knowledge.db" in files_with(talked, SECRET)
    assert {".spw-index.db", "memory.db", "sessions.db"} <= files_with(talked, SECRET)
    vectors = vector_count(talked)
    report = talked.forget([SESSION])
    assert report.sessions == (SESSION,)
    assert (report.messages > 0) is not compacted
    assert files_with(talked, SECRET) == set()
    assert vector_count(talked) < vectors
    # The others are as they were.
    assert [row.id for row in talked.sessions()] == [OTHER]
    kinds = {"summary"} if compacted else {"message"}
    assert {hit.type for hit in talked.search("zanzibar").results} == kinds
    assert talked.search("zanzibra").results and not talked.search(SECRET, mode="lexical").results
    assert talked.search("waiting queue", mode="hybrid").mode == "hybrid"


def vector_count(workspace: Workspace) -> int:
    with IndexStore.reading(workspace.paths.index_db) as index:
        assert index
        found = table.answering(index.connection, COLLECTION)
        assert found
        return found.live


def test_a_graph_that_holds_forgotten_vectors_goes(talked: Workspace) -> None:
    with IndexStore.reading(talked.paths.index_db) as index:
        assert index
        found = table.answering(index.connection, COLLECTION)
        assert found and graph.build_graph(index.connection, found, talked.paths.vectors)
    [snapshot] = talked.paths.vectors.glob("*.graph")
    forget_sessions(talked.paths, [])  # nothing goes, so it may stay
    assert snapshot.exists()
    talked.forget([SESSION])
    assert not snapshot.exists()


def test_a_graph_that_is_built_while_something_is_forgotten_goes(
    talked: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(talked, "spw-config.toml", "[store]\nexact_vectors = 1\n")
    written, whole = [], graph._write

    def slowly(*given: Any) -> None:
        talked.forget([SESSION])
        whole(*given)
        written.append(list(talked.paths.vectors.glob("*.graph")))

    monkeypatch.setattr(graph, "_write", slowly)
    write(talked, "specs/alpha/notes.md", "# Notes\n\nAnother text, so that there is something to do.\n")
    talked.harvest()
    talked.embed()
    assert len(written) == 1 and written[0]
    assert not list(talked.paths.vectors.glob("*.graph"))


def test_it_is_told_where_the_words_still_are(talked: Workspace, tmp_path: Path) -> None:
    aside = talked.paths.memory_dir / "memory.db.corrupt-20260214T100000Z"
    aside.write_bytes(b"")
    assert sorted(line.partition(": ")[0] for line in talked.forget([SESSION]).left) == sorted(
        [str(aside), str(tmp_path / f"{SESSION}.jsonl")]
    )


def test_a_reader_keeps_the_bytes_until_it_closes(talked: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spw_core.store.connection._OPEN_LIMIT_S", 0.05)
    for path in (talked.paths.index_db, talked.paths.memory_dir / "memory.db"):
        with closing(apsw.Connection(str(path))) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            [told, *_] = talked.forget([SESSION]).left
            assert told.startswith(f"{path.name}: in use")
            reader.execute("COMMIT")
        talked.forget([SESSION])
        assert files_with(talked, SECRET) == set()


def test_an_empty_log_is_told_from_one_in_use(tmp_path: Path) -> None:
    with closing(apsw.Connection(str(tmp_path / "x.db"))) as connection:
        connection.pragma("journal_mode", "wal")
        connection.execute("CREATE TABLE t (x)")
        assert empty_log(connection)
        assert (tmp_path / "x.db-wal").stat().st_size == 0


def test_nothing_is_learned_of_what_is_forgotten_meanwhile(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.import_transcripts([say(workspace, tmp_path, SESSION, SECRET)])
    learn = random_index.learn

    def slowly(*given: Any) -> random_index.Learned | None:
        learned = learn(*given)
        monkeypatch.setattr(random_index, "learn", learn)
        workspace.forget([SESSION])
        return learned

    monkeypatch.setattr(random_index, "learn", slowly)
    assert workspace.embed().complete
    assert files_with(workspace, SECRET) == set()


def test_no_vector_is_kept_of_what_is_forgotten_meanwhile(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.import_transcripts([say(workspace, tmp_path, SESSION, SECRET)])
    embed = BuiltinEmbedder.embed_documents

    def slowly(self: BuiltinEmbedder, texts: Sequence[str]) -> list[Floats | None]:
        vectors = embed(self, texts)
        monkeypatch.setattr(BuiltinEmbedder, "embed_documents", embed)
        workspace.forget([SESSION])
        return vectors

    monkeypatch.setattr(BuiltinEmbedder, "embed_documents", slowly)
    assert workspace.embed().embedded == vector_count(workspace) == 0


@pytest.mark.parametrize(
    ("name", "where"), [(".spw-index.db", "the search index"), (".spw-memory/knowledge.db", "knowledge.db")]
)
def test_what_cannot_be_written_is_told_and_the_same_command_completes_it(
    talked: Workspace, name: str, where: str
) -> None:
    talked.compact(older_than_days=0)
    with closing(apsw.Connection(str(talked.paths.workflow / name))) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            waiting_at_most(0.05),
            pytest.raises(SpwError, match=f"still in {where}") as caught,
        ):
            talked.forget([SESSION[:8]])
        other.execute("ROLLBACK")
    assert "again" in caught.value.hint
    assert Path(name).name in files_with(talked, SECRET)
    assert talked.forget([SESSION[:8]]).sessions == (SESSION,)
    assert files_with(talked, SECRET) == set()


def test_an_id_may_be_abbreviated_but_never_guessed(talked: Workspace, tmp_path: Path) -> None:
    twin = f"{SESSION[:-1]}2"
    talked.import_transcripts([say(talked, tmp_path, twin, "twin", 1)])
    for wrong in ("", "5e55", SESSION[:8], "unknown-session", f"{SESSION}0"):
        with pytest.raises(NotFound):
            talked.forget([OTHER, wrong])
    assert len(talked.sessions()) == 3  # all or none
    assert talked.forget([SESSION, SESSION]).sessions == (SESSION,)
    assert talked.forget([twin[:8]]).sessions == (twin,)
    third = "abcdef12-0000-4000-8000-000000000003"
    talked.import_transcripts([say(talked, tmp_path, third, "third", 1)])
    assert talked.forget(["abcdef12"]).sessions == (third,)


def test_one_that_was_never_here_is_not_imported_later(workspace: Workspace, tmp_path: Path) -> None:
    assert workspace.forget([SESSION]).messages == 0
    assert not workspace.paths.index_db.exists()
    workspace.import_transcripts([say(workspace, tmp_path, SESSION, SECRET)])
    assert workspace.sessions() == []
    assert files_with(workspace, SECRET) == set()
