"""Following a workspace: a run is harvested when its handoff appears, other changes when they settle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from spw_core.domain.places import Area, Kind, place_of
from spw_core.errors import SpecNotFound, StoreError
from spw_core.harvest.harvest import harvest
from spw_core.harvest.report import SpecReport
from spw_core.harvest.scan import scan_spec
from spw_core.store.spec import SpecStore
from spw_core.workspace import WorkspacePaths

_Seen = dict[tuple[Area, str], tuple[int, int]]


def watch(
    paths: WorkspacePaths, *, interval_s: float = 2.0, sleep: Callable[[float], None] = time.sleep
) -> Iterator[SpecReport]:
    """Yield a report for each spec that was harvested; runs until the caller stops asking.

    Everything is harvested once at the start. From then on a look costs one `stat` for each file outside
    sealed runs. A handoff that was not there before is taken at once, because then the run is
    complete; any other change when the next look finds nothing newer.
    """
    yield from harvest(paths).specs
    before: dict[str, _Seen] = {}
    waiting: set[str] = set()
    while True:
        due = []
        names = paths.spec_names()
        for name in names:
            now = _look(paths, name)
            old = before.get(name)
            before[name] = now
            if old is None or old == now:
                if name in waiting or (old is None and now):
                    due.append(name)
            elif _has_new_handoff(old, now):
                due.append(name)
            else:
                waiting.add(name)
        if due:
            waiting.difference_update(due)
            try:
                reports = harvest(paths, due).specs
            except SpecNotFound:  # deleted since the look, which the next one will see
                waiting.update(due)
                reports = []
            yield from filter(_did_something, reports)
        sleep(interval_s)


def _look(paths: WorkspacePaths, name: str) -> _Seen:
    try:
        with SpecStore.reading(paths.spec_db(name)) as store:
            sealed = store.sealed_runs() if store else set()
    except StoreError:
        sealed = set()  # the next harvest reports it
    return {
        (file.area, file.rel_path): (file.size, file.mtime_ns)
        for file in scan_spec(paths, name, sealed).files
    }


def _has_new_handoff(old: _Seen, new: _Seen) -> bool:
    return any(place_of(*key).kind is Kind.HANDOFF for key in new.keys() - old.keys())


def _did_something(report: SpecReport) -> bool:
    return bool(report.changed or report.removed or report.failed)
