"""Search by meaning in a workspace: its configuration, its index and its folders put together."""

from __future__ import annotations

from contextlib import suppress

import apsw

from spw_core.config import load_config, lookup
from spw_core.config.sections import Store
from spw_core.errors import SpwError
from spw_core.search.embedders.choose import advice
from spw_core.search.embedding import (
    COLLECTION,
    EmbedReport,
    Progress,
    Stopped,
    embed_for_a_query,
    embed_texts,
)
from spw_core.search.hybrid import HybridRanker
from spw_core.store import vectors as table
from spw_core.store.index import IndexStore
from spw_core.workspace import WorkspacePaths


def ranker_of(paths: WorkspacePaths, connection: apsw.Connection) -> HybridRanker:
    """What ranks by words and by meaning; it needs nothing but words where there are no vectors."""
    loaded = load_config(paths)
    store = loaded.config.store
    chosen = lookup(loaded.given, "store.hybrid_search_alpha") is not None
    alpha = store.hybrid_search_alpha if chosen else None
    return HybridRanker(connection, store, alpha, paths.vectors, paths.embedder_state)


def embed(paths: WorkspacePaths, progress: Progress | None, stopped: Stopped) -> EmbedReport:
    """Make the vectors that are missing. See `embedding.embed_texts`."""
    settings = _settings(paths)
    return embed_texts(paths.index_db, paths.vectors, settings, progress=progress, stopped=stopped)


def embed_soon(paths: WorkspacePaths) -> None:
    """Where only the built-in embedder was ever used: what it can do in a moment."""
    with suppress(SpwError, OSError):  # a read-only workspace: the answer says what there is
        embed_for_a_query(paths.index_db, paths.vectors, _settings(paths))


def state(paths: WorkspacePaths) -> tuple[str, str]:
    """(what makes the vectors and how well they serve, how to get better ones), one line each."""
    from spw_core.search.embedders import Model
    from spw_core.store.chunk_vectors import count_pending

    settings = _settings(paths)
    if not settings.embeddings_enabled:
        return "turned off (store.embeddings_enabled)", ""
    with IndexStore.reading(paths.index_db) as index:
        found = None if index is None else table.answering(index.connection, COLLECTION)
        model = Model.from_details(found.details) if found else None
        if index is None or found is None or model is None:
            return "no vectors yet: search finds words", "Run `spw embed` once to search by meaning as well."
        pending = count_pending(index.connection, found.id)
    parts = [f"{found.live} vectors of {model.title}"]
    if pending:
        parts.append(f"{pending} texts wait for `spw embed`")
    measured = found.details.get("self_test")
    if isinstance(measured, dict):
        parts.append(
            f"self-test of {measured.get('items')} questions: words {measured.get('text')},"
            f" both {measured.get('fused')}" + ("" if measured.get("pays") else ", so words alone answer")
        )
    return "; ".join(parts), advice(settings, model)


def _settings(paths: WorkspacePaths) -> Store:
    return load_config(paths).config.store
