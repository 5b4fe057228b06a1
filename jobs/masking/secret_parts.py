"""The parts of a structured secret that are secrets themselves: of a URL, JSON, a key file, a list of settings.

What is plainly public stays out, since masking it would wreck text that has nothing to do with the secret: words,
numbers, paths, addresses without a login, regions and versions, and user names that are mere words.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHORTEST = 6
_MOST = 1_000
_DEEPEST = 5
_LARGEST = 1 << 20

_PUBLIC = re.compile(
    r"[A-Za-z]+|[+-]?[0-9.,:/]{1,9}|[0-9]{1,5}[a-z]{1,2}|[/.~][^@:]*|[A-Za-z][A-Za-z0-9.+-]*://[^@?]*"
    r"|[A-Za-z]+[0-9]{0,2}(?:[-_.:/ ][A-Za-z]*[0-9]{0,2})*|v?[0-9]+(?:\.[0-9]+)+(?:[-+.a-z0-9]{0,12})?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+Z?)?",
    re.ASCII,
)
# A password that is one of these is none, and to mask it would wreck text.
_TOO_COMMON = frozenset(
    """
    password postgres postgresql passwd secret changeme default example master guest admin123 localhost 123456
    12345678 username testing anonymous oracle mariadb mongodb rabbitmq elastic public private
    """.split()  # noqa: SIM905 -- read best as running text
)
_SECRET_KEY = re.compile(
    r"pass(?:word|wd|phrase)?|pwd|secret|token|credential|auth$|auth[-_]?token|(?:api|access|account|private|signing|"
    r"client|shared|encryption|master)[-_]?key(?!.?id)|key[-_]data|^key$|_key$|signature|^sig$|private",
    re.IGNORECASE,
)
_PUBLIC_KEY = re.compile(
    r"(?:.*[-_.])?(?:type|kind|api_?version|project(?:_id)?|region|zone|auth_uri|token_uri|universe_domain|name|names"
    r"|namespace|cluster|context|current-context|user|username|server|host|port|scheme|level|mode|env|environment"
    r"|certificate-authority-data|client-certificate-data|.*_cert_url)",
    re.IGNORECASE,
)
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9.+-]{0,30})://(?:(?P<user>[^\s:/?#@]*)(?::(?P<password>[^\s/?#]*))?@)?"
    r"(?P<host>\[[^\]\s]+\]|[^\s:/?#,]*)(?P<rest>[^\s?#]*)(?:\?(?P<query>[^\s#]*))?",
)
_LOCAL = re.compile(r"localhost|127\.[0-9.]+|\[?::1\]?|0\.0\.0\.0|[a-z]+|.*\.local(?:host)?", re.IGNORECASE)
_SETTING = re.compile(
    r"\s*(?:export\s+|-\s+|set\s+)*[\"']?(?P<key>[\w./:-]*[\w-])[\"']?\s*(?:=|:\s+|:$|:=)\s*(?P<value>.*?)\s*,?\s*"
)
_PAIR = re.compile(r"(?P<key>[\w ./:@-]{1,64}?)=(?P<value>'[^']*'|\"[^\"]*\"|[^;\s]*)(?:[;\s]|$)")
_LOGIN = re.compile(r"\b(?:login|password|account)\s+(\S+)")
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|ApiKey|Api-Key|Digest)\s+(\S+)", re.IGNORECASE)
_OPAQUE = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+/=_.~-]{10,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----(.*?)(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)
_PEM_LINE = re.compile(r"[A-Za-z0-9+/=]{8,}")


def parts_of(value: str, *, addresses: bool = True) -> list[str]:
    """The secret parts of `value`, without itself, each once. With `addresses` also hosts and user names of logins."""
    found: dict[str, None] = {}
    for part in _parts(value[:_LARGEST], addresses, 0):
        text = part.strip().strip("\"'")
        if len(text) >= _SHORTEST and text != value and text.lower() not in _TOO_COMMON:
            found[text] = None
        if len(found) >= _MOST:
            break
    return list(found)


def is_common(text: str) -> bool:
    """Whether a text is too common to be masked, although some secret may be it or begin with it."""
    return text.lower() in _TOO_COMMON


def _parts(value: str, addresses: bool, depth: int) -> Iterator[str]:
    text = value.strip()
    if depth > _DEEPEST or len(text) < _SHORTEST:
        return
    if text[0] in '{["' and (data := _json(text)) is not None:
        yield from _leaves(data, "", addresses, depth)
        return
    if "-----BEGIN" in text:
        for body in _PEM.findall(text.replace("\\n", "\n")):
            yield from _PEM_LINE.findall(body)
    if scheme := _SCHEME.fullmatch(text):
        yield scheme[1]
        yield from _decoded(scheme[1], addresses, depth)
        return
    for url in _URL.finditer(text) if "://" in text else ():
        yield from _of_url(url, addresses)
    if "://" not in text.split("\n", 1)[0]:
        yield from _of_settings(text, addresses, depth)
    yield from _decoded(text, addresses, depth)


def _leaves(data: Any, key: str, addresses: bool, depth: int) -> Iterator[str]:
    if isinstance(data, dict):
        for name, item in data.items():
            yield from _leaves(item, str(name), addresses, depth)
    elif isinstance(data, list):
        for item in data:
            yield from _leaves(item, key, addresses, depth)
    elif isinstance(data, str):
        yield from _value(key, data, addresses, depth)
    elif isinstance(data, int) and not isinstance(data, bool) and _SECRET_KEY.search(key):
        yield str(data)


def _value(key: str, value: str, addresses: bool, depth: int) -> Iterator[str]:
    """What counts of a value that stands under `key`."""
    bare = value.strip().strip("\"'")
    says_secret = _SECRET_KEY.search(key) is not None and not _PUBLIC_KEY.fullmatch(key)
    if bare.lower() in {"true", "false", "null", "none"} or (says_secret and bare.isdigit() and len(bare) < _SHORTEST):
        return
    if _PUBLIC_KEY.fullmatch(key):
        for url in _URL.finditer(bare):
            yield from _of_url(url, addresses)
        return
    if says_secret or not _PUBLIC.fullmatch(bare):
        yield bare
    yield from _parts(bare, addresses, depth + 1)


def _of_url(url: re.Match[str], addresses: bool) -> Iterator[str]:
    user, password, host = (url[name] or "" for name in ("user", "password", "host"))
    for text in dict.fromkeys((password, unquote(password))):
        if text not in {user, url["scheme"]}:
            yield text
    web = url["scheme"].lower() in {"http", "https", "ws", "wss"}
    for text in dict.fromkeys((user, unquote(user))):
        if _OPAQUE.fullmatch(text) or (addresses and (not _PUBLIC.fullmatch(text) or _has_marks(text))):
            yield text
    if addresses and (user or password) and not web and not _LOCAL.fullmatch(host):
        yield host
        yield from (part.partition(":")[0] for part in url["rest"].split("/")[0].split(",") if "." in part)
    yield from _of_path(url["rest"] if web or user else "", url["query"] or "")


def _of_path(path: str, query: str) -> Iterator[str]:
    """The opaque segments of a web hook's path, and what a query says is secret or looks it."""
    for text in path.split("/"):
        if _OPAQUE.fullmatch(text) and not _PUBLIC.fullmatch(text):
            yield from dict.fromkeys((text, unquote(text)))
    for name, text in parse_qsl(query):
        if _SECRET_KEY.search(name) or (_OPAQUE.fullmatch(text) and not _PUBLIC.fullmatch(text)):
            yield text


