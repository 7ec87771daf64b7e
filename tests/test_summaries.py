"""Completion and progress summaries: inference, numbers, texts, and YAML that survives any content."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.domain.model import ImplLog, Run, SpecRecord, Subagent, WaveFiles
from spw_core.domain.summary import summarise
from spw_core.formats.frontmatter import split_frontmatter
from spw_core.formats.tasks import Task, parse_tasks
from spw_core.formats.waves import WaveLatest, WaveSummary
from spw_core.harvest.reading import scanned_record
from spw_core.summaries.completion import Completion, completion_of, render_completion
from spw_core.summaries.inference import MAX_TAGS, files_changed, tags_of, technologies_of
from spw_core.summaries.progress import progress_of, render_progress
from spw_core.summaries.tables import cell
from spw_core.text import clean_line

from .support import OLD_NS, write

NOW = 1_771_000_000_000_000_000


def tasks(*lines: str) -> tuple[Task, ...]:
    return parse_tasks("\n".join(lines) + "\n").tasks


def task(mark: str, task_id: str, wave: int | None = None, files: str = "", title: str = "") -> str:
    lines = [f"- [{mark}] {task_id}. {title or f'Task {task_id}'}"]
    lines += [f"  - Wave: {wave}"] if wave is not None else []
    lines += [f"  - Files: {files}"] if files else []
    return "\n".join(lines)


def run(wave: int, command: str, number: int, status: str) -> Run:
    stage = {"exec": "execution", "checkpoint": "checkpoint"}[command]
    path = f"execution/waves/wave-{wave:02d}/{stage}/run-{number:03d}"
    agent = Subagent("release-gate-decider", f"{path}/release-gate-decider", status, "", True, True, True)
    return Run(path, command, number, "execution", wave, True, (agent,), OLD_NS, OLD_NS)


def wave_files(number: int, status: str = "", summary: str = "") -> WaveFiles:
    folder = f"execution/waves/wave-{number:02d}"
    pointer = WaveLatest(status, "", "", summary) if status else None
    return WaveFiles(number, folder, latest=pointer)


def complete(record: SpecRecord) -> tuple[Completion, str]:
    completion = completion_of(record, NOW)
    return completion, render_completion(record, completion)


# -- inference ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "technologies"),
    [
        ("main.go handler_test.go", "Go, Testing"),
        ("app.ts utils.tsx legacy.js", "JavaScript, TypeScript"),
        ("script.py", "Python"),
        ("schema.sql config.toml", "SQL, TOML"),
        ("Dockerfile Dockerfile.dev", "Docker"),
        ("migrations/001_init.sql", "Database Migrations, SQL"),
        ("", ""),
        ("a.go b.go A.GO src/x.test.ts", "Go, Testing, TypeScript"),
    ],
    ids=lambda value: f"A141-{value or 'none'}",
)
def test_technologies(files: str, technologies: str) -> None:
    assert ", ".join(technologies_of(files.split())) == technologies


@pytest.mark.parametrize(
    ("titles", "tags"),
    [
        (["Add auth middleware"], "authentication, middleware"),
        (["Write test for parser"], "testing"),
        (["Create database schema", "Add API endpoint"], "api, database"),
        (["Do something"], ""),
        ([], ""),
        (["Add CLI command"], "cli"),
    ],
    ids=lambda value: f"A142-{value}" if isinstance(value, str) else None,
)
def test_tags(titles: list[str], tags: str) -> None:
    assert ", ".join(tags_of(titles)) == tags


def test_tags_are_capped() -> None:
    """A143"""
    title = "auth test database api ui cli doc refactor perf config log deploy error"
    expected = "api authentication cli configuration database devops documentation error-handling frontend"
    assert tags_of([title]) == (*expected.split(), "observability")
    assert len(tags_of([title])) == MAX_TAGS


@pytest.mark.parametrize(
    ("title", "tags"),
    [
        ("Tests and queries", "database, testing"),
        ("Retried uploads, logging", "error-handling, observability, storage"),
        ("Migração dos testes de autenticação", "authentication, database, testing"),
        ("AUTENTICAÇÕES e sessões", "authentication"),
        ("Corrigir o banco de dados em segundo plano", "background-jobs, bugfix, database"),
        ("Botões da página", "frontend"),
        ("The latest contest", ""),
        ("Keyset paging for flagged messages", ""),
        ("Tabelle für 自動テスト", ""),
    ],
)
def test_tags_in_both_languages_and_any_form(title: str, tags: str) -> None:
    assert ", ".join(tags_of([title])) == tags


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ([task("x", "1", files="b.go, a.go"), task(" ", "2", files="c.go")], "a.go b.go"),
        ([task("x", "1", files="`a.go`, `b.go`"), task("x", "2", files="a.go")], "a.go b.go"),
        ([], ""),
        ([task("x", "1")], ""),
        ([task("x", "1", files="single.py")], "single.py"),
    ],
    ids=["A144-done-only", "A15.144-unique", "A15.144-no-tasks", "A15.144-no-files", "A15.144-single"],
)
def test_files_changed(lines: list[str], files: str) -> None:
    assert files_changed(tasks(*lines)) == tuple(files.split())


# -- completion ---------------------------------------------------------------------------------------


def test_completion_of_a_plain_spec() -> None:
    """A147: three done tasks, two complete waves, and nothing known of their runs."""
    record = SpecRecord(
        "alpha",
        tasks=tasks(task("x", "1", 1, "a.go"), task("x", "2", 1, "a.go, b.go"), task("x", "3", 2, "c.ts")),
        waves=(wave_files(1, "pass", "First done"), wave_files(2, "pass", "Second done!")),
    )
    completion, text = complete(record)
    assert completion.spec == "alpha"
    assert completion.status == "completed"
    assert (completion.tasks_count, completion.waves_count) == (3, 2)
    assert (completion.checkpoint_passes, completion.checkpoint_failures) == (2, 0)
    assert completion.technologies == ("Go", "TypeScript")
    assert completion.summary == "First done. Second done!"
    for heading in ("# Completion Summary: alpha", "## Tasks Completed", "## Wave History", "## Metrics"):
        assert f"\n{heading}\n" in text
    assert "| Files Changed | 3 |" in text


def test_completion_of_one_task_and_one_wave() -> None:
    """A150"""
    record = SpecRecord("a", tasks=tasks(task("x", "1", 1)), waves=(wave_files(1, "pass"),))
    completion, _ = complete(record)
    assert (completion.tasks_count, completion.waves_count) == (1, 1)


def test_completion_without_waves() -> None:
    """A151"""
    completion, text = complete(SpecRecord("alpha", tasks=tasks(task("x", "1"))))
    assert completion.waves_count == 0
    assert "Wave History" not in text


def test_checkpoints_are_counted_by_attempt_where_runs_are_known() -> None:
    record = SpecRecord(
        "alpha",
        tasks=tasks(task("x", "1", 1)),
        runs=(
            run(1, "checkpoint", 1, "blocked"),
            run(1, "checkpoint", 2, "blocked"),
            run(1, "checkpoint", 3, "pass"),
            run(2, "checkpoint", 1, "invalid"),
        ),
        waves=(wave_files(1, "pass"), wave_files(2), wave_files(3, "blocked"), wave_files(4, "pass")),
    )
    completion, _ = complete(record)
    assert (completion.checkpoint_passes, completion.checkpoint_failures) == (2, 3)


def test_words_of_a_blocked_wave_are_no_summary() -> None:
    stale = WaveFiles(2, "execution/waves/wave-02", summary=WaveSummary("pass", "All is well", ()))
    record = SpecRecord("alpha", runs=(run(2, "checkpoint", 1, "blocked"),), waves=(stale,))
    assert complete(record)[0].summary == ""


def test_only_done_tasks_are_completed() -> None:
    lines = [
        task("x", "1", 1, "a.go"),
        task(" ", "2", 1, "never.go"),
        "## Deferred Tasks",
        task(" ", "3", 2),
        task("x", "4", 2),
    ]
    _, text = complete(SpecRecord("alpha", tasks=tasks(*lines)))
    sections = {part.split("\n")[0]: part for part in text.split("\n## ")}
    assert "| 1 | Task 1 |" in sections["Tasks Completed"]
    assert "| 4 | Task 4 |" in sections["Tasks Completed"]
    assert "never.go" not in text
    assert "| 3 | Task 3 | 2 | pending |" in sections["Tasks Deferred"]
    assert "| 2 | Task 2 | 1 | pending |" in sections["Tasks Not Done"]
    assert "| Tasks | 2 of 4 done |" in sections["Metrics"]


def test_logs_are_listed() -> None:
    log = ImplLog("execution/_implementation-logs/task-1.md", "1", "Log", 10)
    assert (
        "| 1 | `execution/_implementation-logs/task-1.md` |" in complete(SpecRecord("a", impl_logs=(log,)))[1]
    )


def test_duration_from_the_first_file(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [x] 1. One\n")
    record = workspace.spec("alpha").record()
    day = 24 * 60 * 60 * 10**9
    completion = completion_of(record, OLD_NS + 3 * day - 1)
    assert completion.duration_days == 2
    assert completion_of(record, OLD_NS + 3 * day).duration_days == 3
    assert completion_of(record, OLD_NS + 3 * day, created_ns=OLD_NS - day).duration_days == 4
    # Files newer than the completion, as a fresh clone has them, do not make the time negative.
    assert completion_of(record, OLD_NS - day).duration_days == 0


# -- progress -----------------------------------------------------------------------------------------


def test_progress_in_the_midst() -> None:
    """A148"""
    record = SpecRecord(
        "alpha",
        tasks=tasks(task("x", "1", 1, "a.go"), task("-", "2", 2, "b.go"), task(" ", "3", 2)),
        runs=(run(1, "checkpoint", 1, "pass"), run(2, "exec", 1, "pass")),
        waves=(wave_files(1), wave_files(2)),
    )
    progress = progress_of(record, NOW)
    assert (progress.status, progress.stage) == ("in_progress", "execution")
    assert (progress.tasks_done, progress.tasks_total) == (1, 3)
    assert (progress.tasks_pending, progress.tasks_in_progress) == (1, 1)
    assert (progress.current_wave, progress.waves_total) == (2, 2)
    assert progress.files_changed == ("a.go",)
    text = render_progress(record, NOW)
    for heading in ("# Progress Summary: alpha", "## Task Status", "## Wave Status"):
        assert f"\n{heading}\n" in text
    assert "- **Done:** 1/3 (33.3 %)" in text
    assert "| 1 | complete | 0 | passed |" in text


def test_planned_waves_count_as_everywhere() -> None:
    """A wave that only tasks.md speaks of counts in `spw list`, so it counts here too."""
    record = SpecRecord("alpha", tasks=tasks(task("x", "1", 1), task(" ", "2", 3)), waves=(wave_files(1),))
    assert progress_of(record, NOW).waves_total == summarise(record).waves_total == 3


def test_progress_of_nothing() -> None:
    """A149"""
    record = SpecRecord("alpha")
    progress = progress_of(record, NOW)
    assert (progress.tasks_total, progress.waves_total, progress.current_wave) == (0, 0, 0)
    text = render_progress(record, NOW)
    assert "Wave Status" not in text
    fields = split_frontmatter(text)[0]
    assert fields["tasks_done"] == fields["tasks_total"] == 0
    assert not fields.keys() & {"tasks_pending", "tasks_in_progress", "files_changed", "technologies"}


def test_frontmatter_and_body() -> None:
    """A145"""
    text = render_progress(SpecRecord("alpha"), NOW)
    opening, block, body = text.split("---\n")
    assert opening == ""
    assert body.startswith("\n# Progress Summary: alpha\n")
    assert yaml.safe_load(block)["spec"] == "alpha"
    assert "stage: unknown" in block


@pytest.mark.parametrize(
    "summary", ['a "quoted": text', "key: value # no comment", "- item", "'", "~", "{x", "%a"]
)
def test_yaml_needs_no_care(summary: str) -> None:
    """A146"""
    record = SpecRecord("test: special", waves=(wave_files(1, "pass", summary),))
    fields = split_frontmatter(complete(record)[1])[0]
    assert fields["spec"] == "test: special"
    assert str(fields["summary"]).startswith(summary)


@given(st.text(), st.lists(st.text(max_size=40), max_size=4), st.lists(st.text(max_size=30), max_size=3))
def test_any_text_survives(summary: str, titles: list[str], files: list[str]) -> None:
    document = [task("x", str(number), 1, title=title) for number, title in enumerate(titles, 1)]
    record = SpecRecord(
        "alpha",
        tasks=tuple(replace(made, files=tuple(files)) for made in tasks(*document)),
        waves=(wave_files(1, "pass", summary),),
    )
    completion, text = complete(record)
    text.encode()
    fields, _, _, problems = split_frontmatter(text)
    assert problems == []
    assert fields["files_changed"] == list(completion.files_changed)
    assert fields["summary"] == completion.summary
    assert clean_line(summary) in completion.summary
    assert fields["completed_at"] == completion.completed_at
    assert split_frontmatter(render_progress(record, NOW))[0]["spec"] == "alpha"


@pytest.mark.parametrize(
    ("text", "cell_text"), [("a|b", "a\\|b"), ("a\\|b", "a\\\\\\|b"), ("c:\\d", "c:\\d"), ("a\nb", "a b")]
)
def test_a_cell_stays_one_cell(text: str, cell_text: str) -> None:
    assert cell(text) == cell_text


def test_many_waves_take_no_time() -> None:
    numbers = range(1, 201)
    record = SpecRecord(
        "alpha",
        tasks=tasks(*(task("x", str(number), number) for number in numbers)),
        runs=tuple(run(number, "checkpoint", 1, "pass") for number in numbers),
        waves=tuple(wave_files(number) for number in numbers),
    )
    started = time.process_time()
    assert complete(record)[0].checkpoint_passes == 200
    assert time.process_time() - started < 5


def test_progress_of_a_spec_without_tasks_counts_none(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/requirements.md", "# Requirements\n")
    text = render_progress(scanned_record(workspace.paths, "alpha"), 0)
    assert "No tasks yet: there is no tasks.md." in text and "%" not in text
    write(workspace, "specs/alpha/tasks.md", "Nothing here.\n")
    text = render_progress(scanned_record(workspace.paths, "alpha"), 0)
    assert "No task in tasks.md can be read." in text
