"""Whether somebody has a file open for writing, which a name that is taken away would not stop."""

from __future__ import annotations

import os
import sys

from spw_core.harvest.inside import Entry, free_name
from spw_core.harvest.read_file import READ_FLAGS


def is_open_for_writing(entry: Entry) -> bool | None:
    """True when a descriptor or a mapping exists through which the file may yet be written.

    Linux tells, to the owner of the file; None where nobody does. Raises OSError when the file cannot be
    opened.
    """
    refused = _is_refused(entry)
    if not refused:
        return refused
    # Some network file systems refuse whatever the file: then they would refuse one of our own as well.
    probe = free_name(entry)
    os.close(probe.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    try:
        return None if _is_refused(probe) else True
    finally:
        probe.unlink()


def _is_refused(entry: Entry) -> bool | None:
    """Ask for a lease on reading, which the kernel grants for a file that nobody has open for writing
    (fcntl(2), F_SETLEASE), and give it back at once; None where it has no answer."""
    if sys.platform != "linux":
        return None
    import fcntl
    import signal

    fd = entry.open(READ_FLAGS)
    try:
        # Should the file be opened by another name of it just now, it is said by a signal that does no harm.
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:  # not ours, or a file system without leases
        return None
    finally:
        os.close(fd)
    return False
