"""The reader of `tasks.md`: every dialect, and every way a file can be broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spw_core.formats.problem import Problem
from spw_core.formats.task_mark import TaskMarkError, mark_task
from spw_core.formats.task_values import expand_range, read_files, read_ids, read_items, read_planned_ids
from spw_core.formats.tasks import Task, TasksDocument, TaskStatus, WavePlanEntry, parse_tasks
from spw_core.formats.text_decode import decode_text, split_lines

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

PENDING, IN_PROGRESS, DONE, BLOCKED = (
    TaskStatus.PENDING,
    TaskStatus.IN_PROGRESS,
    TaskStatus.DONE,
    TaskStatus.BLOCKED,
)

FLAT = """\
---
spec: checkout
task_ids: [1, 2, 3, 4]
approval_id: appr-77
generation_strategy: rolling-wave
---
# Tasks

## Execution Constraints
- At most three tasks per wave
- tdd_default: on

## Wave Plan
- Wave 1: Tasks 1, 2
- Wave 2: Tasks 3, 4

## Tasks

- [x] 1 Cart model
  Wave: 1
  Depends On: none
  Files: `src/cart.ts`
  TDD: yes

- [x] 2 Cart API
  Wave: 1
  Depends On: Task 1
  TDD: yes

- [-] 3 Price rules
  Wave: 2
  Depends On: Task 2
  TDD: yes

- [ ] 4 Checkout page
  Wave: 2
  Depends On: Task 1, Task 3
  TDD: yes
