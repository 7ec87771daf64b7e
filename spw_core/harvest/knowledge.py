"""knowledge.db in step with the specs and with the sessions of agents: who belongs to whom, as rows.

Everything in it is derived. A spec follows from its database at some revision, a session from what it was
about, and a file that is no task's from the sessions that changed it; each is an origin, of which only what
is different is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from spw_core.domain.model import SpecRecord
from spw_core.domain.places import Area
from spw_core.domain.trace import (
    CHANGED,
    RUN_KINDS,
    Conversation,
    Node,
    NodeKind,
    TraceGraph,
    graph_of,
    graph_of_sessions,
    own_file_id,
    session_id_of,
)
from spw_core.errors import NotFound, SpwError
from spw_core.formats.requirements import Requirement, parse_requirements
from spw_core.formats.text_decode import decode_text
from spw_core.harvest.scan import spec_folders
from spw_core.harvest.stamps import OPEN, files_as_seen
from spw_core.harvest.stored import stored_record
from spw_core.store.memory.knowledge_types import Derived, Entity, Relationship
from spw_core.store.memory.protocols import KnowledgeStore, SessionStore
from spw_core.store.memory.stores import HERE, Memory, opened_knowledge, reading_sessions
from spw_core.store.memory.types import Link, LinkKind, Session
from spw_core.store.spec import SpecStore
from spw_core.workspace import WorkspacePaths

REQUIREMENTS = "requirements.md"
# An origin has the id of what it is.
SPEC_ORIGIN, SESSION_ORIGIN = f"{NodeKind.SPEC}:", f"{NodeKind.SESSION}:"
# Nothing but the revision of the memory up to which the sessions were followed.
_SESSIONS = "sessions"
# Of sessions that keep changing, the next visit takes in the rest.
_MOST_LOOKS = 5
_ABOUT = ("title", "status", "path", "line")


class KnowledgeFeed:
    """Gathers what changed specs say, to be stored together. `remarks` tell what could not be."""

    def __init__(self, paths: WorkspacePaths) -> None:
        self._paths = paths
        self._derived: list[Derived] = []
        self._gone: list[str] = []
        self.remarks: list[str] = []

    def take(self, store: SpecStore, record: SpecRecord) -> None:
        """Take in a spec as it is in its open database."""
        self._derived.append(derived_of(record, stored_requirements(store, record), store.revision()))

    def remove(self, name: str) -> None:
        """A spec is no longer there."""
        self._gone.append(SPEC_ORIGIN + name)

    def flush(self) -> None:
        """Store what was gathered. Where that is not possible, whoever asks for it later makes up for it."""
        derived, self._derived = self._derived, []
        gone, self._gone = self._gone, []
        if not derived and not gone:
            return
        try:
            with opened_knowledge(self._paths.memory_dir) as knowledge:
                changed = knowledge.drop_origins(HERE, gone) if gone else set()
                changed |= knowledge.derive(HERE, derived)
                with reading_sessions(self._paths.memory_dir) as sessions:
                    if sessions is not None:
                        derive_sessions(sessions, knowledge, sessions_about(sessions, changed))
        except SpwError as error:
            self.remarks.append(f"knowledge.db stays behind: {error.message}")


def revision_on_disk(paths: WorkspacePaths, name: str) -> int | None:
    """The revision of a spec's database when the files are what it says; None when they have to be read."""

    def as_harvested(store: SpecStore) -> int | None:
        seen = files_as_seen(store, spec_folders(paths, name), (OPEN,))
        return None if seen is None else store.revision()

    return SpecStore.at_rest(paths.spec_db(name), as_harvested)


def stored_requirements(store: SpecStore, record: SpecRecord) -> tuple[Requirement, ...]:
    """The requirements of a spec as its database has them."""
    if not has_requirements(record):
        return ()
    return parse_requirements(decode_text(store.content(Area.SPEC, REQUIREMENTS) or b"")[0])


