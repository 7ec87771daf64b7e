"""Which tasks can start, which can follow, and which nothing in the plan will ever make ready.

A task counts for the plan unless it is deferred in so many words: under a heading or in its wave line. One
that merely is not in the frontmatter's list is an ordinary task, because lists go stale. Tasks without a
wave form one wave of their own, after the numbered ones.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spw_core.domain.model import SpecRecord
from spw_core.domain.waves import WAVE_COMPLETE, WaveState
from spw_core.formats.task_values import expand_range
from spw_core.formats.tasks import Task, TaskStatus
from spw_core.names import DASHBOARDS

_EXPLICIT = ("heading", "wave")
_SHOWN_OF_CYCLE = 20
_SHOWN_ERRORS = 8
_TASKS = DASHBOARDS[2]


@dataclass(frozen=True, slots=True)
class StuckTask:
    """An unfinished task that finishing the tasks before it does not make ready.

    `unmet` are the dependencies that will not be met; `cycle` is the circle of dependencies the task is
    part of, from itself back to itself (a long one is cut), empty when there is none.
    """

    task_id: str
    unmet: tuple[str, ...]
    cycle: tuple[str, ...]
    why: str


def is_put_off(task: Task) -> bool:
    """Whether the task is not done and deferred by its heading or its wave line, so that nothing waits for
    it. The frontmatter's list of ids can be out of date; only what the task itself says puts it off."""
    return task.status is not TaskStatus.DONE and task.deferred_reason in _EXPLICIT


def put_off_waves(tasks: Iterable[Task]) -> frozenset[int]:
    """The numbered waves all of whose tasks are put off; the folder of one may be there already."""
    is_off: dict[int, bool] = {}
    for task in tasks:
        if task.wave:
            is_off[task.wave] = is_off.get(task.wave, True) and is_put_off(task)
    return frozenset(wave for wave, off in is_off.items() if off)


def plan_warnings(record: SpecRecord) -> tuple[str, ...]:
    """Where `tasks.md` contradicts itself, and what in it was not understood: that may be work too."""
    errors = [error.error for error in record.errors if error.path == _TASKS]
    more = [f"{_TASKS}: and {len(errors) - _SHOWN_ERRORS} more"] if len(errors) > _SHOWN_ERRORS else []
    return (*record.task_warnings, *(f"{_TASKS}: {text}" for text in errors[:_SHOWN_ERRORS]), *more)


def put_off_warnings(tasks: Iterable[Task]) -> tuple[str, ...]:
    """The remark that everybody makes who calls a spec done although deferred tasks are open."""
    left = [task.id for task in tasks if is_put_off(task)]
    return (f"deferred and not done: {', '.join(left)}",) if left else ()


def wave_at_work(plan: TaskPlan, states: Sequence[WaveState]) -> int:
    """The lowest wave that is not complete or has tasks that are not done; 0 when there is none."""
    put_off = put_off_waves(plan.tasks)
    unfinished = [
        state.number for state in states if state.status != WAVE_COMPLETE and state.number not in put_off
    ]
    with_open_tasks = plan.first_open_wave()
    return min([*unfinished[:1], *([with_open_tasks] if with_open_tasks else [])], default=0)


def implicit_wave(tasks: Iterable[Task], states: Sequence[WaveState]) -> int:
    """The number of the wave that the tasks without one form: after all planned and all complete waves."""
    planned = [task.wave for task in tasks if task.wave and not is_put_off(task)]
    complete = [state.number for state in states if state.status == WAVE_COMPLETE]
    return 1 + max(planned + complete, default=0)


