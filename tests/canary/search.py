"""Looks for a value in everything that was said and written, in every form a person could read it back from."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

_BREAKS = re.compile(rb"\s|\\n|\\r")


@cache
def forms(value: str) -> dict[str, bytes]:
    """The value in each encoding, without what depends on its surroundings."""
    raw = value.encode()
    found = {
        "raw": raw,
        "json": json.dumps(value)[1:-1].encode(),
        "url": quote(value, safe="").encode(),
        "shell": shlex.quote(value)[1:-1].encode(),
        "repr": repr(value)[1:-1].encode(),
    }
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + raw + b"\0" * ((-offset - len(raw)) % 3))
        core = text[-(-offset * 4 // 3) : len(text) - 4]
        found[f"base64 at {offset}"] = core
        found[f"base64url at {offset}"] = core.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def in_bytes(data: bytes, value: str) -> list[str]:
    """The forms of the value that are in `data`, line breaks or not."""
    joined = _joined(data)
    return [name for name, form in forms(value).items() if form in data or _joined(form) in joined]


@lru_cache(maxsize=4_096)
def _joined(data: bytes) -> bytes:
    """Without line breaks; most texts are looked through for many values, one after another."""
    return _BREAKS.sub(b"", data)


def in_frames(frames: Iterable[bytes], value: str) -> list[str]:
    """Where the value is in JSON messages: as they travel, and in every text in them, JSON inside JSON too."""
    return [
        f"{form} in {frame[:160]!r}"
        for frame in frames
        for text in [frame, *(item.encode(errors="surrogatepass") for item in _texts(json.loads(frame)))]
        for form in in_bytes(text, value)
    ]


def in_files(folder: Path, values: Sequence[str], own: Iterable[str]) -> list[str]:
    """Which files below `folder` hold one of the values, but for those whose path begins with one of `own`."""
    found = []
    for name in names_below(folder, own):
        path = folder / name
        if not path.is_symlink() and path.is_file():
            data = path.read_bytes()
            found += [f"{form} in {name}" for value in values for form in in_bytes(data, value)]
    return found


def names_below(folder: Path, own: Iterable[str] = ()) -> list[str]:
    """The files and folders below `folder`, but for those whose path begins with one of `own`.

    What vanishes meanwhile is none: a hub tidies up when its jobs have ended.
    """
    left_out = tuple(own)
    found = []
    for top, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = str((Path(top) / name).relative_to(folder))
            if not path.startswith(left_out):
                found.append(path)
        folders[:] = [name for name in folders if not f"{(Path(top) / name).relative_to(folder)}/".startswith(left_out)]
    return sorted(found)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if value[:1] in {"{", "["}:
            try:
                yield from _texts(json.loads(value))
            except ValueError:
                return
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
