"""What a path says: kind, phase, command, run, wave and subagent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.domain.places import Area, Kind, Place, place_of, run_number, wave_number

W2 = "execution/waves/wave-02"

CASES = [
    ("requirements.md", Place(Kind.REQUIREMENTS, "prd")),
    ("design.md", Place(Kind.DESIGN, "design")),
    ("tasks.md", Place(Kind.TASKS, "planning")),
    ("COMPLETION-SUMMARY.md", Place(Kind.COMPLETION_SUMMARY)),
    ("notes/tasks.md", Place(Kind.DOCUMENT)),
    ("design/DESIGN-RESEARCH.md", Place(Kind.DOCUMENT, "design")),
    (
        "prd/_comms/run-001/critic/report.md",
        Place(Kind.REPORT, "prd", "prd", "prd/_comms/run-001", 1, 0, "critic"),
    ),
    (
        "discover/_comms/run-012/critic/brief.md",
        Place(Kind.BRIEF, "prd", "discover", "discover/_comms/run-012", 12, 0, "critic"),
    ),
    (
        "prd/_comms/prd-revision/run-001/a/status.json",
        Place(Kind.STATUS, "prd", "prd-revision", "prd/_comms/prd-revision/run-001", 1, 0, "a"),
    ),
    (
        "design/_comms/design-research/run-001/_handoff.md",
        Place(Kind.HANDOFF, "design", "design-research", "design/_comms/design-research/run-001", 1),
    ),
    (
        f"{W2}/execution/run-003/task-implementer-8/report.md",
        Place(Kind.REPORT, "execution", "exec", f"{W2}/execution/run-003", 3, 2, "task-implementer-8"),
    ),
    (
        f"{W2}/checkpoint/run-001/release-gate-decider/status.json",
        Place(
            Kind.STATUS, "execution", "checkpoint", f"{W2}/checkpoint/run-001", 1, 2, "release-gate-decider"
        ),
    ),
    (
        f"{W2}/post-check/run-001/a/report.md",
        Place(Kind.REPORT, "execution", "post-check", f"{W2}/post-check/run-001", 1, 2, "a"),
    ),
    (
        "execution/waves/wave-7/execution/run-1/a/brief.md",
        Place(Kind.BRIEF, "execution", "exec", "execution/waves/wave-7/execution/run-1", 1, 7, "a"),
    ),
    (f"{W2}/_wave-summary.json", Place(Kind.WAVE_SUMMARY, "execution", "exec", wave=2)),
    (f"{W2}/_latest.json", Place(Kind.WAVE_LATEST, "execution", "exec", wave=2)),
    (f"{W2}/execution/notes.md", Place(Kind.DOCUMENT, "execution")),
    (
        "qa/_comms/qa-exec/waves/wave-01/run-001/runner/report.md",
        Place(Kind.REPORT, "qa", "qa-exec", "qa/_comms/qa-exec/waves/wave-01/run-001", 1, 1, "runner"),
    ),
    (
        "qa/_comms/qa-exec/run-002/runner/report.md",
        Place(Kind.REPORT, "qa", "qa-exec", "qa/_comms/qa-exec/run-002", 2, 0, "runner"),
    ),
    ("qa/_comms/qa-exec/waves/wave-01/_latest.json", Place(Kind.WAVE_LATEST, "qa", "qa-exec", wave=1)),
    ("execution/_implementation-logs/task-3.md", Place(Kind.IMPL_LOG, "execution")),
    ("execution/_implementation-logs/README.md", Place(Kind.DOCUMENT, "execution")),
    ("Implementation Logs/task-1-2_20260214T1015_ab12cd34.md", Place(Kind.IMPL_LOG, "execution")),
    (
        "planning/_comms/tasks-plan/run-001/_inline-audit/iteration-2/auditor/status.json",
        Place(
            Kind.STATUS,
            "planning",
            "tasks-plan",
            "planning/_comms/tasks-plan/run-001",
            1,
            special="_inline-audit/iteration-2/auditor",
        ),
    ),
    (
        f"{W2}/execution/run-001/_orchestrator-context/plan.md",
        Place(
            Kind.DOCUMENT,
            "execution",
            "exec",
            f"{W2}/execution/run-001",
            1,
            2,
            special="_orchestrator-context",
        ),
    ),
    # Older layouts
    (
        "_agent-comms/waves/wave-01/checkpoint/run-001/a/report.md",
        Place(
            Kind.REPORT, "execution", "checkpoint", "_agent-comms/waves/wave-01/checkpoint/run-001", 1, 1, "a"
        ),
    ),
    (
        "agent-comms/design-research/2026-02-05T1012/scout/report.md",
        Place(
            Kind.REPORT,
            "design",
            "design-research",
            "agent-comms/design-research/2026-02-05T1012",
            0,
            0,
            "scout",
        ),
    ),
    (
        "agent-comms/prd/run-002/a/brief.md",
        Place(Kind.BRIEF, "prd", "prd", "agent-comms/prd/run-002", 2, 0, "a"),
    ),
    (
        "_agent-comms/checkpoint/first-try/a/report.md",
        Place(Kind.REPORT, "execution", "checkpoint", "_agent-comms/checkpoint/first-try", 0, 0, "a"),
    ),
    ("PRD.md", Place(Kind.DOCUMENT, "prd")),
    ("_generated/TASKS-CHECK.md", Place(Kind.DOCUMENT, "planning")),
    ("picture.png", Place(Kind.OTHER)),
]


@pytest.mark.parametrize(("path", "expected"), CASES, ids=[path for path, _ in CASES])
def test_place_of_a_spec_file(path: str, expected: Place) -> None:
    assert place_of(Area.SPEC, path) == expected


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("approval_1771024793021_rwl4mvimm.json", Kind.APPROVAL),
        ("Approval_1.JSON", Kind.APPROVAL),
        (".snapshots/design.md/metadata.json", Kind.SNAPSHOT_LIST),
        (".snapshots/design.md/snapshot-001.json", Kind.SNAPSHOT),
        ("other.json", Kind.DATA),
        ("old/approval_1.json", Kind.DATA),
    ],
)
def test_place_of_an_approval_file(path: str, kind: Kind) -> None:
    assert place_of(Area.APPROVALS, path).kind is kind


@pytest.mark.parametrize(
    ("name", "number"),
    [("run-001", 1), ("run-1", 1), ("run-0012", 12), ("run-", None), ("run-1x", None), ("Run-1", None)],
)
def test_run_number(name: str, number: int | None) -> None:
    assert run_number(name) == number


def test_numbers_that_no_database_holds_are_names() -> None:
    assert run_number("run-" + "9" * 40) is None
    assert wave_number("wave-" + "9" * 40) is None


@given(
    st.lists(
        st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=12), min_size=1, max_size=8
    )
)
def test_any_path_has_a_place_and_its_run_is_a_prefix(parts: list[str]) -> None:
    path = "/".join(parts)
    place = place_of(Area.SPEC, path)
    assert not place.run or path.startswith(place.run + "/")
    assert place.wave >= 0
