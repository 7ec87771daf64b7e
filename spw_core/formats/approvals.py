"""Approval requests and the snapshot lists that outlive them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spw_core.formats.json_object import JsonObject, load_json_object, read_json_object, text_of
from spw_core.formats.problem import Problem

PENDING = "pending"
APPROVED = "approved"
REJECTED = "rejected"
NEEDS_REVISION = "needs-revision"


@dataclass(frozen=True, slots=True)
class Approval:
    """One request, or one snapshot of a document (`version` > 0) that proves an earlier request.

    `path` is where it was read, relative to the spec's approvals folder; `doc_type` the name of the
    document without `.md` (`requirements`, `design`, `tasks`, …).
    """

    path: str
    approval_id: str
    doc_type: str
    file_path: str
    status: str
    title: str
    created_at: str
    responded_at: str = ""
    response: str = ""
    version: int = 0
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The text of a document at a moment of its approval. `version` is 0 when the file names none."""

    version: int
    taken_at: str
    trigger: str
    content: str


def parse_snapshot(data: bytes) -> tuple[Snapshot | None, list[Problem]]:
    """Read `.snapshots/<document>/snapshot-NNN.json`; None when it holds no text."""
    value, problems = load_json_object(data)
    if value is None:
        return None, problems
    content = value.get("content")
    if not isinstance(content, str):
        return None, [*problems, Problem(0, "no text under the key 'content'")]
    when, trigger = text_of(value.get("timestamp")), text_of(value.get("trigger"))
    return Snapshot(_version(value), when, trigger, text_of(content)), problems


def parse_approval(data: bytes, rel_path: str) -> tuple[Approval | None, list[Problem]]:
    """Read `approval_*.json`. Without an id inside, the file name gives it; None when not a JSON object."""
    found, problems = read_json_object(data)
    if found is None:
        return None, problems
    nested = found.values.get("approval")
    inner = nested if isinstance(nested, dict) else {}
    document = (found.text("filePath") or found.text("path")).replace("\\", "/")
    if not document:
        found.report("no document path under 'filePath' or 'path'")
    approval = Approval(
        path=rel_path,
        approval_id=found.text("approvalId")
        or found.text("id")
        or text_of(inner.get("id"))
        or rel_path.removesuffix(".json"),
        doc_type=doc_type_of(document),
        file_path=document,
        status=_status(found),
        title=found.text("title"),
        created_at=found.text("createdAt"),
        responded_at=found.text("respondedAt"),
        response=found.text("response"),
    )
    return approval, problems


def parse_snapshots(data: bytes, rel_path: str) -> tuple[tuple[Approval, ...], list[Problem]]:
    """Read `.snapshots/<document>/metadata.json`: one Approval per version, in file order.

    The status inside a snapshot is taken before the decision, so only the trigger counts.
    """
    found, problems = read_json_object(data)
    if found is None:
        return (), problems
    document = found.text("filePath").replace("\\", "/") or rel_path.split("/")[-2]
    if found.values.get("snapshots") is None:
        found.report("no list under the key 'snapshots'")
    snapshots: dict[int, Approval] = {}
    for _, entry in found.objects("snapshots"):
        version = _version(entry.values)
        if not version:
            given = str(entry.values.get("version"))
            entry.report(f"a snapshot entry has no usable version: {given[:40]}", "version")
            continue
        if version in snapshots:
            entry.report(f"snapshot version {version} is listed twice; the first one counts", "version")
            continue
        trigger = entry.text("trigger")
        if trigger and trigger not in _TRIGGERS:
            entry.report(f"trigger {trigger[:40]!r} is not known; it decides nothing", "trigger")
        snapshots[version] = Approval(
            path=rel_path,
            approval_id=entry.text("approvalId"),
            doc_type=doc_type_of(document),
            file_path=document,
            status=_TRIGGER_STATUS.get(trigger, PENDING),
            title=entry.text("approvalTitle"),
            created_at=entry.text("timestamp"),
            version=version,
            trigger=trigger,
        )
    return tuple(snapshots.values()), problems


def doc_type_of(path: str) -> str:
    """`requirements` for `.spec-workflow/specs/x/requirements.md`; empty for an empty path."""
    return path.rpartition("/")[2].removesuffix(".md")


_MAX_VERSION = 2**31
_DIGITS = 12
_TRIGGER_STATUS = {"approved": APPROVED, "revision_requested": NEEDS_REVISION}
_TRIGGERS = frozenset((*_TRIGGER_STATUS, "initial", "manual"))


def _version(values: Mapping[str, object]) -> int:
    """The number of a snapshot, also where it is written as a text; 0 for none."""
    version = values.get("version")
    if isinstance(version, str) and version.isascii() and version.isdigit():
        version = int(version[:_DIGITS])
    if not isinstance(version, int) or isinstance(version, bool) or not 0 < version < _MAX_VERSION:
        return 0
    return version


def _status(found: JsonObject) -> str:
    word = found.text("status").strip().lower().replace("_", "-")
    if word == "changes-requested":
        return NEEDS_REVISION
    if word not in ("", PENDING, APPROVED, REJECTED, NEEDS_REVISION):
        found.report(f"status {word[:40]!r} is not known", "status")
    return word
