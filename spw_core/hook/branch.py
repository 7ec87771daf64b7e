"""The current git branch, read from `.git` without starting git, and the spec it is named after."""

import os

from spw_core.hook.places import is_spec, read_small, upward

_HEAD_PREFIX = "ref: refs/heads/"
_GITDIR_PREFIX = "gitdir: "
_MAX_WORDS = 12  # dash-separated words of a branch component that are tried as spec names


def current_branch(start: str) -> str:
    """Branch checked out in the repository or worktree around `start`; "" when detached or without git."""
    git = upward(start, ".git")
    if not git:
        return ""
    pointer = "" if os.path.isdir(git) else _first_line(git)
    if pointer.startswith(_GITDIR_PREFIX):  # a worktree or submodule; the path may be relative
        git = os.path.join(os.path.dirname(git), pointer.removeprefix(_GITDIR_PREFIX))
    head = _first_line(os.path.join(git, "HEAD"))
    return head.removeprefix(_HEAD_PREFIX) if head.startswith(_HEAD_PREFIX) else ""


def spec_of_branch(branch: str, specs: str) -> str:
    """The longest spec name that stands in `branch` between slashes or dashes, as in `feat/user-auth-v2`."""
    for name in candidates(branch):
        if is_spec(specs, name):
            return name
    return ""


def candidates(branch: str) -> list[str]:
    """Every run of whole dash-separated words of every path component, longest first."""
    names: dict[str, None] = {}
    for component in branch.split("/"):
        names[component] = None
        words = component.split("-")[:_MAX_WORDS]
        for start in range(len(words)):
            for end in range(len(words), start, -1):
                names["-".join(words[start:end])] = None
    return sorted(names, key=len, reverse=True)


def _first_line(path: str) -> str:
    line = read_small(path).partition(b"\n")[0]
    return os.fsdecode(line.strip())
