"""From the spec databases into the index: rows of specs, documents and their chunks.

The index remembers which revision of each spec.db it was made from, so an interrupted or lost update is
made up for by the next harvest, and an unchanged spec costs one comparison.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from spw_core.atomic import locked
from spw_core.collector import collector_at_rest
from spw_core.domain.model import Run, SpecRecord
from spw_core.domain.next_wave import next_wave
from spw_core.domain.places import Area, Kind, place_of
from spw_core.domain.summary import SpecStatus, SpecSummary, summarise
from spw_core.domain.waves import wave_states
from spw_core.errors import CorruptStore, SpwError
from spw_core.formats.status import BLOCKED
from spw_core.formats.text_decode import decode_text
from spw_core.harvest.crew import PREPARE, Answers, working_ahead
from spw_core.harvest.finalized import NO_FILE, finalization, summary_artifact
from spw_core.harvest.knowledge import KnowledgeFeed
from spw_core.harvest.stored import stored_record
from spw_core.moments import utc_text
from spw_core.search.documents import document_path, is_indexed, read_document
from spw_core.search.filters import RUN_CARD
from spw_core.search.indexing import DocumentWriter, IndexedText, indexed_text
from spw_core.search.run_card import HANDOFF_FILE, card_chunks, card_hash, card_path, card_title, needs_card
from spw_core.store.connection import move_aside
from spw_core.store.index import SPEC_SOURCE, IndexStore
from spw_core.store.rows import Value
from spw_core.store.spec import SpecStore, StoredArtifact
from spw_core.text import clean_line
from spw_core.workspace import WorkspacePaths

_LONGEST_HOLD_S = 0.25

Revisions = Mapping[str, int | None]
# Title and text of documents by (area, path, hash of the bytes), which is all that they follow from.
Prepared = dict[tuple[str, str, str], tuple[str, IndexedText]]
_SHOWN_TASKS = 8


def sync_index(paths: WorkspacePaths, revisions: Revisions, *, everything: bool) -> list[str]:
    """Bring the index up to date with the spec.db of some specs; returns remarks for the user.

    `revisions` says of each spec at which revision its database is, None where that must be looked up.
    With `everything`, specs that no longer exist leave the index. A damaged index is moved aside and
    built anew from all specs. Raises StoreError when it cannot be written.
    """
    seen = identity_of(paths.index_db)
    try:
        return _sync(paths, revisions, everything)
    except CorruptStore as error:
        moved = put_aside(paths, seen)
        remarks = _sync(paths, dict.fromkeys(paths.spec_names()), everything=True)
        return [f"{error.message}; moved to {moved.name} and rebuilt", *remarks] if moved else remarks


def identity_of(path: Path) -> tuple[int, int] | None:
    """Which file has a name; None when there is none."""
    try:
        info = path.lstat()
    except OSError:
        return None
    return info.st_dev, info.st_ino


def put_aside(paths: WorkspacePaths, damaged: tuple[int, int] | None) -> Path | None:
    """Move the index aside if it is the file that was found `damaged`; None when it is not: another process
    has just done so, and made a sound one. Raises WriteError."""
    with locked(paths.workflow):
        return move_aside(paths.index_db) if identity_of(paths.index_db) == damaged else None


def _sync(paths: WorkspacePaths, revisions: Revisions, everything: bool) -> list[str]:
    """What is known of a changed spec is stored before the index counts it as done: so it never is behind."""
    with IndexStore.writing(paths.index_db) as index:
        indexed = index.spec_revisions()
        behind = []
        for name, revision in revisions.items():
            if revision is None:
                revision = _stored_revision(paths, name)
            if revision != indexed.get(name, -1):
                behind.append(name)
        unknown = [name for name in behind if name not in indexed]
        known = KnowledgeFeed(paths)
        with working_ahead(paths, PREPARE, unknown) as answer:
            _sync_specs(paths, index, behind, answer, known)
        if everything:
            present = set(paths.spec_names())
            for name in indexed.keys() - present:
                with index.transaction():
                    index.remove_spec(name)
                    known.remove(name)
                    known.flush()
    return known.remarks


def _sync_specs(
    paths: WorkspacePaths, index: IndexStore, names: Sequence[str], answer: Answers, known: KnowledgeFeed
) -> None:
    """Several specs to a transaction, as each commit makes the full-text index merge what it has; none is
    begun once a transaction has kept other writers waiting for _LONGEST_HOLD_S."""
    waiting = list(reversed(names))
    writer = DocumentWriter(index)
    while waiting:
        with collector_at_rest(), index.transaction():
            started = time.monotonic()
            while waiting and time.monotonic() - started < _LONGEST_HOLD_S:
                name = waiting.pop()
                prepared = answer(name)
                _sync_spec(paths, writer, name, prepared if isinstance(prepared, dict) else {}, known)
            writer.flush()
            known.flush()


def _stored_revision(paths: WorkspacePaths, name: str) -> int:
    """Revision of a spec's database; -1 (which is that of no indexed spec) when there is none to read."""
    try:
        with SpecStore.reading(paths.spec_db(name)) as store:
            return -1 if store is None else store.revision()
    except SpwError:  # the harvest of that spec reports it
        return -1


