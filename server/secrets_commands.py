"""``hf-jobs-mcp secrets …``: values that jobs may be given, kept by name; none is an argument and none is shown."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from typing import TYPE_CHECKING

from jobs.secrets.stored import KEYRING, StoredSecrets
from jobs.secrets.vault import Vault, is_maskable

if TYPE_CHECKING:
    from server.settings import Settings


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Carry out ``secrets ACTION``. Returns an exit status."""
    return int(_ACTIONS[arguments.action](settings, arguments))


def _set(settings: Settings, arguments: argparse.Namespace) -> int:
    name: str = arguments.name
    Vault(settings.secrets, use_keyring=False).check(name)
    try:
        value = _value(name)
    except EOFError:
        value = ""
    where = StoredSecrets(settings.stored_secrets).put(name, value)
    if where == KEYRING:
        print(f"{name} is in the system keyring.")
    else:
        print(
            f"{name} is stored in {settings.stored_secrets}, which only you can read (mode 0600). "
            "It is not encrypted: this machine has no system keyring."
        )
    if not is_maskable(value):
        print("It is too short to be masked in logs and results.", file=sys.stderr)
    print("A job is given it only after a person has said yes to that job.")
    return 0


def _value(name: str) -> str:
    """The value from a prompt that shows nothing, or from a pipe; one line break at its end is not part of it."""
    if sys.stdin.isatty():
        return getpass.getpass(f"Value of {name} (not shown): ")
    given = sys.stdin.buffer.read().decode(errors="strict")
    return given.removesuffix("\n").removesuffix("\r")


def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    vault = Vault(settings.secrets, settings.secrets_file, stored=StoredSecrets(settings.stored_secrets))
    names = StoredSecrets(settings.stored_secrets).names()
    rows = [{"name": name, "stored_in": where, "used_from": vault.look(name).source} for name, where in names.items()]
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return 0
    if not rows:
        print("No value is stored. Store one with: hf-jobs-mcp secrets set NAME")
    width = max((len(name) for name in names), default=0)
    for row in rows:
        first = row["used_from"]
        note = "" if first in {row["stored_in"], None} else f"; {first} comes first"
        print(f"{row['name']:<{width}}  {row['stored_in']}{note}")
    return 0


def _unset(settings: Settings, arguments: argparse.Namespace) -> int:
    Vault(use_keyring=False).check(arguments.name)
    if StoredSecrets(settings.stored_secrets).remove(arguments.name):
        print(f"{arguments.name} is stored here no longer.")
        return 0
    print(f"{arguments.name} was not stored.", file=sys.stderr)
    return 1


_ACTIONS = {"set": _set, "list": _list, "unset": _unset}
