"""gateway.db: users with their identities, pairings with channels, an audit log, the user's workspaces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spw_core.errors import Conflict, NotFound
from spw_core.store.gateway import GATEWAY_SCHEMA, gateway_path

from .checks import (
    check_limit,
    check_optional_time,
    dump,
    load_mapping,
    now,
)
from .database import Database, Transaction
from .people_types import AuditEntry, Identity, KnownWorkspace, Pairing, PairingStatus, User
from .protocols import AuditStore, PairingStore, UserStore, WorkspaceRegistry
from .types import as_enum


class SqliteUsers:
    """Users. One identity belongs to one user."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, user: User) -> None:
        """Raises Conflict when the id, or an identity, is taken."""
        with self._database.transaction() as change:
            if change.rows("SELECT 1 FROM users WHERE id = ?", (user.id,)):
                raise Conflict(f"there is a user {user.id} already")
            change.write(
                "INSERT INTO users (id, name, role, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                (user.id, user.name, user.role, user.created_at, user.updated_at or user.created_at),
            )
            _put_identities(change, user)

    def get(self, user_id: str) -> User:
        """Raises NotFound."""
        return self._one("id = ?", user_id)

    def by_identity(self, platform: str, platform_user_id: str) -> User:
        """Raises NotFound."""
        owner = "id = (SELECT user_id FROM user_identities WHERE platform = ? AND platform_user_id = ?)"
        return self._one(owner, platform, platform_user_id)

    def update(self, user: User) -> None:
        """Replace name, role and all identities; the time is the store's. Raises NotFound, Conflict."""
        with self._database.transaction() as change:
            if not change.write(
                "UPDATE users SET name = ?, role = ?, updated_at = ? WHERE id = ?",
                (user.name, user.role, now(), user.id),
            ):
                raise NotFound(f"no user {user.id}")
            change.write("DELETE FROM user_identities WHERE user_id = ?", (user.id,))
            _put_identities(change, user)

    def oldest(self, limit: int | None = 100, offset: int = 0) -> list[User]:
        """The oldest first."""
        return self._select(
            "1 ORDER BY created_at, number LIMIT ? OFFSET ?", check_limit(limit, offset), offset
        )

    def delete(self, user_id: str) -> None:
        """Remove a user with identities and pairings; audit entries stay. Raises NotFound."""
        with self._database.transaction() as change:
            if not change.write("DELETE FROM users WHERE id = ?", (user_id,)):
                raise NotFound(f"no user {user_id}")

    def _one(self, condition: str, *values: str) -> User:
        found = self._select(condition, *values)
        if not found:
            raise NotFound(f"no user {'/'.join(values)}")
        return found[0]

    def _select(self, condition: str, *values: str | int) -> list[User]:
        rows = self._database.rows(
            f"SELECT id, name, created_at, role, updated_at FROM users WHERE {condition}", values
        )
        identities: dict[str, list[Identity]] = {}
        for owner, *identity in self._database.rows(
            "SELECT user_id, platform, platform_user_id, display_name FROM user_identities"
            f" WHERE user_id IN ({', '.join('?' * len(rows))}) ORDER BY platform, platform_user_id",
            [row[0] for row in rows],
        ):
            identities.setdefault(owner, []).append(Identity(*identity))
        return [
            User(user_id, name, created_at, role, tuple(identities.get(user_id, ())), updated_at)
            for user_id, name, created_at, role, updated_at in rows
        ]


def _put_identities(change: Transaction, user: User) -> None:
    for identity in user.identities:
        owner = change.rows(
            "SELECT user_id FROM user_identities WHERE platform = ? AND platform_user_id = ?",
            (identity.platform, identity.platform_user_id),
        )
        if owner:
            raise Conflict(f"{identity.platform}/{identity.platform_user_id} is user {owner[0][0]}")
        change.write(
            "INSERT INTO user_identities VALUES (?, ?, ?, ?)",
            (identity.platform, identity.platform_user_id, user.id, identity.display_name),
        )


_PAIRING = "id, user_id, channel_type, channel_id, workspace_id, created_at, status"


