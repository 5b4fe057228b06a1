"""Text written by strangers, made harmless: for a reply (`clean`, `one_line`) or for a person's eyes (`visible`)."""

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
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_DROPPED = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f{_UNSEEN}]")
_SEPARATOR = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SUSPECT = re.compile("[^\n\t -~]")


def clean(text: str) -> str:
    """Text without terminal escapes, control, bidirectional, zero-width and other unseen characters.

    Newlines and tabs stay; any other line separator becomes one space, so one line stays one line. Lone
    surrogates become U+FFFD. Plain text comes back as it is, and the result is never longer.
    """
    if not _SUSPECT.search(text):
        return text
    text = _ESCAPE_SEQUENCE.sub("", text)
    text = _SEPARATOR.sub(lambda found: "\n" if found[0] == "\r\n" else " ", text)
    return _SURROGATE.sub("\ufffd", _DROPPED.sub("", text))


def one_line(text: str, limit: int = 300) -> str:
    """Cleaned text on one line, every run of white space one blank, at most `limit` characters with its "..."."""
    line = " ".join(clean(text[: limit * 16]).split())
    return line if len(line) <= limit else line[: max(limit - 3, 0)].rstrip() + "..."


def visible(text: str, *, multiline: bool = False) -> str:
    """Text for a question to a person: what cannot be seen, or looks like something else, is spelled out as `<U+XXXX>`.

    Spelled out are control, unseen and odd space characters, letters of another script inside a Latin word or in
    a word that could be read as Latin (`p<U+0430>ypal`), compatibility forms (full-width, mathematical), and the
    third and later marks stacked on one letter. Newlines and tabs are spelled out too unless `multiline`.
    """
    if not _SUSPECT.search(text) and (multiline or not ("\n" in text or "\t" in text)):
        return text
    from jobs.confusables import spell_out

    return spell_out(text, keep="\n\t" if multiline else "", unseen=_DROPPED)
