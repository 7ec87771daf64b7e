"""The local sentence encoder, against a slow evaluation of a tiny random model written out independently."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spw_core.api import Workspace
from spw_core.config.sections import Store
from spw_core.search.embedders import EmbedderFailed, local
from spw_core.search.embedders.bert import Encoder, NotThisModel, Shape, gelu
from spw_core.search.embedders.choose import choose
from spw_core.search.embedders.local import LocalEmbedder, find_folder, local_embedder
from tests.support import write

pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")

WORDS = "[PAD] [UNK] [CLS] [SEP] the cat dog login token flies test ##s a of".split()
CONFIG = {
    "model_type": "bert",
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 20,
    "max_position_embeddings": 16,
    "vocab_size": len(WORDS),
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
}
TEXTS = ["the cat", "the login token of the dogs", "", "unknown words only", "cat " * 40, "a test", "flies"]


def weights() -> dict[str, np.ndarray]:
    chance = np.random.default_rng(7)
    width, inner = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    shapes: dict[str, tuple[Any, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), width),
        "embeddings.position_embeddings.weight": (CONFIG["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
    }
    for layer in range(2):
        start = f"encoder.layer.{layer}."
        for name in ("attention.self.query", "attention.self.key", "attention.self.value"):
            shapes |= {f"{start}{name}.weight": (width, width), f"{start}{name}.bias": (width,)}
        shapes |= {
            f"{start}attention.output.dense.weight": (width, width),
            f"{start}intermediate.dense.weight": (inner, width),
            f"{start}intermediate.dense.bias": (inner,),
            f"{start}output.dense.weight": (width, inner),
        }
        for name in ("attention.output.dense.bias", "output.dense.bias"):
            shapes[start + name] = (width,)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{start}{name}.weight": (width,), f"{start}{name}.bias": (width,)}
    return {name: chance.normal(0, 0.6, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model in the layout of sentence-transformers."""
    return make_folder(tmp_path / "tiny-model")


