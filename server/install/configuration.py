"""One client's file: read, changed in its own text, checked by reading it again, and shown as a difference."""

from __future__ import annotations

import difflib
import os
import re
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from jobs.errors import ConfigurationRefused
from server.install.broken import Broken, Twice, Uneditable, Unfit, line_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.install.clients import Client, Key

_BOM = b"\xef\xbb\xbf"
_VALUE = re.compile(r"^([-+]\s*(?:[\"']?[\w.-]+[\"']?\s*[:=])?)(?=.*\w)(?!\s*[{\[]\s*$).*")
_WRITTEN_AS = {"json": "JSON", "toml": "TOML", "yaml": "YAML"}


@dataclass(frozen=True)
class Change:
    """What a file holds, None where there is none, and what it would; `entry` is the entry as a file of its own."""

    path: Path
    before: bytes | None
    after: bytes | None
    entry: str = ""

    def difference(self) -> str:
        """The lines that change. A line of the person's own is shown without its value, which may be a secret."""
        ours = {_letters(line) for line in self.entry.splitlines()}
        shown, told = [], False
        for line in list(difflib.unified_diff(_lines(self.before), _lines(self.after), n=0, lineterm=""))[2:]:
            if line.startswith("@@") or _letters(line[1:]) in ours:
                told = told or not line.startswith("@@")
                shown.append(line)
            else:
                shown.append(_VALUE.sub(r"\1 …", line))
        if not told:
            shown += [
                f"{'+' if self.after and b'hf-jobs' in self.after else '-'} {one}" for one in self.entry.splitlines()
            ]
        return "\n".join([f"--- {self.path}", f"+++ {self.path}", *shown, ""])

    def write(self) -> None:
        """Put the file in place in one step, with the mode it had; a link is followed.

        Raises:
            ConfigurationRefused: Somebody else wrote the file since it was read.
        """
        path = self.path.resolve()
        if read(path) != self.before:
            raise ConfigurationRefused(f"{path} changed while this ran; nothing was written.", hint="Run it again.")
        if self.before is not None and not path.stat().st_mode & stat.S_IWUSR:
            raise ConfigurationRefused(
                f"{path} is read-only; nothing was written.",
                hint="Another program may keep it so. Allow writing, or paste what --print shows where it is made.",
            )
        if self.after is None:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(path.stat().st_mode) if self.before is not None else 0o600
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        made = path.with_name(Path(name).name)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(self.after)
                file.flush()
                os.fsync(file.fileno())
            made.chmod(mode)
            made.replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                made.unlink()
            raise


