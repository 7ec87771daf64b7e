"""The spec that a command for programs is asked about, and the facts such commands start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spw_core.errors import DocumentNotFound, SpecNotFound, SpwError
from spw_core.names import SPECS_DIR, WORKFLOW_DIR

TASKS = "tasks.md"

if TYPE_CHECKING:
    import argparse

    from spw_core.api import Spec
    from spw_core.domain.model import SpecRecord


def add_spec(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="name of the spec; --spec NAME means the same")


def open_spec(args: argparse.Namespace) -> Spec:
    """The spec named on the command line. Raises SpecNotFound in the words that workflows know."""
    from spw_core.api import Workspace

    workspace = Workspace.open(args.workspace)
    try:
        return workspace.spec(args.spec)
    except SpecNotFound as error:
        folder = f"{WORKFLOW_DIR}/{SPECS_DIR}/{args.spec}"
        raise SpecNotFound(f"spec directory not found: {folder}", error.hint) from error


def record_of(spec: Spec) -> SpecRecord:
    """The facts of a spec, waves included whose folder is still empty: to make one is to begin the wave."""
    from spw_core.harvest.run_folders import with_empty_waves

    return with_empty_waves(spec.paths, spec.record())


def wave_facts_of(spec: Spec) -> SpecRecord:
    """As `record_of`, but only what the states of the waves follow from need be in it."""
    from spw_core.harvest.reading import load_wave_facts
    from spw_core.harvest.run_folders import with_empty_waves

    return with_empty_waves(spec.paths, load_wave_facts(spec.paths, spec.name))


def planned_record(spec: Spec) -> SpecRecord:
    """As `record_of`, for answers that follow from the tasks.

    Raises DocumentNotFound when there is a `tasks.md` that cannot be read now: it must not pass for one
    without tasks, which would be complete.
    """
    from spw_core.formats.tasks import parse_tasks

    record = record_of(spec)
    if not record.tasks and any(d.path == TASKS and d.area == "spec" for d in record.documents):
        try:
            readable = not parse_tasks(spec.read(TASKS)).tasks
        except DocumentNotFound:
            readable = False
        if not readable:
            raise DocumentNotFound(f"cannot read {TASKS} of {spec.name} as it is now")
    return record


def read_number(text: str, what: str) -> int:
    """A positive integer written in plain digits. Raises SpwError: `1x` is not wave 1."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0
    if number < 1:
        raise SpwError(f"{what} must be a positive integer, not {text[:40]!r}")
    return number