class TaskPlan:
    """The tasks of a spec by wave, with the state of their dependencies.

    Tasks are known by their index in `tasks`: ids may be used twice, and then a dependency on the id is met
    when every task that bears it is done.
    """

    def __init__(self, tasks: Sequence[Task], states: Sequence[WaveState] = ()) -> None:
        self.tasks = tasks
        self._implicit = implicit_wave(tasks, states)
        self._bearers: dict[str, list[int]] = {}
        for index, task in enumerate(tasks):
            self._bearers.setdefault(task.id, []).append(index)
        for index, task in enumerate(tasks):
            # A task named "3-5" stands for 3, 4 and 5 where nothing else bears those ids.
            for single in expand_range(task.id):
                self._bearers.setdefault(single, [index])
        self._open_bearers = Counter(
            {name: sum(map(self._is_open, indexes)) for name, indexes in self._bearers.items()}
        )
        self._unmet_count = [sum(not self._is_met(name) for name in task.depends_on) for task in tasks]

    def wave_of(self, task: Task) -> int:
        """Its own wave, else the implicit one. Wave 0 is no wave: the tools before this wrote it for none."""
        return task.wave or self._implicit

    def waves(self) -> dict[int, list[int]]:
        """The indexes of the tasks that are not put off, by wave in ascending order."""
        grouped: dict[int, list[int]] = {}
        for index, task in enumerate(self.tasks):
            if not is_put_off(task):
                grouped.setdefault(self.wave_of(task), []).append(index)
        return dict(sorted(grouped.items()))

    def first_open_wave(self) -> int | None:
        """The lowest wave in which a task is not done."""
        return next(
            (wave for wave, indexes in self.waves().items() if any(map(self._is_open, indexes))), None
        )

    def last_done_wave(self) -> int:
        """The highest wave such that it and all lower ones are done; 0 when there is none."""
        first_open = self.first_open_wave()
        return max((wave for wave in self.waves() if first_open is None or wave < first_open), default=0)

    def ready(self, indexes: Iterable[int]) -> tuple[str, ...]:
        """The ids of those of the tasks that are pending and wait for nothing, in file order."""
        return tuple(
            dict.fromkeys(
                self.tasks[index].id
                for index in indexes
                if self.tasks[index].status is TaskStatus.PENDING and not self._unmet_count[index]
            )
        )

    def ready_put_off(self) -> tuple[str, ...]:
        """The ids of the deferred tasks that could be taken up now."""
        return self.ready(index for index, task in enumerate(self.tasks) if is_put_off(task))

    def stuck(self) -> tuple[StuckTask, ...]:
        """The tasks that stay unfinished when all others are done wave by wave, in file order."""
        can_finish = self._can_finish()
        stuck = [
            index
            for index, task in enumerate(self.tasks)
            if self._is_open(index) and index not in can_finish and not is_put_off(task)
        ]
        met_from: dict[str, float] = {}
        unmet = {
            index: tuple(
                name
                for name in self.tasks[index].depends_on
                if self._met_from(name, can_finish, met_from) > self.wave_of(self.tasks[index])
            )
            for index in stuck
        }
        bearers: dict[str, list[int]] = {}
        for name in {name for names in unmet.values() for name in names}:
            bearers[name] = [bearer for bearer in self._bearers.get(name, ()) if bearer in unmet]
        cycles = _find_cycles(unmet, bearers)
        why = {name: self._why(name, unmet) for name in bearers}
        return tuple(self._explain(index, unmet[index], cycles.get(index, ()), why) for index in stuck)

    def _is_open(self, index: int) -> bool:
        return self.tasks[index].status is not TaskStatus.DONE

    def _is_met(self, name: str) -> bool:
        return name in self._bearers and not self._open_bearers[name]

    def _met_from(self, name: str, can_finish: set[int], known: dict[str, float]) -> float:
        """The lowest wave whose tasks may depend on the name; infinite when it never is met.

        `known` keeps the answers: thousands of tasks may bear a name that thousands depend on.
        """
        if name not in known:
            open_bearers = [bearer for bearer in self._bearers.get(name, ()) if self._is_open(bearer)]
            if name not in self._bearers or any(bearer not in can_finish for bearer in open_bearers):
                known[name] = math.inf
            else:
                known[name] = max((self.wave_of(self.tasks[bearer]) for bearer in open_bearers), default=0)
        return known[name]

    def _can_finish(self) -> set[int]:
        """The open tasks that get done when each wave is finished as far as it goes before the next."""
        dependents: defaultdict[str, list[int]] = defaultdict(list)
        for index, task in enumerate(self.tasks):
            for name in task.depends_on:
                dependents[name].append(index)
        names: defaultdict[int, list[str]] = defaultdict(list)
        for name, indexes in self._bearers.items():
            for index in indexes:
                names[index].append(name)
        open_bearers, unmet = self._open_bearers.copy(), list(self._unmet_count)
        finished: set[int] = set()

        def can_start(index: int) -> bool:
            task = self.tasks[index]
            startable = task.status in (TaskStatus.PENDING, TaskStatus.IN_PROGRESS)
            return startable and not unmet[index] and index not in finished

        for indexes in self.waves().values():
            of_wave = set(indexes)
            startable = [index for index in indexes if can_start(index)]
            while startable:
                index = startable.pop()
                if index in finished:
                    continue
                finished.add(index)
                for name in names[index]:
                    open_bearers[name] -= 1
                    if open_bearers[name]:
                        continue
                    for dependent in dependents[name]:
                        unmet[dependent] -= 1
                        if dependent in of_wave and can_start(dependent):
                            startable.append(dependent)
        return finished

    def _explain(
        self, index: int, unmet: tuple[str, ...], cycle: Sequence[int], why: Mapping[str, str]
    ) -> StuckTask:
        task = self.tasks[index]
        circle = tuple(self.tasks[member].id for member in cycle)
        reasons = []
        if task.status is TaskStatus.BLOCKED:
            because = " ".join(task.blocked_reason.split())
            reasons.append(f"is marked blocked ({because})" if because else "is marked blocked")
        if circle:
            reasons.append(f"depends on itself ({' → '.join(circle)})")
        reasons += [f"depends on {name}{why[name]}" for name in unmet if name not in circle]
        return StuckTask(task.id, unmet, circle, f"task {task.id} {' and '.join(reasons)}")

    def _why(self, name: str, unmet: Mapping[int, tuple[str, ...]]) -> str:
        """Why a dependency on the name is not met, the same for all who depend on it."""
        bearers = [bearer for bearer in self._bearers.get(name, ()) if self._is_open(bearer)]
        if not bearers:
            return ", which is not in tasks.md"
        if any(is_put_off(self.tasks[bearer]) for bearer in bearers):
            return ", which is deferred"
        if any(bearer in unmet for bearer in bearers):
            return ", which cannot be done either"
        return f" of the later wave {max(self.wave_of(self.tasks[bearer]) for bearer in bearers)}"


