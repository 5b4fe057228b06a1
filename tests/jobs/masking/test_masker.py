"""Masking: every encoding, every cut, nested and overlapping secrets, any chunking, and nothing else changed."""

from __future__ import annotations

import base64
import html
import itertools
import json
import shlex
import urllib.parse

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from jobs.masking.encodings import forms_of, skeleton
from jobs.masking.escapes import has_escapes, resolve
from jobs.masking.masker import Masker

pytestmark = pytest.mark.promise("S10")

TOKEN = "tk-9fQ2+zR7/xW4mB8vLq0"
AWKWARD = "p@ss \"w'rd\\né=%41&<x>$y"
LONG = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END KEY-----\n"
ASTRAL = "clé😀secret7"
VALUES = (TOKEN, AWKWARD, LONG, ASTRAL, "hunter2")


def _url_all(value: str) -> str:
    return "".join(f"%{byte:02x}" for byte in value.encode())


def _escaped_all(value: str) -> str:
    units = value.encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


ENCODINGS = {
    "raw": lambda value: value,
    "json": json.dumps,
    "json in unicode": lambda value: json.dumps(value, ensure_ascii=False),
    "json in json": lambda value: json.dumps(json.dumps({"k": value})),
    "json with slashes escaped": lambda value: json.dumps(value).replace("/", "\\/"),
    "json, all escaped": _escaped_all,
    "shell quotes": shlex.quote,
    "shell backslashes": lambda value: "".join(c if c.isalnum() or c == "\n" else "\\" + c for c in value),
    "repr": repr,
    "ascii": ascii,
    "repr of bytes": lambda value: repr(value.encode()),
    "url": urllib.parse.quote,
    "url, nothing safe": lambda value: urllib.parse.quote(value, safe=""),
    "url, lower case": lambda value: urllib.parse.quote(value, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "url form": urllib.parse.quote_plus,
    "url, all coded": _url_all,
    "html": html.escape,
    "html, text only": lambda value: html.escape(value, quote=False),
    "hex": lambda value: value.encode().hex(),
    "HEX": lambda value: value.encode().hex().upper(),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64url": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "base64 without padding": lambda value: base64.b64encode(value.encode()).decode().rstrip("="),
    "base64 in a url": lambda value: urllib.parse.quote(base64.b64encode(value.encode()).decode(), safe=""),
    "echo | base64": lambda value: base64.b64encode(value.encode() + b"\n").decode(),
    "base64 over lines": lambda value: base64.encodebytes(value.encode()).decode(),
}


def _leaks(value: str, text: str) -> bool:
    """Whether a reader could find `value` in `text` by undoing quoting, escaping and wrapping: an oracle of its own."""
    bare = text.replace("\\n", "").replace("\n", "")
    unquoted = urllib.parse.unquote_to_bytes(bare)
    haystacks = [skeleton(bare.encode(errors="surrogatepass")), skeleton(unquoted)]
    forms = [form for form in forms_of(value) if len(form) >= len(value.encode())]
    return any(skeleton(form.replace(b"\n", b"")) in haystack for form in forms for haystack in haystacks)


def _feed(masker: Masker, pieces: list[str]) -> str:
    stream = masker.stream()
    return "".join([stream.feed_text(piece) for piece in pieces]) + stream.flush_text()


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_encoding_is_masked_and_its_surroundings_stay(encoding: str, value: str) -> None:
    text = ENCODINGS[encoding](value)
    masked = Masker({"NAME": value}).mask(f"before: {text} :after")
    assert masked.startswith("before: ")
    assert masked.endswith(" :after")
    assert "***NAME***" in masked
    assert not _leaks(value, masked)


@pytest.mark.parametrize("offset", range(3))
@pytest.mark.parametrize("alphabet", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("value", VALUES)
def test_base64_is_masked_at_each_offset_in_both_alphabets(value: str, alphabet, offset: int) -> None:
    text = alphabet(b"~" * offset + value.encode() + b"~~").decode()
    first, last = -(-offset * 8 // 6), (offset + len(value.encode())) * 8 // 6
    assert Masker({"NAME": value}).mask(text) == text[:first] + "***NAME***" + text[last:]


@pytest.mark.parametrize("value", [TOKEN, AWKWARD, ASTRAL])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_line_break_anywhere_hides_nothing(encoding: str, value: str) -> None:
    text = ENCODINGS[encoding](value).rstrip("\n")
    masker = Masker({"NAME": value})
    for place in range(1, len(text)):
        if (
            text[place - 1] == "\\"
            or "\\u" in text[max(place - 5, 0) : place]
            or "%" in text[max(place - 2, 0) : place]
        ):
            continue  # Programs wrap between characters, not inside an escape.
        if "&" in text[max(place - 5, 0) : place] or "\\x" in text[max(place - 3, 0) : place]:
            continue
        wrapped = f"<{text[:place]}\n{text[place:]}>"
        masked = masker.mask(wrapped)
        assert "***NAME***" in masked, wrapped
        assert masked.count("\n") == wrapped.count("\n")
        assert not _leaks(value, masked), wrapped


@pytest.mark.parametrize("width", [8, 11, 20, 64, 76])
@pytest.mark.parametrize("indent", ["", "    ", "\t"])
def test_text_folded_at_a_width_is_masked(width: int, indent: str) -> None:
    value = TOKEN * 5
    for text in (value, base64.b64encode(b"x" + value.encode()).decode(), value.encode().hex()):
        folded = "\n".join(indent + text[place : place + width] for place in range(0, len(text), width))
        masked = Masker({"NAME": value}).mask(f"key:\n{folded}\nend")
        assert masked.startswith("key:\n")
        assert masked.endswith("\nend")
        assert masked.count("\n") == folded.count("\n") + 2
        assert not _leaks(value, masked)


@pytest.mark.thorough
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_cut_anywhere_changes_nothing(encoding: str) -> None:
    for value in (TOKEN, AWKWARD, ASTRAL):
        masker = Masker({"NAME": value, "PART": value[3:12], "TAIL": value[-7:] + "xyz"})
        text = f'a {ENCODINGS[encoding](value)} b{value}{value}"'
        whole = masker.mask(text)
        for place in range(len(text)):
            assert _feed(masker, [text[:place], text[place:]]) == whole
        assert _feed(masker, list(text)) == whole


def test_bytes_may_be_cut_inside_a_character() -> None:
    masker = Masker({"NAME": ASTRAL})
    data = f"é{ASTRAL}é".encode()
    stream = masker.stream()
    pieces = [stream.feed(bytes((byte,))) for byte in data]
    assert b"".join([*pieces, stream.flush()]) == "é***NAME***é".encode() == masker.mask_bytes(data)


letters = st.text("abcABC012+/=-_", min_size=6, max_size=24)
awkward = st.text("ab1 \"'\\$&%<>é😀n\n/", min_size=6, max_size=24)
values = st.one_of(letters, awkward).filter(
    lambda value: min(len(skeleton(value.encode())), len(skeleton(resolve(value.encode())))) >= 6
)


@st.composite
def related(draw: st.DrawFn) -> dict[str, str]:
    """Secrets that nest in each other, overlap, repeat themselves, and some that have nothing to do with each other."""
    base = draw(values)
    cut = draw(st.integers(1, len(base) - 1))
    kin = [
        base,
        base + base,
        base[cut:] + base[:cut],
        base[:cut] + draw(values),
        base[cut:] + draw(values),
        draw(values),
    ]
    chosen = draw(st.lists(st.sampled_from(kin), min_size=1, max_size=4, unique=True))
    return {f"S{number}": value for number, value in enumerate(chosen)}


@st.composite
def soup(draw: st.DrawFn, known: dict[str, str]) -> str:
    """Secrets in their encodings, whole, begun or ended, among fragments that begin escapes, tokens and wraps."""
    encoded = st.builds(
        lambda name, value: ENCODINGS[name](value),
        st.sampled_from(sorted(ENCODINGS)),
        st.sampled_from(sorted(known.values())),
    )
    parts = st.builds(
        lambda text, first, last: text[first : len(text) - last], encoded, st.integers(0, 9), st.integers(0, 9)
    )
    wraps = st.builds(lambda text, place: text[:place] + "\n  " + text[place:], encoded, st.integers(1, 20))
    scraps = st.sampled_from(
        ["\\", "\\u", "\\u00", "%", "%4", "\n", " ", '"', "'", "sk-", "hf_", "hf_" + "a1" * 17, "é", "x", "eyJ", "ghp_"]
    )
    return "".join(draw(st.lists(st.one_of(encoded, parts, wraps, scraps), max_size=8)))


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, str], str, list[int]]:
    known = draw(related())
    text = draw(soup(known))
    cuts = draw(st.lists(st.integers(0, len(text)), max_size=6))
    return known, text, sorted(cuts)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_however_a_stream_is_cut_the_output_is_that_of_one_write(case: tuple[dict[str, str], str, list[int]]) -> None:
    known, text, cuts = case
    masker = Masker(known)
    whole = masker.mask(text)
    edges = [0, *cuts, len(text)]
    pieces = [text[first:last] for first, last in itertools.pairwise(edges)]
    assert _feed(masker, pieces) == whole
    assert _feed(masker, list(text)) == whole


@settings(max_examples=150, deadline=None)
@given(related(), st.sampled_from(sorted(ENCODINGS)), st.data())
def test_no_encoded_secret_survives_among_others(known: dict[str, str], encoding: str, data: st.DataObject) -> None:
    masker = Masker(known)
    order = data.draw(st.permutations(sorted(known)))
    text = "|".join(ENCODINGS[encoding](known[name]) for name in order)
    masked = masker.mask(text)
    for value in known.values():
        assert not _leaks(value, masked)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(values, min_size=1, max_size=4, unique=True),
    st.lists(st.text(".,;:!?()[]{}~^#ßø \n\t", max_size=12), min_size=2, max_size=6),
)
@example(["aaaaaa"], ["", "."])
def test_only_the_secret_is_replaced(secrets: list[str], fillers: list[str]) -> None:
    known = {f"S{number}": value for number, value in enumerate(secrets)}
    assume(not any(has_escapes(value.encode()) for value in secrets))  # There the escape's own mark goes with it.
    assume(not any(a != b and skeleton(a.encode()) in skeleton(b.encode() * 2) for a in secrets for b in secrets))
    edges = " \t\r\n\\\"'"
    expected, text = fillers[0], fillers[0]
    for place, filler in enumerate(fillers[1:]):
        name = f"S{place % len(secrets)}"
        core = known[name].strip(edges)
        before, _, after = known[name].partition(core)
        expected += f".{before}***{name}***" + "\n" * core.count("\n") + f"{after}.{filler}"
        text += f".{known[name]}.{filler}"
    assert Masker(known).mask(text) == expected


