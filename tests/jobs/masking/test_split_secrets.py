"""Secrets that were taken to pieces or written in other ways, and the ordinary text that looks nothing like them."""

from __future__ import annotations

import base64
import html
import itertools
import quopri
import textwrap
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.masking.masker import Masker

pytestmark = pytest.mark.promise("S10")

TOKEN = "tk-9fQ2+zR7/xW4mB8vLq0=zb"
LONG = "".join(f"{number * 7919 % 100_003:05d}qZ" for number in range(60))
KUBE = "".join(f"{number * 7919 % 100_003:05d}qZ" for number in range(900))
KUBE_MASKER = Masker({"NAME": KUBE})


def _wrapped(value: str, before: str, after: str = "", width: int = 16) -> str:
    return "\n".join(before + value[place : place + width] + after for place in range(0, len(value), width))


def _hexdump(value: str, form: str) -> str:
    raw = value.encode()
    rows = []
    for place in range(0, len(raw), 16):
        row = raw[place : place + 16]
        seen = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        codes = {
            "xxd": f"{place:08x}: {row.hex(' ', 2):<39}  {seen}",
            "hexdump": f"{place:08x}  {row.hex(' '):<47}  |{seen}|",
            "od": f"{place:07o} {row.hex(' ')}",
        }
        rows.append(codes[form])
    return "\n".join(rows)


FORMS = {
    "box": lambda value: _wrapped(value, "│ ", " │"),
    "ascii box": lambda value: _wrapped(value, "| ", " |", 20),
    "diff": lambda value: _wrapped(value, "+"),
    "mail": lambda value: _wrapped(value, "> "),
    "log": lambda value: _wrapped(value, "2026-11-25 01:02:03,123 INFO trainer: "),
    "rank": lambda value: _wrapped(value, "[rank0]: "),
    "hex with blanks": lambda value: value.encode().hex(" "),
    "hex with colons": lambda value: value.encode().hex(":").upper(),
    "hex with 0x": lambda value: ", ".join(f"0x{byte:02X}" for byte in value.encode()),
    "xxd": lambda value: _hexdump(value, "xxd"),
    "hexdump": lambda value: _hexdump(value, "hexdump"),
    "od": lambda value: _hexdump(value, "od"),
    "list of bytes": lambda value: str(list(value.encode())),
    "percent twice": lambda value: urllib.parse.quote(urllib.parse.quote(value, safe=""), safe=""),
    "percent thrice": lambda value: urllib.parse.quote(urllib.parse.quote(urllib.parse.quote(value, safe=""), safe=""), safe=""),
    "quoted-printable": lambda value: quopri.encodestring(value.encode()).decode(),
    "entities": lambda value: "".join(f"&#{ord(char)};" for char in value),
    "entities in percent": lambda value: urllib.parse.quote(html.escape(value)),
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "last missing": lambda value: value[:-1],
    "base32": lambda value: base64.b32encode(b"x" + value.encode()).decode(),
    "reversed": lambda value: value[::-1],
    "base64 in a log": lambda value: _wrapped(base64.b64encode(b"a" + value.encode() + b"bc").decode(), "01:02:03 | "),
    "base64url in lines": lambda value: _wrapped(base64.urlsafe_b64encode(value.encode()).decode(), "", width=20),
}  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("value", [TOKEN, LONG, KUBE])
@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_masked_and_its_surroundings_stay(form: str, value: str) -> None:
    text = FORMS[form](value)
    masker = Masker({"NAME": value})
    masked = masker.mask(f"before it.\n{text}\nsee after it")
    assert masked.startswith("before it.\n")
    assert masked.endswith("\nsee after it")
    assert "***NAME***" in masked
    assert masked.count("\n") == text.count("\n") + 2
    whole = [line[-14:-3] for line in text.splitlines() if len(line) > 14 and " " not in line[-14:]]
    assert not any(piece in masked for piece in whole)


@pytest.mark.thorough
@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FORMS)), st.lists(st.integers(0, 700), max_size=5))
def test_a_stream_of_pieces_is_masked_as_the_whole(form: str, cuts: list[int]) -> None:
    text = f"begin\n{FORMS[form](LONG)}\nthen\n{FORMS[form](TOKEN)}\nend"
    masker = Masker({"LONG": LONG, "TOKEN": TOKEN})
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    stream = masker.stream()
    shown = "".join(stream.feed_text(text[first:last]) for first, last in itertools.pairwise(edges))
    assert shown + stream.flush_text() == masker.mask(text)


@pytest.mark.thorough
@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(KUBE) - 60), st.integers(60, 2000))
def test_no_window_on_a_long_value_shows_a_piece(start: int, length: int) -> None:
    window = KUBE[start : start + length]
    for text in (window, textwrap.fill(window, 76), base64.b64encode(window.encode()).decode()):
        masked = KUBE_MASKER.mask(f"[{text}]").replace("***NAME***", "")
        assert len(masked) < 60


HARMLESS = """
let me in please; correct, horse; password reset; passwords of production-database
2026-11-21 20:51:07,123 INFO trainer step=98123 loss=0.4411 lr=3e-4 path="/workspace/out/7.bin" ███▌ 45%|
postgres://localhost:5432 https://hooks.example/services/ -----BEGIN PRIVATE KEY----- AT&T &amp; 100% =3D
31, 32, 33, 34, 35, 36, 37, 38  0x00 0x01  00:11:22:33:44:55  deadbeef  1\n2\n3\n4\n5\n6
"""


def test_ordinary_text_stays_as_it_is() -> None:
    known = {
        "A": "letmein", "B": "postgres://app:Zq7xy9Kk2m@db.int.example/app", "C": "my-production-database-password",
        "D": "123456", "E": TOKEN, "F": "https://hooks.example/services/T00/B00/XXxx1234abcd5678", "G": KUBE,
        "H": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBK\n-----END PRIVATE KEY-----",
    }  # fmt: skip
    assert Masker(known).mask(HARMLESS) == HARMLESS
