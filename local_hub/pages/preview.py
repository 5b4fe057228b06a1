"""Looking at a file that a job wrote: JSON, tables, text, Markdown as text, images; the rest is to save."""

from __future__ import annotations

import csv
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from local_hub.display_text import clean
from local_hub.pages.markup import Child, Markup, tag
from local_hub.pages.program import size_words

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Bytes of a file that are read for its page.
MOST = 256 << 10
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
    text = clean(data.decode("utf-8", "replace"))
    whole = len(data) >= size
    cut = [] if whole else [tag("p", f"The first {size_words(len(data))} of {size_words(size)}.", class_="soft")]
    if kind in _TABLES:
        return [*cut, _rows(_separated(text, _TABLES[kind]), path)]
    if kind in {".jsonl", ".ndjson"} and (rows := _records(text)):
        return [*cut, _rows(rows, path)]
    return [*cut, tag("pre", _pretty(text) if kind == ".json" and whole else text, class_="log", tabindex="0",
                      aria_label=f"Text of {clean(path)}")]  # fmt: skip


def _kind(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


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
    for line in text.splitlines()[: _ROWS + 1]:
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
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rows(rows: Sequence[Sequence[str]], path: str) -> Markup:
    if not rows:
        return tag("p", "The table is empty.", class_="empty")
    head, *body = rows[: _ROWS + 1]
    more = " and more" if len(rows) > _ROWS else ""
    wide = " of more columns" if max(map(len, rows)) > _COLUMNS else ""
    caption = f"{min(len(body), _ROWS)} rows{more} of {clean(path)}{wide}"
    table = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", [tag("th", cell[:_CELL] or "-", scope="col") for cell in head[:_COLUMNS]])),
        tag("tbody", [tag("tr", [tag("td", cell[:_CELL]) for cell in row[:_COLUMNS]]) for row in body]),
    )
    return tag("div", table, class_="wide", tabindex="0", role="region", aria_label=caption)
