"""Search: words in any order, any punctuation, exact filters, snippets that point at the hit."""

from __future__ import annotations

import apsw
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.search.chunks import HARD_LIMIT, TARGET, Chunk, chunk_lines, heading_at, text_lines
from spw_core.search.marks import WordMarks, tokenizer
from spw_core.search.query import parse_query
from spw_core.search.snippets import make_snippet

from .support import write, write_run


@pytest.fixture
def notes(workspace: Workspace) -> Workspace:
    texts = {
        "deploy.md": "# Release\n\n## Rollout\n\nThese are the deployment notes of March.\n",
        "login.md": "# Autenticação\n\nA correção do teste instável.\n\nrelease-gate-decider, REQ-007, C++\n",
        "both.md": "# Misc\n\nabout nothing much, and a deployment far away\n",
        "snake.md": "# Code\n\ncall parse_task_line(x) in run-002\n",
    }
    for name, text in texts.items():
        write(workspace, f"specs/alpha/design/{name}", text)
    workspace.harvest()
    return workspace


def names(workspace: Workspace, query: str, **options: object) -> list[str]:
    results = workspace.search(query, **options).results  # type: ignore[arg-type]
    return [result.path.rpartition("/")[2] for result in results]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("notes deployment", "deploy.md"),
        ("deployment notes", "deploy.md"),
        ("ROLLOUTS", "deploy.md"),
        ("autenticacao", "login.md"),
        ("Autenticação", "login.md"),
        ("correcao teste instavel", "login.md"),
        ("release-gate-decider", "login.md"),
        ("REQ-007", "login.md"),
        ("C++", "login.md"),
        ("parse_task_line", "snake.md"),
        ("run-002", "snake.md"),
        ('"deployment notes"', "deploy.md"),
        ("deploy*", "deploy.md"),
        ("rollout", "deploy.md"),
    ],
)
def test_finds(notes: Workspace, query: str, first: str) -> None:
    assert names(notes, query)[0] == first


def test_query_operators(notes: Workspace) -> None:
    assert names(notes, '"notes deployment"') == []
    assert names(notes, "deployment -march") == ["both.md"]
    assert names(notes, 'deployment -"deployment notes"') == ["both.md"]
    assert names(notes, "-deployment") == ["login.md", "snake.md"]
    assert names(notes, "-d", typing=True) == names(notes, "d", typing=True) != []
    assert names(notes, "depl") == []
    assert names(notes, "depl", typing=True)[0] == "deploy.md"
    assert names(notes, "depl ", typing=True) == []


@pytest.mark.parametrize(
    "query",
    ["", " ", '"', '""', "'", "*", "-", "--", "(", ")", "AND", "OR NOT", "NEAR(", "a:b", "^x", "{}",
     "type:" + "a" * 60_000 + "*", "x -spec:" + "[" * 60_000,
     "c : x", "\0", "\ud800", '"open', "a" * 10_000, "💥", "; DROP TABLE d; --", "%_", "\\", "-*", '-"'],
)  # fmt: skip
def test_any_punctuation_is_safe(notes: Workspace, query: str) -> None:
    notes.search(query)
    notes.search(query, typing=True)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=60) | st.text("\"'*-+:^(){}[]AND OR NOT NEAR,.;", max_size=40))
def test_anything_typed_is_a_query(demo_harvested: Workspace, query: str) -> None:
    demo_harvested.search(query)


def test_stop_words_are_dropped_unless_nothing_is_left() -> None:
    assert [term.text for term in parse_query("who fixed the test?").wanted] == ["fixed", "test?"]
    assert [term.text for term in parse_query("qual é o teste").wanted] == ["teste"]
    assert [term.text for term in parse_query("what is that").wanted] == ["what", "is", "that"]
    assert [term.text for term in parse_query('"to be"').wanted] == ["to be"]


