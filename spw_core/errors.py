"""The one error hierarchy. Every message says what was wrong and where; `hint` says what to do."""

from __future__ import annotations

import errno

_NO_MORE_WRITING = (errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC))


def is_unwritable(error: OSError) -> bool:
    """True when a whole file system takes nothing more: it is full, over its quota, or read-only."""
    return error.errno in _NO_MORE_WRITING


class SpwError(Exception):
    """Base of all errors that are shown to a user as one line and a hint, never as a traceback."""

    reasons: tuple[str, ...] = ()

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SpwError):
    """A command line that cannot be understood; the hint names the help."""


class WorkspaceNotFound(SpwError):
    """No `.spec-workflow` folder here or above."""


class SpecNotFound(SpwError):
    """The named spec has no folder in the workspace."""


class DocumentNotFound(SpwError):
    """A file, run, task or log that was asked for is neither on disk nor stored."""


class InvalidName(SpwError):
    """A spec, task or subagent name that may not become part of a path."""


class Unfinished(SpwError):
    """A spec that cannot be finalized yet; `reasons` says why, one text each."""

    def __init__(self, message: str, hint: str, reasons: tuple[str, ...]) -> None:
        super().__init__(message, hint)
        self.reasons = reasons


class Stopped(SpwError):
    """A question that was taken back before its answer came."""


class StoreError(SpwError):
    """A database could not be used; the base of the more precise ones."""


class CorruptStore(StoreError):
    """The file is not a database, or its pages are damaged."""


class NewerStore(StoreError):
    """The database was written by a newer version of spw."""


class ForeignStore(StoreError):
    """The database was written by another tool and has not been taken over."""


class NotFound(SpwError):
    """What was asked for by its id is not stored."""


class Conflict(SpwError):
    """Something else is stored under this id, or was changed since it was read."""


class InvalidInput(SpwError):
    """A value that may not be stored, or a limit that means nothing; the message names it."""
