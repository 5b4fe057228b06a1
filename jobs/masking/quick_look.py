"""A quick look through large files: where nothing stands that could be the beginning of something to mask.

It says yes too often and never no. One automaton reads the bytes as they are: the anchors of all forms with anything
but letters and digits in between. Text that holds escapes is read by another one, which knows them, and so is each
run of text in binary data. What is found is for the finder to decide.
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
# A code that only stands there once another one is resolved: its first character is coded, or one of those that follow.
_DIGIT = rb"(?:%|\\u00|\\x|\\u0{6}|&#x|=)(?:3[0-9]|[46][1-6]);?|&#(?:4[89]|5[0-7]|6[5-9]|70|9[7-9]|10[0-2]);"
_DIGIT += rb"|\\(?:06[0-7]|07[01]|1[04][1-6])"
_INNER = (
    rb"(?:%|\\u00|\\x|\\u0{6}|&#x)(?:23|3[0-9b]|[46][1-9a-f]|[57][0-9a]);?|&#[0-9]{2,3};|&(?:num|semi);|\\[01][0-7]{2}"
)
_KIND = rb"(?:%|\\u00|\\x|\\u0{6}|&#x)(?:3[0-3]|55|62|66|6e|7[024568]);?|&#[0-9]{2,3};|\\[01][0-7]{2}"
_CODES_OF_CODES = (
    rb"(?:(?:%|\\u00|\\x|\\u0{6}|&#x)25;?(?:25)*|&#0*37;|&percnt;|\\045)(?:[0-9a-f]|DIGIT)"
    rb"|(?:(?:%|\\u00|\\x|\\u0{6}|&#x)5c;?|&#0*92;|&bsol;|\\134)(?:[unrtbfvx0-7]|KIND)"
    rb"|(?:(?:%|\\u00|\\x|\\u0{6}|&#x)26;?|&#0*38;|&amp;|\\046)(?:#|[a-z]{2,6};|INNER|[a-z]{1,6}(?:INNER))"
    rb"|=3d(?:[0-9a-f]{2}|=3|=4|=6)"
    rb"|%[0-9a-f]?(?:DIGIT)|=[0-9a-f]?=(?:3[0-9]|[46][1-6])"
    rb"|\\(?:KIND|u[0-9a-f]{0,3}(?:DIGIT)|u00[0-9a-f]{0,5}(?:DIGIT)|x[0-9a-f]?(?:DIGIT)|[0-3][0-7]?(?:DIGIT))"
    rb"|&#?[0-9a-z]{0,8}(?:INNER)"
)
for _name, _part in ((b"DIGIT", _DIGIT), (b"INNER", _INNER), (b"KIND", _KIND)):
    _CODES_OF_CODES = _CODES_OF_CODES.replace(_name, _part)
_TEXT_RUN = rb"(?:[\t-\r\x1b -~]|[\xc2-\xf4][\x80-\xbf]{1,3}){%d,}"
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
        if b"\0" not in data:
            return _met(self._plain_text, data) and _met(self._text, data)
        if _met(self._binary, data) or self._runs is None:
            return True
        return any(_met(self._text, run[0]) for run in self._runs.finditer(data))

    @cached_property
    def _binary(self) -> re.Pattern[bytes] | None:
        return _compiled((_TOKEN, *self._letters()))

    @cached_property
    def _plain_text(self) -> re.Pattern[bytes] | None:
        """Finds any escape too: without one the text is what it seems."""
        return _compiled((_TOKEN, _CODE, *self._letters()))

    @cached_property
    def _runs(self) -> re.Pattern[bytes] | None:
        """Text in binary data; a form with an escape in it takes two bytes more than it has letters and digits."""
        shortest = min(map(len, self._anchors), default=_SHORTEST) + 2
        return _compiled((_TEXT_RUN % shortest,))

    def _letters(self) -> Iterable[bytes]:
        return (b"[^a-z0-9]*".join(b"%c" % letter for letter in anchor) for anchor in self._anchors)

    @cached_property
    def _text(self) -> re.Pattern[bytes] | None:
        if len(self._anchors) > _MOST_CODED:
            return None
        anchors = (_BETWEEN.join(b"(?:%c|%s)" % (letter, _LETTER) for letter in anchor) for anchor in self._anchors)
        return _compiled((_CODES_OF_CODES, _TOKEN, *anchors))


def _met(pattern: re.Pattern[bytes] | None, data: bytes) -> bool:
    return pattern is None or pattern.search(data) is not None


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
