"""Text from outside as a person reads it in a question: quoted, bounded, and odd characters spelled out.

Nothing is dropped in silence. What is cut says how long the whole is and what it hashes to.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from jobs.display_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Before every line of a text that has several, so that none of them passes for a line of ours.
MARK = "| "

_LINE = 320
_ITEM = 160
_ITEMS = 12
_HEAD_LINES = 10
_HEAD = 600
_BLANKS = re.compile(r" {2,}")


def inline(text: str) -> str:
    """`text` in one line, nothing dropped: what cannot be seen is spelled out, and runs of blanks are counted."""
    lines = re.sub(r"(?:[ \t]*\n){3,}", lambda run: f" <{run[0].count(chr(10)) - 1} blank lines> ", text.strip("\n"))
    return _blanks(visible(re.sub(r" *\n", " \u21b5 ", lines)).strip())


def _blanks(line: str) -> str:
    """A line in which no run of blanks can vanish at a fold or push what follows out of sight."""
    return _BLANKS.sub(lambda run: f" <{len(run[0])} blanks> ", line)


def show(text: str, limit: int = _LINE) -> str:
    """`text` in one line of about `limit` characters at most."""
    if len(text) <= limit and len(line := _blanks(visible(text))) <= limit:
        return line
    return f"{_blanks(visible(text[:limit]))[:limit]}... ({_whole(text)})"


def block(text: str) -> str:
    """`text` in one line where it fits one; else its head, quoted line by line, and how much there is in all."""
    if "\n" not in text.rstrip("\n"):
        return show(text.rstrip("\n"))
    lines = text[:_HEAD].splitlines()[:_HEAD_LINES] if len(text) > _HEAD else text.split("\n")[:_HEAD_LINES]
    told = [f"{MARK}{_blanks(visible(line))}" for line in lines]
    if len(text) > _HEAD or text.count("\n") >= _HEAD_LINES:
        told.append(f"... ({_whole(text)})")
    return "\n".join(told)


def listed(label: str, items: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """One fact for several items, each a name and the rest; beyond the first ones the names alone are told."""
    if not items:
        return []
    lines = [show(f"{name}{rest}", _ITEM) for name, rest in items[:_ITEMS]]
    if len(items) > _ITEMS:
        names = ", ".join(name for name, _ in items[_ITEMS:])
        lines.append(f"and {len(items) - _ITEMS} more: {show(names)}")
    return [(label, "\n".join(lines))]


def _whole(text: str) -> str:
    data = text.encode(errors="surrogatepass")
    return f"{len(data):,} bytes in all, sha256 {hashlib.sha256(data).hexdigest()[:12]}"
