"""TOML, edited in place: a server's tables are appended or taken out as lines; ``tomllib`` reads."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from server.install.broken import Broken, Unfit, line_of

if TYPE_CHECKING:
    from server.install.clients import Key

_LINE = re.compile(r"at line (\d+)")


def parse(text: str) -> Any:
    """The data as ``tomllib`` reads it."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _LINE.search(str(error))
        raise Broken(int(found[1]) if found else line_of(text, len(text.rstrip()))) from None


def refuse_doubles(text: str, key: Key) -> None:
    """Nothing: TOML with a name twice is no TOML, and is refused as such."""


def put(text: str, key: Key, value: Any) -> str:
    """The text with a table for `key` at its end, in place of the one it had."""
    data = parse(text)
    for name in key[:-1]:
        data = data.get(name, {})
        if not isinstance(data, dict):
            raise Unfit(line_of(text, max(text.find(name), 0)))
    lines = "\r\n" if "\r\n" in text else "\n"
    made = [f"[{'.'.join(key)}]", *(f"{name} = {_dump(part)}" for name, part in value.items())]
    before, block, after = _split(text, key)
    table = lines.join(made) + lines
    if block:
        return before + table + after
    gap = "" if not text.strip() else (lines if text.endswith("\n") else lines * 2)
    return (text if text.strip() else "") + gap + table


def drop(text: str, key: Key) -> str:
    """The text without the tables of `key`."""
    before, _, after = _split(text, key)
    return before.rstrip("\r\n") + ("\n" if before.strip() else "") + after if not after.strip() else before + after


def _split(text: str, key: Key) -> tuple[str, str, str]:
    """What is before the tables of `key`, they, and what is after; comments after them are the next table's."""
    way = r"\s*\.\s*".join(rf"[\"']?{re.escape(name)}[\"']?" for name in key)
    lines = text.splitlines(keepends=True)
    ours = [number for number, line in enumerate(lines) if re.match(rf"\s*\[\s*{way}\s*[.\]]", line)]
    if not ours:
        return text, "", ""
    end = next(
        (
            number
            for number in range(ours[0] + 1, len(lines))
            if lines[number].lstrip()[:1] == "[" and number not in ours
        ),
        len(lines),
    )
    while end > ours[0] + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return "".join(lines[: ours[0]]), "".join(lines[ours[0] : end]), "".join(lines[end:])


def _dump(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_dump(part)}" for name, part in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
