"""Which tasks can start, which can follow, and which nothing in the plan will ever make ready.

A task counts for the plan unless it is deferred in so many words: under a heading or in its wave line. One
that merely is not in the frontmatter's list is an ordinary task, because lists go stale. Tasks without a
wave form one wave of their own, after the numbered ones.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from spw_core.domain.waves import COMPLETE, WaveState
from spw_core.formats.task_values import expand_range
from spw_core.formats.tasks import Task, TaskStatus

_EXPLICIT = ("heading", "wave")
_SHOWN_OF_CYCLE = 20


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
    """Whether the task is deferred explicitly and so does not count for the completion of its wave."""
    return task.deferred_reason in _EXPLICIT


def implicit_wave(tasks: Iterable[Task], states: Sequence[WaveState]) -> int:
    """The number of the wave that the tasks without one form: after all planned and all complete waves."""
    planned = [task.wave for task in tasks if task.wave and not is_put_off(task)]
    complete = [state.number for state in states if state.status == COMPLETE]
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
        unmet = {
            index: tuple(
                name
                for name in self.tasks[index].depends_on
                if not self._will_be_met(name, index, can_finish)
            )
            for index in stuck
        }
        edges = {
            index: [
                bearer
                for name in names
                for bearer in self._bearers.get(name, ())
                if bearer in unmet and self._is_open(bearer)
            ]
            for index, names in unmet.items()
        }
        cycles = _find_cycles(edges)
        return tuple(self._explain(index, unmet, cycles.get(index, ())) for index in stuck)

    def _is_open(self, index: int) -> bool:
        return self.tasks[index].status is not TaskStatus.DONE

    def _is_met(self, name: str) -> bool:
        return name in self._bearers and not self._open_bearers[name]

    def _will_be_met(self, name: str, index: int, can_finish: set[int]) -> bool:
        wave = self.wave_of(self.tasks[index])
        return name in self._bearers and all(
            not self._is_open(bearer) or (bearer in can_finish and self.wave_of(self.tasks[bearer]) <= wave)
            for bearer in self._bearers[name]
        )

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

    def _explain(self, index: int, unmet: Mapping[int, tuple[str, ...]], cycle: Sequence[int]) -> StuckTask:
        task = self.tasks[index]
        circle = tuple(self.tasks[member].id for member in cycle)
        reasons = list(self._reasons(index, unmet, circle))
        return StuckTask(task.id, unmet[index], circle, f"task {task.id} {' and '.join(reasons)}")

    def _reasons(
        self, index: int, unmet: Mapping[int, tuple[str, ...]], circle: tuple[str, ...]
    ) -> Iterator[str]:
        task = self.tasks[index]
        if task.status is TaskStatus.BLOCKED:
            because = " ".join(task.blocked_reason.split())
            yield f"is marked blocked ({because})" if because else "is marked blocked"
        if circle:
            yield f"depends on itself ({' → '.join(circle)})"
        for name in unmet[index]:
            if name in circle:
                continue
            bearers = [bearer for bearer in self._bearers.get(name, ()) if self._is_open(bearer)]
            if not bearers:
                yield f"depends on {name}, which is not in tasks.md"
            elif any(is_put_off(self.tasks[bearer]) for bearer in bearers):
                yield f"depends on {name}, which is deferred"
            elif any(bearer in unmet for bearer in bearers):
                yield f"depends on {name}, which cannot be done either"
            else:
                later = max(self.wave_of(self.tasks[bearer]) for bearer in bearers)
                yield f"depends on {name} of the later wave {later}"


def _find_cycles(edges: Mapping[int, Sequence[int]]) -> dict[int, tuple[int, ...]]:
    """For the nodes on circles one circle each, from the node back to itself; those found by one
    depth-first walk, which meets every group of circles."""
    found: dict[int, tuple[int, ...]] = {}
    place: dict[int, int] = {}  # index on the current path, -1 once left
    for root in edges:
        if root in place:
            continue
        place[root] = 0
        path, branches = [root], [iter(edges[root])]
        while path:
            target = next(branches[-1], None)
            if target is None:
                place[path.pop()] = -1
                branches.pop()
            elif target not in place:
                place[target] = len(path)
                path.append(target)
                branches.append(iter(edges[target]))
            elif place[target] >= 0 and path[-1] not in found:
                circle = path[place[target] :]
                for offset, node in enumerate(circle):
                    found.setdefault(node, _from(circle, offset))
    return found


def _from(circle: Sequence[int], offset: int) -> tuple[int, ...]:
    turned = (circle[(offset + step) % len(circle)] for step in range(len(circle) + 1))
    return tuple(islice(turned, _SHOWN_OF_CYCLE))
