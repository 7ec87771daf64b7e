"""`spw trace`: from a requirement to the evidence and back, over all specs.

knowledge.db says which specs and sessions know a name, as far as the files are what it was derived from; a
spec of which it is not up to date is looked at. The answer itself is made of those specs as they are now.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from spw_core.domain.model import SpecRecord
from spw_core.domain.places import Area
from spw_core.domain.trace import (
    RUN_KINDS,
    Edge,
    Gap,
    Node,
    NodeKind,
    TraceGraph,
    gaps_of,
    graph_of,
    graph_of_sessions,
    joined,
    session_id_of,
    walk,
)
from spw_core.errors import DocumentNotFound, NotFound, SpwError
from spw_core.formats.requirements import Requirement, parse_requirements, same_id
from spw_core.formats.text_decode import decode_text
from spw_core.harvest.knowledge import (
    REQUIREMENTS,
    SPEC_ORIGIN,
    are_sessions_known,
    conversations,
    derive_anew,
    follow_sessions,
    has_requirements,
    revision_on_disk,
    sessions_about,
)
from spw_core.harvest.reading import load_record, read_document
from spw_core.memory.place import HERE, reading_memory, writing_memory
from spw_core.store.memory.knowledge_types import Direction, Entity, Walk
from spw_core.store.memory.protocols import KnowledgeStore
from spw_core.store.memory.stores import reading_knowledge
from spw_core.workspace import WorkspacePaths

# As much of the id of a session as names it.
_SHORTEST_SESSION = 6
# What is called by its path, the end of which will do.
_WITH_PATHS = (NodeKind.FILE, NodeKind.LOG, NodeKind.SUBAGENT, *RUN_KINDS)
_INTO = Walk(1, direction=Direction.INCOMING)


@dataclass(frozen=True, slots=True)
class Trace:
    """What was asked, the nodes it means, everything that leads to them or followed, and what is missing.

    `remarks` say what could not be looked at.
    """

    query: str
    starts: tuple[Node, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    gaps: tuple[Gap, ...]
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class _Where:
    """Where to look for a name: in which specs, and in which sessions beside those about these specs.

    `sessions` is None where any may be meant. `files` are the nodes of the files that may be, whoever has
    them now; `behind` are specs that knowledge.db should know and does not.
    """

    specs: list[str]
    sessions: set[str] | None = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    behind: list[str] = field(default_factory=list)


def trace(paths: WorkspacePaths, what: str, *, spec: str = "") -> Trace:
    """Trace a requirement, task, file, run, session or spec, in one spec or in all.

    `what` may be qualified (`user-auth/REQ-001`), or the id of a node of an earlier answer.
    Raises NotFound, or SpecNotFound for the spec.
    """
    head, slash, tail = what.partition("/")
    names = paths.spec_names()
    wanted = what
    if spec:
        paths.existing_spec(spec)
        where = _Where([spec])
    elif slash and head in names:
        where, wanted = _Where([head]), tail
    elif what in names:
        where = _Where([what])
    else:
        where = _where(paths, names, what)
    graphs: list[TraceGraph] = []
    gaps: list[Gap] = []
    remarks: list[str] = []
    for name in where.specs:
        try:
            record, requirements = read_spec(paths, name)
        except (SpwError, OSError) as error:
            remarks.append(f"{name} is left out: {error}")
            continue
        graphs.append(graph_of(record, requirements))
        gaps += gaps_of(record, requirements)
    graph = joined(graphs)
    try:
        graph = joined([graph, _sessions(paths, graph, where)])
    except SpwError as error:
        remarks.append(f"sessions are left out: {error.message}")
    starts = _starts(graph, wanted)
    if not starts:
        raise NotFound(
            f"nothing here is called {what[:80]}",
            "Name a requirement (REQ-001), a task (SPEC/3), a file, a run, a session or a spec.",
        )
    if where.behind:
        with suppress(SpwError, OSError):  # the next one is as fast as this one
            derive_anew(paths, where.behind)
    found = walk(graph, starts)
    concerned = {graph.nodes[start].spec for start in starts if graph.nodes[start].kind == NodeKind.SPEC}
    return Trace(
        what,
        tuple(graph.nodes[start] for start in starts),
        tuple(found.nodes.values()),
        found.edges,
        tuple(gap for gap in gaps if gap.node in found.nodes or gap.spec in concerned),
        tuple(remarks),
    )


def relate_sessions(paths: WorkspacePaths) -> None:
    """Tell knowledge.db of the sessions that came, went or changed. One that cannot be written stays behind,
    and a trace then reads the sessions themselves."""
    with suppress(SpwError, OSError), writing_memory(paths) as memory:
        follow_sessions(memory)


def read_spec(paths: WorkspacePaths, name: str) -> tuple[SpecRecord, tuple[Requirement, ...]]:
    """A spec as it is now, with its requirements."""
    record = load_record(paths, name)
    if not has_requirements(record):
        return record, ()
    try:
        text, _ = decode_text(read_document(paths, name, Area.SPEC, REQUIREMENTS))
    except DocumentNotFound:
        return record, ()
    return record, parse_requirements(text)


def _starts(graph: TraceGraph, wanted: str) -> list[str]:
    """The nodes that are meant: by id, else by exact name, else by the end of a path."""
    if wanted in graph.nodes:
        return [wanted]
    folded = wanted.casefold()
    identity = _identity(wanted)
    is_session = len(folded) >= _SHORTEST_SESSION
    exact = [
        node.id
        for node in graph.nodes.values()
        if node.name.casefold() == folded
        or (identity and node.kind == NodeKind.REQUIREMENT and same_id(node.name) == identity)
        or (node.kind == NodeKind.TASK and folded in (f"task {node.name}", f"task-{node.name}"))
        or (node.kind == NodeKind.SESSION and is_session and node.name.casefold().startswith(folded))
    ]
    return exact or [
        node.id
        for node in graph.nodes.values()
        if node.kind in _WITH_PATHS and node.path.casefold().endswith(f"/{folded.lstrip('/')}")
    ]


def _identity(wanted: str) -> str:
    """What a requirement has to be the same as; a number alone is a task, unless one is written so."""
    return "" if wanted.replace(".", "").isdecimal() else same_id(wanted)


def _sessions(paths: WorkspacePaths, graph: TraceGraph, where: _Where) -> TraceGraph:
    """The sessions that may have to do with the specs of a graph, or with what was asked for."""
    files: dict[str, list[str]] = {}
    for node in graph.nodes.values():
        if node.kind == NodeKind.FILE:
            files.setdefault(node.path, []).append(node.id)
    with reading_memory(paths) as memory:
        if memory is None:
            return TraceGraph({}, ())
        chosen = None
        if where.sessions is not None and are_sessions_known(memory):
            chosen = sessions_about(memory.sessions, graph.nodes.keys() | where.files) | where.sessions
        return graph_of_sessions(conversations(memory.sessions, chosen), graph.nodes.keys(), files)


# -- which specs know a name ---------------------------------------------------------------------


def _where(paths: WorkspacePaths, names: Sequence[str], what: str) -> _Where:
    """The specs that may know a name: those that knowledge.db says do, and those it does not know as they
    are now. All of them where it cannot be read."""
    try:
        with reading_knowledge(paths.memory_dir) as knowledge:
            if knowledge is None:
                return _Where(list(names), None)
            stored = knowledge.origins(HERE, SPEC_ORIGIN)
            now = {name: revision_on_disk(paths, name) for name in names}
            unknown = [name for name in names if stored.get(SPEC_ORIGIN + name) != str(now[name])]
            named = _named(knowledge, what, {SPEC_ORIGIN + name for name in set(names).difference(unknown)})
            sessions = {one.name for one in named if one.type == NodeKind.SESSION}
            with suppress(NotFound):  # one that is forgotten at this moment
                for session in sorted(sessions):
                    named += knowledge.traverse(HERE, session_id_of(session), _INTO).entities
    except SpwError:
        return _Where(list(names), None)
    knowing = {one.origin.removeprefix(SPEC_ORIGIN) for one in named}.union(unknown)
    behind = [name for name in unknown if now[name] is not None]
    files = {one.id for one in named if one.type == NodeKind.FILE}
    return _Where([name for name in names if name in knowing], sessions, files, behind)


def _named(knowledge: KnowledgeStore, what: str, certain: Collection[str]) -> list[Entity]:
    """The entities among which `_starts` will choose: by the end of a path, too, unless one that is called
    so follows from an origin that is `certain` to be as it is known."""
    folded = what.casefold()
    found = []
    with suppress(NotFound):
        found.append(knowledge.entity(HERE, what))
    names = {folded, folded.removeprefix("task ").removeprefix("task-")}
    found += knowledge.entities_named(HERE, tuple(NodeKind), names)
    identity = "" if "/" in what else _identity(what)
    if identity:
        requirements = knowledge.find_entities(HERE, type=NodeKind.REQUIREMENT, limit=None)
        found += [one for one in requirements if same_id(one.name) == identity]
    if len(folded) >= _SHORTEST_SESSION:
        found += knowledge.find_entities(HERE, type=NodeKind.SESSION, name_prefix=folded, limit=None)
    if not any(one.origin in certain for one in found):
        found += knowledge.entities_named(HERE, _WITH_PATHS, (folded.lstrip("/"),), ending=True)
    return found
