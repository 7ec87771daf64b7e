"""`spw trace`: from a requirement to the evidence and back, over all specs.

knowledge.db says which specs know a name: it holds what was derived from every spec, and is brought up to
date by comparing revisions. The answer itself is made of those specs as they are now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from spw_core.domain.model import SpecRecord
from spw_core.domain.places import Area
from spw_core.domain.trace import Edge, Gap, Node, NodeKind, TraceGraph, gaps_of, graph_of, joined, walk
from spw_core.errors import DocumentNotFound, NotFound, SpwError
from spw_core.formats.requirements import Requirement, parse_requirements, same_id
from spw_core.formats.text_decode import decode_text
from spw_core.harvest.reading import load_record, read_document
from spw_core.memory.place import HERE, reading_memory, writing_memory
from spw_core.store.index import IndexStore
from spw_core.store.memory.knowledge_types import Entity, Relationship
from spw_core.store.memory.protocols import KnowledgeStore
from spw_core.store.memory.stores import Memory
from spw_core.store.memory.types import LinkKind
from spw_core.workspace import WorkspacePaths

_REQUIREMENTS = "requirements.md"
# Workspaces with so few specs are read whole.
_FEW_SPECS = 40


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


def trace(paths: WorkspacePaths, what: str, *, spec: str = "") -> Trace:
    """Trace a requirement, task, file, run, session or spec, in one spec or in all.

    `what` may be qualified (`user-auth/REQ-001`), or the id of a node of an earlier answer.
    Raises NotFound, or SpecNotFound for the spec.
    """
    head, slash, tail = what.partition("/")
    names = paths.spec_names()
    if spec:
        paths.existing_spec(spec)
        candidates, wanted = [spec], what
    elif slash and head in names:
        candidates, wanted = [head], tail
    elif what in names:
        candidates, wanted = [what], what
    else:
        candidates, wanted = _candidates(paths, names, what), what
    graphs: list[TraceGraph] = []
    gaps: list[Gap] = []
    remarks: list[str] = []
    for name in candidates:
        try:
            record, requirements = read_spec(paths, name)
        except (SpwError, OSError) as error:
            remarks.append(f"{name} is left out: {error}")
            continue
        graphs.append(graph_of(record, requirements))
        gaps += gaps_of(record, requirements)
    try:
        graph = joined([*graphs, _sessions(paths, graphs)])
    except SpwError as error:
        remarks.append(f"sessions are left out: {error.message}")
        graph = joined(graphs)
    starts = _starts(graph, wanted)
    if not starts:
        raise NotFound(
            f"nothing here is called {what[:80]}",
            "Name a requirement (REQ-001), a task (SPEC/3), a file, a run, a session or a spec.",
        )
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


def read_spec(paths: WorkspacePaths, name: str) -> tuple[SpecRecord, tuple[Requirement, ...]]:
    """A spec as it is now, with its requirements."""
    record = load_record(paths, name)
    try:
        text, _ = decode_text(read_document(paths, name, Area.SPEC, _REQUIREMENTS))
    except DocumentNotFound:
        return record, ()
    return record, parse_requirements(text)


def _starts(graph: TraceGraph, wanted: str) -> list[str]:
    """The nodes that are meant: by id, else by exact name, else by the end of a path."""
    if wanted in graph.nodes:
        return [wanted]
    folded = wanted.casefold()
    # A number alone is a task, unless a requirement is written so.
    identity = "" if wanted.replace(".", "").isdecimal() else same_id(wanted)
    exact = [
        node.id
        for node in graph.nodes.values()
        if node.name.casefold() == folded
        or (identity and node.kind == NodeKind.REQUIREMENT and same_id(node.name) == identity)
        or (node.kind == NodeKind.TASK and folded in (f"task {node.name}", f"task-{node.name}"))
        or (node.kind == NodeKind.SESSION and len(folded) >= 6 and node.name.startswith(folded))
    ]
    return exact or [
        node.id for node in graph.nodes.values() if node.path.casefold().endswith(f"/{folded.lstrip('/')}")
    ]


def _sessions(paths: WorkspacePaths, graphs: Sequence[TraceGraph]) -> TraceGraph:
    """The sessions that were about the specs of some graphs, their runs, and the files of their tasks."""
    nodes: dict[str, Node] = {}
    edges: dict[Edge, None] = {}
    files: dict[str, list[str]] = {}
    known: set[str] = set()
    for graph in graphs:
        known |= set(graph.nodes)
        for node in graph.nodes.values():
            if node.kind == NodeKind.FILE:
                files.setdefault(node.path, []).append(node.id)
    with reading_memory(paths) as memory:
        if memory is None:
            return TraceGraph({}, ())
        titles = {one.id: one for one in memory.sessions.newest(HERE, None)}
        for kind in LinkKind:
            verb = "changed_in" if kind == LinkKind.FILE else "discussed_in"
            for session_id, links in memory.sessions.all_links(HERE, kind).items():
                session_node = f"{NodeKind.SESSION}:{session_id}"
                for link in links:
                    sources = _sources(kind, link.target, known, files)
                    edges |= {Edge(source, verb, session_node): None for source in sources}
                    if sources and session_id in titles:
                        session = titles[session_id]
                        nodes[session_node] = Node(
                            *(session_node, NodeKind.SESSION, session_id),
                            title=session.title,
                            path=session.source,
                        )
    return TraceGraph(nodes, tuple(edge for edge in edges if edge.to_id in nodes))


def _sources(kind: LinkKind, target: str, known: set[str], files: dict[str, list[str]]) -> list[str]:
    if kind == LinkKind.FILE:
        return files.get(target, [])
    kinds = (NodeKind.RUN, NodeKind.CHECKPOINT) if kind == LinkKind.RUN else (NodeKind.SPEC,)
    return [node_id for one in kinds if (node_id := f"{one}:{target}") in known]


# -- which specs know a name ---------------------------------------------------------------------


def _candidates(paths: WorkspacePaths, names: Sequence[str], what: str) -> list[str]:
    """The specs that may know a name; all of them where the workspace is small or cannot be written."""
    if len(names) <= _FEW_SPECS:
        return list(names)
    try:
        with writing_memory(paths) as memory:
            never_harvested = sync_knowledge(paths, memory)
            entities = memory.knowledge.find_entities(HERE, limit=None)
    except SpwError:
        return list(names)
    folded, identity = what.casefold(), same_id(what)
    named = {
        str(entity.properties.get("spec", ""))
        for entity in entities
        if entity.name.casefold() in (folded, identity)
        or same_id(entity.name) == identity
        or entity.name.casefold().endswith(f"/{folded}")
    }
    return [name for name in names if name in named or name in never_harvested]


def sync_knowledge(paths: WorkspacePaths, memory: Memory, *, everything: bool = False) -> list[str]:
    """Bring knowledge.db up to date with the harvested specs; returns the names of those never harvested.

    A spec is derived anew when its database has another revision than the one it was derived from.
    """
    with IndexStore.reading(paths.index_db) as index:
        revisions = index.spec_revisions() if index else {}
    known = {
        entity.name: entity.properties.get("revision")
        for entity in memory.knowledge.find_entities(HERE, type=NodeKind.SPEC, limit=None)
    }
    for name in known.keys() - revisions.keys():
        memory.knowledge.replace_origin(HERE, f"spec:{name}", (), ())
    for name, revision in revisions.items():
        if everything or known.get(name) != revision:
            with suppress(SpwError, OSError):  # its harvest reports it
                put_knowledge(memory.knowledge, *read_spec(paths, name), revision)
    return [name for name in paths.spec_names() if name not in revisions]


def put_knowledge(
    store: KnowledgeStore, record: SpecRecord, requirements: Iterable[Requirement], revision: int
) -> None:
    """Replace what is known of one spec by what its facts say."""
    graph = graph_of(record, tuple(requirements))
    entities = [
        Entity(
            *(node.id, str(node.kind), node.name),
            {
                "spec": node.spec,
                **{key: value for key in ("title", "status", "path") if (value := getattr(node, key))},
                **({"revision": revision} if node.kind == NodeKind.SPEC else {}),
            },
        )
        for node in graph.nodes.values()
    ]
    edges = [Relationship(edge.from_id, edge.type, edge.to_id) for edge in graph.edges]
    store.replace_origin(HERE, f"spec:{record.name}", entities, edges)
