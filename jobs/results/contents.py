"""The beginning of an artifact as a reply carries it: text, JSON or a picture, and why not where it cannot."""

from __future__ import annotations

import base64
import codecs
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.display_text import clean
from jobs.errors import HubError, NotFound
from jobs.logs.matches import size
from jobs.masking.cut_text import CutText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jobs.client.client import HubClient
    from jobs.results.artifacts import Artifact, Listing

INLINE_BYTES = 2_000
INLINE_TOTAL = 3_000
IMAGE_BYTES = 15_000
_MASK_MARGIN = 2_048
_LEAST_BYTES = 100
_MOST_READ = 60
_WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}


@dataclass(frozen=True)
class Inline:
    """An artifact's content as a reply carries it.

    Attributes:
        path: Below the workspace's folder.
        text: Its text, cleaned and masked, or None.
        json: Its JSON, masked, where the whole of it is small; then `text` is None.
        image: `(mime type, base64)` of a whole small image.
        cut: Bytes that are not here.
        note: Why it is not here, or not as what its name says.
    """

    path: str
    text: str | None = None
    json: Any = None
    image: tuple[str, str] | None = None
    cut: int = 0
    note: str | None = None


class _NotStrictError(ValueError):
    """JSON with a number that JSON has no word for."""


async def inline(
    hub: HubClient,
    listed: Listing,
    files: Iterable[Artifact],
    *,
    mask: Callable[[str], str] = str,
    each: int = INLINE_BYTES,
    total: int = INLINE_TOTAL,
) -> list[Inline]:
    """The contents of text, JSON and image artifacts, `each` bytes of each and `total` in all; others are left out.

    Images do not count against `total`; the first of at most `IMAGE_BYTES` comes whole. A file that is gone by now, or
    cannot be read, says so in its place and takes none of the others with it.
    """
    if listed.workspace is None:
        return []
    shown: list[Inline] = []
    listable = set(listed.shown)
    for file in [file for file in files if file in listable][:_MOST_READ]:
        room = min(each, total)
        if file.image is None and room <= _LEAST_BYTES:
            continue
        if file.image and file.size > IMAGE_BYTES:
            shown.append(Inline(file.path, note="too large a picture for a reply: read its link, or save_to"))
            continue
        if file.image and any(content.image for content in shown):
            continue
        source = f"{listed.workspace.folder}/{file.path}"
        limit = IMAGE_BYTES if file.image else room + _MASK_MARGIN
        try:
            data = await hub.buckets.read(listed.workspace.bucket, source, max_bytes=limit)
        except NotFound:
            shown.append(Inline(file.path, note="gone"))
            continue
        except HubError as error:
            shown.append(Inline(file.path, note=f"not read: {error.code}"))
            continue
        if file.image:
            shown.append(Inline(file.path, image=(file.image, base64.b64encode(data).decode())))
            continue
        content = _content(file, data, room, mask)
        shown.append(content)
        if content.text is not None or content.json is not None:
            total -= size(content.text if content.json is None else content.json)
    return shown


def _content(file: Artifact, data: bytes, room: int, mask: Callable[[str], str]) -> Inline:
    """A text artifact's beginning, masked before it is cut, or why there is none."""
    whole = len(data) >= file.size
    text, why = _decoded(data, whole=whole)
    if text is None:
        return Inline(file.path, note=why)
    text = clean(text)
    shown = mask(text if whole else CutText.of(text, after=True))
    if whole and file.path.endswith(".json"):
        try:
            value = json.loads(shown, parse_constant=_not_strict)
        except _NotStrictError:
            why = "shown as text: it holds NaN or Infinity, which JSON has not"
        except (ValueError, RecursionError):
            pass
        else:
            if value is not None and size(value) <= room:
                return Inline(file.path, json=value)
    kept = shown if whole else shown[:-_MASK_MARGIN]
    if size(kept) > room:
        kept = kept[:room]
        while size(kept) > room:
            kept = kept[: len(kept) * room // size(kept)]
    cut = max(0, file.size - len(kept.encode())) if len(kept) < len(shown) else 0
    return Inline(file.path, text=kept, cut=cut, note=why)


def _decoded(data: bytes, *, whole: bool) -> tuple[str | None, str | None]:
    """The text, or None and why not; text in another encoding than UTF-8 is given with the word for it."""
    for mark, encoding in _WIDE.items():
        if data.startswith(mark):
            if encoding == "utf-16" and not whole:
                data = data[: len(data) // 2 * 2]
            return data.decode(encoding, errors="replace"), "UTF-16" if encoding == "utf-16" else None
    if b"\0" in data:
        return None, "binary"
    text = codecs.getincrementaldecoder("utf-8")(errors="replace").decode(data, final=whole)
    odd = text.count("\ufffd") > data.count("\ufffd".encode())
    return (None, "not UTF-8 text") if odd else (text, None)


def _not_strict(word: str) -> Any:
    raise _NotStrictError(word)
