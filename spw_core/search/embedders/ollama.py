"""Embeddings from Ollama: `/api/embed` in batches, or `/api/embeddings` one by one where it is older."""

from __future__ import annotations

from collections.abc import Sequence

from spw_core.search.embedders import OLLAMA, EmbedderFailed, Model
from spw_core.search.embedders.http import Server, reason_of
from spw_core.search.embedders.prefixes import prefixes_of
from spw_core.search.embedders.served import Stumbled, TooLong, dimension_of

# Loading a model takes the first request seconds; it then stays for as long.
_KEEP_ALIVE = "30m"


def ollama_model(server: Server, name: str, *, look_s: float, timeout_s: float) -> Model:
    """The model as the server has it now. Raises EmbedderFailed, within `look_s` when there is no server."""
    status, answer = server.get("/api/tags", look_s)
    models = answer.get("models") if isinstance(answer, dict) else None
    if status != 200 or not isinstance(models, list):
        raise EmbedderFailed(f"{server.name} is no Ollama")
    tags = {str(item.get("name")): str(item.get("digest") or "") for item in models if isinstance(item, dict)}
    found = next((tag for tag in (name, f"{name}:latest") if tag in tags), None)
    if found is None:
        raise EmbedderFailed(f"Ollama has no model {name}", f"Get it with `ollama pull {name}`.")
    dimension = dimension_of(ask(server, name, ["dimension"], timeout_s))
    query, document = prefixes_of(name)
    return Model(OLLAMA, name, dimension, tags[found], query, document)


def ask(server: Server, name: str, texts: Sequence[str], timeout_s: float) -> object:
    """One vector for each text, as the server sends them. Raises EmbedderFailed, TooLong, Stumbled."""
    body = {"model": name, "input": list(texts), "keep_alive": _KEEP_ALIVE}
    status, answer = server.post("/api/embed", body, timeout_s)
    if status == 404 and not _names_model(answer):
        return [_ask_older(server, name, text, timeout_s) for text in texts]
    return _result(status, answer, "embeddings", name)


def _ask_older(server: Server, name: str, text: str, timeout_s: float) -> object:
    status, answer = server.post("/api/embeddings", {"model": name, "prompt": text}, timeout_s)
    return _result(status, answer, "embedding", name)


def _names_model(answer: object) -> bool:
    """True when a 404 is about the model: the path itself is unknown to older servers, which say no JSON."""
    return isinstance(answer, dict) and "model" in str(answer.get("error", ""))


def _result(status: int, answer: object, key: str, name: str) -> object:
    if status == 404:
        raise EmbedderFailed(f"Ollama has no model {name}", f"Get it with `ollama pull {name}`.")
    if status == 400:
        raise TooLong(f"Ollama refused a text: {reason_of(status, answer)}")
    if status == 500:
        raise Stumbled(f"Ollama failed: {reason_of(status, answer)}")
    if status != 200:
        raise EmbedderFailed(f"Ollama failed: {reason_of(status, answer)}")
    if not isinstance(answer, dict):
        raise EmbedderFailed("Ollama sent no JSON object")
    return answer.get(key)
