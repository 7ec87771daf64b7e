"""The search for other programs: an index of one's own, without a workspace.

    from spw_core import Document, SearchIndex

    index = SearchIndex("notes.db")
    index.put([Document("n1", "# Deploys\\n\\nUndo one with `undo`."), Document("n2", "Lunch is at noon")])
    for hit in index.search("undoing a deploy").results:
        print(hit.key, hit.line, hit.snippet)
    index.delete(["n2"])

It is also the way into the index of a workspace for documents that no spec.db holds, such as the messages of
sessions: `SearchIndex(paths.index_db, source="memory")`. A harvest leaves the documents of other sources
alone, and they are found by `spw search` with their types. When the index was built anew they are gone, and
`state` is empty again: a keeper that finds it so puts everything once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from spw_core.config.sections import Store
from spw_core.errors import SpwError
from spw_core.redact import redact_start
from spw_core.search.chunks import MAX_INDEXED, chunk_lines, readable, text_lines
from spw_core.search.filters import Filters
from spw_core.search.find import SearchAnswer, SearchRequest, find, no_index
from spw_core.search.indexing import DocumentWriter, indexed_text
from spw_core.search.query import filters_of
from spw_core.search.ranking import AUTO, LEXICAL, MODES, Ranker
from spw_core.search.results import GROUPS
from spw_core.store.index import SPEC_SOURCE, IndexStore
from spw_core.store.rows import Value

if TYPE_CHECKING:
    from spw_core.search.embedding import EmbedReport

_BETWEEN = ":"


@dataclass(frozen=True, slots=True)
class Document:
    """A text to be found. `key` is its name in the index; putting the same key again replaces it.

    `text` is cut along Markdown headings. The rest are facets to filter by, empty where they do not apply;
    `updated_at` is a UTC text that sorts as time does. `path` is what opens, relative to `.spec-workflow/`
    in the index of a workspace. Without a title the first heading is the title. A `shared_title` is that of a
    whole conversation, say: it is shown, and the text is not found by it.
    """

    key: str
    text: str
    title: str = ""
    type: str = "document"
    path: str = ""
    spec: str = ""
    phase: str = ""
    command: str = ""
    run: str = ""
    wave: int = 0
    task: str = ""
    agent: str = ""
    status: str = ""
    updated_at: str = ""
    shared_title: bool = False


class Changes(NamedTuple):
    """What becomes of the documents of a source, and the state to remember once that is done."""

    state: str
    gone: Iterable[str]
    documents: Iterable[Document]


class SearchIndex:
    """An index in one file. Cheap to make: the file is opened for each call, so processes may share it.

    `source` names whose documents `put`, `delete` and `keys` are about; a search finds those of every source.
    `embeddings` says how vectors are made (`embed`), which hybrid and semantic searches need.
    """

    def __init__(self, path: Path | str, *, source: str = "library", embeddings: Store | None = None) -> None:
        if not source or source == SPEC_SOURCE or _BETWEEN in source:
            raise SpwError(f"not a name for a source: {source!r}", f"{SPEC_SOURCE!r} belongs to the harvest.")
        self.path = Path(path)
        self.source = source
        self._embeddings = embeddings or Store()

    def put(self, documents: Iterable[Document]) -> int:
        """Store documents in one transaction; returns how many were new or changed.

        What is unchanged is not indexed again, neither whole documents nor single passages of them. Secrets
        are taken out. Of several documents with one key the last one counts.
        """
        with IndexStore.writing(self.path) as index, index.transaction():
            return self._put(index, documents)

    def delete(self, keys: Iterable[str]) -> int:
        """Remove documents by key; returns how many there were."""
        if not self.path.exists():
            return 0
        with IndexStore.writing(self.path) as index, index.transaction():
            return self._delete(index, keys)

    def bring_up_to_date(self, changes: Callable[[str, dict[str, str]], Changes | None]) -> int:
        """Delete and put documents and remember a state, in one transaction; returns how many came or went.

        `changes` is called while nobody else can write the index, with the state, and with the titles of the
        documents that there are by their keys.
        """
        with IndexStore.writing(self.path) as index, index.transaction():
            wanted = changes(index.source_state(self.source), self._titles(index))
            if wanted is None:
                return 0
            changed = self._delete(index, wanted.gone) + self._put(index, wanted.documents)
            index.set_source_state(self.source, wanted.state)
        return changed

    def keys(self) -> list[str]:
        """The keys of all documents of this source, sorted."""
        with IndexStore.reading(self.path) as index:
            return sorted(self._titles(index)) if index else []

    def search(
        self,
        query: str,
        limit: int = 10,
        filters: Filters | Mapping[str, object] | None = None,
        mode: str = AUTO,
        *,
        group: str = "",
        typing: bool = False,
    ) -> SearchAnswer:
        """Ranked documents for a query as a person types it; nothing that is typed is an error.

        `filters` are `Filters`, or a mapping such as `{"type": ["message"], "since": "2w"}` with the names
        that queries know. `mode` is one of auto, lexical, semantic, hybrid; the answer says which one ran
        and why. Raises SpwError for filters, modes and groups that do not exist.
        """
        if mode not in MODES or group not in GROUPS:
            raise SpwError(f"no such mode or group: {mode!r}, {group!r}", f"Modes are: {', '.join(MODES)}.")
        request = SearchRequest(
            query,
            filters if isinstance(filters, Filters) else filters_of(filters or {}),
            limit,
            mode,
            group,
            typing,
        )
        with IndexStore.reading(self.path) as index:
            if index is None:
                return no_index(query, mode)
            return find(index.connection, request, None if mode == LEXICAL else self._ranker(index))

    def embed(
        self,
        progress: Callable[[int, int, str], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> EmbedReport:
        """Make the vectors that are missing, so that searches go by meaning as well. Resumable."""
        from spw_core.search.embedding import embed_texts

        return embed_texts(self.path, self._snapshots, self._embeddings, progress=progress, stopped=stopped)

    @property
    def state(self) -> str:
        """What the keeper of this source stored at its last visit; empty when the index is new."""
        with IndexStore.reading(self.path) as index:
            return index.source_state(self.source) if index else ""

    @state.setter
    def state(self, value: str) -> None:
        with IndexStore.writing(self.path) as index, index.transaction():
            index.set_source_state(self.source, value)

    def _put(self, index: IndexStore, documents: Iterable[Document]) -> int:
        wanted = {self._stored_key(document.key): document for document in documents}
        written = 0
        present = index.documents_by_key(wanted)
        writer = DocumentWriter(index)
        for key, document in wanted.items():
            old_id, old = present.get(key, (0, {}))
            columns = self._columns(key, document)
            if old and old["content_hash"] == columns["content_hash"]:
                columns["title"] = old["title"]
                if columns != old:
                    index.update_facets([(old_id, columns)])
                    written += 1
                continue
            chunked = chunk_lines(text_lines(redact_start(readable(document.text), MAX_INDEXED).text))
            columns["title"] = redact_start(readable(document.title), MAX_INDEXED).text or chunked.title
            changed = any(columns[name] != old.get(name) for name in ("title", "spec"))
            text = indexed_text(
                str(columns["title"]),
                str(columns["spec"]),
                chunked.chunks,
                shared_title=document.shared_title,
            )
            writer.put(columns, text, replaces=old_id, words_changed=changed)
            written += 1
        writer.flush()
        return written

    def _delete(self, index: IndexStore, keys: Iterable[str]) -> int:
        present = index.documents_by_key([self._stored_key(key) for key in keys])
        index.delete_documents([document_id for document_id, _ in present.values()])
        return len(present)

    def _titles(self, index: IndexStore) -> dict[str, str]:
        """The titles of all documents of this source, by their keys."""
        return {
            key.removeprefix(self.source + _BETWEEN): str(columns["title"])
            for key, (_, columns) in index.documents(self.source).items()
        }

    @property
    def _snapshots(self) -> Path:
        return self.path.with_name(self.path.name + ".vectors")

    def _ranker(self, index: IndexStore) -> Ranker:
        from spw_core.search.hybrid import HybridRanker

        state = self._snapshots / "embedder.json"
        return HybridRanker(index.connection, self._embeddings, None, self._snapshots, state)

    def _stored_key(self, key: str) -> str:
        return f"{self.source}{_BETWEEN}{key}"

    def _columns(self, key: str, document: Document) -> dict[str, Value]:
        words = f"{document.title}\0{document.spec}\0{document.text}"
        return {
            "key": key,
            "source": self.source,
            "path": document.path,
            "spec": document.spec,
            "doc_type": document.type,
            "phase": document.phase,
            "command": document.command,
            "run": document.run,
            "wave": document.wave,
            "task": document.task,
            "agent": document.agent,
            "status": document.status,
            "title": "",
            "content_hash": hashlib.sha256(words.encode("utf-8", "replace")).hexdigest(),
            "updated_at": document.updated_at,
            "removed_at": "",
        }
