"""`status.json`: the verdict that a subagent leaves, and the one vocabulary for verdicts.

Source of the variants: the workflow's own writers (two-key and five-key form) and files found in the
field. A file that cannot be read is a verdict too: `missing` or `invalid`, never silently a pass.
"""

from __future__ import annotations

from typing import NamedTuple

from spw_core.formats.json_object import read_json_object, text_of
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
    found, problems = read_json_object(data)
    if found is None:
        return StatusReport(INVALID), problems
    raw = found.text("status")
    if not raw.strip():
        if not problems:
            found.report("no text under the key 'status'")
        return StatusReport(INVALID, summary=found.text("summary")), problems
    status = normalise_verdict(raw)
    if status not in (PASS, BLOCKED):
        found.report(f"status {raw[:40]!r} is neither pass nor blocked", "status")
    report = StatusReport(
        status=status,
        summary=found.text("summary"),
        raw_status=raw,
        skills_used=found.texts("skills_used"),
        skills_missing=found.texts("skills_missing"),
        model_override_reason=found.text("model_override_reason"),
    )
    return report, problems
