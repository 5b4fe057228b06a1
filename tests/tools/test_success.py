"""Success is read from what a job left: however a fast-agent is wrapped, its failure is none and its answer is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from mcp.client import Client

from tests.mcp_session import data, over_http
from tests.tools.waiting import fetch, run

pytestmark = pytest.mark.anyio

#: Stands in for the real one: it writes what it is told to where it is told to, and always exits 0.
AGENT = """#!/usr/bin/env python3
import json, os, sys
options = dict(zip(sys.argv, sys.argv[1:] + [""])) | dict(word.split("=", 1) for word in sys.argv if "=" in word)
stop = os.environ.get("FAKE_STOP", "endTurn")
text = os.environ.get("FAKE_TEXT", "the answer")
said = {"role": "assistant", "content": [{"type": "text", "text": text}] * bool(text), "stop_reason": stop}
if (path := options.get("--results")) and stop != "nothing":
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    json.dump({"messages": [{"role": "user", "content": []}, said]}, open(path, "w"))
if path := options.get("--trajectory-output"):
    step = {"step_id": 1, "source": "agent", "message": "the answer", "extra": {"stop_reason": "LlmStopReason." + stop}}
    json.dump({"schema_version": "ATIF-v1.8", "agent": {"name": "fast-agent"}, "steps": [step]}, open(path, "w"))
if path := options.get("--output"):
    rows = [{"id": at, "row_number": at, "ok": ok == "1", "result": "r", "error": None}
            for at, ok in enumerate(os.environ["FAKE_ROWS"])]
    open(path, "w").write("\\n".join(map(json.dumps, rows)))
