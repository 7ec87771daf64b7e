"""What stands behind the keys of a task: ids, file lists, plain lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spw_core.formats.task_words import TASK_WORDS, is_none, is_wave_word, starts_with_none
from spw_core.text import fold

NUMBER = r"[0-9]{1,9}(?:\\?\.[0-9]{1,9}){0,15}"
"""One task id; the counts are bounded so that no line can make a pattern run long."""

DASHES = "-‐‑‒–—"
ID = rf"{NUMBER}(?:[{DASHES}]{NUMBER})?"
"""One task id or a range of ids."""

_ONE_ID = re.compile(ID)
_WORD_AND_ID = re.compile(rf"(?:{TASK_WORDS})[-_#:]?({ID})", re.IGNORECASE)
_TASK_WORD = re.compile(rf"(?:{TASK_WORDS})\w{{0,2}}", re.IGNORECASE)  # and its plural
_TOKEN = re.compile(r"[^\s,;，、；/&+]+")
_PARENTHESIS = re.compile(r"[()（）]")
_CONNECTORS = frozenset(("and", "e", "und", "y", "et", "и"))

# Plain forms of the full-width characters that CJK input methods produce, and of the spaces that paste
# from web pages; one for one, so columns stay.
_NARROW = str.maketrans(
    "０１２３４５６７８９ｘＸ．：－！［］（）＊＿　\u00a0\u200b\ufeff",
    "0123456789xX.:-![]()*_    ",
)
_MAX_RANGE = 200
_SPOKEN_RANGE = re.compile(
    rf"(?<![\w.#-])#?({NUMBER})(?:\s{{0,3}}(?:\.{{2,3}}|…)\s{{0,3}}|\s{{1,3}}(?:[{DASHES}]|to|through|thru|bis|a|até"
    rf"|hasta|à|au)\s{{1,3}})(?:(?:{TASK_WORDS})\s{{1,3}})?#?({NUMBER})(?![\w-])",
    re.IGNORECASE,
)


def narrow(text: str) -> str:
    """`text` with full-width digits and punctuation made plain; the length is kept."""
    return text if text.isascii() else text.translate(_NARROW)


def normalise_id(text: str) -> str:
    """The form in which ids are compared: plain digits and hyphen, no escapes, no closing dot."""
    plain = narrow(text).strip().replace("\\", "").rstrip(".")
    return re.sub(rf"[{DASHES}]", "-", plain)


def expand_range(task_id: str) -> tuple[str, ...]:
    """`2-4` → 2, 3, 4 and `1.1-1.3` → 1.1, 1.2, 1.3; any other id stands for itself."""
    first, dash, last = task_id.partition("-")
    head, _, low = first.rpartition(".")
    other, _, high = last.rpartition(".")
    if not dash or head != other or not (low.isdecimal() and high.isdecimal()):
        return (task_id,)
    if not 0 < int(high) - int(low) < _MAX_RANGE:
        return (task_id,)
    prefix = f"{head}." if head else ""
    return tuple(f"{prefix}{number}" for number in range(int(low), int(high) + 1))


def read_ids(text: str) -> tuple[str, ...]:
    """The task ids in free text, each once, in order; ranges stay one id.

    Parenthesised remarks, numbers glued to letters (`REQ-001`, `HTTP2`) and wave numbers are no ids;
    text that begins with a word for "none" has no ids. `1..3` and `1 to 3` are ranges.
    """
    return read_dependencies(text)[0]


def read_dependencies(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids of `read_ids`, and the words beside them that are neither ids nor mere connectors."""
    plain = drop_parentheses(narrow(text))
    if starts_with_none(plain):
        return (), ()
    plain = _SPOKEN_RANGE.sub(r"\1-\2", plain)
    found: dict[str, None] = {}
    left: list[str] = []
    before = ""
    for token in _TOKEN.findall(plain):
        word = token.strip("#*_`[]().:\"'")
        match = _ONE_ID.fullmatch(word) or _WORD_AND_ID.fullmatch(word)
        if match and not is_wave_word(before):
            found[normalise_id(match[match.lastindex or 0])] = None
        elif not match and not _says_nothing(word):
            left.append(word)
        before = word
    return tuple(found), tuple(left)


def _says_nothing(word: str) -> bool:
    is_mark = not any(character.isalnum() for character in word)
    return is_mark or fold(word) in _CONNECTORS or is_wave_word(word) or bool(_TASK_WORD.fullmatch(word))


