"""What a fast-agent left behind, in the shape that fast-agent 0.10.48 writes."""

from __future__ import annotations

import json

import pytest

from jobs.results import agent_answer

USER = {"role": "user", "content": [{"type": "text", "text": "hi"}], "is_template": False}


def reply(text: str = "", reason: str | None = "endTurn", **more: object) -> dict[str, object]:
    said = {"role": "assistant", "content": [{"type": "text", "text": text}] if text else [], **more}
    return {**said, "stop_reason": reason} if reason else said


def text(value: object) -> list[dict[str, str]]:
    return [{"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}]


def read(*messages: dict[str, object], **more: object) -> agent_answer.AgentAnswer | None:
    return agent_answer.read(json.dumps({"messages": list(messages)}).encode(), **more)


def test_the_last_answer_and_its_end_are_read():
    answer = read(USER, reply("first", "toolUse"), reply("the answer"), path="result.json")
    assert (answer.text, answer.stop_reason, answer.succeeded, answer.path) == (
        "the answer",
        "endTurn",
        True,
        "result.json",
    )


@pytest.mark.parametrize(
    "reason", ["error", "cancelled", "maxTokens", "timeout", "safety", "maxIterations", "toolUse", None]
)
def test_any_other_end_is_no_success(reason):
    assert read(USER, reply("well", reason)).succeeded is False


def test_no_answer_at_all_is_no_success():
    assert read(USER).succeeded is False


def test_an_end_on_unanswered_tool_results_is_no_success():
    results = {"role": "user", "content": [], "tool_results": {"1": {"content": text("x")}}}
    assert read(USER, reply("calling", "endTurn"), results).succeeded is False


def test_failed_tools_are_named_and_do_not_deny_success():
    calls = {"1": {"method": "tools/call", "params": {"name": "fetch"}}, "2": {"params": {"name": "ok"}}}
    results = {
        "1": {"content": text("404 not found"), "isError": True},
        "2": {"content": text("fine"), "isError": False},
    }
    answer = read(USER, reply("", "toolUse", tool_calls=calls), {**USER, "tool_results": results}, reply("done"))
    assert answer.tool_errors == ("fetch: 404 not found",)
    assert answer.tool_calls == 2
    assert answer.succeeded


def test_what_the_provider_reported_is_an_error():
    channels = {
        "fast-agent-error": text("401 invalid key"),
        "fast-agent-provider-error": text({"error_type": "APIStatusError", "status": 401}),
        "fast-agent-retry": text({"provider_attempts": 3}),
    }
    answer = read(USER, reply("oops", "error", channels=channels))
    assert answer.errors == ("401 invalid key", "APIStatusError, status 401")


def test_tokens_and_dollars_of_all_calls_are_added_up():
    def usage(prompt: int, completion: int, cost: float | None) -> dict[str, object]:
        attempt = {
            "model": "sonnet-9",
            "prompt": {"total": prompt},
            "completion": {"total": completion},
            "cost_usd": cost,
        }
        return {"fast-agent-usage": text({"schema": "fast-agent.usage/v2", "provider_attempts": [attempt]})}

    answer = read(USER, reply("a", channels=usage(10, 5, 0.5)), reply("b", channels=usage(20, 7, 0.25)))
    assert answer.usage == agent_answer.Usage(30, 12, 0.75)
    assert answer.model == "sonnet-9"
    assert read(USER, reply("a", channels=usage(10, 5, None))).usage == agent_answer.Usage(10, 5, None)
    assert read(USER, reply("a")).usage is None


def test_a_long_answer_is_masked_then_cut_and_counted():
    answer = read(
        USER,
        reply("a" * 90 + "hunter2secret" + "b" * 90),
        max_chars=100,
        mask=lambda t: t.replace("hunter2secret", "***KEY***"),
    )
    assert answer.text == "a" * 90 + "***KEY***b"
    assert answer.text_cut == 89


def test_terminal_escapes_and_hidden_characters_are_taken_out():
    assert read(USER, reply("\x1b[31mred\x1b[0m \u202eabc")).text == "red abc"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"messages": []}',
        b'{"messages": [1]}',
        b'{"messages": [{"role": "system"}]}',
        b'{"messages": "x"}',
        b'{"messages": [{"role": "user", "content": "text"}]}',
        b'{"messages": ' + b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_other_files_are_not_taken_for_results(data):
    assert agent_answer.read(data) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"tool_calls": [1], "tool_results": "x", "channels": []},
        {"channels": {"fast-agent-usage": text("not json"), "fast-agent-error": [1, {"text": 2}]}},
        {"tool_calls": {"1": {"params": None}}, "tool_results": {"1": {"isError": True, "content": None}}},
        {"channels": {"fast-agent-usage": text({"provider_attempts": [{"prompt": None, "cost_usd": "x"}]})}},
    ],
)
def test_odd_parts_do_not_hide_the_answer(odd):
    assert read(USER, reply("still here", **odd)).text == "still here"