class SqlitePairings:
    """Pairings. A channel may be shared; a user is in it once for each workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, pairing: Pairing) -> None:
        """Raises NotFound without the user, Conflict when the id or the place is taken."""
        with self._database.transaction() as change:
            if not change.rows("SELECT 1 FROM users WHERE id = ?", (pairing.user_id,)):
                raise NotFound(f"no user {pairing.user_id}")
            place = (pairing.channel_type, pairing.channel_id, pairing.user_id, pairing.workspace_id)
            taken = change.rows(
                "SELECT id FROM pairings WHERE id = ?1 OR (channel_type, channel_id, user_id, workspace_id)"
                " = (?2, ?3, ?4, ?5)",
                (pairing.id, *place),
            )
            if taken:
                raise Conflict(f"there is a pairing {taken[0][0]} already")
            change.write(
                f"INSERT INTO pairings ({_PAIRING}) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (pairing.id, pairing.user_id, *place[:2], place[3], pairing.created_at, pairing.status),
            )

    def set_status(self, pairing_id: str, status: str) -> None:
        """Raises NotFound, and InvalidInput for an unknown status."""
        wanted = as_enum(PairingStatus, status, "pairing status")
        with self._database.transaction() as change:
            if not change.write("UPDATE pairings SET status = ? WHERE id = ?", (wanted, pairing_id)):
                raise NotFound(f"no pairing {pairing_id}")

    def by_channel(self, channel_type: str, channel_id: str) -> list[Pairing]:
        """All pairings of a channel, the oldest first; none when nobody is in it."""
        return self._select("channel_type = ? AND channel_id = ?", channel_type, channel_id)

    def by_user(self, user_id: str) -> list[Pairing]:
        """The oldest first."""
        return self._select("user_id = ?", user_id)

    def delete(self, pairing_id: str) -> None:
        """Raises NotFound."""
        with self._database.transaction() as change:
            if not change.write("DELETE FROM pairings WHERE id = ?", (pairing_id,)):
                raise NotFound(f"no pairing {pairing_id}")

    def _select(self, condition: str, *values: str) -> list[Pairing]:
        rows = self._database.rows(
            f"SELECT {_PAIRING} FROM pairings WHERE {condition} ORDER BY created_at, number", values
        )
        return [Pairing(*row) for row in rows]


_ENTRY = "id, at, action, actor, plugin, workspace_id, session_id, details, result"
_FILTERS = ("action", "actor", "plugin", "workspace_id", "session_id", "result")


class SqliteAudit:
    """What was done. Entries are added and read; the database itself refuses to change or delete one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entry: AuditEntry) -> None:
        """Raises Conflict when the id is taken."""
        with self._database.transaction() as change:
            if change.rows("SELECT 1 FROM audit_entries WHERE id = ?", (entry.id,)):
                raise Conflict(f"there is an audit entry {entry.id} already")
            change.write(
                f"INSERT INTO audit_entries ({_ENTRY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(entry.id, entry.at, entry.action, entry.actor, entry.plugin, entry.workspace_id),
                    *(entry.session_id, dump("details", dict(entry.details)), entry.result),
                ),
            )

    def query(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        newest_first: bool = False,
        after: str = "",
        limit: int | None = 1000,
        action: str = "",
        actor: str = "",
        plugin: str = "",
        workspace_id: str = "",
        session_id: str = "",
        result: str = "",
    ) -> list[AuditEntry]:
        """Entries at or after `since` and before `until` that are about what is given; '' is about anything.

        `after` is the id of the last entry of the page before: pages stay whole while the log grows. Raises
        InvalidInput, NotFound.
        """
        check_optional_time("since", since)
        check_optional_time("until", until)
        given = (action, actor, plugin, workspace_id, session_id, result)
        equal = {name: value for name, value in zip(_FILTERS, given, strict=True) if value}
        conditions = ["at >= ifnull(?, '')", "at < ifnull(?, '~')", *(f"{name} = ?" for name in equal)]
        values: list[str | int | None] = [since, until, *equal.values()]
        if after:
            rows = self._database.rows("SELECT at, number FROM audit_entries WHERE id = ?", (after,))
            if not rows:
                raise NotFound(f"no audit entry {after}")
            conditions.append(f"(at, number) {'<' if newest_first else '>'} (?, ?)")
            values += rows[0]
        direction = "DESC" if newest_first else "ASC"
        rows = self._database.rows(
            f"SELECT {_ENTRY} FROM audit_entries WHERE {' AND '.join(conditions)}"
            f" ORDER BY at {direction}, number {direction} LIMIT ?",
            (*values, check_limit(limit)),
        )
        return [_entry(row) for row in rows]


def _entry(row: tuple[Any, ...]) -> AuditEntry:
    entry_id, moment, action, actor, plugin, workspace, session, details, result = row
    return AuditEntry(
        entry_id, moment, action, actor, plugin, workspace, session, load_mapping(details), result
    )


class SqliteWorkspaces:
    """The workspaces of this user."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, path: Path) -> None:
        """Note that something was stored in a workspace now."""
        moment = now()
        with self._database.transaction() as change:
            change.write(
                "INSERT INTO workspaces VALUES (?1, ?2, ?2) ON CONFLICT DO UPDATE SET last_used = ?2",
                (str(path), moment),
            )

    def known(self) -> list[KnownWorkspace]:
        """The last used first."""
        rows = self._database.rows(
            "SELECT path, first_used, last_used FROM workspaces ORDER BY last_used DESC, path"
        )
        return [KnownWorkspace(*row) for row in rows]

    def forget(self, path: str) -> None:
        """Raises NotFound."""
        with self._database.transaction() as change:
            if not change.write("DELETE FROM workspaces WHERE path = ?", (path,)):
                raise NotFound(f"no workspace {path}")


@dataclass(frozen=True, slots=True)
class Gateway:
    """The stores of gateway.db."""

    users: UserStore
    pairings: PairingStore
    audit: AuditStore
    workspaces: WorkspaceRegistry


@contextmanager
def open_gateway(path: Path | None = None) -> Iterator[Gateway]:
    """gateway.db of this user, made when it is missing; closed at the end. Raises StoreError."""
    path = path or gateway_path()
    if path.is_absolute():  # else there is no home, and it would be made right here
        with suppress(OSError):  # opening says it better
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with closing(Database.open(path, GATEWAY_SCHEMA)) as database:
        yield _gateway(database)


@contextmanager
def read_gateway(path: Path | None = None) -> Iterator[Gateway | None]:
    """As `open_gateway`, for reading; None when there is none, and then none is made."""
    database = Database.open_reading(path or gateway_path(), GATEWAY_SCHEMA)
    if database is None:
        yield None
        return
    with closing(database):
        yield _gateway(database)


def _gateway(database: Database) -> Gateway:
    return Gateway(
        SqliteUsers(database), SqlitePairings(database), SqliteAudit(database), SqliteWorkspaces(database)
    )
