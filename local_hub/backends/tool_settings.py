"""What package tools need to reach their index from this machine: settings by their exact names, without any account.

Every job is given them, also one that nobody was asked about. So whatever could be a credential stays here: user and
password of an address, its query and fragment, every name that is not on a list below. An index that wants an account
wants it as a secret of the job.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ADDRESSES = frozenset(
    {
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_PROXY"),
        *("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
        "UV_PYTHON_INSTALL_MIRROR",
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
    }
)
_PLAIN = frozenset(
    {
        *("PIP_NO_INDEX", "PIP_CERT", "PIP_TRUSTED_HOST", "PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES"),
        *("UV_NO_INDEX", "UV_INDEX_STRATEGY", "UV_INSECURE_HOST", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_OFFLINE"),
        *("UV_HTTP_TIMEOUT", "UV_HTTP_RETRIES", "UV_PYTHON_DOWNLOADS", "UV_PYTHON_PREFERENCE"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NO_PROXY", "no_proxy"),
    }
)
_NAME_FILES = ("PIP_CERT", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_FIND_LINKS")

#: The keys of ``pip.conf``, with those that hold addresses, and of ``uv.toml``, that a job is given.
_PIP_ADDRESSES = frozenset({"index-url", "extra-index-url", "find-links", "proxy"})
_PIP_PLAIN = frozenset({"no-index", "trusted-host", "cert", "timeout", "retries", "prefer-binary", "only-binary"})
_UV_ADDRESSES = frozenset({"index-url", "extra-index-url", "find-links", "url", "python-install-mirror"})
_UV_PLAIN = frozenset(
    {
        *("no-index", "index-strategy", "allow-insecure-host", "native-tls", "system-certs", "offline"),
        *("python-downloads", "python-preference", "name", "default", "explicit", "format", "index"),
    }
)

#: All that stands before the last ``@`` in front of a host: a user, also with a password, or a token for one.
_ACCOUNT = re.compile(r"""(?P<before>^|//|[\s=,;'"])[^\s/'"]*@""")
_QUERY = re.compile(r"""(?<=[^\s?#'"])[?#][^\s'"]*""")


def variables() -> dict[str, str]:
    """Return the settings in this process's environment, as the hub found them at its start."""
    found = {name: os.environ[name] for name in _PLAIN if name in os.environ}
    return found | {name: without_account(os.environ[name]) for name in _ADDRESSES if name in os.environ}


def paths() -> list[Path]:
    """Return the files and folders those settings name, where they are absolute and exist."""
    named = [Path(part) for name in _NAME_FILES for part in os.environ.get(name, "").split()]
    return [path for path in named if path.is_absolute() and path.exists()]


def files() -> dict[str, str]:
    """Return what the user has told pip and uv in files: each place below a job's home, and the text to put there."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    candidates: list[tuple[Path, str, Callable[[str], str]]] = [
        (config / "pip/pip.conf", ".config/pip/pip.conf", _pip),
        (Path.home() / ".pip/pip.conf", ".config/pip/pip.conf", _pip),
        (config / "uv/uv.toml", ".config/uv/uv.toml", _uv),
    ]
    found: dict[str, str] = {}
    for source, place, cleaned in candidates:
        with suppress(OSError, ValueError, configparser.Error):
            if place not in found and source.is_file():
                found[place] = cleaned(source.read_text())
    return found


def without_account(text: str) -> str:
    """Return addresses without user, password, query and fragment; `text` may hold several, also with a name each."""
    return _QUERY.sub("", _ACCOUNT.sub(r"\g<before>", text))


def _pip(text: str) -> str:
    given = configparser.RawConfigParser(strict=False)
    given.read_string(text)
    lines: list[str] = []
    for section in given.sections():
        lines.append(f"[{section}]")
        for key, value in given.items(section):
            name = key.replace("_", "-")
            if name in _PIP_ADDRESSES:
                lines.append(f"{key} = {without_account(value)}".replace("\n", "\n    "))
            elif name in _PIP_PLAIN:
                lines.append(f"{key} = {value}".replace("\n", "\n    "))
    return "\n".join([*lines, ""])


def _uv(text: str) -> str:
    top: list[str] = []
    tables: list[str] = []
    for key, value in _of_uv(tomllib.loads(text)):
        if key == "index":
            for index in value if isinstance(value, list) else []:
                tables += ["", "[[index]]", *(f"{name} = {json.dumps(part)}" for name, part in _of_uv(index))]
        elif key == "pip":
            tables += ["", "[pip]", *(f"{name} = {json.dumps(part)}" for name, part in _of_uv(value))]
        else:
            top.append(f"{key} = {json.dumps(value)}")
    return "\n".join([*top, *tables, ""])


def _of_uv(table: Any) -> Iterator[tuple[str, Any]]:
    for key, value in table.items() if isinstance(table, dict) else ():
        if key in _UV_ADDRESSES:
            several = isinstance(value, list)
            yield key, [without_account(str(one)) for one in value] if several else without_account(str(value))
        elif key in _UV_PLAIN or key == "pip":
            yield key, value
