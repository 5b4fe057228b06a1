"""What runs again and again: made, looked after, and asked why it did not work."""

from __future__ import annotations

from typing import Any

from bench.scenarios.agent import IMAGE, SECRETS, Agent, scenario


async def schedule(agent: Agent, command: str, **more: Any) -> dict[str, Any]:
    return await agent.call(
        "schedule_job", command=["sh", "-c", command], image=IMAGE, **{"schedule": "@daily", **more}
    )


@scenario("a schedule, run now, and its results", "tick")
async def triggered(agent: Agent) -> Any:
    made = await schedule(agent, "echo tick")
    assert len(made["next_runs"]) == 3
    run = await agent.call("manage_schedule", scheduled_job_id=made["id"], action="trigger")
    reply = await agent.call("job_status", job_id=run["job"], wait_seconds=45)
    assert reply["finished"] or await agent.wait(run["job"])
    lines = (await agent.call("fetch_results", job_id=run["job"]))["log"]["lines"]
    await agent.call("manage_schedule", scheduled_job_id=made["id"], action="delete")
    return lines[-1]


@scenario("a schedule that misfires: why", "missing_secret", from_submit=False)
async def misfires(agent: Agent) -> Any:
    made = await schedule(
        agent, 'test -n "$STARS_TOKEN" || { echo "STARS_TOKEN: parameter not set" >&2; exit 1; }', name="misfires"
    )
    await agent.client.call_tool("manage_schedule", {"scheduled_job_id": made["id"], "action": "trigger"})
    agent.calls = agent.bytes = agent.largest = (
        0  # What follows is the question: it runs at night; why does nothing come?
    )
    listed = await agent.call("manage_schedule", action="list")
    last = next(item for item in listed["schedules"] if item["id"] == made["id"])["last_job"]
    status = await agent.wait(last)
    await agent.client.call_tool("manage_schedule", {"scheduled_job_id": made["id"], "action": "delete"})
    return status["diagnosis"]["cause"]


@scenario("each run in a workspace of its own", 2)
async def workspaces(agent: Agent) -> Any:
    made = await schedule(agent, "date +%s%N > $HF_JOB_WORKSPACE/when.txt")
    seen = set()
    for _ in range(2):
        run = await agent.call("manage_schedule", scheduled_job_id=made["id"], action="trigger")
        await agent.wait(run["job"])
        (file,) = (await agent.call("fetch_results", job_id=run["job"]))["artifacts"]
        seen.add(file["text"])
    await agent.call("manage_schedule", scheduled_job_id=made["id"], action="delete")
    return len(seen)


@scenario("an impossible cron line, mended by the hint", True, from_submit=False)
async def impossible(agent: Agent) -> Any:
    refusal = (await schedule(agent, "true", schedule="0 0 30 2 *"))["error"]
    assert refusal["field"] == "schedule"
    made = await schedule(agent, "true", schedule="0 0 28 2 *", suspend=True)
    await agent.call("manage_schedule", scheduled_job_id=made["id"], action="delete")
    return all(moment.split()[0].endswith("02-28") for moment in made["next_runs"])


@scenario("a schedule with a secret: the person hears that every run has it", (1, True), from_submit=False)
async def with_a_secret(agent: Agent) -> Any:
    made = await schedule(agent, "true", secrets=[next(iter(SECRETS))])
    question = agent.person.questions[-1].message.upper()
    await agent.call("manage_schedule", scheduled_job_id=made["id"], action="delete")
    return len(agent.person.questions), "EVERY RUN" in " ".join(question.split())


@scenario("suspend, resume, change", (True, None, "@weekly"), from_submit=False)
async def looked_after(agent: Agent) -> Any:
    made = await schedule(agent, "true")

    async def do(action: str, **more: Any) -> dict[str, Any]:
        reply = await agent.call("manage_schedule", scheduled_job_id=made["id"], action=action, **more)
        (view,) = reply["schedules"]
        return dict(view)

    suspended, resumed = await do("suspend"), await do("resume")
    changed = await do("reschedule", schedule="@weekly")
    await do("delete")
    return suspended["suspend"], resumed.get("suspend"), changed["schedule"]
