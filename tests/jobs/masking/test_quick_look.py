"""The quick look passes nothing over in which the full mask would find something."""

from __future__ import annotations

import base64
import html
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.masking import masked_file
from jobs.masking.masker import Masker

LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
PEM = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n".format(
    "\n".join("".join(random.Random(line).choices(LETTERS + "+/", k=64)) for line in range(12))
)
KNOWN = {
    "SHORT": "tango7",
    "WORDS": "romeo/5521&juliet tango+whiskey-77",
    "PASS": "pä$$-Wörd 2026/x",
    "URL": "postgresql://app:n0t-4-w0rd%21@db.internal.example:5432/x",
    "KEY": "".join(random.Random(1).choices(LETTERS, k=40)),
    "ACCOUNT": json.dumps({"type": "service_account", "private_key": PEM, "client_id": "1" * 21}),
    "PEM": PEM,
}
LONG = {"LONG": "".join(random.Random(2).choices(LETTERS, k=900)), "WORDS": KNOWN["WORDS"]}
MASKERS = [Masker(dict(list(KNOWN.items())[:5])), Masker(KNOWN), Masker(LONG)]
SECRETS = [list(KNOWN.values())[:5], list(KNOWN.values()), list(LONG.values())]
TOKENS = [b"hf_" + LETTERS[:34].encode(), b"sk-ant-" + LETTERS[:30].encode(), b"AKIA" + b"ABCDEFGHIJ234567"]


def one_code(char: str, chance: random.Random) -> str:
    """A character as one of its escapes."""
    number = ord(char)
    codes = ["%{:02X}", "%{:02x}", "\\x{:02x}", "\\u{:04x}", "\\U{:08x}", "&#{};", "&#x{:X};", "\\{:03o}", "={:02X}"]
    usable = codes if number < 0x80 else codes[3:6]
    return chance.choice(usable).format(number)


def some_coded(text: str, chance: random.Random) -> str:
    """Some characters as escapes, now and then one of an escape's own."""
    share = chance.choice((0.05, 0.3, 1.0))
    kind = random.Random(chance.random())
    return "".join(one_code(char, kind) if chance.random() < share else char for char in text)


def broken(text: str, chance: random.Random) -> str:
    """On several lines, with what a log puts before each."""
    width = chance.choice((3, 12, 60, 76))
    mark = chance.choice(("\n", "\r\n", "\n2026-01-01 12:00:00 INFO ", "\n| ", "\\n", "=\n", "\\\n"))
    return mark.join(text[place : place + width] for place in range(0, len(text), width))


WAYS: list[Callable[[str, random.Random], str]] = [
    lambda text, _: text,
    lambda text, _: text.upper(),
    lambda text, _: text[::-1],
    lambda text, _: quote(text, safe=""),
    lambda text, _: json.dumps(text)[1:-1],
    lambda text, _: html.escape(text),
    lambda text, _: repr(text),
    lambda text, _: text.encode().hex(),
    lambda text, _: text.encode().hex(" ", 2),
    lambda text, chance: base64.b64encode(b"x" * chance.randrange(3) + text.encode()).decode(),
    lambda text, chance: base64.b32encode(b"x" * chance.randrange(5) + text.encode()).decode(),
    lambda text, chance: text[: chance.randrange(len(text) + 1)],
    lambda text, chance: text[chance.randrange(len(text)) :],
    some_coded,
    some_coded,
    broken,
]


def around(chance: random.Random, size: int) -> bytes:
    """Text, JSON, a table, or bytes that are no text."""
    kind = chance.randrange(5)
    if kind == 0:
        return chance.randbytes(size)
    words = [
        "step=12",
        "50%",
        "\\n",
        "&amp;",
        "https://example.org/?q=%20x",
        "Привет",
        "loss 0.1\n",
        "=3D",
        "│",
        "\\\\u003c",
    ]
    words += ["\0" * 9] if kind == 1 else []
    out = b""
    while len(out) < size:
        out += chance.choice(words).encode() + chance.choice((b" ", b"\n", b""))
    return out[:size]


def document(secrets: list[str], chance: random.Random) -> bytes:
    """Something between other things, in one, two or three ways at once."""
    if chance.random() < 0.1:
        middle = chance.choice(TOKENS)
    else:
        text = chance.choice(secrets)
        for _ in range(chance.choice((1, 1, 2, 3))):
            text = chance.choice(WAYS)(text, chance) if len(text) < 60_000 and text else text
        middle = text.encode(errors="surrogatepass")
    return around(chance, chance.randrange(60)) + middle + around(chance, chance.randrange(60))


@pytest.mark.promise("S10")
@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 1 << 40), which=st.integers(0, len(MASKERS) - 1))
def test_what_the_full_mask_finds_the_quick_look_does_not_pass(seed: int, which: int) -> None:
    masker = MASKERS[which]
    data = document(SECRETS[which], random.Random(seed))
    if masker.quick_look.usable and masker.mask_bytes(data) != data:
        assert masker.quick_look.may_hold(data), data


@pytest.mark.thorough
@pytest.mark.promise("S10")
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1 << 40), which=st.integers(0, len(MASKERS) - 1))
def test_a_file_comes_out_masked_wherever_its_blocks_end(
    seed: int, which: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = random.Random(seed)
    masker = MASKERS[which]
    data = b"".join(document(SECRETS[which], chance) + around(chance, chance.randrange(9_000)) for _ in range(6))
    assert saved(tmp_path_factory.mktemp("file") / "file", data, masker, block=chance.choice((512, 4_096))) == (
        masker.mask_bytes(data)
    )


def saved(path: Path, data: bytes, masker: Masker, *, block: int) -> bytes:
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch, path.open("rb") as source:
        patch.setattr(masked_file, "_LOOKED_AT_AFTER", 0)
        patch.setattr(masked_file, "_BLOCK", block)
        ranges = masked_file.doubtful(source, masker)
        assert masked_file.unchanged(source, masker, ranges) == (masker.mask_bytes(data) == data)
        target = io.BytesIO()
        masked_file.write(source, target, masker, ranges)
    return target.getvalue()


def test_a_secret_of_many_thousand_characters_is_not_looked_for_quickly() -> None:
    assert not Masker({"KEY": "".join(random.Random(2).choices(LETTERS, k=9_000))}).quick_look.usable
