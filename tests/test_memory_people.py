"""Users, pairings, the audit log that only grows, and the user's workspaces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.cli import main as run
from spw_core.errors import Conflict, InvalidInput, NotFound
from spw_core.store.gateway import writing_gateway
from spw_core.store.memory.people import Gateway, open_gateway, read_gateway
from spw_core.store.memory.people_types import AuditEntry, Identity, Pairing, PairingStatus, User

from .stand_ins.people import gateway_in_dicts
from .test_memory_stores import at


@pytest.fixture(params=["sqlite", "dicts"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    """What holds for the database holds for what stands in."""
    if request.param == "dicts":
        yield gateway_in_dicts()
        return
    with open_gateway(tmp_path / "data" / "gateway.db") as stores:
        yield stores


def user(user_id: str = "bob", seconds: float = 0, *identities: str, **changes: Any) -> User:
    """`identities` as `platform/id`."""
    known = tuple(Identity(*one.split("/"), f"{user_id} there") for one in identities)
    return User(
        **{"id": user_id, "name": user_id.title(), "created_at": at(seconds), "identities": known} | changes
    )


def pairing(pairing_id: str, user_id: str = "bob", channel: str = "telegram/c1", **changes: Any) -> Pairing:
    kind, channel_id = channel.split("/")
    fields = {"id": pairing_id, "user_id": user_id, "channel_type": kind, "channel_id": channel_id}
    return Pairing(**fields | {"workspace_id": "w", "created_at": at(0)} | changes)


def entry(number: int, **changes: Any) -> AuditEntry:
    return AuditEntry(**{"id": f"e{number}", "at": at(number), "action": "plugin.load"} | changes)


# -- users ---------------------------------------------------------------------------------------


def test_a_user_with_identities(gateway: Gateway) -> None:
    gateway.users.create(user("bob", 0, "telegram/1", "discord/9", "slack/7", role="admin"))
    stored = gateway.users.get("bob")
    assert (stored.name, stored.role) == ("Bob", "admin")
    assert [one.platform for one in stored.identities] == ["discord", "slack", "telegram"]
    assert stored.identities[2] == Identity("telegram", "1", "bob there")
    assert gateway.users.by_identity("telegram", "1") == stored


def test_what_is_not_there(gateway: Gateway) -> None:
    for call in (
        lambda: gateway.users.get("nobody"),
        lambda: gateway.users.by_identity("telegram", "1"),
        lambda: gateway.users.update(user("nobody")),
        lambda: gateway.users.delete("nobody"),
        lambda: gateway.pairings.create(pairing("p", "nobody")),
        lambda: gateway.pairings.delete("p"),
        lambda: gateway.pairings.set_status("p", "active"),
        lambda: gateway.audit.query(after="e1"),
        lambda: gateway.workspaces.forget("/nowhere"),
    ):
        with pytest.raises(NotFound):
            call()
    assert gateway.pairings.by_channel("telegram", "c1") == []
    assert gateway.pairings.by_user("nobody") == []


def test_one_identity_is_one_user(gateway: Gateway) -> None:
    gateway.users.create(user("bob", 0, "telegram/1"))
    for other in (user("bob"), user("eve", 0, "telegram/1"), user("eve", 0, "slack/1", "slack/1")):
        with pytest.raises(Conflict):
            gateway.users.create(other)
    assert [one.id for one in gateway.users.oldest()] == ["bob"]
    gateway.users.create(user("eve"))
    with pytest.raises(Conflict):
        gateway.users.update(user("eve", 0, "telegram/1"))
    assert gateway.users.get("eve").identities == ()


def test_an_update_is_of_the_whole_user(gateway: Gateway) -> None:
    gateway.users.create(user("bob", 0, "telegram/1"))
    gateway.users.update(user("bob", 99, "telegram/2", "slack/3", name="Robert", role="r"))
    stored = gateway.users.get("bob")
    assert (stored.name, stored.role, len(stored.identities)) == ("Robert", "r", 2)
    assert stored.created_at == at(0) and stored.updated_at > at(0)
    with pytest.raises(NotFound):
        gateway.users.by_identity("telegram", "1")


def test_users_in_pages(gateway: Gateway) -> None:
    for number in range(5):
        gateway.users.create(user(f"u{number}", 7))
    assert [one.id for one in gateway.users.oldest(2, 3)] == ["u3", "u4"]
    assert len(gateway.users.oldest()) == 5
    assert gateway.users.oldest(0) == []
    with pytest.raises(InvalidInput):
        gateway.users.oldest(-1)


# -- pairings ------------------------------------------------------------------------------------


def test_pairings(gateway: Gateway) -> None:
    gateway.users.create(user())
    for number, channel in enumerate(("telegram/c1", "slack/c1", "discord/c1")):
        gateway.pairings.create(pairing(f"p{number}", "bob", channel, created_at=at(number)))
    assert [one.id for one in gateway.pairings.by_user("bob")] == ["p0", "p1", "p2"]
    gateway.pairings.set_status("p0", "active")
    assert [one.status for one in gateway.pairings.by_channel("telegram", "c1")] == ["active"]
    with pytest.raises(InvalidInput):
        gateway.pairings.set_status("p0", "maybe")
    gateway.pairings.delete("p0")
    assert gateway.pairings.by_channel("telegram", "c1") == []
    gateway.users.delete("bob")
    assert gateway.pairings.by_user("bob") == []


def test_several_in_one_channel_and_nothing_dropped_in_silence(gateway: Gateway) -> None:
    for name in ("ann", "bob"):
        gateway.users.create(user(name))
        gateway.pairings.create(pairing(f"p-{name}", name))
    gateway.pairings.create(pairing("p-other", "ann", workspace_id="w2"))
    assert [one.user_id for one in gateway.pairings.by_channel("telegram", "c1")] == ["ann", "bob", "ann"]
    for taken in (pairing("p-bob", "bob", "slack/c9"), pairing("new", "bob")):
        with pytest.raises(Conflict):
            gateway.pairings.create(taken)
    with pytest.raises(InvalidInput):
        pairing("", "bob")


def test_pairings_the_oldest_first(gateway: Gateway) -> None:
    pairings = gateway.pairings
    for name in ("ann", "bob"):
        gateway.users.create(user(name))
    for number, (name, who) in enumerate([("p1", "ann"), ("p2", "bob"), ("p3", "ann")]):
        pairings.create(Pairing(name, who, "chat", f"c{number // 2}", "w", at(9 - number)))
    for refused, error in (
        (Pairing("p1", "bob", "chat", "c9", "w", at(0)), Conflict),
        (Pairing("p9", "ann", "chat", "c0", "w", at(0)), Conflict),
        (Pairing("p9", "eve", "chat", "c0", "w", at(0)), NotFound),
    ):
        with pytest.raises(error):
            pairings.create(refused)
    assert [one.id for one in pairings.by_channel("chat", "c0")] == ["p2", "p1"]
    assert [one.id for one in pairings.by_user("ann")] == ["p3", "p1"] and pairings.by_user("eve") == []
    pairings.set_status("p1", "active")
    assert pairings.by_user("ann")[1].status is PairingStatus.ACTIVE
    with pytest.raises(InvalidInput):
        pairings.set_status("p1", "perhaps")
    pairings.delete("p1")
    for call in (lambda: pairings.delete("p1"), lambda: pairings.set_status("p1", "active")):
        with pytest.raises(NotFound):
            call()


# -- audit log -----------------------------------------------------------------------------------


@pytest.fixture
def logged(gateway: Gateway) -> Gateway:
    gateway.audit.append(entry(0, actor="system", plugin="echo", workspace_id="w1", result="ok"))
    gateway.audit.append(entry(1, actor="bob", session_id="s", details={"text": "x", "number": 2**60}))
    gateway.audit.append(entry(2, action="plugin.stop", actor="system", plugin="echo", workspace_id="w2"))
    return gateway


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["e0", "e1", "e2"]),
        ({"newest_first": True}, ["e2", "e1", "e0"]),
        ({"newest_first": True, "limit": 1}, ["e2"]),
        ({"newest_first": True, "after": "e2", "limit": 1}, ["e1"]),
        ({"after": "e0", "limit": 1}, ["e1"]),
        ({"action": "plugin.load"}, ["e0", "e1"]),
        ({"actor": "system"}, ["e0", "e2"]),
        ({"plugin": "echo"}, ["e0", "e2"]),
        ({"workspace_id": "w2"}, ["e2"]),
        ({"session_id": "s"}, ["e1"]),
        ({"result": "ok"}, ["e0"]),
        ({"actor": "system", "action": "plugin.stop"}, ["e2"]),
        ({"since": at(0.5), "until": at(3)}, ["e1", "e2"]),
        ({"since": at(0), "until": at(1)}, ["e0"]),
        ({"limit": 0}, []),
    ],
)
def test_what_was_done(logged: Gateway, asked: dict[str, Any], expected: list[str]) -> None:
    assert [one.id for one in logged.audit.query(**asked)] == expected


def test_entries_come_back_whole(logged: Gateway) -> None:
    assert logged.audit.query(session_id="s")[0].details == {"text": "x", "number": 2**60}
    for wrong in ({"limit": -1}, {"since": "today"}):
        with pytest.raises(InvalidInput):
            logged.audit.query(**wrong)  # type: ignore[arg-type]


def test_an_entry_is_never_replaced(logged: Gateway) -> None:
    with pytest.raises(Conflict):
        logged.audit.append(entry(0))
    assert len(logged.audit.query()) == 3


def test_the_log_only_grows(tmp_path: Path) -> None:
    with open_gateway(tmp_path / "gateway.db") as gateway:
        gateway.audit.append(entry(0))
    connection = apsw.Connection(str(tmp_path / "gateway.db"))
    for statement in ("DELETE FROM audit_entries", "UPDATE audit_entries SET actor = 'nobody'"):
        with pytest.raises(apsw.ConstraintError):
            connection.execute(statement)
    connection.close()
    with open_gateway(tmp_path / "gateway.db") as gateway:
        assert len(gateway.audit.query()) == 1


def test_pages_of_entries_of_one_moment(gateway: Gateway) -> None:
    audit = gateway.audit
    for number, action in enumerate(("open", "load", "open", "load")):
        audit.append(AuditEntry(f"e{number}", at(number // 2), action, actor="ann"))
    with pytest.raises(Conflict):
        audit.append(AuditEntry("e0", at(7), "again"))
    for asked, found in (
        ({}, "e0 e1 e2 e3"),
        ({"newest_first": True}, "e3 e2 e1 e0"),
        ({"action": "load"}, "e1 e3"),
        ({"since": at(1)}, "e2 e3"),
        ({"until": at(1), "limit": 1}, "e0"),
        ({"after": "e1"}, "e2 e3"),
        ({"after": "e2", "newest_first": True, "limit": 1}, "e1"),
        ({"limit": 0}, ""),
        ({"actor": "bob"}, ""),
    ):
        assert " ".join(one.id for one in audit.query(**asked)) == found, asked  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        audit.query(after="nothing")


def test_many_threads_append(gateway: Gateway) -> None:
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda number: gateway.audit.append(entry(number)), range(50)))
    assert len(gateway.audit.query()) == 50


# -- workspaces ----------------------------------------------------------------------------------


def test_workspaces(gateway: Gateway, tmp_path: Path) -> None:
    workspaces = gateway.workspaces
    for name in ("one", "two", "one"):
        workspaces.remember(tmp_path / name)
    assert [one.path for one in workspaces.known()] == [str(tmp_path / "one"), str(tmp_path / "two")]
    workspaces.forget(str(tmp_path / "one"))
    with pytest.raises(NotFound):
        workspaces.forget(str(tmp_path / "one"))
    assert len(workspaces.known()) == 1


def test_workspaces_are_remembered(demo: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    with read_gateway() as nothing:
        assert nothing is None
    assert run(["workspaces"]) == 0
    assert "None yet" in capsys.readouterr().out
    root = str(demo.paths.root.resolve())
    assert run(["harvest", "wishlist-sharing", "--json", "--workspace", root]) == 0
    capsys.readouterr()
    assert run(["workspaces", "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["workspaces"]
    assert (found["path"], found["exists"]) == (root, True)
    assert run(["workspaces", "--forget", root]) == 0
    assert run(["workspaces", "--forget", root]) == 1


def test_a_gateway_of_the_first_version_is_brought_up_to_date() -> None:
    with writing_gateway() as connection:
        connection.execute("DROP TABLE workspaces")
        connection.execute("DROP TABLE audit_entries")
        connection.execute("DROP TABLE pairings")
        connection.execute("DROP TABLE user_identities")
        connection.execute("DROP TABLE users")
        connection.pragma("user_version", 1)
    with read_gateway() as gateway:
        assert gateway is not None
        assert gateway.workspaces.known() == []
