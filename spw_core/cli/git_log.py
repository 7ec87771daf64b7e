"""Commit messages from git, where there is a git and a repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from spw_core.domain.commits import Commit

_TIMEOUT_S = 30


def commits_naming(text: str, folder: Path) -> list[Commit]:
    """Commits reachable from HEAD whose message contains `text` in any case, newest first.

    Empty without git, outside a repository, before the first commit, and when git takes too long.
    """
    git = shutil.which("git")
    if git is None:
        return []
    command = [git, "-C", str(folder), "--no-pager", "log", "-z", "--format=%h%n%s%n%B"]
    command += ["--no-show-signature", "--encoding=UTF-8"]
    command += ["--regexp-ignore-case", "--fixed-strings", f"--grep={text}"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return []
    if done.returncode != 0:
        return []
    commits = []
    for entry in done.stdout.decode("utf-8", "replace").split("\0"):
        short_hash, _, rest = entry.partition("\n")
        subject, _, message = rest.partition("\n")
        if short_hash:
            commits.append(Commit(short_hash, subject, message))
    return commits
