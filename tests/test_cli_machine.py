"""The commands for programs: `spw tasks`, `spw wave` and `spw spec`.

What they print for the example workspace is in golden/machine.json; SPW_UPDATE_GOLDEN=1 writes it anew. A
number at the end of a test's name is that of the Go tool's own assertion, with a B that of a behaviour
that was seen in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.harvest import read_file

from .machine_support import BASIC, IN_PROGRESS, ask, tasks_file
from .machine_support import task as line
from .support import write

GOLDEN = Path(__file__).parent / "golden" / "machine.json"

SPECS = ("billing-export", "notification-center", "user-auth")
COMMANDS = [
    *(f"tasks {name} {{}}" for name in ("state", "next", "count", "validate", "complexity")),
    "tasks files {} 2",
    "tasks complexity {} 2",
    *(f"wave {name} {{}}" for name in ("state", "resume")),
    *(f"wave {name} {{}} {wave}" for name in ("summary", "checkpoint") for wave in (1, 2, 9)),
    *(f"spec {name} {{}}" for name in ("stage", "artifacts", "resolve")),
    *(f"spec prereqs {{}} {command}" for command in ("checkpoint", "qa-exec")),
    *(f"spec approval {{}} {document}" for document in ("requirements", "tasks")),
]


@pytest.mark.parametrize("command", ["spec list", *COMMANDS])
def test_answers_about_the_demo(demo_harvested: Workspace, command: str) -> None:
    answers: dict[str, object] = {}
    for spec in SPECS if "{}" in command else ("",):
        words = command.format(spec).split()
        answer = ask(demo_harvested, *words)
        assert answer.code == (1 if answer.err else 0)
        answers[" ".join(words)] = answer.value or answer.error
    golden = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
    if os.environ.get("SPW_UPDATE_GOLDEN"):
        text = json.dumps({**golden, **answers}, indent=1, sort_keys=True, ensure_ascii=False)
        GOLDEN.write_text(text + "\n", encoding="utf-8")
    else:
        assert answers == {words: golden[words] for words in answers}


@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("tasks state user-auth", ""),
        ("tasks next user-auth", "continue-wave"),
        ("tasks count user-auth", "4/8"),
        ("tasks files billing-export 2", "src/billing/rows.py\ntests/billing/test_rows.py"),
        ("tasks validate user-auth", "valid"),
        ("tasks complexity user-auth", ""),
        ("tasks complexity user-auth 2", "haiku"),
        ("wave state billing-export", "2 waves"),
        ("wave summary billing-export 2", "blocked"),
        ("wave checkpoint billing-export 1", "pass"),
        ("wave checkpoint billing-export 7", "missing"),
        ("wave resume billing-export", "blocked"),
        ("spec stage billing-export", "execution"),
        ("spec artifacts billing-export", ""),
        ("spec prereqs billing-export qa-exec", "not-ready"),
        ("spec prereqs billing-export exec", "ready"),
        ("spec approval gift-cards requirements", ""),
        ("spec resolve gift-cards", ".spec-workflow/specs/gift-cards"),
        ("spec resolve nobody", ""),
    ],
)
def test_raw_is_the_bare_value_without_newline(demo_harvested: Workspace, command: str, out: str) -> None:
    answer = ask(demo_harvested, *command.split(), "--raw")
    assert (answer.code, answer.out, answer.err) == (0, out, "")


def test_json_is_indented_sorted_and_without_final_newline_B1(demo_harvested: Workspace) -> None:
    answer = ask(demo_harvested, "spec", "stage", "user-auth")
    assert answer.out == '{\n  "ok": true,\n  "spec": "user-auth",\n  "stage": "execution"\n}'
    assert ask(demo_harvested, "spec", "list", "--raw").out.split("\n")[0] == "billing-export"


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("tasks state nobody", "spec directory not found: .spec-workflow/specs/nobody"),
        ("tasks mark nobody 1 done", "spec directory not found: .spec-workflow/specs/nobody"),
        ("wave state nobody", "spec directory not found: .spec-workflow/specs/nobody"),
        ("spec stage nobody", "spec directory not found: .spec-workflow/specs/nobody"),
        ("spec stage ../user-auth", "invalid spec name"),
        ("tasks count wishlist-sharing", "cannot read tasks.md"),
        ("tasks next wishlist-sharing", "cannot read tasks.md"),
        ("tasks mark wishlist-sharing 1 done", "cannot read tasks.md"),
        ("tasks files user-auth 99", "task 99 not found"),
        ("tasks complexity user-auth 99", "task 99 not found"),
        ("tasks mark user-auth 1 finished", "unknown status: finished"),
        ("wave summary user-auth 0", "wave number must be a positive integer"),
        ("wave summary user-auth 1x", "wave number must be a positive integer"),
        ("wave checkpoint user-auth -1", "wave number must be a positive integer"),
        ("wave checkpoint user-auth ١", "wave number must be a positive integer"),
    ],
)
def test_errors_are_json_on_stderr_also_with_raw(demo_harvested: Workspace, command: str, error: str) -> None:
    for options in ([], ["--raw"]):
        answer = ask(demo_harvested, *command.split(), *options)
        assert (answer.code, answer.out) == (1, "")
        assert answer.err.endswith("\n")
        assert answer.error.startswith(error)
        assert json.loads(answer.err)["ok"] is False


@pytest.mark.parametrize(
    "command",
    [
        *("tasks", "wave", "spec", "tasks nonsense", "tasks state", "tasks mark user-auth 1"),
        *("wave summary user-auth", "spec approval user-auth", "spec stage user-auth --nonsense"),
        *("spec stage user-auth --spec user-auth", "spec stage --spec", "tasks state user-auth more"),
    ],
)
def test_usage_errors_exit_with_1(demo_harvested: Workspace, command: str) -> None:
    answer = ask(demo_harvested, *command.split())
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("spw: error: ")


@pytest.mark.parametrize(
    "command",
    [
        "tasks complexity user-auth 2 --raw",
        "tasks complexity user-auth --raw 2",
        "tasks complexity --raw user-auth 2",
        "tasks complexity --spec user-auth 2 --raw",
        "tasks complexity --spec=user-auth --raw 2",
        "tasks complexity 2 --spec user-auth --raw",
        "tasks complexity --raw 2 --spec user-auth",
        "tasks complexity --raw -- user-auth 2",
        "tasks complexity --raw --spec user-auth -- 2",
    ],
)
def test_spec_as_argument_and_as_option(demo_harvested: Workspace, command: str) -> None:
    assert ask(demo_harvested, *command.split()).out == "haiku"


# --- tasks.md, through the commands ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spec", "expected"),
    [
        pytest.param(
            BASIC,
            "1",
            {
                "id": "1",
                "status": "done",
                "wave": 1,
                "tdd": "yes",
                "is_deferred": False,
                "raw_line": BASIC.splitlines().index("- [x] 1 Task 1") + 1,
            },
            id="task_as_written-2-10",
        ),
        pytest.param(
            BASIC, "3", {"status": "pending", "wave": 2, "depends_on": ["2"]}, id="task_with_dependency-3"
        ),
        pytest.param(IN_PROGRESS, "3", {"status": "in_progress"}, id="task_in_progress-8"),
        pytest.param("- [ ] 1. A\n", "1", {"wave": 0, "title": "A"}, id="no_wave"),
        pytest.param(
            "- [!] 1.2. A\n  - Files: `a.py`, b.py (new)\n",
            "1.2",
            {"status": "blocked", "files": "`a.py`, b.py (new)"},
            id="files_as_written",
        ),
        pytest.param(
            "- [ ] 1. A\n  - Depends On: Task 7 and 8 (HTTP2)\n",
            "1",
            {"depends_on": ["7", "8"]},
            id="remark_in_dependencies-B5",
        ),
    ],
)
def test_tasks_state(workspace: Workspace, text: str, spec: str, expected: dict[str, object]) -> None:
    write(workspace, "specs/alpha/tasks.md", text)
    value = ask(workspace, "tasks", "state", "alpha").value
    [found] = [task for task in value["tasks"] if task["id"] == spec]
    assert {key: found[key] for key in expected} == expected
    assert not {"depends_on", "files", "tdd"} & {key for key, content in found.items() if not content}


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        pytest.param(IN_PROGRESS, (4, 1, 1, 2, 0, 0), id="one_in_progress-13"),
        pytest.param("- [x] 1. A\n- [!] 2. B\n- [ ] 3. C\n", (3, 1, 0, 1, 1, 0), id="blocked_is_not_pending"),
        pytest.param("- [x] 1. A\n## Deferred\n- [ ] 2. B\n", (2, 1, 0, 1, 0, 1), id="deferred"),
        pytest.param("", (0, 0, 0, 0, 0, 0), id="empty"),
    ],
)
def test_tasks_count(workspace: Workspace, text: str, counts: tuple[int, ...]) -> None:
    write(workspace, "specs/alpha/tasks.md", text)
    names = ("total", "pending", "in_progress", "done", "blocked", "deferred")
    value = ask(workspace, "tasks", "count", "alpha").value
    assert value["counts"] == dict(zip(names, counts, strict=True))
    raw = ask(workspace, "tasks", "count", "alpha", "--raw").out
    assert raw == f"{counts[3]}/{counts[0]}"


def test_headings_before_the_tasks_keep_a_deferral_B4(workspace: Workspace) -> None:
    text = "## Deferred\n- [ ] 1. A\n## Wave Plan\n- Wave 1: Task 1\n## Execution Constraints\n- x: 1\n"
    write(workspace, "specs/alpha/tasks.md", text)
    [task] = ask(workspace, "tasks", "state", "alpha").value["tasks"]
    assert task["is_deferred"] is True


def test_what_was_not_understood_is_said_with_its_line(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [x] 1. A\n- [?] 2. B\n- [ ] 1. C\n")
    value = ask(workspace, "tasks", "validate", "alpha").value
    assert value["valid"] is False
    assert value["errors"] == [
        "line 2: unknown status sign '?'; task 2 is read as pending",
        "line 3: task id 1 is used again; it is first on line 1",
    ]
    assert ask(workspace, "tasks", "validate", "alpha", "--raw").out == "invalid"
    assert ask(workspace, "tasks", "state", "alpha").value["warnings"] == value["errors"]
    write(workspace, "specs/alpha/tasks.md", tasks_file(line("x", "1", 1), ids="1, 2"))
    value = ask(workspace, "tasks", "validate", "alpha").value
    assert (value["valid"], value["errors"]) == (True, [])
    assert value["warnings"] == ["task_ids_mismatch: task 2 of the frontmatter is not in the body"]


def test_a_file_that_cannot_be_read_is_not_one_without_tasks(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "- [ ] 1. A\n" + "x" * 1000
    write(workspace, "specs/alpha/tasks.md", text)
    for harvested in (False, True):
        with monkeypatch.context() as patch:
            patch.setattr(read_file, "MAX_STORED_BYTES", 10)
            (workspace.paths.spec_dir("alpha") / "tasks.md").write_text(text + str(harvested))
            for command in (["tasks", "next"], ["wave", "resume"]):
                answer = ask(workspace, *command, "alpha")
                assert answer.code == 1
                assert answer.error.startswith("cannot read tasks.md")
        workspace.harvest()


# --- mark -----------------------------------------------------------------------------------------------

PLAIN = "---\nspec: s\n---\n\n- [x] 1 First task\n- [ ] 2 Second task\n- [ ] 3 Third task\n"
BOLD = "## Wave 01\n- [ ] **1.** One\n- [-] **2.** Two\n- [ ] **10.** Ten\n- [ ] **11.** Eleven\n"


@pytest.fixture
def tasks(workspace: Workspace) -> Path:
    """Path of a tasks.md with three plain tasks."""
    return write(workspace, "specs/alpha/tasks.md", PLAIN)


def mark(workspace: Workspace, *args: object) -> dict[str, object]:
    answer = ask(workspace, "tasks", "mark", "alpha", *args)
    assert (answer.code, answer.err) == (0, "")
    return answer.value


def test_mark_done_with_log_26(workspace: Workspace, tasks: Path) -> None:
    write(workspace, "specs/alpha/execution/_implementation-logs/task-2.md", "# Log\n")
    assert mark(workspace, "2", "done", "--require-impl-log") == {
        "ok": True,
        "spec": "alpha",
        "task_id": "2",
        "status": "done",
        "previous_status": "pending",
        "changed": True,
        "line": 6,
        "warnings": [],
    }
    assert "- [x] 2 Second task\n" in tasks.read_text()


@pytest.mark.parametrize("log", [None, ("task-2.md", " \n"), ("task-22.md", "x"), ("task-2.1.md", "x")])
def test_mark_done_without_log_27(workspace: Workspace, tasks: Path, log: tuple[str, str] | None) -> None:
    if log:
        write(workspace, f"specs/alpha/execution/_implementation-logs/{log[0]}", log[1])
    answer = ask(workspace, "tasks", "mark", "alpha", 2, "done", "--require-impl-log")
    assert answer.code == 1
    assert "implementation log missing for task 2" in answer.error
    assert tasks.read_text() == PLAIN


def test_log_counts_by_its_file_name_or_its_heading(workspace: Workspace, tasks: Path) -> None:
    write(workspace, "specs/alpha/execution/_implementation-logs/task-1.md", "# Task 12: X\n\nDone.\n")
    assert mark(workspace, "1", "done", "--require-impl-log")["status"] == "done"


def test_log_that_was_cleaned_away_still_counts(workspace: Workspace, tasks: Path) -> None:
    log = write(workspace, "specs/alpha/execution/_implementation-logs/task_2.md", "# Done\n")
    workspace.harvest()
    log.unlink()
    assert mark(workspace, 2, "done", "--require-impl-log")["changed"] is True


def test_mark_in_progress_needs_no_log_28_and_changes_one_line_29(workspace: Workspace, tasks: Path) -> None:
    mark(workspace, "2", "in_progress", "--require-impl-log")
    assert tasks.read_text() == PLAIN.replace("- [ ] 2", "- [-] 2")


def test_mark_done_again_30(workspace: Workspace, tasks: Path) -> None:
    before = tasks.stat()
    assert mark(workspace, "1", "done")["changed"] is False
    assert tasks.read_text() == PLAIN
    assert (tasks.stat().st_ino, tasks.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert ask(workspace, "tasks", "mark", "alpha", 1, "done", "--raw").out == "ok"


def test_mark_unknown_task_31_35(workspace: Workspace, tasks: Path) -> None:
    answer = ask(workspace, "tasks", "mark", "alpha", "99", "done")
    assert (answer.code, answer.error) == (1, f"task 99 not found in {tasks}")
    assert tasks.read_text() == PLAIN


@pytest.mark.parametrize(
    ("task_id", "status", "previous", "expected"),
    [
        pytest.param("1", "in-progress", "pending", "- [-] **1.** One", id="start-32"),
        pytest.param("2", "done", "in_progress", "- [x] **2.** Two", id="finish-33"),
        pytest.param("1", "blocked", "pending", "- [!] **1.** One", id="block-34"),
        pytest.param("10", "done", "pending", "- [x] **10.** Ten", id="no_prefix-36"),
        pytest.param("2", "pending", "in_progress", "- [ ] **2.** Two", id="back"),
        pytest.param(" 1. ", "done", "pending", "- [x] **1.** One", id="id_as_people_write_it"),
    ],
)
def test_mark_bold_tasks(
    workspace: Workspace, task_id: str, status: str, previous: str, expected: str
) -> None:
    path = write(workspace, "specs/alpha/tasks.md", BOLD)
    assert mark(workspace, task_id, status)["previous_status"] == previous
    before, after = BOLD.splitlines(), path.read_text().splitlines()
    assert [line for line in after if line not in before] == [expected]
    assert len(after) == len(before)


def test_mark_keeps_every_other_byte_and_the_mode_B6(workspace: Workspace) -> None:
    text = b"\xef\xbb\xbf# T\r\n- [ ] 1. \xff\xfe\r\n- [ ] 2. B\n- [ ] 3. C"
    path = write(workspace, "specs/alpha/tasks.md", text)
    path.chmod(0o640)
    mark(workspace, "3", "done")
    mark(workspace, "1", "in_progress")
    assert path.read_bytes() == text.replace(b"[ ] 1", b"[-] 1").replace(b"[ ] 3", b"[x] 3")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in path.parent.iterdir()] == ["tasks.md"]


def test_mark_shows_at_once_after_a_harvest(workspace: Workspace, tasks: Path) -> None:
    workspace.harvest()
    mark(workspace, 2, "done")
    assert ask(workspace, "tasks", "count", "alpha", "--raw").out == "2/3"
    assert workspace.spec("alpha").summary().tasks_done == 2


def test_mark_does_not_follow_links(workspace: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.md"
    target.write_text(PLAIN)
    (workspace.paths.spec_dir("alpha") / "tasks.md").symlink_to(target)
    answer = ask(workspace, "tasks", "mark", "alpha", 2, "done")
    assert answer.code == 1
    assert "symbolic link" in answer.error
    assert target.read_text() == PLAIN


def test_mark_warns_about_an_id_used_twice(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. A\n- [ ] 1. B\n")
    answer = mark(workspace, 1, "done")
    assert (answer["line"], answer["warnings"]) == (1, ["task id 1 is used 2 times; also on line 2"])


MARKER = """
import sys
from spw_core.cli import main
command = ["--workspace", sys.argv[1], "tasks", "mark", "alpha"]
first = int(sys.argv[2])
sys.exit(any([main([*command, str(number), "done", "--raw"]) for number in range(first, first + 8)]))
"""


def test_ten_processes_lose_no_mark(workspace: Workspace) -> None:
    path = write(workspace, "specs/alpha/tasks.md", "".join(f"- [ ] {n}. T\n" for n in range(1, 81)))
    root = str(workspace.paths.root)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MARKER, root, str(first)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for first in range(1, 81, 8)
    ]
    assert [process.communicate(timeout=120)[1] for process in processes] == [b""] * 10
    assert [process.returncode for process in processes] == [0] * 10
    assert path.read_text() == "".join(f"- [x] {n}. T\n" for n in range(1, 81))
    assert [entry.name for entry in path.parent.iterdir()] == ["tasks.md"]


# --- specs and waves on disk ----------------------------------------------------------------------------


def folder(workspace: Workspace, path: str) -> None:
    (workspace.paths.workflow / path).mkdir(parents=True, exist_ok=True)


def test_specs_are_listed_in_order_109(workspace: Workspace) -> None:
    for name in ("zeta", "beta", ".hidden"):
        folder(workspace, f"specs/{name}")
    assert ask(workspace, "spec", "list").value == {
        "ok": True,
        "specs": ["alpha", "beta", "zeta"],
        "count": 3,
    }
    assert ask(workspace, "spec", "list", "--raw").out == "alpha\nbeta\nzeta"


def test_no_specs_folder_is_no_error_120(tmp_path: Path) -> None:
    (tmp_path / ".spec-workflow").mkdir()
    answer = ask(Workspace.open(tmp_path), "spec", "list")
    assert answer.value == {"ok": True, "specs": [], "count": 0}


def test_resolve_103_104(workspace: Workspace) -> None:
    found = ask(workspace, "spec", "resolve", "alpha").value
    assert (found["found"], found["directory"]) == (True, ".spec-workflow/specs/alpha")
    missing = ask(workspace, "spec", "resolve", "nobody")
    assert (missing.code, missing.value["found"], missing.value["directory"]) == (0, False, "")


def test_empty_folders_count_108_110(workspace: Workspace) -> None:
    for name in ("requirements.md", "design.md", "tasks.md"):
        write(workspace, f"specs/alpha/{name}", "# X\n")
    folder(workspace, "specs/alpha/implementation-logs")
    assert ask(workspace, "spec", "prereqs", "alpha", "checkpoint").value["missing"] == ["execution/waves"]
    folder(workspace, "specs/alpha/execution/waves/wave-01")
    assert ask(workspace, "spec", "prereqs", "alpha", "checkpoint").value["missing"] == []
    assert ask(workspace, "spec", "stage", "alpha", "--raw").out == "execution"
    value = ask(workspace, "spec", "artifacts", "alpha").value
    assert value["artifacts"]["requirements.md"] is True
    assert value["deviations"] == [
        {"found": "implementation-logs", "canonical": "execution/_implementation-logs"}
    ]


def test_folders_of_waves_96_97_123_127(workspace: Workspace) -> None:
    assert ask(workspace, "wave", "state", "alpha").value["waves"] == []
    assert ask(workspace, "wave", "resume", "alpha").value["action"] == "next-wave"
    folder(workspace, "specs/alpha/execution/waves")
    assert ask(workspace, "wave", "state", "alpha", "--raw").out == "0 waves"
    for name in ("wave-01", "wave-03", "wave-2", "other", "wave-00"):
        folder(workspace, f"specs/alpha/execution/waves/{name}")
    value = ask(workspace, "wave", "state", "alpha").value
    assert [(wave["wave_num"], wave["status"]) for wave in value["waves"]] == [
        (1, "pending"),
        (2, "pending"),
        (3, "pending"),
    ]
    assert ask(workspace, "wave", "checkpoint", "alpha", 1, "--raw").out == "missing"
    assert ask(workspace, "wave", "summary", "alpha", 1, "--raw").out == "pending"
    value = ask(workspace, "wave", "summary", "alpha", 4).value
    assert (value["status"], value["source"]) == ("missing", "none")


def test_approval_111_112(workspace: Workspace) -> None:
    value = ask(workspace, "spec", "approval", "alpha", "Requirements").value
    assert (value["found"], value["doc_type"], value["approval_id"], value["source"]) == (
        False,
        "Requirements",
        "",
        "",
    )
    request = {"approvalId": "a-1", "filePath": ".spec-workflow/specs/alpha/requirements.md"}
    write(workspace, "approvals/alpha/approval_1.json", json.dumps({**request, "status": "pending"}))
    value = ask(workspace, "spec", "approval", "alpha", "requirements").value
    assert (value["found"], value["approval_id"], value["status"]) == (True, "a-1", "pending")
    assert value["source"] == ".spec-workflow/approvals/alpha/approval_1.json"


# --- the real workspace ---------------------------------------------------------------------------------


def test_real_workspace(real: Workspace) -> None:
    [name] = real.spec_names()

    def value(*command: object) -> dict[str, object]:
        answer = ask(real, *command[:2], name, *command[2:])
        assert (answer.code, answer.err) == (0, "")
        return answer.value

    tasks = value("tasks", "state")["tasks"]
    assert isinstance(tasks, list)
    assert [(task["id"], task["status"], task["wave"], task.get("depends_on", [])) for task in tasks] == [
        ("1", "done", 1, []),
        ("2", "done", 1, ["1"]),
        ("5", "done", 1, []),
        ("3", "done", 2, ["1"]),
        ("4", "done", 2, ["1"]),
        ("7", "done", 2, ["1"]),
        ("6", "pending", 3, ["1", "5"]),
        ("8", "pending", 3, ["2", "3"]),
        ("9", "pending", 3, ["4", "6"]),
        ("10", "pending", 4, ["8", "9"]),
        ("11", "pending", 4, ["8", "10"]),
    ]
    assert [task["id"] for task in tasks if task["is_deferred"]] == ["10", "11"]
    assert value("tasks", "validate")["valid"] is True
    waves = value("wave", "state")["waves"]
    assert isinstance(waves, list)
    assert [(w["wave_num"], w["status"], w["exec_runs"], w["check_runs"], w["task_ids"]) for w in waves] == [
        (1, "complete", 2, 2, ["1", "2", "5"]),
        (2, "complete", 1, 2, ["3", "4", "7"]),
        (3, "in_progress", 1, 0, ["6", "8", "9"]),
    ]
    for wave, status, run in ((1, "pass", "run-002"), (2, "pass", "run-002"), (3, "missing", "")):
        checkpoint = value("wave", "checkpoint", wave)
        assert (checkpoint["status"], checkpoint["run_id"], checkpoint["stale_flag"]) == (status, run, False)
    assert [value("wave", "summary", wave)["status"] for wave in (1, 2, 3)] == ["pass", "pass", "in_progress"]
    resume = value("wave", "resume")
    assert (resume["action"], resume["wave_num"]) == ("continue-wave", 3)
    assert value("spec", "stage")["stage"] == "execution"
    assert value("spec", "artifacts")["deviations"] == []
    for document, source in (
        ("tasks", "approval_1771024793021_rwl4mvimm.json"),
        ("design", ".snapshots/design.md/metadata.json"),
        ("requirements", ".snapshots/requirements.md/metadata.json"),
    ):
        approval = value("spec", "approval", document)
        assert (approval["found"], approval["status"]) == (True, "approved")
        assert approval["source"] == f".spec-workflow/approvals/{name}/{source}"
    before = real.spec(name).read("tasks.md")
    assert mark_real(real, name, "6", "in_progress") == before.replace("- [ ] 6. ", "- [-] 6. ")
    assert value("tasks", "next")["action"] == "continue-wave"
    assert mark_real(real, name, "6", "pending") == before


def mark_real(workspace: Workspace, name: str, task_id: str, status: str) -> str:
    assert ask(workspace, "tasks", "mark", name, task_id, status, "--raw").out == "ok"
    return (workspace.paths.spec_dir(name) / "tasks.md").read_text()
