"""Bad input gets an error with a code, one sentence and a hint, at once; nothing is sent and nothing is repeated."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import anyio
import pytest
from huggingface_hub import HfApi
from mcp.client import Client
from mcp.shared.exceptions import MCPError

from local_hub.process.daemon import read_state
from tests.mcp_session import Person, data, environment, error, free_port, over_http, over_stdio, text
from tests.tools.waiting import VALUE

pytestmark = pytest.mark.anyio

MARK = "zebra4711"
RUN: dict[str, Any] = {"image": "python:3.12", "command": ["true"]}

#: tool, arguments, code, the argument to blame, a word of the hint
BAD: list[tuple[str, dict[str, Any], str, str | None, str]] = [
    ("submit_job", {**RUN, "timout": MARK}, "unknown_argument", None, "timeout"),
    ("submit_job", {**RUN, f"{MARK}": 1}, "unknown_argument", None, "Arguments"),
    ("submit_job", {**RUN, "script": f"print('{MARK}')"}, "bad_argument", "command", "command"),
    ("submit_job", {}, "bad_argument", "command", "script"),
    ("submit_job", {**RUN, "command": []}, "bad_argument", "command", ""),
    ("submit_job", {**RUN, "command": 7}, "bad_argument", "command", "Words"),
    ("submit_job", {**RUN, "command": f"hf jobs cancel {MARK}"}, "bad_argument", "command", "manage_job"),
    ("submit_job", {**RUN, "secrets": {"API_KEY": MARK}}, "secret_in_argument", "secrets", "names alone"),
    ("submit_job", {**RUN, "secrets": [f"{MARK}_key"]}, "bad_argument", "secrets", "HF_TOKEN"),
    ("submit_job", {**RUN, "secrets": [f"API_KEY={MARK}"]}, "secret_in_argument", "secrets", "name"),
    ("submit_job", {**RUN, "secrets": ["PATH"]}, "secret_refused", "secrets", ""),
    ("submit_job", {**RUN, "flavor": f"cpu-{MARK}"}, "bad_argument", "flavor", "cpu-basic"),
    ("submit_job", {**RUN, "timeout": f"{MARK}"}, "bad_argument", "timeout", "2h"),
    ("submit_job", {**RUN, "timeout": "1h30x"}, "bad_argument", "timeout", "2h"),
    ("submit_job", {**RUN, "timeout": "-5m"}, "bad_argument", "timeout", ""),
    ("submit_job", {**RUN, "timeout": 0}, "bad_argument", "timeout", ""),
    ("submit_job", {**RUN, "timeout": "9999d"}, "bad_argument", "timeout", ""),
    ("submit_job", {**RUN, "files": {f"../{MARK}": "x"}}, "bad_argument", "files", ""),
    ("submit_job", {**RUN, "files": {f"/etc/{MARK}": "x"}}, "bad_argument", "files", ""),
    ("submit_job", {**RUN, "files": {f"a/../../{MARK}": "x"}}, "bad_argument", "files", ""),
    ("submit_job", {**RUN, "labels": {f"{MARK} with blanks": "x"}}, "bad_argument", "labels", ""),
    ("submit_job", {**RUN, "volumes": [f"ftp://{MARK}:/data"]}, "bad_argument", "volumes", "hf://"),
    ("submit_job", {**RUN, "namespace": f"../{MARK}"}, "bad_argument", "namespace", ""),
    ("submit_job", {**RUN, "expose": [99999]}, "bad_argument", "expose", ""),
    ("submit_job", {**RUN, "attempts": 0}, "bad_argument", "attempts", ""),
    ("submit_job", {**RUN, "env": {"A": [7]}}, "bad_argument", "env", ""),
    ("submit_job", {**RUN, "env": {"LEAK": VALUE}}, "secret_in_argument", None, "secrets"),
    ("submit_job", {"script": f"key = '{VALUE}'"}, "secret_in_argument", None, "secrets"),
    ("submit_job", {**RUN, "files": {"notes.txt": f"a {VALUE} b"}}, "secret_in_argument", None, "secrets"),
    ("schedule_job", {**RUN, "schedule": f"{MARK}"}, "bad_argument", "schedule", "@daily"),
    ("schedule_job", {**RUN, "schedule": "0 0 30 2 *"}, "bad_argument", "schedule", ""),
    ("schedule_job", {**RUN, "schedule": "61 * * * *"}, "bad_argument", "schedule", ""),
    ("schedule_job", RUN, "bad_argument", "schedule", "cron"),
    ("job_status", {"job_id": f"../{MARK}"}, "bad_argument", "job_id", "ID"),
    ("job_status", {"job_id": f"a.{MARK}"}, "bad_argument", "job_id", "ID"),
    ("job_status", {"job_id": f"a/b/{MARK}"}, "bad_argument", "job_id", "ID"),
    ("job_status", {"job_id": "0123456789abcdef01234567"}, "not_found", None, ""),
    ("job_status", {"job_id": []}, "bad_argument", "job_id", ""),
    ("job_status", {"stage": f"{MARK}"}, "bad_argument", "stage", "RUNNING"),
    ("job_status", {"limit": 1000}, "bad_argument", "limit", ""),
    ("job_status", {"wait_seconds": -1}, "bad_argument", "wait_seconds", ""),
    ("fetch_results", {"job_id": f"{MARK}/../x"}, "bad_argument", "job_id", "ID"),
    ("fetch_results", {}, "bad_argument", "job_id", "ID"),
    ("fetch_results", {"job_id": "0123456789abcdef01234567"}, "not_found", None, ""),
    ("fetch_results", {"job_id": "0" * 24, "lines": f"{MARK}"}, "bad_argument", "lines", "head"),
    ("fetch_results", {"job_id": "0" * 24, "lines": 100_000}, "bad_argument", "lines", ""),
    ("fetch_results", {"job_id": "0" * 24, "search": f"/({MARK}/"}, "bad_argument", "search", ""),
    ("fetch_results", {"job_id": "0" * 24, "cursor": f"{MARK}"}, "bad_argument", "cursor", ""),
    ("manage_job", {"job_id": "0" * 24, "action": MARK}, "bad_argument", "action", ""),
    ("manage_job", {"job_id": "0123456789abcdef01234567", "action": "cancel"}, "not_found", None, ""),
    ("manage_schedule", {"action": "delete"}, "bad_argument", "scheduled_job_id", "list"),
    ("manage_schedule", {"action": "suspend", "scheduled_job_id": f"../{MARK}"}, "bad_argument", "scheduled_job_id", ""),
    ("manage_schedule", {"action": "trigger", "scheduled_job_id": "0123456789abcdef01234567"}, "not_found", None, ""),
    ("manage_schedule", {"action": "reschedule", "scheduled_job_id": "0" * 24, "schedule": MARK}, "bad_argument", "schedule", ""),
    ("list_hardware", {"max_hourly_usd": -1}, "bad_argument", "max_hourly_usd", ""),
    ("plan_secrets", {"secrets": [f"{MARK}"]}, "bad_argument", "secrets", "HF_TOKEN"),
    ("plan_secrets", {"command": ["run", VALUE]}, "secret_in_argument", None, ""),
]  # fmt: skip


def sent(home: Path) -> tuple[set[str], set[str]]:
    """What there is on the hub, asked behind the server's back."""
    state = read_state(home)
    if state is None:
        return set(), set()
    api = HfApi(endpoint=state.endpoint, token=state.token)
    jobs = {job.id for job in api.list_jobs(namespace="local")}
    return jobs, {schedule.id for schedule in api.list_scheduled_jobs(namespace="local")}


