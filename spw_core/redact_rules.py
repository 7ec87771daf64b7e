"""What secrets look like: the rules of `redact`.

Two families of rules:

- *marked* secrets, whose issuer gave them a form of their own (`ghp_…`, `AKIA…`, PEM blocks, …);
- *named* ones, recognised by what stands before them (`password=…`, `Authorization: Bearer …`,
  `postgres://user:…@host`), where the value itself must look like a secret and not like a word, a
  reference to a variable, a hash or a placeholder.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret.

    `literals`: one of them is in every text that matches. `pattern` has the secret in its group `s`; only
    that is replaced, if `accept` takes (what names it, the secret). What is `folded` is looked for in the
    text in lower case, which is far cheaper than a pattern that ignores case. `before` is the number of
    characters before the match that also belong to what names it.
    """

    name: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    folded: bool = False
    before: int = 0
    accept: Callable[[str, str], bool] | None = None


# -- marked secrets ------------------------------------------------------------------------------

_BORDER = r"(?<![A-Za-z0-9_])"
_DASHED_BORDER = r"(?<![A-Za-z0-9_-])"
_END = r"(?![A-Za-z0-9_])"
_FEWEST_KINDS_BITS = 3.0


def _entropy(text: str) -> float:
    """Shannon entropy in bits per character: 0 for one letter repeated, 4 for all hex digits alike."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) if size else 0.0


def _is_mixed(_: str, secret: str) -> bool:
    """Random looking: digits among letters and no long repetition. `sk-fading-circle` is a style class."""
    return (
        any(char.isdigit() for char in secret)
        and any(char.isalpha() for char in secret)
        and _entropy(secret) >= _FEWEST_KINDS_BITS
    )


def _marked(name: str, *parts: tuple[str, str], mixed: bool = False) -> Rule:
    """A rule for secrets that start with one of the literals, each followed by a pattern."""
    alternatives = "|".join(re.escape(literal) + rest for literal, rest in parts)
    literals = tuple(literal for literal, _ in parts)
    pattern = re.compile(f"{_DASHED_BORDER}(?P<s>(?:{alternatives}))")
    return Rule(name, literals, pattern, accept=_is_mixed if mixed else None)


MARKED = (
    Rule(
        "private-key",
        ("PRIVATE KEY",),
        # Without its end, which may have been cut off, it goes on for as long as there are lines of a key.
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
            r"(?P<s>(?:(?!-----)[A-Za-z0-9+/=:,;.()@<>\-\s\\\"'])*(?=-----END)"
            r"|(?:(?:\\[nr]|[\s\"',])*[A-Za-z0-9+/=]{16,})*)"
        ),
        accept=lambda _, body: len(body.strip()) >= 16,
    ),
    _marked("age-key", ("AGE-SECRET-KEY-1", r"[0-9A-Z]{50,64}")),
    _marked("anthropic", ("sk-ant-", r"[A-Za-z0-9_-]{20,200}")),
    _marked(
        "openai",
        ("sk-proj-", r"[A-Za-z0-9_-]{20,300}"),
        ("sk-svcacct-", r"[A-Za-z0-9_-]{20,300}"),
        ("sk-admin-", r"[A-Za-z0-9_-]{20,300}"),
        ("sk-or-v1-", r"[a-f0-9]{32,80}"),
        ("sk-", r"[A-Za-z0-9]{32,100}" + _END),
        mixed=True,
    ),
    Rule(
        "aws-access-key",
        ("AKIA", "ASIA", "ABIA", "ACCA"),
        re.compile(rf"{_BORDER}(?P<s>(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{{12}}[A-Z0-9]{{4}}){_END}"),
    ),
    _marked(
        "github",
        *((f"gh{kind}_", r"[A-Za-z0-9]{36,255}") for kind in "pousr"),
        ("github_pat_", r"[A-Za-z0-9_]{40,255}"),
    ),
    _marked(
        "gitlab",
        *(
            (f"gl{kind}-", r"[A-Za-z0-9_.-]{20,300}")
            for kind in ("pat", "dt", "rt", "ptt", "oas", "ft", "soat", "agent", "cbt", "imt")
        ),
        ("GR1348941", r"[A-Za-z0-9_-]{20,60}"),
        mixed=True,
    ),
    _marked(
        "slack",
        *((f"xox{kind}-", r"[A-Za-z0-9-]{10,250}") for kind in "abeprso"),
        ("xapp-", r"[0-9]-[A-Za-z0-9-]{20,250}"),
        ("xoxe.xox", r"[bp]-[A-Za-z0-9-]{20,300}"),
    ),
    Rule(
        "slack-webhook",
        ("hooks.slack.com/",),
        re.compile(r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[A-Za-z0-9+/_-]{30,200})"),
    ),
    _marked(
        "stripe",
        *((f"{kind}_{mode}_", r"[A-Za-z0-9]{16,250}") for kind in ("sk", "rk") for mode in ("live", "test")),
        ("whsec_", r"[A-Za-z0-9+/=]{24,100}"),
    ),
    _marked("google-api-key", ("AIza", r"[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")),
    _marked(
        "google-oauth",
        ("GOCSPX-", r"[A-Za-z0-9_-]{28}"),
        ("ya29.", r"[A-Za-z0-9_-]{20,2000}"),
        ("1//0", r"[A-Za-z0-9_-]{40,200}"),
    ),
    # A token that is cut off after its second part is still one.
    _marked("jwt", ("eyJ", r"[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,4000}(?:\.[A-Za-z0-9_-]{0,4000})?")),
    _marked("npm", ("npm_", r"[A-Za-z0-9]{36}" + _END)),
    _marked("pypi", ("pypi-", r"AgE[A-Za-z0-9_-]{50,1000}")),
    _marked("sendgrid", ("SG.", r"[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}")),
    _marked("mailgun", ("key-", r"[a-f0-9]{32}" + _END)),
    Rule("mailchimp", ("-us",), re.compile(rf"{_BORDER}(?P<s>[a-f0-9]{{32}}-us[0-9]{{1,2}}){_END}")),
    Rule("twilio", ("SK",), re.compile(rf"{_BORDER}(?P<s>SK[0-9a-f]{{32}}){_END}")),
    Rule(
        "telegram",
        (":AA",),
        re.compile(r"(?<![0-9A-Za-z_])(?P<s>[0-9]{8,10}:AA[A-Za-z0-9_-]{32,33})(?![A-Za-z0-9_-])"),
    ),
    Rule(
        "discord",
        ("discord.com/api/webhooks/", "discordapp.com/api/webhooks/"),
        re.compile(r"discord(?:app)?\.com/api/webhooks/[0-9]{5,30}/(?P<s>[A-Za-z0-9_-]{40,100})"),
    ),
    Rule(
        "discord-bot",
        (".G", ".X", ".Y"),
        re.compile(
            r"(?<![A-Za-z0-9_-])(?P<s>[MNO][A-Za-z0-9_-]{23,27}\.[GXY][A-Za-z0-9_-]{5}\.[A-Za-z0-9_-]{27,45})"
        ),
    ),
    _marked(
        "hugging-face", ("hf_", r"[A-Za-z0-9]{30,60}" + _END), ("api_org_", r"[A-Za-z0-9]{30,60}" + _END)
    ),
    _marked("digitalocean", *((f"do{kind}_v1_", r"[a-f0-9]{64}") for kind in "por")),
    _marked("databricks", ("dapi", r"[a-f0-9]{32}(?:-[0-9])?" + _END)),
    _marked(
        "shopify", *((f"shp{kind}_", r"[a-fA-F0-9]{32}") for kind in ("at", "ca", "pa", "ss", "ua", "tka"))
    ),
    _marked(
        "square",
        ("sq0atp-", r"[A-Za-z0-9_-]{22}"),
        ("sq0csp-", r"[A-Za-z0-9_-]{43}"),
        ("EAAA", r"[A-Za-z0-9_+=-]{56,64}" + _END),
    ),
    _marked("linear", ("lin_api_", r"[A-Za-z0-9]{32,64}"), ("lin_oauth_", r"[a-f0-9]{32,80}")),
    _marked("notion", ("ntn_", r"[A-Za-z0-9]{40,60}"), ("secret_", r"[A-Za-z0-9]{43}" + _END), mixed=True),
    _marked("vault", ("hvs.", r"[A-Za-z0-9_-]{24,300}"), ("hvb.", r"[A-Za-z0-9_-]{24,300}"), mixed=True),
    _marked("doppler", *((f"dp.{kind}.", r"[A-Za-z0-9._-]{40,80}") for kind in ("pt", "st", "ct", "sa"))),
    _marked("figma", ("figd_", r"[A-Za-z0-9_-]{38,60}")),
    _marked("postman", ("PMAK-", r"[a-f0-9]{24}-[a-f0-9]{34}")),
    _marked("grafana", ("glsa_", r"[A-Za-z0-9]{32}_[a-f0-9]{8}"), ("glc_", r"[A-Za-z0-9+/=]{32,400}")),
    _marked("newrelic", ("NRAK-", r"[A-Z0-9]{27}"), ("NRII-", r"[A-Za-z0-9_-]{32}")),
    _marked("sentry", ("sntrys_", r"[A-Za-z0-9+/=_-]{40,400}"), ("sntryu_", r"[a-f0-9]{64}")),
    _marked("docker", ("dckr_pat_", r"[A-Za-z0-9_-]{27,60}"), ("dckr_oat_", r"[A-Za-z0-9_-]{27,60}")),
    _marked("groq", ("gsk_", r"[A-Za-z0-9]{40,60}")),
    _marked("perplexity", ("pplx-", r"[A-Za-z0-9]{40,60}")),
    _marked("replicate", ("r8_", r"[A-Za-z0-9]{37,40}" + _END)),
    _marked("supabase", ("sbp_", r"[a-f0-9]{40}"), ("sb_secret_", r"[A-Za-z0-9_-]{20,60}")),
    Rule(
        "terraform", (".atlasv1.",), re.compile(r"(?P<s>\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70})")
    ),
    _marked("airtable", ("pat", r"[A-Za-z0-9]{14}\.[a-f0-9]{64}")),
    Rule(
        "azure-key",
        ("accountkey=", "sharedaccesskey=", "sig="),
        re.compile(
            r"(?:accountkey=|sharedaccesskey=|[?&]sig=)(?P<s>[A-Za-z0-9+/%]{40,200}={0,2})(?![A-Za-z0-9+/])"
        ),
        folded=True,
    ),
)

# -- named secrets -------------------------------------------------------------------------------

_PLACEHOLDER = re.compile(
    r"(?i)example|placeholder|changeme|change[-_]me|your[-_ ]|[-_]here\b|redacted|dummy|sample|todo"
    r"|x{4,}|\*{3,}|\.{3,}|…|123456789|abcdef|qwerty|foobar|\bnone\b|\bnull\b|undefined|\btrue\b|\bfalse\b"
)
# What stands where a value would and only refers to one: a call, a variable, a template, a path.
_REFERENCE = re.compile(
    r"^[$<%{(\[&*@#]|\$\{|\{\{|<%|\(|\)|\[|\]|^process\.|^os\.|^env[.:]|^ENV|^secrets?\.|^config\.|^settings\."
    r"|^self\.|^this\.|^var\.|^vault:|^ref:|^file:|^\.{0,2}/|^~/|^https?:|^arn:|::|->|=>"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]+")
_DIGEST = re.compile(
    r"^(?:sha\d{1,3}|md5|blake2b?|blake3)[-:_]|^\$(?:2[aby]|argon2\w*|pbkdf2|scrypt|6|5|1)\$"
)
_DOTTED_WORDS = re.compile(r"[A-Za-z_]\w*(?:[.:/-][A-Za-z_]\w*)*\(?\)?")
# A name that says what its value is: not the secret itself but something about it.
_ABOUT = re.compile(
    r"(?i)(?:hash|method|mode|scheme|provider|backend|strategy|sha\d*|digest|fingerprint|checksum|md5|_id|[-_]?ids|type|name|count|counts|limit|length|len"
    r"|expir\w*|ttl|size|index|usage|budget|url|uri|path|file|field|header|prefix|regex|pattern|version"
    r"|tokens|ized|izer|ization)[\"']?\s*(?::=|=>|[:=])\s*[\"'`]?$"
)
_SYMBOLS = frozenset("!@#$%^&*+=?~|;")
_SHORTEST_PASSWORD = 6
_SHORTEST_KEY = 16


def _is_value(value: str) -> bool:
    """Not a placeholder, reference, type, word or path."""
    return not (_PLACEHOLDER.search(value) or _REFERENCE.search(value) or _DIGEST.search(value))


def _is_password(named: str, value: str) -> bool:
    """Anything that a person could have chosen: letters with digits or symbols among them."""
    if len(value) < _SHORTEST_PASSWORD or _ABOUT.search(named) or not _is_value(value):
        return False
    letters = sum(char.isalpha() for char in value)
    digits = sum(char.isdigit() for char in value)
    symbols = sum(char in _SYMBOLS for char in value)
    if letters and digits:
        # `v2`, `bcrypt10`, `next_password_2` are words; what a person mixes is not one dotted name.
        return symbols > 0 or digits > 1 or not _DOTTED_WORDS.fullmatch(value) or len(value) <= 12
    return symbols > 0 and letters + digits > 2


def _is_key(named: str, value: str) -> bool:
    """Random looking and long. Hashes and UUIDs count only behind names that leave no doubt."""
    name = _KEY_NAME.search(named)
    value = value.rstrip(".,;")
    if name is None or len(value) < _SHORTEST_KEY or _ABOUT.search(named) or not _is_value(value):
        return False
    if not _is_mixed("", value):
        return False
    if _UUID.fullmatch(value) or _HEX.fullmatch(value):
        return _PLAIN_KEY.search(name[0]) is not None
    digits = sum(char.isdigit() for char in value)
    upper = any(char.isupper() for char in value)
    # Words joined by dots, dashes or underscores with a number among them are names.
    return digits >= 2 and (upper or digits >= 4 or not _DOTTED_WORDS.fullmatch(value))


_PLAIN_KEY = re.compile(
    r"(?i)api[-_]?key|secret|passw|auth[-_]?token|access[-_]?token|bearer|account[-_]?key"
)

_KEY_KINDS = (
    *("api", "access", "secret", "private", "auth", "encryption", "signing", "account", "client"),
    *("master", "session", "deploy"),
)
_LONGEST_KEY_NAME = 64
_KEY_NAME = re.compile(
    rf"(?i)(?:(?:{'|'.join(_KEY_KINDS)})[-_]?key|(?:access[-_]?)?token|secret|credential|(?<![a-z])_?auth(?![a-z]))"
    r"[\w-]{0,24}(?:\\{0,3}[\"'])?[ \t]{0,4}(?::=|=>|[:=])[ \t]{0,4}(?:[bru]?\\{0,3}[\"'`])?$"
)

# Quotes may be escaped: much of what agents write is JSON in JSON.
_ASSIGNED = r"[\w-]{0,24}(?:\\{0,3}[\"'])?[ \t]{0,4}(?::=|=>|[:=])[ \t]{0,4}(?:[bru]?\\{0,3}[\"'`])?"

NAMED = (
    Rule(
        "url-password",
        ("://",),
        re.compile(r"://[^\s:/@\"'<>]{0,128}:(?P<s>[^\s/\"'<>]{3,256})@(?=[A-Za-z0-9\[])"),
        accept=lambda _, value: (
            _is_value(value) and value.lower() not in ("password", "pass", "pwd", "secret")
        ),
    ),
    Rule(
        "authorization",
        ("authorization", "bearer ", "x-api-key", "x-auth-token"),
        re.compile(
            r"(?:authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:basic|bearer|token|apikey|digest)[ \t]{1,3}"
            r"|(?<![a-z])bearer[ \t]{1,3}|x-api-key[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
            r"|x-auth-token[\"']?\s{0,3}[:=]\s{0,3}[\"']?)"
            r"(?P<s>[A-Za-z0-9_.~+/=-]{12,2000})"
        ),
        folded=True,
        accept=lambda named, value: (
            _is_value(value) and (_is_mixed(named, value) or "basic" in named.lower())
        ),
    ),
    Rule(
        "aws-secret-key",
        ("aws", "secret_access_key", "secretaccesskey"),
        re.compile(
            r"(?:aws_?secret[\w-]{0,20}|secret_?access_?key|aws_session_token)[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
            r"(?P<s>[A-Za-z0-9+/=]{40,1200})"
        ),
        folded=True,
        accept=lambda _, value: any(char.isdigit() for char in value) or _entropy(value) > 4,
    ),
    Rule(
        "password",
        ("passw", "passphrase", "pwd", "senha", "_pass"),
        re.compile(
            rf"(?:passw(?:or)?d|passphrase|(?<![a-z])pwd|(?<![a-z])senha|_pass(?![a-z])){_ASSIGNED}"
            r"(?P<s>(?<=[\"'`])[^\"'`\n]{6,200}(?=[\"'`])|[^\s\"'`,;]{6,200})"
        ),
        folded=True,
        accept=_is_password,
    ),
    Rule(
        "password",
        ("--password", "sshpass", "curl", "docker login"),
        re.compile(
            r"(?:--password[ =]|sshpass -p ?|docker login [^\n]{0,200}?-p[ =]?"
            r"|curl [^\n]{0,200}?(?:-u|--user)[ =]?[\"']?[^\s:\"']{1,64}:)"
            r"[\"']?(?P<s>[^\s\"']{6,128})"
        ),
        folded=True,
        accept=lambda _, value: _is_password("", value),
    ),
    Rule(
        "password",
        ("</",),
        re.compile(r"<[\w.:-]{0,32}(?:passw(?:or)?d|secret|token|api-?key)>(?P<s>[^<>\s]{6,256})</"),
        folded=True,
        accept=_is_password,
    ),
    Rule(
        "netrc",
        ("machine ",),
        re.compile(
            r"machine\s{1,4}\S{1,128}\s{1,4}login\s{1,4}\S{1,128}\s{1,4}password\s{1,4}(?P<s>[^\s\"']{3,256})"
        ),
    ),
    Rule(
        "key",
        ("_key", "-key", "token", "secret", "credential", "auth", *(f"{kind}key" for kind in _KEY_KINDS)),
        # Found by its value, for long ones are rare. One may begin inside of what looks like another.
        re.compile(r"[:=>](?=[ \t]{0,4}(?:[bru]?\\{0,3}[\"'`])?(?P<s>[a-z0-9+/=_.~:$-]{16,256}))"),
        folded=True,
        before=_LONGEST_KEY_NAME,
        accept=_is_key,
    ),
)
