"""Secrets never pass, look-alikes do, lines are kept, and time grows with the length alone.

No secret stands here in one piece: they are put together, and none of them was ever valid.
"""

from __future__ import annotations

import hashlib
import json
import random
import string
import uuid
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.redact import LONGEST_NEEDED, RULES, Redacted, redact, redact_start
from spw_core.redact_words import SetOff

CHANCE = random.Random("redact")
HEX = "0123456789abcdef"
LETTERS = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits


def some(alphabet: str, count: int) -> str:
    """Random characters, two digits and both cases among them where the alphabet has them."""
    while True:
        text = "".join(CHANCE.choices(alphabet, k=count))
        if sum(char.isdigit() for char in text) > 1 and (alphabet.isdigit() or not text.isdigit()):
            return text


def pem(kind: str) -> str:
    body = "\n".join(some(LETTERS + "+/", 64) for _ in range(6))
    return "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----"


def jwt() -> str:
    parts = [
        b64encode(text.encode()).decode().rstrip("=") for text in ('{"alg":"HS256"}', '{"sub":"12345678"}')
    ]
    return ".".join([*parts, some(LETTERS, 43)])


# (rule, what must be gone, the text around it with {} in its place)
TRUE_SECRETS: list[tuple[str, str, str]] = [
    (
        "private-key",
        some(LETTERS + "+/", 64),
        "-----BEGIN RSA " + "PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
    ),
    (
        "private-key",
        some(LETTERS + "+/", 70),
        "key = '-----BEGIN OPENSSH " + "PRIVATE KEY-----\\n{}\\n-----END'",
    ),
    ("private-key", some(LETTERS, 64), '{{"private_key": "-----BEGIN ' + 'PRIVATE KEY-----\\n{}\\n"}}'),
    ("private-key", some(LETTERS, 64), "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----\n\n{}\n(the rest was cut"),
    ("age-key", "AGE-SECRET-" + "KEY-1" + some(UPPER, 58), "# created\n{}"),
    ("anthropic", "sk-" + "ant-api03-" + some(LETTERS + "-_", 93), "ANTHROPIC_API_KEY={}"),
    ("anthropic", "sk-" + "ant-admin01-" + some(LETTERS, 80), "client = Anthropic('{}')"),
    ("openai", "sk-" + some(LETTERS, 48), "export OPENAI_API_KEY={}"),
    ("openai", "sk-" + "proj-" + some(LETTERS + "-_", 120), 'openai.api_key = "{}"'),
    ("openai", "sk-" + "or-v1-" + some(HEX, 64), "curl -H 'X-Key: {}'"),
    ("aws-access-key", "AK" + "IA" + some("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16), "aws_access_key_id = {}"),
    ("aws-access-key", "AS" + "IA" + some("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16), "the key {} was used"),
    ("aws-secret-key", some(LETTERS + "+/", 40), "aws_secret_access_key = {}"),
    ("aws-secret-key", some(LETTERS + "+/", 40), '"SecretAccessKey": "{}"'),
    ("aws-secret-key", some(LETTERS + "+/", 300), "export AWS_SESSION_TOKEN={}"),
    ("github", "gh" + "p_" + some(LETTERS, 36), "git clone https://{}@github.com/acme/shop"),
    ("github", "gh" + "o_" + some(LETTERS, 36), "token {}"),
    ("github", "gh" + "s_" + some(LETTERS, 36), "GITHUB_TOKEN: {}"),
    ("github", "github_" + "pat_" + some(LETTERS, 22) + "_" + some(LETTERS, 59), "{}"),
    ("gitlab", "gl" + "pat-" + some(LETTERS + "-_", 20), "PRIVATE-TOKEN: {}"),
    ("gitlab", "gl" + "dt-" + some(LETTERS, 20), "deploy with {}."),
    (
        "slack",
        "xo" + "xb-" + some("0123456789", 12) + "-" + some("0123456789", 12) + "-" + some(LETTERS, 24),
        "{}",
    ),
    ("slack", "xo" + "xp-" + some("0123456789", 12) + "-" + some(HEX, 32), "SLACK={}"),
    (
        "slack-webhook",
        "T0" + some(UPPER, 8) + "/B0" + some(UPPER, 8) + "/" + some(LETTERS, 24),
        "https://hooks.slack.com/" + "services/{}",
    ),
    ("stripe", "sk_" + "live_" + some(LETTERS, 24), "Stripe.api_key = '{}'"),
    ("stripe", "rk_" + "live_" + some(LETTERS, 24), "{}"),
    ("stripe", "wh" + "sec_" + some(LETTERS, 32), "STRIPE_WEBHOOK={}"),
    ("google-api-key", "AI" + "za" + some(LETTERS + "-_", 35), "maps?key={}"),
    ("google-oauth", "GOC" + "SPX-" + some(LETTERS + "-_", 28), '"client_secret":"{}"'),
    ("google-oauth", "ya" + "29." + some(LETTERS + "-_", 120), "access: {}"),
    ("jwt", jwt(), "Cookie: session={}; path=/"),
    ("jwt", jwt(), "{}"),
    ("npm", "npm" + "_" + some(LETTERS, 36), "//registry.npmjs.org/:_authToken={}"),
    ("pypi", "py" + "pi-AgE" + some(LETTERS + "-_", 120), "TWINE_PASSWORD={}"),
    ("sendgrid", "S" + "G." + some(LETTERS, 22) + "." + some(LETTERS, 43), "{}"),
    ("mailgun", "ke" + "y-" + some(HEX, 32), "mailgun {}"),
    ("mailchimp", some(HEX, 32) + "-us" + "12", "chimp: {}"),
    ("twilio", "S" + "K" + some(HEX, 32), "twilio sid {}"),
    ("telegram", some("123456789", 10) + ":A" + "A" + some(LETTERS + "-_", 33), "bot {}"),
    ("discord", some(LETTERS + "-_", 68), "https://discord.com/api/" + "webhooks/123456789012345678/{}"),
    ("hugging-face", "h" + "f_" + some(LETTERS, 34), "login --token {}"),
    ("digitalocean", "dop" + "_v1_" + some(HEX, 64), "{}"),
    ("databricks", "da" + "pi" + some(HEX, 32), "DATABRICKS={}"),
    ("shopify", "shp" + "at_" + some(HEX, 32), "X-Shopify-Access: {}"),
    ("square", "sq0" + "atp-" + some(LETTERS, 22), "{}"),
    ("linear", "lin_" + "api_" + some(LETTERS, 40), "{}"),
    ("vault", "hv" + "s." + some(LETTERS, 90), "VAULT={}"),
    ("azure-key", some(LETTERS + "+/", 86) + "==", "AccountName=acme;Account" + "Key={};EndpointSuffix=core"),
    ("url-password", "s3cr3t-" + some(LETTERS, 8), "postgres://shop:{}@db.internal:5432/shop"),
    ("url-password", some(LETTERS, 16), "redis://:{}@cache:6379/0"),
    ("url-password", some(LETTERS, 12), "amqp://worker:{}@[::1]/jobs"),
    ("authorization", some(LETTERS, 40), "curl -H 'Authorization: Bearer {}' https://api"),
    ("authorization", b64encode(b"admin:" + some(LETTERS, 12).encode()).decode(), "Authorization: Basic {}"),
    ("password", "hunter2" + some(LETTERS, 3), "DB_PASSWORD={}"),
    ("password", "Tr0ub4dor&3", 'password: "{}"'),
    ("password", "correct horse 99 battery!", "passphrase = '{}'"),
    ("password", some(LETTERS, 14), "mysql -u root --password={} shop"),
    ("netrc", some(LETTERS, 12), "machine api.acme.dev login deploy " + "password {}"),
    ("key", some(LETTERS, 32), "API_KEY={}"),
    ("key", some(HEX, 64), "SESSION_SECRET='{}'"),
    ("key", some(LETTERS + "+/", 44), '"client_secret": "{}"'),
    ("key", str(uuid.UUID(int=CHANCE.getrandbits(128))), "HEROKU_API_KEY={}"),
    ("key", some(HEX, 40), "auth_token: {}"),
]


def sha(number: int, algorithm: str = "sha1") -> str:
    return hashlib.new(algorithm, str(number).encode()).hexdigest()


def same_uuid(number: int) -> str:
    return str(uuid.UUID(int=random.Random(number).getrandbits(128)))


def base64_of(number: int, size: int) -> str:
    return b64encode(random.Random(number).randbytes(size)).decode()


LOOK_ALIKES = [
    # Names of commits, contents and things.
    *(f"commit {sha(n)}" for n in range(10)),
    *(f"fixed in {sha(n)[:7]}, see also {sha(n + 50)[:12]}" for n in range(8)),
    *(f"{sha(n)}\trefs/heads/feature-{n}" for n in range(5)),
    *(f"index {sha(n)[:7]}..{sha(n + 1)[:7]} 100644" for n in range(5)),
    *(f"sha256:{sha(n, 'sha256')}" for n in range(8)),
    *(f"{sha(n, 'sha256')}  dist/app-{n}.whl" for n in range(6)),
    *(f"{sha(n, 'md5')}  backup-{n}.tar.gz" for n in range(6)),
    *(f'ETag: "{sha(n, "md5")}"' for n in range(4)),
    *(f"FROM python@sha256:{sha(n, 'sha256')}" for n in range(4)),
    *(f'"integrity": "sha512-{base64_of(n, 64)}"' for n in range(8)),
    *(f"    --hash=sha256:{sha(n, 'sha256')}" for n in range(6)),
    *(f"id: {same_uuid(n)}" for n in range(8)),
    *(f'"sessionId":"{same_uuid(n)}","uuid":"{same_uuid(n + 9)}"' for n in range(5)),
    *(f"request_id={same_uuid(n)} trace={sha(n, 'md5')}" for n in range(5)),
    *(f"msg_{sha(n)[:24]} toolu_{sha(n)[:24]}" for n in range(5)),
    *(f"data:image/png;base64,{base64_of(n, 90)}" for n in range(6)),
    *(f"cache_key = {sha(n)}" for n in range(4)),
    *(f"token_sha256: {sha(n, 'sha256')}" for n in range(3)),
    *(f"password_hash = $2b$12${base64_of(n, 39)}" for n in range(3)),
    *(f"api_key_id: {same_uuid(n)}" for n in range(3)),
    *(f"idempotency token {same_uuid(n)}" for n in range(3)),
    *(f"page_token={same_uuid(n)}" for n in range(3)),
    *(f"SSH fingerprint SHA256:{base64_of(n, 32).rstrip('=')}" for n in range(3)),
    *(f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{base64_of(n, 30)} dev@acme" for n in range(3)),
    *("-----BEGIN CERTIFICATE-----\n" + base64_of(n, 48) + "\n-----END CERTIFICATE-----" for n in range(2)),
    *("-----BEGIN PUBLIC KEY-----\n" + base64_of(n, 48) + "\n-----END PUBLIC KEY-----" for n in range(2)),
    # References, types, templates and placeholders.
    "password = os.environ['DB_PASSWORD']",
    "password: ${DB_PASSWORD}",
    "password: {{ vault_db_password }}",
    "PASSWORD=$(pass show acme/db)",
    "password = getpass.getpass()",
    "password: string;",
    "password: str | None = None",
    'password: "********"',
    'password = "changeme"',
    'placeholder="Enter your password"',
    "type: 'password'",
    'autocomplete="current-password"',
    "passwordConfirmation: passwordSchema.required()",
    "if password == confirm_password:",
    "passwd: files systemd",
    "/etc/passwd:/etc/passwd:ro",
    "The password must have at least 12 characters.",
    "password_reset_token_expires_at: timestamp",
    "senha: obrigatória",
    "api_key = settings.api_key",
    "api_key=<YOUR_API_KEY>",
    "API_KEY=your-api-key-here",
    "apiKey: process.env.OPENAI_API_KEY",
    "apiKey: config.get('openai.apiKey')",
    "OPENAI_API_KEY=sk-...",
    "export API_KEY=xxxxxxxxxxxxxxxxxxxxxxxx",
    "token = request.headers.get('X-Token')",
    "token: string",
    'csrf_token: "{{ csrf_token() }}"',
    "max_tokens: 4096",
    "tokens_used=128000, token_budget=200000",
    "tokenizer: cl100k_base_v2_2024",
    "secret: false",
    "secretName: acme-tls-certificate",
    "secret = Secret.from_name('prod-db')",
    "SECRET_KEY_BASE=${SECRET_KEY_BASE}",
    "client_secret: ENV.fetch('GITHUB_SECRET')",
    "access_key: AccessKeyProvider.default()",
    "private_key_path = ~/.ssh/id_ed25519",
    "signing_key: arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "Authorization: Bearer <token>",
    "Authorization: Bearer ${TOKEN}",
    "Authorization: Bearer YOUR_TOKEN_HERE_PLEASE",
    "the bearer of this document",
    "Authorization: Basic auth is not supported",
    "https://user:password@example.com/",
    "postgres://${USER}:${PASS}@localhost/db",
    "http://localhost:8080/@scope/pkg",
    "postgres://localhost:5432/shop_test",
    "git@github.com:acme/shop.git",
    "ssh://git@github.com:22/acme/shop.git",
    # Words that begin as tokens do.
    '<div class="sk-fading-circle sk-circle-bounce">',
    "sk-learn-contrib and sk-video are packages",
    "risk-assessment-of-the-quarterly-report-for-2026",
    "task-12-implement-the-checkout-flow-retry-logic",
    "npm_config_registry npm_lifecycle_event npm_package_version",
    "npm_package_dependencies_react_dom_version",
    "pypi-publish and pypi-server",
    "ghp_ is the prefix of personal tokens",
    "AKIA is the prefix of AWS keys",
    "xoxb- and xoxp- are Slack prefixes",
    "hf_transfer hf_hub_download hf_home",
    "key-value store, key-frame-animation",
    "dapi-server glpat-example SG.value",
    "secret_manager_secret_version_latest",
    "AIza-prefixed keys are Google's",
    "eyJ is how every JWT starts",
    "SKU1234567890 SKIPPED",
    "MIGRATION_20260110_ADD_ORDERS_TABLE_INDEX",
    "com.acme.shop.checkout.PaymentTokenServiceImpl2",
    "tests/test_auth_token_refresh_2026.py::test_refresh_token_rotation_v2",
    "feature/auth-token-rotation-2026-q1",
    "auth: required",
    "auth=AuthMiddleware",
    "credentials: 'include'",
    "credential_process = /opt/bin/aws-login",
    "Key: release-gate-decider",
    "2026-02-10T22:14:21.689Z 2026-02-10T22:14:21.623Z",
    "0x1f8b0800000000000003cb48cdc9c95728cf2fca4901",
    "rgba(12, 34, 56, 0.78) #a1b2c3d4",
    "v1.2.3-rc.4+build.20260210.a1b2c3d",
    "192.168.0.1:5432 fe80::1ff:fe23:4567:890a",
    "DE89370400440532013000",
    "978-3-16-148410-0",
    "+55 11 91234-5678",
]


def secret_id(case: tuple[str, str, str]) -> str:
    return case[0]


def test_the_lists_are_long_enough() -> None:
    assert len(TRUE_SECRETS) >= 60
    assert len({rule for rule, _, _ in TRUE_SECRETS}) >= 20
    assert len(set(LOOK_ALIKES)) >= 200


@pytest.mark.parametrize("case", TRUE_SECRETS, ids=secret_id)
def test_a_secret_is_gone_and_its_rule_named(case: tuple[str, str, str]) -> None:
    rule, secret, around = case
    for before, after in (("", ""), ("x = 1\n", "\ny = 2"), ("see: ", " and so on"), ('{"a": "', '"}')):
        text = before + around.format(secret) + after
        redacted = redact(text)
        assert secret not in redacted.text
        assert not any(secret[at : at + 12] in redacted.text for at in range(len(secret) - 11))
        assert redacted.rules
        assert all(f"[redacted:{name}]" in redacted.text for name in redacted.rules)
        assert redacted.text.count("\n") == text.count("\n")
        assert redacted.text.startswith(before) and redacted.text.endswith(after)
        if not before:
            assert rule in redacted.rules


def test_look_alikes_stay() -> None:
    alarms = [text for text in LOOK_ALIKES if redact(text).text != text]
    assert len(alarms) <= 2, alarms


@given(st.text(max_size=400))
def test_any_text_keeps_its_lines(text: str) -> None:
    redacted = redact(text)
    assert redacted.text.count("\n") == text.count("\n")
    assert bool(redacted.rules) == (redacted.text != text)


@given(st.lists(st.sampled_from([around.format(secret) for _, secret, around in TRUE_SECRETS]), max_size=8))
def test_redacting_twice_changes_nothing(texts: list[str]) -> None:
    once = redact("\n".join(texts)).text
    assert redact(once).text == once


def test_several_secrets_in_one_text() -> None:
    text = "\n".join(around.format(secret) for _, secret, around in TRUE_SECRETS)
    redacted = redact(text)
    assert [secret for _, secret, _ in TRUE_SECRETS if secret in redacted.text] == []
    assert redacted.text.count("\n") == text.count("\n")


@pytest.mark.parametrize("case", TRUE_SECRETS, ids=secret_id)
@pytest.mark.parametrize("limit", [10, 40, 90])
def test_a_secret_at_the_cut_is_not_stored_in_half(case: tuple[str, str, str], limit: int) -> None:
    _, secret, around = case
    text = "word " * 5 + around.format(secret) + " word" * 2000
    start = redact_start(text, limit)
    assert len(start.text) <= limit
    assert not any(secret[at : at + 12] in start.text for at in range(len(secret) - 11))


def test_the_start_of_a_long_text_is_the_start() -> None:
    text = "no secret here " * 5000
    assert redact_start(text, 500).text == text[:500]
    assert redact_start("short", 500).text == "short"
    # Keys make the window shorter than the limit: the end of it, which may be half a key, goes too.
    keys = ("AK" + "IA" + "ABCDEFGH23456777 ") * 1000
    assert "AKIA" not in redact_start(keys, 500 + LONGEST_NEEDED).text


HARD = [
    *("a", "0", "A", "-", "=", " ", "\n", "eyJ", "sk-", "://a:", "token:", "key-", "curl ", "M.G.X"),
    *("password=", "pwd='", "passwd" + "-" * 50, "machine ", "authorization", "secret_key", "aws_secret_"),
    *("-----BEGIN " + "PRIVATE KEY-----", "-----BEGIN ", "x.atlasv1.", "discord.com/api/webhooks/1"),
    *(
        "ghp_a",
        "xoxb-",
        "dp.pt.",
        "SG.a.",
        "AKIA",
        "1//0",
        "bearer ",
        "sig=",
        "://:",
        "eyJaaaaaaaaa.",
        "machine a login a ",
        "default login ",
        "mysql ",
        "mysql -",
        "curl -u ",
        "echo '",
        "echo a|",
        "echo aaa | sudo ",
        "sudo -S <<< ",
        "printf '%s' \"",
        "cookie: a=",
        "cookie:aaaaaaaa=aaaaaaaa ",
        "senha de a ",
        "password is ",
        " --token ",
        " --aaaa-token=",
        "a:$1$aaaa",
        "-----BEGIN " + "PRIVATE KEY-----1\t",
        "-----BEGIN " + "PRIVATE KEY-----aaaa: ",
        "Private-Lines: 1\n",
        "LS0tLS1CRUdJTi",
        "://aaaaaaaaaaaaaaaaaaa1",
        ":'",
        "a\\",
    ),
]


@pytest.mark.parametrize("piece", HARD)
def test_no_pattern_backtracks_over_a_long_line(piece: str) -> None:
    """A megabyte of what a pattern begins with. One that backtracks would need hours."""
    text = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
    assert redact(text).text.count("\n") == text.count("\n")


@pytest.mark.parametrize("rest", ["A" * size for size in range(16, 21)] + ["A" * 16 + "=" * 3, "A" * 60])
def test_what_begins_like_an_encoded_key_and_is_none(rest: str) -> None:
    text = "tag: " + "LS0tLS1" + "CRUdJTi" + rest
    assert redact(text).text == text


def test_what_is_remembered_of_words_changes_no_answer() -> None:
    """The same texts, met with nothing remembered and with everything, one by one and joined."""
    texts = [around.format(secret) for _, secret, around in TRUE_SECRETS] + LOOK_ALIKES
    for _ in range(2):
        apart = [redact(text) for text in texts]
        assert apart == [_redact_anew(text) for text in texts]
    assert redact("\n".join(texts)).text == _redact_anew("\n".join(texts)).text


def test_more_words_than_are_remembered() -> None:
    secret = "gh" + "p_" + some(LETTERS, 36)
    for start in range(0, 150_000, 30_000):
        words = " ".join(f"word{number} secret{number}" for number in range(start, start + 30_000))
        assert redact(f"{words} {secret}").text == f"{words} [redacted:github]"


def _redact_anew(text: str) -> Redacted:
    """Redacted by a process that has read nothing yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spw_core.redact._set_off_by", SetOff(RULES))
        return redact(text)


def test_rules_are_well_formed() -> None:
    for rule in RULES:
        assert "s" in rule.pattern.groupindex
        assert rule.literals
        assert not rule.folded or all(literal == literal.lower() for literal in rule.literals)


CHOSEN = "Tr0ub4" + "dor-3kq"


@pytest.mark.parametrize(
    "around",
    [
        '{\\"password\\": \\"%s\\"}',
        '"cmd": "DB_PASS=%s make"',
        "DB_PASS='%s'",
        "<db:password>%s</db:password>",
        "<password>%s</password>",
        "docker login -u me -p %s registry.acme.dev",
        "mysql://root:p@%s@db:3306/shop",
    ],
)
def test_passwords_in_odd_clothes(around: str) -> None:
    redacted = redact(around % CHOSEN)
    assert CHOSEN not in redacted.text
    assert redacted.rules


def test_a_token_of_hex_digits_in_an_address() -> None:
    token = "a08772471a3414e4" + "15f153a71d5a7d0344d858d9"
    assert token not in redact(f"GET /repos?access_token={token}").text
    assert redact(f"page_token={token}").rules == ()  # may as well be a hash


@pytest.mark.parametrize(
    "text",
    [
        "auth_method=public_key_ed25519",
        "first_pass = run_the_checks_2",
        "<token>string</token>",
        "http://localhost:8080/@scope/package",
        "docker login -u me --password-stdin",
    ],
)
def test_more_look_alikes(text: str) -> None:
    assert redact(text).text == text


WORD = "abacatequatro"  # letters alone: where only a password can stand they are enough
BODY = some(LETTERS + "+/", 60)
HASH = some(LETTERS + "./", 22)
PRIVATE_KEY = "PRIVATE" + " KEY-----"


@pytest.mark.parametrize("blank", ["\n  ", "\r\n", "\xa0"])
@pytest.mark.parametrize("name", ["aws_secret_access_" + "key:", "x-api-" + "key:", "SecretAccess" + "Key ="])
def test_a_value_on_the_line_behind_its_name(name: str, blank: str) -> None:
    secret = some(LETTERS, 40)
    assert secret not in redact(name + blank + secret).text


@pytest.mark.parametrize(
    ("secret", "around"),
    [
        # What people write.
        (CHOSEN, "a senha é %s"),
        (CHOSEN, "A senha do banco é: %s."),
        (CHOSEN, "a senha: %s"),
        (CHOSEN, "senha do root: %s"),
        (CHOSEN, "the password for staging is %s, ok?"),
        (CHOSEN, "Password: %s"),
        # Commands.
        (WORD, "mysql -u root -p%s shop"),
        (WORD, "mysqldump -h db -p'%s' shop > dump.sql"),
        (WORD, "echo %s | sudo -S apt-get update"),
        (WORD, "echo '%s' | sudo -kS ls"),
        (WORD, "sudo -S ls <<< '%s'"),
        (WORD, "printf '%%s\\n' \"%s\" | docker login -u me --password-stdin"),
        (WORD, "echo root:%s | chpasswd"),
        (WORD, "curl -u admin:%s https://acme.dev"),
        (WORD, "curl -s --user 'admin:%s' https://acme.dev"),
        (WORD, "docker login -u me -p %s"),
        (WORD, "sshpass -p '%s' ssh me@acme"),
        (WORD, "PGPASSWORD=%s psql shop"),
        (WORD, "SSHPASS=%s sshpass -e ssh acme"),
        (WORD, "redis-cli -h cache -a %s ping"),
        (WORD, "unzip -P %s all.zip"),
        (WORD, "openssl rsa -in k.pem -passin pass:%s"),
        (WORD, "keytool -list -storepass %s"),
        (WORD, "htpasswd -b users ana -p %s"),
        (some(LETTERS, 24), "deploy --token %s"),
        (some(LETTERS, 24), '["deploy", "--api-key", "%s"]'),
        (CHOSEN, "wget --http-password=%s https://acme.dev"),
        # Headers and addresses.
        (some(LETTERS, 12), "Cookie: theme=dark; session=%s"),
        (some(LETTERS, 32), "Set-Cookie: connect.sid=%s; Path=/; HttpOnly"),
        (some(LETTERS, 32), "curl -b 'PHPSESSID=%s' https://acme.dev"),
        (some(LETTERS, 30), "Authorization: %s"),
        (some(HEX, 32), "git clone https://%s@git.acme.dev/shop.git"),
        (some(HEX, 64), "https://b.s3.amazonaws.com/x?X-Amz-Date=20260101&X-Amz-Signature=%s"),
        (some(LETTERS, 43) + "%%3D", "https://acme.blob.core.windows.net/c?sv=2024-01-01&se=2026&sig=%s"),
        (some(LETTERS + "+", 43) + "=", "Endpoint=sb://x/;SharedAccess" + "Key=%s"),
        # Files.
        ("$apr1$" + HASH[:8] + "$" + HASH, "ana:%s"),
        ("$2y$05$" + HASH * 2, "ana:%s"),
        ("$6$" + HASH[:8] + "$" + HASH * 3, "root:%s:19000:0:99999:7:::"),
        (some(LETTERS, 20), "default login ana password %s"),
        (WORD, "machine acme.dev\n  login ana\n  password %s"),
        (str(uuid.UUID(int=CHANCE.getrandbits(128))), "//npm.acme.dev/:_auth" + "Token=%s"),
        (b64encode(f"ana:{WORD}".encode()).decode(), '{"auths": {"acme.dev": {"auth": "%s"}}}'),
        (b64encode(b"ana:secret").decode(), "//npm.acme.dev/:_auth=%s"),
        ("LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVkt" + BODY, "    client-key-data: %s"),
        (some(LETTERS, 80), "aws_session_" + "token = %s"),
        (some(LETTERS + "+/", 300), '{"Credentials": {"SessionToken": "%s"}}'),
        ("django-insecure-" + "a)8#k$z!q@0w^e*(r&t-y_u=i+o9p1s2d3f4", "SECRET_KEY = '%s'"),
        (some(LETTERS + "+/", 43) + "=", "PrivateKey = %s"),
        # Keys, as listings, logs and JSON show them.
        (BODY, "-----BEGIN RSA " + PRIVATE_KEY + "\\\\n%s\\\\n-----END RSA " + PRIVATE_KEY),
        (BODY, "     1→-----BEGIN RSA " + PRIVATE_KEY + "\n     2→%s\n     3→-----END RSA " + PRIVATE_KEY),
        (BODY, "     1→-----BEGIN RSA " + PRIVATE_KEY + "\n     2→%s\n (the rest was cut"),
        (BODY, "+-----BEGIN " + PRIVATE_KEY + "\n+%s\n+(cut)"),
        (BODY, "-----BEGIN RSA " + PRIVATE_KEY + "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,0A\n\n%s"),
        (BODY, "PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 1\n%s\n"),
        # Of more issuers.
        ("xo" + "xd-" + some(LETTERS + "%%", 60), "d=%s"),
        ("ATATT" + "3xFfGF0" + some(LETTERS + "_-", 170), "JIRA=%s"),
        ("tskey-" + "auth-" + some(LETTERS, 12) + "-" + some(LETTERS, 32), "tailscale up %s"),
        ("nfp" + "_" + some(LETTERS, 36), "%s"),
        ("abc" + "8Q~" + some(LETTERS, 34), "azure %s"),
        ("fm2" + "_" + some(LETTERS + "+/", 200), "FlyV1 %s"),
        ("rubygems" + "_" + some(HEX, 48), "%s"),
    ],
)
def test_what_a_hostile_reader_would_look_for(secret: str, around: str) -> None:
    plain = secret.replace("%%", "%")
    for text in (around % plain, f"see\n{around % plain}\nand so on", json.dumps({"out": around % plain})):
        redacted = redact(text)
        assert plain not in redacted.text, redacted
        assert not any(plain[at : at + 12] in redacted.text for at in range(len(plain) - 11))
        assert redacted.rules
        assert redact(redacted.text).text == redacted.text


@pytest.mark.parametrize(
    "text",
    [
        "a senha é obrigatória",
        "the password is required.",
        "password is stored as sha256 in users",
        "senha: mínimo de caracteres",
        "mysql -p shop < dump.sql",
        "mysql -P 3306 -h db",
        'mysql -u root -p"$MYSQL_PASSWORD" shop',
        'curl -u "$USER:$PASS" https://acme.dev',
        "curl -u user:password https://acme.dev",
        "curl -sS -H 'Accept: application/json' https://acme.dev:8443/v1",
        "echo done | sudo tee /etc/motd",
        "echo $PASSWORD | sudo -S ls",
        "sudo -s",
        "docker login -u me -p $TOKEN",
        "docker run -p 8080:80 web",
        "unzip -p all.zip readme.md",
        "openssl rsa -passin env:PASS",
        "Cookie: theme=dark; lang=pt-BR; tz=America/Sao_Paulo",
        "private_key = Ed25519PrivateKey.from_private_bytes(seed)",
        "the cookie is set after the redirect: retries=30000000",
        "Set-Cookie: session=; Max-Age=0",
        "--max-tokens 4096 --token-count 100000",
        "--secret id=npmrc,src=.npmrc",
        "auth: required",
        "auth=AuthMiddleware",
        "Authorization: Basic authentication",
        "Authorization: AWS4-HMAC-SHA256",
        "https://registry.npmjs.org/@scope/package",
        "git+ssh://git@github.com/acme/shop.git",
        "root:x:0:0:root:/root:/bin/bash",
        "echo hello | su",
        "default login page: /entrar",
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tTUlJQm" + "A" * 40,
        "certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSURCVENDQWUyZ0F3SUJBZ0lJ",
        "7z x all.7z -oout",
        "ssh-keygen -N '' -f id_ed25519",
        "ldapsearch -x -W -b dc=acme",
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    assert redact(text).text == text


# -- what hides -------------------------------------------------------------------------------------

TOKEN = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5"
COLOURS = ["\\u001b[31m", "\\\\u001b[1;31m", "\\\\\\\\u001B[0m", "\\x1b[0m", "\\033[38;5;9m", "\\e[0m"]


def nested(text: str) -> list[str]:
    """A text as it is, as JSON, and as JSON in JSON."""
    once = json.dumps({"out": text})
    return [text, once, json.dumps({"log": once})]


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_that_are_spelled_out_hide_no_secret(colour: str) -> None:
    for at in (0, 4, 12, len(TOKEN)):
        for text in nested(f"token {TOKEN[:at]}{colour}{TOKEN[at:]}{colour} end\nnext"):
            redacted = redact(text)
            assert not any(TOKEN[n : n + 12] in redacted.text for n in range(len(TOKEN) - 11))
            assert "github" in redacted.rules
            assert redacted.text.count("\n") == text.count("\n")
            assert redact(redacted.text).text == redacted.text


def test_colours_that_are_spelled_out_stay_where_they_hide_nothing() -> None:
    text = "printf '\\033[31mred\\033[0m' # or \\u001b[1m"
    assert redact(text) == (text, ())


def test_a_real_colour_in_nested_json_hides_no_secret() -> None:
    for text in nested(f"{TOKEN[:9]}\x1b[31m{TOKEN[9:]}")[1:]:
        assert TOKEN[9:21] not in redact(text).text


BROKEN = [
    ("github", TOKEN),
    ("github", "github" + "_pat_" + some(LETTERS, 82)),
    ("aws-access-key", "AK" + "IA" + "ABCDEFGH2345Z777"),
    ("google-api-key", "AI" + "za" + some(LETTERS, 35)),
    ("npm", "npm" + "_" + some(LETTERS, 36)),
    ("hugging-face", "h" + "f_" + some(LETTERS, 34)),
    ("digitalocean", "dop" + "_v1_" + some(HEX, 64)),
    ("rubygems", "rubygems" + "_" + some(HEX, 48)),
]


@pytest.mark.parametrize(("rule", "secret"), BROKEN)
@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\n    "])
def test_a_token_that_a_terminal_broke_is_gone(rule: str, secret: str, breaks: str) -> None:
    for places in ((13,), (len(secret) - 2,), (12, 15)):
        text, end = "", 0
        for place in places:
            text, end = text + secret[end:place] + breaks, place
        for wrapped in nested(f"use {text}{secret[end:]}\nand so on"):
            redacted = redact(wrapped)
            assert redacted.rules == (rule,)
            assert redacted.text.count("\n") == wrapped.count("\n")
            assert secret[4:12] not in redacted.text and "and so on" in redacted.text


@pytest.mark.parametrize(
    "text",
    [
        f"{TOKEN[:20]}\nis how it begins",  # of another length
        "ghp_\n" + "of_thirty_six_letters_and_more_words",
        "hf_transfer\nhf_hub_download_2\nhf_home_3x",
        "AKIA\nABCDEFGHIJKLMNOP",
    ],
)
def test_lines_that_only_begin_like_a_token_stay(text: str) -> None:
    assert redact(text).text == text


@pytest.mark.parametrize(
    "around",
    [
        *("DB_PASSWORD=%s", "export PGPASSWORD=%s; psql", "MY_APP_TOKEN='%s'", 'ENV JWT_SECRET="%s"'),
        *(
            "PASSWORD=%s",
            "docker run -e REDIS_PASSWORD=%s redis",
            "GPG_PASSPHRASE=%s\nA=b",
            "set X_SECRET=%s&& go",
        ),
    ],
)
@pytest.mark.parametrize("secret", [WORD, "correct-horse-battery", "Hunterzwei", "supersecretlake"])
def test_a_password_of_letters_in_an_environment_is_gone(around: str, secret: str) -> None:
    for text in nested(around % secret):
        assert secret not in redact(text).text
        assert redact(text).rules == ("password",)


@pytest.mark.parametrize(
    "text",
    [
        *("PASSWORD=password", "TOKEN=your-token-here", "DB_PASSWORD=${VAR}", "DB_PASSWORD=$DB_PASSWORD"),
        *(
            "DB_PASSWORD=changeme",
            "DB_PASSWORD=secret",
            "DB_PASSWORD=my-secret-pw",
            "DB_PASSWORD=",
            "A_TOKEN=ab",
        ),
        *("DB_PASSWORD=DATABASE_PASSWORD", "DB_PASSWORD=getpass()", "DB_PASSWORD=settings.db.password"),
        *("DB_PASSWORD=vault:kv/shop", "API_TOKEN=<token>", "CSRF_TOKEN=enabled", "DB_PASSWORD=required"),
        *("AUTH_TOKEN=none", "APP_SECRET=replace-with-a-long-random-string", "DB_PASSWORD=/run/secrets/db"),
        *(
            "DB_PASSWORD=%DB_PASS%",
            "END_TOKEN=semicolon",
            "NEXT_TOKEN=undefined",
            "const NEXT_TOKEN=parser[0]",
        ),
        *(
            "TOKEN=lexer",
            "SECRET=handshake",
            "EOF_TOKEN=Token::EndOfFile",
            "DB_PASSWORD=Secret.from_env('X')",
        ),
    ],
)
def test_what_stands_for_a_password_in_an_environment_stays(text: str) -> None:
    assert redact(text).text == text
