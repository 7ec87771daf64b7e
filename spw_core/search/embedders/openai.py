"""Embeddings from any server that speaks OpenAI's `/v1/embeddings`: llama.cpp, LM Studio, vLLM, TEI, …"""

from __future__ import annotations

from collections.abc import Sequence

from spw_core.search.embedders import OPENAI, EmbedderFailed, Model
from spw_core.search.embedders.http import Server, reason_of
from spw_core.search.embedders.prefixes import prefixes_of
from spw_core.search.embedders.served import Stumbled, TooLong, dimension_of

_REFUSED = (400, 413, 422)


def openai_model(server: Server, name: str, *, timeout_s: float) -> Model:
    """The model as the server answers for it now. Raises EmbedderFailed."""
    query, document = prefixes_of(name)
    return Model(OPENAI, name, dimension_of(ask(server, name, ["dimension"], timeout_s)), "", query, document)


def ask(server: Server, name: str, texts: Sequence[str], timeout_s: float) -> object:
    """One vector for each text, as the server sends them. Raises EmbedderFailed, TooLong, Stumbled."""
    # The URL may be given with or without the version at its end.
    path = "/embeddings" if server.url.rstrip("/").endswith("/v1") else "/v1/embeddings"
    body = {"model": name, "input": list(texts), "encoding_format": "float"}
    status, answer = server.post(path, body, timeout_s)
    if status in _REFUSED:
        raise TooLong(f"{server.name} refused a text: {reason_of(status, answer)}")
    if status == 500:
        raise Stumbled(f"{server.name} failed: {reason_of(status, answer)}")
    if status != 200:
        raise EmbedderFailed(f"{server.name} failed: {reason_of(status, answer)}")
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise EmbedderFailed(f"{server.name} sent no embeddings")
    places = [item.get("index", place) for place, item in enumerate(data)]
    if sorted(places, key=str) != sorted(range(len(texts)), key=str):
        raise EmbedderFailed(f"{server.name} sent {len(data)} vectors for {len(texts)} texts")
    return [
        item.get("embedding") for _, item in sorted(zip(places, data, strict=True), key=lambda pair: pair[0])
    ]
