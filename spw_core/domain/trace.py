"""Who belongs to whom: requirements, tasks, files, logs, runs, checkpoints, sessions; and what is missing.

Edges lead from what is wanted to what was done about it:

    spec → requirement → task → file, log, run → checkpoint → session
                           └──▶ subagent ◀── run, checkpoint

so that walking along them answers "what became of this?" and against them "what was this for?".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from spw_core.domain.model import Run, SpecRecord, Subagent
from spw_core.domain.waves import CHECKPOINT, wave_states
from spw_core.formats.requirements import Requirement, same_id
from spw_core.formats.status import PASS


class NodeKind(StrEnum):
    """In the order in which work goes."""

    SPEC = "spec"
    REQUIREMENT = "requirement"
    TASK = "task"
    FILE = "file"
    LOG = "log"
    RUN = "run"
    SUBAGENT = "subagent"
    CHECKPOINT = "checkpoint"
    SESSION = "session"


_ORDER = {kind: number for number, kind in enumerate(NodeKind)}
RUN_KINDS = (NodeKind.RUN, NodeKind.CHECKPOINT)
_EXECUTION = "execution"
DONE = "done"
_LONGEST_TITLE = 200
# How a session relates to the spec, run or checkpoint that it was about, and to a file that it changed.
DISCUSSED, CHANGED = "discussed_in", "changed_in"


@dataclass(frozen=True, slots=True)
class Node:
    """One thing. `name` is what people call it, `path` what opens it (relative to the spec, or of a file)."""

    id: str
    kind: NodeKind
    name: str
    spec: str = ""
    title: str = ""
    status: str = ""
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    from_id: str
    type: str
    to_id: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that should be there and is not: `text` for people, `node` is what lacks it."""

    kind: str
    spec: str
    node: str
    text: str


