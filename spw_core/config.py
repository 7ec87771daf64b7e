"""The configuration of a workspace: typed sections over defaults, read key by key.

One value of a wrong type costs only itself: its key gets the default and a warning names it. Types that
older versions wrote (`commit_per_task = true`, `max_wave_size = "3"`) are understood.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from spw_core.formats.toml_config import parse_toml
from spw_core.workspace import WorkspacePaths

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Section = TypeVar("_Section", bound="DataclassInstance")
_Number = TypeVar("_Number", int, float)
_Fallback = TypeVar("_Fallback")

CANONICAL = "canonical"
FALLBACK = "fallback"
MISSING = "missing"

# Relative to the workspace's root, the first that exists wins.
CONFIG_FILES = (
    (".spec-workflow/oraculo.toml", CANONICAL),
    (".spec-workflow/spw-config.toml", CANONICAL),
    (".oraculo/oraculo.toml", FALLBACK),
    (".spw/spw-config.toml", FALLBACK),
)

_MAX_CONFIG_BYTES = 1024 * 1024
_SHOWN_KEYS = 8


def _word(default: str, *others: str) -> str:
    """A text that must be one of a few words."""
    return field(default=default, metadata={"words": (default, *others)})


def _number(default: _Number, low: float, high: float = math.inf) -> _Number:
    """A number within limits."""
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True, slots=True)
class Models:
    """Which model does which kind of work."""

    web_research: str = "haiku"
    complex_reasoning: str = "opus"
    implementation: str = "sonnet"


@dataclass(frozen=True, slots=True)
class Execution:
    tdd_default: bool = False
    require_user_approval_between_waves: bool = True
    commit_per_task: str = _word("auto", "manual", "none")
    require_clean_worktree_for_wave_pass: bool = True
    manual_tasks_require_human_handoff: bool = True


@dataclass(frozen=True, slots=True)
class Planning:
    tasks_generation_strategy: str = _word("rolling-wave", "all-at-once")
    max_wave_size: int = _number(3, low=1)


@dataclass(frozen=True, slots=True)
class Qa:
    max_scenarios_per_wave: int = _number(5, low=1)


@dataclass(frozen=True, slots=True)
class PostMortemMemory:
    enabled: bool = True
    max_entries_for_design: int = _number(5, low=0)


@dataclass(frozen=True, slots=True)
class AgentTeams:
    enabled: bool = False
    teammate_mode: str = "in-process"
    require_delegate_mode: bool = True
    max_teammates: int = _number(4, low=1)
    exclude_phases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkillSet:
    """The skills of one stage."""

    enforce_required: bool = True
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skills:
    enabled: bool = True
    auto_install_defaults_on_spw_install: bool = field(
        default=True, metadata={"also": "auto_install_defaults_on_oraculo_install"}
    )
    design: SkillSet = SkillSet()
    implementation: SkillSet = SkillSet()


@dataclass(frozen=True, slots=True)
class Templates:
    sync_tasks_template_on_session_start: bool = True
    tasks_template_mode: str = _word("auto", "on", "off")


@dataclass(frozen=True, slots=True)
class Statusline:
    cache_ttl_seconds: int = _number(10, low=0)
    base_branches: tuple[str, ...] = ("main", "master", "staging", "develop")
    sticky_spec: bool = True
    show_token_cost: str = _word("auto", "always", "never")


@dataclass(frozen=True, slots=True)
class Safety:
    backup_before_overwrite: bool = True


@dataclass(frozen=True, slots=True)
class Verification:
    inline_audit_max_iterations: int = _number(3, low=1)


@dataclass(frozen=True, slots=True)
class Hooks:
    enabled: bool = True
    enforcement_mode: str = _word("warn", "block")
    verbose: bool = True
    recent_run_window_minutes: int = _number(30, low=0)
    guard_prompt_require_spec: bool = True
    guard_paths: bool = True
    guard_wave_layout: bool = True
    guard_stop_handoff: bool = True


@dataclass(frozen=True, slots=True)
class Store:
    """Harvest and search. With `timeout_s` and `batch_size` a server for embeddings is called."""

    embeddings_enabled: bool = True
    embeddings_model: str = "nomic-embed-text"
    embeddings_url: str = "http://127.0.0.1:11434"
    provider: str = "auto"
    allow_remote: bool = False
    timeout_s: float = _number(30.0, low=0.1)
    batch_size: int = _number(32, low=1)
    hybrid_search_alpha: float = _number(0.7, low=0.0, high=1.0)
    max_file_mb: int = _number(32, low=1)
    cleanup_after_finalize: bool = True


@dataclass(frozen=True, slots=True)
class Config:
    """Every section, with the defaults of the workflow."""

    models: Models = Models()
    execution: Execution = Execution()
    planning: Planning = Planning()
    qa: Qa = Qa()
    post_mortem_memory: PostMortemMemory = PostMortemMemory()
    agent_teams: AgentTeams = AgentTeams()
    skills: Skills = Skills()
    templates: Templates = Templates()
    statusline: Statusline = Statusline()
    safety: Safety = Safety()
    verification: Verification = Verification()
    hooks: Hooks = Hooks()
    store: Store = Store()


# Keys and whole sections that earlier versions had; a file that still has them is not worth a remark.
_RETIRED = frozenset(
    f"{section}{'.' if keys else ''}{key}"
    for section, keys in {
        "subagents": "",
        "reviews": "",
        "execution": "strict_gates tdd_require_red_green_evidence auto_commit_on_task_completion",
        "skills": "load_mode enforcement",
        "agent_teams": "use_for_phases",
        "post_mortem_memory": "prefer_same_spec",
        "templates": "variants_dir active_tasks_template_path tasks_template_tdd_on_file"
        " tasks_template_tdd_off_file",
        "safety": "cleanup_backups_after_sync backup_retention_count dry_run fail_hard_on_missing_template",
    }.items()
    for key in keys.split() or [""]
)


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """What was read and from where.

    `path` is relative to the workspace's root and names the file to make when `source` is `missing`.
    `document` is the file over the defaults as plain tables, unknown keys included.
    """

    config: Config
    path: str
    source: str
    warnings: tuple[str, ...]
    document: Mapping[str, object]


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
    return _loaded(data, path, source, warnings)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # its folder may not be looked into
        return False


def _loaded(data: bytes, path: str, source: str, warnings: Sequence[str]) -> LoadedConfig:
    document, problems = parse_toml(data)
    config, remarks = decode_config(document)
    return LoadedConfig(
        config=config,
        path=path,
        source=source,
        warnings=(*warnings, *(f"{path}: {remark}" for remark in (*map(str, problems), *remarks))),
        document=_overlaid(document, as_document(config)),
    )


def decode_config(document: Mapping[str, object]) -> tuple[Config, list[str]]:
    """The typed configuration that a parsed file amounts to, and what in it was not used. Never raises."""
    warnings: list[str] = []
    unknown: list[str] = []
    config = _decoded(Config(), document, "", warnings, unknown)
    if unknown:
        more = f" and {len(unknown) - _SHOWN_KEYS} more" if len(unknown) > _SHOWN_KEYS else ""
        warnings.append(f"unknown keys: {', '.join(unknown[:_SHOWN_KEYS])}{more}")
    return config, warnings


def as_document(section: DataclassInstance) -> dict[str, object]:
    """The sections as plain tables, as a file would say them, lists instead of tuples."""
    document: dict[str, object] = {}
    for column in fields(section):
        value: object = getattr(section, column.name)
        if is_dataclass(value) and not isinstance(value, type):
            value = as_document(value)
        document[column.name] = list(value) if isinstance(value, tuple) else value
        if "also" in column.metadata:
            document[column.metadata["also"]] = value
    return document


def lookup(document: Mapping[str, object], dotted_key: str) -> object | None:
    """The value at `section.key`, any number of tables deep; None when there is no such key."""
    value: object = document
    for part in dotted_key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def text_to_bool(text: str, fallback: _Fallback) -> bool | _Fallback:
    """true/1/yes/on and false/0/no/off in any case; anything else is `fallback`."""
    return _BOOLEANS.get(text.strip().lower(), fallback)


def text_to_int(text: str, fallback: _Fallback) -> int | _Fallback:
    """A plain decimal integer; anything else is `fallback`."""
    return int(text) if _INTEGER.fullmatch(text.strip()) else fallback


_BOOLEANS = dict.fromkeys(("true", "1", "yes", "on"), True) | dict.fromkeys(
    ("false", "0", "no", "off"), False
)
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")


def _decoded(
    defaults: _Section,
    table: Mapping[str, object],
    prefix: str,
    warnings: list[str],
    unknown: list[str],
) -> _Section:
    """`defaults` with every key of `table` that fits; the rest goes to `warnings` and `unknown`."""
    columns = {column.name: column for column in fields(defaults)}
    names = {column.metadata["also"]: name for name, column in columns.items() if "also" in column.metadata}
    changes: dict[str, Any] = {}
    for key, value in table.items():
        name = names.get(key, key)
        dotted = f"{prefix}{key}"
        if name not in columns:
            if dotted not in _RETIRED:
                unknown.append(dotted)
            continue
        default = getattr(defaults, name)
        is_section = is_dataclass(default)
        if not is_section:
            changes[name], remark = _fitted(value, default, columns[name].metadata)
            if remark:
                warnings.append(f"{dotted} {remark}")
        elif isinstance(value, Mapping):
            changes[name] = _decoded(default, value, f"{dotted}.", warnings, unknown)
        else:
            warnings.append(f"{dotted} should be a section, not {_shown(value)}; its defaults apply")
    return replace(defaults, **changes)


def _fitted(value: object, default: object, rules: Mapping[str, Any]) -> tuple[object, str]:
    """`value` as the type of `default`, or the default with a remark why."""
    fitted: object
    wanted: str
    match default:
        case bool():
            fitted, wanted = _as_bool(value), "true or false"
        case int():
            fitted, wanted = _as_int(value), "a whole number"
        case float():
            fitted, wanted = _as_float(value), "a number"
        case tuple():
            fitted, wanted = _as_texts(value), "a list of texts"
            if fitted is not None and isinstance(value, list) and len(value) != len(fitted):
                return fitted, "has members that are no texts; they are left out"
        case _:
            fitted, wanted = (value.strip() if isinstance(value, str) else None), "a text"
    if words := rules.get("words"):
        fitted, wanted = _as_word(value, words), " or ".join(words)
    if isinstance(fitted, int | float) and "low" in rules and not rules["low"] <= fitted <= rules["high"]:
        limits = "at least {low}" if rules["high"] == math.inf else "between {low} and {high}"
        fitted, wanted = None, f"{wanted}, {limits.format(**rules)}"
    if fitted is None:
        return default, f"should be {wanted}, not {_shown(value)}; the default applies"
    return fitted, ""


def _as_bool(value: object) -> bool | None:
    if isinstance(value, bool | int | str):
        return text_to_bool(str(value), None)
    return None


def _as_int(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return text_to_int(f"{value:.0f}", None)
    if isinstance(value, int | str) and not isinstance(value, bool):
        return text_to_int(str(value), None)
    return None


def _as_float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _as_texts(value: object) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return tuple(part for item in value.split(",") if (part := item.strip()))
    if isinstance(value, list):
        return tuple(item for item in value if isinstance(item, str))
    return None


def _as_word(value: object, words: Sequence[str]) -> str | None:
    """One of `words` in any case. An old switch means the first of them, or `none` where there is one."""
    if isinstance(value, str) and (word := value.strip().lower().replace("_", "-")) in words:
        return word
    switch = _as_bool(value)
    if switch is None or "none" not in words:
        return None
    return words[0] if switch else "none"


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


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