def make_folder(folder: Path, *, pooling: str = "mean_tokens", prefix: str = "") -> Path:
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import BertProcessing

    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({f"pooling_mode_{pooling}": True}))
    save_file(
        {prefix + name: tensor for name, tensor in weights().items()}, str(folder / "model.safetensors")
    )
    tokenizer = Tokenizer(WordPiece({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def tokens(text: str) -> list[int]:
    """What the tokenizer makes of these plain texts: whole words, a plural s apart, cut to 16."""
    found = []
    for word in text.split():
        if word in WORDS:
            found.append(WORDS.index(word))
        elif word.endswith("s") and word[:-1] in WORDS:
            found += [WORDS.index(word[:-1]), WORDS.index("##s")]
        else:
            found.append(1)
    return [2, *found[:14], 3]


def evaluate(ids: list[int], pooling: str) -> list[float]:
    """One text, number by number, in double precision, with the error function of the C library."""
    w = {name: tensor.astype(float).tolist() for name, tensor in weights().items()}

    def linear(x: list[float], name: str) -> list[float]:
        rows, bias = w[f"{name}.weight"], w[f"{name}.bias"]
        return [
            sum(a * b for a, b in zip(x, row, strict=True)) + c for row, c in zip(rows, bias, strict=True)
        ]

    def dot(x: list[float], y: list[float]) -> float:
        return sum(a * b for a, b in zip(x, y, strict=True))

    def norm(x: list[float], name: str) -> list[float]:
        mean = sum(x) / len(x)
        deviation = math.sqrt(sum((value - mean) ** 2 for value in x) / len(x) + 1e-12)
        scale, bias = w[f"{name}.weight"], w[f"{name}.bias"]
        return [(a - mean) / deviation * b + c for a, b, c in zip(x, scale, bias, strict=True)]

    def add(*vectors: list[float]) -> list[float]:
        return [sum(values) for values in zip(*vectors, strict=True)]

    parts = [w[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")]
    states = [
        norm(add(parts[0][token], parts[1][place], parts[2][0]), "embeddings.LayerNorm")
        for place, token in enumerate(ids)
    ]
    for layer in range(2):
        start = f"encoder.layer.{layer}."
        q, k, v = (
            [linear(x, f"{start}attention.self.{n}") for x in states] for n in ("query", "key", "value")
        )
        mixed: list[list[float]] = []
        for place in range(len(states)):
            joined: list[float] = []
            for head in range(3):
                part = slice(head * 4, head * 4 + 4)
                raw = [dot(q[place][part], key[part]) / 2 for key in k]
                powers = [math.exp(value - max(raw)) for value in raw]
                shares = [value / sum(powers) for value in powers]
                joined += [
                    sum(s * value[part][i] for s, value in zip(shares, v, strict=True)) for i in range(4)
                ]
            mixed.append(joined)
        attended = [
            norm(add(linear(x, f"{start}attention.output.dense"), y), f"{start}attention.output.LayerNorm")
            for x, y in zip(mixed, states, strict=True)
        ]
        states = []
        for x in attended:
            inner = [
                value * 0.5 * (1 + math.erf(value / math.sqrt(2)))
                for value in linear(x, f"{start}intermediate.dense")
            ]
            states.append(norm(add(linear(inner, f"{start}output.dense"), x), f"{start}output.LayerNorm"))
    pooled = states[0] if pooling == "cls_token" else add(*states)
    length = math.sqrt(sum(value * value for value in pooled))
    return [value / length for value in pooled]


@pytest.mark.parametrize("pooling", ["mean_tokens", "cls_token"])
@pytest.mark.parametrize("prefix", ["", "bert."])
def test_vectors_are_those_of_the_slow_evaluation(tmp_path: Path, pooling: str, prefix: str) -> None:
    embedder = LocalEmbedder(make_folder(tmp_path / "m", pooling=pooling, prefix=prefix))
    for text, vector in zip(TEXTS, embedder.embed_documents(TEXTS), strict=True):
        assert vector is not None
        assert vector == pytest.approx(evaluate(tokens(text), pooling), abs=1e-5)
    query = embedder.embed_query("the cat")
    assert query is not None
    assert query == pytest.approx(evaluate(tokens("the cat"), pooling), abs=1e-5)


def test_gelu_is_exact_enough() -> None:
    x = np.linspace(-8, 8, 4001, dtype=np.float32)
    exact = [value * 0.5 * (1 + math.erf(value / math.sqrt(2))) for value in x.tolist()]
    assert gelu(x) == pytest.approx(exact, abs=1e-6)


def test_batches_do_not_change_a_vector(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = LocalEmbedder(folder)
    texts = [" ".join(random.Random(number).choices(WORDS[4:], k=number % 13)) for number in range(60)]
    alone = [embedder.embed_documents([text])[0] for text in texts]
    monkeypatch.setattr(local, "_TOKENS_AT_ONCE", 40)
    for one, other in zip(alone, embedder.embed_documents(texts), strict=True):
        assert one is not None and other is not None
        assert one == pytest.approx(other, abs=1e-5)


def test_prompts_of_the_model_go_before_texts(folder: Path) -> None:
    prompts = {"prompts": {"query": "cat ", "passage": "dog "}}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    embedder = LocalEmbedder(folder)
    plain = LocalEmbedder(make_folder(folder.parent / "plain"))
    for given, expected in (
        (embedder.embed_query("login"), plain.embed_query("cat login")),
        (embedder.embed_documents(["login"])[0], plain.embed_query("dog login")),
    ):
        assert given is not None and expected is not None
        assert given == pytest.approx(expected, abs=1e-6)
    assert embedder.model.fingerprint != plain.model.fingerprint


@pytest.mark.parametrize("text", ["\ud800", "\0", "x" * 100_000, "日本語", "\x1b[31m"])
def test_any_text_has_a_vector(folder: Path, text: str) -> None:
    [vector] = LocalEmbedder(folder).embed_documents([text])
    assert vector is not None
    assert np.isfinite(vector).all()


def configured(folder: Path, **values: object) -> None:
    (folder / "config.json").write_text(json.dumps(CONFIG | values))


def damaged(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "model.safetensors").unlink(),
        lambda folder: damaged(folder, "model.safetensors", b"\xff" * 100),
        lambda folder: damaged(folder, "model.safetensors", (folder / "model.safetensors").read_bytes()[:-9]),
        lambda folder: damaged(folder, "config.json", b"{"),
        lambda folder: damaged(folder, "config.json", b"[]"),
        lambda folder: configured(folder, model_type="gpt2"),
        lambda folder: configured(folder, hidden_act="relu"),
        lambda folder: configured(folder, num_hidden_layers=3),
        lambda folder: configured(folder, hidden_size="12"),
        lambda folder: damaged(
            folder, "config.json", json.dumps(CONFIG | {"num_attention_heads": 5}).encode()
        ),
        lambda folder: damaged(folder, "tokenizer.json", b"{}"),
        lambda folder: damaged(folder, "1_Pooling/config.json", b'{"pooling_mode_max_tokens": true}'),
    ],
)
def test_an_unusable_folder_is_one_clean_error(folder: Path, damage: Callable[[Path], None]) -> None:
    damage(folder)
    with pytest.raises(EmbedderFailed) as caught:
        local_embedder(folder)
    assert str(folder) in caught.value.message


def test_missing_extra_says_how_to_get_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "has_extra", lambda: False)
    with pytest.raises(EmbedderFailed) as caught:
        LocalEmbedder(folder)
    assert "spw[local]" in caught.value.hint


def test_shapes_that_are_missing() -> None:
    with pytest.raises(NotThisModel):
        Shape.of({"model_type": "bert"})
    with pytest.raises(NotThisModel, match="has no"):
        Encoder.of(Shape.of(CONFIG), {}, by_first=False)


def test_found_in_the_cache_of_the_hub(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    assert find_folder("") is None
    snapshot = tmp_path / "hf" / "hub" / "models--BAAI--bge-small-en-v1.5" / "snapshots" / "abc"
    snapshot.parent.mkdir(parents=True)
    folder.rename(snapshot)
    assert find_folder("") == snapshot
    model = local_embedder(snapshot).model
    assert model.name == "bge-small-en-v1.5"
    assert model.query_prefix.startswith("Represent this sentence")


def test_a_workspace_with_a_local_encoder(workspace: Workspace, folder: Path) -> None:
    config = workspace.paths.workflow / "spw-config.toml"
    config.write_text(f"[store]\nprovider = 'local'\nembeddings_path = '{folder}'\n")
    for name, text in (("one", "the cat flies"), ("two", "login token test")):
        write(workspace, f"specs/alpha/{name}.md", f"# {name}\n\n{text}\n")
    workspace.harvest()
    assert workspace.embed().model == "tiny-model (local)"
    answer = workspace.search("login token test", mode="semantic")
    assert (answer.mode, answer.reason) == ("semantic", "tiny-model (local)")
    assert len(answer.results) == 2
    folder.rename(folder.with_name("elsewhere"))
    answer = workspace.search("login token")
    assert answer.mode == "lexical"
    assert "no sentence encoder" in answer.reason


def test_auto_takes_a_local_encoder_when_there_is_no_ollama(folder: Path) -> None:
    settings = Store(embeddings_url="http://127.0.0.1:9", embeddings_path=str(folder))
    embedder = choose(settings).embedder
    assert embedder is not None
    assert embedder.model.provider == "local"
