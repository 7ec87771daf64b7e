"""The search's self-test: what it concludes from measurements, and what it makes of a workspace."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.cli import main as spw
from spw_core.errors import SpwError
from spw_core.harvest.known_items import known_items
from spw_core.search.embedding import COLLECTION
from spw_core.search.self_test import ALPHAS, MIN_ITEMS, Arms, KnownItem, decide, measure
from spw_core.store import vectors as table
from spw_core.store.index import IndexStore
from tests.support import write, write_run


def curve(words: float, best: float, at: float) -> dict[float, float]:
    """Mean reciprocal ranks with one peak."""
    return {alpha: words if alpha == 1 else best - abs(alpha - at) * 0.1 for alpha in ALPHAS}


@pytest.mark.parametrize(
    ("by_alpha", "items", "alpha", "pays"),
    [
        (curve(0.5, 0.7, 0.4), 50, 0.4, True),
        (curve(0.5, 0.7, 0.65), 50, 0.7, True),  # too little better than the usual weight
        (curve(0.9, 0.5, 0.4), 50, 0.4, False),
        (curve(0.7, 0.695, 0.7), 50, 0.7, True),  # as good as equal
        (curve(0.9, 0.5, 0.4), MIN_ITEMS - 1, 0.7, True),  # nothing follows from few
        (dict.fromkeys(ALPHAS, 0.0), 50, 0.7, True),
    ],
)
def test_what_follows(by_alpha: dict[float, float], items: int, alpha: float, pays: bool) -> None:
    result = decide(by_alpha, items, 0.7)
    assert (result.alpha, result.pays) == (alpha, pays)


def test_measuring_leaves_out_where_the_question_came_from() -> None:
    paths = {1: "specs/a/tasks.md", 2: "specs/a/log.md", 3: "specs/a/other.md", 4: "specs/a/log.md"}

    def ask(query: str) -> Arms:
        return {1: 9.0, 3: 5.0, 2: 4.0}, {1: 0.9, 2: 0.8, 4: 0.7, 3: 0.1}

    def documents(chunks: Sequence[int]) -> dict[int, str]:
        return {chunk: paths[chunk] for chunk in chunks}

    item = KnownItem("task", "q", "specs/a/log.md", ("specs/a/tasks.md",))
    result = measure([item], ask, documents, 0.7)
    assert (result.text, result.vector) == (0.5, 1.0)


def test_questions_come_from_what_belongs_together(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [x] 1. Cache user sessions\n- [ ] 2. Word\n")
    write(workspace, "specs/alpha/requirements.md", "# Req\n\n### Requirement 3: Fast log-in (web)\n\nText\n")
    write(workspace, "specs/alpha/design.md", "# Design\n\nSessions are cached.\n")
    write(workspace, "specs/alpha/execution/_implementation-logs/task-1.md", "# Task 1\n\nDone.\n")
    runs = "specs/alpha/execution/waves/wave-01/checkpoint"
    write_run(workspace, f"{runs}/run-001", {"gate": "blocked"})
    write_run(workspace, f"{runs}/run-002", {"gate": "pass"})
    workspace.harvest()
    items = {item.kind: item for item in known_items(workspace.paths)}
    assert items["task"].query == "Cache user sessions"
    assert items["task"].answer == "specs/alpha/execution/_implementation-logs/task-1.md"
    assert items["requirement"].query == "Fast log in web"
    assert items["requirement"].answer == "specs/alpha/design.md"
    assert "blocked" not in items  # a summary of one word asks nothing


def test_no_vectors_no_test(workspace: Workspace) -> None:
    with pytest.raises(SpwError, match="no vectors"):
        workspace.self_test()


def test_the_result_is_kept_with_the_vectors(
    demo_files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = Workspace.open(shutil.copytree(demo_files, tmp_path / "demo"))
    demo.harvest()
    (demo.paths.workflow / "spw-config.toml").write_text("[store]\nprovider = 'builtin'\n")
    demo.embed()
    assert spw(["search", "--self-test", "--json", "--workspace", str(demo.paths.root)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["items"] >= MIN_ITEMS
    assert 0 < told["text"] <= 1
    assert told["fused"] >= told["text"] - 0.01 or not told["pays"]
    answer = demo.search("login tokens")
    assert f"{told['alpha']:g} to" in answer.reason if told["pays"] else answer.mode == "lexical"
    assert spw(["search", "--self-test", "--workspace", str(demo.paths.root)]) == 0
    assert "mean reciprocal rank" in capsys.readouterr().out
    assert spw(["doctor", "--workspace", str(demo.paths.root)]) == 0
    assert "self-test of" in capsys.readouterr().out


@pytest.mark.parametrize("mode", ["auto", "hybrid"])
def test_an_arm_that_does_not_pay_is_left_out_unless_asked_for(workspace: Workspace, mode: str) -> None:
    (workspace.paths.workflow / "spw-config.toml").write_text("[store]\nprovider = 'builtin'\n")
    for name in ("one", "two", "three"):
        write(workspace, f"specs/alpha/{name}.md", f"# {name}\n\nThe {name} document.\n")
    workspace.harvest()
    workspace.embed()
    with IndexStore.writing(workspace.paths.index_db) as index, index.transaction():
        [found] = table.collections(index.connection, COLLECTION)
        details = {**found.details, "self_test": {"alpha": 0.6, "pays": False}}
        table.set_details(index.connection, found.id, details)
    answer = workspace.search("one document", mode=mode)
    assert answer.mode == ("lexical" if mode == "auto" else "hybrid")
    assert "self-test" in answer.reason if mode == "auto" else "0.6 to 0.4" in answer.reason
