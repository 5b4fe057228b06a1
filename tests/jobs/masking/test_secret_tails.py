"""A window on a log or a file that begins or ends inside a secret shows no piece of it, however long the secret is."""

from __future__ import annotations

import base64
import html
import json
import random
import string
import textwrap
import urllib.parse
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.masking.cut_text import CutText
from jobs.masking.masker import Masker

pytestmark = pytest.mark.promise("S10")

PIECE = 8
CODED_PIECE = {"base64": 12, "base64 in a document": 16, "hex": 16, "percent": 12, "percent twice": 16, "escapes": 48}
CODED_PIECE |= {"bytes": 38, "hex with blanks": 24}
FILL = "".join(f"{number:04d} step {number} of the training went on and on\n" for number in range(40))


def _random(seed: int, size: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=size))


def _pem(seed: int, size: int) -> str:
    body = textwrap.wrap(_random(seed, size, string.ascii_letters + string.digits + "+/"), 64)
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *body, "-----END PRIVATE KEY-----"])


VALUES: dict[str, Callable[[int, int], str]] = {
    "token": _random,
    "letters": lambda seed, size: _random(seed, size, string.ascii_letters),
    "hex": lambda seed, size: _random(seed, size, string.hexdigits[:16]),
    "printable": lambda seed, size: "k" + _random(seed, size, string.ascii_letters + string.digits + "!#$*()-_.,:;@^~"),
    "pem": _pem,
    "account": lambda seed, size: json.dumps({"type": "service_account", "private_key": _pem(seed, size) + "\n"}, indent=2),
    "kubeconfig": lambda seed, size: f"apiVersion: v1\nusers:\n- name: dev\n  user:\n    token: {_random(seed, size)}\n",
}  # fmt: skip
CODED: dict[str, Callable[[str], str]] = {
    "raw": str,
    "json": lambda value: json.dumps(value)[1:-1],
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 in a document": lambda value: base64.b64encode(f"ab{value}yz".encode()).decode(),
    "hex": lambda value: value.encode().hex(),
    "percent": lambda value: urllib.parse.quote(value, safe=""),
    "percent twice": lambda value: urllib.parse.quote(urllib.parse.quote(value, safe=""), safe=""),
    "entities": html.escape,
    "escapes": lambda value: "".join(f"\\u{ord(char):04x}" for char in value),
    "bytes": lambda value: ", ".join(str(byte) for byte in value.encode()),
    "hex with blanks": lambda value: value.encode().hex(" "),
}
LED = {
    "none": "",
    "log": "2026-11-25 01:02:03,123 INFO trainer: ",
    "box": "| ",
    "rank": "[rank0]: ",
}


def _printed(value: str, coded: str, lead: str, width: int) -> str:
    text = CODED[coded](value)
    lines = text.splitlines() if width == 0 else [text[at : at + width] for at in range(0, len(text), width)]
    return "\n".join(LED[lead] + line for line in lines)


def _pieces(shown: str, text: str, other: str, lead: str, coded: str = "raw") -> list[str]:
    """What of `text` is shown in one piece, by line, that is not in another secret of the same kind as well."""
    size = CODED_PIECE.get(coded, PIECE)
    return sorted(_grams(shown, lead, size) & (_grams(text, lead, size) - _grams(other, lead, size)))


def _grams(text: str, lead: str, size: int) -> set[str]:
    lines = [line.removeprefix(LED[lead]) for line in text.split("\n")]
    return {line[at : at + size] for line in lines for at in range(len(line) - size + 1)}


@cache
def _masker(kind: str, seed: int, size: int) -> Masker:
    return Masker({"NAME": VALUES[kind](seed, size)})


@pytest.mark.thorough
@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.sampled_from(sorted(VALUES)),
    st.integers(0, 2),
    st.sampled_from([24, 40, 64, 200, 700, 1_600]),
    st.sampled_from(sorted(CODED)),
    st.sampled_from(sorted(LED)),
    st.sampled_from([0, 16, 20, 24, 57, 60, 64, 76, 79, 100, 132, 4000]),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_no_window_shows_a_piece(  # noqa: PLR0917 -- what hypothesis varies
    kind: str, seed: int, size: int, coded: str, lead: str, width: int, first: float, last: float
) -> None:
    text, other = (_printed(VALUES[kind](one, size), coded, lead, width) for one in (seed, seed + 100))
    begin, end = sorted((int(first * len(text)), int(last * len(text))))
    for window in (
        CutText.of(text[begin:end], before=True, after=True),
        CutText.of(FILL + text[:end], after=True),
        CutText.of(text[begin:] + "\n" + FILL, before=True),
        CutText.of(FILL + text[:begin] + "\n" + text[end:] + "\n" + FILL, within=[len(FILL) + begin]),
    ):
        assert not _pieces(_masker(kind, seed, size).mask(window), text, other, lead, coded)


@pytest.mark.thorough
@pytest.mark.parametrize("size", [300 * 1024, 1 << 20])
def test_a_secret_of_a_megabyte_is_no_other(size: int) -> None:
    value = _random(1, size)
    masker = Masker({"NAME": value})
    for coded, width in (("raw", 0), ("raw", 76), ("base64", 76), ("hex", 64)):
        text, other = (_printed(one, coded, "log", width) for one in (value, _random(2, size)))
        begin = text.rfind("\n", 0, len(text) // 3) + 1
        window = text[begin : text.rfind("\n", 0, begin + 20_000) if width else begin + 20_000]
        shown = masker.mask(CutText.of(window, before=True, after=True))
        assert not _pieces(shown, window, other, "log", coded)


HARMLESS = """Connecting to storage.googleapis.com/production-data with 16 workers
2026-11-25 01:02:03,123 INFO trainer: universe is example.com and the database is db.internal
users are fine, tokens are many, 20261125 010203 12345678
"""


def test_ordinary_text_at_a_cut_stays_as_it_is() -> None:
    known = {
        "A": "postgres://app:Zq7xy9Kk2m@db.int.example/production", "B": VALUES["account"](1, 1600),
        "C": VALUES["kubeconfig"](2, 900), "D": _random(3, 40), "E": "correct horse battery staple of production",
        "F": "https://hooks.example/services/T00/B00/XXxx1234abcd5678",
    }  # fmt: skip
    for line in HARMLESS.splitlines():
        assert Masker(known).mask(CutText.of(line, before=True, after=True)) == line
