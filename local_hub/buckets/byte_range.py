"""The one kind of ``Range`` header that clients send: a single run of bytes."""

import re

_RANGE = re.compile(r"bytes=([0-9]{0,100})-([0-9]{0,100})", re.IGNORECASE)


class UnsatisfiableRangeError(ValueError):
    """The range begins after the end of the file."""


def asked(header: str | None, size: int) -> tuple[int, int]:
    """Return the first and the last byte asked for; (0, size - 1) when no range is, or one we need not honour.

    Raises:
        UnsatisfiableRangeError: answer it with status 416.
    """
    found = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if found is None or found.group(1) == found.group(2) == "":
        return 0, size - 1
    first, last = found.groups()
    if first == "":
        if int(last) == 0 or size == 0:
            raise UnsatisfiableRangeError
        return max(0, size - int(last)), size - 1
    if int(first) >= size:
        raise UnsatisfiableRangeError
    if last != "" and int(last) < int(first):
        return 0, size - 1
    return int(first), min(int(last or size - 1), size - 1)
