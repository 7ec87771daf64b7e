"""What is written into the index: other programs' documents, and changes, each exactly once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spw_core import Document, SearchIndex, SpwError
from spw_core.api import Workspace
from spw_core.search.filters import Filters
from spw_core.store.index import IndexStore

from .support import write, write_run


def keys(index: SearchIndex, query: str, **options: object) -> list[str]:
    return [result.key for result in index.search(query, **options).results]  # type: ignore[arg-type]


def chunk_ids(path: Path) -> dict[str, int]:
    """Body of every chunk to its id."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    rows = {str(body): int(str(id_)) for body, id_ in connection.execute("SELECT body, id FROM chunks")}
    connection.close()
    return rows


def problems(path: Path) -> list[str]:
    with IndexStore.reading(path) as index:
        return index.inconsistencies() if index else []


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    return SearchIndex(tmp_path / "notes.db")


def test_put_search_delete(index: SearchIndex) -> None:
    assert index.search("deploy").results == ()
    notes = [Document("n1", "# Deploys\n\nUndo one with `make undo`."), Document("n2", "Lunch is at noon")]
    assert index.put(notes) == 2
    [result] = index.search("undoing a deploy").results
    assert (result.key, result.line, result.title, result.source) == ("n1", 3, "Deploys", "library")
    assert "«Undo» one" in result.snippet
    assert index.keys() == ["n1", "n2"]
    assert index.delete(["n2", "n3"]) == 1
    assert keys(index, "lunch") == []
    assert index.path.stat().st_mode & 0o777 == 0o600 or os.name == "nt"


def test_put_again_replaces_and_counts_changes_only(index: SearchIndex) -> None:
    assert index.put([Document("a", "walrus", wave=1)]) == 1
    assert index.put([Document("a", "walrus", wave=1)]) == 0
    assert index.put([Document("a", "walrus", wave=2)]) == 1
    assert keys(index, "walrus", filters={"wave": 2}) == ["a"]
    assert index.put([Document("a", "zebra"), Document("a", "giraffe")]) == 1
    assert (keys(index, "walrus"), keys(index, "zebra"), keys(index, "giraffe")) == ([], [], ["a"])
    assert index.put([Document("a", "giraffe", title="Walrus")]) == 1
    assert keys(index, "walrus") == ["a"]
    assert problems(index.path) == []


def test_filters_by_name(index: SearchIndex) -> None:
    index.put(
        Document(
            f"m{number}", "walrus", type="message", agent=f"agent-{number}", updated_at=f"2026-0{number}"
        )
        for number in range(1, 5)
    )
    assert keys(index, "walrus", filters={"type": ["message"], "agent": "agent-2"}) == ["m2"]
    assert sorted(keys(index, "walrus", filters={"since": "2026-03"})) == ["m4"]
    assert keys(index, "walrus agent:agent-3", filters=Filters(types=("message",))) == ["m3"]
    with pytest.raises(SpwError, match="no such filter: colour"):
        index.search("x", filters={"colour": "red"})
    with pytest.raises(SpwError, match="not a moment"):
        index.search("x", filters={"since": "soon"})
    with pytest.raises(SpwError, match="no such mode"):
        index.search("x", mode="psychic")


@pytest.mark.parametrize("source", ["", "spec", "a:b"])
def test_names_of_sources(tmp_path: Path, source: str) -> None:
    with pytest.raises(SpwError, match="not a name for a source"):
        SearchIndex(tmp_path / "x.db", source=source)


@pytest.mark.parametrize(
    "query",
    [
        "wave:0-5000",
        " ".join(f"spec:s{number}" for number in range(3000)) + " spec:one walrus",
        " ".join(f"spec:s{number}*" for number in range(3000)) + " spec:one walrus",
        " ".join(f"-spec:s{number}" for number in range(3000)) + " walrus",
        "walrus " + " ".join(f"word{number}" for number in range(20_000)),
        "walrus " + " ".join(f"-word{number}" for number in range(5000)),
        "\u8a8d\u8a3c" * 20_000 + " walrus",
    ],
    ids=lambda query: query[:12],
)
def test_a_query_may_be_of_any_size(index: SearchIndex, query: str) -> None:
    index.put([Document("a", "a walrus", spec="one", wave=1), Document("b", "a seal", spec="two", wave=6000)])
    assert keys(index, query) == ["a"]


