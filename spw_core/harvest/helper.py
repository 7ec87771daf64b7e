"""A helper of `spw_core.harvest.crew`: for each name on stdin, one pickled answer."""

from __future__ import annotations

import os
import pickle
import sys
from importlib import import_module
from pathlib import Path

from spw_core.workspace import WorkspacePaths


def main(task: str, root: str) -> None:
    """Answer until nobody asks any more. `task` is as the crew names those of harvests."""
    module, function = task.split(":")
    do = getattr(import_module(module), function)
    paths = WorkspacePaths(Path(root))
    # Whatever else should print something must not print it between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        pickle.dump(do(paths, line.decode().rstrip("\n")), answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more: there is nothing to flush and nobody to tell
