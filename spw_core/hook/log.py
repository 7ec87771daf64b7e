"""The hook's own log: a bounded file in the user's state folder, for errors the session must not see.

Nothing here raises: there is nowhere left to report to.
"""

import os
import time

from spw_core.user_dirs import hook_log

MAX_BYTES = 256 << 10


def record(event: str, error: BaseException) -> None:
    """Append one line about `error`; a log that cannot be written is given up silently."""
    try:
        _append(hook_log(), f"{_now()} {os.getpid()} {event}: {_describe(error)}\n")
    except (OSError, ValueError):  # no home, disk full, no permission: the last place to report has failed
        return


def child_log() -> int:
    """A descriptor of the log for a process that runs on its own; -1 when there is no log to write."""
    try:
        return _open(hook_log())
    except (OSError, ValueError):
        return -1


def _append(path: str, line: str) -> None:
    fd = _open(path)
    if fd < 0:
        return
    # One write of one whole line in append mode: parallel hooks do not mix their lines.
    try:
        os.write(fd, line.encode("utf-8", "backslashreplace"))
        full = os.fstat(fd).st_size > MAX_BYTES
    finally:
        os.close(fd)
    if full:
        os.replace(path, path + ".1")


def _open(path: str) -> int:
    if not os.path.isabs(path):  # a process without a home: the current folder is no place for it
        return -1
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    if os.path.exists(path) and not os.path.isfile(path):  # to open a pipe is to wait for its reader
        return -1
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o600)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _describe(error: BaseException) -> str:
    """Type, message and innermost place on one line of bounded length; `traceback` costs too much."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        place = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})"
        trace = trace.tb_next
    return f"{type(error).__name__}: {ascii(str(error))[:500]}{place}"
