"""What the client or the person set: settings, variables that were not filled in, the secrets file, certificates."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.doctor.finding import Finding

if TYPE_CHECKING:
    from server.settings import Settings

_PREFIX = "HF_JOBS_MCP_"
#: Variables with our prefix that are no settings of the server.
_OTHERS = ("HF_JOBS_MCP_LOG", "HF_JOBS_MCP_CONTAINER_ENGINE")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def usable(flags: Mapping[str, Any]) -> tuple[Settings, list[Finding]]:
    """The settings in force without those that cannot be used, and a finding for each of these."""
    from pydantic import ValidationError

    from server.settings import from_environment

    given, findings = dict(flags), list[Finding]()
    while True:
        try:
            return from_environment(**given), findings
        except ValidationError as error:
            for fault in error.errors(include_input=False, include_url=False):
                name = str(fault["loc"][0])
                variable = f"{_PREFIX}{name.upper()}"
                reason = fault["msg"].removeprefix("Value error, ")
                by = f"--{name.replace('_', '-')}" if given.pop(name, None) is not None else variable
                if by == variable and _forget(variable) is None:
                    raise
                findings.append(Finding("fail", f"setting {variable}", reason, f"Correct {by}, or leave it out."))


def _forget(variable: str) -> str | None:
    found = next((name for name in os.environ if name.upper() == variable), None)
    return None if found is None else os.environ.pop(found)


def unexpanded(_: Settings) -> Iterator[Finding]:
    """Variables that some client passed on as they stand in its configuration."""
    for name, value in sorted(os.environ.items()):
        bare = value.strip().strip("\"'")
        if name.isupper() and bare.startswith("${") and bare.endswith("}") and _concerns_us(name):
            yield Finding(
                "fail", f"variable {name}",
                "it holds a literal ${…} that the client did not fill in: it counts as unset",
                f"Set {name} where the client is started, or write its value's source as that client's manual says.",
            )  # fmt: skip


def _concerns_us(name: str) -> bool:
    from jobs.secrets.names import name_says_secret

    return name.startswith(("HF_", "HUGGING_FACE_")) or name.endswith("_PROXY") or name_says_secret(name)


def unknown(_: Settings) -> Iterator[Finding]:
    """Settings that there are not, as by a slip of the pen."""
    from server.settings import Settings as Known

    known = [f"{_PREFIX}{name.upper()}" for name in Known.model_fields] + list(_OTHERS)
    for name in sorted(os.environ):
        if name.startswith(_PREFIX) and name not in known and not name.startswith(f"{_PREFIX}TEST_"):
            near = difflib.get_close_matches(name, known, n=1)
            yield Finding(
                "note", f"variable {name}", "there is no such setting",
                f"Did you mean {near[0]}?" if near else "The README lists the settings.",
            )  # fmt: skip


def secrets_file(settings: Settings) -> Iterator[Finding]:
    """The dotenv file of values, and what ``secrets set`` stored."""
    if settings.secrets_file is not None:
        yield from _values_file("secrets file", settings.secrets_file.expanduser(), "Correct HF_JOBS_MCP_SECRETS_FILE.")
    if settings.stored_secrets.exists():
        yield from _values_file("stored secrets", settings.stored_secrets, "Remove it and set the values again.")


def _values_file(name: str, path: Path, advice: str) -> Iterator[Finding]:
    try:
        path.read_text(encoding="utf-8")
        mode = path.stat().st_mode
    except OSError as error:
        yield Finding("fail", name, f"{path} cannot be read: {error.strerror}", advice)
    except UnicodeDecodeError:
        yield Finding("fail", name, f"{path} is not text in UTF-8", advice)
    else:
        if os.name == "posix" and mode & _OPEN_TO_OTHERS:
            yield Finding("note", name, f"{path} can be opened by others on this machine", f"Run: chmod 600 {path}")
        else:
            yield Finding("ok", name, str(path))


def certificate_files(_: Settings) -> Iterator[Finding]:
    """Files of authorities that a variable names and that are not there."""
    for name in _CERTIFICATES:
        value = os.environ.get(name)
        if not value:
            continue
        try:
            place = Path(value)
            good = place.is_dir() or "-----BEGIN" in place.read_text(encoding="utf-8", errors="replace")
        except OSError:
            good = False
        if not good:
            yield Finding(
                "fail", "certificate", f"{name} names a file that has no certificates or cannot be read",
                f"Set {name} to a file with the authorities' certificates, or unset it.",
            )  # fmt: skip


def asking(settings: Settings) -> Iterator[Finding]:
    if settings.attach_without_asking:
        yield Finding(
            "note", "consent", "switched off by a start-up flag", "Nobody is asked before secrets are attached."
        )
    else:
        yield Finding("ok", "consent", "clients that can ask do; others: hf-jobs-mcp approve")
