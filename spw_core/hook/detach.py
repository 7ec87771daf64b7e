"""Slow work: a `spw` command in a process of its own, which holds none of the hook's pipes.

Claude Code waits until the hook's output is closed by all who hold it, and may end what a hook leaves
behind. So the child is a session of its own, its streams are the null device and a log file, and whatever
else was open is closed. Of the same work one child runs and one waits, however many hooks there are. What it
could not finish, the next event or `spw harvest` makes up for.
"""

import os
import sys

from spw_core.hook.log import child_log
from spw_core.user_dirs import state_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spw_core.hook.project import Project

_MOST_DESCRIPTORS = 256
_TURNS = "background.lock"


def harvest(project: "Project", spec: str) -> None:
    """Bring the databases of a spec up to date with its files, in the background."""
    run_spw("harvest", spec, "--workspace", project.root)


def import_transcripts(project: "Project") -> None:
    """Import the transcripts that are in line into the memory, in the background."""
    run_spw("memory", "import", "--queued", "--workspace", project.root)


def run_spw(*arguments: str) -> None:
    """Start `spw` with these arguments and return at once; what it has to say goes to the log."""
    # -P: a module of this name in the current folder must not run.
    command = [sys.executable, "-P", "-m", "spw_core.cli", *arguments]
    if os.name == "nt":
        _start_on_windows(command)
        return
    log = child_log()
    child = os.fork()
    if child == 0:
        _become(command, log)  # never returns
    # Not waited for: this process ends in a moment, and the system takes over.
    if log >= 0:
        os.close(log)


def _become(command: list[str], log: int) -> None:
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream, source in enumerate((null, null, log if log >= 0 else null)):
            os.dup2(source, stream)
        os.closerange(3, _MOST_DESCRIPTORS)
        os.chdir("/")
        if _has_turn(command):
            os.execv(command[0], command)
    finally:
        os._exit(127)


def _has_turn(command: list[str]) -> bool:
    """Whether this process is to go on; hooks come in bursts, and one harvest sees to all of them."""
    from spw_core.hook.turns import take_turn

    folder = state_dir()
    try:
        return not os.path.isabs(folder) or take_turn(os.path.join(folder, _TURNS), "\0".join(command))
    except OSError:  # no place for the locks, or none to have there: better too often than never
        return True


def _start_on_windows(command: list[str]) -> None:
    import subprocess

    flags = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    null = subprocess.DEVNULL
    subprocess.Popen(command, stdin=null, stdout=null, stderr=null, close_fds=True, creationflags=flags)
