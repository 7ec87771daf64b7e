"""Taking files into spec.db: what differs, reading it, storing it, and projecting the facts anew."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass

from spw_core.domain.model import FileError
from spw_core.domain.places import Area, Kind, Place, place_of
from spw_core.formats.json_object import load_json_object
from spw_core.formats.text_decode import decode_text
from spw_core.harvest.inside import Descent
from spw_core.harvest.project import READ_KINDS, project
from spw_core.harvest.read_file import FileContent, read_entry
from spw_core.harvest.rows import to_meta, to_rows
from spw_core.harvest.scan import FoundFile, Scan
from spw_core.harvest.stamps import stamps_of
from spw_core.harvest.stored import counted, empty_runs_now, stored_empty_runs, stored_sources
from spw_core.moments import utc_text
from spw_core.store.at_rest import RACY_NS
from spw_core.store.spec import EMPTY_RUNS, UNPROJECTED, NewContent, SpecStore, StoredArtifact


@dataclass(frozen=True, slots=True)
class Differences:
    """What a scan shows that the database does not know. False when there is nothing."""

    nothing_known: bool
    fresh: tuple[tuple[FoundFile, StoredArtifact | None], ...]
    removed: tuple[StoredArtifact, ...]
    scan_errors_changed: bool
    never_projected: bool
    was_unreadable: bool
    empty_runs_changed: bool

    def __bool__(self) -> bool:
        return bool(
            self.fresh
            or self.removed
            or self.scan_errors_changed
            or self.never_projected
            or self.was_unreadable
            or self.empty_runs_changed
        )


def differences(store: SpecStore, scan: Scan, limit: int) -> Differences:
    """Compare a scan with the database by size, time, inode and mode; no file is opened.

    A file that was too large to be stored differs when it is not above `limit` bytes any more.
    """
    known = store.artifacts()
    nothing_known = not known
    fresh = []
    for found in scan.files:
        artifact = known.pop((found.area, found.rel_path), None)
        if artifact is None or not is_unchanged(artifact, found) or has_room_now(artifact, limit):
            fresh.append((found, artifact))
    removed = [
        artifact
        for (area, rel_path), artifact in known.items()
        if artifact.removed_at is None and not scan.is_blind(Area(area), rel_path)
    ]
    meta = store.meta()
    fresh.sort(key=lambda pair: (pair[0].area, pair[0].rel_path))
    return Differences(
        nothing_known,
        tuple(fresh),
        tuple(removed),
        scan_errors_changed=meta.get(SCAN_ERRORS, "[]") != errors_text(scan.errors),
        never_projected=CREATED_AT not in meta or bool(meta.get(UNPROJECTED)),
        was_unreadable=bool(meta.get(UNREADABLE)),
        empty_runs_changed=stored_empty_runs(meta) != empty_runs_now(scan, meta),
    )


def take_in(
    store: SpecStore, name: str, scan: Scan, differing: Differences, limit: int
) -> tuple[int, int, int]:
    """Store what differs and project the facts; call it inside a transaction.

    Of files above `limit` bytes only the hash is stored. Returns how many are new, how many
    changed, the new ones among them, and how many were removed.
    """
    now = utc_text(time.time_ns())
    changed = removed = 0
    unreadable: list[FileError] = []
    spoken: dict[tuple[str, str], bytes | None] = {}

    def additions() -> Iterator[tuple[NewContent, str]]:
        nonlocal changed
        unknown = [found for found, artifact in differing.fresh if artifact is None]
        for found, content in read_all(scan, unknown, limit, unreadable):
            new = new_content(found.area, found.rel_path, content, time.time_ns())
            if new.artifact_type in READ_KINDS:
                spoken[found.area, found.rel_path] = new.content
            changed += 1
            yield new, utc_text(new.checked_ns)

    store.add(additions())
    new_ones = changed
    known = {found: artifact for found, artifact in differing.fresh if artifact is not None}
    for found, content in read_all(scan, known, limit, unreadable):
        changed += store_content(store, found.area, found.rel_path, known[found], content)
    for artifact in differing.removed:
        if not scan.is_there_now(Area(artifact.area), artifact.rel_path):
            store.mark_removed(artifact.id, now)
            removed += 1
    store.set_meta(
        {
            "name": name,
            SCAN_ERRORS: errors_text(scan.errors),
            # Kept until a harvest can read them, or no longer finds them.
            UNREADABLE: errors_text(unreadable) if unreadable else "",
            EMPTY_RUNS: json.dumps(empty_runs_now(scan, store.meta()), sort_keys=True),
            UNPROJECTED: "",
        }
    )
    _forget_former_lives(store)
    touched = project_anew(store, name, spoken if differing.nothing_known else None)
    meta = store.meta()
    if touched or changed or removed or CREATED_AT not in meta:
        store.set_meta(
            {
                "revision": str(store.next_revision()),
                "harvested_at": now,
                CREATED_AT: meta.get(CREATED_AT, now),
            }
        )
    return new_ones, changed, removed


def lacks_stamps(store: SpecStore, scan: Scan) -> bool:
    """True when what a scan saw is worth keeping, and is not what was kept."""
    stamps = stamps_of(scan, store.sealed_runs())
    return any(store.stamps(scope) != text for scope, text in stamps.items())


def keep_stamps(store: SpecStore, scan: Scan, limit: int) -> None:
    """Keep what a scan saw, if the database holds exactly that; call it inside a transaction."""
    if not differences(store, scan, limit):
        store.put_stamps(stamps_of(scan, store.sealed_runs()))


def read_all(
    scan: Scan, files: Iterable[FoundFile], limit: int, unreadable: list[FileError]
) -> Iterator[tuple[FoundFile, FileContent]]:
    """The files of a scan with what is in them now; those that cannot be read are added to `unreadable`."""
    with ExitStack() as stack:
        ways = {area: stack.enter_context(closing(Descent(top))) for area, top in scan.tops.items()}
        for found in files:
            try:
                yield found, read_entry(ways[found.area].entry(found.rel_path), limit=limit)
            except FileNotFoundError:
                continue  # gone since the scan: the next harvest will say so
            except OSError as error:
                unreadable.append(FileError(found.rel_path, f"cannot be read: {error.strerror or error}"))


def _forget_former_lives(store: SpecStore) -> None:
    """A run that was cleaned away and dispatched again is a new one: what it was is only remembered."""
    cleaned = store.artifacts(only_cleaned=True)
    if cleaned:
        speaking = {artifact.id for artifact in counted(store.artifacts().values())}
        store.mark_cleaned(
            [artifact.id for artifact in cleaned.values() if artifact.id not in speaking], None
        )


def project_anew(
    store: SpecStore, name: str, contents: Mapping[tuple[str, str], bytes | None] | None = None
) -> int:
    """Make all projections from the artifacts alone; returns how many rows differed. Inside a transaction.

    `contents` are the bytes of all artifacts in READ_KINDS, where the caller has them at hand.
    """
    known = list(store.artifacts().values())
    for place_in_list, artifact in enumerate(known):
        # Taken over from another tool, or stored by a version that knew less.
        place = place_of(Area(artifact.area), artifact.rel_path)
        if artifact.artifact_type != place.kind:
            store.reclassify(artifact.id, place.phase, place.kind)
            known[place_in_list] = artifact._replace(artifact_type=place.kind)
    artifacts = counted(known)
    sources, errors = stored_sources(store, artifacts, contents), stored_errors(store, artifacts)
    record = project(name, sources, errors, stored_empty_runs(store.meta()))
    store.set_meta(to_meta(record))
    return store.replace_projections(to_rows(record))


def is_unchanged(artifact: StoredArtifact, found: FoundFile) -> bool:
    """True when a file on disk has the stored bytes, by what can be told without opening it."""
    same = (
        artifact.removed_at is None
        and artifact.cleaned_at is None  # marked by a cleanup that was interrupted
        and artifact.size == found.size
        and artifact.mtime_ns == found.mtime_ns
        and artifact.inode == found.inode
        and artifact.mode == found.mode
    )
    return same and artifact.mtime_ns < artifact.checked_ns - RACY_NS


def has_room_now(artifact: StoredArtifact, limit: int) -> bool:
    """True for a file that was too large to be stored, and is so no more since the limit was raised."""
    return artifact.problem == TOO_LARGE and artifact.size <= limit


def store_content(
    store: SpecStore, area: Area, rel_path: str, artifact: StoredArtifact, content: FileContent
) -> bool:
    """Store a known file that was read; False when its bytes were the stored ones. Inside a transaction."""
    checked_ns = time.time_ns()
    if artifact.content_hash == content.content_hash and not (
        artifact.problem == TOO_LARGE and content.content is not None
    ):
        store.touch(artifact.id, content.mtime_ns, content.inode, content.mode, checked_ns)
        return artifact.removed_at is not None
    store.replace(artifact.id, new_content(area, rel_path, content, checked_ns), utc_text(checked_ns))
    return True


def new_content(area: Area, rel_path: str, content: FileContent, checked_ns: int) -> NewContent:
    place = place_of(area, rel_path)
    return NewContent(
        area=area,
        rel_path=rel_path,
        phase=place.phase,
        artifact_type=place.kind,
        content=content.content,
        content_hash=content.content_hash,
        size=content.size,
        mtime_ns=content.mtime_ns,
        inode=content.inode,
        mode=content.mode,
        checked_ns=checked_ns,
        problem=_content_problem(place, rel_path, content),
    )


def _content_problem(place: Place, rel_path: str, content: FileContent) -> str | None:
    """Why bytes that no reader looks at cannot be understood; the readers report the others themselves."""
    if content.content is None:
        return TOO_LARGE
    if place.kind in READ_KINDS and (not place.special or place.kind is Kind.ITERATION_STATE):
        return None
    name = rel_path.lower()
    if name.endswith(".json"):
        problems = load_json_object(content.content)[1]
    elif name.endswith((".md", ".markdown")):
        problems = decode_text(content.content)[1]
    else:
        return None
    return "; ".join(str(problem) for problem in problems) or None


def stored_errors(store: SpecStore, artifacts: Iterable[StoredArtifact]) -> list[FileError]:
    """What was wrong at the last harvest that no reader of contents will find again."""
    meta = store.meta()
    texts = (meta.get(SCAN_ERRORS), meta.get(UNREADABLE))
    found = [FileError(*error) for text in texts if text for error in json.loads(text)]
    return found + [
        FileError(artifact.rel_path, artifact.problem) for artifact in artifacts if artifact.problem
    ]


TOO_LARGE = "larger than store.max_file_mb allows; recorded by its hash, not stored"
SCAN_ERRORS = "scan_errors"
UNREADABLE = "unreadable"
CREATED_AT = "created_at"


def errors_text(errors: Iterable[FileError]) -> str:
    return json.dumps(sorted([error.path, error.error] for error in errors), ensure_ascii=False)
