"""Running the self-test of a workspace's search, and keeping what it found with the vectors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from spw_core.errors import SpwError
from spw_core.harvest.known_items import known_items
from spw_core.search.embedders import Model
from spw_core.search.embedding import COLLECTION
from spw_core.search.filters import Filters
from spw_core.search.hybrid import HybridRanker
from spw_core.search.meaning import ranker_of
from spw_core.search.query import parse_query
from spw_core.search.ranking import HYBRID, RankRequest
from spw_core.search.self_test import Arms, SelfTest, measure
from spw_core.search.vocabulary import Vocabulary
from spw_core.store import chunk_vectors
from spw_core.store import vectors as table
from spw_core.store.index import IndexStore
from spw_core.workspace import WorkspacePaths

_LIMIT = 100


def self_test(paths: WorkspacePaths, progress: Callable[[int, int, str], None] | None = None) -> SelfTest:
    """Measure both arms with questions from the workspace and store the weight that serves it best.

    Raises SpwError when there are no vectors, or none can be had for a question.
    """
    items = known_items(paths)
    with IndexStore.reading(paths.index_db) as index:
        found = None if index is None else table.answering(index.connection, COLLECTION)
        model = Model.from_details(found.details) if found else None
        if index is None or found is None or model is None:
            raise SpwError("there are no vectors to test", "Run `spw harvest --all` and `spw embed` first.")
        ranker = ranker_of(paths, index.connection)
        asked = 0

        def ask(text: str) -> Arms:
            nonlocal asked
            asked += 1
            if progress is not None:
                progress(asked, len(items), model.title)
            return _arms(ranker, found, text)

        documents = partial(chunk_vectors.document_paths, index.connection)
        result = measure(items, ask, documents, ranker.usual_alpha(model))
    with IndexStore.writing(paths.index_db) as index, index.transaction():
        now = table.collection_by_id(index.connection, found.id)
        if now is not None:
            details = {**now.details, "self_test": result.as_details()}
            table.set_details(index.connection, now.id, details)
    return result


def _arms(ranker: HybridRanker, collection: table.Collection, text: str) -> Arms:
    query, _ = Vocabulary(ranker.connection).resolve(parse_query(text), typing=False)
    return ranker.arms(collection, RankRequest(query, Filters(), _LIMIT, HYBRID))
