"""The configuration as far as hooks obey it: from the index, where it stands compiled.

The index is asked only where there is a configuration file, and believed only when it was made from that
very file; otherwise the file is read, which takes several times as long as everything else, once.
"""

from spw_core.config_identity import IDENTITY, config_identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from spw_core.hook.index import Index

_BUSY_SECONDS = 0.25
_NO = ("false", "0", "no", "off")
_YES = ("true", "1", "yes", "on")


class Settings:
    """What a configuration says, by dotted key; what it does not say has the workflow's default."""

    __slots__ = ("_values",)

    def __init__(self, values: "dict[str, str] | None" = None) -> None:
        self._values = values or {}

    def is_on(self, key: str, default: bool = True) -> bool:
        text = self._values.get(key, "").lower()
        return text not in _NO if default else text in _YES

    def number(self, key: str, default: int) -> int:
        text = self._values.get(key, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default

    def word(self, key: str, default: str, *others: str) -> str:
        text = self._values.get(key, "").strip().lower()
        return text if text in others else default

    @property
    def guards(self) -> bool:
        """Whether hooks may do more than show the status line and sync templates."""
        return self.is_on("hooks.enabled")

    @property
    def blocks(self) -> bool:
        """Whether a violation stops the agent instead of warning."""
        return self.word("hooks.enforcement_mode", "warn", "block") == "block"


def load_settings(root: str, index: "Callable[[], Index]") -> Settings:
    """The settings of the workspace at `root`; never raises."""
    identity = config_identity(root)
    if not identity:
        return Settings()
    values = index().compiled_config()
    if values.get(IDENTITY) != identity:
        values = _compiled(root, identity)
    return Settings(values)


def _compiled(root: str, identity: str) -> dict[str, str]:
    """The configuration read from its file, and left in the index for the next hook."""
    from pathlib import Path

    from spw_core.config import load_config
    from spw_core.config.compiled import compiled
    from spw_core.errors import SpwError
    from spw_core.store.index import IndexStore
    from spw_core.store.patience import BusyWait
    from spw_core.workspace import WorkspacePaths

    paths = WorkspacePaths(Path(root))
    values = compiled(load_config(paths), identity)
    try:
        # Whatever is not a file SQLite would wait for, or follow out of the workspace.
        if paths.index_db.is_symlink() or (paths.index_db.exists() and not paths.index_db.is_file()):
            return values
        if not paths.index_db.exists():
            from spw_core.harvest.harvest import ensure_gitignore

            ensure_gitignore(paths)
        with IndexStore.writing(paths.index_db) as index:
            index.connection.set_busy_handler(BusyWait(_BUSY_SECONDS))
            with index.transaction():
                index.put_compiled_config(values)
    except (SpwError, OSError) as error:  # busy, read-only, damaged, of a newer version: read again next time
        from spw_core.hook.log import record

        record("settings", error)
    return values
