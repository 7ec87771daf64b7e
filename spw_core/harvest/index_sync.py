"""From the spec databases into the index: rows of specs, documents and their chunks.

The index remembers which revision of each spec.db it was made from, so an interrupted or lost update is
made up for by the next harvest, and an unchanged spec costs one comparison.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from spw_core.domain.model import SpecRecord
from spw_core.domain.places import Area, Kind, Place, place_of
from spw_core.domain.summary import summarise, utc_text
from spw_core.domain.waves import wave_states
from spw_core.errors import CorruptStore, SpwError
from spw_core.formats.status import BLOCKED
from spw_core.harvest.finalized import NO_FILE, finalization, summary_artifact
from spw_core.harvest.stored import stored_record
from spw_core.search.documents import document_path, is_indexed, read_document
from spw_core.store.connection import move_aside
from spw_core.store.index import IndexStore
from spw_core.store.rows import Value
from spw_core.store.spec import SpecStore, StoredArtifact
from spw_core.workspace import WorkspacePaths

Revisions = Mapping[str, int | None]


def sync_index(paths: WorkspacePaths, revisions: Revisions, *, everything: bool) -> list[str]:
    """Bring the index up to date with the spec.db of some specs; returns remarks for the user.

    `revisions` says of each spec at which revision its database is, None where that must be looked up.
    With `everything`, specs that no longer exist leave the index. A damaged index is moved aside and
    built anew from all specs. Raises StoreError when it cannot be written.
    """
    try:
        _sync(paths, revisions, everything)
    except CorruptStore as error:
        moved = move_aside(paths.index_db)
        _sync(paths, dict.fromkeys(paths.spec_names()), everything=True)
        return [f"{error.message}; moved to {moved.name} and rebuilt"]
    return []


def _sync(paths: WorkspacePaths, revisions: Revisions, everything: bool) -> None:
    with IndexStore.writing(paths.index_db) as index:
        indexed = index.spec_revisions()
        for name, revision in revisions.items():
            if revision is None:
                revision = _stored_revision(paths, name)
            if revision != indexed.get(name, -1):
                with index.transaction():
                    _sync_spec(paths, index, name)
        if everything:
            present = set(paths.spec_names())
            for name in indexed.keys() - present:
                with index.transaction():
                    index.remove_spec(name)


def _stored_revision(paths: WorkspacePaths, name: str) -> int:
    """Revision of a spec's database; -1 (which is that of no indexed spec) when there is none to read."""
    try:
        with SpecStore.reading(paths.spec_db(name)) as store:
            return -1 if store is None else store.revision()
    except SpwError:  # the harvest of that spec reports it
        return -1


_Chunks = list[tuple[int, str, str]]


@dataclass(slots=True)
class _Changes:
    """What a spec's row and documents in the index have to become."""

    spec: dict[str, Value]
    added: list[tuple[dict[str, Value], _Chunks]] = field(default_factory=list)
    changed: list[tuple[int, dict[str, Value]]] = field(default_factory=list)
    outdated: list[int] = field(default_factory=list)


def _sync_spec(paths: WorkspacePaths, index: IndexStore, name: str) -> None:
    present = index.documents(name)
    try:
        # The spec is read after the index was locked: whoever comes last has read the newest. And it is
        # read before the index is written, so that its damage is never taken for damage of the index.
        with SpecStore.reading(paths.spec_db(name)) as store:
            changes = None if store is None else _changes(store, name, present)
    except SpwError:
        return  # the harvest of that spec reports it
    if changes is None:
        return
    index.delete_documents(changes.outdated)
    for document_id, columns in changes.changed:
        index.update_facets(document_id, columns)
    for columns, chunks in changes.added:
        index.add_document(columns, chunks)
    index.put_spec(changes.spec)


def _changes(store: SpecStore, name: str, present: dict[str, tuple[int, dict[str, Value]]]) -> _Changes:
    record = stored_record(store, name)
    changes = _Changes(_spec_row(store, record))
    statuses = _statuses(record)
    for artifact in _indexed(store, record):
        place = place_of(Area(artifact.area), artifact.rel_path)
        path = document_path(name, artifact.area, artifact.rel_path)
        columns = _columns(name, path, artifact, place, statuses)
        old_id, old = present.pop(path, (0, {}))
        if old and old["content_hash"] == artifact.content_hash:
            columns["title"] = old["title"]
            if columns != old:
                changes.changed.append((old_id, columns))
            continue
        if old:
            changes.outdated.append(old_id)
        content = _content(store, artifact)
        title, chunks = read_document(Area(artifact.area), artifact.rel_path, content or b"")
        columns["title"] = title
        changes.added.append((columns, [(chunk.line, chunk.heading, chunk.body) for chunk in chunks]))
    changes.outdated += [document_id for document_id, _ in present.values()]
    return changes


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
        "attention": json.dumps([asdict(item) for item in summary.attention], ensure_ascii=False),
        "updated_at": summary.updated_at,
        "harvested_at": store.meta().get("harvested_at", ""),
        "revision": store.revision(),
    }


def _indexed(store: SpecStore, record: SpecRecord) -> Iterator[StoredArtifact]:
    """The artifacts to search; where no completion summary is a file, the one that was stored."""
    speaking = {(document.area, document.path) for document in record.documents}
    artifacts = store.artifacts()
    summary = summary_artifact(store.meta())
    if summary and (key := (summary.area, summary.rel_path)) not in speaking:
        artifacts[key] = summary
        speaking.add(key)
    for key, artifact in artifacts.items():
        if key in speaking and is_indexed(Kind(artifact.artifact_type)):
            yield artifact


def _content(store: SpecStore, artifact: StoredArtifact) -> bytes | None:
    final = finalization(store.meta()) if artifact.id == NO_FILE else None
    return final.summary if final else store.content(artifact.area, artifact.rel_path)


def _columns(
    spec: str, path: str, artifact: StoredArtifact, place: Place, statuses: dict[str, str]
) -> dict[str, Value]:
    return {
        "path": path,
        "spec": spec,
        "doc_type": str(place.kind),
        "phase": place.phase,
        "command": place.command,
        "run": place.run.rpartition("/")[2],
        "wave": place.wave,
        "agent": place.agent,
        "status": statuses.get(f"{place.run}/{place.agent}" if place.agent else place.run, ""),
        "title": "",
        "content_hash": artifact.content_hash,
        "updated_at": utc_text(artifact.mtime_ns),
    }


def _statuses(record: SpecRecord) -> dict[str, str]:
    """Status of every run and subagent by its folder, for the facet of the files below it."""
    found = {run.path: run.status for run in record.runs}
    found.update({agent.path: agent.status for run in record.runs for agent in run.subagents})
    return found
