"""Secrets that are recognised by what stands before them: `password=…`, `Authorization: Bearer …`,
`postgres://user:…@host`. The value itself must look like a secret and not like a word, a reference to a
variable, a hash or a placeholder.
"""

from __future__ import annotations

import re
from base64 import b64decode

from spw_core.redact_rules import Needs, Rule, entropy, is_mixed

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


def is_value(value: str) -> bool:
    """Not a placeholder, reference, type, word or path."""
    return not (_PLACEHOLDER.search(value) or _REFERENCE.search(value) or _DIGEST.search(value))


def _is_password(named: str, value: str) -> bool:
    """Anything that a person could have chosen: letters with digits or symbols among them."""
    if len(value) < _SHORTEST_PASSWORD or _ABOUT.search(named) or not is_value(value):
        return False
    letters = sum(char.isalpha() for char in value)
    digits = sum(char.isdigit() for char in value)
    symbols = sum(char in _SYMBOLS for char in value)
    if letters and digits:
        # `v2`, `bcrypt10`, `next_password_2` are words; what a person mixes is not one dotted name.
        return symbols > 0 or digits > 1 or not _DOTTED_WORDS.fullmatch(value) or len(value) <= 12
    return symbols > 0 and letters + digits > 2


def _is_given(_: str, value: str) -> bool:
    """Anything where only a password can stand: letters are enough."""
    return not value.startswith("-") and value.lower() not in _COMMON and is_value(value)


_COMMON = frozenset("password passwd passphrase pass pwd secret senha token key string".split())


def _is_stated(_: str, value: str) -> bool:
    """What a sentence says a password is: "the password is required" says nothing."""
    return _is_password("", value.rstrip(".!?)"))


def _is_pair(_: str, value: str) -> bool:
    """Base64 of `user:password`."""
    try:
        decoded = b64decode(value + "=" * (-len(value) % 4), validate=True).decode("ascii")
    except ValueError:
        return False
    return ":" in decoded and decoded.isprintable()


def _is_credential(named: str, value: str) -> bool:
    return _is_pair("", value) if "basic" in named.lower() else is_value(value) and is_mixed("", value)


def _is_cookie(named: str, value: str) -> bool:
    """A session in the header of a cookie, or any other value there that is long and random."""
    header = _COOKIE.search(named)
    if header is None or not is_value(value):
        return False
    return len(value) >= 8 and (
        _SESSION.search(header[1]) is not None or (len(value) >= 20 and is_mixed("", value))
    )


_COOKIE = re.compile(r"(?i)(?:cookie[\"']?[ \t]{0,3}[:=]|--cookie[ =]|\s-b[ =])[^\n]*?([\w.-]{1,64})=$")
_SESSION = re.compile(r"(?i)sess|sid$|^sid|auth|token|jwt|csrf|xsrf|remember|login")


def _is_option(named: str, value: str) -> bool:
    if is_mixed("", value) and is_value(value) and not _UUID.fullmatch(value):
        return True
    return _is_password(named, value)


def _is_random_key(_: str, value: str) -> bool:
    """Of a framework's `SECRET_KEY`, which has all signs of a keyboard in it, brackets too."""
    return value[0] not in "${<%" and any(map(str.isdigit, value)) and entropy(value) >= 4


def _is_key(named: str, value: str) -> bool:
    """Random looking and long. Hashes and UUIDs count only behind names that leave no doubt."""
    name = _KEY_NAME.search(named)
    value = value.rstrip(".,;")
    if name is None or len(value) < _SHORTEST_KEY or _ABOUT.search(named) or not is_value(value):
        return False
    if not is_mixed("", value):
        return False
    if _UUID.fullmatch(value) or _HEX.fullmatch(value):
        return _PLAIN_KEY.search(name[0]) is not None
    digits = sum(char.isdigit() for char in value)
    upper = any(char.isupper() for char in value)
    # Words joined by dots, dashes or underscores with a number among them are names.
    return digits >= 2 and (upper or digits >= 4 or not _DOTTED_WORDS.fullmatch(value))


