"""What to do next, beyond the cases of the checklist."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.domain.model import SpecRecord
from spw_core.domain.next_wave import next_wave
from spw_core.domain.task_plan import StuckTask, is_put_off
from spw_core.domain.wave_status import wave_status
from spw_core.formats.tasks import TaskStatus, parse_tasks

from . import machine_support as specs
from .machine_support import ask, checkpoint, tasks_file
from .machine_support import task as line
from .support import write


def record(text: str, **facts: Any) -> SpecRecord:
    document = parse_tasks(text)
    return SpecRecord(
        "s",
        tasks=document.tasks,
        has_tasklike_lines=document.has_tasklike_lines,
        task_warnings=document.warnings,
        generation_strategy=document.header.generation_strategy,
        **facts,
    )


@pytest.mark.parametrize(
    ("text", "action", "wave", "ids", "stuck"),
    [
        # Plain lists, as dashboards write them, name no waves: they are one wave.
        pytest.param("- [ ] 1. A\n- [ ] 2. B\n", "execute", 1, "1 2", "", id="no_waves"),
        pytest.param("- [x] 1. A\n- [ ] 2. B\n", "execute", 1, "2", "", id="no_waves_begun"),
        pytest.param("- [x] 1. A\n- [x] 2. B\n", "done", 0, "", "", id="no_waves_done"),
        pytest.param("- [-] 1. A\n", "continue-wave", 1, "", "", id="no_waves_in_progress"),
        pytest.param(
            line(" ", "1") + line("x", "2", 1), "execute", 2, "1", "", id="some_waves_then_the_others"
        ),
        pytest.param(line(" ", "1", 0), "execute", 1, "1", "", id="wave_0_is_no_wave"),
        # Only the lowest unfinished wave.
        pytest.param(
            line(" ", "1", 1) + line(" ", "2", 2), "execute", 1, "1", "", id="lowest_unfinished_wave"
        ),
        pytest.param(
            line(" ", "1", 1, "9") + line(" ", "2", 2), "blocked", 1, "", "1", id="no_way_around_a_stuck_wave"
        ),
        pytest.param(
            line(" ", "1", 1, "2") + line(" ", "2", 2), "blocked", 1, "", "1", id="waits_for_a_later_wave"
        ),
        # What can never start is named.
        pytest.param(
            line("x", "1", 1) + line(" ", "2", 1, "7, 8"), "blocked", 1, "", "2", id="unknown_dependency"
        ),
        pytest.param(line(" ", "1", 1, "1"), "blocked", 1, "", "1", id="depends_on_itself"),
        pytest.param(
            line(" ", "1", 1, "3") + line(" ", "2", 1, "1") + line(" ", "3", 1, "2"),
            "blocked",
            1,
            "",
            "1 2 3",
            id="circle",
        ),
        pytest.param(
            line(" ", "1", 1) + line(" ", "2", 1, "3") + line(" ", "3", 1, "2") + line(" ", "4", 2, "3"),
            "execute",
            1,
            "1",
            "2 3 4",
            id="circle_beside_a_ready_task",
        ),
        pytest.param(line("!", "1", 1), "blocked", 1, "", "1", id="marked_blocked"),
        pytest.param(
            line("!", "1", 1) + line(" ", "2", 1, "1"), "blocked", 1, "", "1 2", id="waits_for_a_blocked_task"
        ),
        pytest.param(
            line("!", "1", 1) + line(" ", "2", 1), "execute", 1, "2", "1", id="beside_a_blocked_task"
        ),
        pytest.param(
            "- [ ] 1. A\n  - Depends On: 2\n## Deferred\n- [ ] 2. B\n",
            "blocked",
            1,
            "",
            "1",
            id="waits_for_a_deferred_task",
        ),
        # A frontmatter list that is out of date hides nothing.
        pytest.param(
            tasks_file(line("x", "1", 1), line(" ", "2", 1), ids="1"),
            "execute",
            1,
            "2",
            "",
            id="missing_in_task_ids_is_no_deferral",
        ),
        pytest.param(
            line("x", "1", 1) + "- [ ] 2 B\n  Wave: 4 (deferred)\n  Depends On: 9\n",
            "done",
            0,
            "",
            "",
            id="deferred_by_its_wave",
        ),
        # Ids that are used twice, and ranges.
        pytest.param(
            line("x", "1", 1) + line(" ", "1", 1) + line(" ", "2", 1, "1"),
            "execute",
            1,
            "1",
            "",
            id="every_bearer_of_an_id_must_be_done",
        ),
        pytest.param(
            "- [x] 1-3. A\n- [ ] 4. B\n  - Depends On: 2\n", "execute", 1, "4", "", id="member_of_a_range"
        ),
        # Never `done` for what could not be read.
        pytest.param("- [ ] write tests\n- [x] ship\n", "error", 0, "", "", id="no_readable_task"),
        pytest.param("Nothing planned.\n", "done", 0, "", "", id="no_task_at_all"),
    ],
)
def test_next_step(text: str, action: str, wave: int, ids: str, stuck: str) -> None:
    answer = next_wave(record(text))
    assert (answer.action, answer.wave, " ".join(answer.task_ids)) == (action, wave, ids)
    assert " ".join(task.task_id for task in answer.blocked) == stuck


def test_stuck_tasks_say_why() -> None:
    text = (
        line(" ", "1", 1, "8, 9")
        + line(" ", "2", 1, "3")
        + line(" ", "3", 1, "2")
        + line(" ", "4", 1, "1, 5")
        + line(" ", "5", 2)
        + line(" ", "6", 1, "7")
        + "- [!] 10 Ten\n  Wave: 1\n  - _Blocked: no access_\n"
        + "## Deferred\n"
        + line(" ", "7", 3)
    )
    answer = next_wave(record(text))
    assert answer.blocked == (
        StuckTask(
            "1",
            ("8", "9"),
            (),
            "task 1 depends on 8, which is not in tasks.md and depends on 9, which is not in tasks.md",
        ),
        StuckTask("2", ("3",), ("2", "3", "2"), "task 2 depends on itself (2 → 3 → 2)"),
        StuckTask("3", ("2",), ("3", "2", "3"), "task 3 depends on itself (3 → 2 → 3)"),
        StuckTask(
            "4",
            ("1", "5"),
            (),
            "task 4 depends on 1, which cannot be done either and depends on 5 of the later wave 2",
        ),
        StuckTask("6", ("7",), (), "task 6 depends on 7, which is deferred"),
        StuckTask("10", (), (), "task 10 is marked blocked (no access)"),
    )
    assert answer.deferred_ready == ("7",)
    assert answer.reason.startswith("no task of wave 1 can start: task 1 depends on 8")
    assert answer.reason.endswith("; and 1 more")


def test_doubtful_answers_come_with_warnings() -> None:
    text = line(" ", "1", 1) + line("-", "2", 2) + line(" ", "3")
    assert next_wave(record(text)).warnings == (
        "missing_wave: taken as wave 3, because they name none: 3",
        "unfinished_wave: wave 1 has tasks that are not done",
    )


def test_strategy_of_the_configuration_counts_where_the_file_names_none() -> None:
    done = line("x", "1", 1)
    assert next_wave(record(done), "rolling-wave").action == "plan-next-wave"
    assert next_wave(record(specs.ALL_DONE), "rolling-wave").action == "done"
    assert next_wave(record(done, completed_at="2026-01-01"), "rolling-wave").action == "done"
    deferred = next_wave(record(done + "## Deferred\n" + line(" ", "2", 2, "9")))
    assert (deferred.action, deferred.reason) == ("done", "all tasks complete; deferred and not done: 2")


def test_blocked_checkpoint_of_a_wave_without_numbers(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [x] 1. A\n- [x] 2. B\n")
    checkpoint(workspace, 1, "blocked")
    facts = workspace.spec("alpha").record()
    assert (next_wave(facts).action, next_wave(facts).wave) == ("blocked", 1)
    write(workspace, "specs/alpha/tasks.md", "- [x] 1. A\n- [ ] 2. B\n")
    checkpoint(workspace, 1, "pass", run="run-002")
    facts = workspace.spec("alpha").record()
    assert (next_wave(facts).action, next_wave(facts).wave) == ("execute", 2)


def test_no_wave_is_begun_over_a_blocked_checkpoint_of_any_earlier_one(workspace: Workspace) -> None:
    done = line("x", "1", 1) + line("x", "2", 2)
    checkpoint(workspace, 1, "blocked")
    checkpoint(workspace, 2, "pass")
    for text in (done, done + line(" ", "3", 3), line(" ", "3", 3)):
        write(workspace, "specs/alpha/tasks.md", text)
        answer = next_wave(workspace.spec("alpha").record(), "rolling-wave")
        assert (answer.action, answer.wave) == ("blocked", 1), text
        assert answer.reason.startswith("the checkpoint of wave 1 is blocked")
    write(
        workspace,
        "specs/alpha/tasks.md",
        "## Deferred\n" + line(" ", "1", 1) + "## Now\n" + line(" ", "3", 3),
    )
    assert next_wave(workspace.spec("alpha").record()).action == "execute"


def test_what_was_not_read_as_a_task_is_a_warning(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [x] 1. A\n- [ ] T2 B\n- [x 3. C\n" + "- [ ] D\n" * 9)
    facts = workspace.spec("alpha").record()
    warnings = next_wave(facts).warnings
    assert warnings[:2] == (
        "tasks.md: line 2: the task id is not readable: 'T2 B'",
        "tasks.md: line 3: a broken checkbox is not read as a task; write `- [ ]` before its id",
    )
    assert warnings[-1] == "tasks.md: and 3 more"
    assert wave_status(facts).warnings == warnings


def test_checkpoint_without_verdict_is_a_warning(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", specs.BASIC)
    run = "execution/waves/wave-01/checkpoint/run-001"
    write(workspace, f"specs/alpha/{run}/evidence-collector/brief.md", "# Brief\n")
    answer = next_wave(workspace.spec("alpha").record())
    assert answer.action == "execute"
    assert answer.warnings == (f"cannot read checkpoint status: no verdict in {run}",)


IDS = st.sampled_from(["1", "2", "3", "4", "5", "1.1", "2-3"])
TASKS = st.builds(
    lambda mark, task_id, wave, depends, deferred: (
        ("## Deferred\n" if deferred else "## Tasks\n") + line(mark, task_id, wave, ", ".join(depends))
    ),
    mark=st.sampled_from(["x", "x", " ", " ", "-", "!"]),
    task_id=IDS,
    wave=st.none() | st.integers(0, 4),
    depends=st.lists(IDS | st.just("99"), max_size=3),
    deferred=st.booleans(),
)


@given(st.lists(TASKS, max_size=8), st.sampled_from(["", "rolling-wave", "all-at-once"]))
def test_never_complete_while_work_is_left(tasks: list[str], strategy: str) -> None:
    facts = record("".join(tasks))
    answer = next_wave(facts, strategy)
    left = [t for t in facts.tasks if t.status is not TaskStatus.DONE and not is_put_off(t)]
    if left:
        assert answer.action in ("execute", "continue-wave", "blocked")
    if answer.action == "blocked":
        assert answer.blocked
    done = {t.id for t in facts.tasks if t.status is TaskStatus.DONE}
    by_id = {t.id: t for t in facts.tasks if t.status is TaskStatus.PENDING}
    for task_id in (*answer.task_ids, *answer.deferred_ready):
        assert task_id in by_id
    # What is ready and what is stuck do not overlap unless an id is used twice.
    ids = [t.id for t in facts.tasks]
    if len(set(ids)) == len(ids):
        assert not {t.task_id for t in answer.blocked} & set(answer.task_ids)
        for task_id in answer.task_ids:
            met = done | ({"2", "3"} if "2-3" in done else set())
            assert set(by_id[task_id].depends_on) <= met


@given(st.text(alphabet=st.sampled_from(list("-[] x!.#12Wave:DependsOn\n")), max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    facts = record(text)
    answer = next_wave(facts)
    if answer.action in ("done", "plan-next-wave"):
        assert all(t.status is TaskStatus.DONE or is_put_off(t) for t in facts.tasks)


def test_long_chains_and_circles_are_no_burden() -> None:
    count = 3000
    chain = "".join(line(" ", str(n), 1, str(n - 1) if n > 1 else "") for n in range(1, count))
    assert next_wave(record(chain)).task_ids == ("1",)
    circle = "".join(line(" ", str(n), 1, str(n % count + 1)) for n in range(1, count + 1))
    answer = next_wave(record(circle))
    assert answer.action == "blocked"
    assert len(answer.blocked) == count
    assert answer.blocked[0].cycle[:3] == ("1", "2", "3")


def test_real_workspace(real: Workspace) -> None:
    [name] = real.spec_names()
    for _ in range(2):
        value = ask(real, "tasks", "next", name).value
        assert (value["action"], value["wave"], value["task_ids"]) == ("execute", 3, ["6", "8"])
        assert value["warnings"] == value["blocked"] == value["deferred_ready"] == []
        real.harvest()


def test_configured_strategy_is_read(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", line("x", "1", 1))
    assert ask(workspace, "tasks", "next", "alpha", "--raw").out == "done"
    write(workspace, "spw-config.toml", '[planning]\ntasks_generation_strategy = "rolling-wave"\n')
    assert json.loads(ask(workspace, "tasks", "next", "alpha").out)["action"] == "plan-next-wave"


def test_an_id_borne_and_asked_for_by_thousands_is_no_burden() -> None:
    """Edges from task to task would be sixteen million here."""
    count = 4000
    started = time.process_time()
    answer = next_wave(record("- [ ] 1. a\n  - Depends On: 1\n" * count))
    assert (answer.action, len(answer.blocked)) == ("blocked", count)
    assert answer.blocked[0].cycle == ("1", "1")
    bearers = line("!", "1", 1) * count
    answer = next_wave(record(bearers + "".join(line(" ", str(n), 1, "1") for n in range(2, count))))
    assert answer.blocked[-1].why == f"task {count - 1} depends on 1, which cannot be done either"
    # Every task leads on and back to the first one: as many circles as tasks.
    back = "".join(line(" ", str(n), 1, f"1, {n % count + 1}") for n in range(1, count + 1))
    assert all(task.cycle[0] == task.task_id for task in next_wave(record(back)).blocked)
    assert time.process_time() - started < 20  # it took minutes
