"""Marking one task: one character changes, every other byte stays."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spw_core.errors import SpwError
from spw_core.formats.task_mark import TaskMarkError, mark_task
from spw_core.formats.tasks import TaskStatus, parse_tasks
from spw_core.formats.text_decode import decode_text

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

PENDING, IN_PROGRESS, DONE, BLOCKED = (
    TaskStatus.PENDING,
    TaskStatus.IN_PROGRESS,
    TaskStatus.DONE,
    TaskStatus.BLOCKED,
)

FLAT = b"""\
---
spec: demo
task_ids: [1, 2, 3]
---
## Tasks

- [x] 1 Cart model
  Wave: 1
- [ ] 2 Cart page
  Wave: 1
- [ ] 3 Price rules
  Wave: 2
"""

BOLD = b"""\
## Wave 01

- [ ] **1.** Cart model
- [-] **2.** Cart page
- [ ] **10.** Price rules
- [ ] **11.** Vouchers
"""


def statuses(data: bytes) -> dict[str, TaskStatus]:
    return {task.id: task.status for task in parse_tasks(decode_text(data)[0]).tasks}


@pytest.mark.parametrize(
    ("data", "task_id", "status", "previous", "before", "after"),
    [
        pytest.param(FLAT, "2", DONE, PENDING, b"- [ ] 2 ", b"- [x] 2 ", id="flat-done"),
        pytest.param(FLAT, "2", IN_PROGRESS, PENDING, b"- [ ] 2 ", b"- [-] 2 ", id="flat-started"),
        pytest.param(FLAT, "1", PENDING, DONE, b"- [x] 1 ", b"- [ ] 1 ", id="flat-reopened"),
        pytest.param(BOLD, "1", IN_PROGRESS, PENDING, b"- [ ] **1.**", b"- [-] **1.**", id="bold-started"),
        pytest.param(BOLD, "2", DONE, IN_PROGRESS, b"- [-] **2.**", b"- [x] **2.**", id="bold-done"),
        pytest.param(BOLD, "1", BLOCKED, PENDING, b"- [ ] **1.**", b"- [!] **1.**", id="bold-blocked"),
        pytest.param(BOLD, "10", DONE, PENDING, b"- [ ] **10.**", b"- [x] **10.**", id="no-prefix-match"),
    ],
)
def test_mark(
    data: bytes, task_id: str, status: TaskStatus, previous: TaskStatus, before: bytes, after: bytes
) -> None:
    result = mark_task(data, task_id, status)
    assert result.data == data.replace(before, after)
    assert (result.previous, result.changed, result.note) == (previous, True, "")
    assert data.split(b"\n")[result.line - 1].startswith(before)


@pytest.mark.parametrize(
    ("line", "status", "expected"),
    [
        pytest.param("- [ ] 1. A", DONE, "- [x] 1. A", id="dot"),
        pytest.param("* [ ] 1\\. A", DONE, "* [x] 1\\. A", id="escaped"),
        pytest.param("\t+ [x] 1) A", PENDING, "\t+ [ ] 1) A", id="tab-plus"),
        pytest.param("- [X] 1. A [x]", IN_PROGRESS, "- [-] 1. A [x]", id="upper"),
        pytest.param("- [ x ] 1. A", PENDING, "- [   ] 1. A", id="padded"),
        pytest.param("- [] 1. A", DONE, "- [x] 1. A", id="empty-box"),
        pytest.param("- [?] 1. A", DONE, "- [x] 1. A", id="unknown-sign"),
        pytest.param("- [ ]* 1. A", DONE, "- [x]* 1. A", id="optional"),
        pytest.param("- [todo] 1. A", DONE, "- [x] 1. A", id="word"),
        pytest.param("1. [ ] A", DONE, "1. [x] A", id="number-first"),
        pytest.param("### [ ] 1. A", BLOCKED, "### [!] 1. A", id="heading"),
        pytest.param("- ☐ 1. A ☐", DONE, "- ✅ 1. A ☐", id="sign"),
        pytest.param("- ✅️ 1. A", IN_PROGRESS, "- 🔄️ 1. A", id="sign-with-selector"),
        pytest.param("- [✅] 1. A", BLOCKED, "- [⛔] 1. A", id="sign-in-box"),
        pytest.param("- ［　］ １． Ａ", DONE, "- ［x］ １． Ａ", id="full-width"),
        pytest.param("- [ ] ✅ 1. A", IN_PROGRESS, "- [-] ✅ 1. A", id="sign-after-box"),
    ],
)
def test_every_kind_of_box(line: str, status: TaskStatus, expected: str) -> None:
    result = mark_task(f"# Plan\n{line}\n- note\n".encode(), "1", status)
    assert result.data.decode() == f"# Plan\n{expected}\n- note\n"
    assert statuses(result.data) == {"1": status}
    assert result.line == 2


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("- [x] 1. A", DONE),
        ("- [X] 1. A", DONE),
        ("- [ ] 1. A", PENDING),
        ("- [] 1. A", PENDING),
        ("- [~] 1. A", BLOCKED),
        ("- [!] 1. A", BLOCKED),
        ("- [ ] ✅ 1. A", DONE),
        ("- ✔ 1. A", DONE),
    ],
)
def test_the_status_it_has_changes_nothing(line: str, status: TaskStatus) -> None:
    data = line.encode()
    result = mark_task(data, "1", status)
    assert (result.data, result.changed, result.previous) == (data, False, status)


@pytest.mark.parametrize(
    ("data", "character"),
    [
        pytest.param(b"- [ ] 1. A\n- [x] 2. B\n", b"!", id="default"),
        pytest.param(b"- [ ] 1. A\n- [~] 2. B\n", b"~", id="file-uses-tilde"),
        pytest.param(b"- [ ] 1. A\n- [!] 2. B\n- [~] 3. C\n", b"~", id="both"),
        pytest.param(b"- [ ] 1. A\n\n```\n- [~] 2. B\n```\n", b"!", id="tilde-in-code"),
        pytest.param(b"- [ ] 1. A\n  - [~] step\n", b"~", id="tilde-without-id"),
        pytest.param(b"- [ ] 1. A\n  - _Requirements: 1.1_\n", b"~", id="mcp-keys"),
        pytest.param(b"- [ ] 1. A\n  - _Prompt: Role: x_\n", b"~", id="mcp-prompt"),
        pytest.param(b"- [ ] 1. A\n  - Requirements: 1.1\n", b"!", id="plain-keys"),
    ],
)
def test_the_character_for_blocked(data: bytes, character: bytes) -> None:
    assert mark_task(data, "1", BLOCKED).data == data.replace(b"[ ]", b"[" + character + b"]", 1)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbf- [ ] 1. A\r\n- [ ] 2. B\r\n", id="bom-crlf"),
        pytest.param(b"\xef\xbb\xbf\xef\xbb\xbf- [ ] 1. A\n\xef\xbb\xbf- [ ] 2. B\n", id="boms"),
        pytest.param(b"- [ ] 1. A\n\r\n\r- [ ] 2. B\r\r\n  Wave: 1\n", id="mixed-endings"),
        pytest.param(b"- [ ] 1. \xff\xfe A\n- [ ] 2. \xc3\n\x00\x0c\xe2\x80\xa8", id="broken-bytes"),
        pytest.param(b"---\r\nspec: \xe9\r\n---\r\n- [ ] 1. A\r\n- [ ] 2. B", id="latin-1-frontmatter"),
        pytest.param(b"```\n- [ ] 2. no\n```\n- [ ] 1. A\n~~~\n- [ ] 2. no\n~~~\n- [ ] 2. B", id="code"),
    ],
)
@pytest.mark.parametrize("task_id", ["1", "2"])
def test_all_other_bytes_stay(data: bytes, task_id: str) -> None:
    result = mark_task(data, task_id, DONE)
    changed = [at for at, pair in enumerate(zip(data, result.data, strict=True)) if pair[0] != pair[1]]
    assert len(changed) == 1
    assert result.data[changed[0] - 1 : changed[0] + 4] == b"[x] " + task_id.encode()
    assert statuses(result.data)[task_id] is DONE


@pytest.mark.parametrize("task_id", ["1", "1.", " 1 ", "１"])
def test_ids_are_normalised(task_id: str) -> None:
    assert mark_task(FLAT, task_id, PENDING).line == 7


def test_a_range_is_marked_by_its_own_id() -> None:
    data = "- [ ] 2–4. A\n".encode()
    assert mark_task(data, "2-4", DONE).data == data.replace(b"[ ]", b"[x]")


def test_of_equal_ids_the_first_is_marked() -> None:
    result = mark_task(b"- [ ] 4. A\n- [ ] 5. B\n- [ ] 4. C\n", "4", DONE)
    assert result.data == b"- [x] 4. A\n- [ ] 5. B\n- [ ] 4. C\n"
    assert result.note == "task id 4 is used 2 times; also on line 3"


def test_marking_again_reaches_the_next_bearer_of_an_id() -> None:
    data = b"- [ ] 4. A\n- [ ] 5. B\n- [ ] 4. C\n"
    for status in (IN_PROGRESS, DONE, IN_PROGRESS):
        result = mark_task(data, "4", status)
        data = result.data
    assert data == b"- [x] 4. A\n- [ ] 5. B\n- [-] 4. C\n"
    assert (result.line, result.note) == (3, "task id 4 is used 2 times; this is line 3, also on line 1")
    data = mark_task(data, "4", DONE).data
    assert data == b"- [x] 4. A\n- [ ] 5. B\n- [x] 4. C\n"
    assert not mark_task(data, "4", DONE).changed


@pytest.mark.parametrize(
    ("data", "task_id", "message", "hint"),
    [
        pytest.param(FLAT, "99", "task 99 not found", "the file has the tasks 1, 2, 3", id="unknown"),
        pytest.param(b"text\n", "1", "task 1 not found", "the file has no tasks", id="empty"),
        pytest.param(b"```\n- [ ] 1. A\n```\n", "1", "task 1 not found", "the file has no tasks", id="code"),
        pytest.param(BOLD, "1*", "task 1* not found", "the file has the tasks 1, 2, 10, 11", id="pattern"),
        pytest.param(
            "- [x] ✅ 1. A\n".encode(),
            "1",
            "task 1 on line 1 cannot be marked pending",
            "its line has a second sign that says something else; remove that by hand",
            id="second-sign",
        ),
        pytest.param(
            codecs.BOM_UTF16_LE + "- [ ] 1. A\n".encode("utf-16-le"),
            "1",
            "the file is UTF-16, which cannot be marked",
            "save it as UTF-8",
            id="utf-16",
        ),
    ],
)
def test_errors(data: bytes, task_id: str, message: str, hint: str) -> None:
    with pytest.raises(TaskMarkError) as caught:
        mark_task(data, task_id, PENDING)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert isinstance(caught.value, SpwError)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param(
            "### Task 1: A\n",
            "task 1 on line 1 has no checkbox",
            "write it with one: ### [ ] 1. A; or put `Status: pending` below it",
            id="bare-heading",
        ),
        pytest.param(
            "# Plan\n1. A\n2. B\n",
            "task 1 on line 2 has no checkbox",
            "write it with one: - [ ] 1. A; or put `Status: pending` below it",
            id="bare-number",
        ),
        pytest.param(
            "### Task 1: A\nStatus: waiting for QA\n",
            "the status of task 1 on line 1 is not understood: 'waiting for QA'",
            "write it as pending, in_progress, done, blocked, or use a checkbox",
            id="unknown-word",
        ),
    ],
)
def test_no_marker_is_invented(text: str, message: str, hint: str) -> None:
    with pytest.raises(TaskMarkError) as caught:
        mark_task(text.encode(), "1", DONE)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert not mark_task(text.encode(), "1", PENDING).changed  # which it is


@pytest.mark.parametrize(
    ("before", "status", "after"),
    [
        pytest.param("### ✅ Task 1: A\n", IN_PROGRESS, "### 🔄 Task 1: A\n", id="sign-before-the-name"),
        pytest.param("### Task 1: A ✅\n", BLOCKED, "### Task 1: A ⛔\n", id="sign-behind-the-title"),
        pytest.param("### Task 1: ✅️ A\n", BLOCKED, "### Task 1: ⛔ A\n", id="sign-with-selector"),
        pytest.param("### Task 1: A ✅\n", PENDING, "### Task 1: A ☐\n", id="the-last-sign-stays"),
        pytest.param(
            "### Task 1: A ✅\n### Task 2: B ⛔\n", PENDING, "### Task 1: A\n### Task 2: B ⛔\n",
            id="no-sign-for-pending",
        ),
        pytest.param(
            "### ✅ Task 1: A\n### ⛔ Task 2: B\n", PENDING, "### Task 1: A\n### ⛔ Task 2: B\n",
            id="no-sign-before-pending",
        ),
        pytest.param(
            "### ✔ Task 1: A\n### ☐ Task 2: B\n", PENDING, "### ☐ Task 1: A\n### ☐ Task 2: B\n",
            id="a-sign-for-pending",
        ),
        pytest.param(
            "### Task 1: A\n### Task 2: B ✔️\n", DONE, "### Task 1: A ✔\n### Task 2: B ✔️\n",
            id="as-the-others-behind",
        ),
        pytest.param(
            "### Task 1: A\n### ⛔ Task 2: B\n", DONE, "### ✅ Task 1: A\n### ⛔ Task 2: B\n",
            id="as-the-others-before",
        ),
        pytest.param("1. A\r\n2. ✅ B\r\n", DONE, "1. ✅ A\r\n2. ✅ B\r\n", id="as-the-other-items"),
        pytest.param(
            "### Task 1: A\n\n**Status:** pending\n", IN_PROGRESS,
            "### Task 1: A\n\n**Status:** in progress\n", id="status-line",
        ),
        pytest.param("1. A\n   - Status: To Do\n", DONE, "1. A\n   - Status: Done\n", id="case"),
        pytest.param("1. A\n   - Status: TODO\n", DONE, "1. A\n   - Status: DONE\n", id="upper-case"),
        pytest.param(
            "1. A\n   _Status: `not-started` (ann)_\n", IN_PROGRESS,
            "1. A\n   _Status: `in-progress` (ann)_\n", id="separator-and-remark",
        ),
        pytest.param(
            "### Task 1: A\nStatus: ⏳ pendente\n### Task 2: B\nStatus: ✔ concluído\n", DONE,
            "### Task 1: A\nStatus: ✔ concluído\n### Task 2: B\nStatus: ✔ concluído\n", id="words-of-file",
        ),
        pytest.param(
            "### ⛔ Task 1: A\nStatus: blocked\n", DONE,
            "### ✅ Task 1: A\nStatus: done\n", id="sign-and-word",
        ),
    ],
)  # fmt: skip
def test_tasks_without_a_box(before: str, status: TaskStatus, after: str) -> None:
    result = mark_task(before.encode(), "1", status)
    assert result.data.decode() == after
    assert result.changed
    assert statuses(result.data)["1"] is status
    assert not mark_task(result.data, "1", status).changed


def test_a_gap_that_a_comment_left_is_no_obstacle() -> None:
    data = b"- [ ] <!-- x --> 1. A <!-- y -->\n<!--\n- [ ] 1. B\n-->\n"
    assert mark_task(data, "1", DONE).data == data.replace(b"[ ]", b"[x]", 1)


def test_the_hint_names_only_some_of_many_tasks() -> None:
    with pytest.raises(TaskMarkError) as caught:
        mark_task(b"".join(b"- [ ] %d. A\n" % n for n in range(50)), "99", DONE)
    assert caught.value.hint.endswith("10, 11, …")


# --- properties -----------------------------------------------------------------------------------------

HEADS = (
    "- [{}] {}. ",
    "- [{}] {} ",
    "* [{}] **{}.** ",
    "  - [{}] {}) ",
    "\t+ [{}] Task {}: ",
    "## [{}] {}. ",
)
MARKS = {" ": PENDING, "-": IN_PROGRESS, "x": DONE, "X": DONE, "!": BLOCKED, "~": BLOCKED}
FILLERS = (
    b"  - Wave: 2", b"prose", b"", b"  - [ ] step", b"\xff\x00\xc3", b"## Wave 3", b"---", b"  - Files:",
    b"    - [x] y", "注释 — ✅".encode(), b"```\n- [ ] 1. code\n- [ ] 7. code\n```",
    b"|a|b|", b"\t", b"<!-- x -->",
)  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, dict[str, TaskStatus]]:
    """The bytes of a file, and the status of each of its tasks."""
    names = draw(
        st.lists(st.sampled_from(["1", "2", "1.1", "10", "3.2.1"]), min_size=1, max_size=5, unique=True)
    )
    parts: list[bytes] = []
    expected: dict[str, TaskStatus] = {}
    for name in names:
        mark = draw(st.sampled_from(sorted(MARKS)))
        title = draw(st.text(alphabet="abz é数[]x-*", max_size=8))
        parts.append((draw(st.sampled_from(HEADS)).format(mark, name) + "T" + title).encode())
        parts.extend(draw(st.lists(st.sampled_from(FILLERS), max_size=3)))
        expected[name] = MARKS[mark]
    body = b"".join(part + draw(st.sampled_from((b"\n", b"\r\n"))) for part in parts)
    start = draw(
        st.sampled_from((b"", b"\xef\xbb\xbf", b"---\nspw:\n  task_ids: [1]\n---\n", b"# Title\n\n"))
    )
    return start + body, expected


@settings(max_examples=120, deadline=None)
@given(files(), st.sampled_from(TaskStatus), st.integers(0, 4))
def test_marking_changes_one_byte_and_reads_back(
    generated: tuple[bytes, dict[str, TaskStatus]], status: TaskStatus, choice: int
) -> None:
    data, expected = generated
    assert statuses(data) == expected
    task_id = list(expected)[choice % len(expected)]
    result = mark_task(data, task_id, status)
    differing = [at for at, pair in enumerate(zip(data, result.data, strict=True)) if pair[0] != pair[1]]
    assert len(differing) == (0 if expected[task_id] is status else 1)
    assert result.changed == bool(differing)
    assert result.previous is expected[task_id]
    assert statuses(result.data) == {**expected, task_id: status}
    assert mark_task(result.data, task_id, status).data == result.data


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80) | st.lists(st.sampled_from(FILLERS), max_size=6).map(b"\n".join))
def test_any_bytes_are_marked_or_refused(data: bytes) -> None:
    try:
        result = mark_task(data, "1", DONE)
    except TaskMarkError as error:
        assert error.hint
    else:
        assert len(result.data) == len(data)


# --- a workspace of real agents --------------------------------------------------------------------------

REAL_TASKS = REAL_DATA / "workspace/.spec-workflow/specs/claude-code-based-improvements/tasks.md"


@pytest.mark.skipif(not REAL_TASKS.exists(), reason="the real workspace is not here")
def test_every_task_of_the_real_file_can_be_marked() -> None:
    data = REAL_TASKS.read_bytes()
    before = statuses(data)
    for task_id in before:
        for status in TaskStatus:
            result = mark_task(data, task_id, status)
            assert statuses(result.data) == {**before, task_id: status}
            assert len(re.findall(rb"\[.\]", result.data)) == len(re.findall(rb"\[.\]", data))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            b"Status: pending <!-- ask ann --> (x)", b"Status: done <!-- ask ann --> (x)", id="comment"
        ),
        pytest.param(b"- **Status:** pending (caf\xe9)", b"- **Status:** done (caf\xe9)", id="not-utf8"),
        pytest.param(
            "Status: ⏳ Pending, ⏳ later".encode(), "Status: ✅ Done, ⏳ later".encode(), id="sign-and-word"
        ),
        pytest.param("Status: Pending ⏳ ⏳".encode(), "Status: Done ✅ ⏳".encode(), id="word-and-sign"),
    ],
)
def test_marking_a_status_line_keeps_what_else_it_says(before: bytes, after: bytes) -> None:
    head = b"# T\r\n## Task 1: A\r\n"
    assert mark_task(head + before + b"\r\n", "1", DONE).data == head + after + b"\r\n"


def test_a_count_nested_in_a_task_never_takes_the_mark_of_the_task_with_that_number() -> None:
    text = b"- [ ] 1. A\n  - [ ] 3 unit tests pass\n- [ ] 2. B\n- [ ] 3. C\n"
    result = mark_task(text, "3", DONE)
    assert result.data == text.replace(b"- [ ] 3. C", b"- [x] 3. C")
    assert (result.line, result.note) == (4, "")
