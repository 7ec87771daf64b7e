"""Of equal pieces of background work one runs, one waits, and no more are begun.

Who waits has not looked at the files yet, and so will see what made the later ones superfluous.
"""

import os
import time

_LONGEST_WAIT_S = 600.0  # then the work that goes before is taken to hang
_NAP_S = 0.05


def take_turn(path: str, work: str) -> bool:
    """Wait until nobody does this work any more; False when somebody else waits already.

    The turn lasts as long as the process, also when it becomes another program. `path` is the file that the
    locks are on: records of it, two for each work, since those outlive `exec` and leave nothing behind.
    Raises OSError where files have no such locks.
    """
    import hashlib

    place = 2 * int.from_bytes(hashlib.sha256(os.fsencode(work)).digest()[:7])
    fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    os.set_inheritable(fd, True)
    waits, works = place, place + 1
    if not _try(fd, waits):
        os.close(fd)
        return False
    deadline = time.monotonic() + _LONGEST_WAIT_S
    while not _try(fd, works) and time.monotonic() < deadline:
        time.sleep(_NAP_S)
    import fcntl

    fcntl.lockf(fd, fcntl.LOCK_UN, 1, waits)
    return True


def _try(fd: int, record: int) -> bool:
    import fcntl

    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, record)
    except (BlockingIOError, PermissionError):
        return False
    return True
