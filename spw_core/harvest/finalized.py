"""The completion that `spw finalize` stored: it lives in the table spec_meta and outlives every file.

`completed_at` there is what the files say at each harvest. The keys below are written once and win.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from spw_core.digest import sha256_hex
from spw_core.domain.model import SpecRecord
from spw_core.domain.places import Area, Kind
from spw_core.moments import nanoseconds
from spw_core.store.spec import SpecStore, StoredArtifact
from spw_core.summaries.completion import COMPLETION_FILE

_FINALIZED_AT = "finalized_at"
_SUMMARY = "completion_summary"
_OVERRULED = "finalized_despite"

# The row id of an artifact that stands for the stored summary and has no row.
NO_FILE = 0

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Finalization:
    """When a spec was finalized (fixed-width UTC text), its completion summary, frontmatter included, and
    the reasons against it that were overruled."""

    at: str
    summary: bytes
    overruled: tuple[str, ...] = ()


def finalization(meta: Mapping[str, str]) -> Finalization | None:
    """What the rows of spec_meta say; None for a spec that was never finalized."""
    at = meta.get(_FINALIZED_AT, "")
    if not at:
        return None
    try:
        overruled = tuple(map(str, json.loads(meta.get(_OVERRULED, "[]"))))
    except (ValueError, TypeError):  # a database may hold anything; then they are asked about again
        overruled = ()
    return Finalization(at, meta.get(_SUMMARY, "").encode(), overruled)


def as_finalized(record: SpecRecord, meta: Mapping[str, str]) -> SpecRecord:
    """`record` with the completion that is stored, if there is one."""
    stored = finalization(meta)
    return replace(record, completed_at=stored.at) if stored else record


def store_finalization(store: SpecStore, new: Finalization) -> bool:
    """Remember a completion; False when it was known. Inside a transaction."""
    if finalization(store.meta()) == new:
        return False
    store.set_meta(
        {
            _FINALIZED_AT: new.at,
            _SUMMARY: new.summary.decode(),
            _OVERRULED: json.dumps(new.overruled, ensure_ascii=False),
            "status": "completed",
            "stage": "complete",
            # The index looks at a spec again when its revision has changed.
            "revision": str(store.next_revision()),
        }
    )
    return True


def summary_artifact(meta: Mapping[str, str]) -> StoredArtifact | None:
    """The stored summary as the index sees files: as one that is no longer on disk."""
    stored = finalization(meta)
    if stored is None:
        return None
    return StoredArtifact(
        id=NO_FILE,
        area=Area.SPEC,
        rel_path=COMPLETION_FILE,
        artifact_type=Kind.COMPLETION_SUMMARY,
        content_hash=sha256_hex(stored.summary),
        size=len(stored.summary),
        mtime_ns=nanoseconds(stored.at) or 0,
        inode=0,
        mode=0,
        checked_ns=0,
        removed_at=stored.at,
        cleaned_at=stored.at,
        problem=None,
    )
