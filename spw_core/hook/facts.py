"""Gather what the status line shows: from the payload, the workspace and its index."""

import os

from spw_core.hook import payload, stdin
from spw_core.hook.places import base_name, session_dir
from spw_core.hook.project import Project, find_workflow
from spw_core.hook.render import Facts


def gather(data: "bytes | None" = None) -> Facts:
    """Read the payload, or standard input when it was not read yet, and the workspace it speaks of."""
    said = payload.parse(stdin.read(payload.is_complete) if data is None else data)
    here = session_dir(said.current_dir, said.cwd, os.environ.get("CLAUDE_PROJECT_DIR", ""))
    facts = Facts(
        model=said.model,
        directory=base_name(said.current_dir or said.cwd or here),
        tokens=said.tokens,
        cost=said.cost,
        remaining=said.remaining,
    )
    workflow = find_workflow(here)
    if workflow:
        _add_spec(facts, Project(workflow, here))
    return facts


def _add_spec(facts: Facts, project: Project) -> None:
    facts.show_token_cost = project.settings.word("statusline.show_token_cost", "auto", "always", "never")
    facts.spec = project.active_spec()
    if facts.spec:
        facts.progress = project.index.progress(facts.spec)
