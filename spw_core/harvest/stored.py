"""Reading facts out of an open spec.db, and the rule for files that are stored but no longer on disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from spw_core.domain.model import Document, SpecRecord
from spw_core.domain.places import Area, Kind, place_of
from spw_core.errors import CorruptStore
from spw_core.harvest.finalized import as_finalized
from spw_core.harvest.project import READ_KINDS, Source
from spw_core.harvest.rows import from_rows, from_wave_facts
from spw_core.harvest.scan import Scan
from spw_core.moments import utc_text
from spw_core.names import DASHBOARDS
from spw_core.store.content import REPAIR_HINT
from spw_core.store.spec import EMPTY_RUNS, SpecStore, StoredArtifact

_WAVE_AND_LOG_KINDS = frozenset((Kind.IMPL_LOG, Kind.WAVE_SUMMARY, Kind.WAVE_LATEST))


def counted(artifacts: Iterable[StoredArtifact]) -> list[StoredArtifact]:
    """The artifacts that still speak for their spec: those on disk, and those that are remembered.

    What `spw cleanup` removed is, unless its run was dispatched anew since. Of what others removed, logs
    and wave files are, because the work ends with their going, and dashboards, which may be on another
    branch; a run is when it was complete and nothing of it is left on disk, so that a run that was deleted
    and dispatched again does not show subagents of its former life. Everything else that was deleted, an
    answered approval request above all, has nothing more to say.
    """
    known = list(artifacts)
    places = [place_of(Area(artifact.area), artifact.rel_path) for artifact in known]
    runs_on_disk = {
        place.run for artifact, place in zip(known, places, strict=True) if artifact.removed_at is None
    }
    complete_runs = {place.run for place in places if place.kind is Kind.HANDOFF and not place.special}
    remembered_runs = complete_runs - runs_on_disk
    anew = begun_anew(known, ((a.rel_path, a.mtime_ns) for a in known if a.removed_at is None))
    kept = []
    for artifact, place in zip(known, places, strict=True):
        if artifact.removed_at is not None:
            if artifact.cleaned_at is not None:
                remembered = place.run not in anew
            elif place.run:
                remembered = place.run in remembered_runs
            else:
                remembered = place.kind in _WAVE_AND_LOG_KINDS or artifact.rel_path in DASHBOARDS
            if not remembered:
                continue
        kept.append(artifact)
    return kept


def begun_anew(artifacts: Iterable[StoredArtifact], on_disk: Iterable[tuple[str, int]]) -> set[str]:
    """Folders of the runs that were cleaned away and have been dispatched again under the same number.

    `on_disk` are the files there now, each (path, modification time in ns): one that is younger than the
    cleanup of its run was written for a new one. What a cleanup kept, or a restore brought back, is older.
    """
    cleaned: dict[str, str] = {}
    for artifact in artifacts:
        if artifact.cleaned_at and (run := place_of(Area(artifact.area), artifact.rel_path).run):
            cleaned[run] = max(cleaned.get(run, ""), artifact.cleaned_at)
    if not cleaned:
        return set()
    return {
        run
        for rel_path, mtime_ns in on_disk
        if (run := place_of(Area.SPEC, rel_path).run) in cleaned and utc_text(mtime_ns) > cleaned[run]
    }


def stored_documents(artifacts: Iterable[StoredArtifact]) -> list[Document]:
    """The documents of a record, ordered by area and path."""
    documents = [
        Document(
            artifact.area,
            artifact.rel_path,
            Kind(artifact.artifact_type),
            artifact.size,
            artifact.mtime_ns,
            on_disk=artifact.removed_at is None,
        )
        for artifact in counted(artifacts)
    ]
    return sorted(documents, key=lambda document: (document.area, document.path))


def stored_sources(
    store: SpecStore,
    artifacts: Iterable[StoredArtifact],
    contents: Mapping[tuple[str, str], bytes | None] | None = None,
) -> list[Source]:
    """The artifacts that count as sources to project, with the bytes of the kinds that are read: the stored
    ones, unless they are given."""
    if contents is None:
        contents = store.contents(READ_KINDS)
    return [
        Source(
            Area(artifact.area),
            artifact.rel_path,
            artifact.size,
            artifact.mtime_ns,
            contents.get((artifact.area, artifact.rel_path)),
            on_disk=artifact.removed_at is None,
        )
        for artifact in counted(artifacts)
    ]


def stored_empty_runs(meta: Mapping[str, str]) -> dict[str, int]:
    """Folders of the runs that held no file, with the time (ns) they were made."""
    try:
        return {str(path): int(made_ns) for path, made_ns in json.loads(meta.get(EMPTY_RUNS, "{}")).items()}
    except (ValueError, TypeError, AttributeError):  # no harvest wrote this; the next one writes it anew
        return {}


def empty_runs_now(scan: Scan, meta: Mapping[str, str]) -> dict[str, int]:
    """As `stored_empty_runs`, but as the scan found them, where it could look."""
    return stored_empty_runs(meta) if scan.database_alone else scan.empty_runs


def stored_record(
    store: SpecStore, name: str, artifacts: Iterable[StoredArtifact] | None = None
) -> SpecRecord:
    """The facts as of the last harvest, and the completion that was stored since.

    `artifacts` are those of the store where they were read already. Raises CorruptStore when the rows make no
    sense.
    """
    with _doubting(name):
        meta = store.meta()
        documents = stored_documents(store.artifacts().values() if artifacts is None else artifacts)
        return as_finalized(from_rows(name, store.projections(), meta, documents), meta)


def stored_wave_facts(store: SpecStore, name: str) -> SpecRecord:
    """As `stored_record`, but only what the states of the waves follow from is told in it."""
    with _doubting(name):
        return from_wave_facts(name, store.wave_facts())


@contextmanager
def _doubting(name: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        message = f"the database of {name} holds what no harvest wrote: {error}"
        raise CorruptStore(message, REPAIR_HINT) from error
