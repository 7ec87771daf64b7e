"""The YAML block at the top of a document: read leniently, written plainly."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from spw_core.formats.problem import Problem
from spw_core.formats.text_decode import BOM, split_lines

if TYPE_CHECKING:
    import yaml

ROOT_KEYS = ("spw", "oraculo")
"""Documents of the workflow nest all their keys under one of these."""

MAX_YAML_CHARS = 64 * 1024
"""PyYAML needs seconds for a megabyte; no honest frontmatter comes near this size."""

_MAX_DEPTH = 50
_FENCE = "---"
_ODD_BREAK = re.compile("[\r\x85\u2028\u2029]")
_FLAT_KEY = re.compile(r"[ \t]{0,16}([^\W\d][\w-]{0,63})[ \t]{0,16}:(?:[ \t]+|$)")
# What no frontmatter holds: a forgotten closing line must not turn tasks into metadata.
_DOCUMENT_LINE = re.compile(r"\s{0,16}[-*+]\s{1,8}\[.?\]|#{2,6}\s")


def split_frontmatter(text: str) -> tuple[dict[str, object], str, int, list[Problem]]:
    """Split `text` into `(fields, body, body_line, problems)`.

    The block must be the first thing in the text; blank lines before it are tolerated. `fields` holds
    the top-level keys and those under `spw:` or `oraculo:`, where a top-level key wins; it is empty
    without frontmatter, and then `body` is the whole text. Values are str, int, bool, None and lists
    and dicts of them: dates stay ISO text, and numbers with a point stay text, because the id `1.10`
    is not 1.1. `body_line` is the 1-based line on which the body starts. Broken YAML is reported and
    its single-line `key: value` pairs are still read. Never raises.
    """
    text = text.lstrip(BOM)
    pieces = split_lines(text)
    lines = pieces[::2]
    start = next((index for index, line in enumerate(lines) if line and not line.isspace()), None)
    if start is None or lines[start].rstrip() != _FENCE:
        return {}, text, 1, []
    end = next((i for i in range(start + 1, len(lines)) if lines[i].rstrip() in (_FENCE, "...")), None)
    if end is None:
        following = lines[start + 1] if start + 1 < len(lines) else ""
        problems = [Problem(start + 1, "the frontmatter is never closed by a --- line")]
        return {}, text, 1, problems if _FLAT_KEY.match(following) else []

    block = lines[start + 1 : end]
    problems = [] if start == 0 else [Problem(start + 1, "the frontmatter should start on line 1")]
    loaded, failure = _load(block, start + 2)
    if failure is None:
        if not isinstance(loaded, dict) and any(line.strip() for line in block):
            remark = "what stands between the first two --- lines is not frontmatter; read as text"
            return {}, text, 1, [Problem(start + 1, remark)]
        fields = _merge_roots(loaded) if isinstance(loaded, dict) else {}
        body_index = end + 1
    else:
        problems.append(failure)
        limit = next((i for i, line in enumerate(block) if _DOCUMENT_LINE.match(line)), len(block))
        flat = _flat_fields(block[:limit])
        if flat is None:
            return {}, text, 1, problems
        fields = flat
        body_index = end + 1 if limit == len(block) else start + 1 + limit
    return fields, "".join(pieces[2 * body_index :]), body_index + 1, problems


def render_frontmatter(mapping: Mapping[str, object]) -> str:
    """Write `mapping` as a frontmatter block that ends with a line break.

    Keys keep their order and text stays readable Unicode. Raises `yaml.YAMLError` when a value is
    not plain data (str, int, float, bool, None, date, and lists and dicts of them).
    """
    import yaml

    if not mapping:
        return f"{_FENCE}\n{_FENCE}\n"
    body = yaml.dump(dict(mapping), Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=float("inf"))
    return f"{_FENCE}\n{body}{_FENCE}\n"


def _load(block: list[str], first_line: int) -> tuple[object, Problem | None]:
    source = "\n".join(block)
    if len(source) > MAX_YAML_CHARS:
        return None, Problem(first_line, f"the frontmatter is longer than {MAX_YAML_CHARS} characters")
    import yaml

    try:
        _refuse_traps(source)
        return _plain(yaml.load(source, Loader=_loader())), None
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark else 0)
        return None, Problem(line, f"the frontmatter is not valid YAML: {error.problem}")
    except Exception as error:
        # Explicit tags (`!!timestamp x`, `!!int ""`) and deep nesting make PyYAML raise nearly anything.
        return None, Problem(first_line, f"the frontmatter is not valid YAML: {type(error).__name__}")


def _refuse_traps(source: str) -> None:
    """Raise for aliases, which can make a small file huge, and for nesting that could exhaust the stack."""
    # Each collection begins with one of these signs, each alias with an asterisk.
    if "*" not in source and sum(map(source.count, "[{-?:")) <= _MAX_DEPTH:
        return
    import yaml

    depth = 0
    for event in yaml.parse(source, Loader=_loader()):
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise yaml.composer.ComposerError(problem="aliases are refused", problem_mark=mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise yaml.composer.ComposerError(problem="nested too deep", problem_mark=mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


@cache
def _loader() -> Any:
    """A safe loader that knows only null, true/false and short integers; in C where PyYAML has it.

    YAML 1.1 would read `off` as a boolean, `1.10` as 1.1 and `12:30` as 750. The loader in C takes a
    tenth of the time, which is half of the time of harvesting a small spec.
    """
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    resolvers = (
        ("null", r"(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
        ("int", r"-?(?:0|[1-9][0-9]{0,17})$", list("-0123456789")),
    )
    for tag, pattern, first in resolvers:
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)
    return Loader


@cache
def _dumper() -> type[yaml.SafeDumper]:
    """A safe dumper that quotes the Unicode line breaks, which PyYAML would fold into other white space."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = '"' if _ODD_BREAK.search(text) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent_text)
    return Dumper


def _plain(value: object) -> object:
    """Reduce what explicit YAML tags can build to JSON-like data; keys become text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, set):
        return sorted(str(_plain(item)) for item in value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _merge_roots(mapping: dict[str, object]) -> dict[str, object]:
    nested: dict[str, object] = {}
    flat: dict[str, object] = {}
    for key, value in mapping.items():
        if key.casefold() in ROOT_KEYS and isinstance(value, dict):
            nested.update(value)
        else:
            flat[key] = value
    return {**nested, **flat}


def _flat_fields(block: list[str]) -> dict[str, object] | None:
    """Read `key: value` lines one by one; the first of equal keys wins. None when there is no key."""
    fields: dict[str, object] = {}
    found = False
    for line in block:
        match = _FLAT_KEY.match(line)
        if match is None:
            continue
        found = True
        value = line[match.end() :].strip()
        if value:
            fields.setdefault(match[1], _flat_value(value))
    return fields if found else None


def _flat_value(value: str) -> object:
    if value.startswith("[") and value.endswith("]"):
        items = (_unquote(item.strip()) for item in value[1:-1].split(","))
        return [item for item in items if item]
    return _unquote(value)


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] in "\"'" and value[-1] == value[0]:
        return value[1:-1]
    return value
