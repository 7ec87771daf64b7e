"""What a harvest did, for people and for `--json`."""

from __future__ import annotations

from dataclasses import dataclass, field

from spw_core.domain.model import FileError


@dataclass(slots=True)
class SpecReport:
    """What one harvest did to one spec. `changed` counts files that were stored, `new` those
    among them that were not there before. `failed` says why the spec could not be harvested at all;
    `revision` counts the harvests of its database that changed something."""

    spec: str
    files: int = 0
    changed: int = 0
    new: int = 0
    unchanged: int = 0
    removed: int = 0
    runs: int = 0
    subagents: int = 0
    handoffs: int = 0
    waves: int = 0
    tasks: int = 0
    impl_logs: int = 0
    approvals: int = 0
    errors: list[FileError] = field(default_factory=list)
    failed: str = ""
    revision: int | None = None


@dataclass(slots=True)
class HarvestReport:
    """All specs of one harvest, in order, remarks about the rest, and the time taken in seconds.

    `index_failed` says why the index could not be updated; the spec databases were.
    """

    specs: list[SpecReport] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    index_failed: str = ""
    elapsed_s: float = 0.0

    @property
    def ok(self) -> bool:
        return not self.index_failed and not any(report.failed for report in self.specs)
