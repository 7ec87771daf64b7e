"""Answers while somebody types: little work, honest about what is missing, equal where they say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import pytest

from spw_core import Document, SearchIndex
from spw_core.api import Workspace
from spw_core.errors import Stopped
from spw_core.search import lexical, quick
from spw_core.search.filters import Filters, conditions
from spw_core.search.find import SearchRequest, find
from spw_core.search.query import Query, parse_query
from spw_core.search.ranking import RankRequest
from spw_core.search.snippets import marked_pieces
from spw_core.search.vocabulary import Vocabulary
from spw_core.store import stopping
from spw_core.store.index import IndexStore

TYPED = (
    "flaky login test",
    "login instável",
    "release-gate-decider run-002",
    '"login test" -wishlist',
    "status:blocked checkout",
    "type:report spec:user-auth retry",
    "認証機能 test",
    "xyzzyqwrt",
    "the test is passing with the token",
)
LETTERS = [text for query in TYPED for text in accumulate(query)]


@pytest.fixture
def index(demo_harvested: Workspace) -> Iterator[IndexStore]:
    with IndexStore.reading(demo_harvested.paths.index_db) as store:
        assert store is not None
        yield store


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little work is done, as if the demo were a big workspace."""
    for name, value in {"_ALL": 6, "_RARE": 4, "_NEWEST": 3}.items():
        monkeypatch.setattr(quick, name, value)
    monkeypatch.setattr(lexical, "_FEW", 0)


def resolved(index: IndexStore, text: str, *, is_quick: bool = False) -> Query:
    return Vocabulary(index.connection).resolve(parse_query(text, typing=True), typing=True, quick=is_quick)[
        0
    ]


@pytest.mark.parametrize("text", LETTERS)
def test_what_is_called_final_is_what_comes_without_haste(index: IndexStore, text: str) -> None:
    request = SearchRequest(text, typing=True)
    soon = find(index.connection, replace(request, quick=True))
    if soon.is_final:
        assert soon == find(index.connection, request)


def test_most_answers_in_a_small_workspace_are_final(index: IndexStore) -> None:
    answers = [find(index.connection, SearchRequest(text, typing=True, quick=True)) for text in LETTERS]
    assert sum(answer.is_final for answer in answers) > len(answers) * 0.8


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("text", ["the login tests passed ", "flaky login ", "blocked handoff -login "])
def test_weights_are_those_of_the_whole_answer_and_no_rare_word_is_missed(
    index: IndexStore, text: str
) -> None:
    query = resolved(index, text)
    whole = dict(lexical.rank(index.connection, query, Filters(), 10_000))
    found, is_whole = quick.rank(index.connection, query, Filters(), 10_000)
    assert not is_whole
    assert 0 < len(found) < len(whole)
    assert found == sorted(found, key=lambda pair: (-pair[1], -pair[0]))
    assert dict(found) == pytest.approx({chunk: whole[chunk] for chunk, _ in found})
    counts = {term: lexical.count_chunks(index.connection, f'"{term.text}"', 1000) for term in query.wanted}
    rarest = min(counts, key=lambda term: counts[term])
    if counts[rarest] <= 4:
        rare = lexical.rank(index.connection, replace(query, terms=(rarest,)), Filters(), 100)
        assert {chunk for chunk, _ in rare} <= dict(found).keys()


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("text", LETTERS)
def test_little_work_finds_nothing_that_does_not_match(index: IndexStore, text: str) -> None:
    query = resolved(index, text, is_quick=True)
    matching = lexical.score(index.connection, query, range(100_000))
    found, _ = quick.rank(index.connection, query, query.filters, 200)
    assert dict(found).keys() <= matching.keys()
    assert len(found) == len(dict(found))
    allowed = {chunk for chunk, _ in lexical.rank(index.connection, query, query.filters, 10_000)}
    assert dict(found).keys() <= allowed


