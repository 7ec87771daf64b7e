"""Which spec the session is working on: what a command said, else the branch, else the newest file.

The cost is bounded: beyond `SCAN_LIMIT` specs the newest comes from the index, not from the disk.
Git's diff against the base branch, which the Go tool asked second, is left out: it needs a
subprocess, is empty on a pushed branch and may name a spec that the branch deleted.
"""

import os
import time

from spw_core.hook.index import Index
from spw_core.hook.places import CACHE_FILES, is_spec, read_small
from spw_core.hook.settings import Settings
from spw_core.names import DASHBOARDS, is_valid_name

SCAN_LIMIT = 64


def active_spec(workflow: str, specs: str, session_dir: str, index: Index, settings: Settings) -> str:
    """Name of the active spec, or "" when there is none."""
    return (
        cached_spec(workflow, specs, settings)
        or _branch_spec(session_dir, specs)
        or newest_spec(specs, index)
    )


def cached_spec(workflow: str, specs: str, settings: Settings) -> str:
    """The spec named by the newest cache file whose spec still exists."""
    found = []
    for name in CACHE_FILES:
        data = read_small(os.path.join(workflow, name))
        if data:
            from spw_core.hook.payload import parse_cache

            spec, moment = parse_cache(data)
            found.append((moment, spec))
    sticky = settings.is_on("statusline.sticky_spec")
    oldest = 0.0 if sticky else (time.time() - settings.number("statusline.cache_ttl_seconds", 10)) * 1000
    for moment, spec in sorted(found, reverse=True):
        if moment > 0 and moment >= oldest and is_spec(specs, spec):
            return spec
    return ""


def newest_spec(specs: str, index: Index) -> str:
    """The spec whose dashboard files changed last; by the index where there are too many to look at."""
    names = _spec_names(specs)
    if len(names) > SCAN_LIMIT:
        return next((name for name in index.latest() if is_spec(specs, name)), "")
    newest, spec = 0, ""
    for name in names:
        for document in DASHBOARDS:
            try:
                modified = os.stat(f"{specs}/{name}/{document}").st_mtime_ns
            except OSError:  # not written yet, or not a folder
                continue
            if modified > newest:
                newest, spec = modified, name
    return spec


def _spec_names(specs: str) -> list[str]:
    """Valid names under `specs`, at most one more than `SCAN_LIMIT`."""
    names: list[str] = []
    with os.scandir(specs) as entries:
        for entry in entries:
            if is_valid_name(entry.name):
                names.append(entry.name)
                if len(names) > SCAN_LIMIT:
                    break
    return names


def _branch_spec(session_dir: str, specs: str) -> str:
    from spw_core.hook.branch import current_branch, spec_of_branch

    branch = current_branch(session_dir)
    return spec_of_branch(branch, specs) if branch else ""
