"""Raw secret values by what they are: their form, or a name beside them that says so. Harmless look-alikes pass."""

from __future__ import annotations

import re

from jobs.secrets.names import name_says_secret, too_plain_to_mask

_PLACEHOLDER = re.compile(
    r"""(?ix) [$<{%\[*] .* | .* (\.\.\.|…|\*\*\*) .* | x{3,} .* | .*[$][{(A-Z_] .*
    | (empty|none|null|nil|true|false|test|dummy|fake|mock|example|sample|placeholder|change[-_]?me|todo|tbd|secret
       |password|passwd|token|key|pass|user|admin|root|guest|postgres|ollama|local|unused|anything|redacted|hidden|optional
       |not[-_ ]?(needed|used|set|required)|no[-_ ]?key|n/?a) ([-_ ]?(key|token|secret|password|value|here|\d{1,3}))*
    | (my|your|the|some|an?|insert|enter|put|paste|replace|add) [-_ ] .* | .*[-_](here|placeholder|example)
    | (os\.|environ|getenv|process\.env|env\.|secrets?\.|config\.|settings\.|args\.|self\.|userdata) .* | .*\(.*\)?""",
)
_LOOKUPS = re.compile(
    r"(?i)(?:.*_)?(?:primary|foreign|sort|partition|cache|group|dict|lookup|index|row|hash|image|text|label|column|json|"
    r"field|feature|monitor|metric|idempotency|public|shortcut|hot|access_mode|pad|eos|bos|unk|sep|cls|mask|stop|"
    r"image|start|end|special|tool|think|draft)_(key|token)s?(_.*)?"
)
_ASSIGNED = re.compile(
    r"""(?:key|token|passw(?:or)?d|passphrase|secret|pwd)[A-Z0-9_]{0,40}["']?\s{0,3}[=:]>?\s{0,3}"""
    r"""(?:["']([^"'\s]{8,200})["']|([^\s"'`;,)(\]}]{8,200}))""",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"[A-Za-z0-9_.-]{0,60}$")
_CODE_NAME = re.compile(
    r"(?i)[A-Z0-9_.-]*(?:api[_-]?key|secret[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key|account[_-]?key|"
    r"[_-]token|(?<![a-z0-9])token|password|passwd|passphrase|secret|(?<![a-z0-9])pwd)[A-Z0-9_]*"
)
_CREDENTIALS_IN_URL = re.compile(r"""[a-z0-9]://([^\s/:@"'<>`|\\]{0,100}):([^\s/@"'<>`|\\]{3,200})@([\w.\[\]-]+)""")
_TOKEN_IN_URL = re.compile(r"""[a-z0-9]://([A-Za-z0-9_-]{20,200})@[\w.-]+""")
_LOCAL = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|db|postgres|redis|mysql|mongo|rabbitmq)")
_PEM = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----(?:\s|\\n|\\r){1,4}[A-Za-z0-9+/=:, \s\\-]{40}")
_SHAPES = re.compile(
    r"""(?x)(?<![A-Za-z0-9_/+-])(?:
    SG\.[\w-]{22}\.[\w-]{43} | [sr]k_live_[A-Za-z0-9]{20,} | whsec_[A-Za-z0-9]{24,} | dckr_pat_[\w-]{20,}
    | nvapi-[\w-]{40,} | tvly-(?:dev-|prod-)?[A-Za-z0-9]{20,} | e2b_[0-9a-f]{40} | r8_[A-Za-z0-9]{36,}
    | pplx-[A-Za-z0-9]{40,} | csk-[a-z0-9]{40,} | AGE-SECRET-KEY-1[A-Z0-9]{50,} | dop_v1_[0-9a-f]{64}
    | lin_api_[A-Za-z0-9]{32,} | ntn_[A-Za-z0-9]{40,} | xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{40,} | wandb_v1_[A-Za-z0-9_]{40,}
    | \d{8,10}:AA[\w-]{33} | shpat_[a-f0-9]{32} | sbp_[a-f0-9]{40} | fc-[0-9a-f]{32} | figd_[\w-]{40,}
    | AccountKey=[A-Za-z0-9+/]{80,}={0,2} | SharedAccessKey=[A-Za-z0-9+/]{40,}={0,2}
    | https://hooks\.slack\.com/services/T[A-Z0-9]{7,}/B[A-Z0-9]{7,}/[A-Za-z0-9]{20,}
    | https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{15,}/[\w-]{50,}
    )"""
)
_SIGN_INS = (
    (
        "wandb",
        re.compile(r"""\bwandb\s{1,4}login\s{1,4}(?:--\w{1,20}(?:=\S{1,80})?\s{1,4}){0,4}["']?([0-9a-f]{40})\b"""),
    ),
    (
        "authorization",
        re.compile(
            r"""(?i)authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:bearer|token|basic)\s{1,3}([A-Za-z0-9._~+/=-]{12,200})"""
        ),
    ),
    ("curl", re.compile(r"""\bcurl\b[^\n|;]{0,120}?\s(?:-u|--user)[= ]?["']?[^\s:"'$]{1,80}:([^\s"'@]{4,100})""")),
    (
        "--",
        re.compile(r"""--(?:[a-z]{1,20}-){0,2}(?:api-key|token|password|secret|access-key)[= ]["']?([^\s"']{8,200})"""),
    ),
    ("sshpass", re.compile(r"""\bsshpass\s{1,3}-p\s{0,3}["']?([^\s"']{4,100})""")),
    ("login(", re.compile(r"""\blogin\(\s{0,20}(?:key=|token=)?["']([A-Za-z0-9_.-]{20,200})["']""")),
)
_OPTIONS = re.compile(r"(?i)--?(?:[a-z0-9-]*[-_])?(?:api[-_]key|key|token|password|passwd|secret|pat|credential)s?")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_HARMLESS_FORM = re.compile(
    r"(sha(1|256|384|512)[:-].*)|(data:.*)|([\w-]+\.(py|sh|json|ya?ml|txt|pem|key|env|md))", re.IGNORECASE
)
_LONG = 16
_PASSWORD = 8
_SHORTEST = 6
_MAX_TEXT = 4_000_000
_PIECE = 1 << 15
_OVERLAP = 600


