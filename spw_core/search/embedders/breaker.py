"""A circuit breaker that outlives the process: a server that failed is left alone for a while.

Commands are short-lived, so what one of them learned stands in a small file. Losing it costs one more try.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from spw_core.atomic import WriteError, replace_file

_FIRST_WAIT_S, _LONGEST_WAIT_S = 5.0, 300.0
_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Breaker:
    """One per workspace, in a file. A failure counts for one `subject`, which names server and model."""

    path: Path
    subject: str

    def closed_for(self) -> tuple[float, str]:
        """(seconds until the next try, why); (0, "") when the server may be asked."""
        state = self._read()
        left = _number(state.get("until")) - time.time()
        # A clock that was put back must not keep it open for ever.
        if state.get("subject") != self.subject or not 0 < left <= _LONGEST_WAIT_S:
            return 0.0, ""
        return left, str(state.get("reason", ""))

    def failed(self, reason: str) -> None:
        """Remember a failure: the first costs seconds, each further one twice as long."""
        state = self._read()
        before = _number(state.get("wait")) if state.get("subject") == self.subject else 0.0
        wait = min(max(before * 2, _FIRST_WAIT_S), _LONGEST_WAIT_S)
        self._write({"subject": self.subject, "until": time.time() + wait, "wait": wait, "reason": reason})

    def worked(self) -> None:
        """Forget failures."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _read(self) -> dict[str, object]:
        try:
            with self.path.open("rb") as stream:
                state = json.loads(stream.read(_MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return state if isinstance(state, dict) else {}

    def _write(self, state: dict[str, object]) -> None:
        with suppress(OSError, WriteError):  # a read-only workspace tries each time
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            replace_file(self.path, json.dumps(state).encode())


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
