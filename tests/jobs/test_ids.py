import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import BadArgument
from jobs.ids import check_id, check_namespace, split_job_id

pytestmark = pytest.mark.promise("S13")

HUB_ID = "687fb701029421ae5549d998"


@pytest.mark.parametrize("value", [HUB_ID, "a", "job_1-b", "A" * 64])
def test_an_id_of_letters_and_digits_passes_unchanged(value):
    assert check_id(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "..",
        ".",
        "a/b",
        "a.b",
        "-a",
        "_a",
        "a b",
        "a\n",
        "a%2f..",
        "a?x=1",
        "a#b",
        "é",
        "٣",
        "A" * 65,
        "\u202eabc",
        None,
        7,
    ],
)
def test_an_id_that_could_change_a_url_or_path_is_refused(value):
    with pytest.raises(BadArgument) as caught:
        check_id(value, field="scheduled_job_id")
    assert caught.value.field == "scheduled_job_id"
    assert caught.value.hint


@pytest.mark.parametrize("value", ["local", "local-team", "user.name", "A_b-1", "0", "a" * 96])
def test_a_namespace_as_the_hub_has_them_passes(value):
    assert check_namespace(value) == value


@pytest.mark.parametrize(
    "value", ["", "..", ".a", "a.", "-a", "a-", "a--b", "a..b", "a/b", "a b", "a" * 97, "a\n", "ü", "me@x", None]
)
def test_a_namespace_that_no_account_can_have_is_refused(value):
    with pytest.raises(BadArgument) as caught:
        check_namespace(value)
    assert caught.value.field == "namespace"


def test_a_job_id_may_carry_its_namespace():
    assert split_job_id(f"local-team/{HUB_ID}") == ("local-team", HUB_ID)
    assert split_job_id(HUB_ID) == (None, HUB_ID)


@pytest.mark.parametrize("value", ["a/b/c", "/abc", "abc/", "../abc", "team/..", "team/a.b", "/", "", None])
def test_a_job_id_with_anything_else_in_it_is_refused(value):
    with pytest.raises(BadArgument):
        split_job_id(value)


@settings(deadline=None)
@given(st.text())
def test_whatever_passes_is_safe_in_a_url_and_a_path(value):
    try:
        namespace, identifier = split_job_id(value)
    except BadArgument:
        return
    for part in (namespace or "a", identifier):
        assert part.isascii()
        assert not set(part) & set("/\\%?#:@ \n\0")
        assert part not in {".", ".."}
