"""The runs of a spec that somebody just worked on, and what each still lacks.

The cost is bounded: a spec's old waves cost two `stat` each, its old runs one, and of a folder of runs
only the newest is looked into as a whole.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HANDOFF = "_handoff.md"
_AGENT_FILES = ("brief.md", "report.md", "status.json")
_PHASES = ("prd", "discover", "design", "planning", "qa", "post-mortem")
_STAGES = ("execution", "checkpoint", "post-check")
_NEWEST_WAVES = 2
_MAX_ENTRIES = 500


class RunState:
    """A run: its path relative to `specs/`, what it lacks, and when it was handed off (0: not yet)."""

    __slots__ = ("handed_off", "issues", "path")

    def __init__(self, path: str, issues: list[str], handed_off: float) -> None:
        self.path = path
        self.issues = issues
        self.handed_off = handed_off


def recent_runs(specs: str, spec: str, since: float) -> "Iterator[RunState]":
    """The runs of a spec that changed since a time (epoch seconds), in the order of their paths."""
    for folder in run_folders(f"{specs}/{spec}", since):
        runs = _numbered(folder, "run-")
        for position, (_, name) in enumerate(runs):
            path = f"{folder}/{name}"
            issues, handed_off, newest = look_into(path, deep=position == len(runs) - 1, since=since)
            if newest >= since:
                yield RunState(path[len(specs) + 1 :], issues, handed_off)


def run_folders(spec: str, since: float) -> "Iterator[str]":
    """The folders of a spec that hold runs; of old waves, only those that got a run since a time."""
    for phase in _PHASES:
        comms = f"{spec}/{phase}/_comms"
        names = _folders(comms)
        if any(_number(name, "run-") is not None for name in names):
            yield comms
        for name in names:
            if _number(name, "run-") is None and not name.startswith((".", "_")):
                yield f"{comms}/{name}"
                for _, wave in _numbered(f"{comms}/{name}/waves", "wave-") if name == "qa-exec" else ():
                    yield f"{comms}/{name}/waves/{wave}"
    waves = _numbered(f"{spec}/execution/waves", "wave-")
    for position, (_, wave) in enumerate(waves):
        is_newest = position >= len(waves) - _NEWEST_WAVES
        for stage in _STAGES:
            folder = f"{spec}/execution/waves/{wave}/{stage}"
            if is_newest or _modified(folder) >= since:
                yield folder


def look_into(run: str, *, deep: bool, since: float) -> tuple[list[str], float, float]:
    """(what a run lacks, time of its handoff or 0, time of its last change), in epoch seconds.

    Without `deep` only the folder's own time counts, and when that is before `since`, nothing else is read.
    """
    newest = _modified(run)
    if newest < since and not deep:
        return [], 0.0, newest
    handed_off = _modified(f"{run}/{HANDOFF}")
    issues = [] if handed_off else [f"missing {HANDOFF}"]
    newest = max(newest, handed_off)
    for name in sorted(_folders(run)):
        if name.startswith(("_", ".")):
            continue
        missing = []
        for file in _AGENT_FILES:
            modified = _modified(f"{run}/{name}/{file}")
            newest = max(newest, modified)
            if not modified:
                missing.append(file)
        newest = max(newest, _modified(f"{run}/{name}"))
        if missing:
            issues.append(f"{name}: missing {', '.join(missing)}")
    return issues, handed_off, newest


def _modified(path: str) -> float:
    """Time of the last change; 0 when there is no such thing."""
    try:
        return os.lstat(path).st_mtime
    except (OSError, ValueError):
        return 0.0


def _folders(path: str) -> list[str]:
    """Names of the folders in a folder, at most `_MAX_ENTRIES`; links are none."""
    names: list[str] = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    names.append(entry.name)
                    if len(names) == _MAX_ENTRIES:
                        break
    except OSError:  # not made yet
        return names
    return sorted(names)


def _numbered(path: str, prefix: str) -> list[tuple[int, str]]:
    """(number, name) of the folders called by a prefix and a number, ascending."""
    found = ((_number(name, prefix), name) for name in _folders(path))
    return sorted((number, name) for number, name in found if number is not None)


def _number(name: str, prefix: str) -> "int | None":
    digits = name.removeprefix(prefix) if name.startswith(prefix) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
