"""Which embedder to use: what the configuration says, and for `auto` the best that is there.

Of Ollama, a local encoder and the built-in one the first that works is taken. A query is always embedded by
what made the vectors that it is compared with, whatever would be chosen for new ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spw_core.config.sections import Store
from spw_core.search.embedders import BUILTIN, LOCAL, OLLAMA, OPENAI, Embedder, EmbedderFailed, Model

if TYPE_CHECKING:
    from spw_core.search.embedders.http import Server

AUTO = "auto"
# A key for servers that want one. Not OPENAI_API_KEY: it is not for whatever URL is configured here.
KEY_VARIABLE = "SPW_EMBEDDINGS_KEY"
# So long `auto` looks for a server that may not be there.
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """An embedder, None for the built-in one, and why it is not a better one."""

    embedder: Embedder | None
    remark: str = ""


def choose(settings: Store) -> Choice:
    """The embedder for new vectors. Raises EmbedderFailed when the one that is configured does not work."""
    if settings.provider == BUILTIN:
        return Choice(None)
    if settings.provider in (OLLAMA, OPENAI, LOCAL):
        return Choice(_configured(settings, settings.provider))
    try:
        return Choice(_configured(settings, OLLAMA))
    except EmbedderFailed as no_ollama:
        remark = no_ollama.message
    try:
        return Choice(_configured(settings, LOCAL), remark)
    except EmbedderFailed as no_local:
        # Of an encoder that nobody set up there is nothing to say.
        return Choice(None, f"{remark}; {no_local.message}" if settings.embeddings_path else remark)


def _configured(settings: Store, provider: str) -> Embedder:
    """Raises EmbedderFailed."""
    name, timeout_s = settings.embeddings_model, settings.timeout_s
    if provider == LOCAL:
        from spw_core.search.embedders.local import find_folder, local_embedder

        folder = find_folder(settings.embeddings_path)
        if folder is None:
            raise EmbedderFailed("no local encoder was found", "Set store.embeddings_path to its folder.")
        return local_embedder(folder)
    server = _server(settings)
    if provider == OPENAI:
        from spw_core.search.embedders.openai import openai_model

        return _served(settings, openai_model(server, name, timeout_s=timeout_s))
    from spw_core.search.embedders.ollama import ollama_model

    look_s = min(_LOOK_S, timeout_s)
    return _served(settings, ollama_model(server, name, look_s=look_s, timeout_s=timeout_s))


def embedder_for(model: Model, settings: Store, builtin: Callable[[Model], Embedder]) -> Embedder:
    """The embedder of stored vectors, for queries. Raises EmbedderFailed when it cannot be had any more."""
    if model.provider == BUILTIN:
        return builtin(model)
    if model.provider == LOCAL:
        from spw_core.search.embedders.local import find_folder, local_embedder

        folder = find_folder(settings.embeddings_path)
        found = None if folder is None else local_embedder(folder)
        if found is None or found.model != model:
            raise EmbedderFailed(f"the local encoder {model.name} is gone", "`spw embed` uses what is there.")
        return found
    return _served(settings, model)


def _served(settings: Store, model: Model) -> Embedder:
    from spw_core.search.embedders.served import ServedEmbedder

    if model.provider == OPENAI:
        from spw_core.search.embedders.openai import ask
    else:
        from spw_core.search.embedders.ollama import ask
    return ServedEmbedder(
        _server(settings),
        model,
        ask,
        timeout_s=settings.timeout_s,
        query_timeout_s=settings.query_timeout_s,
        batch_size=settings.batch_size,
    )


def _server(settings: Store) -> Server:
    from spw_core.search.embedders.http import Server

    return Server(settings.embeddings_url, settings.allow_remote, os.environ.get(KEY_VARIABLE, ""))


def advice(settings: Store, model: Model | None) -> str:
    """How to get the next better embedder than the one that is used, in one line; empty for the best."""
    if not settings.embeddings_enabled or model is None:
        return ""
    if model.provider == BUILTIN:
        return (
            f"For search by meaning: `ollama pull {settings.embeddings_model}`, or `pip install 'spw[local]'`"
            " and a sentence encoder's folder as store.embeddings_path; then `spw embed`."
        )
    return ""
