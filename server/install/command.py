"""``hf-jobs-mcp install``: says what is there, shows what would change, asks, writes, and can take it back."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.errors import ConfigurationRefused
from server.install.backups import Backups, digest
from server.install.clients import CLIENTS, Client, Place, named
from server.install.configuration import Change, read, with_entry, without_entry
from server.install.launch import this_program
from server.version import DISTRIBUTION

if TYPE_CHECKING:
    from server.settings import Settings


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Carry out ``install``. Returns an exit status: 1 where a file was refused, 2 where the command means nothing."""
    place = Place(sys.platform, Path.home(), Path.cwd(), os.environ)
    if not arguments.clients and not arguments.all:
        return _overview(place, as_json=arguments.json)
    chosen = _chosen(arguments, place)
    if isinstance(chosen, str):
        print(f"{DISTRIBUTION}: {chosen}", file=sys.stderr)
        return 2
    if not chosen:
        print("No client that this command knows is on this machine. Name one: " + _names())
        return 0
    status = 0
    for client in chosen:
        path = arguments.file.expanduser().absolute() if arguments.file else client.file(place)
        if arguments.print:
            _print(client, path)
            continue
        try:
            _one(Backups(settings.home), client, path, undo=arguments.undo, yes=arguments.yes)
        except ConfigurationRefused as error:
            print(f"{DISTRIBUTION}: {client.title}: {error.message} {error.hint or ''}".rstrip(), file=sys.stderr)
            status = 1
    return status


def _chosen(arguments: argparse.Namespace, place: Place) -> list[Client] | str:
    if arguments.all:
        if arguments.clients or arguments.file:
            return "--all is for every client that is here; it takes no names and no --file."
        if arguments.undo:
            return [client for client in CLIENTS if _installed(client, client.file(place))]
        return [client for client in CLIENTS if client.is_here(place)]
    found = [named(word) for word in arguments.clients]
    if None in found:
        return f"this client is not known. Known: {_names()}."
    if arguments.file and len(found) > 1:
        return "--file is for one client."
    return [client for client in dict.fromkeys(found) if client is not None]


def _names() -> str:
    return ", ".join(client.name for client in CLIENTS)


def _installed(client: Client, path: Path) -> bool | None:
    """Whether the entry is in the file; None where the file cannot be read as what it is."""
    try:
        change = without_entry(client, path, client.changes(this_program()))
    except ConfigurationRefused:
        return None
    return change.before != change.after and change.before is not None


def _overview(place: Place, *, as_json: bool) -> int:
    rows = []
    for client in CLIENTS:
        path = client.file(place)
        inside = _installed(client, path)
        state = "broken file" if inside is None else "installed" if inside else "found" if client.is_here(place) else ""
        rows.append({"client": client.name, "title": client.title, "state": state or "not found", "file": str(path)})
    if as_json:
        print(json.dumps(rows, indent=1))
        return 0
    home = str(place.home)
    for row in rows:
        shown = row["file"].replace(home, "~", 1) if row["file"].startswith(home) else row["file"]
        print(f"{row['client']:<15} {row['state']:<12} {shown}")
    print(
        f"\n`{DISTRIBUTION} install CLIENT` shows the entry, asks and writes it; --all does so for all that are found."
    )
    return 0


def _print(client: Client, path: Path) -> None:
    empty = with_entry(client, Path(os.devnull), client.changes(this_program()))
    print(f"# {client.title}: {path}", file=sys.stderr)
    print((empty.after or b"").decode(), end="")


def _one(backups: Backups, client: Client, path: Path, *, undo: bool, yes: bool) -> None:
    changes = client.changes(this_program())
    if undo:
        kept, now = backups.find(path), read(path)
        entry = (with_entry(client, Path(os.devnull), changes).after or b"").decode()
        if kept is not None and now is not None and kept.written == digest(now):
            change = Change(path, now, kept.before, entry)
        else:
            change = without_entry(client, path, changes)
        if change.before is None or change.before == change.after:
            print(f"{client.title}: no entry of this server is in {path}.")
            return
    else:
        change = with_entry(client, path, changes)
        if change.before == change.after:
            print(f"{client.title}: {path} has the entry already.")
            return
    print(change.difference(), end="")
    if not yes and not _agreed(path, remove=change.after is None):
        print(f"{client.title}: nothing was written.")
        return
    if undo:
        change.write()
        backups.forget(path)
        print(f"{client.title}: the entry is gone from {path}.")
        return
    backups.keep(path, change.before, change.after or b"")
    change.write()
    _said(backups, client, change)


def _said(backups: Backups, client: Client, change: Change) -> None:
    kept = f" What it was is in {backups.file(change.path)}." if change.before is not None else ""
    print(f"{client.title}: written to {change.path}.{kept} {client.then}")
    if client.style not in {"inputs", "codex"} and client.reference is None:
        print(
            "No token is in it: `hf auth login` once, and the server finds it. Without one it works on the local hub."
        )
    if not client.comments and change.before is not None and _has_comments(change.before):
        print(f"{client.title} reads plain JSON: it may not read a file with comments in it.", file=sys.stderr)


def _has_comments(data: bytes) -> bool:
    try:
        json.loads(data or b"{}")
    except ValueError:
        return bool(data.strip())
    return False


def _agreed(path: Path, *, remove: bool) -> bool:
    from consent.answering.prompt import agreed

    try:
        return agreed(f"{'Remove' if remove else 'Write'} {path}?")
    except EOFError:
        print()
        return False
