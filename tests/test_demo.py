"""The demo workspace: the same every time, and holding every case that the app has to show."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spw_core.demo.generate import DemoReport, generate
from spw_core.demo.model import DEMO_NOW
from spw_core.demo.script import tell
from spw_core.errors import SpwError

INVALID = "billing-export/execution/waves/wave-02/execution/run-003/task-implementer-4/status.json"
STAGES = {
    "wishlist-sharing": "requirements",
    "search-index": "design",
    "gift-cards": "planning",
    "user-auth": "execution",
    "billing-export": "execution",
    "checkout-flaky-tests": "qa",
    "relatorios-fiscais": "post-mortem",
    "notification-center": "post-mortem",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoReport]:
    target = tmp_path_factory.mktemp("demo")
    report = generate(target)
    return target / ".spec-workflow", report


@pytest.fixture(scope="module")
def specs(demo: tuple[Path, DemoReport]) -> Path:
    return demo[0] / "specs"


def fingerprint(root: Path) -> dict[str, tuple[str, int]]:
    """Path, content and modification time of every file below a folder."""
    return {
        path.relative_to(root).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in root.rglob("*")
        if path.is_file()
    }


def status_of(run: Path, agent: str = "release-gate-decider") -> str:
    return str(json.loads((run / agent / "status.json").read_text())["status"])


def stage(spec: Path) -> str:
    """The stage that the files prove."""
    evidence = [
        ("post-mortem", ["post-mortem/report.md"]),
        ("qa", ["qa/QA-TEST-PLAN.md", "qa/QA-CHECK.md", "qa/QA-EXECUTION-REPORT.md"]),
        ("execution", ["execution/waves"]),
        ("planning", ["tasks.md"]),
        ("design", ["design.md", "design/DESIGN-RESEARCH.md"]),
        ("requirements", ["requirements.md"]),
    ]
    return next(name for name, paths in evidence if any((spec / path).exists() for path in paths))


def runs(specs: Path) -> list[Path]:
    return [path for path in specs.rglob("run-*") if path.is_dir()]


class TestDeterminism:
    def test_two_runs_are_identical_to_the_byte_and_the_second(self, tmp_path: Path) -> None:
        first = generate(tmp_path / "a", specs=10)
        second = generate(tmp_path / "b", specs=10)
        assert first == second
        assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")

    def test_a_spec_does_not_depend_on_how_many_there_are(self, tmp_path: Path) -> None:
        generate(tmp_path / "few", specs=9)
        generate(tmp_path / "many", specs=12)
        few = fingerprint(tmp_path / "few" / ".spec-workflow" / "specs")
        many = fingerprint(tmp_path / "many" / ".spec-workflow" / "specs")
        assert few.items() <= many.items()
        assert len({path.split("/")[0] for path in many}) == 12

    def test_another_seed_gives_other_invented_specs(self, tmp_path: Path) -> None:
        generate(tmp_path / "a", specs=9, seed=1)
        generate(tmp_path / "b", specs=9, seed=2)
        assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "b")

    def test_no_file_is_newer_than_now_of_the_demo(self, demo: tuple[Path, DemoReport]) -> None:
        newest = max(path.stat().st_mtime for path in demo[0].rglob("*") if path.is_file())
        assert datetime.fromtimestamp(newest, UTC) <= DEMO_NOW


class TestReport:
    def test_counts_are_those_of_the_tree(self, demo: tuple[Path, DemoReport]) -> None:
        root, report = demo
        assert report.specs == len(list((root / "specs").iterdir())) == 8
        assert report.files == sum(path.is_file() for path in root.rglob("*"))
        assert report.runs == len(runs(root / "specs"))
        assert report.handoffs == sum((run / "_handoff.md").exists() for run in runs(root / "specs"))
        assert report.subagents == sum(
            (child / "brief.md").exists() for run in runs(root / "specs") for child in run.iterdir()
        )

    def test_a_small_demo_starts_with_the_spec_in_execution(self, tmp_path: Path) -> None:
        generate(tmp_path, specs=1)
        assert [spec.name for spec in (tmp_path / ".spec-workflow/specs").iterdir()] == ["user-auth"]
        assert not (tmp_path / ".spec-workflow/post-mortems").exists()

    def test_progress_counts_specs(self, tmp_path: Path) -> None:
        seen: list[tuple[int, int]] = []
        generate(tmp_path, specs=3, progress=lambda done, total: seen.append((done, total)))
        assert seen == [(1, 3), (2, 3), (3, 3)]


class TestStories:
    def test_each_spec_is_in_its_stage(self, specs: Path) -> None:
        assert {spec.name: stage(spec) for spec in specs.iterdir()} == STAGES
        assert "status: completed" in (specs / "notification-center/COMPLETION-SUMMARY.md").read_text()

    def test_the_flaky_login_test_was_fixed_by_task_implementer_3(self, specs: Path) -> None:
        run = specs / "checkout-flaky-tests/execution/waves/wave-01/execution/run-002"
        report = (run / "task-implementer-3/report.md").read_text()
        assert "fake clock" in report
        assert "session cookie" in report
        assert "teste de login instável" in (run / "_handoff.md").read_text()

    def test_a_checkpoint_was_blocked_then_retried_and_passed(self, specs: Path) -> None:
        checkpoint = specs / "checkout-flaky-tests/execution/waves/wave-01/checkpoint"
        assert [status_of(checkpoint / run) for run in ("run-001", "run-002")] == ["blocked", "pass"]

    def test_a_checkpoint_is_blocked_twice_and_its_summary_is_stale(self, specs: Path) -> None:
        wave = specs / "billing-export/execution/waves/wave-02"
        assert [status_of(wave / "checkpoint" / run) for run in ("run-001", "run-002")] == ["blocked"] * 2
        assert json.loads((wave / "_wave-summary.json").read_text())["status"] == "pass"
        latest = json.loads((wave / "_latest.json").read_text())
        assert (latest["status"], latest["run_id"]) == ("blocked", "run-001")

    def test_some_runs_have_no_handoff(self, specs: Path) -> None:
        unfinished = {
            run.relative_to(specs).as_posix() for run in runs(specs) if not (run / "_handoff.md").exists()
        }
        assert unfinished == {
            "user-auth/execution/waves/wave-01/execution/run-001",
            "user-auth/execution/waves/wave-02/execution/run-001",
            "billing-export/execution/waves/wave-02/execution/run-003",
        }

    def test_subagents_miss_a_report_or_a_status(self, specs: Path) -> None:
        missing = {
            f"{brief.parent.relative_to(specs).as_posix()}/{name}"
            for brief in specs.rglob("brief.md")
            for name in ("report.md", "status.json")
            if not (brief.parent / name).exists()
        }
        working = "user-auth/execution/waves/wave-02/execution/run-001/task-implementer-5"
        writer = "gift-cards/planning/_comms/tasks-plan/run-001/tasks-writer"
        assert missing == {f"{working}/report.md", f"{working}/status.json", f"{writer}/report.md"}

    def test_a_done_task_has_no_log(self, specs: Path) -> None:
        spec = specs / "billing-export"
        assert "- [x] 2. " in (spec / "tasks.md").read_text()
        logs = {log.name for log in (spec / "execution/_implementation-logs").iterdir()}
        assert logs == {"task-1.md", "task-3.md"}

    def test_dialects_of_tasks(self, specs: Path) -> None:
        assert "- [-] 5. Limit" in (specs / "user-auth/tasks.md").read_text()
        assert "- [!] 4. Compare" in (specs / "billing-export/tasks.md").read_text()
        assert "- [x] 1.1 Outbox" in (specs / "notification-center/tasks.md").read_text()
        mcp = (specs / "relatorios-fiscais/tasks.md").read_text()
        assert "_Leverage: " in mcp
        assert "Wave:" not in mcp
        assert "## Deferred Tasks" in (specs / "gift-cards/tasks.md").read_text()

    def test_every_log_belongs_to_a_task_of_its_spec(self, specs: Path) -> None:
        for log in specs.rglob("_implementation-logs/task-*.md"):
            task = log.stem.removeprefix("task-")
            text = (log.parents[2] / "tasks.md").read_text()
            assert re.search(rf"^- \[x\] {re.escape(task)}\.? ", text, re.MULTILINE), log

    def test_three_shapes_of_logs(self, specs: Path) -> None:
        titles = [log.read_text().splitlines()[0] for log in specs.rglob("_implementation-logs/task-*.md")]
        assert any(re.match(r"# Task \S+: ", title) for title in titles)
        assert any(re.match(r"# Implementation Log: Task \S+ - ", title) for title in titles)
        assert any(re.fullmatch(r"# Implementation Log: Task \S+", title) for title in titles)

    def test_both_shapes_of_wave_summaries(self, specs: Path) -> None:
        keys = [frozenset(json.loads(path.read_text())) for path in specs.rglob("waves/*/_wave-summary.json")]
        assert {"status", "tasks", "updated_at", "wave"} in keys
        assert any("wave_status" in each for each in keys)

    def test_requirements_of_tasks_exist(self, specs: Path) -> None:
        for tasks in specs.glob("*/tasks.md"):
            body = tasks.read_text().split("\n# ", 1)[1] if tasks.read_text().startswith("---") else ""
            wanted = set(re.findall(r"REQ-\d{3}", body or tasks.read_text()))
            known = set(
                re.findall(r"^### (REQ-\d{3}) - ", (tasks.parent / "requirements.md").read_text(), re.M)
            )
            assert wanted
            assert wanted <= known

    def test_inline_audit_and_orchestrator_context(self, specs: Path) -> None:
        audit = specs / "user-auth/planning/_comms/tasks-plan/run-001/_inline-audit"
        state = json.loads((audit / "_iteration-state.json").read_text())
        assert state["current_iteration"] == 2
        assert "**All pass:** false" in (audit / "iteration-1/_handoff.md").read_text()
        assert list(specs.rglob("_orchestrator-context/*.md"))

    def test_discover_and_revision_runs(self, specs: Path) -> None:
        assert (specs / "relatorios-fiscais/discover/_comms/run-001").is_dir()
        assert (specs / "search-index/prd/_comms/prd-revision/run-001").is_dir()
        assert (specs / "checkout-flaky-tests/qa/_comms/qa-exec/waves/wave-01/run-001").is_dir()

    def test_one_long_report_for_the_preview(self, specs: Path) -> None:
        sizes = [path.stat().st_size for path in specs.rglob("report.md")]
        assert 50_000 < max(sizes) < 70_000

    def test_a_good_part_is_portuguese(self, specs: Path) -> None:
        texts = [
            path.read_text()
            for path in specs.rglob("*.md")
            if path.name != "brief.md" and path.stat().st_size < 20_000
        ]
        portuguese = [text for text in texts if re.search(r"ção|ções|não|ões", text)]
        assert sum(map(len, portuguese)) > sum(map(len, texts)) / 4

    def test_reports_are_not_stubs(self, specs: Path) -> None:
        lengths = [len(path.read_text().splitlines()) for path in specs.rglob("report.md")]
        assert min(lengths) >= 9
        assert sum(length >= 20 for length in lengths) > len(lengths) * 0.8


class TestJson:
    def test_exactly_one_file_is_not_json(self, demo: tuple[Path, DemoReport]) -> None:
        broken = []
        for path in demo[0].rglob("*.json"):
            try:
                json.loads(path.read_text())
            except ValueError:
                broken.append(path.relative_to(demo[0] / "specs").as_posix())
        assert broken == [INVALID]

    def test_statuses_have_two_keys_or_all(self, specs: Path) -> None:
        sizes = Counter(
            len(json.loads(path.read_text()))
            for path in specs.rglob("status.json")
            if path != specs / INVALID
        )
        assert set(sizes) == {2, 5, 6}


class TestApprovals:
    def test_outcomes(self, demo: tuple[Path, DemoReport]) -> None:
        requests = [json.loads(path.read_text()) for path in demo[0].rglob("approval_*.json")]
        assert {request["status"] for request in requests} == {"pending", "approved", "needs-revision"}
        pending = {request["categoryName"] for request in requests if request["status"] == "pending"}
        assert pending == {"gift-cards", "search-index", "wishlist-sharing"}
        assert all(("respondedAt" in request) == (request["status"] != "pending") for request in requests)

    def test_a_request_is_named_after_its_id_and_its_moment(self, demo: tuple[Path, DemoReport]) -> None:
        for path in demo[0].rglob("approval_*.json"):
            request = json.loads(path.read_text())
            assert path.stem == request["id"]
            created = datetime.fromisoformat(request["createdAt"])
            assert int(path.stem.split("_")[1]) == created.timestamp() * 1000

    def test_snapshots_hold_earlier_versions(self, demo: tuple[Path, DemoReport]) -> None:
        folder = demo[0] / "approvals/gift-cards/.snapshots/tasks.md"
        metadata = json.loads((folder / "metadata.json").read_text())
        assert [entry["trigger"] for entry in metadata["snapshots"]] == ["initial", "revision_requested"]
        now = (demo[0] / "specs/gift-cards/tasks.md").read_text()
        first = json.loads((folder / "snapshot-001.json").read_text())["content"]
        assert "50 parallel checkouts" in now
        assert "50 parallel checkouts" not in first

    def test_metadata_agrees_with_the_snapshots(self, demo: tuple[Path, DemoReport]) -> None:
        for path in demo[0].rglob("metadata.json"):
            metadata = json.loads(path.read_text())
            names = sorted(snapshot.name for snapshot in path.parent.glob("snapshot-*.json"))
            assert names == [entry["filename"] for entry in metadata["snapshots"]]
            assert metadata["currentVersion"] == len(names)


class TestWorkspaceFiles:
    def test_files_beside_the_specs(self, demo: tuple[Path, DemoReport]) -> None:
        root = demo[0]
        assert "[execution]" in (root / "spw-config.toml").read_text()
        assert {path.name for path in (root / "steering").iterdir()} == {
            "product.md",
            "tech.md",
            "structure.md",
        }
        index = (root / "post-mortems/INDEX.md").read_text()
        for report in (root / "post-mortems").glob("*/*.md"):
            assert report.relative_to(root / "post-mortems").as_posix() in index


class TestScaling:
    def test_twelve_specs(self, tmp_path: Path) -> None:
        report = generate(tmp_path, specs=12)
        root = tmp_path / ".spec-workflow/specs"
        invented = sorted(spec.name for spec in root.iterdir() if spec.name.startswith("feature-"))
        assert [name[:12] for name in invented] == [f"feature-{n:04d}" for n in range(9, 13)]
        assert report.specs == 12
        for name in invented:
            assert stage(root / name) in STAGES.values()
            assert (root / name / "requirements.md").exists()

    def test_invented_specs_vary(self, tmp_path: Path) -> None:
        generate(tmp_path, specs=48)
        root = tmp_path / ".spec-workflow/specs"
        invented = [spec for spec in root.iterdir() if spec.name.startswith("feature-")]
        assert {stage(spec) for spec in invented} == set(STAGES.values())
        texts = [path.read_text() for spec in invented for path in spec.rglob("*.md")]
        words = {word for text in texts for word in re.findall(r"\w+", text)}
        assert len(words) > 5_000


class TestRefusals:
    def test_an_existing_workspace_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / ".spec-workflow").mkdir()
        with pytest.raises(SpwError) as caught:
            generate(tmp_path)
        assert caught.value.hint
        assert list((tmp_path / ".spec-workflow").iterdir()) == []

    def test_the_target_may_not_be_a_file(self, tmp_path: Path) -> None:
        target = tmp_path / "file"
        target.write_text("mine")
        with pytest.raises(SpwError) as caught:
            generate(target)
        assert caught.value.hint
        assert target.read_text() == "mine"

    @pytest.mark.parametrize("kind", ["folder", "file", "link"])
    def test_what_looks_like_our_leftovers_is_left_alone(self, tmp_path: Path, kind: str) -> None:
        target, mine = tmp_path / "target", tmp_path / "mine"
        for folder in (target, mine):
            folder.mkdir()
        (mine / "note").write_text("mine")
        partial = target / ".spec-workflow.partial"
        if kind == "folder":
            mine.rename(partial)
        elif kind == "file":
            partial.write_text("mine")
        else:
            partial.symlink_to(mine)
        before = {**fingerprint(tmp_path)}
        generate(target, specs=1)
        assert fingerprint(tmp_path).items() >= before.items()
        assert {path.name for path in target.iterdir()} == {".spec-workflow", ".spec-workflow.partial"}
        assert sum(1 for _ in (partial if kind != "file" else mine).iterdir()) == 1

    def test_targets_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
        (tmp_path / "taken").mkdir()
        (tmp_path / "taken" / ".spec-workflow").symlink_to(tmp_path / "nowhere")
        (tmp_path / "file").touch()
        targets = ["dangling", "taken", "file/below", "x" * 300]
        for target in [*(tmp_path / name for name in targets), Path("/proc/x"), Path("/proc")]:
            with pytest.raises(SpwError) as caught:
                generate(target, specs=1)
            assert str(target) in caught.value.message
            assert caught.value.hint
        assert not (tmp_path / "nowhere").exists()

    def test_two_at_once_make_one_workspace(self, tmp_path: Path) -> None:
        """The second starts and ends while the first one writes, which then finds the place taken."""

        def meanwhile(done: int, total: int) -> None:
            if done == 1:
                generate(tmp_path, specs=1)

        with pytest.raises(SpwError, match="already a workspace"):
            generate(tmp_path, specs=2, progress=meanwhile)
        assert [path.name for path in tmp_path.iterdir()] == [".spec-workflow"]
        assert len(list((tmp_path / ".spec-workflow" / "specs").iterdir())) == 1

    def test_folders_have_the_usual_mode(self, tmp_path: Path) -> None:
        generate(tmp_path / "new", specs=1)
        (tmp_path / "usual").mkdir()
        assert (tmp_path / "new" / ".spec-workflow").stat().st_mode == (tmp_path / "usual").stat().st_mode

    @pytest.mark.parametrize("specs", [0, -3])
    def test_at_least_one_spec(self, tmp_path: Path, specs: int) -> None:
        with pytest.raises(SpwError) as caught:
            generate(tmp_path / "new", specs=specs)
        assert caught.value.hint
        assert not (tmp_path / "new").exists()

    def test_a_failure_leaves_nothing_behind(self, tmp_path: Path) -> None:
        def fail(done: int, total: int) -> None:
            raise RuntimeError("stop")

        with pytest.raises(RuntimeError):
            generate(tmp_path, progress=fail)
        assert list(tmp_path.iterdir()) == []

    def test_a_story_with_an_unknown_block_is_refused(self) -> None:
        with pytest.raises(ValueError, match="unknown block"):
            tell(">>> poem x\n")

    def test_a_moment_has_a_fixed_form(self) -> None:
        with pytest.raises(ValueError, match="not a moment"):
            tell(">>> doc a.md @ yesterday\nx\n")