def has_requirements(record: SpecRecord) -> bool:
    """False when there never was such a file, and when it was removed."""
    return any((one.area, one.path) == (Area.SPEC, REQUIREMENTS) for one in record.documents)


def derived_of(record: SpecRecord, requirements: Iterable[Requirement], revision: int) -> Derived:
    """What follows from a spec."""
    graph = graph_of(record, tuple(requirements))
    return _derived(SPEC_ORIGIN + record.name, str(revision), graph)


def derive_anew(paths: WorkspacePaths, names: Iterable[str]) -> list[str]:
    """Derive specs from their databases, whatever is known of them; returns remarks."""
    feed = KnowledgeFeed(paths)
    for name in names:
        try:
            with SpecStore.reading(paths.spec_db(name)) as store:
                if store is not None:
                    feed.take(store, stored_record(store, name))
        except SpwError as error:
            feed.remarks.append(f"{name} is not known: {error.message}")
        feed.flush()
    return feed.remarks


# -- sessions ------------------------------------------------------------------------------------


def follow_sessions(memory: Memory, *, everything: bool = False) -> None:
    """Bring what is known of the sessions up to date; where nothing came or went that costs a comparison."""
    if are_sessions_known(memory) and not everything:
        return
    revision = str(memory.messages.revision())
    known = memory.knowledge.origins(HERE, SESSION_ORIGIN)
    present = {SESSION_ORIGIN + one.id: _digest(one) for one in conversations(memory.sessions)}
    behind = [
        origin
        for origin in known.keys() | present.keys()
        if everything or known.get(origin) != present.get(origin)
    ]
    ids = (origin.removeprefix(SESSION_ORIGIN) for origin in sorted(behind))
    derive_sessions(memory.sessions, memory.knowledge, ids)
    memory.knowledge.derive(HERE, [Derived(_SESSIONS, revision)])


def are_sessions_known(memory: Memory) -> bool:
    """True when all of the sessions has been followed."""
    return memory.knowledge.origins(HERE, _SESSIONS).get(_SESSIONS) == str(memory.messages.revision())


def derive_sessions(sessions: SessionStore, knowledge: KnowledgeStore, ids: Iterable[str]) -> None:
    """Derive some sessions, also such as are gone, and the files that are no task's but theirs.

    Looked at again afterwards: one that somebody else forgot meanwhile, and took out of here, has come back.
    """
    wanted = list(dict.fromkeys(ids))
    seen: set[str] = set()
    for _ in range(_MOST_LOOKS):
        if not wanted:
            return
        found = {one.id: one for one in conversations(sessions, wanted)}
        seen.update(path for one in found.values() for path in one.files)
        _derive_sessions(knowledge, wanted, list(found.values()), seen)
        now = {one.id: one for one in conversations(sessions, wanted)}
        wanted = [one for one in wanted if found.get(one) != now.get(one)]


def _derive_sessions(
    knowledge: KnowledgeStore, wanted: Sequence[str], found: Sequence[Conversation], seen: Iterable[str]
) -> None:
    """`found` are those that there are, `seen` paths of files that may be theirs alone."""
    paths = {path for one in found for path in one.files}
    before = {path for session in wanted for path in _own_files(knowledge, session)}.union(seen)
    by_path: dict[str, list[str]] = {}
    for entity in knowledge.entities_named(HERE, (NodeKind.FILE,), paths | before):
        if entity.origin.startswith(SPEC_ORIGIN):
            by_path.setdefault(entity.name, []).append(entity.id)
    known = {f"{NodeKind.SPEC}:{spec}" for one in found for spec in one.specs}
    known |= {f"{kind}:{run}" for one in found for run in one.runs for kind in RUN_KINDS}
    graph = graph_of_sessions(found, known, by_path)
    relationships: dict[str, list[Relationship]] = {session_id_of(one.id): [] for one in found}
    for edge in graph.edges:
        relationships[edge.to_id].append(Relationship(edge.from_id, edge.type, edge.to_id))
    own = [node for node in graph.nodes.values() if node.kind == NodeKind.FILE]
    derived = [Derived(node.id, "", [_entity(node)]) for node in own]
    for one in found:
        node = graph.nodes[session_id_of(one.id)]
        derived.append(Derived(node.id, _digest(one), [_entity(node)], relationships[node.id]))
    knowledge.derive(HERE, derived)
    gone = {session_id_of(one) for one in wanted} - relationships.keys()
    gone |= {own_file_id(path) for path in before & by_path.keys()}
    knowledge.drop_origins(HERE, sorted(gone))
    left = (own_file_id(path) for path in sorted(before - paths - by_path.keys()))
    knowledge.drop_origins(HERE, [one for one in left if not _has_relationships(knowledge, one)])


