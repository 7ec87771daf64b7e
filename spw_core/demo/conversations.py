"""What agents said while the demo's specs were worked on: transcripts as Claude Code writes them.

They lie beside the workspace, as the real ones do; `spw memory import` reads them.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from spw_core.errors import SpwError

FOLDER = "transcripts"
_CWD = "/home/ana/acme-shop"
_SPECS = ".spec-workflow/specs"
_STEP = timedelta(seconds=47)

# (who, text); a tool is (tool, argument, answer), and a failed answer begins with "!".
Turn = tuple[str, str] | tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Conversation:
    """One session: when it began, its title, what was said."""

    began: datetime
    title: str
    branch: str
    turns: tuple[Turn, ...]


_FLAKY = f"{_SPECS}/checkout-flaky-tests/execution/waves/wave-01"
_BILLING = f"{_SPECS}/billing-export/execution/waves/wave-02"
CONVERSATIONS = (
    Conversation(
        datetime(2026, 2, 8, 9, 2, tzinfo=UTC),
        "Checkout login test: find the race",
        "fix/checkout-flaky-tests",
        (
            (
                "user",
                "Wave 1 of checkout-flaky-tests is blocked. Find out why the login test fails.",
            ),
            ("Read", f"{_CWD}/{_FLAKY}/checkpoint/run-001/release-gate-decider/report.md", "status: blocked"),
            ("Bash", "pnpm playwright test e2e/login.spec.ts --repeat-each 50", "!3 failed, 47 passed"),
            (
                "assistant",
                "Three of fifty runs fail. The root cause is a race: the cookie is set after the redirect"
                " was answered, so the next page sometimes loads without it.",
            ),
            ("user", "Do not add retries. Fix the race."),
            ("Edit", f"{_CWD}/src/lib/clock.ts", "ok"),
            ("Edit", f"{_CWD}/e2e/login.spec.ts", "ok"),
            ("Bash", "pnpm playwright test e2e/login.spec.ts --repeat-each 500", "500 passed"),
            (
                "assistant",
                "We decided to wait for the cookie instead of retrying, because a retry would hide the race."
                " 500 of 500 runs pass now.",
            ),
        ),
    ),
    Conversation(
        datetime(2026, 2, 27, 14, 20, tzinfo=UTC),
        "Billing export: rounding per VAT group",
        "feat/billing-export",
        (
            (
                "user",
                "/spw:exec billing-export: 14 entities still differ from the ledger. What is different?",
            ),
            ("Read", f"{_CWD}/{_BILLING}/execution/run-002/task-implementer-4/report.md", "rounded per line"),
            (
                "assistant",
                "The export rounds each line and adds up; the ledger adds up per VAT rate, then rounds. With"
                " many small lines the two differ by cents.",
            ),
            ("user", "Então arredonda por grupo de IVA, como o razão faz."),
            ("Edit", f"{_CWD}/src/billing/totals.ts", "ok"),
            ("Bash", "pnpm vitest run src/billing", "!1 failed: credit notes without origin"),
            (
                "assistant",
                "Credit notes have no VAT group of their own; I take that of the invoice they correct.",
            ),
            ("Bash", "pnpm vitest run src/billing", "38 passed"),
        ),
    ),
    Conversation(
        datetime(2026, 3, 1, 16, 45, tzinfo=UTC),
        "Sign-in: refresh tokens that are used twice",
        "feat/user-auth",
        (
            ("user", "In user-auth, what happens when a refresh token is presented twice?"),
            (
                "assistant",
                "REQ-002 says that the whole family is revoked. The code only revokes the token"
                " itself, because families are not stored yet.",
            ),
            ("user", "Store the family with the token then."),
            ("Write", f"{_CWD}/src/auth/refresh.ts", "ok"),
            ("Bash", "pnpm vitest run src/auth", "61 passed"),
            (
                "assistant",
                "Done: a token that comes back a second time revokes its family, with a test for it.",
            ),
        ),
    ),
)


def write_conversations(target: Path) -> list[Path]:
    """Write the transcripts into `<target>/transcripts`; returns their paths. Raises SpwError."""
    folder = target / FOLDER
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, conversation in enumerate(CONVERSATIONS, 1):
            session = str(UUID(int=(number << 96) | 0x4000_8000_0000_0000_0DE0, version=4))
            path = folder / f"{session}.jsonl"
            lines = [json.dumps(record, ensure_ascii=False) for record in _records(session, conversation)]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            ended = conversation.began + _STEP * len(lines)
            os.utime(path, (ended.timestamp(), ended.timestamp()))
            written.append(path)
    except OSError as error:
        raise SpwError(f"cannot write {folder}: {error.strerror or error}") from error
    return written


def _records(session: str, conversation: Conversation) -> list[dict[str, object]]:
    records: list[dict[str, object]] = []

    def add(kind: str, block: dict[str, object]) -> None:
        moment = conversation.began + _STEP * len(records)
        records.append(
            {
                "type": kind,
                "uuid": f"{session[:8]}-{len(records):04}",
                "sessionId": session,
                "cwd": _CWD,
                "gitBranch": conversation.branch,
                "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.000Z",
                "message": {"role": kind, "content": [block]},
            }
        )

    for who, said, *answer in conversation.turns:
        if not answer:
            add(who, {"type": "text", "text": said})
            continue
        call = f"toolu_{session[:8]}_{len(records)}"
        given = {"command": said} if who == "Bash" else {"file_path": said}
        add("assistant", {"type": "tool_use", "id": call, "name": who, "input": given})
        failed = answer[0].startswith("!")
        add(
            "user",
            {
                "type": "tool_result",
                "tool_use_id": call,
                "content": answer[0].removeprefix("!"),
                "is_error": failed,
            },
        )
    records.append({"type": "ai-title", "aiTitle": conversation.title, "sessionId": session})
    return records
