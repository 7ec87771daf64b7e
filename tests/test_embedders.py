"""Embedders: what each makes of texts, and what becomes of every fault of a server."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spw_core.config.sections import Store
from spw_core.search.embedders import BUILTIN, Embedder, EmbedderFailed, Model
from spw_core.search.embedders.bag import stem, weigh_words
from spw_core.search.embedders.breaker import Breaker
from spw_core.search.embedders.builtin import BuiltinEmbedder, builtin_model
from spw_core.search.embedders.choose import choose
from spw_core.search.embedders.http import Server
from spw_core.search.embedders.ollama import ask as ask_ollama
from spw_core.search.embedders.ollama import ollama_model
from spw_core.search.embedders.openai import ask as ask_openai
from spw_core.search.embedders.openai import openai_model
from spw_core.search.embedders.prefixes import prefixes_of
from spw_core.search.embedders.random_index import DIMENSION, learn
from spw_core.search.embedders.served import ServedEmbedder
from tests.fake_embeddings import MODEL, FakeServer, fake_server, unused_url, vector_of


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as running:
        yield running


# -- built-in ------------------------------------------------------------------------------------

TEXTS = [
    *("Login\nusers sign in with a password", "Sessions\nthe login session expires after an hour"),
    *("Invoices\nthe billing export writes a spreadsheet", "Export\nbilling data as a spreadsheet file"),
    *("Flaky tests\nthe checkout test fails at random", "Retry\nrun the flaky checkout test again"),
]


def builtin(texts: list[str]) -> BuiltinEmbedder:
    learned = learn(texts)
    assert learned is not None
    return BuiltinEmbedder(
        builtin_model("g"),
        learned.texts,
        lambda stems: {name: learned.words[name] for name in stems if name in learned.words},
    )


@pytest.mark.parametrize(
    ("query", "text"),
    [("login password", 0), ("spreadsheets for billing", 3), ("chekout flakey", 5), ("EXPÔRT", 3)],
)
def test_builtin_finds_words_inflections_and_slips(query: str, text: int) -> None:
    embedder = builtin(TEXTS)
    documents = [vector for vector in embedder.embed_documents(TEXTS) if vector is not None]
    vector = embedder.embed_query(query)
    assert vector is not None
    scores = [float(document @ vector) for document in documents]
    assert text in np.argsort(scores)[-2:]


def test_builtin_is_deterministic_and_of_unit_length() -> None:
    first, second = (builtin(TEXTS).embed_documents(TEXTS) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert one is not None and other is not None
        assert one.tobytes() == other.tobytes()
        assert len(one) == DIMENSION
        assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("text", ["", " \n\t", "the of and", "!!! ***", "\0"])
def test_builtin_has_no_vector_for_no_words(text: str) -> None:
    assert builtin(TEXTS).embed_query(text) is None


@pytest.mark.parametrize("texts", [[], [""], ["one"], ["one one", "one"], ["日本語のテスト", "한국어 시험"]])
def test_builtin_learns_from_next_to_nothing(texts: list[str]) -> None:
    assert builtin(texts).embed_query("one 日本") is not None


def test_builtin_stops_learning_when_told() -> None:
    assert learn(TEXTS, lambda: True) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ações RÁPIDAS", {"acoes", "rapidas"}),
        ("日本語", {"日本", "本語"}),
        ("語", {"語"}),
        ("한국어", {"한국", "국어"}),
        ("foo_bar-baz", {"foo", "bar", "baz"}),
        (f"short {'x' * 41}", {"short"}),
    ],
)
def test_bags_of_words(text: str, words: set[str]) -> None:
    assert set(weigh_words(text)) == words


def test_headings_weigh_more() -> None:
    weights = weigh_words("login\nlogin password password")
    assert weights == {"login": 1 + math.log(4), "password": 1 + math.log(2)}


def test_stems_are_those_of_the_index() -> None:
    assert [stem(word) for word in ("running", "flies", "acoes", "日本")] == ["run", "fli", "aco", "日本"]


# -- servers -------------------------------------------------------------------------------------


def ollama(server: FakeServer, **options: object) -> Embedder:
    where = Server(server.url)
    model = ollama_model(where, MODEL, look_s=2, timeout_s=2)
    settings = {"timeout_s": 0.5, "query_timeout_s": 0.5, "batch_size": 4} | options
    return ServedEmbedder(where, model, ask_ollama, **settings)  # type: ignore[arg-type]


def openai(server: FakeServer) -> Embedder:
    where = Server(server.url + "/v1")
    model = openai_model(where, "some-model", timeout_s=2)
    return ServedEmbedder(where, model, ask_openai, timeout_s=0.5, query_timeout_s=0.5, batch_size=4)


MAKERS = [ollama, openai]


@pytest.mark.parametrize("make", MAKERS)
def test_texts_come_back_in_order(server: FakeServer, make: Callable[[FakeServer], Embedder]) -> None:
    embedder = make(server)
    texts = [f"text number {number} {'x' * number}" for number in range(10)]
    vectors = embedder.embed_documents(texts)
    for text, vector in zip(texts, vectors, strict=True):
        expected = np.array(vector_of(embedder.model.document_prefix + text))
        assert vector == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert embedder.embed_documents([]) == []


def test_ollama_gets_the_prefixes_of_the_model(server: FakeServer) -> None:
    embedder = ollama(server)
    server.seen.clear()
    embedder.embed_documents(["a"])
    embedder.embed_query("b")
    assert server.seen == ["search_document: a", "search_query: b"]
    assert embedder.model.digest == "d1"


@pytest.mark.parametrize(
    ("name", "prefixes"),
    [
        ("nomic-embed-text:v1.5", ("search_query: ", "search_document: ")),
        ("intfloat/multilingual-e5-small", ("query: ", "passage: ")),
        ("all-MiniLM-L6-v2", ("", "")),
        ("bge-m3", ("", "")),
    ],
)
def test_prefixes(name: str, prefixes: tuple[str, str]) -> None:
    assert prefixes_of(name) == prefixes


def test_older_ollama_is_asked_one_by_one(server: FakeServer) -> None:
    server.has_batches = False
    vectors = ollama(server).embed_documents(["one", "two"])
    assert all(vector is not None for vector in vectors)
    assert server.requests.count("/api/embeddings") == 3


FAULTS = [
    *("slow", "drips", "closes", "garbage", "500", "404 model", "redirect", "bad JSON", "no object", "empty"),
    *("deep", "wrong dimension", "NaN", "zero", "texts", "nested", "half a batch", "too many", "null"),
]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("make", MAKERS)
def test_every_fault_is_one_clean_error(
    server: FakeServer, make: Callable[[FakeServer], Embedder], fault: str
) -> None:
    embedder = make(server)
    server.fault = fault
    for call in (lambda: embedder.embed_documents(["a", "b"]), lambda: embedder.embed_query("a")):
        with pytest.raises(EmbedderFailed) as caught:
            call()
        assert caught.value.message.isprintable()
        assert len(caught.value.message) < 250
    server.fault = ""
    assert embedder.embed_query("a") is not None


@pytest.mark.parametrize("fault", ["poisoned 500", "NaN"])
@pytest.mark.parametrize("make", MAKERS)
def test_a_text_that_the_model_stumbles_over_stops_no_other(
    server: FakeServer, make: Callable[[FakeServer], Embedder], fault: str
) -> None:
    embedder = make(server)
    server.fault, server.poison = fault, "poison"
    texts = ["a", "b", "this is poison", "c", "d", "e"]
    assert [vector is None for vector in embedder.embed_documents(texts)] == [
        "poison" in text for text in texts
    ]
    assert embedder.embed_documents(["poison"]) == [None]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("provider", ["ollama", "openai"])
def test_choosing_survives_every_fault(server: FakeServer, provider: str, fault: str) -> None:
    server.fault = fault
    settings = Store(provider=provider, embeddings_url=server.url, timeout_s=0.4)
    if fault in ("wrong dimension", "too many") or (fault == "half a batch" and provider == "nobody"):
        return  # nothing is known yet that it could contradict, or it contradicts itself only later
    with pytest.raises(EmbedderFailed):
        choose(settings)


def test_no_server(server: FakeServer) -> None:
    with pytest.raises(EmbedderFailed, match="not answering"):
        Server(unused_url()).get("/api/tags", 2)


def test_a_missing_model_says_how_to_get_it(server: FakeServer) -> None:
    with pytest.raises(EmbedderFailed, match="no model other") as caught:
        ollama_model(Server(server.url), "other", look_s=2, timeout_s=2)
    assert "ollama pull other" in caught.value.hint


@pytest.mark.parametrize("longest", [120, 400, 3000])
def test_what_is_too_long_is_cut_until_it_fits(server: FakeServer, longest: int) -> None:
    embedder = ollama(server)
    server.longest = longest
    texts = ["short", "long " * 500, "short too", "longer " * 900]
    vectors = embedder.embed_documents(texts)
    assert all(vector is not None for vector in vectors)
    assert [vector is not None and np.isfinite(vector).all() for vector in vectors] == [True] * 4


def test_what_no_cut_makes_fit_has_no_vector(server: FakeServer) -> None:
    embedder = ollama(server)
    server.longest = 30
    assert [vector is None for vector in embedder.embed_documents(["a", "long " * 500, "b"])] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://192.0.2.1:11434",
            "https://api.example.com/v1",
            "http://[2001:db8::1]:1",
            "http://0.0.0.0.example",
        ),
        *("http://127.0.0.1.example.com", "http://localhost.example.com", "http://user@example.com"),
    ],
)
def test_other_machines_are_not_called_unless_allowed(url: str) -> None:
    with pytest.raises(EmbedderFailed, match="not this machine") as caught:
        Server(url).post("/api/embed", {"input": "secret"}, 0.2)
    assert "allow_remote" in caught.value.hint


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "file:///etc/passwd", "http://", "localhost", "http://[", "http://a:b"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(EmbedderFailed, match="no http URL"):
        Server(url, allow_remote=True).get("/", 0.2)


def test_proxies_are_not_asked(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://192.0.2.1:9")
    assert ollama(server).embed_query("a") is not None


def test_the_key_is_sent_only_where_meant(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    settings = Store(provider="openai", embeddings_url=server.url)
    choose(settings)
    monkeypatch.setenv("SPW_EMBEDDINGS_KEY", "mine")
    choose(settings)
    assert [sent.get("Authorization") for sent in server.headers] == [None, "Bearer mine"]


# -- choosing ------------------------------------------------------------------------------------


def test_auto_takes_ollama_when_it_is_there(server: FakeServer) -> None:
    embedder = choose(Store(embeddings_url=server.url)).embedder
    assert embedder is not None
    assert embedder.model.provider == "ollama"


def test_auto_falls_back_to_the_built_in_and_says_why(server: FakeServer) -> None:
    choice = choose(Store(embeddings_url=server.url, embeddings_model="other"))
    assert (choice.embedder, choice.remark) == (None, "Ollama has no model other")
    assert choose(Store(provider="builtin", embeddings_url=server.url)).remark == ""


def test_fingerprints_tell_apart_what_makes_other_vectors() -> None:
    model = Model("ollama", "m", 8, "d", "q: ", "d: ")
    others = [
        replace(model, provider="openai"),
        replace(model, name="n"),
        replace(model, dimension=9),
        replace(model, digest="e"),
        replace(model, query_prefix=""),
        replace(model, document_prefix=""),
    ]
    assert len({other.fingerprint for other in (model, *others)}) == 7


@pytest.mark.parametrize(
    "details", [{}, {"model": 1}, {"model": {}}, {"model": {"provider": "x"}}, {"model": {"dimension": "8"}}]
)
def test_details_that_say_nothing(details: dict[str, object]) -> None:
    assert Model.from_details(details) is None


def test_model_round_trip() -> None:
    model = builtin_model("abc")
    assert model.provider == BUILTIN
    stored = json.loads(json.dumps({"model": {name: getattr(model, name) for name in Model.__slots__}}))
    assert Model.from_details(stored) == model


# -- the breaker ---------------------------------------------------------------------------------


def test_breaker_waits_longer_each_time_and_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("time.time", lambda: now)
    breaker = Breaker(tmp_path / "cache" / "state.json", "a")
    assert breaker.closed_for() == (0, "")
    waits = []
    for _ in range(8):
        breaker.failed("away")
        left, reason = breaker.closed_for()
        assert reason == "away"
        waits.append(left)
        now += left
        assert breaker.closed_for() == (0, "")
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
    breaker.failed("away")
    assert Breaker(breaker.path, "another server").closed_for() == (0, "")
    now -= 10_000  # the clock was put back
    assert breaker.closed_for() == (0, "")
    now += 10_000
    breaker.worked()
    assert breaker.closed_for() == (0, "")
    breaker.failed("away")
    assert breaker.closed_for()[0] == 5


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff", b'{"subject": "a", "until": "x"}', b"1" * 10_000]
)
def test_breaker_survives_any_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    breaker = Breaker(path, "a")
    assert breaker.closed_for() == (0, "")
    breaker.failed("x")
    assert breaker.closed_for()[0] > 0


def test_breaker_leaves_nothing_behind_that_it_could_not_put_in_place(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.mkdir()
    Breaker(path, "a").failed("x")
    assert os.listdir(tmp_path) == ["state.json"]


def test_breaker_without_a_place_to_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    breaker = Breaker(tmp_path / "file" / "state.json", "a")
    breaker.failed("x")
    breaker.worked()
    assert breaker.closed_for() == (0, "")
    assert os.listdir(tmp_path) == ["file"]