def read(path: Path) -> bytes | None:
    """The file's bytes; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def servers(client: Client, path: Path) -> dict[str, Any]:
    """The client's servers by name, as its file has them; none where there is no file.

    Raises:
        ConfigurationRefused: The file is broken, or has something else where the servers belong.
        OSError: It cannot be read.
    """
    data = read(path)
    try:
        found = _editor(client).parse(_text(data or b""))
    except Broken as error:
        said = f"{path}, line {error.line}: this is not {_WRITTEN_AS[client.format]}; nothing was read."
        raise ConfigurationRefused(said) from None
    for part in client.key:
        found = found.get(part) if isinstance(found, dict) else found
    if found is None or isinstance(found, dict):
        return dict(found or {})
    raise ConfigurationRefused(f"{path}: something else stands where {client.title} keeps its servers.")


def with_entry(client: Client, path: Path, changes: Sequence[tuple[Key, Any]]) -> Change:
    """The file with the entry in it.

    Raises:
        ConfigurationRefused: The file is broken, or written in a way that cannot be changed in place.
    """
    return _changed(client, path, changes, remove=False)


def without_entry(client: Client, path: Path, changes: Sequence[tuple[Key, Any]]) -> Change:
    """The file without the entry; what the person changed since stays.

    Raises:
        ConfigurationRefused: The file is broken, or written in a way that cannot be changed in place.
    """
    return _changed(client, path, changes, remove=True)


def _changed(client: Client, path: Path, changes: Sequence[tuple[Key, Any]], *, remove: bool) -> Change:
    before, entry = read(path), ""
    editor = _editor(client)
    for key, value in changes:
        entry = editor.put(entry, key, value)
    try:
        text = _text(before or b"")
        wanted, original = editor.parse(text), text
        for key, _ in changes:
            editor.refuse_doubles(text, key)
        for key, value in changes:
            if not remove:
                editor.put(original, key, value)  # What is refused is refused with the line that the person sees.
            text = editor.drop(text, key) if remove else editor.put(text, key, value)
            plain = editor.plain(value) if hasattr(editor, "plain") else value
            wanted = _data_without(wanted, key) if remove else _data_with(wanted, key, plain)
        _check(editor, text, wanted)
    except Unfit as error:
        raise ConfigurationRefused(
            f"{path}, line {error.line}: something else stands where {client.title} keeps its servers; "
            "nothing was written.",
            hint=f"Put it right, or paste what `hf-jobs-mcp install {client.name} --print` shows.",
        ) from None
    except Twice as error:
        raise ConfigurationRefused(
            f"{path}, line {error.line}: this name is there twice, and which of them counts is not sure; "
            "nothing was written.",
            hint="Make one of the two, then run this again.",
        ) from None
    except Broken as error:
        raise ConfigurationRefused(
            f"{path}, line {error.line}: this is not {_WRITTEN_AS[client.format]}; nothing was written.",
            hint="Put it right, then run this again.",
        ) from None
    except Uneditable:
        raise ConfigurationRefused(
            f"{path} is written in a way that this command does not change; nothing was written.",
            hint=f"Edit it by hand: `hf-jobs-mcp install {client.name} --print` shows the entry.",
        ) from None
    return Change(path, before, _bytes(before, text), entry)


def _editor(client: Client) -> ModuleType:
    if client.format == "json":
        from server.install import jsonc as editor
    elif client.format == "toml":
        from server.install import toml_text as editor  # type: ignore[no-redef]
    else:
        from server.install import yaml_text as editor  # type: ignore[no-redef]
    return editor


def _check(editor: ModuleType, text: str, wanted: Any) -> None:
    """Read the new text again: what it says must be what it said, and the entry."""
    try:
        same = _bare(editor.parse(text)) == _bare(wanted)
    except Broken:
        same = False
    if not same:
        raise Uneditable


def _bare(value: Any) -> Any:
    """The data without empty maps and lists, which come and go with their last part."""
    if isinstance(value, dict):
        return {name: kept for name, part in value.items() if (kept := _bare(part)) not in ({}, [], None)}
    return [_bare(part) for part in value] if isinstance(value, list) else value


def _data_with(data: Any, key: Key, value: Any) -> Any:
    if not key:
        return value
    if key[0].startswith("#"):
        items = list(data or [])
        at = [number for number, item in enumerate(items) if isinstance(item, dict) and item.get("id") == key[0][1:]]
        return [*items, value] if not at else [*items[: at[0]], value, *items[at[0] + 1 :]]
    data = dict(data or {})
    return {**data, key[0]: _data_with(data.get(key[0]), key[1:], value)}


def _data_without(data: Any, key: Key) -> Any:
    if key[0].startswith("#"):
        gone = [
            number for number, item in enumerate(data or []) if isinstance(item, dict) and item.get("id") == key[0][1:]
        ]
        return [item for number, item in enumerate(data or []) if number not in gone[:1]]
    if not isinstance(data, dict) or key[0] not in data:
        return data
    if len(key) == 1:
        return {name: part for name, part in data.items() if name != key[0]}
    return {**data, key[0]: _data_without(data[key[0]], key[1:])}


def _text(data: bytes) -> str:
    data = data.removeprefix(_BOM)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Broken(line_of(data[: error.start].decode(), error.start)) from None


def _bytes(before: bytes | None, text: str) -> bytes:
    return (_BOM if (before or b"").startswith(_BOM) else b"") + text.encode()


def _letters(line: str) -> str:
    return line.replace(",", "").strip()


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").removeprefix(_BOM).decode(errors="replace").splitlines()
