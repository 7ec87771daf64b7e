"""Read the payload from standard input, whatever happens at the other end of the pipe.

The pipe may stay open after the object was written, or stay open and silent for ever.
So reading ends with the first of: end of file, a complete JSON object, a silence, the deadline.
"""

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    # Waits at most so many seconds: some bytes, b"" at end of file, None when none came in time.
    NextChunk = Callable[[float], bytes | None]

FIRST_BYTE_SECONDS = 1.0
QUIET_SECONDS = 0.3  # what a pause may last when no JSON object has been begun
TOTAL_SECONDS = 3.0
MAX_BYTES = 32 << 20
_CHUNK_BYTES = 1 << 16
_BEFORE_OBJECT = b"\xef\xbb\xbf \t\r\n"


def read(is_complete: "Callable[[bytes], bool]", fd: int = 0) -> bytes:
    """Everything there is to read from `fd`; empty when it is closed, silent or a terminal."""
    try:
        if os.isatty(fd):
            return b""
        return _collect(is_complete, by_thread(fd) if os.name == "nt" else by_select(fd))
    except (OSError, ValueError):  # standard input is closed: nothing to read, nothing to report
        return b""


def _collect(is_complete: "Callable[[bytes], bool]", next_chunk: "NextChunk") -> bytes:
    data = bytearray()
    deadline = time.monotonic() + TOTAL_SECONDS
    patience = FIRST_BYTE_SECONDS
    while len(data) < MAX_BYTES:
        chunk = next_chunk(max(0.0, min(patience, deadline - time.monotonic())))
        if not chunk:
            break
        data += chunk
        # Only a closing brace at the very end can complete the object: the costly check runs once or twice.
        if chunk.rstrip().endswith(b"}") and is_complete(bytes(data)):
            break
        begun = data[:16].lstrip(_BEFORE_OBJECT).startswith(b"{")
        patience = FIRST_BYTE_SECONDS if begun else QUIET_SECONDS
    return bytes(data)


def by_select(fd: int) -> "NextChunk":
    """Chunks of `fd` by select(2), which takes pipes and files on POSIX but not on Windows."""
    from select import select

    def next_chunk(seconds: float) -> "bytes | None":
        readable, _, _ = select((fd,), (), (), seconds)
        return os.read(fd, _CHUNK_BYTES) if readable else None

    return next_chunk


def by_thread(fd: int) -> "NextChunk":
    """Chunks of `fd` by a thread that may block for ever; it dies with the process."""
    import _queue
    import _thread

    chunks: _queue.SimpleQueue[bytes] = _queue.SimpleQueue()

    def pump() -> None:
        try:
            while chunk := os.read(fd, _CHUNK_BYTES):
                chunks.put(chunk)
        except OSError:  # on Windows a pipe that was closed is an error, not an end of file
            return
        finally:
            chunks.put(b"")

    def next_chunk(seconds: float) -> "bytes | None":
        try:
            return chunks.get(timeout=seconds)
        except _queue.Empty:
            return None

    _thread.start_new_thread(pump, ())
    return next_chunk
