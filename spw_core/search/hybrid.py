"""Ranking by words and by meaning at once. When the vectors fail, words answer alone and it is said why."""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from spw_core.config.sections import Store
from spw_core.errors import SpwError
from spw_core.search import lexical
from spw_core.search.by_words import rank_by_words
from spw_core.search.embedders import BUILTIN, LOCAL, EmbedderFailed, Model
from spw_core.search.embedders.breaker import Breaker
from spw_core.search.embedders.choose import embedder_for
from spw_core.search.embedding import COLLECTION, builtin_embedder
from spw_core.search.filters import conditions
from spw_core.search.fusion import ALPHA_BUILTIN, ALPHA_MODEL, fuse, is_flat
from spw_core.search.ranking import AUTO, HYBRID, SEMANTIC, ArmScore, Hit, Ranked, RankRequest
from spw_core.store import chunk_vectors
from spw_core.store import vectors as table
from spw_core.store.connection import reading_once

if TYPE_CHECKING:
    from spw_core.search.scan import Floats
    from spw_core.search.self_test import Arms

ARM = "vector"
NO_VECTORS = "words only: no vectors are made yet (`spw embed` makes them)"
TURNED_OFF = "words only: embeddings are turned off (store.embeddings_enabled)"
FLAT = "words only: no text is nearer than the others"
FAINT = "no text holds these words or is near to them"

# So many of the best of each arm are fused, or as many as are asked for.
_CANDIDATES = 100
# Chunks of removed documents and of other versions of a text take places among the nearest.
_SPARE = 50
# Cosines of the built-in embedder: nonsense reaches .13, a question that makes sense .3 to .6.
_FAINT = 0.2


@dataclass(frozen=True, slots=True)
class HybridRanker:
    """A `ranking.Ranker` over the chunks of an index.

    `alpha` is the weight of the text as the user set it, None for the measured or usual one. `state` is
    where a server that failed is remembered, `snapshots` the folder of graphs.
    """

    connection: apsw.Connection
    settings: Store
    alpha: float | None
    snapshots: Path
    state: Path

    def __call__(self, request: RankRequest) -> Ranked:
        if not self.settings.embeddings_enabled:
            return rank_by_words(self.connection, request, TURNED_OFF)
        collection = table.answering(self.connection, COLLECTION)
        model = Model.from_details(collection.details) if collection else None
        if collection is None or model is None or not collection.live:
            return rank_by_words(self.connection, request, NO_VECTORS)
        measured = collection.details.get("self_test")
        measured = measured if isinstance(measured, Mapping) else {}
        if request.mode == AUTO and measured.get("pays") is False:
            reason = "words only: here vectors do not find more (measured by --self-test)"
            return rank_by_words(self.connection, request, reason)
        if request.quick and request.mode != SEMANTIC:
            return rank_by_words(self.connection, request, is_final=False)
        asked = _Asked(self, request, collection, model)
        try:
            query = self._embedded(asked)
        except EmbedderFailed as error:
            return rank_by_words(self.connection, request, f"words only: {error.message}")
        if query is None:
            reason = "words only: nothing in the query has a vector"
            return rank_by_words(self.connection, request, reason)
        return ranked_by_both(self, request, collection, model, query, self._alpha(model, measured))

    def arms(self, collection: table.Collection, request: RankRequest) -> Arms:
        """Text scores and cosines of everything that either arm finds. Raises EmbedderFailed."""
        model = Model.from_details(collection.details)
        if model is None:
            raise EmbedderFailed("the vectors do not say what made them")
        asked = _Asked(self, request, collection, model)
        query = self._embedded(asked)
        if query is None:
            return dict(lexical.rank(self.connection, request.query, request.filters, _CANDIDATES)), {}
        with reading_once(self.connection):
            _, text, cosines = asked.arms(query, asked.near(query, _CANDIDATES), _CANDIDATES)
        return text, cosines

    def usual_alpha(self, model: Model) -> float:
        """The weight of the text where nothing was measured."""
        if self.alpha is not None:
            return self.alpha
        return ALPHA_BUILTIN if model.provider == BUILTIN else ALPHA_MODEL

    def _alpha(self, model: Model, measured: Mapping[object, object]) -> float:
        if self.alpha is not None:
            return self.alpha
        value = measured.get("alpha")
        if isinstance(value, int | float) and 0 <= value <= 1:
            return float(value)
        return self.usual_alpha(model)

    def _embedded(self, asked: _Asked) -> Floats | None:
        """The vector of the query, within the time that a query may take. Raises EmbedderFailed."""
        model, text = asked.model, asked.text
        if not text:
            return None
        embedder = embedder_for(
            model, self.settings, lambda _: builtin_embedder(self.connection, asked.collection)
        )
        if model.provider in (BUILTIN, LOCAL):
            return embedder.embed_query(text)
        if (known := _remembered.get((model.fingerprint, text))) is not None:
            return known
        breaker = Breaker(self.state, f"{self.settings.embeddings_url} {model.fingerprint}")
        left, reason = breaker.closed_for()
        if left:
            raise EmbedderFailed(f"{reason}; next try in {math.ceil(left)} s")
        try:
            vector = _within(self.settings.query_timeout_s, lambda: embedder.embed_query(text))
        except EmbedderFailed as error:
            breaker.failed(error.message)
            raise
        breaker.worked()
        if vector is not None:
            _remember((model.fingerprint, text), vector)
        return vector