@pytest.mark.parametrize(
    "text", ["type:report login", "spec:user-auth the test -retry", "status:blocked lo*"]
)
def test_filters_that_leave_few_chunks_change_no_answer(
    index: IndexStore, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = resolved(index, text)
    soon = lexical.rank(index.connection, query, query.filters, 50)
    monkeypatch.setattr(lexical, "_FEW", -1)
    assert lexical.few_chunks(index.connection, query.filters) is None
    assert soon == lexical.rank(index.connection, query, query.filters, 50) != []


FILTERS = (
    Filters(),
    Filters(types=("report",)),
    Filters(types=("rep*",)),
    Filters(statuses=("blocked", "pa*", "de*")),
    Filters(specs=("user-auth",), waves=(1, 2)),
    Filters(agents=("nobody",)),
    Filters(removed=True),
)


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_the_newest_that_pass_are_the_same_however_many_are_looked_at(
    index: IndexStore, filters: Filters, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = RankRequest(parse_query(""), filters, limit, "auto")
    usual = lexical.newest(index.connection, request)
    for looked_at in (0, 3, 20):
        monkeypatch.setattr(lexical, "_NEWEST_LOOKED_AT", looked_at)
        assert lexical.newest(index.connection, request) == usual
    everything = replace(request, limit=100_000)
    assert usual.hits == lexical.newest(index.connection, everything).hits[:limit]


@pytest.mark.parametrize("filters", [Filters(), *FILTERS[1:5]], ids=str)
def test_what_is_excluded_is_not_among_the_newest(index: IndexStore, filters: Filters) -> None:
    def newest(text: str, limit: int = 100_000) -> tuple[int, ...]:
        request = RankRequest(resolved(index, text), filters, limit, "auto")
        return tuple(hit.chunk_id for hit in lexical.newest(index.connection, request).hits)

    def document(chunk: int) -> object:
        [[found]] = index.connection.execute("SELECT document_id FROM chunks WHERE id = ?", (chunk,))
        return found

    holding = lexical.rank(index.connection, resolved(index, "login"), Filters(), 100_000)
    with_login = {document(chunk) for chunk, _ in holding}
    without = tuple(chunk for chunk in newest("") if document(chunk) not in with_login)
    assert newest("-login") == without != newest("")
    assert newest("-login", 3) == without[:3]
    assert lexical.count_documents(index.connection, resolved(index, "-login"), filters) == len(without)
    assert newest("-xyzzyqwrt") == newest("")


def test_filters_with_an_exclusion_alone_find_what_does_not_hold_it(demo_harvested: Workspace) -> None:
    everything = demo_harvested.search("type:report", limit=500).results
    rest = demo_harvested.search("type:report -login", limit=500).results
    held = {result.id for result in demo_harvested.search("type:report login", limit=500).results}
    assert held and [result.id for result in rest] == [one.id for one in everything if one.id not in held]
    [loss] = demo_harvested.search("wave:77 -login").filtered
    assert loss.documents == len(demo_harvested.search("-login", limit=1000).results) > 0


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize("text", ["login", "the test -flaky", "lo", ""])
def test_documents_are_counted_alike_whether_few_or_many_pass(
    index: IndexStore, filters: Filters, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = resolved(index, text)
    found = lexical.rank(index.connection, query, filters, 100_000)
    if not query.wanted:
        hits = lexical.newest(index.connection, RankRequest(query, filters, 100_000, "auto")).hits
        found = [(hit.chunk_id, hit.score) for hit in hits]
    documents = {
        document
        for chunk, _ in found
        for (document,) in index.connection.execute("SELECT document_id FROM chunks WHERE id = ?", (chunk,))
    }
    monkeypatch.setattr(lexical, "_MOST_COUNTED", 200)
    for few in (-1, 100_000):
        monkeypatch.setattr(lexical, "_FEW", few)
        assert lexical.count_documents(index.connection, query, filters) == min(200, len(documents))


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_of_ranked_chunks_the_first_that_pass_are_taken(
    index: IndexStore, filters: Filters, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked = [(int(str(chunk)), 0.0) for (chunk,) in index.connection.execute("SELECT id FROM chunks")]
    condition, values = conditions(filters)
    rows = index.connection.execute(
        f"SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id WHERE {condition}", values
    )
    allowed = {chunk for (chunk,) in rows}
    monkeypatch.setattr(lexical, "_SPARE", 3)
    for limit in (1, 10, len(ranked)):
        passing = lexical.passing(index.connection, filters, ranked, limit)
        assert passing == [pair for pair in ranked if pair[0] in allowed][:limit]


def test_of_many_beginnings_the_shortest_are_taken(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path / "notes.db")
    words = [
        f"st{first}{second}" + "a" * number
        for number, first in enumerate("bcdfgh")
        for second in "bcdfghjklm"
    ]
    index.put([Document(word, word) for word in words])
    with IndexStore.reading(index.path) as store:
        assert store is not None
        [usual] = resolved(store, "st").terms
        [soon] = resolved(store, "st", is_quick=True).terms
        assert usual.completions == () and usual.has_more and soon.has_more
        assert {len(word) for word in soon.completions} == {4}
        answer = find(store.connection, SearchRequest("st", limit=100, typing=True, quick=True))
        assert answer.results and not answer.is_final
        assert "so far" in answer.reason
        assert len(find(store.connection, SearchRequest("st", limit=100, typing=True)).results) == 60


def test_an_inflection_that_begins_no_word_does_not_stand_for_all_that_begins_with_its_stem(
    tmp_path: Path,
) -> None:
    index = SearchIndex(tmp_path / "notes.db")
    index.put([Document("a", "It passed."), Document("b", "The password is kept.")])
    with IndexStore.reading(index.path) as store:
        assert store is not None
        for is_quick in (False, True):
            for text, keys in (("passing", "a"), ("pass", "ab"), ("passw", "b"), ("passwordi", "b")):
                found = find(store.connection, SearchRequest(text, typing=True, quick=is_quick))
                assert "".join(sorted(result.key for result in found.results)) == keys, text


# Words whose beginnings the stemmer would cut: to `re`, `i18n`, `sha256`, `abc1234`, `networ`.
CUT = {
    "a": "The result of a research resets the rest: i18next, sha256sums, abc1234ed9.",
    "b": "A report is read anew; de facto i18n, sha256, abc1234.",
    "c": "One network, and " + "donaudampfschifffahrtsgesellschaftskapitaen.",
}


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("res", "a"),
        ("rese", "a"),
        ("login -res", "b"),
        ("res*", "a"),
        ("i18ne", "ab"),  # what the vocabulary does not hold is found by the stem
        ("sha256s", "ab"),
        ("abc1234e", "ab"),
        ("abc1234ed", "ab"),
        ("donaudampfs", "c"),
        ("networs", "c"),
        ("anwe", "b"),
    ],
)
def test_a_beginning_stands_for_words_that_begin_so_and_not_with_its_stem(
    tmp_path: Path, text: str, keys: str, many: bool
) -> None:
    index = SearchIndex(tmp_path / "notes.db")
    index.put(Document(key, f"{body} {'login' if key < 'c' else ''}") for key, body in CUT.items())
    if many:  # more words begin so than are completed
        index.put([Document("z", " ".join(f"res{a}{b}ing" for a in "bcdfgklmnp" for b in "aeiou"))])
    with IndexStore.reading(index.path) as store:
        assert store is not None
        for is_quick in (False, True):
            found = find(store.connection, SearchRequest(text, typing=True, quick=is_quick)).results
            assert "".join(sorted({result.key for result in found} - {"z"})) == keys
            marked = {
                word for result in found for word, is_marked in marked_pieces(result.snippet) if is_marked
            }
            assert not marked & {"report", "read", "de"}


def test_many_words_that_begin_alike_hide_none_whose_stem_is_shorter(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path / "notes.db")
    joined = " ".join(f"tracking{a}{b} adjustment{a}{b}" for a in "bcdfghk" for b in "lmnprst")
    index.put([Document("a", "The tracking needs an adjustment."), Document("b", joined)])
    with IndexStore.reading(index.path) as store:
        assert store is not None
        for word in ("tracking", "adjustment"):
            for end in range(3, len(word) + 1):
                found = find(store.connection, SearchRequest(word[:end], typing=True)).results
                assert {result.key for result in found} == {"a", "b"}, word[:end]


@pytest.mark.parametrize("text", ["dag-validator", "wishlist_sharing", "_requirements", "(deployments"])
def test_every_beginning_finds_what_is_joined(tmp_path: Path, text: str) -> None:
    index = SearchIndex(tmp_path / "notes.db")
    index.put([Document("a", f"It is {text}."), Document("b", "Sharing is validated, a wishlist, a dag.")])
    with IndexStore.reading(index.path) as store:
        assert store is not None
        for end in range(3, len(text) + 1):
            for is_quick in (False, True):
                found = find(store.connection, SearchRequest(text[:end], typing=True, quick=is_quick)).results
                assert "a" in {result.key for result in found}, text[:end]
                if "-" in text[: end - 1] or "_" in text[1 : end - 1]:
                    assert len(found) == 1 and "«" in found[0].snippet, text[:end]


def test_of_a_pasted_page_the_longest_words_are_looked_for(index: IndexStore) -> None:
    page = " ".join(f"word{number:0{number}}" for number in range(1, 30)) + " -secret"
    short = quick.shortened(parse_query(page))
    assert [len(term.text) for term in short.wanted] == list(range(26, 34))
    assert [term.text for term in short.terms if term.excluded] == ["secret"]
    assert not find(index.connection, SearchRequest(page, typing=True, quick=True)).is_final


def test_nothing_under_a_filter_is_not_the_last_word(index: IndexStore) -> None:
    request = SearchRequest("login wave:77", typing=True)
    soon = find(index.connection, replace(request, quick=True))
    assert not soon.is_final and soon.filtered == ()
    assert find(index.connection, request).filtered


def test_meaning_follows_words(demo: Workspace) -> None:
    demo.harvest()
    demo.embed()
    soon = demo.search("flaky login", typing=True, quick=True)
    assert (soon.mode, soon.is_final) == ("lexical", False)
    assert demo.search("flaky login", typing=True).mode == "hybrid"
    assert demo.search("flaky login", typing=True, mode="semantic", quick=True).mode == "semantic"
    assert demo.search("flaky login", typing=True, mode="lexical", quick=True).is_final


def test_a_question_that_is_taken_back_ends(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "_STEPS", 10)
    assert demo_harvested.search("login", stopped=lambda: False).results
    with pytest.raises(Stopped):
        demo_harvested.search("login", stopped=lambda: True)
