"""The files of the demo workspace that belong to no spec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from spw_core.demo.documents import to_json
from spw_core.demo.model import DEMO_NOW, Story, moment

_CONFIG = """\
# Configuration of the acme-shop workspace

[models]
web_research = "haiku"
complex_reasoning = "opus"
implementation = "sonnet"

[execution]
tdd_default = false
require_user_approval_between_waves = true
commit_per_task = true
require_clean_worktree_for_wave_pass = true

[planning]
tasks_generation_strategy = "rolling-wave"
max_wave_size = 3

[verification]
inline_audit_max_iterations = 3
"""

_PRODUCT = """\
# Product: acme-shop

An online shop for household goods in six countries, 400,000 products, 11,000 orders on a normal day and
70,000 on Black Friday. Customers buy twice a year on average; trust and a calm checkout matter more than
novelty.

## Goals of the year
1. Nobody is signed out by a deploy.
2. Search finds what people mean.
3. Finance closes a month in one day, in Brazil too.
"""

_TECH = """\
# Technology

- TypeScript services on Node 22, billing in Python 3.12, notifications in Go 1.23
- PostgreSQL 16, Redis 7, object storage compatible with S3
- Tests: Vitest, Playwright, pytest, `go test`

## Rules
- Money is an integer number of cents.
- Time comes from the injected clock, never from the machine.
- A file that leaves the house is compared byte by byte in its test.
"""

_STRUCTURE = """\
# Structure

| Folder | Holds |
|--------|-------|
| `src/` | services, one folder per domain |
| `web/` | components of the shop |
| `fiscal/` | Brazilian tax reports |
| `e2e/` | browser tests |
| `db/migrations/` | numbered, reversible |
"""

_GUIDELINE = """\
---
applies_to: [exec, checkpoint, qa]
---

# Testing

- Retries count as failures.
- A test that depends on the wall clock is a defect.
- Escreva o resultado esperado por extenso; não o calcule com o código em teste.
"""


def files(stories: Sequence[Story]) -> Iterator[tuple[str, str, datetime]]:
    """The (path, text, time) of every file; `stories` are the specs that exist in the workspace."""
    yield "spw-config.toml", _CONFIG, moment("120d09:00")
    yield "steering/product.md", _PRODUCT, moment("118d10:00")
    yield "steering/tech.md", _TECH, moment("40d16:00")
    yield "steering/structure.md", _STRUCTURE, moment("118d10:30")
    yield "guidelines/testing.md", _GUIDELINE, moment("20d18:45")
    cache = {
        "source": "spw-command",
        "spec": stories[0].slug,
        "sticky": "true",
        "ts": int(DEMO_NOW.timestamp()) * 1000,
    }
    yield ".spw-cache/statusline.json", to_json(cache), DEMO_NOW
    memories = [
        (story, document)
        for story in stories
        for document in story.documents
        if document.path.startswith("/post-mortems/")
    ]
    if memories:
        rows = [
            f"| {document.at:%Y-%m-%d} | {story.slug} | `{document.path.removeprefix('/post-mortems/')}` |"
            for story, document in memories
        ]
        lines = ["# Post-mortems", "", "| Date | Spec | Report |", "|------|------|--------|", *rows]
        yield "post-mortems/INDEX.md", "\n".join(lines) + "\n", max(document.at for _, document in memories)
