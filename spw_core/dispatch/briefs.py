"""`dispatch-setup`: a folder for a subagent, with the brief that somebody is going to fill in."""

from __future__ import annotations

from typing import NamedTuple

from spw_core.dispatch import notes
from spw_core.dispatch.files import content_of, create_file, shown
from spw_core.dispatch.settings import DispatchSettings
from spw_core.errors import InvalidName
from spw_core.harvest.spec_folder import SpecFolder
from spw_core.workspace import WorkspacePaths, check_name


class BriefedAgent(NamedTuple):
    """The folder of a subagent, relative to the spec; `created` is false when it had a brief already."""

    path: str
    created: bool
    warnings: tuple[str, ...]


def brief_agent(
    paths: WorkspacePaths, run: SpecFolder, name: str, settings: DispatchSettings
) -> BriefedAgent:
    """Write the skeleton of a subagent's brief. One that is there already is left as it is.

    Raises InvalidName, and WriteError when it cannot be written.
    """
    if check_name(name, "subagent").startswith("_"):
        raise InvalidName(
            f"invalid subagent name: {name[:80]!r}", "Names with '_' in front are for other files."
        )
    path = f"{run.path}/{name}"
    top = paths.spec_dir(run.spec)
    folder = shown(paths, run.spec, path)
    text = _SKELETON.format(
        name=name,
        config=settings.path,
        tdd="on" if settings.execution["tdd_default"] else "off",
        max_wave_size=settings.planning["max_wave_size"],
        folder=folder,
    ).encode()
    brief = f"{path}/brief.md"
    if create_file(top, brief, text):
        return BriefedAgent(path, True, tuple(notes.note_brief(paths, run.spec, brief)))
    if content_of(top, brief) == text:
        return BriefedAgent(path, False, ())
    return BriefedAgent(path, False, (f"{folder}/brief.md exists and was left as it is",))


_SKELETON = """\
# Brief: {name}

## Inputs

<!-- Paths of the files to read, one per line. Paths only: never paste their content here. -->

## Config Context

<!-- From {config}. -->
- tdd_default: {tdd}
- max_wave_size: {max_wave_size}
- require_test_per_task: true
- allow_no_test_exception: true

## Task

<!-- What this subagent has to do, and how to tell that it is done. -->

## Output Contract

Write these two files before you finish:

- Report: {folder}/report.md
- Status: {folder}/status.json

```json
{{
  "status": "pass | blocked",
  "summary": "one line",
  "skills_used": [],
  "skills_missing": [],
  "model_override_reason": null
}}
```
"""