def _find_cycles(
    names: Mapping[int, Sequence[str]], bearers: Mapping[str, Sequence[int]]
) -> dict[int, tuple[int, ...]]:
    """For the tasks on circles one circle each, from the task back to itself; those found by one
    depth-first walk, which meets every group of circles.

    The walk goes from a task to the names it depends on and from a name to the tasks that bear it: edges
    straight from task to task would be as many as dependents times bearers.
    """
    found: dict[int, tuple[int, ...]] = {}
    place: dict[int | str, int] = {}  # index on the current path, -1 once left
    for root in names:
        if root in place:
            continue
        place[root] = 0
        path: list[int | str] = [root]
        branches: list[Iterator[int | str]] = [iter(names[root])]
        free = [0]  # places on the path of tasks without a circle, so that none is looked at twice
        while path:
            target = next(branches[-1], None)
            if target is None:
                place[path.pop()] = -1
                branches.pop()
                if free and free[-1] == len(path):
                    free.pop()
            elif target not in place:
                place[target] = len(path)
                if isinstance(target, int):
                    free.append(len(path))
                    branches.append(iter(names[target]))
                else:
                    branches.append(iter(bearers[target]))
                path.append(target)
            else:
                start = place[target]
                if start < 0 and isinstance(target, str) and bearers[target]:
                    # A name is left before the task that bears it is; that task closes the circle as well.
                    start = place[bearers[target][0]]
                while start >= 0 and free and free[-1] >= start:
                    circle = _circle(path, start, free.pop())
                    found[circle[0]] = circle
    return found


def _circle(path: Sequence[int | str], start: int, at: int) -> tuple[int, ...]:
    """The tasks of the circle `path[start:]`, from the one at the place `at` on."""
    length = len(path) - start
    length += length % 2  # the name that closes the circle need not be on the path
    steps = range(0, min(length, 2 * (_SHOWN_OF_CYCLE - 1)) + 1, 2)  # every other node is a name
    nodes = (path[start + (at - start + step) % length] for step in steps)
    return tuple(node for node in nodes if isinstance(node, int))
