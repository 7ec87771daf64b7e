"""Search by words and meaning over a workspace, and every way in which the meaning can fail."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.search import hybrid
from spw_core.search.embedding import COLLECTION, EmbedReport
from spw_core.search.find import SearchAnswer
from spw_core.store import vectors as table
from spw_core.store.index import IndexStore
from tests.fake_embeddings import FakeServer, fake_server, unused_url
from tests.support import write

NOTES = {
    "auth": "# Sign-in\n\nUsers log in with a password and get a token that expires.\n",
    "billing": "# Invoices\n\nThe billing export writes every invoice into a spreadsheet.\n",
    "checkout": "# Flaky test\n\nThe checkout test failed at random because of a race.\n",
    "search": "# Ranking\n\nDocuments are ranked by their best chunk.\n",
}


@pytest.fixture(autouse=True)
def no_remembered_queries() -> None:
    hybrid._remembered.clear()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as running:
        yield running


@pytest.fixture
def notes(workspace: Workspace) -> Workspace:
    """A harvested workspace with four short notes, and no embeddings."""
    for name, text in NOTES.items():
        write(workspace, f"specs/alpha/{name}.md", text)
    workspace.harvest()
    return workspace


def configure(workspace: Workspace, **values: object) -> None:
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    (workspace.paths.workflow / "spw-config.toml").write_text("[store]\n" + "\n".join(lines) + "\n")


def served(workspace: Workspace, server: FakeServer, **values: object) -> None:
    configure(workspace, **{"embeddings_url": server.url, "provider": "ollama", "timeout_s": 0.5} | values)


def names(answer: SearchAnswer) -> list[str]:
    return [Path(result.path).stem for result in answer.results]


def generations(workspace: Workspace) -> list[table.Collection]:
    with IndexStore.reading(workspace.paths.index_db) as index:
        assert index is not None
        return table.collections(index.connection, COLLECTION)


# -- modes ---------------------------------------------------------------------------------------


def test_auto_is_lexical_until_there_are_vectors(notes: Workspace) -> None:
    configure(notes, provider="builtin")
    answer = notes.search("passwords")
    assert (answer.mode_requested, answer.mode) == ("auto", "lexical")
    assert "spw embed" in answer.reason
    assert notes.embed().complete
    answer = notes.search("passwords")
    assert (answer.mode, names(answer)[0]) == ("hybrid", "auth")
    assert answer.reason == "words and built-in vectors, 0.7 to 0.3"


@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
def test_the_built_in_embedder_needs_no_preparation(notes: Workspace, mode: str) -> None:
    configure(notes, provider="builtin")
    answer = notes.search("flakyness of checkouts", mode=mode)
    assert (answer.mode, names(answer)[0]) == (mode, "checkout")
    write(notes, "specs/alpha/new.md", "# Kangaroo\n\nA kangaroo jumps.\n")
    notes.harvest()
    assert names(notes.search("kangaroos jumping", mode=mode))[0] == "new"


def test_nonsense_finds_nothing(notes: Workspace) -> None:
    configure(notes, provider="builtin")
    notes.embed()
    answer = notes.search("zzqx wvvq")
    assert (answer.mode, answer.results) == ("lexical", ())
    assert "near" in answer.reason


def test_words_alone_when_asked_for(notes: Workspace) -> None:
    notes.embed()
    assert notes.search("password", mode="lexical").mode == "lexical"


def test_each_arm_is_explained(notes: Workspace) -> None:
    configure(notes, provider="builtin")
    [first, *_] = notes.search("password token", mode="hybrid").results
    arms = {item.arm: item for item in first.explain}
    assert set(arms) == {"text", "vector"}
    assert arms["text"].rank == arms["vector"].rank == 1
    assert 0 < arms["vector"].score <= 1


def test_the_weight_of_the_configuration_counts(notes: Workspace) -> None:
    configure(notes, provider="builtin", hybrid_search_alpha=0.25)
    notes.embed()
    assert "0.25 to 0.75" in notes.search("password").reason


@pytest.mark.parametrize(
    "query", ["", "   ", "***", "-password", "the of", '"', "\0", "\ud800", "status:pass"]
)
@pytest.mark.parametrize("mode", ["auto", "semantic", "hybrid"])
def test_any_query_is_answered(notes: Workspace, query: str, mode: str) -> None:
    configure(notes, provider="builtin")
    notes.embed()
    assert notes.search(query, mode=mode).mode in ("lexical", "hybrid", "semantic")


@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
def test_filters_and_exclusions_hold_in_both_arms(workspace: Workspace, mode: str) -> None:
    configure(workspace, provider="builtin")
    for spec in ("alpha", "beta"):
        for number in range(30):
            text = f"# Note {number}\n\nThe cache is {'stale' if number % 2 else 'fresh'} {spec} {number}.\n"
            write(workspace, f"specs/{spec}/n{number}.md", text)
    workspace.harvest()
    answer = workspace.search("cache -stale", mode=mode, specs=["beta"], limit=100)
    assert answer.mode == mode
    assert len(answer.results) == 15
    assert {result.spec for result in answer.results} == {"beta"}
    assert all(int(Path(result.path).stem[1:]) % 2 == 0 for result in answer.results)


def test_removed_documents_are_not_found(notes: Workspace) -> None:
    configure(notes, provider="builtin")
    notes.embed()
    (notes.paths.spec_dir("alpha") / "auth.md").unlink()
    notes.harvest()
    assert "auth" not in names(notes.search("password sign-in", mode="semantic"))
    assert names(notes.search("password sign-in", mode="semantic", removed=True)) == ["auth"]


def test_turned_off(notes: Workspace) -> None:
    configure(notes, embeddings_enabled=False)
    assert "turned off" in notes.embed().problem
    answer = notes.search("password", mode="hybrid")
    assert (answer.mode, names(answer)) == ("lexical", ["auth"])
    assert "turned off" in answer.reason


def test_a_query_for_words_loads_nothing_heavy(notes: Workspace) -> None:
    notes.embed()
    code = (
        "import sys; from spw_core.api import Workspace;"
        "Workspace.open(sys.argv[1]).search('x', mode=sys.argv[2]);"
        "print(sorted({'numpy', 'usearch', 'numkong', 'http.client', 'tokenizers'} & set(sys.modules)))"
    )
    found = {}
    for mode in ("lexical", "hybrid"):
        command = [sys.executable, "-c", code, str(notes.paths.root), mode]
        found[mode] = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found["lexical"] == "[]\n"
    assert "numpy" in found["hybrid"]
    assert "usearch" not in found["hybrid"]


# -- the queue -----------------------------------------------------------------------------------


def test_nothing_is_embedded_twice(notes: Workspace, server: FakeServer) -> None:
    served(notes, server)
    report = notes.embed()
    assert (report.complete, report.embedded, report.pending) == (True, 4, 0)
    write(notes, "specs/alpha/copy.md", NOTES["auth"])  # a text that has a vector already
    write(notes, "specs/alpha/new.md", "# New\n\nSomething else.\n")
    notes.harvest()
    assert notes.embed().embedded == 1
    assert notes.embed().embedded == 0
    texts = [text for text in server.seen if text.startswith("search_document")]
    assert len(texts) == len(set(texts)) == 5


def test_what_was_deleted_and_came_back_is_not_embedded_again(notes: Workspace, server: FakeServer) -> None:
    served(notes, server)
    notes.embed()
    path = notes.paths.spec_dir("alpha") / "auth.md"
    path.unlink()
    notes.harvest()
    notes.embed()
    write(notes, "specs/alpha/auth.md", NOTES["auth"])
    notes.harvest()
    assert notes.embed().embedded == 0


def test_an_interrupted_queue_goes_on_where_it_was(notes: Workspace, server: FakeServer) -> None:
    served(notes, server, batch_size=1)
    done: list[tuple[int, int, str]] = []
    report = notes.embed(lambda *step: done.append(step), lambda: len(done) >= 2)
    assert (report.complete, report.embedded, report.pending, report.problem) == (False, 2, 2, "interrupted")
    assert [step[:2] for step in done] == [(1, 4), (2, 4)]
    assert notes.embed().embedded == 2
    assert notes.search("password").mode == "hybrid"


def test_a_server_that_dies_midway_costs_nothing(notes: Workspace, server: FakeServer) -> None:
    served(notes, server, batch_size=1)

    def break_after_one(done: int, total: int, what: str) -> None:
        server.fault = "500"

    report = notes.embed(break_after_one)
    assert (report.complete, report.embedded, report.pending) == (False, 1, 3)
    assert "500" in report.problem
    server.fault = ""
    assert notes.embed().embedded == 3


def test_what_can_have_no_vector_is_not_tried_again(notes: Workspace, server: FakeServer) -> None:
    served(notes, server)
    notes.embed()
    write(notes, "specs/alpha/long.md", "# Long\n\n" + "endless " * 100)
    notes.harvest()
    server.longest = 20
    report = notes.embed()
    assert (report.complete, report.skipped) == (True, 1)
    asked = len(server.requests)
    assert notes.embed().skipped == 0
    assert not any("api/embed" in path and "tags" not in path for path in server.requests[asked + 2 :])
    assert "long" in names(notes.search("endless"))


def test_the_old_generation_answers_until_the_new_is_complete(notes: Workspace, server: FakeServer) -> None:
    served(notes, server, batch_size=1)
    notes.embed()
    [old] = generations(notes)
    server.digest = "d2"  # the model was pulled anew
    steps: list[int] = []
    report = notes.embed(lambda done, total, what: steps.append(done), lambda: len(steps) >= 2)
    assert not report.complete
    assert [found.is_complete for found in generations(notes)] == [True, False]
    assert notes.search("password").mode == "hybrid"
    assert notes.embed().embedded == 2
    [new] = generations(notes)
    assert new.uuid != old.uuid
    assert new.is_complete


def test_a_lost_server_does_not_cost_its_vectors(notes: Workspace, server: FakeServer) -> None:
    served(notes, server, provider="auto")
    assert "ollama" in notes.embed().model
    [before] = generations(notes)
    configure(notes, embeddings_url=unused_url())
    report = notes.embed()
    assert (report.complete, "not answering" in report.problem) == (False, True)
    assert generations(notes) == [before]
    configure(notes, provider="builtin")
    assert notes.embed().complete
    assert [found.model.partition(":")[0] for found in generations(notes)] == ["builtin"]


def test_the_built_in_embedder_learns_again_when_there_is_half_as_much_more(workspace: Workspace) -> None:
    configure(workspace, provider="builtin")
    write(workspace, "specs/alpha/a.md", "# One\n\nFirst text.\n")
    workspace.harvest()
    workspace.embed()
    [first] = generations(workspace)
    for number in range(20):
        write(workspace, f"specs/alpha/n{number}.md", f"# Note {number}\n\nText {number}.\n")
    workspace.harvest()
    workspace.embed()
    assert [found.uuid for found in generations(workspace)] == [first.uuid]
    for number in range(60):
        write(workspace, f"specs/alpha/m{number}.md", f"# More {number}\n\nWords {number}.\n")
    workspace.harvest()
    workspace.embed()
    [second] = generations(workspace)
    assert second.uuid != first.uuid


def test_vectors_of_what_is_gone_are_dropped_in_the_end(workspace: Workspace) -> None:
    configure(workspace, provider="builtin")
    for number in range(40):
        write(workspace, f"specs/alpha/n{number}.md", f"# Note {number}\n\nText {number}.\n")
    workspace.harvest()
    workspace.embed()
    with IndexStore.writing(workspace.paths.index_db) as index, index.transaction():
        index.connection.execute("DELETE FROM documents WHERE id > 20")
    workspace.embed()
    [generation] = generations(workspace)
    assert generation.live == 20


def test_only_one_embeds(notes: Workspace, server: FakeServer) -> None:
    served(notes, server, timeout_s=5)
    server.fault = "slow"
    reports: list[EmbedReport] = []
    thread = threading.Thread(target=lambda: reports.append(notes.embed()))
    thread.start()
    while not server.requests:
        time.sleep(0.005)
    assert "another process" in notes.embed().problem
    server.fault = ""
    server.released.set()
    thread.join()
    assert reports[0].complete


def test_nothing_to_embed(workspace: Workspace) -> None:
    configure(workspace, provider="builtin")
    assert workspace.embed().problem == "nothing is harvested yet"
    workspace.harvest()
    assert workspace.embed().complete
    assert workspace.search("x").mode == "lexical"


# -- fail open -----------------------------------------------------------------------------------

FAULTS = [
    *("slow", "drips", "closes", "garbage", "500", "404 model", "redirect", "bad JSON", "no object", "empty"),
    *("deep", "wrong dimension", "NaN", "zero", "texts", "nested", "half a batch", "too many", "null"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_words_answer_when_the_server_fails(notes: Workspace, server: FakeServer, fault: str) -> None:
    served(notes, server, query_timeout_s=0.3)
    assert notes.embed().complete
    server.fault = fault
    answer = notes.search("password", mode="hybrid")
    assert (answer.mode_requested, answer.mode, names(answer)) == ("hybrid", "lexical", ["auth"])
    assert answer.reason.startswith("words only: ")
    asked = len(server.requests)
    answer = notes.search("password", mode="hybrid")
    assert (answer.mode, len(server.requests)) == ("lexical", asked), "the breaker must hold"
    assert "next try in" in answer.reason
    server.fault = ""
    notes.paths.embedder_state.unlink()
    assert notes.search("password", mode="hybrid").mode == "hybrid"


def test_words_answer_when_the_server_is_gone(notes: Workspace, server: FakeServer) -> None:
    served(notes, server)
    notes.embed()
    configure(notes, provider="ollama", embeddings_url=unused_url())
    answer = notes.search("password")
    assert (answer.mode, names(answer)) == ("lexical", ["auth"])
    assert "not answering" in answer.reason


def test_a_server_elsewhere_is_not_asked(notes: Workspace, server: FakeServer) -> None:
    served(notes, server)
    notes.embed()
    configure(notes, provider="ollama", embeddings_url="http://192.0.2.1:11434")
    assert "not this machine" in notes.search("password").reason
    assert "allow_remote" in notes.embed().problem


def test_queries_are_asked_once(notes: Workspace, server: FakeServer) -> None:
    served(notes, server)
    notes.embed()
    for _ in range(3):
        notes.search("password")
    assert [text for text in server.seen if text.startswith("search_query")] == ["search_query: password"]


def test_a_damaged_generation_is_no_generation(notes: Workspace) -> None:
    configure(notes, provider="builtin")
    notes.embed()
    with IndexStore.writing(notes.paths.index_db) as index, index.transaction():
        index.connection.execute("UPDATE vector_collections SET details = '{\"model\": 5}'")
    answer = notes.search("password")
    assert (answer.mode, names(answer)) == ("lexical", ["auth"])
    assert notes.embed().complete
    assert notes.search("password").mode == "hybrid"


def test_a_read_only_workspace_answers(notes: Workspace) -> None:
    configure(notes, provider="builtin")
    notes.paths.vectors.write_bytes(b"a file where the folder should be")
    answer = notes.search("password", mode="hybrid")
    assert (answer.mode, names(answer)) == ("lexical", ["auth"])
