"""What a rule of `redact` is, and the secrets whose issuer gave them a form of their own (`ghp_…`, `AKIA…`,
PEM blocks, …). Those that are recognised by what stands before them are in `redact_named`.
"""

from __future__ import annotations

import math
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Needs(StrEnum):
    """What a text must have before the pattern of a rule is tried. Most texts have none of it."""

    NOTHING = "nothing"
    ONE_WORD = "one word"  # one that is long and not just small letters, in which all of the pattern matches
    VALUE = "value"  # a digit or symbol in what stands after a colon, a sign of equality or a bracket
    OPTION = "option"  # an option of a command


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret.

    A text that does not have what the rule `needs` has no such secret. `literals`: one of them is in every
    text that matches; one with a blank at its end or beginning ends or begins a word. `pattern` has the
    secret in its group `s`; only that is replaced, if `accept` takes (what names it, the secret). What is
    `folded` is looked for in the text in lower case, which is far cheaper than a pattern that ignores case.
    `before` is the number of characters before the match that also belong to what names it.
    """

    name: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    folded: bool = False
    before: int = 0
    needs: Needs = Needs.NOTHING
    accept: Callable[[str, str], bool] | None = None


# -- marked secrets ------------------------------------------------------------------------------

_BORDER = r"(?<![A-Za-z0-9_])"
_DASHED_BORDER = r"(?<![A-Za-z0-9_-])"
_END = r"(?![A-Za-z0-9_])"
_FEWEST_KINDS_BITS = 3.0


def entropy(text: str) -> float:
    """Shannon entropy in bits per character: 0 for one letter repeated, 4 for all hex digits alike."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) if size else 0.0


def is_mixed(_: str, secret: str) -> bool:
    """Random looking: digits among letters and no long repetition. `sk-fading-circle` is a style class."""
    return (
        any(char.isdigit() for char in secret)
        and any(char.isalpha() for char in secret)
        and entropy(secret) >= _FEWEST_KINDS_BITS
    )