_PLAIN_KEY = re.compile(
    r"(?i)api[-_]?key|secret|passw|auth[-_]?token|access[-_]?token|bearer"
    r"|(?:account|subscription|storage|private|hmac|jwt)[-_]?key"
)

_KEY_KINDS = (
    *("api", "access", "secret", "private", "auth", "encryption", "signing", "account", "client"),
    *("master", "session", "deploy", "subscription", "storage", "shared", "hmac", "jwt", "webhook"),
)
_LONGEST_KEY_NAME = 64
_KEY_NAME = re.compile(
    rf"(?i)(?:(?:{'|'.join(_KEY_KINDS)})[-_]?key|(?:(?:access|auth)[-_]?)?token|secret|credential|(?<![a-z])_?auth(?![a-z]))"
    r"[\w-]{0,24}(?:\\{0,3}[\"'])?[ \t]{0,4}(?::=|=>|[:=])[ \t]{0,4}(?:[bru]?\\{0,3}[\"'`])?$"
)

# Quotes may be escaped: much of what agents write is JSON in JSON.
_ASSIGNED = r"[\w-]{0,24}(?:\\{0,3}[\"'])?[ \t]{0,4}(?::=|=>|[:=])[ \t]{0,4}(?:[bru]?\\{0,3}[\"'`])?"

# Commands, the option that a password follows, and what may stand between the two.
_COMMANDS = (
    (r"mysql[a-z]*|mariadb[a-z-]*", "-p"),  # with a blank behind it, a name of a database follows
    (r"7z[a-z]?|unrar|rar", "-p"),
    (r"sshpass|mongo[a-z]*|htpasswd", "-p ?"),
    (r"(?:docker|podman|nerdctl|helm registry|oras|skopeo|oc|az|az acr|cf) login", "-p[ =]?"),
    (r"zip|unzip|sqlcmd", "-P ?"),
    (r"redis-cli", "-a ?"),
    (r"ldap[a-z]+", "-w ?"),
    (r"keytool|jarsigner", "-[a-z]{3,8}pass "),
    (r"ssh-keygen", "-[NP] ?"),
    (r"openssl", "-pass(?:in|out)? pass:"),
    (r"smbclient", "-U ?[^\\s%]{1,64}%"),
    (r"curl|wget|http", r"(?:-u|--user|--proxy-user)[ =]?[\"']?[^\s:\"']{1,64}:"),
)
_COMMAND = "|".join(rf"(?:{name})\b[^\n|;&]{{0,200}}?[ \t]{option}" for name, option in _COMMANDS)
_READS_STDIN = (
    r"\|[ \t]{0,4}(?:sudo\b[^\n|]{0,80}?[ \t](?:-\w*S|--stdin)"
    r"|[^\n|]{0,120}?--(?:password-stdin|passphrase-fd|with-token|stdin)"
    r"|(?:sudo[ \t]{1,4})?chpasswd|su[ \t]{1,4}-)"
)

