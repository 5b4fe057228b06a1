"""Text written by strangers, without what a terminal obeys or nobody can see."""

from __future__ import annotations

import re

_ESCAPE_SEQUENCE = re.compile(
    r"""
      (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]?                               # CSI: colours, cursor, modes
    | (?: \x1b[\]PX^_] | [\x9d\x90\x98\x9e\x9f] ) [^\x1b\x07\x9c\n]{0,4096}  # OSC, DCS and kin: titles, links
      (?: \x1b\\ | \x07 | \x9c )?
    | \x1b [ -/]* [0-~]?                                                     # the short ones
    """,
    re.VERBOSE,
)

# Characters nobody can see: bidirectional controls, zero-width ones, fillers, tags, variation selectors.
_UNSEEN_CHARACTERS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
#: What `clean` takes out one by one, after whole escape sequences.
UNSEEN = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f{_UNSEEN_CHARACTERS}]")
_SEPARATOR = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
#: One of these makes a closer look worth while.
SUSPECT = re.compile("[^\n\t -~]")


def clean(text: str) -> str:
    """Text without terminal escapes, control, bidirectional, zero-width and other unseen characters.

    Newlines and tabs stay; any other line separator becomes one space, so one line stays one line. Lone
    surrogates become U+FFFD. Plain text comes back as it is, and the result is never longer.
    """
    if not SUSPECT.search(text):
        return text
    text = _ESCAPE_SEQUENCE.sub("", text)
    text = _SEPARATOR.sub(lambda found: "\n" if found[0] == "\r\n" else " ", text)
    return _SURROGATE.sub("\ufffd", UNSEEN.sub("", text))
