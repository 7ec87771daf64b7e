"""Every key that the Go tool prints is there, and lists are never null."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spw_core.api import Workspace

from ..machine_support import ask

RUN = ".spec-workflow/specs/user-auth/execution/waves/wave-01/execution/run-001"

KEYS = f"""
tasks state user-auth                    : spec tasks counts warnings
tasks next user-auth                     : spec action wave task_ids deferred_ready reason warnings
tasks count user-auth                    : spec counts
tasks files user-auth 1                  : spec task_id files
tasks validate user-auth                 : spec valid errors
tasks complexity user-auth               : spec scores
tasks complexity user-auth 1             : spec task_id score model_hint factors
wave state user-auth                     : spec waves count
wave summary user-auth 1                 : spec wave status summary source stale_flag
wave checkpoint user-auth 1              : spec wave_num status run_id source stale_flag details
wave resume user-auth                    : spec action wave_num reason
spec list                                : specs count
spec stage user-auth                     : spec stage
spec artifacts user-auth                 : spec artifacts deviations
spec prereqs user-auth exec              : spec command ready missing
spec approval user-auth tasks            : spec doc_type found approval_id source
tools wave-status user-auth              : spec waves current_wave wave_status checkpoint_status next_tasks \
                                           in_progress_tasks resume_action total_tasks completed_tasks
tools wave-resolve-current user-auth     : spec found wave directory
tools config-get hooks.enabled           : key value config_path config_source
tools spec-resolve-dir user-auth         : spec found directory
tools approval-fallback-id user-auth tasks : spec doc_type approval_id source
tools resolve-model implementation       : alias model source
tools runs-latest-unfinished {RUN}/.. : phase_dir found run
tools handoff-validate {RUN} : run_dir valid issues subagents
tools dispatch-read-status nobody --run-dir {RUN} : status valid error
tools verify-task user-auth --task-id 1 --check-commit : task_id impl_log commit
tools skills-effective-set design        : stage required optional enforce_required tdd_default \
                                           config_path config_source
"""
ROWS = [tuple(part.split() for part in row.split(" : ")) for row in KEYS.strip().splitlines()]


@pytest.mark.parametrize(("words", "keys"), ROWS, ids=[" ".join(row[0][:2]) for row in ROWS])
def test_keys(demo_harvested: Workspace, words: list[str], keys: list[str]) -> None:
    answer = ask(demo_harvested, *words)
    assert answer.code == 0, answer.err
    assert ["ok", *keys] == [key for key in ("ok", *keys) if key in answer.value]
    assert not answer.out.endswith("\n")
    # The Go tool wrote null for these too, where there was nothing.
    nothing = {"run", "wave", "directory", "approval_id", "source"}
    assert set(nulls(answer.value)) <= nothing


def nulls(value: object, name: str = "") -> Iterator[str]:
    """The names of the keys that hold null."""
    if value is None:
        yield name
    if isinstance(value, dict):
        for key, item in value.items():
            yield from nulls(item, key)
    if isinstance(value, list):
        for item in value:
            yield from nulls(item, name)
