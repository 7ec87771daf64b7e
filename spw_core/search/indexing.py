"""What is stored of a document so that it is found: its chunks, their hashes, their words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from spw_core.search.chunks import Chunk
from spw_core.search.words import exact_words, odd_words, spaced, vocabulary, words_of
from spw_core.store.index import ChunkRow, DocumentRow, IndexStore
from spw_core.store.rows import Value

_HASH_BYTES = 16
# Rows that are held before they are written, so that a spec of any size takes bounded memory.
_BATCH_CHUNKS = 2_000
# Words that are remembered to be in the vocabulary.
_MOST_KNOWN = 50_000


def chunk_text(heading: str, body: str) -> str:
    """The text that stands for a chunk: what is hashed, and what is embedded."""
    return f"{heading}\n{body}"


def chunk_hash(heading: str, body: str) -> bytes:
    """Hash of `chunk_text`, 16 bytes."""
    data = chunk_text(heading, body).encode("utf-8", "replace")
    return hashlib.blake2b(data, digest_size=_HASH_BYTES).digest()


class IndexedText(NamedTuple):
    """What the index holds of a document's text: its chunks, and all its words as white space cuts them."""

    rows: Sequence[ChunkRow]
    words: set[str]


def indexed_text(
    title: str, spec: str, chunks: Iterable[Chunk], *, shared_title: bool = False
) -> IndexedText:
    """What to store of the chunks of a document. The words of a `shared_title`, which many documents bear,
    are not looked for."""
    every = words_of(f"{title} {spec}")
    about = {name for word in odd_words(every) for name in word.identifiers}
    spaced_title = "" if shared_title else spaced(title)
    rows = []
    for chunk in chunks:
        words = words_of(f"{chunk.heading} {chunk.body}")
        every |= words
        odd = odd_words(words)
        heading, body = f"{chunk.heading} {spec}", chunk.body
        if any(word.has_signs for word in odd) or not spec.isascii():
            heading, body = spaced(heading), spaced(body)
        exact = exact_words(about.union(*[word.identifiers for word in odd]))
        rows.append(
            ChunkRow(
                chunk.line,
                chunk_hash(chunk.heading, chunk.body),
                chunk.heading,
                chunk.body,
                (spaced_title, heading, body, exact),
            )
        )
    return IndexedText(rows, every)


@dataclass(slots=True)
class DocumentWriter:
    """Collects documents and writes them in a few large steps, `flush` at the end of each transaction."""

    index: IndexStore
    _rows: list[DocumentRow] = field(default_factory=list)
    _chunks: int = 0
    _words: set[str] = field(default_factory=set)
    _known: set[str] = field(default_factory=set)  # words whose parts the vocabulary has

    def put(
        self,
        columns: Mapping[str, Value],
        text: IndexedText,
        *,
        replaces: int = 0,
        words_changed: bool = False,
    ) -> None:
        """Store a document; `replaces` is the id of the one that had its key, 0 when there was none.

        `words_changed` says that its title or spec differ from those of the one that it replaces.
        """
        self._words |= text.words - self._known
        self._rows.append(DocumentRow(replaces, columns, text.rows, words_changed))
        self._chunks += len(text.rows)
        if self._chunks >= _BATCH_CHUNKS:
            self.flush()

    def flush(self) -> None:
        """Write what was collected. Inside a transaction."""
        self.index.put_documents(self._rows)
        self.index.add_words(sorted(vocabulary(self._words)))
        if len(self._known) > _MOST_KNOWN:
            self._known = set()
        self._known |= self._words
        self._rows, self._chunks, self._words = [], 0, set()