print(os.environ.get("FAKE_OUT", "done"))
sys.exit(int(os.environ.get("FAKE_EXIT", "0")))
"""
GO = "fast-agent go --model x --message hi"
PATH = 'cd "$HF_JOB_WORKSPACE"; export PATH="$PWD/bin:$PATH"; chmod +x bin/*; '
WRAPPINGS = {
    "and": f"{PATH}true && {GO} --results result.json && ls -la",
    "pipe": f"{PATH}{GO} --results=result.json | tee log.txt",
    "exec": f"{PATH}exec {GO} --results out/result.json",
    "env": f"{PATH}env A=1 {GO} --results result.json",
    "mcp name": f"{PATH}cp bin/fast-agent bin/fast-agent-mcp; fast-agent-mcp go -m hi --results result.json",
    "in a folder": f"{PATH}mkdir sub; cd sub && {GO} --results r.json",
    "a variable": f'{PATH}OUT="$PWD/deep"; {GO} --results "$OUT/r.json"',
    "a script": f"{PATH}sh run.sh",
    "a function": f"{PATH}go() {{ {GO} --results result.json; }}; go",
    "twice": f"{PATH}{GO} --results a.json; {GO} --results b.json",
    "by its shape": f"{PATH}a=fast; $(echo $a)-agent go --results result.json",
    "a trajectory": f"{PATH}{GO} --trajectory-output t.json",
}
FILES = {"bin/fast-agent": AGENT, "run.sh": f"set -e\n{GO} --results result.json\n"}


ERROR = "FAKE_STOP=error FAKE_EXIT=1"
BATCH = "fast-agent batch run --model x --input in.jsonl"
EVALUATION = '{"version": 2, "status": "error", "eval": {"task": "t"}, "results": null}'
OUTCOMES = {
    "one of two is missing": (f"FAKE_STOP=nothing {GO} --results a.json & {GO} --results b.json & wait", False),
    "moved": (f"{GO} --results t.json; mkdir d; mv t.json d/a.json", True),
    "moved and failed": (f"{ERROR} {GO} --results t.json; mkdir d; mv t.json d/a.json", False),
    "another stood in": (f"{ERROR} {GO} --results a.json || {GO} --results b.json", True),
    "another stood in for one that left nothing": (
        f"FAKE_EXIT=1 FAKE_STOP=nothing {GO} --results a.json || {{ {GO} --results b.json; }}", True),
    "another stood in, in vain": (f"{ERROR} {GO} --results a.json || {ERROR} {GO} --results b.json || true", False),
    "nobody had to stand in": (f"{GO} --results a.json || {GO} --results b.json", True),
    "a branch not taken": (f"if false; then {GO} --results a.json; else {GO} --results b.json; fi", True),
    "a name made in a loop": (f'for m in "q 1" "q 2"; do {GO} --results "out/${{m// /-}}.json"; done', True),
    "the last but few of many": (
        f'for i in $(seq 40); do [ $i = 33 ] && S=error || S=endTurn; FAKE_STOP=$S {GO} --results "out/$i.json"; done',
        False),
    "packed": (f"{GO} --results a.json; gzip a.json", None),
    "without a word": (f"FAKE_TEXT= {GO} --results a.json", None),
    "a document in a file": (f"FAKE_OUT='{{\"v\": 1}}' {GO} --json-schema s.json > out.json 2> err.txt", True),
    "no document in a file": (f"FAKE_OUT='Sure! {{\"v\": 1}}' {GO} --json-schema s.json > out.json", False),
    "nothing in a file": (f"FAKE_EXIT=1 FAKE_OUT= {GO} --json-schema s.json > out.json || true", False),
    "it told of its failure": (f"FAKE_OUT='I hit an internal error while calling the model: 500' {GO} | cat", False),
    "it was refused": (f"FAKE_OUT='Request refused by safety classifier.' {GO}", False),
    "an evaluation that broke off": (f"echo '{EVALUATION}' > e.json", False),
    "every row failed": (f"FAKE_ROWS=00 {BATCH} --output rows.jsonl > /dev/null", False),
    "some rows failed": (f"FAKE_ROWS=101 {BATCH} -o rows.jsonl --output rows.jsonl > /dev/null", None),
    "no row failed": (f"FAKE_ROWS=11 {BATCH} --output rows.jsonl", True),
    "no rows are there": (f"{BATCH} --output rows.jsonl; rm -f rows.jsonl", False),
}  # fmt: skip


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with over_http(url) as connected:
        yield connected


async def agent(client: Client, line: str, *, files: dict[str, str] | None = None, **env: str) -> dict[str, Any]:
    job = await run(client, "bash", "-c", line, files={**FILES, **(files or {})}, env=env)
    reply = await fetch(client, job["id"])
    assert job.get("succeeded") is reply.get("succeeded")
    listed = data(await client.call_tool("job_status", {"limit": 1}))["jobs"][0]
    assert (listed["id"], listed.get("succeeded")) == (job["id"], reply.get("succeeded"))
    return reply


@pytest.mark.parametrize("line", WRAPPINGS.values(), ids=list(WRAPPINGS))
async def test_a_good_agent_gives_its_answer_and_a_failed_one_is_no_success(client: Client, line: str) -> None:
    good = await agent(client, line)
    assert good["succeeded"] is True, good
    assert [one["text"] for one in good.get("answers") or [good["answer"]]] in (["the answer"], ["the answer"] * 2)
    bad = await agent(client, line, FAKE_STOP="error")
    assert (bad["stage"], bad["succeeded"]) == ("COMPLETED", False)
    assert "not a success" in bad["message"]


@pytest.mark.parametrize("stop", ["maxTokens", "cancelled", "toolUse"])
async def test_an_agent_that_did_not_come_to_its_end_is_no_success(client: Client, stop: str) -> None:
    assert (await agent(client, WRAPPINGS["and"], FAKE_STOP=stop))["succeeded"] is False


@pytest.mark.parametrize(("line", "succeeded"), OUTCOMES.values(), ids=list(OUTCOMES))
async def test_what_came_of_all_agents_is_told(client: Client, line: str, succeeded: bool | None) -> None:
    reply = await agent(client, PATH + line, files={"s.json": "{}", "in.jsonl": '{"q": 1}'})
    assert reply["stage"] == "COMPLETED"
    assert reply.get("succeeded") is succeeded, reply


async def test_results_that_are_not_there_are_no_success_among_any_number_of_files(client: Client) -> None:
    many = f"{PATH}mkdir a; for n in $(seq 2500); do : > a/$n; done; {GO} --results result.json"
    assert (await agent(client, many))["succeeded"] is True
    missing = await agent(client, many, FAKE_STOP="nothing")
    assert (missing["succeeded"], missing["diagnosis"]["cause"]) == (False, "no_results")


async def test_an_input_is_no_answer(client: Client) -> None:
    said = {"role": "assistant", "content": [{"type": "text", "text": "of yesterday"}], "stop_reason": "endTurn"}
    given = json.dumps({"messages": [{"role": "user", "content": []}, said]})
    reply = await agent(client, WRAPPINGS["and"], files={"result.json": given}, FAKE_STOP="nothing")
    assert (reply["succeeded"], "answer" in reply) == (False, False)


async def test_without_results_nothing_is_claimed(client: Client) -> None:
    reply = await agent(client, f"{PATH}{GO}")
    assert "succeeded" not in reply
    assert "left no results" in reply["message"]
    outside = await agent(client, f"{PATH}{GO} --results /tmp/r.json")
    assert ("succeeded" in outside, "outside the workspace" in outside["message"]) == (False, True)


@pytest.mark.parametrize(
    ("out", "succeeded"),
    [('{"a": 1}', True), ("[\n 1,\n 2\n]", True), ('{"a": "' + "x" * 5000 + '"}', True), ("no document", False),
     ('{"a": 1', False), ('{"a": 1}\n{"b": 2}', False)],
)  # fmt: skip
async def test_a_run_with_a_schema_is_judged_by_its_output(client: Client, out: str, succeeded: bool) -> None:
    line = f"{PATH}echo 'Installed 3 packages'; {GO} --json-schema s.json"
    reply = await agent(client, line, files={"s.json": "{}"}, FAKE_OUT=out)
    assert reply["succeeded"] is succeeded
    assert not succeeded or reply["answer"]["text"].startswith(out[:100])


async def test_figures_are_known_by_their_shape(client: Client) -> None:
    state = {"global_step": 20, "log_history": [{"loss": 2.0, "step": 10}, {"loss": 1.0, "step": 20}], "epoch": 1.0}
    scores = {"config_general": {}, "results": {"gsm8k|5": {"acc": 0.5, "acc_stderr": 0.1}}}
    rows = {"processed_rows": 4, "failed_rows": 1, "started_at": "2026"}
    texts = {"trainer_state.json": state, "eval/results.json": scores, "summary.json": rows, "plain.json": {"f1": 0.25}}
    write = "import json, os\nos.chdir(os.environ['HF_JOB_WORKSPACE'])\nos.mkdir('eval')\n" + "".join(
        f"json.dump({value!r}, open({path!r}, 'w'))\n" for path, value in texts.items()
    )
    reply = await fetch(client, (await run(client, "python3", "-c", write))["id"])
    assert reply["metrics"]["trainer_state.json"] == {"global_step": 20, "epoch": 1.0, "loss": 1.0}
    assert reply["metrics"]["eval/results.json"] == {"gsm8k|5 acc": 0.5, "gsm8k|5 acc_stderr": 0.1}
    assert reply["metrics"]["summary.json"]["failed_rows"] == 1
    assert reply["metrics"]["plain.json"] == {"f1": 0.25}


async def test_a_run_of_a_schedule_is_judged_alike(client: Client) -> None:
    asked = {
        "schedule": "@yearly", "image": "python:3.12", "command": ["bash", "-c", WRAPPINGS["exec"]], "files": FILES,
        "env": {"FAKE_STOP": "maxTokens"},
    }  # fmt: skip
    schedule = data(await client.call_tool("schedule_job", asked))
    started = data(await client.call_tool("manage_schedule", {"scheduled_job_id": schedule["id"], "action": "trigger"}))
    job_id = started["job"]
    with anyio.fail_after(60):
        while not (reply := await fetch(client, job_id))["finished"]:
            pass
    assert (reply["stage"], reply["succeeded"], reply["answer"]["stop_reason"]) == ("COMPLETED", False, "maxTokens")
    await client.call_tool("manage_schedule", {"scheduled_job_id": schedule["id"], "action": "delete"})
