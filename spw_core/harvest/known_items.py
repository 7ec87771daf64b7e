"""Questions with known answers, from what belongs together in a workspace: for the search's self-test."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spw_core.domain.model import Run, SpecRecord
from spw_core.domain.places import Area, Kind
from spw_core.errors import SpwError
from spw_core.formats.status import BLOCKED, PASS
from spw_core.formats.text_decode import decode_text
from spw_core.harvest.reading import read_document
from spw_core.harvest.stored import stored_record
from spw_core.search.documents import document_path
from spw_core.search.self_test import KnownItem
from spw_core.store.spec import SpecStore
from spw_core.workspace import WorkspacePaths

# Enough to choose a weight by, and asked within seconds.
_MAX_PER_SPEC = 40
_NO_WORD = re.compile(r"[^\w\s]|_")
_REQUIREMENT = re.compile(
    r"#{2,4}\s+\[?(?:REQ|Requirement|Requisito)\b[^:.\s]*[\s:.\]–-]*\d*[\s:.\]–-]*(.+)", re.IGNORECASE
)
_MIN_WORDS = 2


def known_items(paths: WorkspacePaths) -> list[KnownItem]:
    """Questions from every harvested spec; a spec that cannot be read gives none."""
    items: list[KnownItem] = []
    for name in paths.spec_names():
        try:
            with SpecStore.reading(paths.spec_db(name)) as store:
                if store is not None:
                    record = stored_record(store, name)
                    items += list(_of_spec(paths, record))[:_MAX_PER_SPEC]
        except SpwError:
            continue
    return [item for item in items if len(item.query.split()) >= _MIN_WORDS]


def _of_spec(paths: WorkspacePaths, record: SpecRecord) -> Iterator[KnownItem]:
    def path(rel_path: str) -> str:
        return document_path(record.name, Area.SPEC, rel_path)

    logs = {log.task_id: log.path for log in record.impl_logs if log.size}
    for task in record.tasks:
        if task.id in logs:
            yield KnownItem("task", _words(task.title), path(logs[task.id]), (path("tasks.md"),))
    for run, cleared in _cleared(record):
        for agent in run.subagents:
            if agent.status == BLOCKED and agent.summary:
                answer = path(f"{cleared.path}/_handoff.md")
                yield KnownItem("blocked", _words(agent.summary), answer, (path(f"{run.path}/"),))
    if any(document.kind is Kind.DESIGN for document in record.documents):
        for title in _requirements(paths, record.name):
            yield KnownItem("requirement", _words(title), path("design.md"), (path("requirements.md"),))


def _cleared(record: SpecRecord) -> Iterator[tuple[Run, Run]]:
    """Each blocked run with the first later one of the same command and wave that passed."""
    for run in record.runs:
        if run.status == BLOCKED:
            for other in record.runs:
                if (other.command, other.wave) == (run.command, run.wave) and other.number > run.number:
                    if other.status == PASS:
                        yield run, other
                    break


def _requirements(paths: WorkspacePaths, spec: str) -> Iterator[str]:
    try:
        text, _ = decode_text(read_document(paths, spec, Area.SPEC, "requirements.md"))
    except SpwError:
        return
    for line in text.splitlines():
        if found := _REQUIREMENT.match(line):
            yield found[1]


def _words(text: str) -> str:
    """A text as a query without operators."""
    return " ".join(_NO_WORD.sub(" ", text).split())
