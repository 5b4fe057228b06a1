"""Text written by strangers, made harmless: for a reply (`clean`, `one_line`) or for a person's eyes (`visible`)."""

from __future__ import annotations

from hub_contract.clean_text import SUSPECT, UNSEEN, clean

__all__ = ["clean", "one_line", "visible"]


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
    if not SUSPECT.search(text) and (multiline or not ("\n" in text or "\t" in text)):
        return text
    from jobs.confusables import spell_out

    return spell_out(text, keep="\n\t" if multiline else "", unseen=UNSEEN)
