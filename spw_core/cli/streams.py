"""Standard output and error as a command may find them: closed, full, unread, encoding but few letters."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO, cast


class OutputFailed(Exception):
    """Standard output takes no more. Not an OSError, or it would pass for trouble with any other file."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(cause.strerror or str(cause))
        self.reader_left = isinstance(cause, BrokenPipeError)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Streams that take every letter. A failure of stdout raises OutputFailed, on leaving at the latest."""
    sys.stdout, sys.stderr = _usable(sys.stdout), _usable(sys.stderr)
    with redirect_stdout(cast(TextIO, _Watched(sys.stdout))) as stdout:
        try:
            yield
        finally:
            stdout.flush()  # here, where a failure can still be told; Python's own flush comes too late


def discard_output() -> None:
    """Let what is still buffered go nowhere: when it exits, Python would try again, and complain."""
    with suppress(OSError):  # not a real stream, as in tests
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Watched:
    """A stream that raises OutputFailed for its errors."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            raise OutputFailed(error) from error

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            raise OutputFailed(error) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _usable(stream: TextIO | None) -> TextIO:
    if stream is None:  # its descriptor was closed before Python started
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
        stream.reconfigure(errors="replace")
    return stream