def test_filters_that_cannot_be_stored_find_nothing(index: SearchIndex) -> None:
    index.put([Document("a", "walrus", status="pass")])
    answer = index.search("walrus", filters={"status": ["\udcff", "\0"]})
    assert answer.results == ()
    assert [loss.documents for loss in answer.filtered] == [1]


def test_of_many_values_only_some_are_told(index: SearchIndex) -> None:
    index.put([Document("a", "walrus")])
    [loss] = index.search("walrus wave:1-900").filtered
    assert loss.filter == "wave:1,2,3,4,5,6,7,8,…"


def test_results_are_safe_to_print(index: SearchIndex) -> None:
    index.put(
        [Document("a", "walrus", **dict.fromkeys(("type", "spec", "phase", "command"), "x\x9b31m\x1b[1m"))]
    )
    [result] = index.search("walrus").results
    assert {result.type, result.spec, result.phase, result.command} == {"x"}


def test_a_word_that_is_gone_hides_none_that_is_there(index: SearchIndex) -> None:
    index.put([Document("a", "walrus"), Document("b", "walruz")])
    index.delete(["b"])
    answer = index.search("welruz")
    assert [correction.used for correction in answer.corrections] == ["walrus"]


def test_secrets_are_taken_out(index: SearchIndex) -> None:
    secret = "ghp_" + "a1B2c3D4e5" * 4
    index.put([Document("a", f"walrus {secret}", title=f"about {secret}")])
    [result] = index.search("walrus").results
    assert secret not in f"{result.snippet} {result.title}"