def read_planned_ids(text: str) -> tuple[str, ...]:
    """The ids that directly follow a word for task (`Foundation: tasks 1, 2 and 5 for 3 users` → 1, 2, 5)."""
    found: dict[str, None] = {}
    listing = False
    for token in _TOKEN.findall(narrow(text)):
        word = token.strip("#*_`[].:()")
        match = _ONE_ID.fullmatch(word) if listing else _WORD_AND_ID.fullmatch(word)
        if match:
            listing = True
            found[normalise_id(match[match.lastindex or 0])] = None
        elif _TASK_WORD.fullmatch(word):
            listing = True
        elif found and word and fold(word) not in _CONNECTORS:
            break
        elif not found:
            listing = False
        if found and token.endswith(":"):
            break
    return tuple(found)


def drop_parentheses(text: str) -> str:
    """`text` without what stands in parentheses, nested ones too; parentheses around the whole stay off.

    An unclosed parenthesis reaches to the end.
    """
    if "(" not in text and "（" not in text and text.strip():
        return text
    kept: list[str] = []
    depth = start = 0
    for match in _PARENTHESIS.finditer(text):
        if match[0] in "(（":
            if depth == 0:
                kept.append(text[start : match.start()])
            depth += 1
        elif depth:
            depth -= 1
            start = match.end()
    if depth == 0:
        kept.append(text[start:])
    rest = " ".join(kept)
    return rest if rest.strip() else text.strip().strip("()（）")


def read_files(text: str) -> tuple[str, ...]:
    """The paths in one line of a file list.

    Paths are separated by commas; backticks, Markdown links, labels (`modify: a.py`) and remarks
    (`a.py (new)`, `a.py — new`) are taken off. Commas inside backticks, braces or parentheses belong
    to the path or to its remark.
    """
    return tuple(path for item in _split_list(text) for path in _paths(item) if not is_none(path))


def read_items(text: str) -> tuple[str, ...]:
    """A plain comma-separated list without parenthesised remarks, as of requirement ids."""
    items = (item.strip().strip("`").strip() for item in _split_list(drop_parentheses(text)))
    return tuple(item for item in items if item != "NFR" and not is_none(item))


_LIST_TOKEN = re.compile(r"[,，、;；]|`[^`]*`|[(){}（）]|[^,，、;；`(){}（）]+|`")
_BACKTICKED = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\[\]]+)\]\([^()]*\)")
_LABEL = re.compile(r"([^\W\d_][\w ]{1,24}):\s{1,8}(?=(\S{0,200}))")
_ACTION = re.compile(
    r"modif|creat|new|test|add|edit|updat|delet|remov|renam|impl|src|source|cria|nov|alter|remo|ander|neu|crea"
)
_LEADING_REMARK = re.compile(r"[(（][^()（）]*[)）]\s{1,8}")
# A remark starts behind a space, so that `app/(auth)/page.tsx` stays whole.
_REMARK = re.compile(r"\s(?:[(（]|[-–—]{1,2}\s|[#→]\s)|:\s")


def _split_list(text: str) -> Iterator[str]:
    if "`" not in text and not re.search(r"[(){}（）]", text):
        yield from re.split(r"[,，、;；]", text)
        return
    parts: list[str] = []
    depth = 0
    for match in _LIST_TOKEN.finditer(text):
        token = match[0]
        if token in "({（":
            depth += 1
        elif token in ")}）":
            depth = max(0, depth - 1)
        elif token in ",，、;；" and depth == 0:
            yield "".join(parts)
            parts.clear()
            continue
        parts.append(token)
    yield "".join(parts)


def _paths(item: str) -> Iterator[str]:
    quoted = _BACKTICKED.findall(item)
    if quoted:
        yield from (path.strip() for path in quoted)
        return
    text = _LINK.sub(r"\1", item.strip()) if "](" in item else item.strip()
    label = _LABEL.match(text)
    # "README: mention it" starts with a path, "modify: Makefile" and "Server side: src/a.py" do not.
    if label and (_ACTION.match(fold(label[1])) or re.search(r"[./\\]", label[2])):
        text = text[label.end() :]
    leading = _LEADING_REMARK.match(text)
    text = text[leading.end() :] if leading else text
    remark = _REMARK.search(text)
    yield (text[: remark.start()] if remark else text).strip().strip("`\"' ")
