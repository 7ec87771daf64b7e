"""The settings files of Claude Code: where they are, and changing one so that nothing in it can be lost."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from spw_core.atomic import FileChanged, locked, replace_file
from spw_core.errors import SpwError
from spw_core.install.commands import hook_program, is_go, is_ours, missing_program
from spw_core.install.settings import EMPTY, Contents, SettingsError, contents, installed, uninstalled

USER = "user"
PROJECT = "project"
LOCAL = "local"
SCOPES = (USER, PROJECT, LOCAL)

_BACKUP_SUFFIX = ".before-spw"
_ATTEMPTS = 20
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to a settings file, or would be: its text before and after.

    `before` is None for a file that does not exist, `after` None for one that is removed.
    """

    path: Path
    before: str | None
    after: str | None
    backup: Path | None = None

    @property
    def is_change(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Installation:
    """What one settings file has of ours; `problem` says why it cannot be read."""

    scope: str
    path: Path
    exists: bool
    contents: Contents
    problem: str = ""


def settings_path(scope: str, root: Path) -> Path:
    """The settings file of a scope; `root` is the project's folder. Raises SpwError without a home."""
    if scope == PROJECT:
        return root / ".claude" / "settings.json"
    if scope == LOCAL:
        return root / ".claude" / "settings.local.json"
    configured = os.environ.get("CLAUDE_CONFIG_DIR", "")
    if configured:
        return Path(configured) / "settings.json"
    try:
        return Path.home() / ".claude" / "settings.json"
    except RuntimeError as error:
        raise SpwError("there is no home folder", "Use --project or --local.") from error


def install(path: Path, *, replace_go: bool = False, dry_run: bool = False) -> Change:
    """Register all hooks in a settings file. A copy of it from before is kept beside it.

    Raises SpwError when it cannot be understood or written; it is as it was then.
    """
    program = hook_program()

    def change(text: str) -> str:
        return installed(text, program, replace_go=replace_go)

    for _ in range(_ATTEMPTS):
        real, before = _read(path)
        after = _naming(real, change, before)
        if dry_run or after == before:
            return Change(real, before, after)
        with _explaining(real):
            backup = None if before is None or _has_ours(before) else _backed_up(real, before)
            was_there = real.parent.exists()
            try:
                real.parent.mkdir(parents=True, exist_ok=True)
                if _write(real, before, after):
                    return Change(real, before, after, backup)
            except BaseException:
                if not was_there:
                    with suppress(OSError):  # somebody else was faster
                        real.parent.rmdir()
                raise
    raise SettingsError(f"{path} keeps changing", "Try again when nobody else writes it.")


def uninstall(path: Path, *, dry_run: bool = False) -> Change:
    """Take all hooks of ours out of a settings file, to the byte as it was if nothing else has changed.

    Raises SpwError as `install` does.
    """
    for _ in range(_ATTEMPTS):
        real, before = _read(path)
        if before is None:
            return Change(real, None, None)
        after: str | None = _naming(real, partial(_restored, real), before)
        backup = _backup_of(real)
        if after == EMPTY and before != EMPTY and not backup.exists():
            after = None  # `install` made the file, and has left no backup of one
        if dry_run or after == before:
            return Change(real, before, after)
        with _explaining(real):
            if after is None:
                if _remove(real, before):
                    return Change(real, before, None)
            elif _write(real, before, after):
                if backup.exists() and _read(backup)[1] == after:
                    backup.unlink()
                return Change(real, before, after, backup if backup.exists() else None)
    raise SettingsError(f"{path} keeps changing", "Try again when nobody else writes it.")


def inspect(scope: str, path: Path) -> Installation:
    """What a settings file has of ours. Never raises for what is in the file."""
    try:
        real, text = _read(path)
        if text is None:
            return Installation(scope, real, False, Contents())
        return Installation(scope, real, True, contents(text.removeprefix(_BOM)))
    except SpwError as error:
        return Installation(scope, path, True, Contents(), error.message)


def installations(root: Path) -> list[Installation]:
    """What every settings file that counts in a project has of ours."""
    found = []
    for scope in SCOPES:
        with suppress(SpwError):  # a process without a home has no settings of the user
            found.append(inspect(scope, settings_path(scope, root)))
    return found


def installation_problems(root: Path) -> Iterator[tuple[str, str]]:
    """(what is wrong with the installed hooks of a project, what to do about it), for `spw doctor`.

    Nothing is wrong with hooks that are not installed at all.
    """
    found = installations(root)
    for each in found:
        again = f"spw hooks install --{each.scope}"
        if each.problem:
            yield f"{each.path}: {each.problem}", "Claude Code reads it too."
            continue
        commands = [command for _, _, command in each.contents.ours]
        if is_ours(each.contents.status_line):
            commands.append(each.contents.status_line)
        for program in sorted({missing_program(command, root) for command in commands} - {""}):
            yield f"{each.path} calls {program}, which does not exist", again
        if each.contents.ours and each.contents.missing:
            yield f"{each.path} lacks {', '.join(each.contents.missing)}", again
        if each.contents.doubled:
            yield f"{each.path} has {', '.join(each.contents.doubled)} more than once", again
        if each.contents.ours and each.contents.go:
            yield f"{each.path} also runs the hooks of the Go tool", f"{again} --replace-go"
        if commands and each.contents.disabled:
            yield f"{each.path} says disableAllHooks: no hook and no status line runs", "Remove it there."
    programs = {
        command.rpartition(" ")[0]
        for each in found
        for _, _, command in each.contents.ours
        if not each.problem
    }
    if len(programs) > 1:
        yield (
            "several installations of spw-hook are registered, so each event runs several times",
            "spw hooks status shows where; spw hooks uninstall takes one out.",
        )


def kind_of_status_line(command: str) -> str:
    """`none`, `spw`, `go` or `other`."""
    if not command:
        return "none"
    return "spw" if is_ours(command) else "go" if is_go(command) else "other"


def _restored(real: Path, text: str) -> str:
    """The text without ours: that of the backup, when installing into it gives just this text."""
    with suppress(SpwError):
        _, backup = _read(_backup_of(real))
        if backup is not None:
            program = hook_program()
            plain = backup.removeprefix(_BOM)
            if text in (installed(plain, program), installed(plain, program, replace_go=True)):
                return plain
    return uninstalled(text)


def _naming(real: Path, change: Callable[[str], str], before: str | None) -> str:
    """What a change makes of a text, a byte-order mark aside; errors name the file."""
    text = before or ""
    try:
        return text[: len(text) - len(text.removeprefix(_BOM))] + change(text.removeprefix(_BOM))
    except SettingsError as error:
        raise SettingsError(f"{real}: {error.message}", error.hint) from error


def _has_ours(text: str) -> bool:
    found = contents(text.removeprefix(_BOM))
    return bool(found.ours) or is_ours(found.status_line)


def _backup_of(real: Path) -> Path:
    return real.with_name(real.name + _BACKUP_SUFFIX)


def _backed_up(real: Path, before: str) -> Path:
    """The copy of a file that is about to be changed. Raises SettingsError, and makes none, for a file that
    may not be changed."""
    if not os.access(real, os.W_OK):
        raise SettingsError(f"{real} is write-protected", "Check its permissions; nothing was changed.")
    backup = _backup_of(real)
    # Made first, so that it is never open to more eyes than the file that it copies.
    mode = stat.S_IMODE(real.stat().st_mode)
    os.close(os.open(backup, os.O_CREAT | os.O_WRONLY, mode))
    replace_file(backup, before.encode())
    return backup


@contextmanager
def _explaining(real: Path) -> Iterator[None]:
    """Turn the system's errors into ours."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(f"cannot write {real}: {reason}", "Check the permissions.") from error


def _read(path: Path) -> tuple[Path, str | None]:
    """(the file itself, where a link leads there, and its text; None when there is no file)."""
    try:
        real = path.resolve()
        return real, real.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return path.resolve(), None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8", "Correct it; nothing was changed.") from error
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SettingsError(f"cannot read {path}: {reason}", "Check its permissions.") from error


def _remove(real: Path, before: str) -> bool:
    """Remove the file unless somebody else changed it since it was read; False then."""
    with locked(real.parent):
        if _read(real)[1] != before:
            return False
        real.unlink()
    return True


def _write(real: Path, before: str | None, after: str) -> bool:
    """Replace the file unless somebody else changed it since it was read; False then."""
    try:
        replace_file(real, after.encode(), expected=None if before is None else before.encode())
    except FileChanged:
        return False
    return True
