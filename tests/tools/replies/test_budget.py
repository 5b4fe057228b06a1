"""No reply is above its bound, whatever is in whichever of its fields."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tools.replies.budget import LARGEST_REPLY, bounded, text_of, weight_of

texts = st.builds(lambda text, times: text * times, st.text(max_size=40), st.integers(0, 3_000))
values = st.recursive(
    texts | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), values, max_size=8), st.integers(0, 400))
def test_a_reply_keeps_its_bound(data: dict[str, Any], times: int) -> None:
    data = {**data, "rows": [data.get("a", "row")] * times}
    kept = bounded(data)
    assert weight_of(text_of(kept)) <= LARGEST_REPLY
    assert kept == data or kept["truncated"] is True


def test_what_fits_is_left_as_it_is() -> None:
    data = {"lines": ["x" * 100] * 20, "id": "1"}
    assert bounded(data) is data


def test_what_is_longest_goes_first() -> None:
    kept = bounded({"id": "a job", "log": "x" * 200_000, "files": ["y" * 30] * 5})
    assert (kept["id"], kept["files"]) == ("a job", ["y" * 30] * 5)
    assert 1_000 < len(kept["log"]) < 15_000