def test_filters_are_exact(demo_harvested: Workspace) -> None:
    everything = demo_harvested.search("login", limit=500).results
    for spec in {result.spec for result in everything}:
        expected = {result.path for result in everything if result.spec == spec}
        assert {r.path for r in demo_harvested.search("login", specs=[spec], limit=500).results} == expected
    for kind in {result.type for result in everything}:
        expected = {result.path for result in everything if result.type == kind}
        assert {r.path for r in demo_harvested.search("login", types=[kind], limit=500).results} == expected
    both = demo_harvested.search("login", specs=["user-auth"], types=["report", "brief"], limit=500).results
    assert both
    assert {r.path for r in both} == {
        r.path for r in everything if r.spec == "user-auth" and r.type in ("report", "brief")
    }
    assert demo_harvested.search("login", specs=["nothing"]).results == ()


def test_limit_and_order(demo_harvested: Workspace) -> None:
    ten = demo_harvested.search("checkpoint blocked", limit=10).results
    assert len(ten) == 10
    assert [result.score for result in ten] == sorted((result.score for result in ten), reverse=True)
    assert demo_harvested.search("checkpoint blocked", limit=3).results == ten[:3]
    assert len({result.path for result in ten}) == 10


def test_the_story_is_found(demo_harvested: Workspace) -> None:
    best = demo_harvested.search("who fixed the flaky login test").results[0]
    assert (best.spec, best.run, best.agent) == ("checkout-flaky-tests", "run-002", "task-implementer-3")
    [first, *_] = demo_harvested.search("qual handoff corrigiu o teste instável?").results
    assert (first.spec, first.type, first.run) == ("checkout-flaky-tests", "handoff", "run-002")


def test_every_harvested_document_is_in_the_index(demo_harvested: Workspace) -> None:
    index = apsw.Connection(str(demo_harvested.paths.index_db), flags=apsw.SQLITE_OPEN_READONLY)
    indexed = {row[0] for row in index.execute("SELECT path FROM documents")}
    index.close()
    for name in demo_harvested.spec_names():
        for document in demo_harvested.spec(name).record().documents:
            area = "approvals" if document.area == "approvals" else "specs"
            path = f"{area}/{name}/{document.path}"
            assert (path in indexed) == (not document.kind.startswith("snapshot")), path


def test_result_points_at_the_line(demo_harvested: Workspace) -> None:
    checked = 0
    for result in demo_harvested.search("fake clock cookie", limit=20).results:
        if not result.path.endswith(".md"):
            continue
        text = demo_harvested.paths.workflow_file(result.path).read_text()
        marked = result.snippet.partition("«")[2].partition("»")[0]
        if marked:
            assert marked in text.splitlines()[result.line - 1]
            checked += 1
    assert checked > 3


def test_a_match_in_the_title_alone_shows_the_beginning(workspace: Workspace) -> None:
    beginning = "The beginning. " + "filler " * 70
    sections = "\n".join(f"## Part {number}\n\n{'filler ' * (90 - 20 * number)}\n" for number in range(4))
    write(workspace, "specs/alpha/note.md", f"# Walrus\n\n{beginning}\n\n{sections}\n# End\n\nok\n")
    workspace.harvest()
    [result] = workspace.search("walrus").results
    assert result.snippet.startswith("The beginning.")
    assert result.line == 3


def test_removed_document_leaves_the_results(notes: Workspace) -> None:
    (notes.paths.spec_dir("alpha") / "design" / "deploy.md").unlink()
    notes.harvest()
    assert names(notes, "march") == []