@dataclass(frozen=True, slots=True)
class TraceGraph:
    """All nodes by id, and the edges between them."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]


def graph_of(record: SpecRecord, requirements: Sequence[Requirement]) -> TraceGraph:
    """The nodes and edges of one spec."""
    name = record.name
    nodes: dict[str, Node] = {}
    edges: dict[Edge, None] = {}

    def node(kind: NodeKind, key: str, **about: str | int) -> str:
        node_id = f"{kind}:{name}/{key}" if key else f"{kind}:{name}"
        if node_id not in nodes:
            nodes[node_id] = Node(node_id, kind, key or name, name, **about)  # type: ignore[arg-type]
        return node_id

    spec = node(NodeKind.SPEC, "")
    wanted = {}
    for requirement in requirements:
        wanted[same_id(requirement.id)] = node(
            *(NodeKind.REQUIREMENT, requirement.id),
            title=requirement.title,
            path="requirements.md",
            line=requirement.line,
        )
    edges |= {Edge(spec, "has", requirement_id): None for requirement_id in wanted.values()}
    runs = {
        run.path: node(_kind_of(run), run.path, title=run.title, status=run.status, path=run.path)
        for run in record.runs
    }
    checks = {run.path for run in record.runs if _kind_of(run) == NodeKind.CHECKPOINT}
    worked = [run for run in record.runs if run.phase == _EXECUTION and run.path not in checks]
    for task in record.tasks:
        task_id = node(
            *(NodeKind.TASK, task.id),
            title=task.title,
            status=str(task.status),
            path="tasks.md",
            line=task.line,
        )
        named = [wanted[same_id(text)] for text in task.requirements if same_id(text) in wanted]
        edges |= {Edge(source, "implemented_by", task_id): None for source in named or [spec]}
        for path in task.files:
            edges[Edge(task_id, "touches", node(NodeKind.FILE, path, path=path))] = None
        for log in record.impl_logs:
            if log.task_id == task.id:
                log_id = node(NodeKind.LOG, log.path, title=log.title, path=log.path)
                edges[Edge(task_id, "logged_in", log_id)] = None
        for run in worked:
            if task.wave and run.wave == task.wave:
                edges[Edge(task_id, "worked_on_in", runs[run.path])] = None
    by_task: dict[str, list[str]] = {}
    for run in record.runs:
        for agent in run.subagents:
            agent_id = node(
                *(NodeKind.SUBAGENT, agent.path),
                title=_title(agent),
                status=agent.status,
                path=agent.path,
            )
            edges[Edge(runs[run.path], "dispatched", agent_id)] = None
            if run in worked:
                by_task.setdefault(agent.name.rpartition("-")[2], []).append(agent_id)
    for task in record.tasks:
        task_id = f"{NodeKind.TASK}:{name}/{task.id}"
        edges |= {Edge(task_id, "done_by", agent_id): None for agent_id in by_task.get(task.id, ())}
    for run in record.runs:
        if run.path in checks:
            before = [runs[one.path] for one in worked if run.wave and one.wave == run.wave]
            edges |= {Edge(source, "checked_by", runs[run.path]): None for source in before or [spec]}
        elif run not in worked or not run.wave:
            edges[Edge(spec, "worked_on_in", runs[run.path])] = None
    return TraceGraph(nodes, tuple(edges))


def _title(agent: Subagent) -> str:
    line = " ".join(agent.summary[: 4 * _LONGEST_TITLE].split())
    return line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 1].rstrip()}…"


def _kind_of(run: Run) -> NodeKind:
    return NodeKind.CHECKPOINT if run.command == CHECKPOINT else NodeKind.RUN


def gaps_of(record: SpecRecord, requirements: Sequence[Requirement]) -> Iterator[Gap]:
    """What a spec lacks between what was wanted and the evidence that it was done."""
    name = record.name
    known = {same_id(requirement.id) for requirement in requirements}
    covered = {same_id(text) for task in record.tasks for text in task.requirements}
    for requirement in requirements if record.tasks else ():
        if same_id(requirement.id) not in covered:
            node = f"{NodeKind.REQUIREMENT}:{name}/{requirement.id}"
            yield Gap(
                "requirement-without-task", name, node, f"{requirement.id} has no task: {requirement.title}"
            )
    logged = {log.task_id for log in record.impl_logs if log.size}
    for task in record.tasks:
        node = f"{NodeKind.TASK}:{name}/{task.id}"
        unknown = [text for text in task.requirements if known and same_id(text) not in known]
        if unknown:
            text = f"task {task.id} names {', '.join(unknown)}, which requirements.md does not have"
            yield Gap("unknown-requirement", name, node, text)
        if str(task.status) == DONE and task.id not in logged:
            yield Gap(
                "done-task-without-log", name, node, f"task {task.id} is done without a log: {task.title}"
            )
    tasks = {task.id: task for task in record.tasks}
    for log in record.impl_logs:
        node = f"{NodeKind.LOG}:{name}/{log.path}"
        if log.task_id not in tasks:
            yield Gap(
                "log-without-task",
                name,
                node,
                f"{log.path} is of task {log.task_id}, which is not in tasks.md",
            )
        elif not tasks[log.task_id].files:
            yield Gap("log-without-file", name, node, f"{log.path}: task {log.task_id} names no file")
    runs = {run.path: run for run in record.runs}
    for wave in wave_states(record):
        checkpoint = wave.checkpoint
        if checkpoint.status != PASS:
            continue
        run = runs.get(checkpoint.run_path)
        if run is None or not any(agent.has_report for agent in run.subagents):
            node = f"{NodeKind.CHECKPOINT}:{name}/{checkpoint.run_path}" if run else f"{NodeKind.SPEC}:{name}"
            why = "no report stands behind it" if run else f"only {checkpoint.evidence} says so"
            text = f"the checkpoint of wave {wave.number} passed, and {why}"
            yield Gap("passed-checkpoint-without-evidence", name, node, text)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A session, and what it was about: specs, runs as `SPEC/path`, and files that it changed."""

    id: str
    title: str
    source: str
    specs: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def own_file_id(path: str) -> str:
    """The id of a file that is no task's: of no spec, so it begins with a slash."""
    return f"{NodeKind.FILE}:/{path}"


