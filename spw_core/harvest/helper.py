"""A helper of `spw_core.harvest.crew`: for each name of a spec on stdin, one pickled answer."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

from spw_core.harvest.crew import HARVEST, PREPARE
from spw_core.harvest.harvest import harvest_or_report
from spw_core.harvest.index_sync import prepare_documents
from spw_core.workspace import WorkspacePaths

_TASKS: dict[str, Callable[[WorkspacePaths, str], object]] = {
    HARVEST: harvest_or_report,
    PREPARE: prepare_documents,
}


def main(task: str, root: str) -> None:
    """Answer until nobody asks any more."""
    paths = WorkspacePaths(Path(root))
    # Whatever else should print something must not print it between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        pickle.dump(_TASKS[task](paths, line.decode().rstrip("\n")), answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more: there is nothing to flush and nobody to tell