def test_cleaned_runs_stay_findable(workspace: Workspace) -> None:
    run = "specs/alpha/qa/_comms/qa/run-001"
    folder = write_run(workspace, run, {"zebra-counter": "pass"})
    workspace.harvest()
    for file in sorted(folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    folder.rmdir()
    workspace.harvest()
    assert "report.md" in names(workspace, "zebra-counter")


def test_changed_document_is_found_by_its_new_words_once(notes: Workspace) -> None:
    write(notes, "specs/alpha/design/deploy.md", "# Release\n\nAll about zebras and their zebra stripes.\n")
    notes.harvest()
    assert names(notes, "march") == []
    assert names(notes, "zebra") == ["deploy.md"]


def test_status_of_a_run_is_a_facet_that_follows_it(workspace: Workspace) -> None:
    run = "specs/alpha/qa/_comms/qa/run-001"
    write_run(workspace, run, {"walrus": "pass"}, handoff=False)
    workspace.harvest()
    write(workspace, f"{run}/walrus/status.json", '{"status": "blocked", "summary": "no"}')
    workspace.harvest()
    found = workspace.search("walrus", types=["report"]).results
    assert [result.status for result in found] == ["blocked"]


def test_hostile_text_is_harmless_in_results(workspace: Workspace) -> None:
    write(
        workspace,
        "specs/alpha/evil.md",
        "# \x1b[31mwalrus\x1b]0;title\x07 [/b]\n\nwalrus \u202e reversed\x00\n",
    )
    write(workspace, "specs/alpha/long.md", "walrus " + "x" * 1_000_000)
    workspace.harvest()
    results = workspace.search("walrus").results
    assert len(results) == 2
    for result in results:
        for text in (result.title, result.heading, result.snippet):
            assert text.isprintable()
            assert len(text) < 500


def test_search_before_any_harvest_says_so(workspace: Workspace) -> None:
    answer = workspace.search("anything")
    assert (answer.results, answer.reason) == ((), "nothing is harvested yet")


MARKDOWN = """---
title: x
---
# Top

Intro.

## Code

```python
# not a heading

x = 1
```

| a | b |
|---|---|
| 1 | 2 |

### Deep ###

Text.
"""


def chunk_text(text: str) -> tuple[Chunk, ...]:
    return chunk_lines(text_lines(text)).chunks


def test_chunks_follow_headings() -> None:
    text = chunk_lines(text_lines(MARKDOWN))
    chunks = text.chunks
    # What stands before the first heading belongs to none; short sections below one heading stay together.
    assert [(chunk.line, chunk.heading) for chunk in chunks] == [(1, ""), (4, "")]
    assert "# not a heading\n\nx = 1" in chunks[1].body
    assert text.title == "Top"
    lines = MARKDOWN.split("\n")
    for number, heading in ((6, "Top"), (10, "Top › Code"), (14, "Top › Code"), (22, "Top › Code › Deep")):
        assert chunks[1].body.split("\n")[number - 4] == lines[number - 1]
        assert heading_at(chunks[1], number - 4) == heading


def test_sections_of_their_own_size_stay_apart() -> None:
    text = "# T\n\n## A\n\n" + "a " * 300 + "\n\n## B\n\nb\n\n### B1\n\nc\n\n## C\n\nd\n\n# U\n\ne\n"
    chunks = chunk_text(text)
    assert [(chunk.line, chunk.heading) for chunk in chunks] == [(5, "T › A"), (7, "T"), (21, "U")]
    assert chunks[1].body == "## B\n\nb\n\n### B1\n\nc\n\n## C\n\nd"
    assert [heading_at(chunks[1], line) for line in (0, 2, 6, 10)] == [
        "T › B",
        "T › B",
        "T › B › B1",
        "T › C",
    ]


def test_a_chunk_of_several_sections_begins_with_a_heading() -> None:
    [chunk] = chunk_text("# T\n\na\n\n## B\n\nb\n")
    assert (chunk.line, chunk.heading, chunk.body) == (1, "", "# T\n\na\n\n## B\n\nb")
    assert [heading_at(chunk, line) for line in (0, 2, 4, 6)] == ["T", "T", "T › B", "T › B"]


def test_tables_are_cut_between_rows_and_fences_not_at_all() -> None:
    rows = [f"| {number} | {'cell ' * 12}|" for number in range(60)]
    fence = "```\n" + "\n".join(f"line {number} of a log" for number in range(150)) + "\n```"
    chunks = chunk_text("# T\n\n" + "\n".join(rows) + "\n\n" + fence)
    assert [row for chunk in chunks for row in chunk.body.split("\n") if row.startswith("|")] == rows
    assert all(len(chunk.body) <= TARGET for chunk in chunks if "```" not in chunk.body)
    assert sum(fence in chunk.body for chunk in chunks) == 1


def test_long_sections_are_cut_between_blocks() -> None:
    paragraphs = [f"paragraph {number} " + "word " * 60 for number in range(30)]
    text = "# T\n\n" + "\n\n".join(paragraphs)
    chunks = chunk_text(text)
    assert len(chunks) > 5
    assert all(chunk.heading == "T" for chunk in chunks)
    lines = text.split("\n")
    for chunk in chunks:
        assert chunk.body.startswith(lines[chunk.line - 1])


@pytest.mark.parametrize(
    ("text", "line", "heading", "body"),
    [
        ("# T\n## Empty\n## Full\ntext", 2, "T", "## Empty\n## Full\ntext"),
        ("# T\n## A\n## B", 2, "T", "## A\n## B"),
        ("## A\n# T\ntext", 1, "", "## A\n# T\ntext"),
        ("# `\n#", 1, "", "# `\n#"),
        ("# T\n##\ntext", 3, "T", "text"),
    ],
)
def test_headings_without_text_are_found_in_the_body(text: str, line: int, heading: str, body: str) -> None:
    assert chunk_text(text) == (Chunk(line, heading, body),)


@example("# `\n#")
@example("# a\n# b\nc")
@given(st.text(st.sampled_from("#`~ \n|ab\t-"), max_size=400) | st.text(max_size=300))
def test_chunks_lose_no_word(text: str) -> None:
    chunks = chunk_text(text)
    found = " ".join(f"{chunk.heading} {chunk.body}" for chunk in chunks)
    for word in text.replace("#", " ").split():
        assert word in found
    assert all(len(chunk.body) <= HARD_LIMIT for chunk in chunks)


@given(st.text(max_size=500), st.sets(st.sampled_from(["a", "test", "ação"])))
def test_snippets_are_one_short_line(body: str, words: set[str]) -> None:
    tokenize = tokenizer(apsw.Connection(":memory:"))
    marks = WordMarks.of(parse_query(" ".join(words)), tokenize)
    snippet = make_snippet(body, marks.found_in(body))
    assert "\n" not in snippet.text
    assert snippet.text.count("«") >= snippet.text.count("»") - body.count("»")
    assert 0 <= snippet.line <= body.count("\n")


def test_words_are_found_behind_terminal_colours(workspace: Workspace) -> None:
    report = "# Report\r\rok\r\x1b[31mquokka\x1b[0m: \x1b]8;;x\x07wombat\x1b]8;;\x07 [/bold] \x9b1mnumbat\r"
    write(workspace, "specs/alpha/design.md", report)
    write(workspace, "specs/alpha/execution/status.json", '{"summary": "\\u001b[31mbilby"}')
    write(workspace, "specs/alpha/notes.txt", "\x1b[1mpotoroo\x1b[0m")
    workspace.harvest()
    for word, path, line in [
        ("quokka", "specs/alpha/design.md", 4),
        ("wombat", "specs/alpha/design.md", 4),
        ("numbat", "specs/alpha/design.md", 4),
        ("potoroo", "specs/alpha/notes.txt", 1),
    ]:
        [hit] = workspace.search(word, mode="lexical").results
        assert (hit.path, hit.line, "\x1b" in hit.snippet) == (path, line, False)


@given(st.text(st.sampled_from("ab é日\U0001f600́-_.\n"), max_size=60))
def test_offsets_are_those_of_characters(text: str) -> None:
    tokenize = tokenizer(apsw.Connection(":memory:"))
    for start, end, stem in tokenize(text):
        assert [(0, end - start, stem)] == tokenize(text[start:end])[:1]
