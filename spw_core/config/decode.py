"""From a parsed file to typed sections, key by key, so that one wrong value costs only itself."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from spw_core.config.sections import Config

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Section = TypeVar("_Section", bound="DataclassInstance")
_Fallback = TypeVar("_Fallback")

_SHOWN_KEYS = 8

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


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