@pytest.mark.thorough
@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_text_without_secrets_is_the_same_object(text: str) -> None:
    assert Masker({"NAME": "Zq7-unlikely-Xy9"}).mask(text) is text


@pytest.mark.parametrize(
    "text",
    ["DEBUG=1 python:3.12", "task-based risk-free disk-usage", "hf_hub_download(repo)", "eyJ", "sk-learn", "gpt-4.1"],
)
def test_short_values_and_common_words_are_not_masked(text: str) -> None:
    assert Masker({"DEBUG": "1", "VERSION": "3.12", "MODE": "disk", "EMPTY": ""}).mask(text) == text


def test_a_column_of_digits_is_not_a_wrapped_number() -> None:
    text = "1\n2\n3\n4\n5\n6\n"
    assert Masker({"PIN": "123456"}).mask(text) == text
    assert Masker({"PIN": "123456"}).mask("pin 123456!") == "pin ***PIN***!"


def test_blanks_between_letters_do_not_make_a_secret() -> None:
    text = "let me in please"
    assert Masker({"PASSWORD": "letmein"}).mask(text) == text


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("hf_" + "aB3" * 12, "HF-TOKEN"),
        ("sk-ant-api03-" + "x_Y-9" * 10, "ANTHROPIC-KEY"),
        ("sk-proj-" + "x_Y-9" * 10, "OPENAI-KEY"),
        ("sk-" + "a1B2" * 12, "API-KEY"),
        ("ghp_" + "a1B2" * 9, "GITHUB-TOKEN"),
        ("github_pat_" + "a1_B2" * 12, "GITHUB-TOKEN"),
        ("glpat-" + "a1B2-" * 4, "GITLAB-TOKEN"),
        ("xoxb-" + "1234567890-" * 3 + "abc", "SLACK-TOKEN"),
        ("AKIA" + "ABCD2345" * 2, "AWS-KEY-ID"),
        ("AIza" + "a1B2-_c" * 5, "GOOGLE-KEY"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + "a1B2" * 11, "JWT"),
    ],
)
def test_well_known_token_shapes_are_masked_however_they_arrive(text: str, label: str) -> None:
    masker = Masker({})
    line = f'token="{text}", next'
    assert masker.mask(line) == f'token="***{label}***", next'
    assert _feed(masker, list(line)) == masker.mask(line)


