"""Texts of a few lines that stand for more than any machine holds, and texts in which an expression would lose itself."""

from __future__ import annotations

import pytest

from jobs.apart.call import LITTLE, apart
from jobs.commands.budget import CHARACTERS
from jobs.commands.reader import read
from jobs.planning.required_secrets import Needs, needs
from jobs.results.names import Name, Wanted
from jobs.spec import script_header

HOSTILE = {
    "doubling": "A=xx;" + "A=$A$A;" * 200,
    "appending": "A=x\n" + "A+=$A\n" * 200,
    "functions": "f() { f; f; f; f; f; f; }; f",
    "loops": "for a in 1 2 3 4 5 6 7 8; do " * 12 + "echo $A;" + "done;" * 12,
    "open brackets": "$(" * 1_900,
    "open quotes": '"$(' * 1_200,
    "braces": "echo " + "{a,b}" * 600,
    "commas": "echo {" + "," * 3_900,
    "here": "<<a " * 900,
    "defaults": "echo " + "${A:-" * 700,
    "eval": "A='eval $A$A'; eval $A",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_shell_text_is_followed_as_far_as_its_budget_goes(text: str) -> None:
    assert len(text) <= 4_000
    reading = read(["sh", "-c", text])
    held = sum(len(word) for call in reading.calls for word in call.words)
    assert held <= CHARACTERS
    assert read(["sh", "-c", "echo $HF_TOKEN; python a.py"]).unread


def test_what_was_found_before_the_budget_was_spent_counts_and_the_rest_is_announced() -> None:
    found = needs(["sh", "-c", "curl -H $MY_API_TOKEN x; " + HOSTILE["doubling"]])
    assert "MY_API_TOKEN" in found.names
    assert any("stands for too much" in each for each in found.unread)


def test_a_text_with_many_beginnings_of_a_header_is_gone_through_once() -> None:
    line_reads = 0

    class Counted(str):
        __slots__ = ()

        def startswith(self, *given: object) -> bool:
            nonlocal line_reads
            line_reads += 1
            return super().startswith(*given)  # type: ignore[arg-type]

    class Text(str):
        __slots__ = ()

        def replace(self, *given: object) -> Text:
            return self

        def split(self, *given: object) -> list[str]:
            return [Counted(line) for line in super().split(*given)]  # type: ignore[arg-type]

    assert script_header.read(Text("# /// script\n" * 3_000)) == script_header.read("")
    assert line_reads <= 6_000


@pytest.mark.parametrize("pattern", ["*a" * 5_000 + "*b", "[" * 10_000, "?" * 500, "*" * 100])
def test_a_pattern_with_more_signs_than_anybody_writes_matches_nothing_but_itself(pattern: str) -> None:
    wanted = Wanted.parse([pattern])
    assert wanted.match(Name.of("a" * 900)) == []
    assert wanted.match(Name.of(pattern)) == [pattern]
    assert wanted.names_noise is False


def _takes_memory(size: int) -> int:
    return len(bytearray(size))


def _runs_on() -> None:
    while True:
        pass


@pytest.mark.anyio
async def test_much_is_read_in_a_process_that_may_take_only_so_much() -> None:
    found = await apart(
        needs, ["python", "a.py"], None, {"a.py": "import os\nos.environ['MY_TOKEN']\n" * 900}, size=LITTLE + 1
    )
    assert isinstance(found, Needs)
    assert "MY_TOKEN" in found.names
    assert await apart(_takes_memory, 1 << 20, size=LITTLE + 1) == 1 << 20
    assert await apart(_takes_memory, 8 << 30, size=LITTLE + 1) is None


@pytest.mark.anyio
async def test_what_takes_too_long_in_the_process_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.apart.call._LASTS", 0.5)
    assert await apart(_runs_on, size=LITTLE + 1) is None
