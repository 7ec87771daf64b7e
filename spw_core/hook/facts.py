"""Gather what the status line shows: from the payload, the workspace and its index."""

import os

from spw_core.hook import payload, stdin
from spw_core.hook.places import base_name, session_dir, upward
from spw_core.hook.render import Facts
from spw_core.names import SPECS_DIR, WORKFLOW_DIR


def gather() -> Facts:
    """Read standard input and the workspace it speaks of."""
    said = payload.parse(stdin.read(payload.is_complete))
    here = session_dir(said.current_dir, said.cwd, os.environ.get("CLAUDE_PROJECT_DIR", ""))
    facts = Facts(
        model=said.model,
        directory=base_name(said.current_dir or said.cwd or here),
        tokens=said.tokens,
        cost=said.cost,
        remaining=said.remaining,
    )
    workflow = upward(here, WORKFLOW_DIR)
    if workflow:
        _add_spec(facts, workflow, here)
    return facts


def _add_spec(facts: Facts, workflow: str, here: str) -> None:
    from spw_core.hook.active import active_spec
    from spw_core.hook.index import Index

    index = Index(workflow)
    settings = index.settings()
    facts.show_token_cost = settings.show_token_cost
    specs = os.path.join(workflow, SPECS_DIR)
    if not os.path.isdir(specs):
        return
    facts.spec = active_spec(workflow, specs, here, index, settings)
    if facts.spec:
        facts.progress = index.progress(facts.spec)
