"""What gateway.db holds: users and who they are where, pairings, audit entries, workspaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .checks import check_texts, check_time
from .types import as_enum


class PairingStatus(StrEnum):
    ACTIVE = "active"
    PENDING = "pending"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is on a platform."""

    platform: str
    platform_user_id: str
    display_name: str = ""

    def __post_init__(self) -> None:
        check_texts(platform=self.platform, platform_user_id=self.platform_user_id)


@dataclass(frozen=True, slots=True)
class User:
    """A person, by all their identities."""

    id: str
    name: str
    created_at: str
    role: str = ""
    identities: tuple[Identity, ...] = ()
    updated_at: str = ""

    def __post_init__(self) -> None:
        check_texts(id=self.id, name=self.name)
        check_time("created_at", self.created_at)
        object.__setattr__(self, "identities", tuple(self.identities))


@dataclass(frozen=True, slots=True)
class Pairing:
    """A user in a channel, for a workspace."""

    id: str
    user_id: str
    channel_type: str
    channel_id: str
    workspace_id: str
    created_at: str
    status: PairingStatus = PairingStatus.PENDING

    def __post_init__(self) -> None:
        check_texts(
            id=self.id, user_id=self.user_id, channel_type=self.channel_type, channel_id=self.channel_id
        )
        check_time("created_at", self.created_at)
        object.__setattr__(self, "status", as_enum(PairingStatus, self.status, "pairing status"))


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that was done, by whom, with what result."""

    id: str
    at: str
    action: str
    actor: str = ""
    plugin: str = ""
    workspace_id: str = ""
    session_id: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    result: str = ""

    def __post_init__(self) -> None:
        check_texts(id=self.id, action=self.action)
        check_time("at", self.at)


@dataclass(frozen=True, slots=True)
class KnownWorkspace:
    """A workspace in which something was stored."""

    path: str
    first_used: str
    last_used: str