def is_one_sentence(message: str) -> bool:
    return message.endswith(".") and "\n" not in message and len(message) <= 220 and not re.search(r"\. [A-Z]", message)


@pytest.mark.parametrize(
    "case",
    BAD,
    ids=[f"{item[0]} {item[4] or item[3]} {n}" for n, item in enumerate(BAD)],
)
async def test_bad_input_is_refused(
    url: str, home: Path, case: tuple[str, dict[str, Any], str, str | None, str]
) -> None:
    tool, arguments, code, field, hint = case
    person = Person()
    async with over_http(url, person=person) as client:
        before = await anyio.to_thread.run_sync(sent, home)
        result = await client.call_tool(tool, arguments)
        refused = error(result)
        assert await anyio.to_thread.run_sync(sent, home) == before
    assert refused["code"] == code
    if field is not None:
        assert refused["field"].split("[")[0].split(" ")[0].split(".")[0] == field
    assert is_one_sentence(refused["message"]), refused["message"]
    assert refused.get("hint"), refused
    assert hint in refused["hint"] or hint in refused["message"]
    assert MARK not in text(result)
    assert VALUE not in text(result)
    assert person.questions == []


@pytest.mark.parametrize(("given", "seconds"), [("1h30m", 5400), ("90m", 5400), (45, 45), ("2h", 7200)])
async def test_times_of_every_usual_kind_are_understood(url: str, given: Any, seconds: int) -> None:
    async with over_http(url) as client:
        reply = data(await client.call_tool("submit_job", {**RUN, "timeout": given, "dry_run": True}))
    assert seconds in reply["would_send"].values() or str(seconds) in str(reply["would_send"])


async def test_a_tool_that_is_none_is_named_with_those_that_are(url: str) -> None:
    async with over_http(url) as client:
        with pytest.raises(MCPError) as refused:
            await client.call_tool(f"hf_jobs_{MARK}", {})
    assert refused.value.error.code == -32602
    assert "submit_job" in refused.value.error.data["hint"]
    assert MARK not in str(refused.value.error)


async def refusals(client: Client) -> list[dict[str, Any]]:
    return [
        error(await client.call_tool("job_status", {"limit": 5})),
        error(await client.call_tool("submit_job", RUN)),
    ]


async def test_no_token_is_said_with_where_to_get_one(home: Path) -> None:
    async with over_stdio(environment(home, HF_JOBS_MCP_HUB="huggingface", HF_HOME=str(home / "no-login"))) as client:
        for refused in await refusals(client):
            assert refused["code"] == "no_token"
            assert "hf auth login" in refused["hint"]


async def test_a_token_that_is_refused_is_said_and_not_shown(home: Path, url: str) -> None:
    async with over_http(url) as client:
        data(await client.call_tool("list_hardware", {}))
    state = read_state(home)
    assert state is not None
    token = f"hf_{MARK}{MARK}{MARK}{MARK}"
    async with over_stdio(environment(home, HF_JOBS_MCP_HUB=state.endpoint, HF_TOKEN=token)) as client:
        for refused in await refusals(client):
            assert refused["code"] == "token_refused"
            assert refused["hint"]
            assert MARK not in str(refused)


async def test_a_hub_that_cannot_be_reached_is_said(home: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    async with over_stdio(
        environment(home, HF_JOBS_MCP_HUB=nowhere, HF_TOKEN=f"hf_{MARK}{MARK}{MARK}{MARK}")
    ) as client:
        for refused in await refusals(client):
            assert refused["code"] == "hub_unreachable"
            assert refused["retryable"] is True
            assert refused["hint"]
