"""Looking at a file that a job wrote: JSON, tables, text, Markdown as text, images; the rest is to save."""

from __future__ import annotations

import csv
import json
import math
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from local_hub.display_text import clean
from local_hub.pages.markup import Child, Markup, tag
from local_hub.pages.program import size_words

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Bytes of a file that are read for its page.
MOST = 256 << 10
#: Characters of JSON that is laid out.
_LONGEST = 1 << 20
_LAID_OUT = json.JSONEncoder(indent=2, ensure_ascii=False)
_ROWS, _COLUMNS, _CELL = 200, 30, 300
IMAGES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
_TABLES = {".csv": ",", ".tsv": "\t"}
_TEXTS = frozenset(
    {
        ".json", ".jsonl", ".ndjson", ".md", ".markdown", ".txt", ".log", ".yaml", ".yml", ".toml", ".ini", ".cfg",
        ".py", ".sh", ".xml", ".diff", ".patch", ".rst", ".sql", ".tex", ".r", ".js", ".ts", ".css", ".lock",
    }
)  # fmt: skip


def is_shown(path: str) -> bool:
    """Tell whether a file of this name has a page of its own."""
    kind = _kind(path)
    return kind in IMAGES or kind in _TABLES or kind in _TEXTS


def is_image(path: str) -> bool:
    return _kind(path) in IMAGES


def content(path: str, address: str, data: bytes, size: int) -> list[Child]:
    """Return what a page shows of the file. `address` is the file itself, `data` its beginning, `size` all of it."""
    kind = _kind(path)
    if kind in IMAGES:
        return [tag("img", src=address, alt=f"The image {clean(path)}", class_="shown")]
    text = data.decode("utf-8", "replace")
    whole = len(data) >= size
    cut = [] if whole else [tag("p", f"The first {size_words(len(data))} of {size_words(size)}.", class_="soft")]
    if kind in _TABLES:
        return [*cut, _rows(_separated(clean(text), _TABLES[kind]), path)]
    if kind in {".jsonl", ".ndjson"} and (rows := _records(text)):
        return [*cut, _rows(rows, path)]
    shown = _pretty(text) if kind == ".json" and whole else text
    return [*cut, tag("pre", clean(shown), class_="log", tabindex="0", aria_label=f"Text of {clean(path)}")]


def _kind(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _pretty(text: str) -> str:
    """Return JSON laid out line by line; the text as it is where that would be far longer, or say something else."""
    parts, size = [], 0
    try:
        found = json.loads(text, object_pairs_hook=_each_once, parse_float=_finite)
        for part in _LAID_OUT.iterencode(found):
            parts.append(part)
            size += len(part)
            if size > _LONGEST:
                return text
    except (ValueError, RecursionError):
        return text
    return "".join(parts)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, unless one of its names comes twice: one of the values would not be shown."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError
    return made


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError
    return found


def _separated(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(text.splitlines(), delimiter=delimiter):
            rows.append(row)
            if len(rows) > _ROWS:
                break
    except csv.Error:
        return [[line] for line in text.splitlines()[: _ROWS + 1]]
    return rows


def _records(text: str) -> list[list[str]]:
    """Return a head and rows of lines that are objects; none where one of them is something else."""
    records = []
    for line in text.split("\n", _ROWS + 1)[: _ROWS + 1]:
        try:
            record = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            break  # The last line of what was read may be cut.
        if record is None:
            continue
        if not isinstance(record, dict):
            return []
        records.append(record)
    head = list(dict.fromkeys(str(key) for record in records for key in record))[:_COLUMNS]
    cells = [[_cell(record[key]) if key in record else "" for key in head] for record in records]
    return [head, *cells] if cells else []


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "[too deep to be shown here]"


def _short(cell: str) -> str:
    """Return what a cell shows. JSON is cleaned only here: its escapes are characters by now."""
    text = clean(cell[: 8 * _CELL])
    return text if len(text) <= _CELL and len(cell) <= 8 * _CELL else f"{text[: _CELL - 1]}…"


def _rows(rows: Sequence[Sequence[str]], path: str) -> Markup:
    if not rows:
        return tag("p", "The table is empty.", class_="empty")
    head, *body = ([_short(cell) for cell in row[:_COLUMNS]] for row in rows[: _ROWS + 1])
    more = " and more" if len(rows) > _ROWS else ""
    wide = " of more columns" if max(map(len, rows)) > _COLUMNS else ""
    caption = f"{min(len(body), _ROWS)} rows{more} of {clean(path)}{wide}"
    table = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", [tag("th", cell or "-", scope="col") for cell in head])),
        tag("tbody", [tag("tr", [tag("td", cell) for cell in row]) for row in body]),
    )
    return tag("div", table, class_="wide", tabindex="0", role="region", aria_label=caption)
