"""`status.json`: the verdict that a subagent leaves, and the one vocabulary for verdicts.

Source of the variants: the workflow's own writers (two-key and five-key form) and files found in the
field. A file that cannot be read is a verdict too: `missing` or `invalid`, never silently a pass.
"""

from __future__ import annotations

from typing import NamedTuple

from spw_core.formats.json_object import load_json_object, text_of, texts_of
from spw_core.formats.problem import Problem

PASS = "pass"
BLOCKED = "blocked"
MISSING = "missing"
INVALID = "invalid"

_SYNONYMS = {
    "pass": PASS,
    "passed": PASS,
    "complete": PASS,
    "completed": PASS,
    "done": PASS,
    "ok": PASS,
    "blocked": BLOCKED,
    "block": BLOCKED,
    "fail": BLOCKED,
    "failed": BLOCKED,
}


def normalise_verdict(value: object) -> str:
    """`pass`, `blocked`, or the given text in lower case; an empty text when there is none."""
    word = text_of(value).strip().lower().replace("_", "-")
    return _SYNONYMS.get(word, word)


class StatusReport(NamedTuple):
    """One subagent's verdict. `status` is normalised; `raw_status` is what the file says."""

    status: str
    summary: str = ""
    raw_status: str = ""
    skills_used: tuple[str, ...] = ()
    skills_missing: tuple[str, ...] = ()
    model_override_reason: str = ""


MISSING_STATUS = StatusReport(MISSING)


def parse_status(data: bytes) -> tuple[StatusReport, list[Problem]]:
    """Read one `status.json`. Never raises: a broken file gives status `invalid` and a problem."""
    value, problems = load_json_object(data)
    if value is None:
        return StatusReport(INVALID), problems
    raw = text_of(value.get("status"))
    if not raw.strip():
        problems.append(Problem(0, "no text under the key 'status'"))
        return StatusReport(INVALID, summary=text_of(value.get("summary"))), problems
    status = normalise_verdict(raw)
    if status not in (PASS, BLOCKED):
        problems.append(Problem(0, f"status {raw[:40]!r} is neither pass nor blocked"))
    return (
        StatusReport(
            status=status,
            summary=text_of(value.get("summary")),
            raw_status=raw,
            skills_used=texts_of(value.get("skills_used")),
            skills_missing=texts_of(value.get("skills_missing")),
            model_override_reason=text_of(value.get("model_override_reason")),
        ),
        problems,
    )
