"""Text that strangers wrote, made fit for a page."""

import unicodedata

from hub_contract import clean_text as contract


def clean(text: str) -> str:
    """Return `text` without what cannot be seen.

    Tabs and newlines stay; of a line overwritten after a carriage return, what was written last stays.
    """
    if text.isascii() and text.isprintable():
        return text
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return contract.clean(text)


def folded(text: str) -> str:
    """Return `text` as it is compared when words are looked for: without case, and each letter written one way."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def shortened(text: str, limit: int) -> str:
    """Return `text` cleaned, on one line, and cut to `limit` characters."""
    line = " ".join(clean(text[: limit * 8]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
