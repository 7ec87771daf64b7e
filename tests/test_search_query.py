"""What is typed: words, operators, filters, moments, beginnings, misspelt words, other scripts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.errors import SpwError
from spw_core.search.filters import Filters
from spw_core.search.query import Term, parse_query
from spw_core.search.since import parse_since
from spw_core.search.vocabulary import edit_cost

from .support import write, write_run

NOW = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("flaky test", [Term("flaky"), Term("test")]),
        ('"login test" -wishlist', [Term("login test", phrase=True), Term("wishlist", excluded=True)]),
        ('-"a b" c', [Term("a b", excluded=True, phrase=True), Term("c")]),
        ("deploy* -roll*", [Term("deploy", prefix=True), Term("roll", prefix=True, excluded=True)]),
        ("so* on", [Term("so", prefix=True)]),
        ('"open', [Term("open", phrase=True)]),
        ("a:b http://x.y/z std::vector C:\\x", [*map(Term, ("a:b", "http://x.y/z", "std::vector", "C:\\x"))]),
        ("wave:x since:soon", [Term("wave:x"), Term("since:soon")]),
        ("same same", [Term("same")]),
        ("-", []),
        ('"" -* : *', []),
    ],
)
def test_words(text: str, terms: list[Term]) -> None:
    query = parse_query(text)
    assert list(query.terms) == terms
    assert query.filters == Filters()


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("spec:user-auth", Filters(specs=("user-auth",))),
        ("spec:a spec:b", Filters(specs=("a", "b"))),
        ('spec:"with space"', Filters(specs=("with space",))),
        ("type:report,brief", Filters(types=("report", "brief"))),
        ("TYPE:Report", Filters(types=("report",))),
        ("type:log", Filters(types=("implementation-log",))),
        ("phase:QA status:Blocked", Filters(phases=("qa",), statuses=("blocked",))),
        ("wave:2", Filters(waves=(2,))),
        ("wave:wave-02 wave:4,6", Filters(waves=(2, 4, 6))),
        ("wave:1-3", Filters(waves=(1, 2, 3))),
        ("wave:3-1", Filters(waves=(1, 2, 3))),
        ("run:2", Filters(runs=("run-002", "run-02", "run-2"))),
        ("run:run-012", Filters(runs=("run-012", "run-12"))),
        ("run:nightly", Filters(runs=("nightly",))),
        ("agent:task-* task:3", Filters(agents=("task-*",), tasks=("3",))),
        ("since:2d", Filters(since="2026-03-08T15:30:00.000000Z")),
        ("since:2026-02 since:2026-01", Filters(since="2026-02-01T00:00:00.000000Z")),
        ("-type:brief -wave:1", Filters(without=(("type", "brief"), ("wave", 1)))),
        ("type: spec:", Filters()),
    ],
)
def test_filters(text: str, filters: Filters) -> None:
    query = parse_query(f"word {text}", now=NOW)
    assert query.filters == filters
    assert query.terms == (Term("word"),)
    assert query.spoken == "word"


def test_a_value_that_is_being_typed_is_a_beginning() -> None:
    assert parse_query("x type:rep", typing=True).filters == Filters(types=("rep*",))
    assert parse_query("x type:rep ", typing=True).filters == Filters(types=("rep",))
    assert parse_query("x since:20", typing=True).filters == Filters()
    assert parse_query("depl", typing=True).terms == (Term("depl", prefix=True),)
    assert parse_query('"depl', typing=True).terms == (Term("depl", phrase=True),)


def test_what_is_spoken_keeps_function_words_and_drops_the_rest() -> None:
    query = parse_query('who fixed "the test" spec:x -never since:1d in deploy*?')
    assert query.spoken == "who fixed the test in deploy*?"


@given(st.text(max_size=80) | st.text('-":*,/ spectypwavinc019', max_size=60))
def test_any_text_is_read_and_storable(text: str) -> None:
    for typing in (False, True):
        query = parse_query(text, typing=typing)
        for term in query.terms:
            term.text.encode()
        query.spoken.encode()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026", "2026-01-01T00:00:00.000000Z"),
        ("2026-02", "2026-02-01T00:00:00.000000Z"),
        ("2026-2-3", "2026-02-03T00:00:00.000000Z"),
        ("2026-02-03T10:00:00+02:00", "2026-02-03T08:00:00.000000Z"),
        ("2026-02-03 10:00", "2026-02-03T10:00:00.000000Z"),
        ("2026-02-03T10:00:00.500000Z", "2026-02-03T10:00:00.500000Z"),
        ("90min", "2026-03-10T14:00:00.000000Z"),
        ("12h", "2026-03-10T03:30:00.000000Z"),
        ("2 d", "2026-03-08T15:30:00.000000Z"),
        ("3weeks", "2026-02-17T15:30:00.000000Z"),
        ("1m", "2026-02-08T15:30:00.000000Z"),
        ("1y", "2025-03-10T15:30:00.000000Z"),
        ("today", "2026-03-10T00:00:00.000000Z"),
        ("Ontem", "2026-03-09T00:00:00.000000Z"),
        ("0001", "0001-01-01T00:00:00.000000Z"),
        ("99999y", None),
        ("2026-13", None),
        ("soon", None),
        ("", None),
        ("-2d", None),
    ],
)
def test_moments(text: str, moment: str | None) -> None:
    assert parse_since(text, NOW) == moment


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    moment = parse_since(text, NOW)
    assert moment is None or len(moment) == 27


@pytest.fixture
def facets(workspace: Workspace) -> Workspace:
    for name in ("alpha", "beta"):
        for wave, status in ((1, "pass"), (2, "blocked")):
            run = f"specs/{name}/execution/waves/wave-0{wave}/checkpoint/run-00{wave}"
            write_run(workspace, run, {"release-gate-decider": status, "evidence-collector": "pass"})
        write(workspace, f"specs/{name}/design.md", f"# Design of {name}\n\nrelease plans\n")
    workspace.harvest()
    return workspace


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("spec:beta", {"specs": ["beta"]}),
        ("spec:be*", {"specs": ["be*"]}),
        ("type:report", {"types": ["report"]}),
        ("phase:execution", {"phases": ["execution"]}),
        ("status:blocked", {"statuses": ["blocked"]}),
        ("wave:2", {"waves": [2]}),
        ("run:1", {"runs": ["run-001"]}),
        ("agent:release-gate-decider", {"agents": ["release-gate-decider"]}),
        ("since:2000-01-01", {"since": "2000-01-01"}),
        ("type:report status:blocked wave:2", {"types": ["report"], "statuses": ["blocked"], "waves": [2]}),
    ],
)
def test_typed_filters_and_options_agree_and_are_exact(
    facets: Workspace, query: str, options: dict[str, object]
) -> None:
    everything = {result.id: result for result in facets.search("release", limit=500).results}
    typed = facets.search(f"release {query}", limit=500).results
    assert typed == facets.search("release", limit=500, **options).results  # type: ignore[arg-type]
    assert typed
    assert {result.id for result in typed} <= everything.keys()
    left_out = [result for id_, result in everything.items() if id_ not in {found.id for found in typed}]
    key, _, value = query.split()[0].partition(":")
    if key in ("spec", "type", "status", "agent") and not value.endswith("*") and " " not in query:
        assert {getattr(result, key) for result in typed} == {value}
        assert value not in {getattr(result, key) for result in left_out}


def test_both_the_query_and_the_options_must_hold(facets: Workspace) -> None:
    assert facets.search("release spec:alpha", specs=["beta"]).results == ()
    assert {r.spec for r in facets.search("release spec:alpha", specs=["alpha", "beta"]).results} == {"alpha"}


def test_negated_filters(facets: Workspace) -> None:
    found = facets.search("release -spec:alpha -type:brief -wave:1", limit=100).results
    assert found
    assert all((r.spec, r.type != "brief", r.wave != 1) == ("beta", True, True) for r in found)


def test_filters_alone_list_the_newest(facets: Workspace) -> None:
    answer = facets.search("type:report status:blocked")
    assert {(r.type, r.status) for r in answer.results} == {("report", "blocked")}
    assert [r.updated_at for r in answer.results] == sorted(
        (r.updated_at for r in answer.results), reverse=True
    )
    assert answer.reason == "no words: the newest first"


def test_when_nothing_is_found_the_filters_are_told(facets: Workspace) -> None:
    answer = facets.search("release wave:7 spec:beta")
    assert [(loss.filter, loss.documents > 0) for loss in answer.filtered] == [("wave:7", True)]
    answer = facets.search("release wave:7 spec:gamma")
    assert [loss.filter for loss in answer.filtered] == ["spec:gamma wave:7"]
    assert facets.search("xyzzyqwerty wave:1").filtered == ()
    assert facets.search("release wave:1").filtered == ()


def test_a_moment_that_is_none_is_an_error(facets: Workspace) -> None:
    with pytest.raises(SpwError, match="not a moment"):
        facets.search("x", since="soon")


def test_groups(facets: Workspace) -> None:
    by_spec = facets.search("release", group="spec", limit=50).results
    assert sorted(result.spec for result in by_spec) == ["alpha", "beta"]
    assert by_spec[0] == facets.search("release", limit=1).results[0]
    by_run = facets.search("release", group="run", limit=50).results
    assert len({(r.spec, r.command, r.wave, r.run) for r in by_run}) == len(by_run) == 4


# -- words ------------------------------------------------------------------------------------------


@pytest.fixture
def texts(workspace: Workspace) -> Workspace:
    for name, text in {
        "deploy.md": "# Deployment\n\nThe deployments of the authentication service on staging.\n",
        "code.md": "# Code\n\nparseTaskLine calls parse_task_line for REQ-007 in run-002, HTTPServer too.\n",
        "close.md": "# Close\n\nREQ 007 stands apart here, and so does run 002.\n",
        "ja.md": "# 認証機能\n\nログイン画面の設計とAPIの仕様を説明する。\n",
        "ko.md": "# 로그인\n\n사용자 인증 기능을 추가한다.\n",
        "pt.md": "# Correção\n\nA correção do teste instável de autenticação.\n",
    }.items():
        write(workspace, f"specs/alpha/{name}", text)
    workspace.harvest()
    return workspace


def found(workspace: Workspace, query: str, **options: object) -> list[str]:
    return [r.path.rpartition("/")[2] for r in workspace.search(query, **options).results]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("REQ-007", "code.md"),
        ("run-002", "code.md"),
        ("parseTaskLine", "code.md"),
        ("PARSETASKLINE", "code.md"),
        ("parse_task_line", "code.md"),
        ("task line", "code.md"),
        ("http server", "code.md"),
        ("req 007", "close.md"),
        ("認証", "ja.md"),
        ("画面", "ja.md"),
        ("認証機能の設計", "ja.md"),
        ("API 仕様", "ja.md"),
        ("設", "ja.md"),
        ("する", "ja.md"),
        ('"認証機能"', "ja.md"),
        ("인증", "ko.md"),
        ("사용자", "ko.md"),
    ],
)
def test_identifiers_and_other_scripts(texts: Workspace, query: str, first: str) -> None:
    assert found(texts, query)[0] == first


def test_a_phrase_of_signs_must_stand_together(texts: Workspace) -> None:
    assert found(texts, '"機能認証"') == []
    assert found(texts, '"認証機能"') == ["ja.md"]


def test_marks_cover_whole_matches(texts: Workspace) -> None:
    snippets = {
        query: texts.search(query).results[0].snippet
        for query in ("parse_task_line", "REQ-007", "ログイン画面", '"authentication service"')
    }
    assert "«parse_task_line»" in snippets["parse_task_line"]
    assert "«REQ-007»" in snippets["REQ-007"]
    assert "«ログイン画面»" in snippets["ログイン画面"]
    assert "«authentication service»" in snippets['"authentication service"']


@pytest.mark.parametrize("length", range(3, len("deployments") + 1))
def test_every_beginning_finds_the_word_while_it_is_typed(texts: Workspace, length: int) -> None:
    assert "deploy.md" in found(texts, "deployments"[:length], typing=True)
    assert "deploy.md" in found(texts, "deployments"[:length] + "*")


@pytest.mark.parametrize(
    ("typed", "used", "first"),
    [
        ("autentication", "authentication", "deploy.md"),
        ("authenticaiton", "authentication", "deploy.md"),
        ("deploymnet", "deployment", "deploy.md"),
        ("stagign", "staging", "deploy.md"),
        ("saging", "staging", "deploy.md"),
        ("corecao", "correcao", "pt.md"),
        ("instavle", "instavel", "pt.md"),
        ("autenticaçao", "", "pt.md"),
        ("zzzzzzz", "", ""),
        ("R3Q-007", "", ""),
        ('"stagign"', "", ""),
        ("stagign*", "", ""),
    ],
)
def test_misspelt_words_are_corrected_and_it_is_said(
    texts: Workspace, typed: str, used: str, first: str
) -> None:
    answer = texts.search(typed)
    assert [(item.typed, item.used) for item in answer.corrections] == ([(typed, used)] if used else [])
    assert [result.path.rpartition("/")[2] for result in answer.results[:1]] == ([first] if first else [])


def test_a_word_that_occurs_is_never_corrected(texts: Workspace) -> None:
    assert texts.search("stag staging service tests").corrections == ()
    assert texts.search("deplo", typing=True).corrections == ()
    assert [item.used for item in texts.search("service stagin", typing=False).corrections] == ["staging"]


def test_a_word_of_a_removed_document_is_not_offered(texts: Workspace) -> None:
    (texts.paths.spec_dir("alpha") / "pt.md").write_text("# Nothing\n")
    texts.harvest()
    assert texts.search("instavle").corrections == ()


@pytest.mark.parametrize(
    ("typed", "nearer", "farther"),
    [
        ("tset", "test", "tsar"),  # swapped
        ("lohin", "login", "lozin"),  # a neighbouring key
        ("runing", "running", "ruining"),  # a doubled letter
        ("best", "beat", "rest"),  # the first letter is seldom wrong
    ],
)
def test_what_fingers_do_is_nearer(typed: str, nearer: str, farther: str) -> None:
    assert edit_cost(typed, nearer) < edit_cost(typed, farther)


@given(st.text("abcdef", max_size=8), st.text("abcdef", max_size=8))
def test_the_cost_is_zero_for_equal_words_only(first: str, second: str) -> None:
    assert (edit_cost(first, second) == 0) == (first == second)


def test_more_like(texts: Workspace) -> None:
    write(texts, "specs/alpha/deploy-2.md", "# Rollback\n\nDeployments of the service on staging, undone.\n")
    texts.harvest()
    [first, *_] = texts.search("authentication service").results
    answer = texts.search("", more_like=first.id)
    assert answer.results[0].path.endswith("deploy-2.md")
    assert first.id not in {result.id for result in answer.results}
    with pytest.raises(SpwError, match="no document has the id"):
        texts.search("", more_like=10**9)