def ranked_by_both(
    ranker: HybridRanker,
    request: RankRequest,
    collection: table.Collection,
    model: Model,
    query: Floats,
    alpha: float,
) -> Ranked:
    """The answer of both arms for a query whose vector is known."""
    with reading_once(ranker.connection):
        return _Asked(ranker, request, collection, model).ranked(query, alpha)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request to the vectors of one generation."""

    ranker: HybridRanker
    request: RankRequest
    collection: table.Collection
    model: Model

    @property
    def text(self) -> str:
        return " ".join(term.text for term in self.request.query.wanted)

    def ranked(self, query: Floats, alpha: float) -> Ranked:
        connection, request = self.ranker.connection, self.request
        wanted = max(_CANDIDATES, request.limit)
        near = self.near(query, wanted)
        title = self.model.title
        if request.mode == SEMANTIC:
            best = sorted(near.items(), key=lambda pair: (-pair[1], pair[0]))[: request.limit]
            hits = [
                Hit(chunk, cosine, {ARM: ArmScore(place, cosine)})
                for place, (chunk, cosine) in enumerate(best, 1)
            ]
            return Ranked(tuple(hits), SEMANTIC, title)
        found, text, cosines = self.arms(query, near, wanted)
        if found and is_flat(near):
            return rank_by_words(connection, request, FLAT)
        if not found and self._is_faint(near):
            return rank_by_words(connection, request, FAINT)
        ranks = {chunk: place for place, chunk in enumerate(found, 1)}
        places = {chunk: place for place, chunk in enumerate(near, 1)}
        hits = [
            Hit(
                item.id,
                item.score,
                {lexical.ARM: ArmScore(ranks.get(item.id, 0), item.text_score)}
                | ({ARM: ArmScore(places.get(item.id, 0), item.cosine)} if item.cosine is not None else {}),
            )
            for item in fuse(text, cosines, alpha)[: request.limit]
        ]
        return Ranked(tuple(hits), HYBRID, f"words and {title}, {alpha:g} to {1 - alpha:.2g}")

    def _is_faint(self, near: Mapping[int, float]) -> bool:
        """True when the built-in embedder found nothing but chance: nonsense has letters, too."""
        return self.model.provider == BUILTIN and max(near.values(), default=0.0) < _FAINT

    def arms(
        self, query: Floats, near: Mapping[int, float], wanted: int
    ) -> tuple[dict[int, float], dict[int, float], dict[int, float]]:
        """What the text finds, then text scores and cosines of everything that either arm finds, by chunk."""
        connection, request = self.ranker.connection, self.request
        found = dict(lexical.rank(connection, request.query, request.filters, wanted))
        others = [chunk for chunk in near if chunk not in found]
        text = found | lexical.score(connection, request.query, others)
        cosines = self._cosines(query, [chunk for chunk in text if chunk not in near]) | dict(near)
        return found, text, cosines

    def near(self, query: Floats, wanted: int) -> dict[int, float]:
        """Cosines of the nearest chunks that meet the filters and hold no excluded word, nearest first."""
        from spw_core.search.nearest import nearest

        connection, filters = self.ranker.connection, self.request.filters
        condition, values = conditions(filters, first=2)
        allowed = (
            chunk_vectors.allowed_ids(connection, self.collection.id, condition, values) if filters else None
        )
        k = wanted + _SPARE
        while True:
            ids, cosines = nearest(
                connection,
                self.collection,
                query,
                k,
                allowed=allowed,
                exact_limit=self.ranker.settings.exact_vectors,
                snapshots=self.ranker.snapshots,
            )
            scores = dict(zip(ids.tolist(), cosines.tolist(), strict=True))
            pairs = chunk_vectors.chunks_of(connection, list(scores), condition, values)
            excluded = self._excluded([chunk for _, chunk in pairs])
            near = {chunk: scores[vector] for vector, chunk in pairs if chunk not in excluded}
            everything = len(ids) >= (self.collection.live if allowed is None else len(allowed))
            if len(near) >= wanted or everything or len(ids) < k:
                return dict(list(near.items())[:wanted])
            k *= 8

    def _excluded(self, chunks: Sequence[int]) -> set[int]:
        terms = [replace(term, excluded=False) for term in self.request.query.terms if term.excluded]
        if not terms:
            return set()
        query = replace(self.request.query, terms=tuple(terms))
        return set(lexical.score(self.ranker.connection, query, chunks))

    def _cosines(self, query: Floats, chunks: Sequence[int]) -> dict[int, float]:
        import numpy as np

        from spw_core.search.nearest import exact_vectors

        connection = self.ranker.connection
        vectors = chunk_vectors.vectors_of(connection, self.collection.id, chunks)
        ids, rows = exact_vectors(
            connection, self.collection.dimension, np.array(sorted(set(vectors.values())), np.int64)
        )
        scores = dict(zip(ids.tolist(), (rows @ query).tolist(), strict=True))
        return {chunk: scores[number] for chunk, number in vectors.items() if number in scores}


# Vectors of queries that a server was asked for; while somebody types, the same ones come again and again.
_remembered: dict[tuple[str, str], Floats] = {}
_REMEMBERED = 256


def _remember(key: tuple[str, str], vector: Floats) -> None:
    while len(_remembered) >= _REMEMBERED:
        _remembered.pop(next(iter(_remembered)), None)
    _remembered[key] = vector


def _within(seconds: float, work: Callable[[], Floats | None]) -> Floats | None:
    """The result of `work` if it comes in time. Raises EmbedderFailed, whatever `work` waits for."""
    results: queue.SimpleQueue[Floats | SpwError | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put(work())
        except EmbedderFailed as error:
            results.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        result = results.get(timeout=seconds)
    except queue.Empty:
        raise EmbedderFailed(f"no embedding came within {seconds:g} s") from None
    if isinstance(result, SpwError):
        raise result
    return result
