"""Where the work on a large or hostile text is done: never on the loop that answers everybody."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.apart.call import LITTLE, apart
from jobs.masking.masker import Masker
from server.boundary import Boundary, masked

pytestmark = pytest.mark.anyio

VALUE = "tango-9931-foxtrot-whisky"


class Watched(Masker):
    """Notes the thread of each text that it masks, and how much was masked in each."""

    def __init__(self) -> None:
        super().__init__({"KEY": VALUE})
        self.masked_in: dict[int, int] = {}

    def mask(self, text: str) -> str:
        here = threading.get_ident()
        self.masked_in[here] = self.masked_in.get(here, 0) + len(text)
        return super().mask(text)


@pytest.mark.parametrize(
    "value",
    [
        "%25" * 300_000,
        {"text": "\\u0041" * 100_000},
        ["a" * 50] * 10_000,
        {f"name {number}": {"inner": ["x"] * 9} for number in range(9_000)},
        {"uri": f"job://{'a/' * 500_000}{VALUE}"},
    ],
    ids=["escapes", "in a map", "many", "deep", "an address"],
)
async def test_much_is_masked_while_others_have_their_turn(value: Any) -> None:
    masker = Watched()
    shown = await masked(masker, value)
    assert masker.masked_in.get(threading.get_ident(), 0) == 0
    assert sum(masker.masked_in.values()) > 10_000
    assert VALUE not in str(shown)


async def test_little_is_masked_at_once() -> None:
    masker = Watched()
    assert await masked(masker, {"text": f"see {VALUE}"}) == {"text": "see ***KEY***"}
    assert set(masker.masked_in) == {threading.get_ident()}


def _where() -> tuple[int, int]:
    return os.getpid(), threading.get_ident()


async def test_texts_are_read_in_a_thread_or_where_there_are_many_in_a_process() -> None:
    here = _where()
    little = await apart(_where, size=LITTLE)
    much = await apart(os.getpid, size=LITTLE + 1)
    assert little is not None
    assert little[0] == here[0]
    assert little[1] != here[1]
    assert much not in {None, here[0]}


class Odd:
    """A masker for which words of the protocol are secrets: they are a value that somebody chose."""

    def __call__(self) -> Masker:
        return Masker({"A": "contents", "B": "structuredContent", "C": VALUE})


@pytest.mark.parametrize("key", ["contents", "structuredContent", "content"])
async def test_a_value_that_is_a_word_of_the_protocol_unmasks_nothing(key: str) -> None:
    async def call_next(_: Any) -> Any:
        return {key: [{"text": VALUE}], "requestState": "sealed"}

    shown: Any = await Boundary(Odd(), ())(SimpleNamespace(params={}, method="resources/read"), call_next)
    assert VALUE not in str(shown)
    assert key in shown
    assert shown["requestState"] == "sealed"
