"""Which approval of a document counts: the newest by what is written inside, wherever it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping

from spw_core.domain.model import SpecRecord
from spw_core.formats.approvals import NEEDS_REVISION, PENDING, Approval
from spw_core.moments import nanoseconds
from spw_core.names import DASHBOARDS

_DOC_TYPES = frozenset(name.removesuffix(".md") for name in DASHBOARDS)
_MILLISECONDS_IN_ID = re.compile(r"approval_(\d{12,14})_")


def latest_approvals(record: SpecRecord) -> dict[str, Approval]:
    """The newest request or snapshot per document, a request winning a tie."""
    modified = {d.path: d.mtime_ns for d in record.documents if d.area == "approvals"}
    newest: dict[str, Approval] = {}
    for approval in record.approvals:
        current = newest.get(approval.doc_type)
        if current is None or _order(approval, modified) >= _order(current, modified):
            newest[approval.doc_type] = approval
    return newest


def waiting_approvals(record: SpecRecord) -> list[Approval]:
    """The requests that somebody has to answer or to act on, by document.

    A snapshot alone does not wait for anybody: its request was answered and removed.
    """
    return [
        approval
        for _, approval in sorted(latest_approvals(record).items())
        if approval.version == 0 and approval.status in (PENDING, NEEDS_REVISION)
    ]


def find_approval(record: SpecRecord, doc_type: str) -> Approval | None:
    """The newest approval of `requirements`, `design` or `tasks` (in any case), else None.

    A request is answered and removed, its snapshots stay; so where a snapshot is the newest, it counts,
    unless its own request is still there and can say more.
    """
    wanted = doc_type.strip().lower()
    if wanted not in _DOC_TYPES:
        return None
    newest = latest_approvals(record).get(wanted)
    if newest is None or newest.version == 0:
        return newest
    requests = (approval for approval in record.approvals if approval.version == 0)
    return next((request for request in requests if _is_same_request(request, newest)), newest)


def _is_same_request(request: Approval, snapshot: Approval) -> bool:
    return bool(snapshot.approval_id) and (request.approval_id, request.doc_type) == (
        snapshot.approval_id,
        snapshot.doc_type,
    )


def _order(approval: Approval, modified: Mapping[str, int]) -> tuple[int, bool, int]:
    return (_spoken_of_ns(approval, modified), approval.version == 0, approval.version)


def _spoken_of_ns(approval: Approval, modified: Mapping[str, int]) -> int:
    """When it was last spoken of: the time inside, else the one in its id, else that of the file.

    File times come last because a checkout makes them all equal.
    """
    for text in (approval.responded_at, approval.created_at):
        if (moment := nanoseconds(text)) is not None:
            return moment
    if match := _MILLISECONDS_IN_ID.match(approval.approval_id):
        return int(match[1]) * 1_000_000
    return modified.get(approval.path, 0)
