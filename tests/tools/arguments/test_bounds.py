"""What a call may hold at all."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.errors import BadArgument
from tools.arguments.bounds import MOST_CHARACTERS, MOST_ITEMS, measured


def _deep(levels: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        {"env": {f"E{number}": "x" for number in range(MOST_ITEMS + 1)}},
        {"command": ["a"] * (MOST_ITEMS + 1)},
        {"command": _deep(900)},
        {"script": "x" * (MOST_CHARACTERS + 1)},
        {"x" * 5_000: "y"},
        {"labels": {"x" * 5_000: "y"}},
        {f"a{number}": 1 for number in range(MOST_ITEMS + 1)},
        {"files": {f"f{number}": ["a"] * 100 for number in range(100)}},
    ],
    ids=["entries", "words", "levels", "characters", "argument's name", "entry's name", "arguments", "all together"],
)  # fmt: skip
def test_more_than_any_job_holds_is_refused_and_not_repeated(arguments: dict[str, Any]) -> None:
    with pytest.raises(BadArgument) as caught:
        measured(arguments)
    assert len(str(caught.value.as_dict())) < 300


def test_what_a_large_job_holds_passes() -> None:
    files = {f"folder/file-{number}.py": "x" * 10_000 for number in range(100)}
    assert measured({"files": files, "command": ["sh"] * 1_000, "env": {"A": "b"}}) > 1_000_000
