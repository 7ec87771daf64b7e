"""`dispatch-init-audit`: the folder of an audit inside a run."""

from __future__ import annotations

from spw_core.dispatch.files import make_folder
from spw_core.errors import SpwError
from spw_core.harvest.spec_folder import SpecFolder
from spw_core.workspace import WorkspacePaths

# The kinds of audit, and whether each try gets a folder of its own.
AUDITS = {"inline-audit": True, "inline-checkpoint": False}

# Beyond any audit that somebody waits for.
_MOST_TRIES = 9999


def make_audit_folder(paths: WorkspacePaths, run: SpecFolder, kind: str, iteration: int) -> str:
    """Make the folder of one try of an audit and return its path relative to the spec.

    Raises SpwError for an unknown kind or a number beyond reason, WriteError when it cannot be made.
    """
    check_tries(iteration, "iteration")
    folder = audit_folder(run, kind)
    if AUDITS[kind]:
        folder += f"/iteration-{iteration}"
    make_folder(paths.spec_dir(run.spec), folder)
    return folder


def check_tries(number: int, what: str) -> None:
    """Raise SpwError for a number of tries that nobody can mean."""
    if number > _MOST_TRIES:
        raise SpwError(f"{what} must be at most {_MOST_TRIES}")


def audit_folder(run: SpecFolder, kind: str) -> str:
    """Where an audit of a run is, relative to the spec. Raises SpwError for an unknown kind."""
    if kind not in AUDITS:
        raise SpwError(f"unknown audit type: {kind[:80]!r}", f"Types are: {', '.join(AUDITS)}.")
    return f"{run.path}/_{kind}"