NAMED = (
    Rule(
        "url-password",
        ("://",),
        re.compile(r"://[^\s:/@\"'<>]{0,128}:(?P<s>[^\s/\"'<>]{3,256})@(?=[A-Za-z0-9\[])"),
        accept=lambda _, value: (
            is_value(value) and value.lower() not in ("password", "pass", "pwd", "secret")
        ),
    ),
    Rule(
        "url-password",
        ("://",),
        re.compile(r"://(?P<s>[A-Za-z0-9_.~%-]{20,256})@(?=[A-Za-z0-9\[])"),
        needs=Needs.ONE_WORD,
        accept=lambda _, value: is_mixed("", value) and is_value(value),
    ),
    Rule(
        "authorization",
        ("authorization", "bearer "),
        re.compile(
            r"(?:authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
            r"(?:(?:basic|bearer|token|apikey|digest)[ \t]{1,3}|(?!aws4-))|(?<![a-z])bearer[ \t]{1,3})"
            r"(?P<s>[A-Za-z0-9_.~+/=-]{12,2000})"
        ),
        folded=True,
        accept=_is_credential,
    ),
    Rule(
        "authorization",
        ("x-api-key", "x-auth-token"),
        re.compile(r"x-(?:api-key|auth-token)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<s>[a-z0-9_.~+/=-]{12,2000})"),
        folded=True,
        accept=lambda _, value: is_value(value) and is_mixed("", value),
    ),
    Rule(
        "authorization",
        ("auth ", "auth:", "auth=", "auth'", 'auth"'),
        re.compile(r"(?<![a-z])_?auth[\"']?[ \t]{0,3}[:=][ \t]{0,3}[\"']?(?P<s>[a-z0-9+/]{8,400}={0,2})"),
        folded=True,
        accept=_is_pair,
    ),
    Rule(
        "aws-secret-key",
        ("secret", "aws_session"),
        re.compile(
            r"(?:aws_?secret[\w-]{0,20}|secret_?access_?key|aws_session_token)[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
            r"(?P<s>[A-Za-z0-9+/=]{40,1200})"
        ),
        folded=True,
        accept=lambda _, value: any(char.isdigit() for char in value),
    ),
    Rule(
        "azure-key",
        ("accountkey=", "sharedaccesskey=", "sig="),
        re.compile(
            r"(?:accountkey=|sharedaccesskey=|[?&]sig=)(?P<s>[A-Za-z0-9+/%]{40,200}={0,2})(?![A-Za-z0-9+/])"
        ),
        folded=True,
        needs=Needs.VALUE,
    ),
    Rule(
        "signed-url",
        ("x-amz-signature=", "x-amz-security-token=", "x-goog-signature="),
        re.compile(r"x-(?:amz|goog)-(?:signature|security-token)=(?P<s>[a-z0-9+/=%._-]{32,2000})"),
        folded=True,
        needs=Needs.VALUE,
    ),
    Rule(
        "cookie",
        ("cookie", " -b "),
        re.compile(r"=(?P<s>[^\s;,\"'\\<>{}()$]{8,4000})"),
        folded=True,
        before=512,
        needs=Needs.VALUE,
        accept=_is_cookie,
    ),
    Rule(
        "password-hash",
        (":$", ":{s"),
        re.compile(
            r"(?<![\w:$])[\w.@-]{1,64}:(?P<s>\$(?:apr1|2[aby]|[156y]|argon2[a-z]{1,2})\$[a-z0-9./$=,+]{16,200}"
            r"|\{s?sha\}[a-z0-9+/]{20,60}={0,2})"
        ),
        folded=True,
        needs=Needs.VALUE,
    ),
    Rule(
        "password",
        ("passw", "passphrase", "pwd", "senha", "_pass"),
        re.compile(
            rf"(?:passw(?:or)?d|passphrase|(?<![a-z])pwd|(?<![a-z])senha|_pass(?![a-z])){_ASSIGNED}"
            r"(?P<s>(?<=[\"'`])[^\"'`\n]{6,200}(?=[\"'`])|[^\s\"'`,;]{6,200})"
        ),
        folded=True,
        needs=Needs.VALUE,
        accept=_is_password,
    ),
    Rule(
        "password",
        ("senha", "password", "passphrase"),
        re.compile(
            r"(?<![a-z])(?:password|passphrase|senha)"
            r"(?:[ \t]{1,3}(?:d[aeo]s?|for|of|to|on)(?:[ \t]{1,3}[\w.@-]{1,40}){1,3})?"
            r"(?:[ \t]{1,3}(?:is|was|é|\\{1,3}u00e9|eh|era|foi)(?:[ \t]{0,2}:)?[ \t]{1,3}"
            r"|[ \t]{0,2}:[ \t]{1,3})"
            r"[\"'`]?(?P<s>[^\s\"'`,;]{6,200})"
        ),
        folded=True,
        accept=_is_stated,
    ),
    Rule(
        "password",
        ("password", "_pwd=", "auth", "sshpass="),
        re.compile(r"(?:pgpassword|mysql_pwd|rediscli_auth|sshpass)=[\"']?(?P<s>[^\s\"'`;]{3,200})"),
        folded=True,
        accept=_is_given,
    ),
    Rule(
        "password",
        (
            *("mysql", "mariadb", "7z", "rar ", "sshpass", "mongo", "htpasswd", " login", "zip ", "sqlcmd"),
            *(
                "redis-cli",
                "ldap",
                "keytool",
                "jarsigner",
                "ssh-keygen",
                "openssl",
                "smbclient",
                "curl",
                "wget",
            ),
        ),
        re.compile(rf"(?<![\w-])(?:{_COMMAND})[\"']?(?P<s>[^\s\"'`]{{3,128}})"),
        needs=Needs.OPTION,
        accept=_is_given,
    ),
    Rule(
        "password",
        ("echo", "printf"),
        re.compile(
            r"(?:echo|printf)(?:[ \t]{1,4}-[a-zA-Z]{1,3})?(?:[ \t]{1,4}[\"']%s(?:\\{1,2}n)?[\"'])?"
            rf"[ \t]{{1,4}}\\{{0,3}}(?P<s>'[^'\n]{{3,128}}'|\"[^\"\n]{{3,128}}\"|[^\s\"'|\\]{{3,128}})"
            rf"[ \t]{{0,4}}{_READS_STDIN}"
        ),
        accept=lambda _, value: _is_given("", value.strip("\"'\\")),
    ),
    Rule(
        "password",
        ("sudo",),
        re.compile(
            r"sudo\b[^\n|]{0,80}?[ \t]-\w*S\b[^\n|]{0,120}?<<<[ \t]{0,4}[\"']?(?P<s>[^\s\"'`]{3,128})"
        ),
        needs=Needs.OPTION,
        accept=_is_given,
    ),
    Rule(
        "password",
        ("-password", "-passphrase", "-token", "-secret", "-api-key", "-apikey", "-access-key"),
        re.compile(
            r"[ \t\"']-{1,2}(?:[a-z][a-z-]{0,30}-)?(?:password|passphrase|token|secret|api-?key|access-key)"
            r"(?:\\{0,3}[\"'],?)?[ =\t]{1,3}\\{0,3}[\"']?(?P<s>[^\s\"'`,;]{6,512})"
        ),
        folded=True,
        needs=Needs.OPTION,
        accept=_is_option,
    ),
    Rule(
        "password",
        ("password>", "passwd>", "secret>", "token>", "api-key>", "apikey>"),
        re.compile(r"<[\w.:-]{0,32}(?:passw(?:or)?d|secret|token|api-?key)>(?P<s>[^<>\s]{6,256})</"),
        folded=True,
        needs=Needs.VALUE,
        accept=_is_password,
    ),
    Rule(
        "netrc",
        ("login",),
        re.compile(
            r"(?<!\w)(?:machine\s{1,4}\S{1,128}|default)\s{1,4}login\s{1,4}\S{1,128}\s{1,4}password\s{1,4}"
            r"(?P<s>[^\s\"'\\]{3,256})"
        ),
    ),
    Rule(
        "key",
        ("secret_key", "secretkey"),
        re.compile(
            r"secret_?key(?:_base)?[\"']?[ \t]{0,4}[:=][ \t]{0,4}[bru]?[\"'](?P<s>[^\s\"'\n]{32,128})[\"']"
        ),
        folded=True,
        needs=Needs.VALUE,
        accept=_is_random_key,
    ),
    Rule(
        "key",
        ("key", "token", "secret", "credential", "auth"),
        # Found by its value, for long ones are rare. One may begin inside of what looks like another.
        re.compile(r"[:=>](?=[ \t]{0,4}(?:[bru]?\\{0,3}[\"'`])?(?P<s>[a-z0-9+/=_.~:$-]{16,256}+)(?![(\[]))"),
        folded=True,
        before=_LONGEST_KEY_NAME,
        needs=Needs.VALUE,
        accept=_is_key,
    ),
)
