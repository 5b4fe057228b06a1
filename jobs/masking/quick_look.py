"""A quick look through large files: where nothing stands that could be the beginning of something to mask.

It says yes too often and never no. One automaton reads the bytes as they are: the anchors of all forms with anything
but letters and digits in between. Text that holds escapes, and no zero byte, is read by another one, which knows them;
in binary data a coded form is looked for as such, and an escape in the midst of one is not resolved. What is
found is for the finder to decide.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.masking.token_patterns import STARTS

if TYPE_CHECKING:
    from collections.abc import Iterable

OVERLAP = 16 * 1024
"""So many bytes an anchor with all that may stand in it takes at most."""

_TAKEN = 12
_SHORTEST = 6
_MOST = 2_000
_MOST_CODED = 64
_MEMORY = 256 << 20

_LETTER = (
    rb"%[3-7][0-9a-f]|\\u00[3-7][0-9a-f]|\\x[3-7][0-9a-f]|\\u0{6}[3-7][0-9a-f]|\\[01][0-7]{2}|&#x?[0-9a-f]{2,7};"
    rb"|=[3-7][0-9a-f]"
)
_BETWEEN = (
    rb"(?:[^a-z0-9]|\\[nrtbfv]|%[0-9a-f]{2}|\\u00[0-9a-f]{6}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\[0-3][0-7]{2}"
    rb"|&(?:#x?[0-9a-f]{1,7}|[a-z]{2,6});|=[0-9a-f]{2})*"
)
_CODE = rb"\\[nrtbfvux0-3]|%[0-9a-f]{2}|&(?:#|[a-z]{2,6};)|=[0-9a-f]{2}"
_CODES_OF_CODES = (
    rb"(?:%|\\u00|\\x|&#x)25;?(?:25)*[0-9a-f]{2}|(?:&#37;|&percnt;|\\045)[0-9a-f]{2}"
    rb"|(?:(?:%|\\u00|\\x|&#x)5c;?|&#92;|&bsol;|\\134)[unrtbfvx0-7]"
    rb"|(?:(?:%|\\u00|\\x|&#x)26;?|&#38;|&amp;|\\046)(?:#|[a-z]{2,6};)|=3d[0-9a-f]{2}"
)
_TOKEN = (
    rb"(?-i:(?:^|[^A-Za-z0-9])(?:" + b"|".join(re.escape(start.encode()) for start in STARTS) + rb")[A-Za-z0-9_.-]{11})"
)


class QuickLook:
    """Built once from the letters and digits of all anchors; `usable` says whether the look is worth it.

    It lets go of the interpreter while it looks, so several pieces can be looked at at once.
    """

    def __init__(self, anchors: Iterable[bytes]) -> None:
        self._anchors = sorted({anchor[:_TAKEN] for anchor in anchors})
        self.usable = len(self._anchors) <= _MOST and all(len(anchor) >= _SHORTEST for anchor in self._anchors)

    def may_hold(self, data: bytes) -> bool:
        """Whether something to mask may begin, go on or end in `data`."""
        is_binary = b"\0" in data
        plain = self._binary if is_binary else self._plain_text
        if plain is not None and plain.search(data) is None:
            return False
        coded = None if is_binary else self._text
        return coded is None or coded.search(data) is not None

    @cached_property
    def _binary(self) -> re.Pattern[bytes] | None:
        return _compiled((_TOKEN, *self._letters()))

    @cached_property
    def _plain_text(self) -> re.Pattern[bytes] | None:
        """Finds any escape too: without one the text is what it seems."""
        return _compiled((_TOKEN, _CODE, *self._letters()))

    def _letters(self) -> Iterable[bytes]:
        return (b"[^a-z0-9]*".join(b"%c" % letter for letter in anchor) for anchor in self._anchors)

    @cached_property
    def _text(self) -> re.Pattern[bytes] | None:
        if len(self._anchors) > _MOST_CODED:
            return None
        anchors = (_BETWEEN.join(b"(?:%c|%s)" % (letter, _LETTER) for letter in anchor) for anchor in self._anchors)
        return _compiled((_CODES_OF_CODES, _TOKEN, *anchors))


def _compiled(alternatives: Iterable[bytes]) -> re.Pattern[bytes] | None:
    """One expression, or None where it would be too large."""
    import re2

    options = re2.Options()
    options.max_mem = _MEMORY
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = True
    try:
        found: re.Pattern[bytes] = re2.compile(b"(?i:" + b"|".join(alternatives) + b")", options)
    except re2.error:
        return None
    finally:
        re2.purge()
    return found
