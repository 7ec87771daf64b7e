"""Secrets that hide: broken over lines by a terminal, of letters alone, or with colours that are spelled out.

What a terminal broke is told by its length, so these are only tokens that have one.
"""

from __future__ import annotations

import re

from spw_core.redact_named import is_value
from spw_core.redact_rules import Rule, is_mixed

# `\u001b[31m` and the like: what JSON in JSON, a listing of code or a log has of the colours of a terminal.
SPELLED_COLOUR = re.compile(r"\\+(?:u001[bB]|x1[bB]|033|e)\[[0-?]*[ -/]*[@-~]")

_BREAK = r"(?:(?:\r?\n|(?:\\{1,3}r)?\\{1,3}n)[ \t]{0,8})"
_MOST_BREAKS = 3
_SHORTEST_PIECE = 6
_SHORTEST_PASSWORD, _SHORTEST_TOKEN = 6, 10


def _broken(name: str, prefixes: tuple[str, ...], signs: str, count: int) -> Rule:
    """A rule for tokens of exactly so many signs behind one of the prefixes, over several lines."""
    heads = "|".join(map(re.escape, prefixes))
    pattern = (
        rf"(?<![A-Za-z0-9_])(?P<s>(?:{heads})(?:[{signs}]{_BREAK}?){{{count - 1}}}[{signs}])(?![{signs}])"
    )
    return Rule(name, prefixes, re.compile(pattern), accept=_is_broken)


def _is_broken(_: str, text: str) -> bool:
    pieces = _PIECES.split(text)
    return (
        1 < len(pieces) <= _MOST_BREAKS + 1
        and len(pieces[0]) >= _SHORTEST_PIECE
        and is_mixed("", "".join(pieces))
    )


_PIECES = re.compile(_BREAK)

# What stands where no password was chosen: these words, and what is put together of nothing else.
_NO_PASSWORD = re.compile(
    r"(?:my|your|the|our|some|an?|new|old|db|database|user|admin|app|test|dev|prod|api|auth|access|csrf|jwt|secret"
    r"|passwords?|passwd|passphrase|pass|pwd?|pw|senha|token|key|value|string|text|here|goes|change|me|this|it|set"
    r"|insert|enter|put|replace|with|random|long|strong|secure|super|dummy|fake|foo|bar|baz|mock|stub|none|null|nil"
    r"|true|false|yes|no|on|off|enabled?|disabled?|required|optional|empty|blank|unset|default|auto|always|never"
    r"|hidden|masked|redacted|removed|omitted|placeholder|example|sample|todo|tbd|prompt|ask|stdin|env|vault|file"
    r"|from|in|to|of|is|not|for|[-_])+"
)


def _is_chosen(named: str, value: str) -> bool:
    """What somebody chose: not in capitals, which names a variable, nor a word that stands for a password.

    Tokens and secrets of letters alone are rare, and what parsers call a token is a short word.
    """
    return (
        _VARIABLE.search(named) is not None
        and len(value) >= (_SHORTEST_PASSWORD if "PASS" in named else _SHORTEST_TOKEN)
        and not value.isupper()
        and is_value(value)
        and _NO_PASSWORD.fullmatch(value.lower()) is None
    )


_VARIABLE = re.compile(r"(?<![\w$%{.-])(?:[A-Z][A-Z0-9]*_)*(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN)=\W*$")

HIDDEN = (
    _broken("github", tuple(f"gh{kind}_" for kind in "pousr"), "A-Za-z0-9", 36),
    _broken("github", ("github_pat_",), "A-Za-z0-9_", 82),
    _broken("aws-access-key", ("AKIA", "ASIA"), "A-Z0-9", 16),
    _broken("google-api-key", ("AIza",), "A-Za-z0-9_-", 35),
    _broken("npm", ("npm_",), "A-Za-z0-9", 36),
    _broken("hugging-face", ("hf_",), "A-Za-z0-9", 34),
    _broken("digitalocean", tuple(f"do{kind}_v1_" for kind in "por"), "a-f0-9", 64),
    _broken("rubygems", ("rubygems_",), "a-f0-9", 48),
    Rule(
        "password",  # as in a .env file, where nothing else can stand behind the sign of equality
        ("PASSWORD=", "PASSWD=", "PASSPHRASE=", "_SECRET=", "_TOKEN="),
        re.compile(
            r"(?:PASSWORD|PASSWD|PASSPHRASE|_SECRET|_TOKEN)=(?:\\{0,3}[\"'])?(?P<s>[A-Za-z][A-Za-z_-]{5,63})"
            r"(?![A-Za-z0-9_.:/(\[{$@%-])"
        ),
        before=64,
        accept=_is_chosen,
    ),
)
