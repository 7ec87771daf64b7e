"""What the values of filters can be, as far as they are the same in every workspace."""

from __future__ import annotations

from spw_core.domain.model import IN_PROGRESS
from spw_core.domain.places import Kind
from spw_core.domain.registry import PHASES
from spw_core.formats.status import BLOCKED, INVALID, MISSING, PASS
from spw_core.formats.tasks import TaskStatus
from spw_core.search.filters import FACETS, RUN_CARD
from spw_core.search.query import SINCE

FILTER_NAMES = (*FACETS, SINCE)
_STATUSES = (PASS, BLOCKED, MISSING, INVALID, IN_PROGRESS, TaskStatus.PENDING.value, TaskStatus.DONE.value)
_WAVES = range(1, 10)
_MOMENTS = ("today", "yesterday", "3d", "1w", "2w", "1m", "3m", "1y")


def filter_values() -> dict[str, list[str]]:
    """Values to suggest, by the name of the filter; what is missing depends on the workspace."""
    return {
        "type": [*(kind.value for kind in Kind), RUN_CARD],
        "phase": list(PHASES),
        "status": list(_STATUSES),
        "wave": [str(number) for number in _WAVES],
        SINCE: list(_MOMENTS),
    }
