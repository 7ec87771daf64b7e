"""A glance at a spec is equal exactly as long as nothing was touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spw_core.api import Spec, Workspace

NEW_RUN = "execution/waves/wave-02/execution/run-009"


def _begin_run(spec: Spec) -> None:
    spec.file(NEW_RUN).mkdir(parents=True)


def _write(spec: Spec) -> None:
    spec.file("tasks.md").write_text("# Tasks\n")


def _remove(spec: Spec) -> None:
    spec.file("tasks.md").unlink()


def _lose_database(spec: Spec) -> None:
    spec.paths.spec_db(spec.name).unlink()


def _ask_for_approval(spec: Spec) -> None:
    folder = spec.paths.workflow / "approvals" / spec.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "approval_9.json").write_text("{}")


CHANGES: dict[str, Callable[[Spec], None]] = {
    "a run is begun": _begin_run,
    "a file is written": _write,
    "a file is removed": _remove,
    "the database is lost": _lose_database,
    "approval is asked for": _ask_for_approval,
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_touched_changes_it(demo: Workspace, change: str) -> None:
    demo.harvest()
    spec = demo.spec("billing-export")
    before = spec.glance()
    assert before.sealed and spec.glance(before) == before == spec.glance()
    CHANGES[change](spec)
    assert spec.glance(before) != before


def test_a_harvest_of_what_changed_changes_it(demo: Workspace) -> None:
    demo.harvest()
    spec = demo.spec("billing-export")
    _write(spec)
    before = spec.glance()
    demo.harvest(["billing-export"])
    assert spec.glance(before) != before


def test_a_damaged_database_is_no_trouble(demo: Workspace) -> None:
    demo.harvest()
    spec = demo.spec("billing-export")
    before = spec.glance()
    spec.paths.spec_db(spec.name).write_bytes(b"no database at all" * 1000)
    assert spec.glance(before).sealed == frozenset()
