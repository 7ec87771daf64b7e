"""`dispatch-handoff`: sum up what the subagents of a run said, and store the run. This seals it."""

from __future__ import annotations

import os
from typing import NamedTuple

from spw_core.atomic import WriteError
from spw_core.dispatch import notes
from spw_core.dispatch.files import content_of, put_file, shown
from spw_core.errors import DocumentNotFound
from spw_core.formats.status import INVALID, MISSING_STATUS, PASS, StatusReport, parse_status
from spw_core.harvest.spec_folder import SpecFolder, is_folder
from spw_core.text import clean_line
from spw_core.workspace import WorkspacePaths

_TITLE = "# Handoff Summary"
_VERDICT = "**All pass:** "
_LONGEST_CELL = 2_000  # a summary is one line; whatever else stands there is in status.json


class AgentVerdict(NamedTuple):
    """What a subagent left behind: `status` is pass, blocked, missing, invalid, or what the file says."""

    name: str
    status: str
    summary: str


class HandedOff(NamedTuple):
    """`written` is false when the run had a handoff that somebody else wrote, which stays. `is_behind` says
    that the run is stored, and a harvest has to follow that tells the index."""

    agents: tuple[AgentVerdict, ...]
    all_pass: bool
    written: bool
    warnings: tuple[str, ...]
    is_behind: bool


def hand_off(paths: WorkspacePaths, run: SpecFolder) -> HandedOff:
    """Write `_handoff.md` and store the run: its files are in the database when this returns.

    Raises DocumentNotFound without the folder, and WriteError when the file cannot be written.
    """
    if not is_folder(paths, run):
        raise DocumentNotFound(
            f"run directory not found: {shown(paths, run.spec, run.path)}", "`dispatch-init` makes one."
        )
    warnings: list[str] = []
    agents = tuple(_verdicts(paths, run, warnings))
    # Anything but a pass from every subagent is not a pass, and nobody's silence is none.
    all_pass = bool(agents) and all(agent.status == PASS for agent in agents)
    if not agents:
        warnings.append("the run has no subagents")
    top, path = paths.spec_dir(run.spec), f"{run.path}/_handoff.md"
    text = render_handoff(agents, all_pass=all_pass).encode()
    before, written = content_of(top, path), True
    while before != text and written:
        written = before is None or is_generated(before.decode("utf-8", "replace"))
        if written and put_file(top, path, text, instead_of=before):
            break
        before = content_of(top, path)
    if not written:
        warnings.append(f"{shown(paths, run.spec, path)} was written by hand and is left as it is")
    told, is_behind = notes.store_handed_off(paths, run.spec, run.path, all_pass=all_pass)
    return HandedOff(agents, all_pass, written, (*warnings, *told), is_behind)


def render_handoff(agents: tuple[AgentVerdict, ...], *, all_pass: bool) -> str:
    """The handoff as Markdown: a table of the subagents and the verdict."""
    rows = [f"| {_cell(agent.name)} | {_cell(agent.status)} | {_cell(agent.summary)} |" for agent in agents]
    table = ["| Subagent | Status | Summary |", "|----------|--------|---------|", *rows]
    return "\n".join([_TITLE, "", *table, "", f"{_VERDICT}{'true' if all_pass else 'false'}", ""])


def is_generated(text: str) -> bool:
    """True for a handoff that holds a title, one table and the verdict, and nothing that would be lost."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    table = [line for line in lines if line.startswith("|")]
    return not lines or (
        lines == [_TITLE, *table, lines[-1]] and lines[-1] in (f"{_VERDICT}true", f"{_VERDICT}false")
    )


def _verdicts(paths: WorkspacePaths, run: SpecFolder, warnings: list[str]) -> list[AgentVerdict]:
    """The verdict of every subagent, in the order of their names. What cannot be read is `invalid`: it must
    not keep those of the others from being handed off."""
    top = paths.spec_dir(run.spec)
    with os.scandir(top / run.path) as entries:
        names = sorted(
            entry.name
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(("_", "."))
        )
    found = []
    for name in names:
        try:
            status = content_of(top, f"{run.path}/{name}/status.json")
            report = MISSING_STATUS if status is None else parse_status(status)[0]
        except WriteError as error:  # a link, a folder, a pipe, or not ours to read
            report = StatusReport(INVALID)
            warnings.append(error.message)
        found.append(AgentVerdict(name, report.status, report.summary))
    return found


def _cell(text: str) -> str:
    """One cell of a table: a bar or a line break in a summary must not make another one."""
    if len(text) > _LONGEST_CELL:
        text = f"{text[:_LONGEST_CELL]}..."
    return clean_line(text).replace("\\", "\\\\").replace("|", "\\|")