def test_a_known_token_is_called_by_its_name() -> None:
    value = "hf_" + "aB3" * 12
    assert Masker({"HF_TOKEN": value}).mask(f"({value})") == "(***HF_TOKEN***)"


def test_json_is_masked_in_keys_and_values_and_keeps_its_shape() -> None:
    masker = Masker({"A": "secret-one", "B": "secret-two"})
    value = {"secret-one": ["x secret-two", 5, None, True], "n": {"secret-one!": b"secret-two"}}
    assert masker.mask_json(value) == {"***A***": ["x ***B***", 5, None, True], "n": {"***A***!": b"***B***"}}


def test_keys_that_become_the_same_are_all_kept() -> None:
    assert Masker({"A": "secret-one", "B": "x"}).mask_json({"secret-one": 1, "***A***": 2}) == {
        "***A***": 1,
        "***A*** (2)": 2,
    }


@given(st.lists(st.text("ab\n", max_size=4), max_size=5), st.integers(1, 9))
@settings(deadline=None)
def test_lines_stay_as_many_as_they_were(lines: list[str], cut: int) -> None:
    secret = "secret-one"
    given_lines = [*lines, f"x{secret[:cut]}", f"{secret[cut:]}y", *lines]
    assert Masker({"A": secret}).mask_lines(given_lines) == [*lines, "x***A***", "y", *lines]


@pytest.mark.thorough
def test_memory_stays_flat_on_an_endless_repetition() -> None:
    stream = Masker({"A": "aaaaaa", "B": "ab" * 600}).stream()
    for _ in range(6):
        for piece in (b"a" * 1000, b"ab" * 500, b" " * 1000, b"a \n" * 300, b"\\" * 1000, b"hf_" + b"a" * 997):
            stream.feed(piece)
            assert len(stream._held) < 20_000


def test_a_masker_shows_no_value() -> None:
    masker = Masker({"HF_TOKEN": TOKEN})
    assert repr(masker) == "Masker(HF_TOKEN)"
