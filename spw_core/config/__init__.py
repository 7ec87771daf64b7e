"""The configuration of a workspace: typed sections over defaults, read key by key.

One value of a wrong type costs only itself: its key gets the default and a warning names it. Types that
older versions wrote (`commit_per_task = true`, `max_wave_size = "3"`) are understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from spw_core.config.decode import as_document, decode_config
from spw_core.config.sections import Config
from spw_core.formats.toml_config import parse_toml
from spw_core.names import CONFIG_PATHS
from spw_core.workspace import WorkspacePaths

__all__ = [
    "CANONICAL",
    "CONFIG_FILES",
    "FALLBACK",
    "MISSING",
    "Config",
    "LoadedConfig",
    "as_document",
    "decode_config",
    "load_config",
    "lookup",
]

CANONICAL = "canonical"
FALLBACK = "fallback"
MISSING = "missing"

# Relative to the workspace's root, the first that exists wins.
CONFIG_FILES = tuple(zip(CONFIG_PATHS, (CANONICAL, CANONICAL, FALLBACK, FALLBACK), strict=True))

# A hundred times a file that sets everything; reading much more would hold up every command.
_MAX_CONFIG_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """What was read and from where.

    `path` is relative to the workspace's root and names the file to make when `source` is `missing`.
    `document` is the file over the defaults as plain tables, unknown keys included; `given` the file alone.
    """

    config: Config
    path: str
    source: str
    warnings: tuple[str, ...]
    document: Mapping[str, object]
    given: Mapping[str, object]


def load_config(paths: WorkspacePaths) -> LoadedConfig:
    """The configuration of a workspace. Never raises: what cannot be used is among the `warnings`."""
    found = [(path, source) for path, source in CONFIG_FILES if _is_file(paths.root / path)]
    if not found:
        return _loaded(b"", CONFIG_FILES[0][0], MISSING, ())
    path, source = found[0]
    warnings = [f"{path} is used, {other} is not read" for other, _ in found[1:]]
    try:
        with (paths.root / path).open("rb") as stream:
            data = stream.read(_MAX_CONFIG_BYTES + 1)
    except OSError as error:
        warnings.append(f"{path} cannot be read: {error.strerror or error}; defaults apply")
        data = b""
    if len(data) > _MAX_CONFIG_BYTES:
        warnings.append(f"{path} is larger than {_MAX_CONFIG_BYTES} bytes; defaults apply")
        data = b""
    return _loaded(data, path, source, tuple(warnings))


def lookup(document: Mapping[str, object], dotted_key: str) -> object | None:
    """The value at `section.key`, any number of tables deep; None when there is no such key."""
    value: object = document
    for part in dotted_key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # its folder may not be looked into
        return False


@lru_cache(maxsize=1)  # a harvest asks for each spec
def _loaded(data: bytes, path: str, source: str, warnings: tuple[str, ...]) -> LoadedConfig:
    document, problems = parse_toml(data)
    config, remarks = decode_config(document)
    return LoadedConfig(
        config=config,
        path=path,
        source=source,
        warnings=(*warnings, *(f"{path}: {remark}" for remark in (*map(str, problems), *remarks))),
        document=_overlaid(document, as_document(config)),
        given=document,
    )


def _overlaid(document: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
    """`values` and whatever else `document` has; where they differ, the decoded value stands."""
    merged = dict(document)
    for key, value in values.items():
        below = document.get(key)
        if isinstance(value, Mapping):
            merged[key] = _overlaid(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged
