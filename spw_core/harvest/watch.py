"""Following a workspace: a run is harvested when its handoff appears, other changes when they settle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from spw_core.domain.places import Area, Kind, place_of
from spw_core.errors import SpwError
from spw_core.harvest.glance import glance
from spw_core.harvest.harvest import harvest
from spw_core.harvest.report import HarvestReport, SpecReport
from spw_core.workspace import WorkspacePaths

_Seen = Mapping[tuple[Area, str], tuple[int, int, int]]


def watch(
    paths: WorkspacePaths, *, interval_s: float = 2.0, sleep: Callable[[float], None] = time.sleep
) -> Iterator[HarvestReport]:
    """Yield a report of each harvest that did something; runs until the caller stops asking.

    Everything is harvested once at the start. From then on a look costs one `stat` for each file outside
    sealed runs. A handoff that was not there before is taken at once, because then the run is
    complete; any other change when the next look finds nothing newer. What failed is tried again at every
    look, and told when it fails in another way, or no longer.
    """
    first = harvest(paths)
    told = _failures(first)
    yield first
    before: dict[str, _Seen] = {}
    waiting = _failed(first)
    while True:
        due = []
        for name in paths.spec_names():
            try:
                now = _look(paths, name)
            except SpwError:  # the folder has just become a link; the harvest says so
                now = {}
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
                report = harvest(paths, due)
            except SpwError:  # deleted since the look, which the next one will see
                waiting.update(due)
            else:
                waiting |= _failed(report)
                report.specs = [spec for spec in report.specs if _did_something(spec, told)]
                failed_before, told = told, _failures(report)
                if report.index_failed == failed_before.get(""):
                    report.index_failed = ""
                if report.specs or report.index_failed or report.remarks:
                    yield report
        sleep(interval_s)


def _failures(report: HarvestReport) -> dict[str, str]:
    """What failed, by spec; under the empty name what failed with the index."""
    failed = {spec.spec: spec.failed for spec in report.specs if spec.failed}
    return failed | ({"": report.index_failed} if report.index_failed else {})


def _failed(report: HarvestReport) -> set[str]:
    """The specs to harvest again; when the index failed, all of them."""
    return {spec.spec for spec in report.specs if spec.failed or report.index_failed}


def _look(paths: WorkspacePaths, name: str) -> _Seen:
    return glance(paths, name).files


def _has_new_handoff(old: _Seen, new: _Seen) -> bool:
    return any(place_of(*key).kind is Kind.HANDOFF for key in new.keys() - old.keys())


def _did_something(report: SpecReport, told: Mapping[str, str]) -> bool:
    return bool(report.changed or report.removed or report.failed != told.get(report.spec, ""))
