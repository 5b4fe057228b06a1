"""A large file comes out as masking all of it would give, wherever and however a value stands in it."""

from __future__ import annotations

import base64
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from jobs.masking import masked_file
from jobs.masking.masker import Masker

VALUE = "romeo/5521&juliet tango+whiskey-77"
TOKEN = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ012345"
KNOWN = {"KEY": VALUE, "LONG": "".join(random.Random(3).choices("abcdefghijkmnpqrstuvwxyz0123456789", k=5_000))}
MIB = 1 << 20
EDGES = (0, 1, 70_000, MIB - 9, MIB, 2 * MIB - 5_000, 3 * MIB - 1, 3 * MIB + 16_384, 4 * MIB + 3, 5 * MIB - 40)


def percent(text: str) -> bytes:
    return "".join(f"%{byte:02X}" for byte in text.encode()).encode()


FORMS = {
    "raw": VALUE.encode(),
    "capitals": VALUE.upper().encode(),
    "percent-coded": quote(VALUE, safe="").encode(),
    "percent-coded twice": quote(quote(VALUE, safe=""), safe="").encode(),
    "each letter percent-coded": percent(VALUE),
    "JSON": json.dumps({"a": f"\n{VALUE}"}).encode(),
    "unicode escapes": "".join(f"\\u{ord(char):04x}" for char in VALUE).encode(),
    "some unicode escapes": VALUE.replace("&", "\\u0026").replace("o", "\\u006f").encode(),
    "HTML": VALUE.replace("&", "&amp;").replace("j", "&#106;").encode(),
    "quoted-printable": b"=C3=A4 " + VALUE.replace("l", "=6C").replace("w", "=\nw").encode(),
    "base64": base64.b64encode(VALUE.encode()),
    "base64, off by one": base64.b64encode(b"x" + VALUE.encode() + b"yz"),
    "hexadecimal": VALUE.encode().hex().encode(),
    "a dump": VALUE.encode().hex(" ").encode(),
    "wrapped lines": "\n2026-01-01 INFO ".join(VALUE[place : place + 12] for place in range(0, 34, 12)).encode(),
    "a token": b" " + TOKEN.encode() + b" ",
    "a long one": KNOWN["LONG"].encode(),
    "the end of a long one": KNOWN["LONG"][1_000:].encode(),
    "base64 of a long one": base64.encodebytes(KNOWN["LONG"].encode()),
    "in the middle of a line": b"x" * 90 + VALUE.encode() + b"y" * 90,
}


def in_text(size: int) -> bytearray:
    line = b'a line that says step=%06d of 50%%, \\n "quoted" https://example.org/?q=%%20x &lt; and goes on \xd0\x9f\n'
    return bytearray(b"".join(line % number for number in range(size // 90))[:size])


def in_binary(size: int) -> bytearray:
    return bytearray(random.Random(5).randbytes(size))


@pytest.fixture(scope="module")
def masker() -> Masker:
    return Masker(KNOWN)


def saved(tmp_path: Path, data: bytes, masker: Masker, wanted: bytes) -> tuple[bytes, int]:
    """What comes out, and how many bytes were looked at closely."""
    path = tmp_path / "file"
    path.write_bytes(data)
    with path.open("rb") as source:
        ranges = masked_file.doubtful(source, masker)
        assert masked_file.unchanged(source, masker, ranges) == (wanted == data)
        target = io.BytesIO()
        masked_file.write(source, target, masker, ranges)
    return target.getvalue(), sum(end - begin for begin, end in ranges)


@pytest.mark.thorough
@pytest.mark.promise("S10")
@pytest.mark.parametrize("forms", [sorted(FORMS)[::2], sorted(FORMS)[1::2]], ids=["one half", "the other"])
def test_values_in_a_large_text_are_masked_as_in_a_small_one(forms: list[str], tmp_path: Path, masker: Masker) -> None:
    data = in_text(5 * MIB)
    for place, form in zip(EDGES, forms, strict=True):
        data[place:place] = b"\n" + FORMS[form] + b"\n"
    wanted = masker.mask_bytes(bytes(data))
    out, _ = saved(tmp_path, bytes(data), masker, wanted)
    assert out == wanted
    assert out.count(b"***") >= 2 * len(forms)


@pytest.mark.promise("S10")
def test_values_in_binary_data_are_masked_too(tmp_path: Path, masker: Masker) -> None:
    data = in_binary(5 * MIB)
    forms = ["raw", "base64", "hexadecimal", "a token", "a long one", "the end of a long one"]
    for place, form in zip(EDGES[1:], forms, strict=False):
        data[place:place] = b"\0" + FORMS[form] + b"\0"
    wanted = masker.mask_bytes(bytes(data))
    out, _ = saved(tmp_path, bytes(data), masker, wanted)
    assert not [form for form in forms if FORMS[form].strip() in out]
    assert out == wanted


@pytest.mark.parametrize("made", [in_text, in_binary])
def test_little_is_looked_at_closely_where_nothing_is(made: Callable[[int], bytearray], tmp_path: Path) -> None:
    data = bytes(made(5 * MIB))
    out, looked_at = saved(tmp_path, data, Masker({"KEY": VALUE}), data)
    assert out == data
    assert looked_at == 0