def _decoded_start(text: str) -> bytes:
    """What the first characters of a text in Base64 stand for, wherever it ends."""
    start = text[:64].partition("=")[0]
    return b64decode(start[: len(start) // 4 * 4])


def _marked(name: str, *parts: tuple[str, str], mixed: bool = False, border: str = _DASHED_BORDER) -> Rule:
    """A rule for secrets that start with one of the literals, each followed by a pattern."""
    alternatives = "|".join(re.escape(literal) + rest for literal, rest in parts)
    literals = tuple(literal for literal, _ in parts)
    pattern = re.compile(f"{border}(?P<s>(?:{alternatives}))")
    return Rule(name, literals, pattern, needs=Needs.ONE_WORD, accept=is_mixed if mixed else None)


MARKED = (
    Rule(
        "private-key",
        ("PRIVATE KEY",),
        # Without its end, which may have been cut off, it goes on for as long as there are lines of a key,
        # whatever a listing or a comment put before them.
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
            r"(?P<s>(?:(?!-----)[A-Za-z0-9+/=:,;.()@<>\-\s\\\"'→|#*])*(?=-----END)"
            r"|(?:[\s\"',#*>|→]|\\{1,4}(?:[nrt]|u2192)|[0-9]{1,6}(?:[→|:\t]|\\{1,4}(?:t|u2192))"
            r"|[A-Za-z-]{4,20}: [^\n\\]{1,80}|[A-Za-z0-9+/=]{16,})*)"
        ),
        accept=lambda _, body: len(body.strip()) >= 16,
    ),
    Rule(
        "private-key",
        ("Private-Lines:",),
        re.compile(r"Private-Lines: ?[0-9]{1,4}(?P<s>(?:\s|\\{1,4}[nr]|[A-Za-z0-9+/=]{16,})*)"),
        accept=lambda _, body: len(body.strip()) >= 16,
    ),
    Rule(
        "private-key",  # encoded once more, as in files of Kubernetes
        ("LS0tLS1CRUdJTi",),
        re.compile(r"(?P<s>LS0tLS1CRUdJTi[A-Za-z0-9+/=]{16,})"),
        needs=Needs.ONE_WORD,
        accept=lambda _, text: b"PRIVATE" in _decoded_start(text),
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
        needs=Needs.ONE_WORD,
    ),
    _marked(
        "github",
        *((f"gh{kind}_", r"[A-Za-z0-9]{36,255}") for kind in "pousr"),
        ("github_pat_", r"[A-Za-z0-9_]{40,255}"),
        border=_BORDER,
    ),
    _marked(
        "gitlab",
        *(
            (f"gl{kind}-", r"[A-Za-z0-9_.-]{20,300}")
            for kind in ("pat", "dt", "rt", "ptt", "oas", "ft", "soat", "agent", "cbt", "imt", "ffct")
        ),
        ("GR1348941", r"[A-Za-z0-9_-]{20,60}"),
        mixed=True,
    ),
    _marked(
        "slack",
        *((f"xox{kind}-", r"[A-Za-z0-9%/+=-]{10,250}") for kind in "abcdeprso"),
        ("xapp-", r"[0-9]-[A-Za-z0-9-]{20,250}"),
        ("xoxe.xox", r"[bp]-[A-Za-z0-9-]{20,300}"),
    ),
    Rule(
        "slack-webhook",
        ("hooks.slack.com/",),
        re.compile(r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[A-Za-z0-9+/_-]{30,200})"),
        needs=Needs.ONE_WORD,
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
    Rule(
        "mailchimp",
        ("-us",),
        re.compile(rf"{_BORDER}(?P<s>[a-f0-9]{{32}}-us[0-9]{{1,2}}){_END}"),
        needs=Needs.ONE_WORD,
    ),
    Rule("twilio", ("SK",), re.compile(rf"{_BORDER}(?P<s>SK[0-9a-f]{{32}}){_END}"), needs=Needs.ONE_WORD),
    Rule(
        "telegram",
        (":AA",),
        re.compile(r"(?<![0-9A-Za-z_])(?P<s>[0-9]{8,10}:AA[A-Za-z0-9_-]{32,33})(?![A-Za-z0-9_-])"),
        needs=Needs.ONE_WORD,
    ),
    Rule(
        "discord",
        ("discord.com/api/webhooks/", "discordapp.com/api/webhooks/"),
        re.compile(r"discord(?:app)?\.com/api/webhooks/[0-9]{5,30}/(?P<s>[A-Za-z0-9_-]{40,100})"),
        needs=Needs.ONE_WORD,
    ),
    Rule(
        "discord-bot",
        (".G", ".X", ".Y"),
        re.compile(
            r"(?<![A-Za-z0-9_-])(?P<s>[MNO][A-Za-z0-9_-]{23,27}\.[GXY][A-Za-z0-9_-]{5}\.[A-Za-z0-9_-]{27,45})"
        ),
        needs=Needs.ONE_WORD,
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
        "terraform",
        (".atlasv1.",),
        re.compile(r"(?P<s>\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70})"),
        needs=Needs.ONE_WORD,
    ),
    _marked("airtable", ("pat", r"[A-Za-z0-9]{14}\.[a-f0-9]{64}")),
    _marked("atlassian", ("ATATT3x", r"[A-Za-z0-9_=-]{40,300}"), ("ATBB", r"[A-Za-z0-9]{28,40}" + _END)),
    _marked("azure-key", *((f"{digit}Q~", r"[A-Za-z0-9_~.-]{31,34}") for digit in "78"), border=""),
    _marked("circleci", ("CCIPAT_", r"[A-Za-z0-9_]{40,100}")),
    _marked("clojars", ("CLOJARS_", r"[a-z0-9]{60}")),
    _marked("contentful", ("CFPAT-", r"[A-Za-z0-9_-]{40,60}")),
    _marked("crates", ("cio", r"[A-Za-z0-9]{32}" + _END), mixed=True),
    _marked("dynatrace", ("dt0c01.", r"[A-Z0-9]{24}\.[A-Z0-9]{64}")),
    _marked("fly", ("fm2_", r"[A-Za-z0-9+/=_-]{40,800}"), ("fo1_", r"[A-Za-z0-9_-]{40,60}")),
    _marked("langsmith", *((f"lsv2_{kind}_", r"[a-f0-9]{32}_[a-f0-9]{10}") for kind in ("pt", "sk"))),
    _marked("mapbox", ("sk.eyJ", r"[A-Za-z0-9_-]{40,200}\.[A-Za-z0-9_-]{16,40}")),
    _marked("netlify", ("nfp_", r"[A-Za-z0-9]{36,40}" + _END)),
    _marked("nvidia", ("nvapi-", r"[A-Za-z0-9_-]{60,80}")),
    _marked("onepassword", ("ops_eyJ", r"[A-Za-z0-9+/=_-]{200,2000}")),
    _marked("planetscale", *((f"pscale_{kind}_", r"[A-Za-z0-9_.-]{32,64}") for kind in ("tkn", "pw"))),
    _marked("pulumi", ("pul-", r"[a-f0-9]{40}" + _END)),
    _marked("rubygems", ("rubygems_", r"[a-f0-9]{48}")),
    _marked("tailscale", ("tskey-", r"[a-z]{2,10}-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{16,40}")),
    _marked("xai", ("xai-", r"[A-Za-z0-9]{60,100}")),
)
