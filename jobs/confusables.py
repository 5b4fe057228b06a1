"""Letters that pass for others: which characters of a text a reader could take for something they are not."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Letters of other scripts that are drawn like Latin ones in common fonts (the usual suspects of Unicode TR 39).
_TWINS = frozenset(
    "асеорухѕіјһԁԛԝѡүӏАВЕЅІЈКМНОРСТУХԚԜҮӀЗЬҺ"
    "αινορυϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ"  # noqa: RUF001 -- Greek letters are the subject
    "ոսօցհյՏՕԼՍ"
    "ᎠᎡᎢᎥᎪᎫᎬᎳᎷᎻᎽᏀᏂᏃᏎᏏᏒᏔᏕᏙᏚᏟᏢᏦᏧᏩᏭᏮᏳᏴ"
    "ıɑɡɩʋʏᴄᴏᴛᴜᴠᴡᴢǀǃ"
)
# Dots, slashes, colons, commas and hyphens that are not the ones on the keyboard.
_SIGNS = frozenset("\u2024\u2044\u2215\u29f8\u0589\u05c3\u2236\ua4fd\u201a\u066b\u2010\u2011")
_WORD = re.compile(r"[\w\u0300-\u036f]+")
_STACK = 2


def spell_out(text: str, *, keep: str, unseen: re.Pattern[str]) -> str:
    """`text` with every deceptive character as `<U+XXXX>`; `keep` are control characters to leave, `unseen` a class."""
    told: list[str] = []
    marks = 0
    suspects = _suspects(text)
    for place, char in enumerate(text):
        if " " <= char <= "~" or char in keep:
            marks = 0
            told.append(char)
            continue
        marks = marks + 1 if unicodedata.combining(char) else 0
        hidden = place in suspects or marks > _STACK or unseen.match(char) or _odd(char)
        told.append(f"<U+{ord(char):04X}>" if hidden else char)
    return "".join(told)


def _suspects(text: str) -> set[int]:
    """Places of letters that do not belong to the script of their word, or that make it read as Latin."""
    places: set[int] = set()
    for word in _WORD.finditer(text):
        if word[0].isascii():
            continue
        foreign = [place for place, char in enumerate(word[0], word.start()) if char.isalpha() and not _latin(char)]
        twins = [place for place in range(word.start(), word.end()) if text[place] in _TWINS]
        mixed = any(char.isascii() and char.isalpha() for char in word[0])
        if mixed and _alphabetic(text[place] for place in foreign):
            places.update(foreign)
        if mixed or (twins and len(twins) == sum(char.isalpha() for char in word[0])):
            places.update(twins)
    return places


def _alphabetic(chars: Iterable[str]) -> bool:
    """Whether any letter is of a script with twins; Chinese next to Latin, say, deceives nobody."""
    return any(
        unicodedata.name(char, "").startswith(("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "HEBREW"))
        for char in chars
    )


def _latin(char: str) -> bool:
    return char.isascii() or unicodedata.name(char, "").startswith("LATIN")


def _odd(char: str) -> bool:
    """Odd blanks, unassigned, private and surrogate characters, sign twins, and other forms of ASCII letters."""
    if char in _SIGNS or unicodedata.category(char) in {"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn"}:
        return True
    folded = unicodedata.normalize("NFKC", char)
    return folded != char and folded.isascii() and (char.isalnum() or "\uff00" <= char <= "\uffef")
