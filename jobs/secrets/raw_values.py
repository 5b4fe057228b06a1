"""Raw secret values by what they are: their form, or a name beside them that says so. Harmless look-alikes pass."""

from __future__ import annotations

import base64
import binascii
import re

from jobs.masking.token_patterns import looks_like_token
from jobs.secrets import raw_forms
from jobs.secrets.names import name_says_secret, too_plain_to_mask

_PLACEHOLDER = re.compile(
    r"""(?ix) [$<{%\[*] .* | .* (\.\.\.|…|\*\*\*) .* | x{3,} .* | .*[$][{(A-Z_] .*
    | (empty|none|null|nil|true|false|test|dummy|fake|mock|example|sample|placeholder|change[-_]?me|todo|tbd|secret
       |password|passwd|token|key|pass|user|admin|root|guest|postgres|ollama|local|unused|anything|redacted|hidden|optional
       |not[-_ ]?(needed|used|set|required)|no[-_ ]?key|n/?a) ([-_ ]?(key|token|secret|password|value|here|\d{1,3}))*
    | (sk-)? no[-_]?(api[-_]?)?key .* | [a-z_-]{0,12}(abc-?123|xyz-?123|123-?abc)[a-z0-9]{0,8}
    | (my|your|the|some|an?|insert|enter|put|paste|replace|add) [-_ ] .* | .*[-_](here|placeholder|example)
    | (os\.|environ|getenv|process\.env|env\.|secrets?\.|config\.|settings\.|args\.|self\.|userdata) .* | .*\(.*\)?""",
)
_LOOKUPS = re.compile(
    r"(?i)(?:.*_)?(?:primary|foreign|sort|partition|cache|group|dataset|run|job|experiment|session|object|item|record|"
    r"config|tag|version|build|artifact|state_dict|weight|dict|lookup|index|row|hash|image|text|label|column|json|"
    r"field|feature|monitor|metric|idempotency|public|shortcut|hot|access_mode|pad|eos|bos|unk|sep|cls|mask|stop|"
    r"image|start|end|special|tool|think|draft)_(key|token)s?(_.*)?"
)
_ASSIGNED = re.compile(
    r"""(?:key|token|pass(?:wd|word|phrase)?|secret|pwd)[A-Z0-9_]{0,40}["']?\]?\s{0,3}[=:]>?\s{0,3}"""
    r"""(?:["']([^"'\s]{8,200})["']|([^\s"'`;,)(\]}]{8,200}))""",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"[A-Za-z0-9_.-]{0,60}$")