def prepare_documents(paths: WorkspacePaths, name: str) -> Prepared:
    """What the index will hold of the files of a spec that it does not know yet."""
    prepared: Prepared = {}
    try:
        with collector_at_rest(), SpecStore.reading(paths.spec_db(name)) as store:
            for artifact in store.artifacts().values() if store else ():
                if store and is_indexed(Kind(artifact.artifact_type)):
                    prepared[_identity(artifact)] = _read_artifact(store, name, artifact)
    except SpwError:  # whoever writes the index comes to it again
        return {}
    return prepared


def _identity(artifact: StoredArtifact) -> tuple[str, str, str]:
    return artifact.area, artifact.rel_path, artifact.content_hash


@dataclass(slots=True)
class _Changes:
    """What a spec's row and documents in the index have to become."""

    spec: dict[str, Value]
    written: list[_Written] = field(default_factory=list)
    changed: list[tuple[int, dict[str, Value]]] = field(default_factory=list)
    outdated: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Written:
    """A new or changed document: its columns, its text, and the columns it had (none when it is new)."""

    columns: dict[str, Value]
    text: IndexedText
    old_id: int
    old: dict[str, Value]


def _sync_spec(
    paths: WorkspacePaths, writer: DocumentWriter, name: str, prepared: Prepared, known: KnowledgeFeed
) -> None:
    index = writer.index
    present = index.documents(SPEC_SOURCE, name)
    try:
        # The spec is read after the index was locked: whoever comes last has read the newest. And it is
        # read before the index is written, so that its damage is never taken for damage of the index.
        with SpecStore.reading(paths.spec_db(name)) as store:
            changes = None
            if store is not None:
                artifacts = store.artifacts()
                record = stored_record(store, name, artifacts.values())
                changes = _changes(store, record, artifacts, present, prepared)
                known.take(store, record)
    except SpwError:
        return  # the harvest of that spec reports it
    if changes is None:
        return
    index.delete_documents(changes.outdated)
    index.update_facets(changes.changed)
    for new in changes.written:
        words_changed = new.columns["title"] != new.old.get("title")
        writer.put(new.columns, new.text, replaces=new.old_id, words_changed=words_changed)
    index.put_spec(changes.spec)


def _changes(
    store: SpecStore,
    record: SpecRecord,
    artifacts: dict[tuple[str, str], StoredArtifact],
    present: dict[str, tuple[int, dict[str, Value]]],
    prepared: Prepared,
) -> _Changes:
    name = record.name
    changes = _Changes(_spec_row(store, record))

    def compare(columns: dict[str, Value], read: Callable[[], tuple[str, IndexedText]]) -> None:
        old_id, old = present.pop(str(columns["key"]), (0, {}))
        if old and old["content_hash"] == columns["content_hash"]:
            columns["title"] = old["title"]
            if columns != old:
                changes.changed.append((old_id, columns))
            return
        columns["title"], text = read()
        changes.written.append(_Written(columns, text, old_id, old))

    statuses = _statuses(record)
    tasks = _tasks(record)
    files = set()
    for artifact, removed_at in _indexed(store, record, artifacts):
        if not removed_at and artifact.area == Area.SPEC:
            files.add(artifact.rel_path)
        columns = _columns(name, artifact, statuses, tasks) | {"removed_at": removed_at}
        compare(columns, partial(_text_of, store, name, artifact, prepared))
    handoffs = store.contents((Kind.HANDOFF,))
    for run in record.runs:
        path = f"{run.path}/{HANDOFF_FILE}"
        handoff = handoffs.get((Area.SPEC, path)) if path in files else None
        if run.subagents and needs_card(run, decode_text(handoff or b"")[0]):
            compare(_card_columns(name, run, card_path(run, files)), partial(_read_card, name, run))
    changes.outdated += [document_id for document_id, _ in present.values()]
    return changes


def _text_of(
    store: SpecStore, spec: str, artifact: StoredArtifact, prepared: Prepared
) -> tuple[str, IndexedText]:
    return prepared.get(_identity(artifact)) or _read_artifact(store, spec, artifact)


def _read_artifact(store: SpecStore, spec: str, artifact: StoredArtifact) -> tuple[str, IndexedText]:
    content = _content(store, artifact) or b""
    title, chunks = read_document(Area(artifact.area), artifact.rel_path, content)
    return title, indexed_text(title, spec, chunks)