def conversations(sessions: SessionStore, ids: Iterable[str] | None = None) -> Iterator[Conversation]:
    """Sessions, all or some, with what they were about; by id. One that is not there is left out."""
    if ids is None:
        links = {kind: sessions.all_links(HERE, kind) for kind in LinkKind}
        for session in sorted(sessions.newest(HERE, None), key=lambda one: one.id):
            about = [link for by_session in links.values() for link in by_session.get(session.id, ())]
            yield _conversation(session, about)
    else:
        for session_id in sorted(set(ids)):
            for session in sessions.query(HERE, session_id):
                yield _conversation(session, sessions.links(HERE, session_id))


def sessions_about(sessions: SessionStore, entities: Iterable[str]) -> set[str]:
    """Ids of the sessions that were about some specs or runs, or changed files, which are given as nodes."""
    targets: dict[LinkKind, set[str]] = {kind: set() for kind in LinkKind}
    for entity in entities:
        kind, _, target = entity.partition(":")
        if kind == NodeKind.SPEC:
            targets[LinkKind.SPEC].add(target)
        elif kind in RUN_KINDS:
            targets[LinkKind.RUN].add(target)
        elif kind == NodeKind.FILE:
            targets[LinkKind.FILE].add(target.partition("/")[2])
    return {one for kind, some in targets.items() for one in sessions.about(HERE, kind, some)}


def _conversation(session: Session, links: Iterable[Link]) -> Conversation:
    targets: dict[LinkKind, list[str]] = {kind: [] for kind in LinkKind}
    for link in links:
        targets[link.kind].append(link.target)
    specs, runs, files = (
        tuple(sorted(targets[kind])) for kind in (LinkKind.SPEC, LinkKind.RUN, LinkKind.FILE)
    )
    return Conversation(session.id, session.title, session.source, specs, runs, files)


def _digest(conversation: Conversation) -> str:
    return hashlib.blake2b(repr(conversation).encode("utf-8", "replace"), digest_size=16).hexdigest()


def _own_files(knowledge: KnowledgeStore, session: str) -> Iterator[str]:
    """Paths of the files of nobody else that a session is known to have changed."""
    with suppress(NotFound):
        for edge in knowledge.relationships(HERE, session_id_of(session), type=CHANGED, limit=None):
            if edge.from_id.startswith(own_file_id("")):
                yield edge.from_id.removeprefix(own_file_id(""))


def _has_relationships(knowledge: KnowledgeStore, entity: str) -> bool:
    with suppress(NotFound):  # somebody else was faster
        return bool(knowledge.relationships(HERE, entity, limit=1))
    return False


def _derived(origin: str, revision: str, graph: TraceGraph) -> Derived:
    entities = [_entity(node) for node in graph.nodes.values()]
    edges = [Relationship(edge.from_id, edge.type, edge.to_id) for edge in graph.edges]
    return Derived(origin, revision, entities, edges)


def _entity(node: Node) -> Entity:
    properties = {key: value for key in _ABOUT if (value := getattr(node, key))}
    return Entity(node.id, str(node.kind), node.name, properties)