def session_id_of(conversation: str) -> str:
    """The id of the node of a session."""
    return f"{NodeKind.SESSION}:{conversation}"


def graph_of_sessions(
    conversations: Iterable[Conversation], known: Collection[str], files: Mapping[str, Sequence[str]]
) -> TraceGraph:
    """The sessions as nodes, and the edges to them from the nodes that are `known`; `files` are the ids of
    these by path. A file that is no task's is a node of its own, of no spec."""
    nodes: dict[str, Node] = {}
    edges: dict[Edge, None] = {}
    for one in conversations:
        session = session_id_of(one.id)
        nodes[session] = Node(session, NodeKind.SESSION, one.id, title=one.title, path=one.source)
        about = [f"{NodeKind.SPEC}:{spec}" for spec in one.specs]
        about += [f"{kind}:{run}" for run in one.runs for kind in RUN_KINDS]
        edges |= {Edge(source, DISCUSSED, session): None for source in about if source in known}
        for path in one.files:
            own = own_file_id(path)
            if path not in files:
                nodes.setdefault(own, Node(own, NodeKind.FILE, path, path=path))
            edges |= {Edge(source, CHANGED, session): None for source in files.get(path, (own,))}
    return TraceGraph(nodes, tuple(edges))


def joined(graphs: Iterable[TraceGraph]) -> TraceGraph:
    """Several graphs as one."""
    nodes: dict[str, Node] = {}
    edges: dict[Edge, None] = {}
    for graph in graphs:
        nodes |= {node_id: node for node_id, node in graph.nodes.items() if node_id not in nodes}
        edges |= dict.fromkeys(graph.edges)
    return TraceGraph(nodes, tuple(edges))


def walk(graph: TraceGraph, starts: Sequence[str]) -> TraceGraph:
    """What leads to some nodes and what followed from them, in the order of work.

    Of a file or a log, what was done about its tasks followed too: the runs that touched it. Subagents are
    told of the runs and tasks that were asked for; all those of a wave would drown the rest.
    """
    forward: dict[str, list[str]] = {}
    backward: dict[str, list[str]] = {}
    for edge in graph.edges:
        forward.setdefault(edge.from_id, []).append(edge.to_id)
        backward.setdefault(edge.to_id, []).append(edge.from_id)
    above = _reached(starts, backward)
    kinds = {graph.nodes[start].kind for start in starts}
    bases = list(starts)
    if kinds & {NodeKind.FILE, NodeKind.LOG}:
        bases += [one for one in above if graph.nodes[one].kind == NodeKind.TASK]
    siblings = {NodeKind.FILE, NodeKind.LOG} if len(bases) > len(starts) else set()
    below = {
        one
        for one in _reached(bases, forward)
        if one in above or one in starts or graph.nodes[one].kind not in siblings
    }
    asked_for = {edge.to_id for edge in graph.edges if edge.from_id in starts}.union(starts)
    kept = {
        one
        for one in above.union(below, starts)
        if graph.nodes[one].kind != NodeKind.SUBAGENT or one in asked_for
    }
    nodes = sorted(
        (graph.nodes[one] for one in kept),
        key=lambda node: (_ORDER[node.kind], node.spec, _natural(node.name)),
    )
    edges = tuple(edge for edge in graph.edges if edge.from_id in kept and edge.to_id in kept)
    return TraceGraph({node.id: node for node in nodes}, edges)


def _reached(starts: Iterable[str], following: Mapping[str, Sequence[str]]) -> set[str]:
    found = set(starts)
    frontier = list(found)
    while frontier:
        frontier = list({following_id for one in frontier for following_id in following.get(one, ())} - found)
        found.update(frontier)
    return found


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """Sorting key: task 2 before task 10."""
    return tuple((int(part) if part.isdecimal() and len(part) < 10 else 0, part) for part in name.split("."))
