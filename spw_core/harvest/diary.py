"""What happened to a spec besides the work on it: what harvests stored, and what went wrong in hooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from spw_core.domain.places import Area
from spw_core.store.spec import SpecStore, StoredVersion
from spw_core.user_dirs import hook_log
from spw_core.workspace import WorkspacePaths

# A harvest stores one file after the other; longer than this passes only between two harvests.
_PAUSE_S = 10.0
_HOOK_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) \d+ ([^:]+): (.+)")


@dataclass(frozen=True, slots=True)
class Harvested:
    """What one harvest stored until `at` (UTC text): numbers of files, and the first paths among them,
    relative to the spec (what belongs to approvals is only counted)."""

    at: str
    new: int
    changed: int
    removed: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HookError:
    """A line of the hooks' own log. `at` (UTC text) and `event` are empty for what another program wrote."""

    at: str
    event: str
    text: str


@dataclass(slots=True)
class _Stored:
    at: str
    kind: str
    area: str
    path: str


def harvests(paths: WorkspacePaths, name: str, limit: int) -> list[Harvested]:
    """The harvests that stored something, the newest first; none for a spec that was never harvested.

    Told from when each version was stored. Raises StoreError.
    """
    with SpecStore.reading(paths.spec_db(name)) as store:
        events = sorted(_events(store.versions()), key=lambda event: event.at) if store else []
    found: list[list[_Stored]] = []
    for event in events:
        if not found or _seconds_between(found[-1][-1].at, event.at) > _PAUSE_S:
            found.append([])
        found[-1].append(event)
    return [_harvested(group) for group in reversed(found[-limit:])]


def _events(versions: list[StoredVersion]) -> Iterator[_Stored]:
    known: set[tuple[str, str]] = set()
    for version in versions:  # of each file the newest last
        key = (version.area, version.rel_path)
        yield _Stored(version.since, "changed" if key in known else "new", *key)
        known.add(key)
        if version.is_current and version.until:
            yield _Stored(version.until, "removed", *key)


def _harvested(group: list[_Stored]) -> Harvested:
    kinds = [event.kind for event in group]
    paths = tuple(dict.fromkeys(event.path for event in group if event.area == Area.SPEC))[:3]
    return Harvested(group[-1].at, kinds.count("new"), kinds.count("changed"), kinds.count("removed"), paths)


def _seconds_between(earlier: str, later: str) -> float:
    return (_moment(later) - _moment(earlier)).total_seconds()


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # a database may hold anything
        return datetime.min.replace(tzinfo=UTC)


def hook_errors(limit: int) -> list[HookError]:
    """The newest lines of the hooks' log, the newest first. One log for all workspaces of the user."""
    try:
        lines = Path(hook_log()).read_text("utf-8", "replace").splitlines()
    except OSError:  # nothing ever went wrong
        return []
    found = []
    for line in reversed(lines[-limit:]):
        match = _HOOK_LINE.fullmatch(line)
        found.append(HookError(match[1], match[2], match[3]) if match else HookError("", "", line))
    return found
