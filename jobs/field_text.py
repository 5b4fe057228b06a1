"""Which text may stand in a field that becomes an argument, a variable or a path."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def shows_as_it_is(text: str) -> bool:
    """Whether `text` is one line without control, invisible, direction-changing or unassigned characters."""
    return (text.isascii() and text.isprintable()) or not any(unicodedata.category(char) in _UNSEEN for char in text)


def is_sendable(text: str) -> bool:
    """Whether `text` survives the way into a process: valid Unicode without NUL."""
    return "\0" not in text and is_unicode(text)


def is_unicode(text: str) -> bool:
    """Whether `text` can be encoded at all: no half of a surrogate pair stands alone."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