def _has_marks(user: str) -> bool:
    """Whether a user name is more than one word, so that no ordinary text has it by chance."""
    return re.search(r"[A-Za-z0-9][-_.][A-Za-z0-9]", user) is not None and len(user) >= _SHORTEST + 2


def _of_settings(text: str, addresses: bool, depth: int) -> Iterator[str]:
    lines = text.splitlines()
    yield from _LOGIN.findall(text) if "password " in text else ()
    if len(lines) == 1:
        pairs = [(pair["key"], pair["value"]) for pair in (_PAIR.finditer(text) if "=" in text else ())]
        pairs = pairs if len(pairs) > 1 or (pairs and text.startswith(pairs[0][0] + "=")) else []
        for key, value in pairs:
            yield from _value(key.strip(), value, addresses, depth)
        fields = text.split(":") if not pairs else []
        if len(fields) in {2, 5} and " " not in text and not _PUBLIC.fullmatch(text):  # user:password, .pgpass
            yield fields[-1]
            yield from (unquote(fields[-1]),) if "%" in fields[-1] else ()
        elif len(fields) == 2 and " " not in text and fields[1].isalpha():  # noqa: PLR2004
            yield fields[1]
    for number, line in enumerate(lines):
        found = _SETTING.fullmatch(line)
        if found and (len(lines) > 1 or number):
            yield from _value(found["key"], found["value"], addresses, depth)
        elif found is None and len(lines) > 1 and "-----" not in line:
            yield from (piece for piece in [line.strip()] if _OPAQUE.fullmatch(piece))
    for mark in ",;":
        if mark in text and "=" not in text.rstrip("=").partition(mark)[0].strip("="):
            pieces = [piece.strip() for piece in text.split(mark)]
            yield from (piece for piece in pieces if piece and not _PUBLIC.fullmatch(piece) and " " not in piece)


def _decoded(text: str, addresses: bool, depth: int) -> Iterator[str]:
    """Of base64 that holds text, that text and its parts: a kubeconfig's keys, a registry's login."""
    bare = "".join(text.split())
    if not _BASE64.fullmatch(bare) or (len(bare) % 4 and not bare.endswith("=")) or bare.isalpha():
        return
    try:
        inside = base64.b64decode(bare.translate(str.maketrans("-_", "+/")) + "=" * (-len(bare) % 4)).decode()
    except (binascii.Error, ValueError):
        return
    if inside.isascii() and all(char.isprintable() or char in "\r\n\t" for char in inside):
        yield inside
        yield from _parts(inside, addresses, depth + 1)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