def _read_card(spec: str, run: Run) -> tuple[str, IndexedText]:
    title = card_title(run)
    return title, indexed_text(title, spec, card_chunks(run))


def _spec_row(store: SpecStore, record: SpecRecord) -> dict[str, Value]:
    summary = summarise(record)
    return {
        "name": record.name,
        "stage": summary.stage,
        "status": summary.status,
        "tasks_done": summary.tasks_done,
        "tasks_total": summary.tasks_total,
        "wave_current": summary.wave_current,
        "waves_total": summary.waves_total,
        "blocked": sum(wave.status == BLOCKED for wave in wave_states(record)),
        "next": _next_step(record, summary),
        "attention": json.dumps([asdict(item) for item in summary.attention], ensure_ascii=False),
        "updated_at": summary.updated_at,
        "harvested_at": store.meta().get("harvested_at", ""),
        "revision": store.revision(),
    }


def _next_step(record: SpecRecord, summary: SpecSummary) -> str:
    """What comes next, in words for whoever begins a session; empty for a spec that is complete."""
    step = next_wave(record)
    if summary.status == SpecStatus.DONE or not record.tasks:
        return ""
    tasks = f" ({', '.join(step.task_ids[:_SHOWN_TASKS])})" if step.task_ids else ""
    return clean_line(f"{step.action}, {step.reason}{tasks}")


def _indexed(
    store: SpecStore, record: SpecRecord, artifacts: dict[tuple[str, str], StoredArtifact]
) -> Iterator[tuple[StoredArtifact, str]]:
    """Those of the artifacts to search, each with the time at which it was removed, empty while it speaks.

    Where no completion summary is a file, the one that was stored.
    """
    speaking = {(document.area, document.path) for document in record.documents}
    summary = summary_artifact(store.meta())
    if summary and (key := (summary.area, summary.rel_path)) not in speaking:
        artifacts = {**artifacts, key: summary}
        speaking.add(key)
    for key, artifact in artifacts.items():
        if is_indexed(Kind(artifact.artifact_type)):
            yield artifact, "" if key in speaking else artifact.removed_at or ""


def _content(store: SpecStore, artifact: StoredArtifact) -> bytes | None:
    final = finalization(store.meta()) if artifact.id == NO_FILE else None
    return final.summary if final else store.content(artifact.area, artifact.rel_path)


def _columns(
    spec: str, artifact: StoredArtifact, statuses: Mapping[str, str], tasks: Mapping[str, str]
) -> dict[str, Value]:
    place = place_of(Area(artifact.area), artifact.rel_path)
    path = document_path(spec, artifact.area, artifact.rel_path)
    folder = f"{place.run}/{place.agent}" if place.agent else place.run
    return {
        "key": path,
        "source": SPEC_SOURCE,
        "path": path,
        "spec": spec,
        "doc_type": str(place.kind),
        "phase": place.phase,
        "command": place.command,
        "run": place.run.rpartition("/")[2],
        "wave": place.wave,
        "task": tasks.get(folder) or tasks.get(artifact.rel_path, ""),
        "agent": place.agent,
        "status": statuses.get(folder, ""),
        "title": "",
        "content_hash": artifact.content_hash,
        "updated_at": utc_text(artifact.mtime_ns),
        "removed_at": "",
    }


def _card_columns(spec: str, run: Run, path: str) -> dict[str, Value]:
    return {
        "key": f"run:{spec}/{run.path}",
        "source": SPEC_SOURCE,
        "path": document_path(spec, Area.SPEC, path) if path else "",
        "spec": spec,
        "doc_type": RUN_CARD,
        "phase": run.phase,
        "command": run.command,
        "run": run.run_id,
        "wave": run.wave,
        "task": "",
        "agent": "",
        "status": run.status,
        "title": "",
        "content_hash": card_hash(run),
        "updated_at": utc_text(run.updated_ns),
        "removed_at": "",
    }


def _statuses(record: SpecRecord) -> dict[str, str]:
    """Status of every run and subagent by its folder, for the facet of the files below it."""
    found = {run.path: run.status for run in record.runs}
    found.update({agent.path: agent.status for run in record.runs for agent in run.subagents})
    return found


def _tasks(record: SpecRecord) -> dict[str, str]:
    """Task id by implementation log, and by the folder of the subagent that is named after its task."""
    known = {task.id for task in record.tasks}
    found = {log.path: log.task_id for log in record.impl_logs if log.task_id}
    for run in record.runs:
        for agent in run.subagents:
            task = agent.name.rpartition("-")[2]
            if task in known:
                found[agent.path] = task
    return found
