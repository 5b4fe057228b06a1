"""A secret longer than any window on a log or a file: no door shows a piece of it."""

from __future__ import annotations

import base64
import random
import string
import textwrap

import pytest

from jobs.logs import reader
from jobs.logs.cursor import Cursor
from jobs.logs.reader import LogRequest
from jobs.masking.masker import Masker
from jobs.results import artifacts, contents

pytestmark = [pytest.mark.anyio, pytest.mark.promise("S10")]

SIZE = 60_000
VALUE = "".join(random.Random(5).choices(string.ascii_letters + string.digits, k=SIZE))
PRINTS = f"""
import base64, random, string, textwrap
value = "".join(random.Random(5).choices(string.ascii_letters + string.digits, k={SIZE}))
coded = base64.b64encode(value.encode()).decode()
print("begin")
for text, lead in ((value, ""), (value, "2026-11-25 01:02:03 INFO app: "), (coded, ""), (coded, "[rank0]: ")):
    for line in textwrap.wrap(text, 76):
        print(lead + line)
    print("between")
print("x" * 60_000 + value + coded)
print("end")
open("whole.txt", "w").write("x" * 1_000 + value)
open("lines.txt", "w").write("x" * 1_000 + "\\n" + "\\n".join(textwrap.wrap(coded, 64)))
"""
CODED = base64.b64encode(VALUE.encode()).decode()
PIECES = {text[at : at + size] for text, size in ((VALUE, 8), (CODED, 12)) for at in range(len(text) - size + 1)}
LINES = 2 * (len(textwrap.wrap(VALUE, 76)) + len(textwrap.wrap(CODED, 76))) + 7


def _pieces(shown: str) -> list[str]:
    return [shown[at : at + size] for size in (8, 12) for at in range(len(shown)) if shown[at : at + size] in PIECES]


async def test_no_door_shows_a_piece_of_a_secret_longer_than_its_window(hub, run):
    job = await run(f"cd $HF_JOB_WORKSPACE && cat > p.py <<'E'\n{PRINTS}\nE\npython3 p.py; rm p.py")
    masker = Masker({"KEY": VALUE})
    choose = random.Random(6)
    places = [choose.randrange(1, LINES) for _ in range(12)]
    asked = [LogRequest.parse(), LogRequest.parse(3), LogRequest.parse("errors"), LogRequest.parse("head:60")]
    asked += [LogRequest.parse(place) for place in places[:4] if place <= 2_000]
    asked += [LogRequest.parse(f"{place}-{place + 9}") for place in places[4:8]]
    asked += [LogRequest.parse(f"tail:{place + 5}-{place}") for place in places[8:] if place < 1_900]
    asked += [LogRequest.parse(search=word) for word in ("between", "/[0-9][A-Za-z]{3}/", VALUE[40:44], "end")]
    asked += [LogRequest.parse(f"{places[0]}-{LINES}", search="/[A-Z]{2}/")]
    asked += [LogRequest(cursor=Cursor.parse(str(place)), tail=4) for place in places[:4]]
    for request in asked:
        piece = await reader.read(hub, job, request, mask=masker.mask)
        assert not _pieces("\n".join(piece.lines)), request
        if request.search is None and piece.cursor:
            onward = LogRequest(cursor=Cursor.parse(piece.cursor), tail=5)
            assert not _pieces("\n".join((await reader.read(hub, job, onward, mask=masker.mask)).lines))
    for count in (1, 2, 300):
        assert not _pieces("\n".join(await reader.last_lines(hub, job, count, mask=masker.mask)))
        assert not _pieces("\n".join(await reader.whole_lines(hub, job, count, mask=masker.mask)))
    listed = await artifacts.listing(hub, job)
    shown = await contents.inline(hub, listed, listed.files, mask=masker.mask)
    assert [content.path for content in shown] == ["lines.txt", "whole.txt"]
    assert not any(_pieces(content.text or "") for content in shown)