_CODE_NAME = re.compile(
    r"(?i)[A-Z0-9_.-]*(?:api[_-]?key|secret[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key|account[_-]?key|"
    r"[_-]token|(?<![a-z0-9])token|password|passwd|passphrase|secret|(?<![a-z0-9])pwd|(?<![a-z0-9])pass)[A-Z0-9_]*"
)
_OPTIONS = re.compile(r"(?i)--?(?:[a-z0-9-]*[-_])?(?:api[-_]key|key|token|password|passwd|secret|pat|credential)s?")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_HARMLESS_FORM = re.compile(
    r"(sha(1|256|384|512)[:-].*)|(arn:[\w-]+:.*)|(data:.*)|([\w-]+\.(py|sh|json|ya?ml|txt|pem|key|env|md))",
    re.IGNORECASE,
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{32,1024}={0,2}(?![A-Za-z0-9+/=_-])")
_URL_SAFE = str.maketrans("-_", "+/")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SAYS_PASSWORD = re.compile(r"(?i).*(?:pass|pwd|secret).*")
_FILLER = re.compile(r"[A-Za-z0-9_-]{0,24}?([xX0*.])\1{11,}")
_CASE_CHANGES = re.compile(r"(?=[a-z][A-Z]|[A-Z][a-z])")
_OFTEN = 0.45
_LONG = 16
_PASSWORD = 8
_SHORTEST = 6
_LONGEST_NAME = 200
_LONGEST_PLACEHOLDER = 300
_MAX_TEXT = 4_000_000
_PIECE = 1 << 15
_OVERLAP = 600


def raw_by_name(name: str, value: str) -> bool:
    """Whether a variable, label or option of this name holds a raw value: the name says secret, and it is not plain."""
    value = value.strip()
    if (
        len(name) > _LONGEST_NAME
        or not name_says_secret(name.lstrip("-").replace("-", "_"))
        or _LOOKUPS.fullmatch(name.lstrip("-").replace("-", "_"))
    ):
        return False
    return len(value) >= _SHORTEST and not too_plain_to_mask(value) and not _is_harmless(value)


def raw_by_form(text: str) -> str | None:
    """What kind of secret a text holds by its form alone, or None; the answer never holds the value."""
    pieces = range(0, max(len(text[:_MAX_TEXT]), 1), _PIECE)
    return next(filter(None, (_kind(text[at : at + _PIECE + _OVERLAP]) for at in pieces)), None)


def _kind(text: str) -> str | None:
    """The same for a piece of a text: other threads have their turn between the pieces."""
    if raw_forms.PEM.search(text):
        return "a private key"
    if raw_forms.SHAPES.search(text):
        return "a service's token"
    if "://" in text and (kind := _in_address(text)):
        return kind
    if _signs_in(text):
        return "a sign-in with its value"
    if _encoded(text):
        return "a service's token in base64"
    return "a name that says secret with a value" if _assigned(text) else None


def _in_address(text: str) -> str | None:
    """What an address in a text holds that only its user should have."""
    if "@" in text:
        for found in raw_forms.CREDENTIALS_IN_URL.finditer(text):
            if not _is_harmless(found[2]) and not (too_plain_to_mask(found[2]) and raw_forms.LOCAL.fullmatch(found[3])):
                return "a password in an address"
        if any(_is_mixed(found[1], _LONG) for found in raw_forms.TOKEN_IN_URL.finditer(text)):
            return "a token in an address"
    if raw_forms.SIGNED_URL.search(text):
        return "a signed address"
    asked = (found[1] for found in raw_forms.SECRET_IN_QUERY.finditer(text))
    return "a secret in an address" if any(_is_mixed(it, _LONG) and not _is_harmless(it) for it in asked) else None


def _signs_in(text: str) -> bool:
    lowered = text.lower()
    return any(
        _is_mixed(found[1], _PASSWORD) and not _is_harmless(found[1])
        for word, pattern in raw_forms.SIGN_INS
        if word in lowered
        for found in pattern.finditer(text)
    )


def _encoded(text: str) -> bool:
    """Whether a word of it is a token in base64; pictures and other data are too long to be one."""
    for word in _BASE64.finditer(text):
        try:
            inside = base64.b64decode(word[0].translate(_URL_SAFE) + "=" * (-len(word[0]) % 4))
        except (binascii.Error, ValueError):
            continue
        if inside.isascii() and (looks_like_token(plain := inside.decode()) or raw_forms.SHAPES.search(plain)):
            return True
    return False


def without_fillers(text: str) -> str:
    """A text without values that stand for one: a token's beginning and one character over and over."""
    return _FILLER.sub("", text)


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
        name = _CAMEL.sub("_", name)
        if _LOOKUPS.fullmatch(name) or not _CODE_NAME.fullmatch(name) or not _says_secret(name):
            continue
        is_password = bool(_SAYS_PASSWORD.fullmatch(name))
        if _is_harmless(value, password=is_password) or too_plain_to_mask(value):
            continue
        longest = _PASSWORD if is_password else _LONG
        if found[1] is None and longest == _LONG and re.search(r"[.\[({]", value):
            continue  # Code, not a value: `token = config.token_of(x)`.
        if _is_mixed(value, longest):
            return True
    return False


def _says_secret(name: str) -> bool:
    return name_says_secret(name.rpartition(".")[2].replace("-", "_").lstrip("_"))


def _is_harmless(value: str, *, password: bool = False) -> bool:
    """Whether a value only stands for one, or is of a form that no secret has; a password may look like a path."""
    return bool(
        _PLACEHOLDER.fullmatch(value[:_LONGEST_PLACEHOLDER])
        or _HARMLESS_FORM.fullmatch(value)
        or (not password and _REPOSITORY.fullmatch(value) and len(value) < 36)  # noqa: PLR2004 -- shorter than a token with a slash in it
    )


def _is_mixed(value: str, shortest: int) -> bool:
    """Whether a text is random enough to be a secret: letters and digits, or case that changes as no name's does."""
    if len(value) < shortest or len(set(value)) < min(8, shortest - 1) or not any(map(str.isalpha, value)):
        return False
    return any(map(str.isdigit, value)) or len(_CASE_CHANGES.findall(value)) >= len(value) * _OFTEN
