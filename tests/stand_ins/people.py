"""Users, pairings, audit entries and workspaces in dicts and lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from spw_core.errors import Conflict, NotFound
from spw_core.store.memory.checks import check_limit, check_optional_time, dump, now
from spw_core.store.memory.people import Gateway
from spw_core.store.memory.people_types import AuditEntry, KnownWorkspace, Pairing, PairingStatus, User
from spw_core.store.memory.types import as_enum


def gateway_in_dicts() -> Gateway:
    """An empty gateway."""
    users = UsersInMemory()
    return Gateway(users, PairingsInMemory(users), AuditInMemory(), RegistryInMemory())


class UsersInMemory:
    """A UserStore."""

    def __init__(self) -> None:
        self._known: dict[str, User] = {}

    def create(self, user: User) -> None:
        if user.id in self._known:
            raise Conflict("taken")
        self._put(replace(user, updated_at=user.updated_at or user.created_at))

    def get(self, user_id: str) -> User:
        if user_id not in self._known:
            raise NotFound("no user")
        return self._known[user_id]

    def by_identity(self, platform: str, platform_user_id: str) -> User:
        for user in self._known.values():
            if (platform, platform_user_id) in _names(user):
                return user
        raise NotFound("no user")

    def update(self, user: User) -> None:
        self._put(replace(user, created_at=self.get(user.id).created_at, updated_at=now()))

    def oldest(self, limit: int | None = 100, offset: int = 0) -> list[User]:
        check_limit(limit, offset)
        return sorted(self._known.values(), key=lambda one: one.created_at)[offset:][:limit]

    def delete(self, user_id: str) -> None:
        self.get(user_id)
        del self._known[user_id]

    def _put(self, user: User) -> None:
        taken = [name for one in self._known.values() if one.id != user.id for name in _names(one)]
        names = _names(user)
        if set(names) & set(taken) or len(set(names)) < len(names):
            raise Conflict("somebody else")
        ordered = sorted(user.identities, key=lambda one: (one.platform, one.platform_user_id))
        self._known[user.id] = replace(user, identities=tuple(ordered))


def _names(user: User) -> list[tuple[str, str]]:
    return [(one.platform, one.platform_user_id) for one in user.identities]


class PairingsInMemory:
    """A PairingStore. The pairings of a user go with the user."""

    def __init__(self, users: UsersInMemory) -> None:
        self._users = users
        self._all: dict[str, Pairing] = {}

    def create(self, pairing: Pairing) -> None:
        self._users.get(pairing.user_id)
        places = {
            (one.channel_type, one.channel_id, one.user_id, one.workspace_id) for one in self._known.values()
        }
        place = (pairing.channel_type, pairing.channel_id, pairing.user_id, pairing.workspace_id)
        if pairing.id in self._known or place in places:
            raise Conflict("taken")
        self._all[pairing.id] = pairing

    def set_status(self, pairing_id: str, status: str) -> None:
        wanted = as_enum(PairingStatus, status, "pairing status")
        if pairing_id not in self._known:
            raise NotFound("no pairing")
        self._all[pairing_id] = replace(self._all[pairing_id], status=wanted)

    def by_channel(self, channel_type: str, channel_id: str) -> list[Pairing]:
        return self._oldest(
            one
            for one in self._known.values()
            if (one.channel_type, one.channel_id) == (channel_type, channel_id)
        )

    def by_user(self, user_id: str) -> list[Pairing]:
        return self._oldest(one for one in self._known.values() if one.user_id == user_id)

    def delete(self, pairing_id: str) -> None:
        if self._all.pop(pairing_id, None) is None:
            raise NotFound("no pairing")

    @property
    def _known(self) -> dict[str, Pairing]:
        users = {one.id for one in self._users.oldest(None)}
        return {key: one for key, one in self._all.items() if one.user_id in users}

    @staticmethod
    def _oldest(pairings: Iterable[Pairing]) -> list[Pairing]:
        return sorted(pairings, key=lambda one: one.created_at)


class AuditInMemory:
    """An AuditStore."""

    def __init__(self) -> None:
        self._entries: list[AuditEntry] = []

    def append(self, entry: AuditEntry) -> None:
        dump("details", dict(entry.details))
        if any(one.id == entry.id for one in self._entries):
            raise Conflict("taken")
        self._entries.append(entry)

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
        for name, moment in (("since", since), ("until", until)):
            check_optional_time(name, moment)
        check_limit(limit)
        about = {"action": action, "actor": actor, "plugin": plugin, "workspace_id": workspace_id}
        about |= {"session_id": session_id, "result": result}
        found = [
            one
            for one in sorted(self._entries, key=lambda one: one.at)
            if (since or "") <= one.at < (until or "~")
            and all(value in ("", getattr(one, name)) for name, value in about.items())
        ]
        found = found[::-1] if newest_first else found
        if after:
            places = [place for place, one in enumerate(found) if one.id == after]
            if not places:
                raise NotFound("no entry")
            found = found[places[0] + 1 :]
        return found[:limit]


class RegistryInMemory:
    """A WorkspaceRegistry; the last used is at the end."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}

    def remember(self, path: Path) -> None:
        self._known.pop(str(path), None)
        self._known[str(path)] = None

    def known(self) -> list[KnownWorkspace]:
        return [KnownWorkspace(path, "", "") for path in reversed(self._known)]

    def forget(self, path: str) -> None:
        if path not in self._known:
            raise NotFound("no workspace")
        del self._known[path]
