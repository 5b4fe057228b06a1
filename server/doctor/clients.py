"""What the MCP clients of this machine keep about this server: broken files, programs that are gone, plain tokens."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.doctor.finding import Finding, Level
from server.version import DISTRIBUTION

if TYPE_CHECKING:
    from server.install.clients import Client
    from server.settings import Settings

_OURS = (DISTRIBUTION, "hf_jobs_mcp")


def entries(_: Settings) -> Iterator[Finding]:
    """Every known client's file that is there, and the entries of this server in it."""
    from jobs.errors import ConfigurationRefused
    from server.install.clients import CLIENTS, Place
    from server.install.configuration import servers

    place = Place(sys.platform, Path.home(), Path.cwd(), os.environ)
    for client in CLIENTS:
        path = client.file(place)
        try:
            found = servers(client, path)
        except ConfigurationRefused as error:
            advice = f"Put it right: {client.title} reads no server from it."
            yield Finding("note", f"client {client.name}", error.message.partition(";")[0], advice)
        except OSError as error:
            why = f"{path} cannot be read: {error.strerror}"
            yield Finding("note", f"client {client.name}", why, "Give yourself the right to read it.")
        else:
            for name, entry in found.items():
                if isinstance(entry, dict) and _is_ours(name, entry):
                    yield from _entry(client, path, name, entry)


def _is_ours(name: str, entry: dict[str, Any]) -> bool:
    from server.install.clients import SERVER

    words = [_command(entry), *(f"{name} {text}" for name, text in _named(entry.get("args")))]
    return name == SERVER or any(mark in word for word in words for mark in _OURS)


def _command(entry: dict[str, Any]) -> str:
    return str(entry.get("command") or entry.get("cmd") or "")


def _entry(client: Client, path: Path, name: str, entry: dict[str, Any]) -> Iterator[Finding]:
    about, where = f"client {client.name}", f"the entry {name} in {path}"
    again = f"Run: {DISTRIBUTION} install {client.name}"
    shapes = {"args": list, "env": dict, "envs": dict, "headers": dict}
    if any(not isinstance(entry.get(part) or shape(), shape) for part, shape in shapes.items()):
        yield Finding("fail", about, f"{where} is broken: `args` is a list, `env` and `headers` are maps", again)
    program = _command(entry)
    if not program and not entry.get("url"):
        yield Finding("fail", about, f"{where} names no command", again)
    elif program and "${" not in program and shutil.which(program) is None:
        # A bare name is looked for by the client, which may know other folders than this process.
        verdict: Level = "fail" if Path(program).is_absolute() else "note"
        yield Finding(verdict, about, f"{where} starts a program that is not there or cannot be run", again)
    if any(_is_secret(name, text) for part in shapes for name, text in _named(entry.get(part))):
        yield Finding(
            "note", about, f"{where} holds a secret in plain text",
            f"Take it out: `hf auth login` keeps a token, `{DISTRIBUTION} secrets set NAME` any other value.",
        )  # fmt: skip


def _named(given: object) -> Iterator[tuple[str, str]]:
    """The texts that something is or holds, whatever somebody wrote there, each with its name where it has one."""
    if isinstance(given, dict):
        yield from ((str(name), value) for name, value in given.items() if isinstance(value, str))
    for text in [given] if isinstance(given, str) else given if isinstance(given, list) else []:
        name, sign, value = str(text).partition("=")
        yield (name, value) if sign else ("", name)


def _is_secret(name: str, text: str) -> bool:
    from jobs.masking.token_patterns import looks_like_token
    from jobs.secrets.raw_values import raw_by_form, raw_by_name

    words = text.split()
    return raw_by_name(name, text) or any(looks_like_token(word) or raw_by_form(word) is not None for word in words)
