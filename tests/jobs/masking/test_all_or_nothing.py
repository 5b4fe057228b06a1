"""Where the caller chooses the text, a value is masked whole or not at all: no guess of its next character is told."""

from __future__ import annotations

import base64
import itertools
import json

import pytest

from jobs.masking.cut_text import CutText
from jobs.masking.masker import Masker
from tests.jobs.masking.test_split_secrets import FORMS, KUBE, LONG, TOKEN

pytestmark = pytest.mark.promise("S10")

KNOWN = {
    "TEAM_KEY": "tvx-team-api03-Zk4Qw9xT7bLmN2pR8vYcD3fGhJ1sK6uW",
    "DATABASE_URL": "postgres://app:zulu-77-kilo-9@db.internal:5432/prod",
    "WEBHOOK": "https://hooks.slack.example/services/T024BE7LD/B0Q7x9canary/8fT2k9Lm4",
    "ACCOUNT": json.dumps(
        {"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN7xQ9\n"}
    ),
}
#: The end of a value in base64 cannot be told from what comes after it on the next line, nor a value from less of it.
NOT_WHOLE = {"last missing", "base64 in a log"}
CODES = {
    "raw": str,
    "hex": lambda text: text.encode().hex(),
    "hex with blanks": lambda text: text.encode().hex(" "),
    "base64": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "base32": lambda text: base64.b32encode(text.encode()).decode().rstrip("="),
    "decimal": lambda text: ", ".join(str(byte) for byte in text.encode()),
    "reversed": lambda text: text[::-1],
    "escapes": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
}  # fmt: skip


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", KNOWN)
def test_no_beginning_and_no_piece_is_told_from_a_wrong_guess(name: str, code: str) -> None:
    value = KNOWN[name]
    masker = Masker(KNOWN, partly=())
    for begin, end in itertools.product((0, 1, 7, len(value) // 2), range(8, len(value) - 3)):
        if end <= begin + 4 or _says_a_part(value[begin:end]):
            continue
        guess = CODES[code](value[begin:end])
        assert masker.mask(f"see {guess} there") == f"see {guess} there"
        assert masker.mask(CutText.of(guess, before=True, after=True)) == guess
        assert masker.found(guess) == []


def _says_a_part(guess: str) -> bool:
    """Whether some part of a structured value is in it, all of it: that is masked by itself."""
    from jobs.masking.secret_parts import parts_of

    return any(part in guess for value in KNOWN.values() for part in parts_of(value))


@pytest.mark.parametrize("value", [TOKEN, LONG, KUBE], ids=["short", "long", "very long"])
@pytest.mark.parametrize("form", sorted(FORMS.keys() - NOT_WHOLE))
def test_all_of_it_is_masked_in_every_form(form: str, value: str) -> None:
    text = f"before it.\n{FORMS[form](value)}\nsee after it"
    masked = Masker({"NAME": value}, partly=()).mask(text)
    assert masked == Masker({"NAME": value}).mask(text)
    stream = Masker({"NAME": value}, partly=()).stream()
    assert stream.feed_text(text[:97]) + stream.feed_text(text[97:]) + stream.flush_text() == masked


def test_the_names_that_are_given_are_masked_in_pieces() -> None:
    known = {"A": LONG, "B": KUBE}
    masked = Masker(known, partly=["A"]).mask(f"{LONG[50:200]} {KUBE[3000:3300]}")
    assert masked == f"***A*** {KUBE[3000:3300]}"
