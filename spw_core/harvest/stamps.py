"""What a harvest saw, as numbers: by `lstat` alone these tell whether anything is different now.

A file that was written changes its time or size, one that came or went the time of its folder. So when every
stamp fits there is nothing to list and nothing to compare, and the database is what the disk is. The stamps
are kept only of a moment when that was so (`settled`), and everything that writes rows of files drops them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from spw_core.domain.places import Area
from spw_core.harvest.scan import Scan, is_ours, is_temporary
from spw_core.store.at_rest import RACY_NS
from spw_core.store.spec import SpecStore

OPEN = "open"
SEALED = "sealed"


def stamps_of(scan: Scan, sealed: Collection[str]) -> dict[str, str]:
    """The stamps of everything in a scan as texts, by scope: outside and inside sealed runs.

    Empty when they would prove nothing: when something could not be examined, or a folder was changed so
    shortly before that it may change again without a visible change of its time.
    """
    if scan.errors or any(folder.mtime_ns >= scan.started_ns - RACY_NS for folder in scan.folders):
        return {}
    inside: set[str] = set()  # only the folder of the spec has runs
    folders: dict[str, list[list[object]]] = {OPEN: [], SEALED: []}
    files: dict[str, list[list[object]]] = {OPEN: [], SEALED: []}
    for folder in sorted(scan.folders):  # a folder comes after the one that it is in
        parent = folder.rel_path.rpartition("/")[0]
        is_inside = folder.area is Area.SPEC and (folder.rel_path in sealed or parent in inside)
        if is_inside:
            inside.add(folder.rel_path)
        folders[SEALED if is_inside else OPEN].append(list(folder))
    for area, rel_path, size, mtime_ns, inode, mode in scan.files:
        is_inside = area is Area.SPEC and rel_path.rpartition("/")[0] in inside
        files[SEALED if is_inside else OPEN].append([area, rel_path, mtime_ns, inode, mode, size])
    has_approvals = any(folder.area is Area.APPROVALS for folder in scan.folders)
    texts = {
        scope: {
            "names": _first_names(scan),
            "has_approvals": has_approvals,
            "folders": folders[scope],
            "files": files[scope],
        }
        for scope in (OPEN, SEALED)
    }
    return {scope: json.dumps(text, ensure_ascii=False) for scope, text in texts.items()}


def files_as_seen(store: SpecStore, tops: Mapping[str, Path], scopes: Sequence[str]) -> int | None:
    """The number of files when all in these scopes is as the last harvest saw it, else None."""
    texts = [store.stamps(scope) for scope in scopes]
    if not all(texts):
        return None
    try:
        stamps = [json.loads(text) for text in texts]
        return sum(len(stamp["files"]) for stamp in stamps) if all(_fit(s, tops) for s in stamps) else None
    except (ValueError, TypeError, KeyError):  # no harvest wrote them
        return None


def _fit(stamps: dict[str, Any], tops: Mapping[str, Path]) -> bool:
    starts = {str(area): f"{top}/" for area, top in tops.items()}
    try:
        # The databases in it change the time of the spec's own folder all the time: it is listed. What a
        # killed process left in it is put right by a harvest, which has to look for that.
        names = os.listdir(tops[Area.SPEC])
        if sorted(name for name in names if is_temporary(name) or not is_ours(name)) != stamps["names"]:
            return False
        if os.path.lexists(tops[Area.APPROVALS]) != stamps["has_approvals"]:
            return False
        for area, path, mtime_ns, inode, mode in stamps["folders"]:
            # Without a final slash, which would follow a link.
            info = os.lstat((starts[area] + path).rstrip("/"))
            if info.st_mtime_ns != mtime_ns or info.st_ino != inode or info.st_mode != mode:
                return False
        for area, path, mtime_ns, inode, mode, size in stamps["files"]:
            info = os.lstat(starts[area] + path)
            if (
                info.st_mtime_ns != mtime_ns
                or info.st_size != size
                or info.st_ino != inode
                or info.st_mode != mode
            ):
                return False
    except OSError:
        return False
    return True


def _first_names(scan: Scan) -> list[str]:
    """Names of everything right in the spec's own folder."""
    folders = (folder.rel_path for folder in scan.folders if folder.area is Area.SPEC)
    files = (file.rel_path for file in scan.files if file.area is Area.SPEC)
    return sorted(path for path in (*folders, *files) if "/" not in path)
