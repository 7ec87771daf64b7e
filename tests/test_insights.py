"""What keeps failing, grouped by meaning, with what put it right."""

from __future__ import annotations

import json
import os

import pytest

from spw_core.api import Workspace
from spw_core.cli import main
from spw_core.errors import NotFound
from spw_core.memory import insights

from .support import OLD_NS, write

WAVE = "execution/waves/wave-01"


def run_of(workspace: Workspace, spec: str, path: str, day: int, **agents: tuple[str, str]) -> None:
    """A run whose subagents (dashes for underscores) say (status, summary), written on a day."""
    files = []
    for name, (status, summary) in agents.items():
        folder = f"specs/{spec}/{path}/{name.replace('_', '-')}"
        said = json.dumps({"status": status, "summary": summary})
        files += [
            write(workspace, f"{folder}/status.json", said),
            write(workspace, f"{folder}/brief.md", "# B\n"),
        ]
        files.append(
            write(workspace, f"{folder}/report.md", "---\nspw: 1\n---\n# Report\n\nThe cookie raced.\n")
        )
    files.append(write(workspace, f"specs/{spec}/{path}/_handoff.md", "# Handoff\n"))
    for file in files:
        moment = OLD_NS + day * 86_400_000_000_000
        os.utime(file, ns=(moment, moment))


FLAKY = [
    "The login test is flaky: it fails 3 of 50 runs",
    "Login test still flaky, failed 2 of 50 runs",
    "flaky login test: fails sometimes, 1 of 50 runs",
]


@pytest.fixture
def failing(workspace: Workspace) -> Workspace:
    for number, text in enumerate(FLAKY):
        spec = f"spec-{number}"
        run_of(workspace, spec, f"{WAVE}/execution/run-001", number, coder=("pass", "Implemented the form"))
        run_of(
            *(workspace, spec, f"{WAVE}/checkpoint/run-001", number * 10 + 1),
            evidence_collector=("blocked", text),
            release_gate_decider=("blocked", "BLOCKED: see evidence"),
        )
        if number < 2:
            run_of(
                workspace, spec, f"{WAVE}/execution/run-002", number * 10 + 2, coder=("pass", "Waited for it")
            )
            run_of(
                *(workspace, spec, f"{WAVE}/checkpoint/run-002", number * 10 + 3),
                release_gate_decider=("pass", "Green"),
            )
    run_of(
        *(workspace, "vat", f"{WAVE}/checkpoint/run-001", 5),
        evidence_collector=("blocked", "VAT totals differ from the ledger by rounding"),
    )
    run_of(workspace, "quiet", f"{WAVE}/checkpoint/run-001", 6, release_gate_decider=("blocked", ""))
    return workspace


def test_the_same_trouble_is_one_group(failing: Workspace) -> None:
    first, *others = failing.insights()
    assert (first.count, first.open, first.specs) == (3, 1, ("spec-0", "spec-1", "spec-2"))
    assert first.text in FLAKY and first.agents == ("evidence-collector",)
    assert first.first_seen < first.last_seen
    assert [problem.spec for problem in first.problems] == ["spec-2", "spec-1", "spec-0"]
    assert {problem.text for problem in first.problems} == set(FLAKY)
    assert {group.text for group in others} == {
        "VAT totals differ from the ledger by rounding",
        "spw: 1 Report The cookie raced.",
    }
    assert failing.insights(single=False) == [first]
    assert failing.insights(limit=1) == [first]


def test_what_cleared_it(failing: Workspace) -> None:
    cleared = {problem.spec: problem for problem in failing.insights()[0].problems}
    assert cleared["spec-0"].cleared_by == f"{WAVE}/checkpoint/run-002"
    assert cleared["spec-0"].fixed_in == (f"{WAVE}/execution/run-002",)
    assert (cleared["spec-2"].cleared_by, cleared["spec-2"].fixed_in) == ("", ())


def test_earlier_blocks_like_this_one(failing: Workspace) -> None:
    asked, found = failing.similar_problems(f"spec-2/{WAVE}/checkpoint/run-001")
    assert [one.is_weak for one in found] == [one.score < 0.25 for one in found]
    assert [problem.spec for problem in asked] == ["spec-2"]
    assert {one.problem.spec for one in found[:2]} == {"spec-0", "spec-1"}
    assert found[0].score >= found[1].score > insights.SAME
    assert all(one.problem.cleared_by for one in found[:2])
    _, before = failing.similar_problems("spec-0/execution/waves/wave-01/checkpoint/run-001")
    assert before == []
    with pytest.raises(NotFound):
        failing.similar_problems("spec-0/execution/waves/wave-01/execution/run-001")


def test_nothing_failed(workspace: Workspace) -> None:
    assert workspace.insights() == []
    with pytest.raises(NotFound):
        workspace.similar_problems("x")


def let_time_pass(workspace: Workspace) -> None:
    """Harvest as if the folders and the databases had been left alone for long."""
    for path in workspace.paths.workflow.rglob("*"):
        if path.is_dir():
            os.utime(path, ns=(OLD_NS, OLD_NS))
    workspace.harvest()
    for path in workspace.paths.specs.glob("*/spec.db"):
        os.utime(path, ns=(OLD_NS, OLD_NS))


def test_large_workspaces_ask_the_index(failing: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = failing.insights()
    run_of(failing, "fine", f"{WAVE}/checkpoint/run-001", 1, release_gate_decider=("pass", "Green"))
    let_time_pass(failing)
    monkeypatch.setattr(insights, "_FEW_SPECS", 0)
    read: list[str] = []
    whole = insights.load_record
    monkeypatch.setattr(
        insights, "load_record", lambda paths, name: (read.append(name), whole(paths, name))[1]
    )
    assert [group.text for group in failing.insights()] == [group.text for group in expected]
    assert "fine" not in read and "spec-0" in read
    # What is not harvested yet counts; an index that cannot be read leaves nothing out.
    blocked = ("blocked", "The VAT totals are wrong")
    run_of(failing, "fine", f"{WAVE}/checkpoint/run-002", 2, evidence_collector=blocked)
    assert any("fine" in group.specs for group in failing.insights())
    failing.paths.index_db.write_bytes(b"no database" * 1000)
    assert any("fine" in group.specs for group in failing.insights())


def test_secrets_in_summaries_are_not_shown(workspace: Workspace) -> None:
    key = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5"
    run_of(
        workspace, "leak", f"{WAVE}/checkpoint/run-001", 1, evidence_collector=("blocked", f"403 with {key}")
    )
    assert workspace.insights()[0].text == "403 with [redacted:github]"


def test_the_demo(demo_harvested: Workspace) -> None:
    groups = demo_harvested.insights()
    assert groups[0].count > 1
    assert sum(group.count for group in groups) == sum(len(group.problems) for group in groups)


def test_an_end_that_several_runs_have_is_no_answer(failing: Workspace) -> None:
    with pytest.raises(NotFound, match="blocked or failed runs end in checkpoint/run-001") as caught:
        failing.similar_problems("checkpoint/run-001")
    assert f"spec-0/{WAVE}/checkpoint/run-001" in caught.value.hint


def test_what_is_printed_is_short_and_names_stages(
    failing: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spw_core.cli.insights._EXAMPLES", 2)
    monkeypatch.setattr("spw_core.cli.insights._LONGEST_SHOWN", 24)
    assert main(["insights", "--repeated", "--workspace", str(failing.paths.root)]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.endswith("…")
    assert "cleared by checkpoint/run-00" in rest[2]
    assert rest[3].strip().startswith("and ")
