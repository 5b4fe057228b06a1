"""What models write is taken for what it means where that is certain, said in the reply, and else refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from jobs.errors import JobsError
from tests.mcp_session import Person, data, error, over_http, text
from tests.tools.arguments.mistakes import MISTAKES, RUN, Mistake
from tools import all_tools
from tools.argument_errors import refusal
from tools.arguments.aliases import ALIASES
from tools.arguments.repair import repaired

TOOLS = {tool.name: tool for tool in all_tools()}


def outcome(mistake: Mistake) -> tuple[dict[str, Any], list[str]]:
    tool = TOOLS[mistake.tool]
    model = tool.fn_metadata.arg_model
    taken, notes = repaired(mistake.tool, mistake.arguments, model.model_fields)
    try:
        model.model_validate(tool.fn_metadata.pre_parse_json(taken))
    except ValidationError as wrong:
        raise refusal(wrong, model, mistake.tool) from None
    return taken, notes


@pytest.mark.parametrize("mistake", [one for one in MISTAKES if one.meant], ids=lambda one: json.dumps(one.arguments))
def test_what_is_certain_is_taken_for_what_it_means_and_said(mistake: Mistake) -> None:
    taken, notes = outcome(mistake)
    assert {name: taken[name] for name in mistake.meant} == mistake.meant
    assert notes
    again, more = repaired(mistake.tool, taken, TOOLS[mistake.tool].fn_metadata.arg_model.model_fields)
    assert (again, more) == (taken, [])


@pytest.mark.parametrize("mistake", [one for one in MISTAKES if one.code], ids=lambda one: json.dumps(one.arguments))
def test_what_is_not_certain_is_refused_with_what_to_use(mistake: Mistake) -> None:
    with pytest.raises(JobsError) as refused:
        outcome(mistake)
    assert refused.value.code == mistake.code
    assert mistake.hint in f"{refused.value.message} {refused.value.hint}"


def test_every_unknown_argument_is_named() -> None:
    with pytest.raises(JobsError) as refused:
        outcome(Mistake("submit_job", {**RUN, "wombat": 1, "flavourr": "x", "hf_abcdEFGH1234": 2}))
    assert "`wombat`, `flavourr`, 1 other" in refused.value.message
    assert "`flavor`" in str(refused.value.hint)
    assert "hf_abcd" not in str(refused.value.as_dict())


@pytest.mark.parametrize("tool", sorted(ALIASES))
def test_another_name_stands_for_an_argument_that_is_there_and_is_none_itself(tool: str) -> None:
    known = set(TOOLS[tool].fn_metadata.arg_model.model_fields)
    assert set(ALIASES[tool]) <= known
    others = [other for all_of in ALIASES[tool].values() for other in all_of]
    assert not set(others) & known
    assert len(others) == len(set(others))


@given(st.dictionaries(st.sampled_from(["command", "secrets", "env", "flavor", "gpu", "args", "packages", "x"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5,
)))  # fmt: skip
def test_whatever_comes_is_repaired_or_refused_and_never_breaks(arguments: dict[str, Any]) -> None:
    try:
        repaired("submit_job", arguments, TOOLS["submit_job"].fn_metadata.arg_model.model_fields)
    except JobsError as refused:
        assert refused.hint  # noqa: PT017 - most arguments are not refused


@pytest.mark.anyio
async def test_a_reply_says_what_was_understood_and_the_job_is_the_meant_one(url: str) -> None:
    pasted = "hf jobs run --flavor CPU-basic -e GREETING=hi python:3.12 sh -c 'echo $GREETING'"
    async with over_http(url, person=Person()) as client:
        made = data(await client.call_tool("submit_job", {"command": pasted}))
        assert any("pasted" in note for note in made["understood"])
        waited = data(await client.call_tool("job_status", {"id": made["id"], "wait_seconds": 300}))
        assert len(waited["understood"]) == 2
        log = data(await client.call_tool("fetch_results", {"job_id": made["id"]}))
        assert "understood" not in log
        refused = await client.call_tool("submit_job", {"image": "python:3.12", "cmd": "true", "secrets": "lower"})
    assert "hi" in log["log"]["lines"]
    assert error(refused)["code"] == "bad_argument"
    assert "cmd is `command`" in text(refused)