def raw_by_name(name: str, value: str) -> bool:
    """Whether a variable, label or option of this name holds a raw value: the name says secret, and it is not plain."""
    value = value.strip()
    if not name_says_secret(name.lstrip("-").replace("-", "_")) or _LOOKUPS.fullmatch(
        name.lstrip("-").replace("-", "_")
    ):
        return False
    return len(value) >= _SHORTEST and not too_plain_to_mask(value) and not _is_harmless(value)


def raw_by_form(text: str) -> str | None:
    """What kind of secret a text holds by its form alone, or None; the answer never holds the value."""
    pieces = range(0, max(len(text[:_MAX_TEXT]), 1), _PIECE)
    return next(filter(None, (_kind(text[at : at + _PIECE + _OVERLAP]) for at in pieces)), None)


def _kind(text: str) -> str | None:
    """The same for a piece of a text: other threads have their turn between the pieces."""
    if _PEM.search(text):
        return "a private key"
    if _SHAPES.search(text):
        return "a service's token"
    has_address = "://" in text and "@" in text
    for found in _CREDENTIALS_IN_URL.finditer(text) if has_address else ():
        if not _is_harmless(found[2]) and not (too_plain_to_mask(found[2]) and _LOCAL.fullmatch(found[3])):
            return "a password in an address"
    for found in _TOKEN_IN_URL.finditer(text) if has_address else ():
        if _is_mixed(found[1], _LONG):
            return "a token in an address"
    lowered = text.lower()
    for word, pattern in _SIGN_INS:
        if word in lowered and any(
            _is_mixed(found[1], _PASSWORD) and not _is_harmless(found[1]) for found in pattern.finditer(text)
        ):
            return "a sign-in with its value"
    return "a name that says secret with a value" if _assigned(text) else None


def is_secret_option(word: str) -> bool:
    """Whether an option of a command takes a secret as its next word, by its name."""
    return _OPTIONS.fullmatch(word) is not None and not word.endswith(("-file", "-path"))


def _assigned(text: str) -> bool:
    for found in _ASSIGNED.finditer(text):
        value = found[1] or found[2]
        if not _is_mixed(value, _PASSWORD):
            continue
        before = _BEFORE.search(text, max(0, found.start() - 60), found.start())
        rest = re.split(r"[\"'=:\s]", found[0], maxsplit=1)[0]
        name = (before[0] if before else "") + rest
        if _LOOKUPS.fullmatch(name) or not _CODE_NAME.fullmatch(name) or not _says_secret(name):
            continue
        if _is_harmless(value) or too_plain_to_mask(value):
            continue
        longest = _PASSWORD if re.search(r"(?i)pass|pwd|secret", name) else _LONG
        if found[1] is None and longest == _LONG and re.search(r"[.\[({]", value):
            continue  # Code, not a value: `token = config.token_of(x)`.
        if _is_mixed(value, longest):
            return True
    return False


def _says_secret(name: str) -> bool:
    return name_says_secret(name.rpartition(".")[2].replace("-", "_").lstrip("_"))


def _is_harmless(value: str) -> bool:
    return bool(
        _PLACEHOLDER.fullmatch(value)
        or _HARMLESS_FORM.fullmatch(value)
        or (_REPOSITORY.fullmatch(value) and len(value) < 36)  # noqa: PLR2004 -- shorter than a token with a slash in it
    )


def _is_mixed(value: str, shortest: int) -> bool:
    """Whether a text is random enough to be a secret: letters and digits, and many different ones."""
    return (
        len(value) >= shortest
        and any(char.isdigit() for char in value)
        and any(char.isalpha() for char in value)
        and len(set(value)) >= min(8, shortest - 1)
    )
