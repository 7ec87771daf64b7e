"""A run as one document: its verdict and what each subagent says, where its handoff does not say it all.

People ask about runs ("what blocked the checkpoint of wave 2?"). Most handoffs quote every subagent and
answer that themselves; for the other runs, and for those without a handoff, there is a card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container

from spw_core.domain.model import Run
from spw_core.formats.status import PASS
from spw_core.redact import redact
from spw_core.search.chunks import Chunk

HANDOFF_FILE = "_handoff.md"

_AGENTS_PER_CHUNK = 12


def card_title(run: Run) -> str:
    """`checkpoint · wave 2 · run-002`."""
    wave = f"wave {run.wave}" if run.wave else ""
    return " · ".join(part for part in (run.command, wave, run.run_id) if part)


def needs_card(run: Run, handoff: str) -> bool:
    """False when the text of the handoff names every subagent with its summary."""
    quoted = " ".join(handoff.split())
    return not all(agent.name in quoted and _line(agent.summary) in quoted for agent in run.subagents)


def card_path(run: Run, present: Container[str]) -> str:
    """What opens for a run, relative to its spec: the word of a subagent, of one that did not pass if any."""
    by_verdict = sorted(run.subagents, key=lambda agent: agent.status == PASS)
    for name in ("status.json", "report.md", "brief.md"):
        for agent in by_verdict:
            if (path := f"{agent.path}/{name}") in present:
                return path
    return ""


def card_hash(run: Run) -> str:
    """Changes when the card does."""
    facts = repr((run.path, run.status, [(a.name, a.status, a.summary) for a in run.subagents]))
    return hashlib.blake2b(facts.encode("utf-8", "replace"), digest_size=16).hexdigest()


def card_chunks(run: Run) -> list[Chunk]:
    """The subagents with their verdicts and summaries, in as few chunks as possible."""
    lines = [f"{agent.name} {agent.status}: {_line(redact(agent.summary).text)}" for agent in run.subagents]
    # On one line each: these words stand in several files, none of which has them at a later line.
    return [
        Chunk(1, f"Subagents: {run.status}", " · ".join(lines[start : start + _AGENTS_PER_CHUNK]))
        for start in range(0, len(lines), _AGENTS_PER_CHUNK)
    ]


def _line(text: str) -> str:
    return " ".join(text.split())
