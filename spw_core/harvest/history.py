"""The versions of a document: what the database kept of it, its approval snapshots, the file as it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from spw_core.domain.model import SpecRecord
from spw_core.domain.places import Area, Kind
from spw_core.errors import DocumentNotFound, StoreError
from spw_core.formats.approvals import doc_type_of, parse_snapshot
from spw_core.formats.text_decode import decode_text
from spw_core.harvest.reading import read_document, read_live
from spw_core.store.spec import SpecStore
from spw_core.workspace import WorkspacePaths

STORED = "stored"
APPROVAL = "approval"
CURRENT = "current"


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """One text that a document had. `source` is `stored`, `approval` or `current`; `note` says more, as
    `snapshot 2, approved`. `since` is UTC text; of a snapshot it is when the snapshot was taken."""

    source: str
    since: str
    note: str
    text: str

    @property
    def is_current(self) -> bool:
        """True for the file as it is now."""
        return self.source == CURRENT

    @property
    def is_approval(self) -> bool:
        """True for what somebody was asked to approve."""
        return self.source == APPROVAL


def version_counts(paths: WorkspacePaths, name: str) -> Counter[tuple[str, str]]:
    """How many texts each (area, path) had that were stored; nothing for a spec that was never harvested."""
    with SpecStore.reading(paths.spec_db(name)) as store:
        return Counter((v.area, v.rel_path) for v in store.versions()) if store else Counter()


def document_versions(
    paths: WorkspacePaths, record: SpecRecord, path: str, area: Area = Area.SPEC
) -> list[DocumentVersion]:
    """Every text of a document, the newest first; equal texts in a row are told once. Empty for an unknown
    document. A database that cannot be read leaves the snapshots and the file."""
    try:
        found = _stored(paths, record.name, area, path)
    except StoreError:
        found = []
    if area is Area.SPEC:
        found += _snapshots(paths, record, path)
    found.sort(key=lambda version: version.since)
    live = read_live(paths, record.name, area, path)
    if live is not None:
        text = decode_text(live)[0]
        while found and found[-1].source == STORED and found[-1].text == text:
            found.pop()
        found.append(DocumentVersion(CURRENT, "", "the file as it is", text))
    found.reverse()
    return found


def _stored(paths: WorkspacePaths, name: str, area: Area, path: str) -> list[DocumentVersion]:
    with SpecStore.reading(paths.spec_db(name)) as store:
        if store is None:
            return []
        kept = [v for v in store.versions() if (v.area, v.rel_path) == (area, path)]
        return [
            DocumentVersion(STORED, version.since, "kept by a harvest", decode_text(content)[0])
            for version in kept
            if (content := store.version_bytes(version)) is not None
        ]


def _snapshots(paths: WorkspacePaths, record: SpecRecord, path: str) -> list[DocumentVersion]:
    """The snapshots of the document's approvals. They are kept by the document's name alone, so only a
    document at the top of the spec has any."""
    if "/" in path:
        return []
    found = []
    for document in record.documents:
        is_snapshot = document.area == Area.APPROVALS and document.kind is Kind.SNAPSHOT
        if not is_snapshot or doc_type_of(document.path.split("/")[-2]) != doc_type_of(path):
            continue
        try:
            data = read_document(paths, record.name, Area.APPROVALS, document.path)
        except DocumentNotFound:
            continue  # it went away between the two looks
        snapshot, _ = parse_snapshot(data)
        if snapshot:
            note = f"snapshot {snapshot.version}" + (f", {snapshot.trigger}" if snapshot.trigger else "")
            found.append(DocumentVersion(APPROVAL, snapshot.taken_at, note, snapshot.content))
    return found
