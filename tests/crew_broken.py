"""What helpers of a test do instead of their work: at the second name each goes wrong in its own way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from spw_core.harvest.harvest import harvest_or_report
from spw_core.harvest.index_sync import prepare_documents
from spw_core.workspace import WorkspacePaths

_Work = Callable[[WorkspacePaths, str], object]
_calls = count(1)


def _raise(error: BaseException) -> object:
    raise error


_WAYS: dict[str, Callable[[], object]] = {
    "raises": lambda: _raise(RuntimeError("injected")),
    "runs_out": lambda: _raise(MemoryError()),
    "exits": lambda: _raise(SystemExit(0)),
    "cannot_tell": lambda: lambda: None,  # no function can be pickled by its value
    "says_nonsense": lambda: "no answer to that",
}


def _broken(work: _Work, go_wrong: Callable[[], object]) -> _Work:
    return lambda paths, name: go_wrong() if next(_calls) == 2 else work(paths, name)


# By names that a task can have: `harvest_raises`, `prepare_exits`, …
for _way, _go_wrong in _WAYS.items():
    globals()[f"harvest_{_way}"] = _broken(harvest_or_report, _go_wrong)
    globals()[f"prepare_{_way}"] = _broken(prepare_documents, _go_wrong)
