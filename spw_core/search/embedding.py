"""The queue of texts that have no vector yet: resumable, and nothing is embedded twice.

Vectors belong to a generation, which is named by the fingerprint of what made them. A new one is filled
beside the old one and takes over when it is complete. What was done survives any interruption, because each
batch is committed; what is to be done is found by comparing, so there is no list that could be lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import uuid4

import apsw

from spw_core.atomic import try_lock
from spw_core.config.sections import Store
from spw_core.errors import StoreError
from spw_core.search.embedders import BUILTIN, Embedder, EmbedderFailed, Model
from spw_core.search.embedders.choose import AUTO, choose
from spw_core.search.indexing import chunk_text
from spw_core.store import chunk_vectors
from spw_core.store import vectors as table
from spw_core.store.connection import translating
from spw_core.store.index import IndexStore
from spw_core.store.purge import last_purge

COLLECTION = "chunks"

# Called with (done, total, what); and asked whether to stop.
Progress = Callable[[int, int, str], None]
Stopped = Callable[[], bool]

_BATCH = 256
_MOMENT_S = 2.0
# The built-in embedder learns from at most so many texts, and again when there are half as many more.
_LEARN_FROM = 40_000
_GROWN = 1.5
_SPARE_TEXTS = 50
# Vectors without a text are a cache of what may come back; from this part of all on they go.
_ORPHANS = 0.25


@dataclass(frozen=True, slots=True)
class EmbedReport:
    """What was done. `problem` says why it is not complete, `remark` why it is not a better model."""

    model: str = ""
    embedded: int = 0
    skipped: int = 0
    pending: int = 0
    complete: bool = False
    problem: str = ""
    remark: str = ""
    elapsed_s: float = 0.0


def embed_texts(
    index_db: Path,
    snapshots: Path,
    settings: Store,
    *,
    progress: Progress | None = None,
    stopped: Stopped = lambda: False,
) -> EmbedReport:
    """Embed every text of the index that has no vector yet. Raises StoreError; all else is in the report.

    Safe in a thread: it opens the index itself, and ends soon after `stopped` says so.
    """
    started = time.monotonic()
    if not settings.embeddings_enabled:
        return EmbedReport(problem="embeddings are turned off (store.embeddings_enabled)")
    if not index_db.exists():
        return EmbedReport(problem="nothing is harvested yet")
    with ExitStack() as stack:
        try:
            snapshots.mkdir(mode=0o700, exist_ok=True)
            alone = stack.enter_context(try_lock(snapshots / "embed.lock"))
        except OSError as error:
            message = f"cannot write {snapshots}: {error.strerror or error}"
            raise StoreError(message, "Check the permissions and the space left on the disk.") from error
        if not alone:
            return EmbedReport(problem="another process is embedding already")
        index = stack.enter_context(IndexStore.writing(index_db))
        stack.enter_context(translating(index_db))
        report = _Queue(index, snapshots, settings, progress, stopped).run()
    return EmbedReport(**{**asdict(report), "elapsed_s": round(time.monotonic() - started, 3)})


def embed_for_a_query(index_db: Path, snapshots: Path, settings: Store) -> None:
    """Bring the vectors of the built-in embedder up to date as far as that takes no more than a moment.

    Does nothing where another embedder was used or is configured. Raises StoreError.
    """
    if settings.provider not in (AUTO, BUILTIN):
        return
    with IndexStore.reading(index_db) as index:
        if index is None:
            return
        present = table.answering(index.connection, COLLECTION)
        model = Model.from_details(present.details) if present else None
        if present is not None and (model is None or model.provider != BUILTIN):
            return
        if present is not None and not chunk_vectors.count_pending(index.connection, present.id):
            return
    deadline = time.monotonic() + _MOMENT_S
    settings = replace(settings, provider=BUILTIN)
    embed_texts(index_db, snapshots, settings, stopped=lambda: time.monotonic() > deadline)


class _Queue:
    def __init__(
        self,
        index: IndexStore,
        snapshots: Path,
        settings: Store,
        progress: Progress | None,
        stopped: Stopped,
    ) -> None:
        self._index = index
        self._connection = index.connection
        self._snapshots = snapshots
        self._settings = settings
        self._progress = progress
        self._stopped = stopped

    def run(self) -> EmbedReport:
        present = table.answering(self._connection, COLLECTION)
        try:
            choice = choose(self._settings)
        except EmbedderFailed as error:
            return self._waiting(present, error)
        model = None if present is None else Model.from_details(present.details)
        better = model is not None and model.provider != BUILTIN and self._settings.provider == AUTO
        if choice.embedder is None and better:
            # A server that is away for an hour must not cost the vectors that it made.
            return self._waiting(present, EmbedderFailed(choice.remark))
        if choice.embedder is None:
            found = self._builtin()
        else:
            found = self._generation(choice.embedder.model), choice.embedder
        if found is None:
            return EmbedReport(problem="interrupted", remark=choice.remark)
        generation, embedder = found
        return self._fill(generation, embedder, choice.remark)

    def _waiting(self, present: table.Collection | None, error: EmbedderFailed) -> EmbedReport:
        model = Model.from_details(present.details) if present else None
        pending = chunk_vectors.count_pending(self._connection, present.id) if present else 0
        problem = f"{error.message}. {error.hint}" if error.hint else error.message
        return EmbedReport(model=model.title if model else "", pending=pending, problem=problem)

    def _generation(self, model: Model) -> table.Collection:
        with self._index.transaction():
            details = {"model": asdict(model)}
            return table.create_collection(
                self._connection, COLLECTION, model.fingerprint, model.dimension, details
            )

    def _builtin(self) -> tuple[table.Collection, Embedder] | None:
        """The generation of the built-in embedder, newly learned if it has outgrown what it knows."""
        from spw_core.search.embedders.builtin import builtin_model

        count = chunk_vectors.count_texts(self._connection)
        for found in reversed(table.collections(self._connection, COLLECTION)):
            model = Model.from_details(found.details)
            texts = int(str(found.details.get("texts", 0)))
            known = model is not None and model == builtin_model(model.digest)
            if known and count <= texts * _GROWN + _SPARE_TEXTS:
                return found, builtin_embedder(self._connection, found)
        learned = self._learned(count)
        return None if learned is None else (learned, builtin_embedder(self._connection, learned))

    def _learned(self, count: int) -> table.Collection | None:
        from spw_core.search.embedders.builtin import builtin_model
        from spw_core.search.embedders.random_index import learn

        self._tell(0, count, "learning words")
        purge = last_purge(self._connection)
        step = max(1, -(-count // _LEARN_FROM))
        texts = (chunk_text(heading, body) for heading, body in chunk_vectors.texts(self._connection, step))
        learned = learn(texts, self._stopped)
        if learned is None:
            return None
        model = builtin_model(uuid4().hex)
        details = {"model": asdict(model), "texts": count, "learned_from": learned.texts}
        with self._index.transaction():
            if last_purge(self._connection) == purge:
                made = table.create_collection(
                    self._connection, COLLECTION, model.fingerprint, model.dimension, details
                )
                rows = ((word, frequency, context) for word, (frequency, context) in learned.words.items())
                table.put_words(self._connection, made.id, rows)
                return made
        # Words of texts that somebody forgot meanwhile were learned, too.
        return self._learned(chunk_vectors.count_texts(self._connection))

    def _fill(self, generation: table.Collection, embedder: Embedder, remark: str) -> EmbedReport:
        total = chunk_vectors.count_pending(self._connection, generation.id)
        embedded = skipped = 0
        problem = ""
        try:
            for written, refused in self._batches(generation, embedder):
                embedded, skipped = embedded + written, skipped + refused
                self._tell(embedded + skipped, total, embedder.model.title)
        except EmbedderFailed as error:
            problem = f"{error.message}. {error.hint}" if error.hint else error.message
        else:
            problem = "interrupted" if self._stopped() else ""
        complete = not problem and self._complete(generation)
        pending = chunk_vectors.count_pending(self._connection, generation.id)
        return EmbedReport(embedder.model.title, embedded, skipped, pending, complete, problem, remark)

    def _batches(self, generation: table.Collection, embedder: Embedder) -> Iterator[tuple[int, int]]:
        """Embed batch after batch, each committed; yields how many vectors were written and texts refused."""
        from spw_core.search.scan import encode, unit_rows

        # What a server made of a batch is lost when the next one fails, if it is not committed at once.
        size = _BATCH if embedder.model.provider == BUILTIN else self._settings.batch_size
        after = 0
        while not self._stopped():
            rows = chunk_vectors.pending_texts(self._connection, generation.id, after, size)
            if not rows:
                return
            after = max(row[0] for row in rows)
            vectors = embedder.embed_documents([chunk_text(heading, body) for _, _, heading, body in rows])
            made = [(row[1], vector) for row, vector in zip(rows, vectors, strict=True) if vector is not None]
            refused = [row[1] for row, vector in zip(rows, vectors, strict=True) if vector is None]
            stored: list[table.VectorRow] = []
            if made:
                units = unit_rows([vector for _, vector in made], generation.dimension)
                stored = [
                    table.VectorRow(key, codes, floats.tobytes(), "{}")
                    for (key, _), codes, floats in zip(made, encode(units), units, strict=True)
                ]
            with self._index.transaction():
                # Looked at again: nothing is kept of a text that somebody forgot meanwhile.
                there = chunk_vectors.still_there(self._connection, [row[1] for row in rows])
                stored = [row for row in stored if row.key in there]
                written = table.put_vectors(self._connection, generation.id, stored)
                refused = [key for key in refused if key in there]
                table.skip_keys(self._connection, generation.id, dict.fromkeys(refused, "no vector"))
            yield written, len(refused)

    def _complete(self, generation: table.Collection) -> bool:
        """Let the generation answer if nothing is left to do; tidy up."""
        from spw_core.search.graph import remove_snapshots

        with self._index.transaction():
            if chunk_vectors.count_pending(self._connection, generation.id):
                return False  # somebody harvested meanwhile
            table.complete_collection(self._connection, generation)
            now = table.collection_by_id(self._connection, generation.id)
            lost = chunk_vectors.orphans(self._connection, generation.id)
            if now is not None and len(lost) > now.live * _ORPHANS:
                table.delete_vectors(self._connection, generation.id, lost)
        remove_snapshots(self._snapshots, table.uuids(self._connection))
        self._build_graph(generation)
        return True

    def _build_graph(self, generation: table.Collection) -> None:
        """Above the threshold, bring the graph up to date; searches are right without it, only slower."""
        from spw_core.search.graph import build_graph, is_due, remove_outlived

        now = table.collection_by_id(self._connection, generation.id)
        if now is None or now.live <= self._settings.exact_vectors:
            return
        if is_due(self._connection, now, self._snapshots):

            def going_on(done: int, total: int) -> bool:
                self._tell(done, total, "building the graph")
                return not self._stopped()

            purge = last_purge(self._connection)
            try:
                build_graph(self._connection, now, self._snapshots, going_on)
            except OSError:
                return  # no room, or no right to write there: the scan goes on answering
            if last_purge(self._connection) != purge:  # it may hold what was forgotten meanwhile
                remove_outlived(self._connection, self._snapshots)

    def _tell(self, done: int, total: int, what: str) -> None:
        if self._progress is not None:
            self._progress(done, total, what)


def builtin_embedder(connection: apsw.Connection, generation: table.Collection) -> Embedder:
    """The built-in embedder with what this generation learned."""
    from spw_core.search.embedders.builtin import BuiltinEmbedder

    model = Model.from_details(generation.details)
    if model is None:
        raise EmbedderFailed("the vectors do not say what made them")
    return BuiltinEmbedder(
        model,
        int(str(generation.details.get("learned_from", 0))),
        lambda words: table.words_of(connection, generation.id, words),
    )
