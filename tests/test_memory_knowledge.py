"""Entities, relationships, facts and walks; each kind on its own, each workspace on its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.errors import Conflict, InvalidInput, NotFound, StoreError
from spw_core.store.memory.knowledge_types import Derived, Entity, Fact, Relationship, Walk
from spw_core.store.memory.protocols import KnowledgeStore
from spw_core.store.memory.stores import open_memory, opened

from .stand_ins.knowledge import KnowledgeInMemory

W, OTHER = "ws-1", "ws-2"
T = "2026-02-14T10:00:00.000000Z"


@pytest.fixture(params=["sqlite", "dicts"])
def knowledge(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KnowledgeStore]:
    """What holds for the database holds for what stands in."""
    if request.param == "dicts":
        yield KnowledgeInMemory()
        return
    with opened(tmp_path) as stores:
        yield stores.knowledge


def person(name: str, **changes: Any) -> Entity:
    return Entity(name.lower(), "person", name, **changes)


def fact(fact_id: str, value: str = "v", seconds: int = 0, **changes: Any) -> Fact:
    fields = {"id": fact_id, "entity_id": "alice", "predicate": "role", "value": value}
    return Fact(**fields | {"created_at": f"2026-02-14T10:00:{seconds:02}.000000Z"} | changes)


def relate(knowledge: KnowledgeStore, *edges: str) -> None:
    """Put entities and edges given as `from type to`."""
    for edge in edges:
        start, kind, end = edge.split()
        for name in (start, end):
            knowledge.put_entity(W, Entity(name, "person", name))
        knowledge.put_relationship(W, Relationship(start, kind, end))


def ids(found: Any) -> list[str]:
    return [item.id for item in found]


def kinds(found: Any) -> list[str]:
    return [f"{edge.from_id} {edge.type} {edge.to_id}" for edge in found]


def test_entities(knowledge: KnowledgeStore) -> None:
    knowledge.put_entity(
        W, person("Alice", properties={"age": 30, "big": 2**60, "tags": ["a"], "text": "42"})
    )
    stored = knowledge.entity(W, "alice")
    assert (stored.type, stored.name) == ("person", "Alice")
    assert stored.properties == {"age": 30, "big": 2**60, "tags": ["a"], "text": "42"}
    assert ids(knowledge.find_entities(W, type="person")) == ["alice"]
    for call in (lambda: knowledge.entity(W, "bob"), lambda: knowledge.entity(OTHER, "alice")):
        with pytest.raises(NotFound):
            call()


def test_an_entity_is_replaced_as_a_whole(knowledge: KnowledgeStore) -> None:
    first = knowledge.put_entity(W, Entity("x", "person", "Zoe", {"age": 30, "gone": True}))
    knowledge.put_entity(W, Entity("x", "animal", "Alice", {"age": 4}))
    stored = knowledge.entity(W, "x")
    assert (stored.type, stored.name, stored.properties) == ("animal", "Alice", {"age": 4})
    assert knowledge.find_entities(W, type="person") == []
    assert knowledge.find_entities(W, name_prefix="Zoe") == []
    assert stored.created_at == first.created_at and stored.updated_at > first.updated_at


NAMES = ["aXb", "ABBA", "a_b", "100 cats", "100% wool", "ÄRGER", "straße"]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("a_", ["a_b"]),
        ("A_B", ["a_b"]),
        ("%", []),
        ("_", []),
        ("100%", ["100% wool"]),
        ("är", ["ÄRGER"]),
        ("STRASS", ["straße"]),
        ("a", ["a_b", "ABBA", "aXb"]),
        ("'", []),
    ],
)
def test_names_begin_with_what_is_typed(knowledge: KnowledgeStore, prefix: str, expected: list[str]) -> None:
    for name in NAMES:
        knowledge.put_entity(W, Entity(name, "thing", name))
    assert ids(knowledge.find_entities(W, name_prefix=prefix)) == expected


def test_pages_of_entities_and_facts(knowledge: KnowledgeStore) -> None:
    for number in range(10):
        knowledge.put_entity(W, Entity(f"e{number}", "thing", "same"))
    knowledge.put_facts(W, [fact(f"f{number}", str(number)) for number in range(10)])
    for find in (knowledge.find_entities, knowledge.find_facts):
        paged = [item for offset in range(0, 12, 3) for item in ids(find(W, limit=3, offset=offset))]
        assert len(paged) == len(set(paged)) == 10
        assert paged == ids(find(W, limit=None))


def test_relationships(knowledge: KnowledgeStore) -> None:
    relate(knowledge, "alice works_with bob", "alice knows alice")
    assert kinds(knowledge.relationships(W, "alice", direction="outgoing")) == [
        "alice knows alice",
        "alice works_with bob",
    ]
    assert kinds(knowledge.relationships(W, "bob", direction="incoming")) == ["alice works_with bob"]
    assert kinds(knowledge.relationships(W, "alice", type="knows")) == ["alice knows alice"]
    with pytest.raises(InvalidInput):
        knowledge.relationships(W, "alice", direction="sideways")
    knowledge.delete_relationship(W, "alice\tknows\talice")
    with pytest.raises(NotFound):
        knowledge.delete_relationship(W, "alice\tknows\talice")
    knowledge.delete_entity(W, "bob")
    assert knowledge.relationships(W, "alice") == []
    with pytest.raises(NotFound):
        knowledge.delete_entity(W, "bob")


def test_both_ends_must_be_in_the_workspace(knowledge: KnowledgeStore) -> None:
    for workspace in (W, OTHER):
        knowledge.put_entity(workspace, person("Shared"))
    knowledge.put_entity(OTHER, person("Only"))
    edge = Relationship("shared", "knows", "only")
    with pytest.raises(NotFound):
        knowledge.put_relationship(W, edge)
    knowledge.put_relationship(OTHER, edge)
    assert knowledge.relationships(W, "shared") == []
    assert ids(knowledge.traverse(W, "shared", Walk(3)).entities) == ["shared"]
    assert ids(knowledge.traverse(OTHER, "shared", Walk(3)).entities) == ["shared", "only"]


def test_ids_of_relationships_are_unique(knowledge: KnowledgeStore) -> None:
    relate(knowledge, "a knows b")
    knowledge.put_relationship(W, Relationship("a", "likes", "b", "r1"))
    with pytest.raises(Conflict):
        knowledge.put_relationship(W, Relationship("a", "hates", "b", "r1"))
    knowledge.put_relationship(W, Relationship("a", "likes", "b", "r2", {"since": 1}))
    assert [edge.metadata for edge in knowledge.relationships(W, "a", type="likes")] == [{"since": 1}]


def test_facts(knowledge: KnowledgeStore) -> None:
    assert knowledge.put_facts(W, []) == 0
    assert (
        knowledge.put_facts(W, [fact("1", "eng"), fact("2", "x", predicate="team"), fact("3", "lead", 5)])
        == 3
    )
    assert [one.value for one in knowledge.find_facts(W, entity_id="alice")] == ["lead", "x", "eng"]
    assert ids(knowledge.find_facts(W, predicate="role")) == ["3", "1"]
    assert knowledge.find_facts(OTHER) == []
    with pytest.raises(Conflict):
        knowledge.put_facts(W, [fact("4"), fact("1", predicate="other")])
    assert len(knowledge.find_facts(W)) == 3  # all or none


def test_one_statement_by_two_sources_is_one_fact_and_survives_one_of_them(knowledge: KnowledgeStore) -> None:
    knowledge.put_facts(W, [fact("manual", "eng", confidence=0.5, source="manual")])
    knowledge.put_facts(W, [fact("auto", "eng", 1, confidence=0.9, source="compaction")])
    assert [(one.id, one.confidence) for one in knowledge.find_facts(W)] == [("auto", 0.9)]
    assert knowledge.delete_facts(W, ["auto"]) == 1
    assert [(one.id, one.confidence) for one in knowledge.find_facts(W)] == [("manual", 0.5)]


def test_deleting_facts_beside_entities(knowledge: KnowledgeStore) -> None:
    knowledge.put_entity(W, person("Alice"))
    for workspace in (W, OTHER):
        knowledge.put_facts(
            workspace,
            [
                fact("1", "a", source="compaction"),
                fact("2", "b", source="compaction"),
                fact("3", "c", source="manual"),
            ],
        )
    assert knowledge.delete_facts(W, []) == 0
    assert knowledge.delete_facts(W, ["1", "unknown"]) == 1
    assert knowledge.delete_facts_by_source(W, "compaction") == 1
    assert knowledge.delete_facts_by_source(W, "compaction") == 0
    assert ids(knowledge.find_facts(W)) == ["3"]
    assert len(knowledge.find_facts(OTHER)) == 3
    with pytest.raises(InvalidInput):
        knowledge.delete_facts_by_source(W, "")


@pytest.mark.parametrize("predicate", ["name", "type", "prop:admin", "Prop:foo", "knows"])
def test_no_fact_passes_for_anything_else(knowledge: KnowledgeStore, predicate: str) -> None:
    relate(knowledge, "bob knows carl")
    before = knowledge.entity(W, "bob")
    knowledge.put_facts(W, [Fact("f", "bob", predicate, "carl", T), Fact("g", "ghost", predicate, "x", T)])
    assert knowledge.entity(W, "bob") == before
    assert kinds(knowledge.relationships(W, "bob")) == ["bob knows carl"]
    assert {one.id for one in knowledge.find_facts(W, predicate=predicate)} == {"f", "g"}
    with pytest.raises(NotFound):
        knowledge.entity(W, "ghost")


def test_after_closing(tmp_path: Path) -> None:
    stores = open_memory(tmp_path)
    stores.knowledge.put_facts(W, [fact("1", "a"), fact("2", "b")])
    stores.close()
    with pytest.raises(StoreError):
        stores.knowledge.put_facts(W, [fact("3")])
    with opened(tmp_path) as again:
        assert ids(again.knowledge.find_facts(W)) == ["2", "1"]


CHAIN = ("alice knows bob", "bob knows charlie", "charlie knows dave")


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (0, ["alice"]),
        (1, ["alice", "bob"]),
        (2, ["alice", "bob", "charlie"]),
        (3, ["alice", "bob", "charlie", "dave"]),
        (10**6, ["alice", "bob", "charlie", "dave"]),
    ],
)
def test_walks_go_as_far_as_asked(knowledge: KnowledgeStore, depth: int, expected: list[str]) -> None:
    relate(knowledge, *CHAIN)
    graph = knowledge.traverse(W, "alice", Walk(depth))
    assert ids(graph.entities) == expected
    assert len(graph.relationships) == len(expected) - 1


def test_walks_keep_to_the_wanted_types(knowledge: KnowledgeStore) -> None:
    relate(knowledge, "a knows b", "b knows c", "c hates a", "a self a")
    graph = knowledge.traverse(W, "a", Walk(5, types=("knows",)))
    assert kinds(graph.relationships) == ["a knows b", "b knows c"]
    assert ids(knowledge.traverse(W, "b", Walk(5, direction="outgoing")).entities) == ["b", "c", "a"]
    assert ids(knowledge.traverse(W, "b", Walk(1, ("knows",), "incoming")).entities) == ["b", "a"]
    assert kinds(knowledge.traverse(W, "a", Walk(5)).relationships) == [
        "a knows b",
        "a self a",
        "b knows c",
        "c hates a",
    ]


def test_facts_are_no_way_to_walk(knowledge: KnowledgeStore) -> None:
    for name in ("a", "d"):
        knowledge.put_entity(W, Entity(name, "person", name))
    knowledge.put_facts(W, [Fact("1", "a", "job", "d", T), Fact("2", "d", "job", "engineer", T)])
    assert ids(knowledge.traverse(W, "d", Walk(3)).entities) == ["d"]
    with pytest.raises(NotFound):
        knowledge.traverse(W, "engineer")


def test_a_large_hub_and_a_deep_cycle(knowledge: KnowledgeStore) -> None:
    names = [f"n{number:05}" for number in range(20_000)]
    things = [Entity("hub", "thing", "hub"), *(Entity(name, "thing", name) for name in names)]
    edges = [Relationship("hub", "has", name) for name in names]
    knowledge.derive(W, [Derived("hub", "1", things, edges)])
    graph = knowledge.traverse(W, "hub", Walk(2, limit=30_000))
    assert len(graph.entities) == 20_001 and len(graph.relationships) == 20_000
    assert len(knowledge.traverse(W, "hub", Walk(2, limit=50)).entities) == 50
    relate(knowledge, "a next b", "b next c", "c next a")
    assert len(knowledge.traverse(W, "a", Walk(10**9)).entities) == 3


def test_what_one_origin_brought_is_replaced_together(knowledge: KnowledgeStore) -> None:
    one = [Entity("a", "t", "a"), Entity("b", "t", "b")]
    to_nobody = Relationship("a", "r", "nobody")
    assert knowledge.derive(W, [Derived("one", "1", one, [Relationship("a", "r", "b"), to_nobody])]) == {
        "a",
        "b",
    }
    knowledge.derive(W, [Derived("two", "7", [Entity("c", "t", "c")], [Relationship("c", "r", "a")])])
    assert kinds(knowledge.traverse(W, "c", Walk(5)).relationships) == ["a r b", "c r a"]
    assert knowledge.derive(W, [Derived("one", "2", [Entity("a", "t", "A")], [])]) == {"b"}
    assert knowledge.entity(W, "a").name == "A"
    assert ids(knowledge.find_entities(W)) == ["a", "c"]
    # What stayed is still what others relate to.
    assert kinds(knowledge.relationships(W, "a")) == ["c r a"]
    assert knowledge.origins(W) == {"one": "2", "two": "7"} and knowledge.origins(W, "tw") == {"two": "7"}
    assert knowledge.derive(W, [Derived("one", "2", [Entity("a", "t", "A")], [])]) == set()
    assert knowledge.drop_origins(W, ["one", "nobody"]) == {"a"}
    assert knowledge.origins(W) == {"two": "7"} and knowledge.relationships(W, "c") == []


def test_an_origin_takes_nothing_from_another(knowledge: KnowledgeStore) -> None:
    knowledge.derive(W, [Derived("one", "1", [Entity("a", "t", "of one")])])
    knowledge.put_entity(W, Entity("h", "t", "by hand"))
    two = [Entity(name, "t", "of two") for name in "ahx"]
    knowledge.derive(
        W, [Derived("two", "1", two, [Relationship("x", "r", "a"), Relationship("x", "r", "h")])]
    )
    assert [(one.id, one.name, one.origin) for one in knowledge.find_entities(W)] == [
        ("h", "by hand", ""),
        ("a", "of one", "one"),
        ("x", "of two", "two"),
    ]
    assert kinds(knowledge.relationships(W, "x")) == ["x r a", "x r h"]
    knowledge.derive(OTHER, [Derived("two", "1", [Entity("x", "t", "elsewhere")])])
    knowledge.derive(W, [Derived("two", "2", two, [Relationship("x", "r", "h", metadata={"n": 1})])])
    assert [(edge.to_id, edge.metadata) for edge in knowledge.relationships(W, "x")] == [("h", {"n": 1})]
    knowledge.drop_origins(W, ["two"])
    assert ids(knowledge.find_entities(W)) == ["h", "a"] and ids(knowledge.find_entities(OTHER)) == ["x"]


def test_what_was_put_by_hand_is_no_origins_any_more(knowledge: KnowledgeStore) -> None:
    things = [Entity(name, "t", name) for name in "ab"]
    edges = [Relationship("a", "r", "b"), Relationship("b", "r", "a")]
    knowledge.derive(W, [Derived("one", "1", things, edges)])
    knowledge.put_entity(W, Entity("b", "t", "by hand"))
    knowledge.put_relationship(W, Relationship("a", "r", "b", metadata={"by": "hand"}))
    assert knowledge.derive(W, [Derived("one", "2", things[:1])]) == set()
    assert [(edge.to_id, edge.metadata) for edge in knowledge.relationships(W, "a")] == [
        ("b", {"by": "hand"})
    ]
    assert knowledge.drop_origins(W, ["one"]) == {"a"}
    assert ids(knowledge.find_entities(W)) == ["b"] and knowledge.relationships(W, "b") == []


@given(
    st.lists(st.tuples(st.sets(st.integers(0, 5)), st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)))))
)
def test_deriving_step_by_step_is_deriving_at_once(
    tmp_path_factory: pytest.TempPathFactory, states: list[tuple[set[int], set[tuple[int, int]]]]
) -> None:
    def all_of(knowledge: KnowledgeStore) -> object:
        found = knowledge.find_entities(W, limit=None)
        return {one.id: (one.name, kinds(knowledge.relationships(W, one.id))) for one in found}

    def state(nodes: set[int], edges: set[tuple[int, int]], number: int) -> Derived:
        entities = [Entity(str(node), "t", f"{node} of {number % 2}") for node in sorted(nodes)]
        return Derived(
            "o", str(number), entities, [Relationship(str(a), "r", str(b)) for a, b in sorted(edges)]
        )

    with (
        opened(tmp_path_factory.mktemp("steps")) as stores,
        opened(tmp_path_factory.mktemp("once")) as others,
    ):
        for number, (nodes, edges) in enumerate(states):
            stores.knowledge.derive(W, [state(nodes, edges, number)])
        if states:
            others.knowledge.derive(W, [state(*states[-1], len(states) - 1)])
        assert all_of(stores.knowledge) == all_of(others.knowledge)


def test_what_has_a_name(knowledge: KnowledgeStore) -> None:
    either = ("file", "task")
    paths = ("src/Pay.py", "pay.py", "src/prepay.py", "lib/src/pay.py", "src/pay.py.md")
    for path in paths:
        knowledge.put_entity(W, Entity(f"file:{path}", "file", path))
    knowledge.put_entity(W, Entity("t", "task", "PAY.py"))
    knowledge.put_entity(OTHER, Entity("o", "file", "pay.py"))
    assert ids(knowledge.entities_named(W, either, ["Pay.PY", "pay.py"])) == ["file:pay.py", "t"]
    assert ids(knowledge.entities_named(W, either, ["pay.py"], ending=True)) == [
        "file:lib/src/pay.py",
        "file:src/Pay.py",
    ]
    assert ids(knowledge.entities_named(W, ("task",), ["pay.py"])) == ["t"]
    assert ids(knowledge.entities_named(W, either, ["%.py", "", "_ay.py"], ending=True)) == []


@given(
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from("xy"), st.integers(0, 6)), max_size=14),
    st.integers(0, 4),
)
def test_walks_are_what_a_simple_search_finds(
    tmp_path_factory: pytest.TempPathFactory, edges: list[tuple[int, str, int]], depth: int
) -> None:
    with opened(tmp_path_factory.mktemp("walk")) as stores:
        knowledge = stores.knowledge
        entities = [Entity(str(node), "t", str(node)) for node in range(7)]
        relationships = [Relationship(str(start), kind, str(end)) for start, kind, end in edges]
        knowledge.derive(W, [Derived("o", "1", entities, relationships)])
        reached = {"0"}
        for _ in range(depth):
            reached |= {str(e) for s, _, e in edges if str(s) in reached} | {
                str(s) for s, _, e in edges if str(e) in reached
            }
        graph = knowledge.traverse(W, "0", Walk(depth))
        assert set(ids(graph.entities)) == reached
        if depth:
            inside = {f"{s} {kind} {e}" for s, kind, e in edges if {str(s), str(e)} <= reached}
            assert set(kinds(graph.relationships)) == inside
        assert graph == knowledge.traverse(W, "0", Walk(depth))