"""

BACKLOG = (
    FLAT.replace("[-] 3", "[x] 3") + "\n## Deferred Backlog\n\n- [ ] 5 Vouchers\n  Wave: 3\n  Depends On: 4\n"
)


def only(text: str) -> Task:
    document = parse_tasks(text)
    assert len(document.tasks) == 1, document.tasks
    return document.tasks[0]


def ids(document: TasksDocument) -> list[str]:
    return [task.id for task in document.tasks]


def remarks(document: TasksDocument) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in document.problems]


# --- the flat dialect, assertion by assertion ---------------------------------------------------------


def test_flat_header() -> None:
    header = parse_tasks(FLAT).header
    assert (header.spec, header.approval_id, header.generation_strategy) == (
        "checkout",
        "appr-77",
        "rolling-wave",
    )
    assert header.task_ids == ("1", "2", "3", "4")
    assert header.fields["spec"] == "checkout"


def test_flat_tasks() -> None:
    document = parse_tasks(FLAT)
    first, _, third, fourth = document.tasks
    assert (first.id, first.status, first.wave, first.tdd) == ("1", DONE, 1, "yes")
    assert (first.files, first.raw_files) == (("src/cart.ts",), "`src/cart.ts`")
    assert (third.status, third.wave, third.depends_on) == (IN_PROGRESS, 2, ("2",))
    assert (fourth.depends_on, fourth.raw_depends) == (("1", "3"), "Task 1, Task 3")
    assert [task.line for task in document.tasks] == [19, 25, 30, 35]


def test_flat_sections_leave_no_problem() -> None:
    document = parse_tasks(FLAT)
    assert document.wave_plan == (
        WavePlanEntry(1, "", ("1", "2"), "Tasks 1, 2"),
        WavePlanEntry(2, "", ("3", "4"), "Tasks 3, 4"),
    )
    assert document.constraints == (("", "At most three tasks per wave"), ("tdd_default", "on"))
    assert document.warnings == ()
    assert document.problems == ()
    assert not document.has_deferred


def test_backlog_is_deferred_and_warned_about() -> None:
    document = parse_tasks(BACKLOG)
    fifth = document.tasks[4]
    assert (fifth.id, fifth.deferred, fifth.deferred_reason) == ("5", True, "heading")
    assert (fifth.wave, fifth.depends_on) == (3, ("4",))
    assert document.has_deferred
    assert document.header.task_ids == ("1", "2", "3", "4")
    assert len(document.warnings) == 1
    assert document.warnings[0].startswith("task_ids_mismatch:")
    assert "5" in document.warnings[0]


def test_counts_include_deferred_tasks_in_their_status() -> None:
    counts = parse_tasks(BACKLOG).counts()
    assert (counts.total, counts.done, counts.in_progress, counts.pending) == (5, 3, 0, 2)
    assert (counts.blocked, counts.deferred) == (0, 1)
    assert parse_tasks("- [!] 1. A\n- [-] 2. B\n").counts().blocked == 1


def test_without_frontmatter() -> None:
    document = parse_tasks("## Tasks\n\n- [ ] 1 One\n- [x] 2 Two\n")
    assert ids(document) == ["1", "2"]
    assert (document.header.spec, document.header.task_ids, document.warnings) == ("", None, ())


def test_lookup_is_literal() -> None:
    document = parse_tasks("- [ ] 10. Ten\n- [ ] 1. One\n- [ ] 1.1 Nested\n")
    one = document.task("1")
    assert one is not None
    assert one.title == "One"
    assert document.task(" 1. ") == one
    assert document.task("99") is None


def test_empty_text() -> None:
    document = parse_tasks("")
    assert (document.tasks, document.problems, document.has_tasklike_lines) == ((), (), False)


# --- task lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "task_id", "status", "title"),
    [
        pytest.param("- [ ] 1 Title", "1", PENDING, "Title", id="flat"),
        pytest.param("- [ ] 1. Title", "1", PENDING, "Title", id="dot"),
        pytest.param("- [x] **1.** Title", "1", DONE, "Title", id="bold-dot-inside"),
        pytest.param("- [x] **1**. Title", "1", DONE, "Title", id="bold-dot-outside"),
        pytest.param("- [x] **1. Title**", "1", DONE, "Title", id="bold-line"),
        pytest.param("- [x] 1. **Title**", "1", DONE, "Title", id="bold-title"),
        pytest.param("- [x] **1. Title** — more", "1", DONE, "Title — more", id="bold-head"),
        pytest.param("- [ ] 1\\. Title", "1", PENDING, "Title", id="escaped-dot"),
        pytest.param("- [ ] 1\\.2\\. Title", "1.2", PENDING, "Title", id="escaped-nested"),
        pytest.param("- [ ] 1.2.3 Title", "1.2.3", PENDING, "Title", id="deep"),
        pytest.param("- [ ] 1) Title", "1", PENDING, "Title", id="parenthesis"),
        pytest.param("- [ ] 1.1-1.3 Title", "1.1-1.3", PENDING, "Title", id="range"),
        pytest.param("- [ ] 2–4. Title", "2-4", PENDING, "Title", id="range-en-dash"),
        pytest.param("- [ ] Task 3: Title", "3", PENDING, "Title", id="task-word"),
        pytest.param("- [ ] **Aufgabe 3:** Title", "3", PENDING, "Title", id="task-word-german"),
        pytest.param("- [ ] 3 - Title", "3", PENDING, "Title", id="dash"),
        pytest.param("* [X] 1. Title", "1", DONE, "Title", id="asterisk-upper-x"),
        pytest.param("+ [-] 1. Title", "1", IN_PROGRESS, "Title", id="plus"),
        pytest.param("- [~] 1. Title", "1", BLOCKED, "Title", id="tilde"),
        pytest.param("- [!] 1. Title", "1", BLOCKED, "Title", id="bang"),
        pytest.param("  -   [ ]   1.   Title  ", "1", PENDING, "Title", id="spaces"),
        pytest.param("\t- [ ] 1. Title", "1", PENDING, "Title", id="tab"),
        pytest.param("- [ x ] 1. Title", "1", DONE, "Title", id="padded"),
        pytest.param("- [x]1. Title", "1", DONE, "Title", id="no-space"),
        pytest.param("-[x] 1. Title", "1", DONE, "Title", id="no-space-before-box"),
        pytest.param("1. [x] Title", "1", DONE, "Title", id="number-before-box"),
        pytest.param("- [✅] 1. Title", "1", DONE, "Title", id="sign-in-box"),
        pytest.param("- ✅ 1. Title", "1", DONE, "Title", id="sign-for-box"),
        pytest.param("- ☑️ 1. Title", "1", DONE, "Title", id="sign-with-selector"),
        pytest.param("- ☐ 1. Title", "1", PENDING, "Title", id="open-sign"),
        pytest.param("- [ ] ✔ 1. Title", "1", DONE, "Title", id="sign-after-box"),
        pytest.param("- [-] ✔ 1. Title", "1", IN_PROGRESS, "Title", id="box-beats-sign"),
        pytest.param("- [ ]* 1.2 Title", "1.2", PENDING, "Title", id="optional"),
        pytest.param("- ［ｘ］ １．２ Title", "1.2", DONE, "Title", id="full-width"),
        pytest.param("- [x] 1、タイトル", "1", DONE, "タイトル", id="cjk-stop"),
        pytest.param("- [ ] 1", "1", PENDING, "", id="no-title"),
        pytest.param("### [x] 3. Title", "3", DONE, "Title", id="boxed-heading"),
        pytest.param("### Task 3: Title", "3", PENDING, "Title", id="heading"),
        pytest.param("### Task 3: Title in C# ###", "3", PENDING, "Title in C#", id="closed-heading"),
        pytest.param("## Task 3 - Title", "3", PENDING, "Title", id="heading-dash"),
        pytest.param("### ✅ Task 3: Title", "3", DONE, "Title", id="heading-sign"),
        pytest.param("### Task 3: Title ✅", "3", DONE, "Title", id="heading-last-sign"),
        pytest.param("1. Title", "1", PENDING, "Title", id="numbered"),
        pytest.param("1. ✅ Title", "1", DONE, "Title", id="numbered-sign"),
        pytest.param(
            "1) 1.x stays in the title", "1", PENDING, "1.x stays in the title", id="numbered-paren"
        ),
    ],
)
def test_task_line(line: str, task_id: str, status: TaskStatus, title: str) -> None:
    task = only(f"# Plan\n\n{line}\n")
    assert (task.id, task.status, task.title, task.line) == (task_id, status, title, 3)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("- [ ] Write docs", id="no-id"),
        pytest.param("- [ ] 1.x migration", id="version"),
        pytest.param("- [ ] 3rd party check", id="ordinal"),
        pytest.param("- [ ] 100% coverage", id="percent"),
        pytest.param("- [ ] 2024-05-01 release", id="date"),
        pytest.param("- [ ] REQ-001 covered", id="requirement"),
        pytest.param("## [ ] Group", id="heading"),
        pytest.param("- [ ] #12 fixed", id="issue"),
    ],
)
def test_checkbox_without_readable_id(line: str) -> None:
    document = parse_tasks(f"# Plan\n\n{line}\n")
    assert document.tasks == ()
    assert document.has_tasklike_lines
    assert [problem.line for problem in document.problems] == [3]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("- [link](url) 1. text", id="link"),
        pytest.param("- [1] 2. reference", id="reference"),
        pytest.param("- ✅ 3 tests pass", id="sign-in-prose"),
        pytest.param("[x] marks a finished task", id="legend"),
        pytest.param("- 1. item", id="bulleted-number"),
        pytest.param("# Task 3: a title", id="document-title"),
        pytest.param("## 3. Overview", id="numbered-heading"),
        pytest.param("Task 3: prose", id="prose"),
        pytest.param("2024 was long", id="year"),
    ],
)
def test_not_a_task(line: str) -> None:
    document = parse_tasks(f"{line}\n")
    assert (document.tasks, document.has_tasklike_lines, document.problems) == ((), False, ())


@pytest.mark.parametrize(
    ("text", "line", "remark"),
    [
        pytest.param(
            "- [ ] 1. A\n- [ ] 1. B\n", 2, "task id 1 is used again; it is first on line 1", id="twice"
        ),
        pytest.param("- [ ] 1-3. A\n", 1, "task id 1-3 is a range; it is read as one task", id="range"),
        pytest.param("- [?] 1. A\n", 1, "unknown status sign '?'; task 1 is read as pending", id="sign"),
        pytest.param("- [] 1. A\n", 1, "the box of task 1 is empty; it is read as pending", id="empty-box"),
        pytest.param("- [ ] 1.\n", 1, "task 1 has no title", id="no-title"),
        pytest.param("- [ ] 1. A\n  - Wave: soon\n", 2, "the wave of task 1 is no number: 'soon'", id="wave"),
        pytest.param(
            "- [ ] 1. A\n  - Wave: 1\n  - Wave: 2\n",
            3,
            "task 1 names several waves; the last counts",
            id="waves",
        ),
        pytest.param(
            "- [ ] 1. A\n  - Depends On: Wave 1\n",
            2,
            "task 1 depends on a wave; only task ids are read",
            id="wave-dependency",
        ),
        pytest.param(
            "- [ ] 1. A\n  - _Prompt: Role: x\n", 2, "the prompt is not closed by an underscore", id="prompt"
        ),
        pytest.param("- [ ] 1. A\n- [ ] B\n", 2, "a checkbox without a task id", id="no-id"),
        pytest.param(
            "- [ ] 1. A\n  ```\n  x\n- [ ] 2. B\n\n  ```\n  x\n  ```\n",
            2,
            "the code fence is not closed inside its list item",
            id="fence-in-item",
        ),
        pytest.param(
            "---\ntask_ids: [1, x]\n---\n- [ ] 1. A\n",
            2,
            "not a task id in the task_ids of the frontmatter: 'x'",
            id="task-ids",
        ),
        pytest.param("- [ ] 1. A\n- [ ] 2b. B\n", 2, "the task id is not readable: '2b. B'", id="bad-id"),
        pytest.param(
            "- [ ] 1. A\n\n```\ncode\n", 3, "the code fence is never closed; read as text", id="fence"
        ),
        pytest.param("<!-- note\n- [ ] 1. A\n", 1, "the comment is not closed; read as text", id="comment"),
        pytest.param(
            "<!-- note\n<!-- B -->\n- [ ] 1. A\n",
            2,
            "a comment begins inside another one, which hides it",
            id="comment-in-comment",
        ),
        *(
            pytest.param(
                f"- [ ] 1. A\n{line}\n",
                2,
                "a broken checkbox is not read as a task; write `- [ ]` before its id",
                id=f"broken-box-{at}",
            )
            for at, line in enumerate(
                ("- [x 2. B", "- [ 2. B", "* ( ) 2. B", "- \\[ \\] 2. B", "\\- [ ] 2. B", "- 【x】 **2.** B")
            )
        ),
        pytest.param(
            "- [ ] 1. A\n- 2. B\n- [ ] 3. C\n",
            2,
            "item 2 has no checkbox and is not read as a task",
            id="bullet-without-box",
        ),
        pytest.param(
            "1. A\n   - [x] 1.1 B\n2. C\n   - [ ] 2.1 D\n3. E\n",
            5,
            "item 3 has no checkbox and is not read as a task",
            id="number-without-box",
        ),
        pytest.param(
            "### Task 1: A\nStatus: waiting\n",
            2,
            "the status of task 1 is not understood: 'waiting'; read as pending",
            id="status",
        ),
        pytest.param(
            "- [-] 1. A\n  - Status: done\n",
            2,
            "the box of task 1 says in progress, its status line done; the box counts",
            id="contradiction",
        ),
    ],
)
def test_problem(text: str, line: int, remark: str) -> None:
    assert remarks(parse_tasks(text)) == [(line, remark)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("- [ ] 1. A\n  - 1. step\n  - 2. step\n", id="steps"),
        pytest.param("- [ ] 1. A\n\n## Notes\n- 4. remark\n1. first\n2. then\n", id="notes"),
        pytest.param("- [ ] 1. A\n1. first\n2. then\n", id="numbered-prose"),
        pytest.param("## Execution Constraints\n- 2. no\n- [ ] 1. A\n", id="constraints"),
        pytest.param("- [ ] 1. A\n  - [link](b) 2. text\n  - (x) is 3\n", id="brackets"),
        pytest.param("- Group\n- 1. Outer\n  - [ ] 1.1 A\n- 2. Outer\n  - [ ] 2.1 B\n", id="outer-bullets"),
    ],
)
def test_numbered_lines_that_nobody_means_as_tasks_leave_no_problem(text: str) -> None:
    assert parse_tasks(text).problems == ()


def test_duplicate_ids_are_both_kept() -> None:
    document = parse_tasks("- [x] 4. First\n- [ ] 4. Second\n")
    assert [(task.id, task.title) for task in document.tasks] == [("4", "First"), ("4", "Second")]
    found = document.task("4")
    assert found is not None
    assert found.title == "First"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("<!-- - [ ] 1. A -->\n- [ ] 2. B\n", "2 B", id="line"),
        pytest.param("<!--\n- [ ] 1. A\n\n## Wave 9\n-->\n- [ ] 2. B\n", "2 B", id="block"),
        pytest.param("- [ ] 1. A <!-- 2. B -->\n", "1 A", id="behind-a-title"),
        pytest.param("- [ ] 1. A <!-- really --> B\n", "1 A B", id="in-a-title"),
        pytest.param("- [ ] 1. A <!-- and\n  more -->\n- [ ] 2. B\n", "1 A, 2 B", id="over-two-lines"),
        pytest.param("- <!-- hidden\n  - [ ] 1. A -->\n- [ ] 2. B\n", "2 B", id="in-a-list-item"),
        pytest.param("- [ ] 1. use `<!--` and\n  `-->`\n", "1 use `<!--` and", id="code"),
        pytest.param("```html\n<!--\n```\n- [ ] 1. A\n<!-- x -->\n", "1 A", id="in-a-fence"),
        pytest.param("<!--\n```\n-->\n- [ ] 1. A\n```\nx\n```\n", "1 A", id="around-a-fence"),
        pytest.param("<!-- ## Deferred -->\n- [ ] 1. A\n", "1 A", id="heading"),
        pytest.param("<!-->\n- [ ] 1. A\n<!---->\n- [ ] 2. B\n", "1 A, 2 B", id="empty"),
    ],
)
def test_comments_are_not_read(text: str, found: str) -> None:
    document = parse_tasks(text)
    assert ", ".join(f"{task.id} {task.title}" for task in document.tasks) == found
    assert (document.problems, document.has_deferred) == ((), False)


def test_comments_between_and_in_metadata() -> None:
    task = only(
        "- [ ] 1. A\n  <!-- Wave: 9 -->\n  - Wave: 2 <!-- was 3 -->\n  - Depends On: 4 <!-- not 5 -->\n"
    )
    assert (task.wave, task.depends_on, task.notes) == (2, ("4",), ())


# --- which of several shapes the tasks of a file have ---------------------------------------------------


def test_headings_are_sections_where_checkboxes_are_tasks() -> None:
    document = parse_tasks("### Task 1: Group\n- [ ] 1.1 One\n- [ ] 1.2 Two\n1. numbered\n")
    assert ids(document) == ["1.1", "1.2"]


def test_heading_tasks_own_everything_below_them() -> None:
    text = (
        "# Plan\n\n### Task 1: Parse\n**Files:** a.py\n\nSome prose.\n\n- [x] write the test\n- [ ] run it\n"
        "Depends On: 2\n#### Requirements\n- R1\n- R2\n\n### Task 2: Print\nStatus: In Progress\n"
    )
    first, second = parse_tasks(text).tasks
    assert (first.files, first.depends_on, first.requirements) == (("a.py",), ("2",), ("R1", "R2"))
    assert first.notes == ("Some prose.", "[x] write the test", "[ ] run it")
    assert second.status is IN_PROGRESS
    assert parse_tasks(text).problems == ()


def test_boxed_headings_are_tasks_beside_checkboxes() -> None:
    document = parse_tasks("### [-] 3. Group\n- [x] 3.1 One\n")
    assert [(task.id, task.status) for task in document.tasks] == [("3", IN_PROGRESS), ("3.1", DONE)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1. One\n2. Two\n", ["1", "2"], id="root"),
        pytest.param("# Title\n1. One\n   1. sub\n2. Two\n", ["1", "2"], id="below-title"),
        pytest.param(
            "## Notes\n1. One\n## Tarefas\n2. Two\n### Backend\n3. Three\n", ["2", "3"], id="headings"
        ),
        pytest.param("## Wave 2\n1. One\n", ["1"], id="wave-heading"),
        pytest.param("## Tasks\n1. One\n## References\n2. Two\n", ["1"], id="other-heading-after"),
        pytest.param("## Execution Constraints\n1. One\n", [], id="constraints"),
        pytest.param("1. One\n- [ ] loose\n", [], id="loose-checkbox"),
        pytest.param("1. One\n   - [ ] step\n", ["1"], id="nested-checkbox"),
        pytest.param("1. One\n- [ ] 2. Two\n", ["2"], id="checkbox-task"),
        pytest.param("1. One\n## Task 2: Two\n", ["2"], id="heading-task"),
    ],
)
def test_numbered_lists(text: str, expected: list[str]) -> None:
    assert ids(parse_tasks(text)) == expected


def test_checkboxes_below_a_task_do_not_cut_it() -> None:
    task = only("- [ ] 1. A\n  - Wave: 1\n  - [ ] works\n  - [x] documented\n  - Depends On: 2\n")
    assert (task.wave, task.depends_on, task.notes) == (1, ("2",), ("[ ] works", "[x] documented"))


def test_counted_criteria_are_no_tasks() -> None:
    document = parse_tasks("- [ ] 1. A\n  - Definition of Done:\n    - [ ] 3 unit tests pass\n  - Wave: 2\n")
    assert [(task.id, task.wave) for task in document.tasks] == [("1", 2)]
    assert document.tasks[0].notes == ("Definition of Done:", "[ ] 3 unit tests pass")


def test_bare_numbers_nested_in_a_task_count_something() -> None:
    document = parse_tasks(
        "- [ ] 1. A\n  - [ ] 3 unit tests pass\n  - Wave: 2\n- [ ] 2. B\n- [ ] 3 C\n## More\n  - [ ] 4 D\n"
    )
    assert ids(document) == ["1", "2", "3", "4"]
    assert document.tasks[0].notes == ("[ ] 3 unit tests pass",)
    assert document.tasks[0].wave == 2
    assert [str(problem) for problem in document.problems] == [
        "line 2: checkbox 3 is read as a note of task 1; write `3.` for a task"
    ]


def test_a_sibling_checkbox_keeps_its_metadata_to_itself() -> None:
    task = only("- [ ] 1. A\n  - Wave: 1\n- [ ] loose\n  - Wave: 9\n")
    assert (task.wave, task.notes) == (1, ())


def test_a_sibling_bullet_keeps_its_text_to_itself() -> None:
    task = only("- [ ] 1. A\n  - mine\n- sibling\n  - its own\n")
    assert task.notes == ("mine",)


def test_nested_tasks() -> None:
    document = parse_tasks(
        "- [ ] 1. Parent\n  - note\n  - [x] 1.1 Child\n    - detail\n    - _Requirements: 1.1, 2.3_\n"
        "  - [ ]* 1.2 Extra\n    - _Requirements: 2.4_\n"
    )
    assert [(task.id, task.requirements, task.notes) for task in document.tasks] == [
        ("1", (), ("note",)),
        ("1.1", ("1.1", "2.3"), ("detail",)),
        ("1.2", ("2.4",), ("optional",)),
    ]


# --- what looks like a task and what looks like none ----------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(
            "## Phase 1\n### 1. Set up\n- Status: done\n### 2. Go\n", [2, 4], id="numbered-headings"
        ),
        pytest.param("# T\n\n## Implementation\n1. A\n2. B\n", [4, 5], id="numbered-items"),
        pytest.param("| ID | Task |\n|---|---|\n| 1 | A |\n| **2** | B |\n", [3, 4], id="table"),
        pytest.param("| Done | Task |\n|---|---|\n| [x] | A |\n| [ ] | B |\n", [3, 4], id="table-of-boxes"),
        pytest.param("| Task | Status |\n|---|---|\n| 1. A | done |\n", [3], id="table-of-titles"),
        pytest.param("> - [ ] 1. A\n", [1], id="quoted-box"),
    ],
)
def test_a_file_that_only_looks_like_tasks_is_no_finished_one(text: str, lines: list[int]) -> None:
    document = parse_tasks(text)
    assert (document.tasks, document.has_tasklike_lines) == ((), True)
    assert [problem.line for problem in document.problems] == lines


@pytest.mark.parametrize("text", ["## Execution Constraints\n1. One\n", "# T\n| a | b |\n", "> quoted 1.\n"])
def test_a_file_without_anything_like_tasks(text: str) -> None:
    document = parse_tasks(text)
    assert (document.tasks, document.has_tasklike_lines, document.problems) == ((), False, ())


def test_numbered_criteria_do_not_replace_heading_tasks() -> None:
    document = parse_tasks(
        "### Task 1: A\n\n#### Acceptance Criteria\n- [x] 1. works\n- [x] 2. b\n### Task 2: B\n"
    )
    assert [(task.id, task.status) for task in document.tasks] == [("1", PENDING), ("2", PENDING)]
    assert document.tasks[0].notes == ("[x] 1. works", "[x] 2. b")


def test_boxes_below_a_deeper_heading_of_a_task_are_reported_as_notes() -> None:
    document = parse_tasks("### Task 1: A\n#### Verify\n- [x] 1. works\n### Task 2: B\n")
    assert ids(document) == ["1", "2"]
    assert remarks(document) == [(3, "checkbox 1 is read as a note of the task in the heading")]


def test_subtasks_below_a_deeper_heading_stay_tasks() -> None:
    assert ids(parse_tasks("### Task 1: A\n#### Steps\n- [x] 1.1 One\n")) == ["1.1"]


def test_a_heading_task_that_checkboxes_displace_is_reported() -> None:
    document = parse_tasks("### Task 1: A\n- [ ] 1.1 One\n### Task 2: B\n")
    assert ids(document) == ["1.1"]
    assert [problem.line for problem in document.problems] == [3]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("- [done] 2. B", DONE),
        ("- [>>] 2. B", PENDING),
        ("- [xx] 2. B", PENDING),
        ("- [WIP] 2 B", IN_PROGRESS),
    ],
)
def test_a_box_with_an_unknown_mark_is_a_task(line: str, status: TaskStatus) -> None:
    document = parse_tasks(f"- [x] 1. A\n{line}\n")
    assert [(task.id, task.status) for task in document.tasks] == [("1", DONE), ("2", status)]
    assert [problem.line for problem in document.problems] == [2]
    assert "unknown status sign" in document.problems[0].message


@pytest.mark.parametrize("line", ["- [text](url) 2. B", "- [ref]: 2. B", "- [12] 2. B", "- [RFC] 2 pages"])
def test_links_and_references_are_no_boxes(line: str) -> None:
    assert ids(parse_tasks(f"- [x] 1. A\n\n{line}\n")) == ["1"]


@pytest.mark.parametrize("blank", ["", "\n"])
def test_metadata_goes_to_the_task_it_is_indented_below(blank: str) -> None:
    parent, child = parse_tasks(
        f"- [ ] 1. Parent\n    - [ ] 1.1 Child\n{blank}"
        f"  - Wave: 2\n{blank}  - Depends On: 9\n  - Files: a.py\n"
    ).tasks
    assert (parent.wave, parent.depends_on, parent.files) == (2, ("9",), ("a.py",))
    assert (child.wave, child.depends_on, child.files) == (None, (), ())


def test_metadata_returns_over_several_levels() -> None:
    tasks = parse_tasks(
        "- [ ] 1. A\n  - [ ] 1.1 B\n    - [ ] 1.1.1 C\n  - Wave: 3\n- [ ] 2. D\n  - Wave: 4\n"
    )
    assert [task.wave for task in tasks.tasks] == [3, None, None, 4]


@pytest.mark.parametrize(
    "label",
    ["Acceptance criteria:", "**Definition of Done**", "Critérios de aceitação:", "Criterios de aceptación:",
     "Akzeptanzkriterien:", "Critères d'acceptation :"],
)  # fmt: skip
@pytest.mark.parametrize(
    "shape", ["  - {}\n    - [ ] 1. works\n    - [ ] 2.1 also\n", "  {}\n  - [ ] 1. works\n"]
)
def test_numbered_criteria_below_a_label_are_notes(label: str, shape: str) -> None:
    task = only("- [ ] 1. A\n" + shape.format(label))
    assert "[ ] 1. works" in task.notes


@pytest.mark.parametrize(
    "heading", ["## Acceptance Criteria", "### Definition of Done", "## Definição de pronto"]
)
def test_numbered_criteria_below_a_heading_are_no_tasks(heading: str) -> None:
    assert ids(parse_tasks(f"- [ ] 1. A\n\n{heading}\n- [ ] 1. works\n- [ ] 3 unit tests pass\n")) == ["1"]
    assert parse_tasks(f"{heading}\n- [ ] 1. works\n").has_tasklike_lines


def test_a_task_about_criteria_keeps_its_subtasks() -> None:
    assert ids(parse_tasks("- [ ] 1. Acceptance criteria\n  - [ ] 1.1 Write\n")) == ["1", "1.1"]


@pytest.mark.parametrize(
    ("text", "deferred"),
    [
        ("## Deferred: none\n- [ ] 1. A\n", False),
        ("## No deferred tasks\n- [ ] 1. A\n", False),
        ("## Never-deferred work\n- [ ] 1. A\n", False),
        ("## Keine verschobenen Aufgaben\n- [ ] 1. A\n", False),
        ("- [ ] 1. A\n  - Deferred: yes\n", True),
        ("- [ ] 1. A\n  - Deferred: no\n", False),
        ("- [ ] 1. A\n  - Status: deferred\n", True),
        ("- [ ] 1. A\n  - Status: not deferred\n", False),
        ("1. A (deferred)\n", True),
        ("- [ ] 1. A (deferred to wave 3)\n", True),
        ("- [ ] 1. Queue (deferred jobs)\n", False),
    ],
)
def test_what_defers(text: str, deferred: bool) -> None:
    task = only(text)
    assert task.deferred_reason == ("wave" if deferred else "")


@pytest.mark.parametrize(
    ("value", "depends_on", "problems"),
    [
        ("1..3", ("1", "2", "3"), 0),
        ("tasks 1 through 4", ("1", "2", "3", "4"), 0),
        ("1 to 3", ("1", "2", "3"), 0),
        ("1 – 3, 8", ("1", "2", "3", "8"), 0),
        ("REQ-001, T2, #3", ("3",), 1),
        ("all previous", ("all previous",), 1),
        ("next-door", ("next-door",), 1),
        ("none", (), 0),
    ],
)
def test_dependencies_that_are_hard_to_read(value: str, depends_on: tuple[str, ...], problems: int) -> None:
    document = parse_tasks(f"- [ ] 9. A\n  - Depends On: {value}\n")
    assert (document.tasks[0].depends_on, len(document.problems)) == (depends_on, problems)


@pytest.mark.parametrize(("value", "wave"), [("1.5", 1), ("2/3", 2), ("2a", 2), ("1, 2", 1), ("1-3", 1)])
def test_a_wave_of_more_than_a_number_is_reported(value: str, wave: int) -> None:
    document = parse_tasks(f"- [ ] 1. A\n  - Wave: {value}\n")
    assert document.tasks[0].wave == wave
    assert remarks(document) == [(2, f"the wave of task 1 is more than a number: {value!r}; read as {wave}")]


# --- code, frontmatter, sections ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("```\n- [ ] 9. no\n```\n- [ ] 1. A\n", ["1"], id="backticks"),
        pytest.param("~~~md\n- [ ] 9. no\n```\n~~~\n- [ ] 1. A\n", ["1"], id="tildes"),
        pytest.param("````\n```\n- [ ] 9. no\n```\n````\n- [ ] 1. A\n", ["1"], id="longer"),
        pytest.param("- [ ] 1. A\n  ```\n  - [ ] 9. no\n  ```\n- [ ] 2. B\n", ["1", "2"], id="indented"),
        pytest.param(
            "- [ ] 1. A\n  - ```sh\n    - [ ] 9. no\n    ```\n- [ ] 2. B\n", ["1", "2"], id="in-bullet"
        ),
        pytest.param("```\n- [ ] 1. A\n- [ ] 2. B\n", ["1", "2"], id="never-closed"),
        pytest.param("- [ ] 1. A\n  ```\n  x\n- [ ] 2. B\n\n```\ny\n```\n", ["1", "2"], id="ends-with-item"),
        pytest.param("```a`b\n- [ ] 1. A\n```\nx\n```\n", ["1"], id="inline-code"),
    ],
)
def test_fences(text: str, expected: list[str]) -> None:
    assert ids(parse_tasks(text)) == expected


def test_metadata_continues_behind_a_fence() -> None:
    task = only("- [ ] 1. A\n  ```\n  Wave: 9\n  ```\n  - Wave: 2\n")
    assert (task.wave, task.notes) == (2, ())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("---\nspec: s\ntask_ids: [1]\n---\n- [ ] 1. A\n", id="flat"),
        pytest.param("---\nspw:\n  spec: 's'\n  task_ids: [1]\n---\n- [ ] 1. A\n", id="nested"),
        pytest.param('---\noraculo:\n  spec: s\n  task_ids:\n    - "1"\n---\n- [ ] 1. A\n', id="block-list"),
        pytest.param("\ufeff---\r\nSpec: s\r\nTask-IDs: 1\r\n---\r\n- [ ] 1. A\r\n", id="bom-crlf"),
        pytest.param("\n\n---\nspec: s\ntask_ids: ['1']\n---\n- [ ] 1. A\n", id="blank-lines-first"),
    ],
)
def test_frontmatter_shapes(text: str) -> None:
    document = parse_tasks(text)
    assert (document.header.spec, document.header.task_ids) == ("s", ("1",))
    assert ids(document) == ["1"]
    assert document.warnings == ()


def test_rules_further_down_are_no_frontmatter() -> None:
    document = parse_tasks("# Tasks\n\n---\n- [ ] 1. A\n---\n- [ ] 2. B\n")
    assert ids(document) == ["1", "2"]
    assert document.header.fields == {}


def test_a_forgotten_closing_line_hides_no_task() -> None:
    document = parse_tasks("---\nspec: s\n\n- [ ] 1. A\n\n---\n\n- [ ] 2. B\n")
    assert (document.header.spec, ids(document)) == ("s", ["1", "2"])
    assert len(document.problems) == 1


def test_ids_keep_their_text() -> None:
    document = parse_tasks("---\ntask_ids: [1.1, 1.10]\n---\n- [ ] 1.1 A\n- [ ] 1.10 B\n")
    assert document.header.task_ids == ("1.1", "1.10")
    assert document.warnings == ()


def test_mismatch_warnings_in_body_order_then_list_order() -> None:
    document = parse_tasks("---\ntask_ids: [9, 2, 8]\n---\n- [ ] 3. A\n- [ ] 1. B\n- [ ] 2. C\n- [ ] 1. D\n")
    assert [warning.split()[2] for warning in document.warnings] == ["3", "1", "9", "8"]
    assert [(task.id, task.deferred, task.deferred_reason) for task in document.tasks] == [
        ("3", True, "task_ids"),
        ("1", True, "task_ids"),
        ("2", False, ""),
        ("1", True, "task_ids"),
    ]


def test_a_range_covers_its_ids_in_the_list() -> None:
    document = parse_tasks("---\ntask_ids: [1, 2, 3, 4-5]\n---\n- [ ] 1-3. A\n- [ ] 4. B\n- [ ] 5. C\n")
    assert document.warnings == ()


def test_an_empty_list_compares_nothing() -> None:
    document = parse_tasks("---\ntask_ids: []\n---\n- [ ] 1. A\n")
    assert (document.header.task_ids, document.warnings, document.has_deferred) == ((), (), False)


def test_sections_do_not_swallow_tasks() -> None:
    document = parse_tasks(
        "## Execution Constraints\n- max: 3\n- [ ] 1. A\n\n"
        "## Wave Plan\n- Wave 1 (current): Core\n- Wave 2:\n\n---\n\n- [ ] 2. B\n  - Wave: 1\n"
    )
    assert ids(document) == ["1", "2"]
    assert document.constraints == (("max", "3"),)
    assert document.wave_plan == (WavePlanEntry(1, "current", (), "Core"), WavePlanEntry(2, "", (), ""))


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        pytest.param("- Wave 1: Tasks 1, 2", (1, "", ("1", "2"), "Tasks 1, 2"), id="tasks"),
        pytest.param("- wave 02: task 1-3", (2, "", ("1", "2", "3"), "task 1-3"), id="range"),
        pytest.param("* **Wave 3** (done): Core — 2 modules", (3, "done", (), "Core — 2 modules"), id="bold"),
        pytest.param("- **Wave 3:** Core", (3, "", (), "Core"), id="bold-colon"),
        pytest.param("- Wave 4 (Tasks 4, 5): Rest", (4, "", ("4", "5"), "Rest"), id="tasks-in-parentheses"),
        pytest.param(
            "- Onda 1 (atual): tarefas 1 e 2", (1, "atual", ("1", "2"), "tarefas 1 e 2"), id="portuguese"
        ),
        pytest.param("- Wave 5 — Docs", (5, "", (), "Docs"), id="dash"),
    ],
)
def test_wave_plan_line(line: str, entry: tuple[int, str, tuple[str, ...], str]) -> None:
    assert parse_tasks(f"## Wave Plan\n{line}\n").wave_plan == (WavePlanEntry(*entry),)


@pytest.mark.parametrize(
    "heading",
    [
        "## Deferred Tasks (not executable until the next planning wave)",
        "## DEFERRED",
        "### Wave 4 (deferred)",
        "## Tarefas adiadas",
        "## Zurückgestellte Aufgaben",
        "## Tareas aplazadas",
        "## Tâches différées",
        "## Attività rinviate",
        "## 延期",
        "## 보류",
        "## Отложенные задачи",
    ],
)
def test_deferring_headings(heading: str) -> None:
    document = parse_tasks(f"{heading}\n- [ ] 1. A\n## Next\n- [ ] 2. B\n")
    assert [task.deferred_reason for task in document.tasks] == ["heading", ""]


@pytest.mark.parametrize(
    "heading",
    [
        "# Deferred payments",
        "## Undeferred work",
        "## Not deferred",
        "## Reported bugs",
        "## Different tasks",
    ],
)
def test_headings_that_defer_nothing(heading: str) -> None:
    assert not only(f"{heading}\n- [ ] 1. A\n").deferred


def test_a_lower_heading_stays_inside_the_deferral() -> None:
    document = parse_tasks("## Deferred\n### Wave 7\n- [ ] 1. A\n### Other\n- [ ] 2. B\n")
    assert [(task.wave, task.deferred_reason) for task in document.tasks] == [
        (7, "heading"),
        (None, "heading"),
    ]


@pytest.mark.parametrize(
    ("heading", "wave"),
    [
        ("## Wave 2", 2),
        ("### Wave 02: Core", 2),
        ("## 3. Wave 4 - Core", 4),
        ("## Tasks (Wave 5)", 5),
        ("## Onda 2", 2),
        ("## Welle 2", 2),
        ("## Волна 2", 2),
        ("## 第２波", 2),
        ("## ウェーブ 2", 2),
        ("## Waves 1-3", None),
        ("## Microwave 2", None),
    ],
)
def test_wave_headings(heading: str, wave: int | None) -> None:
    document = parse_tasks(f"{heading}\n- [ ] 1. A\n- [ ] 2. B\n  - Wave: 9\n## Rest\n- [ ] 3. C\n")
    assert [task.wave for task in document.tasks] == [wave, 9, None]


# --- metadata -------------------------------------------------------------------------------------------

GERMAN = "Welle: 2|Abhängig von: 1|Dateien: a.py|Anforderungen: R1|TDD: ja"
LANGUAGES = {
    "english": "Wave: 2|Depends On: 1|Files: a.py|Requirements: R1|TDD: ja",
    "upper": "WAVE: 2|DEPENDS ON: 1|FILES: a.py|REQUIREMENTS: R1|tdd: ja",
    "snake": "wave: 2|depends_on: 1|files: a.py|requirements: R1|tdd: ja",
    "singular": "Wave: 2|Dependency: 1|File: a.py|Requirement: R1|TDD: ja",
    "german": GERMAN,
    "portuguese": "Onda: 2|Depende de: 1|Arquivos: a.py|Requisitos: R1|TDD: ja",
    "spanish": "Ola: 2|Dependencias: 1|Archivos: a.py|Requisitos: R1|TDD: ja",
    "french": "Vague: 2|Dépend de: 1|Fichiers: a.py|Exigences: R1|TDD: ja",
    "italian": "Ondata: 2|Dipende da: 1|File: a.py|Requisiti: R1|TDD: ja",
    "japanese": "ウェーブ：２|依存：１|ファイル：a.py|要件：R1|TDD：ja",
    "chinese": "波次：2|依赖：1|文件：a.py|要求：R1|TDD：ja",
    "korean": "웨이브: 2|의존성: 1|파일: a.py|요구사항: R1|TDD: ja",
    "russian": "Волна: 2|Зависит от: 1|Файлы: a.py|Требования: R1|TDD: ja",
}
SHAPES: dict[str, Callable[[str, str], str]] = {
    "plain": lambda key, value: f"  {key}: {value}",
    "tab": lambda key, value: f"\t{key}: {value}",
    "bullet": lambda key, value: f"  - {key}: {value}",
    "asterisk": lambda key, value: f"  * {key}: {value}",
    "bold-colon-inside": lambda key, value: f"  - **{key}:** {value}",
    "bold-colon-outside": lambda key, value: f"  - **{key}**: {value}",
    "underscored": lambda key, value: f"  - _{key}: {value}_",
    "italic-key": lambda key, value: f"  - _{key}_: {value}",
    "code-key": lambda key, value: f"  - `{key}`: {value}",
    "remark": lambda key, value: f"  - {key} (optional): {value}",
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_metadata(language: str, shape: str) -> None:
    pairs = [line.replace("：", ":").split(":", 1) for line in LANGUAGES[language].split("|")]
    lines = [SHAPES[shape](key, value.strip()) for key, value in pairs]
    if language in ("japanese", "chinese"):
        lines = [line.replace(":", "：") for line in lines]
    task = only("\n".join(["- [ ] 7. Title", *lines, ""]))
    assert (task.wave, task.depends_on, task.files, task.requirements, task.tdd) == (
        2,
        ("1",),
        ("a.py",),
        ("R1",),
        "ja",
    )


def test_every_field() -> None:
    task = only(
        "- [~] 7. Title\n"
        "  - Files: `a.py`, b.py (new)\n"
        "  - Can Run In Parallel With: 5, 6\n"
        "  - _Leverage: src/x.py, src/y_\n"
        "  - _Blocked: waits for the vendor_\n"
        "  - Purpose: one reader\n"
        "  - Test Plan:\n"
        "    - Unit: every dialect\n"
        "  - _Prompt: Role: dev | Task: do it\n"
        "    | Success: done_\n"
        "  - TDD: inherit\n"
    )
    assert (task.status, task.blocked_reason) == (BLOCKED, "waits for the vendor")
    assert (task.files, task.raw_files) == (("a.py", "b.py"), "`a.py`, b.py (new)")
    assert (task.parallel_with, task.leverage) == (("5", "6"), ("src/x.py", "src/y"))
    assert task.prompt == "Role: dev | Task: do it\n| Success: done"
    assert task.notes == ("Purpose: one reader", "Test Plan:", "Unit: every dialect")
    assert task.tdd == "inherit"


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        pytest.param(
            "  Files:\n    - modify: a.py\n    - test: `b.py`\n  TDD: x", ("a.py", "b.py"), id="labels"
        ),
        pytest.param("  Files:\n  - a.py\n  - b.py\n  TDD: x", ("a.py", "b.py"), id="bullets-at-key-level"),
        pytest.param(
            "  - Files:\n    - a.py\n      - adds X\n    - b.py\n  - TDD: x", ("a.py", "b.py"), id="remarks"
        ),
        pytest.param("  - Files: a.py,\n    b.py\n  - TDD: x", ("a.py", "b.py"), id="wrapped"),
        pytest.param("  - File: a.py\n  - File: b.py\n  - TDD: x", ("a.py", "b.py"), id="repeated"),
        pytest.param("  - Details:\n    - Files: a.py\n  - TDD: x", ("a.py",), id="nested"),
        pytest.param(
            "  - Tests:\n    - Files: t.py\n  - Files: a.py\n  - TDD: x", ("a.py",), id="own-level-wins"
        ),
    ],
)
def test_file_lists(lines: str, files: tuple[str, ...]) -> None:
    task = only(f"- [ ] 1. A\n{lines}\n")
    assert (task.files, task.tdd) == (files, "x")


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("a.py, b.py", ("a.py", "b.py")),
        ("`a.py`,`b, c.py`", ("a.py", "b, c.py")),
        ("`a.py` and `b.py`", ("a.py", "b.py")),
        ("src/{a,b}.py, c.py", ("src/{a,b}.py", "c.py")),
        ("a.py (new, with tests), b.py", ("a.py", "b.py")),
        ("app/(auth)/page.tsx", ("app/(auth)/page.tsx",)),
        ("a.py — new, b.py - old", ("a.py", "b.py")),
        ("modify: a.py, create: Makefile", ("a.py", "Makefile")),
        ("README: mention it", ("README",)),
        ("[a.py](src/a.py)", ("a.py",)),
        ("(new) a.py", ("a.py",)),
        ("C:\\src\\a.py", ("C:\\src\\a.py",)),
        ("__init__.py, *.md", ("__init__.py", "*.md")),
        ("a.py、b.py，c.py", ("a.py", "b.py", "c.py")),
        ("none", ()),
        ("n/a", ()),
        ("", ()),
        ("a.py, , b.py,", ("a.py", "b.py")),
        ("a.py (unclosed, b.py", ("a.py",)),
    ],
)
def test_read_files(text: str, files: tuple[str, ...]) -> None:
    assert read_files(text) == files


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1, 5", ("1", "5")),
        ("Task 1, Task 2", ("1", "2")),
        ("1.1, 1.2", ("1.1", "1.2")),
        ("Task 7 and 8 (HTTP2)", ("7", "8")),
        ("REQ-001, HTTP2, T3, v1.2", ()),
        ("none", ()),
        ("none (1 can run first)", ()),
        ("No dependencies, 2 people", ()),
        ("nenhuma", ()),
        ("keine", ()),
        ("なし", ()),
        ("—", ()),
        ("", ()),
        ("(1, 2)", ("1", "2")),
        ("[1, 2]", ("1", "2")),
        ("1 (see (2) and 3), 4", ("1", "4")),
        ("1, 2 (see 3", ("1", "2")),
        ("#1; `2`; **3**", ("1", "2", "3")),
        ("task-3", ("3",)),
        ("Wave 1, 2", ("2",)),
        ("1-3", ("1-3",)),
        ("１、２．１", ("1", "2.1")),
        ("2, 1, 2", ("2", "1")),
        ("1.", ("1",)),
    ],
)
def test_read_ids(text: str, expected: tuple[str, ...]) -> None:
    assert read_ids(text) == expected


@pytest.mark.parametrize(
    ("task_id", "expected"),
    [
        ("2-4", ("2", "3", "4")),
        ("1.1-1.3", ("1.1", "1.2", "1.3")),
        ("4-2", ("4-2",)),
        ("1.1-2.3", ("1.1-2.3",)),
        ("1-99999", ("1-99999",)),
        ("7", ("7",)),
    ],
)
def test_expand_range(task_id: str, expected: tuple[str, ...]) -> None:
    assert expand_range(task_id) == expected


def test_a_dependency_on_a_range_means_all_its_tasks_or_the_task_of_that_name() -> None:
    document = parse_tasks("- [ ] 1. A\n- [ ] 2-4. B\n- [ ] 5. C\n  - Depends On: 1-3, 2–4\n")
    assert document.tasks[2].depends_on == ("1", "2", "3", "2-4")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Core: tasks 1, 2 and 5 for 3 users", ("1", "2", "5")),
        ("Task 1 and Task 2", ("1", "2")),
        ("Tasks 1, 2: add 3 things", ("1", "2")),
        ("3 modules", ()),
        ("Core task list of 2", ()),
    ],
)
def test_read_planned_ids(text: str, expected: tuple[str, ...]) -> None:
    assert read_planned_ids(text) == expected


def test_read_items() -> None:
    assert read_items("REQ-001, NFR, `1.2` (partly), none") == ("REQ-001", "1.2")


@pytest.mark.parametrize(
    ("value", "wave", "reason"),
    [
        ("3", 3, ""),
        ("02", 2, ""),
        ("Wave 2", 2, ""),
        ("**2**", 2, ""),
        ("0", 0, ""),
        ("4 (deferred)", 4, "wave"),
        ("4 (adiada)", 4, "wave"),
        ("deferred", None, "wave"),
        ("none", None, ""),
        ("12345678901234567890", None, ""),
    ],
)
def test_wave_values(value: str, wave: int | None, reason: str) -> None:
    task = only(f"- [ ] 1. A\n  - Wave: {value}\n")
    assert (task.wave, task.deferred_reason) == (wave, reason)


def test_the_heading_is_the_first_reason_of_a_deferral() -> None:
    document = parse_tasks("---\ntask_ids: [9]\n---\n## Deferred\n- [ ] 1. A\n  - Wave: 2 (deferred)\n")
    assert document.tasks[0].deferred_reason == "heading"


@pytest.mark.parametrize(
    ("text", "title", "notes"),
    [
        pytest.param("- [ ] 1.\n  Title below\n  - Wave: 1\n", "Title below", (), id="below"),
        pytest.param("- [ ] 1.\nTitle below\n", "Title below", (), id="unindented"),
        pytest.param("- [ ] 1. Long\n  and wrapped\n  - Wave: 1\n", "Long", ("and wrapped",), id="wrapped"),
    ],
)
def test_titles(text: str, title: str, notes: tuple[str, ...]) -> None:
    task = only(text)
    assert (task.title, task.notes) == (title, notes)


def test_unindented_metadata_counts_right_below_the_task_only() -> None:
    task = only("- [ ] 1. A\n- Wave: 2\nDepends On: 3\n\nWave: 9\n")
    assert (task.wave, task.depends_on) == (2, ("3",))


def test_headings_of_level_one_and_two_end_a_task() -> None:
    assert only("- [ ] 1. A\n### Part\n  - Wave: 2\n").wave == 2
    assert only("- [ ] 1. A\n## Part\n  - Wave: 2\n").wave is None


def test_a_shell_comment_ends_no_task() -> None:
    assert only("- [ ] 1. A\n  # install first\n  - Wave: 2\n").wave == 2


def test_a_prompt_runs_over_fences_and_stops_at_the_next_key() -> None:
    task = only("- [ ] 1. A\n  - _Prompt: Role: x\n\n    ```\n    code\n    ```\n    end_\n  - Wave: 2\n")
    assert (task.prompt, task.wave) == ("Role: x\n```\ncode\n```\nend", 2)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("  - _Prompt: Role: x\n    more\n  - Wave: 2\n", id="never-closed"),
        pytest.param("  - Prompt: Role: x\n    more\n  - Wave: 2\n", id="no-underscore"),
        pytest.param("  - Prompt: Role: x\n    more\n\n    note\n  - Wave: 2\n", id="ends-with-paragraph"),
        pytest.param("  - **Prompt:** Role: x\n    more\n  - bullet\n  - Wave: 2\n", id="ends-with-bullet"),
        pytest.param("  - Wave: 2\n  - _Prompt: Role: x\n    more\n## Next\n", id="ends-with-heading"),
        pytest.param("  - Wave: 2\n  - _Prompt: Role: x\n    more\n- sibling\n", id="ends-with-sibling"),
    ],
)
def test_where_a_prompt_ends(lines: str) -> None:
    task = only(f"- [ ] 1. A\n{lines}")
    assert (task.prompt, task.wave) == ("Role: x\nmore", 2)


def test_only_a_prompt_that_began_with_an_underscore_ends_with_one() -> None:
    task = only("- [ ] 1. A\n  - Prompt: edit\n    pkg/__\n    and more\n")
    assert task.prompt == "edit\npkg/__\nand more"


# --- the same list in every dialect ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    title: str
    status: TaskStatus
    wave: int
    depends_on: tuple[str, ...]
    files: tuple[str, ...]


BOX = {PENDING: " ", IN_PROGRESS: "-", DONE: "x", BLOCKED: "!"}


def _csv(values: tuple[str, ...]) -> str:
    return ", ".join(values) or "none"


def render_flat(items: list[Item]) -> str:
    return "## Tasks\n\n" + "".join(
        f"- [{BOX[item.status]}] {item.id} {item.title}\n"
        f"  Wave: {item.wave}\n  Depends On: {_csv(item.depends_on)}\n  Files: {_csv(item.files)}\n\n"
        for item in items
    )


def render_bold(items: list[Item]) -> str:
    return "".join(
        f"- [{BOX[item.status]}] **{item.id}.** {item.title}\n"
        f"  Wave: {item.wave}\n  **Depends On:** {_csv(item.depends_on)}\n  **Files**: {_csv(item.files)}\n"
        for item in items
    )


def render_dashboard(items: list[Item]) -> str:
    return "# Tasks Document\n\n" + "".join(
        f"* [{BOX[item.status].replace('!', '~')}] {item.id}\\. {item.title}\n"
        + "".join(f"  - File: {path} (touch)\n" for path in item.files)
        + f"  - Do the work\n  - Purpose: progress\n  - _Depends On: {_csv(item.depends_on)}_\n"
        f"  - _Wave: {item.wave}_\n  - _Requirements: 1.1, 1.2_\n\n"
        for item in items
    )


def render_bullets(items: list[Item]) -> str:
    return "## Wave Plan\n- Wave 1 (current): Core\n\n---\n\n" + "".join(
        f"- [{BOX[item.status].upper()}] {item.id}. {item.title}\n"
        f"  - Wave: {item.wave}\n  - Depends On: {_csv(item.depends_on)}\n  - Can Run In Parallel With: 9\n"
        f"  - Files: {', '.join(f'`{path}`' for path in item.files) or 'none'}\n"
        f"  - Definition of Done:\n    - [ ] works\n\n"
        for item in items
    )


def render_nested(items: list[Item]) -> str:
    def lines(item: Item) -> str:
        pad = "  " * item.id.count(".")
        files = "".join(f"{pad}    - modify: {path}\n" for path in item.files)
        return (
            f"{pad}- [{BOX[item.status]}] {item.id}{'' if pad else '.'} {item.title}\n"
            f"{pad}  - Wave: {item.wave}\n{pad}  - Depends On: {_csv(item.depends_on)}\n"
            f"{pad}  - Files:\n{files}{pad}  - _Requirements: 1.1_\n"
        )

    return "# Implementation Plan\n\n" + "".join(lines(item) for item in items)


def render_headings(items: list[Item]) -> str:
    return "".join(
        f"### Task {item.id}: {item.title}\n\n**Status:** {item.status.replace('_', ' ')}\n"
        f"**Wave:** {item.wave}\n**Depends on:** {_csv(item.depends_on)}\n**Files:** {_csv(item.files)}\n\n"
        "- [ ] write it\n- [x] plan it\n\n"
        for item in items
    )


def render_wave_headings(items: list[Item]) -> str:
    return "".join(
        f"## Wave {item.wave:02d}\n\n- [{BOX[item.status]}] {item.id}) {item.title}\n"
        f"\t- Abhängigkeiten： {_csv(item.depends_on)}\n\t- Dateien: {_csv(item.files)}\n"
        for item in items
    )


SIGN = {PENDING: "", IN_PROGRESS: "🔄 ", DONE: "✅ ", BLOCKED: "⛔ "}


def render_signs(items: list[Item]) -> str:
    return "".join(
        f"### {SIGN[item.status]}Task {item.id}: {item.title}\n\n"
        f"- Wave: {item.wave}\n- Depends on: {_csv(item.depends_on)}\n- Files: {_csv(item.files)}\n\n"
        for item in items
    )


def render_numbers(items: list[Item]) -> str:
    return "# Implementation plan\n\n" + "".join(
        f"{item.id}. {item.title} <!-- estimated: 3 days -->\n"
        f"   - Status: {item.status.replace('_', '-')} <!-- - [ ] 99. no task -->\n   - Wave: {item.wave}\n"
        f"   - Depends on: {_csv(item.depends_on)} <!-- not 77 -->\n   - Files: {_csv(item.files)}\n"
        f"<!--\n- [x] 98. Example\n-->\n"
        for item in items
    )


DIALECTS = {
    "flat": render_flat,
    "bold": render_bold,
    "dashboard": render_dashboard,
    "bullets": render_bullets,
    "nested": render_nested,
    "headings": render_headings,
    "wave-headings": render_wave_headings,
    "signs": render_signs,
    "numbers": render_numbers,
}

NAMES = ("1", "2", "2.1", "2.10", "3", "3.1.4", "10", "11")
TITLES = st.builds(
    "{} {}".format,
    st.sampled_from(
        ("Parse", "Añadir", "Überprüfe", "実装", "Write `x` for", "Fix **bold** in", "Use [a](b) in")
    ),
    st.text(alphabet="abcdefgh xyzÄé数_-.,:0123456789()", max_size=20).map(lambda text: text.strip() + "z"),
)
PATHS = st.sampled_from(
    ("src/a.py", "src/app/(auth)/b.tsx", "docs/ü.md", "Makefile", "pkg/__init__.py", "x/*.go")
)


@st.composite
def item_lists(draw: st.DrawFn) -> list[Item]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    return [
        Item(
            id=name,
            title=draw(TITLES),
            status=draw(st.sampled_from(TaskStatus)),
            wave=draw(st.integers(0, 40)),
            depends_on=tuple(draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True))),
            files=tuple(draw(st.lists(PATHS, max_size=3, unique=True))),
        )
        for name in names
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=25, deadline=None)
@given(items=item_lists())
def test_every_dialect_reads_alike(dialect: str, ending: str, items: list[Item]) -> None:
    text = DIALECTS[dialect](items).replace("\n", ending)
    document = parse_tasks(text)
    assert items_of(document) == items
    assert document.problems == ()


def items_of(document: TasksDocument) -> list[Item]:
    return [
        Item(
            task.id,
            task.title,
            task.status,
            -1 if task.wave is None else task.wave,
            task.depends_on,
            task.files,
        )
        for task in document.tasks
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=25, deadline=None)
@given(items=item_lists(), status=st.sampled_from(TaskStatus), place=st.integers(0, 4))
def test_what_is_marked_is_read_in_every_dialect(
    dialect: str, items: list[Item], status: TaskStatus, place: int
) -> None:
    item = items[place % len(items)]
    before = DIALECTS[dialect](items).encode()
    try:
        result = mark_task(before, item.id, status)
    except TaskMarkError as error:
        # Only a file in which no task has a sign does not say what one would be.
        assert (dialect, "no checkbox" in error.message) == ("signs", True)
        assert all(other.status is PENDING for other in items)
        return
    after = parse_tasks(result.data.decode())
    assert items_of(after) == [replace(other, status=status) if other is item else other for other in items]
    assert after.problems == ()
    undone = mark_task(result.data, item.id, item.status)
    assert items_of(parse_tasks(undone.data.decode())) == items


# --- anything at all -------------------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    (
        "- [ ] 1. A", "- [x] 2", "  - [ ] 3 x", "- ✅ 4. B", "- [", "[ ]", "### Task 5: T", "6. n",
        "## Wave 1", "## Deferred", "## Wave Plan", "- Wave 1:", "## Execution Constraints", "- a: b",
        "---", "...", "```", "~~~~", "  ```", "  - Files:", "    - a.py", "  - Wave: 9", "Depends On: 1-9",
        "  _Prompt: x", "end_", "spw:", "  task_ids: [1]", "task_ids: *a", "&a [", "? x", "!!int x",
        "\t", "", "\r", "\x00", "\ufeff", "：", "\\", "**", "_", "(", "`", "１．", "\ud800",
    )
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(FRAGMENTS, max_size=30).map("\n".join) | st.text(max_size=200))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    document = parse_tasks(text)
    lines = len(split_lines(text)[::2])
    assert all(1 <= task.line <= lines and task.id for task in document.tasks)
    assert all(0 <= problem.line <= lines and problem.message for problem in document.problems)
    assert document.counts().total == len(document.tasks)


LONG = 1_000_000


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("- [ ] 1. " + "a" * LONG, id="title"),
        pytest.param("- [ ] 1. A\n" + " " * LONG + "x", id="spaces"),
        pytest.param("- [ ] 1. A\n  - Files: " + "`a`, (" * (LONG // 6), id="files"),
        pytest.param("- [ ] 1. A\n  - Depends On: " + "(" * LONG, id="parentheses"),
        pytest.param("- [ ] 1. A\n  - _Prompt: " + "_*" * (LONG // 2), id="emphasis"),
        pytest.param("- [ ] 1. A\n" + "`" * LONG, id="backticks"),
        pytest.param("- [ ] 1. A\n" + "<!--" * (LONG // 4) + "-->", id="openings"),
        pytest.param("- [ ] 1. A\n" + "x <!-- ``` " * (LONG // 11), id="openings-and-code"),
        pytest.param("- [ ] 1. A\n" + "<!---->" * (LONG // 7), id="comments"),
        pytest.param("- [ ] 1. A\n" + "x <!--\n" * (LONG // 7) + "- y\n-->", id="open-lines"),
        pytest.param("- [ ] 1. A\n## " + "wave 1 - " * (LONG // 9), id="heading"),
        pytest.param("- [ ] 1. A\n- [ ] " + "1." * (LONG // 2), id="dots"),
        pytest.param("---\nspec: " + "[" * LONG + "\n---\n- [ ] 1. A", id="frontmatter"),
    ],
)
def test_a_line_of_a_megabyte(line: str) -> None:
    assert ids(parse_tasks(line)) == ["1"]


def test_a_hundred_thousand_lines() -> None:
    count = 25_000
    document = parse_tasks("".join(f"- [x] {n}. T\n  - Wave: 1\n  - Files: a\n```\n" for n in range(count)))
    # The fences pair up and hide every other task.
    assert (document.counts().done, document.tasks[-1].id) == (count // 2, str(count - 2))


# --- bytes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text", "lines"),
    [
        pytest.param(b"plain\n", "plain\n", [], id="ascii"),
        pytest.param(b"\xef\xbb\xbfa\xc3\xa9", "aé", [], id="bom"),
        pytest.param(b"a\nb\xffc\n\xfe", "a\nb\ufffdc\n\ufffd", [2], id="broken"),
        pytest.param("aé".encode("utf-16"), "aé", [0], id="utf-16"),
        pytest.param(b"\xfe\xff\x00a\x00", "a\ufffd", [0], id="utf-16-cut"),
        pytest.param(b"", "", [], id="empty"),
    ],
)
def test_decode_text(data: bytes, text: str, lines: list[int]) -> None:
    decoded, problems = decode_text(data)
    assert decoded == text
    assert [problem.line for problem in problems] == lines
    assert all(isinstance(problem, Problem) for problem in problems)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\r\nc\rd", ["a", "b", "c", "d"]),
        ("a\r\r\nb", ["a", "b"]),
        ("a\x0cb\u2028c", ["a\x0cb\u2028c"]),
        ("", [""]),
    ],
)
def test_split_lines(text: str, lines: list[str]) -> None:
    pieces = split_lines(text)
    assert pieces[::2] == lines
    assert "".join(pieces) == text


# --- a workspace of real agents --------------------------------------------------------------------------

REAL_TASKS = REAL_DATA / "workspace/.spec-workflow/specs/claude-code-based-improvements/tasks.md"
REAL_TEMPLATE = REAL_DATA / "workspace/.spec-workflow/templates/tasks-template.md"


@pytest.mark.skipif(not REAL_TASKS.exists(), reason="the real workspace is not here")
def test_real_file() -> None:
    text, decoding_problems = decode_text(REAL_TASKS.read_bytes())
    document = parse_tasks(text)
    assert (*decoding_problems, *document.problems, *document.warnings) == ()
    assert ids(document) == ["1", "2", "5", "3", "4", "7", "6", "8", "9", "10", "11"]
    assert [task.wave for task in document.tasks] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4]
    assert [task.depends_on for task in document.tasks] == [
        (), ("1",), (), ("1",), ("1",), ("1",), ("1", "5"), ("2", "3"), ("4", "6"), ("8", "9"), ("8", "10"),
    ]  # fmt: skip
    assert [task.status for task in document.tasks] == [DONE] * 6 + [PENDING] * 5
    assert [task.deferred_reason for task in document.tasks] == [""] * 9 + ["heading"] * 2
    assert [(entry.wave, entry.state) for entry in document.wave_plan] == [
        (1, "complete"),
        (2, "complete"),
        (3, "current"),
        (4, "deferred"),
    ]
    assert dict(document.constraints)["tdd_default"] == "off"
    assert all(task.prompt and task.files and task.requirements and task.tdd for task in document.tasks)


@pytest.mark.skipif(not REAL_TEMPLATE.exists(), reason="the real workspace is not here")
def test_real_template_with_repeated_ids() -> None:
    document = parse_tasks(decode_text(REAL_TEMPLATE.read_bytes())[0])
    assert len(document.tasks) == 17
    assert [problem.message.split(";")[0] for problem in document.problems] == [
        "task id 4 is used again",
        "task id 5 is used again",
        "task id 6 is used again",
    ]
    assert all(task.requirements and task.leverage and task.prompt for task in document.tasks)