def test_other_sources_live_beside_the_harvest(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/note.md", "# Note\n\nwalrus in a file\n")
    workspace.harvest()
    memory = SearchIndex(workspace.paths.index_db, source="memory")
    assert memory.state == ""
    memory.put([Document("s1/1", "walrus in a message", type="message", spec="alpha")])
    memory.state = "1"
    write(workspace, "specs/alpha/note.md", "# Note\n\nwalrus in a changed file\n")
    workspace.harvest()
    assert {(r.type, r.key) for r in workspace.search("walrus").results} == {
        ("document", "specs/alpha/note.md"),
        ("message", "s1/1"),
    }
    assert [r.source for r in workspace.search("walrus", types=["message"]).results] == ["memory"]
    assert (memory.state, memory.keys()) == ("1", ["s1/1"])
    other = SearchIndex(workspace.paths.index_db, source="other")
    other.put([Document("s1/1", "another walrus")])
    assert other.delete(["s1/1"]) == 1
    assert memory.keys() == ["s1/1"]
    with IndexStore.writing(workspace.paths.index_db) as store, store.transaction():
        store.clear()
    assert (memory.state, memory.keys()) == ("", [])


def test_an_unchanged_passage_keeps_its_id_and_its_words(workspace: Workspace) -> None:
    sections = [f"## Part {number}\n\n{f'word{number} ' * 80}\n" for number in range(6)]
    write(workspace, "specs/alpha/long.md", "# Long\n\n" + "\n".join(sections))
    workspace.harvest()
    before = chunk_ids(workspace.paths.index_db)
    sections[2] = "## Part two\n\n" + "entirely new words\n\n" * 30
    write(workspace, "specs/alpha/long.md", "# Long\n\n" + "\n".join(sections))
    workspace.harvest()
    after = chunk_ids(workspace.paths.index_db)
    kept = {body: id_ for body, id_ in before.items() if body in after}
    assert len(kept) == 5
    assert all(after[body] == id_ for body, id_ in kept.items())
    assert min(after[body] for body in after.keys() - before.keys()) > max(before.values())
    [result] = workspace.search("word5").results
    text = workspace.paths.workflow_file(result.path).read_text()
    assert "word5" in text.splitlines()[result.line - 1]
    assert workspace.search("word2").results == ()
    assert problems(workspace.paths.index_db) == []


def test_a_changed_title_reaches_every_passage_and_changes_none(index: SearchIndex) -> None:
    body = "\n".join(f"## Part {number}\n\n{f'word{number} ' * 80}\n" for number in range(4))
    index.put([Document("a", body, title="Walrus")])
    before = chunk_ids(index.path)
    assert len(before) == 4
    index.put([Document("a", body, title="Zebra")])
    assert chunk_ids(index.path) == before
    assert keys(index, "walrus") == []
    assert keys(index, '"zebra" word3') == ["a"]
    assert problems(index.path) == []


def test_a_run_whose_handoff_is_silent_has_a_card(workspace: Workspace) -> None:
    quoted = "specs/alpha/qa/_comms/qa/run-001"
    write_run(workspace, quoted, {"walrus-reader": "pass"})
    handoff = "# Handoff\n\n| walrus-reader | pass | walrus-reader! |\n"
    write(workspace, f"{quoted}/_handoff.md", handoff)
    silent = "specs/alpha/qa/_comms/qa/run-002"
    write_run(workspace, silent, {"walrus-reader": "pass", "zebra-reader": "blocked"})
    open_run = "specs/alpha/qa/_comms/qa/run-003"
    write_run(workspace, open_run, {"walrus-reader": "pass"}, handoff=False)
    workspace.harvest()
    cards = {r.run: r for r in workspace.search("type:run-card").results}
    assert sorted(cards) == ["run-002", "run-003"]
    assert (cards["run-002"].status, cards["run-003"].status) == ("blocked", "in_progress")
    assert cards["run-002"].path == f"{silent}/zebra-reader/status.json"
    [card] = workspace.search("walrus zebra", types=["run-card"], statuses=["blocked"]).results
    assert card.matched == ("walrus", "zebra")
    write(workspace, f"{silent}/zebra-reader/status.json", '{"status": "pass", "summary": "giraffe"}')
    workspace.harvest()
    [card] = workspace.search("giraffe", types=["run-card"]).results
    assert (card.run, card.status) == ("run-002", "pass")


def test_an_index_of_an_older_version_is_filled_again(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/note.md", "walrus\n")
    workspace.harvest()
    workspace.paths.index_db.unlink()
    old = Path(__file__).parents[1] / "spw_core" / "store" / "schema" / "index" / "001_initial.sql"
    connection = apsw.Connection(str(workspace.paths.index_db))
    connection.execute(old.read_text())
    connection.execute("INSERT INTO specs VALUES ('alpha', 's', 's', 0, 0, 0, 0, 0, '[]', '', '', 7)")
    connection.pragma("user_version", 1)
    connection.close()
    assert workspace.search("walrus").reason == "nothing is harvested yet"
    workspace.harvest()
    assert [r.path for r in workspace.search("walrus").results] == ["specs/alpha/note.md"]


texts = st.text(st.sampled_from("# abc\n認証`|-_Z9"), max_size=60)


@settings(max_examples=40)
@given(steps=st.lists(st.tuples(st.sampled_from("abc"), texts, texts), min_size=1, max_size=8))
def test_any_history_ends_like_a_fresh_index(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("history")
    grown, fresh = SearchIndex(folder / "grown.db"), SearchIndex(folder / "fresh.db")
    grown.put([])
    last: dict[str, Document] = {}
    for key, title, text in steps:
        last[key] = Document(key, text, title=title)
        if len(text) % 5 == 4:
            grown.delete([key])
            del last[key]
        else:
            grown.put([last[key]])
    fresh.put(last.values())
    assert problems(grown.path) == []
    assert grown.keys() == fresh.keys()
    for query in ("a", "認", "z9", "ab*", "-_"):
        expected = [(r.key, r.line, r.score, r.snippet) for r in fresh.search(query, limit=50).results]
        assert sorted(expected) == sorted(
            (r.key, r.line, r.score, r.snippet) for r in grown.search(query, limit=50).results
        )


WRITER = """
import sys
from spw_core import Document, SearchIndex
index = SearchIndex(sys.argv[1])
for number in range(15):
    index.put([Document(f"{sys.argv[2]}-{number}", f"walrus {sys.argv[2]} {number}")])
"""


def test_processes_write_one_index_at_once(index: SearchIndex) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(index.path), str(number)]) for number in range(4)
    ]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    assert len(keys(index, "walrus", limit=100)) == 60
    assert problems(index.path) == []
