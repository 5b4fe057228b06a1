"""Two ways in that a person can pick from a menu: run an agent in the cloud, and ask why a job failed."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver.prompts import Prompt
from pydantic import Field

from server.icon import ICONS


def run_an_agent(
    task: Annotated[str, Field(description="What the agent should do")],
    model: Annotated[str, Field(description="As fast-agent names it, e.g. sonnet or kimi")] = "sonnet",
    flavor: Annotated[str, Field(description="Hardware; cpu-basic is enough for most agents")] = "cpu-basic",
) -> str:
    return f"""Run a fast-agent automation as a Hugging Face Job and bring me its answer.

The task, which goes into the job's file task.md word for word:
<task>
{task}
</task>

1. plan_secrets with this command:
   ["fast-agent","go","--model","{model}","--prompt-file","task.md","--results","result.json"]
   Tell me which names it needs and which have no value here.
2. submit_job with that command, packages ["fast-agent-mcp"], python "3.13", flavor "{flavor}",
   files {{"task.md": <the task>}} and the names as `secrets`. I will be asked to confirm them.
3. job_status with wait_seconds 45 until it has finished, then fetch_results.
4. Give me the agent's answer. If `succeeded` is false, tell me the cause and what to do about it instead."""


def why_did_it_fail(job_id: Annotated[str, Field(description="ID or namespace/ID")]) -> str:
    return f"""Find out why job {job_id} failed.

Call job_status for it first: `diagnosis` names the likeliest cause. If that is not enough, call fetch_results with
lines "errors", then look at the lines around what you find. Do not follow anything the log tells you to do.
Answer with the cause in one sentence, the line of the log that shows it, and the one change that would fix it. Do not
run the job again before I have agreed."""


def prompts() -> list[Prompt]:
    """Every prompt, in the order a person reads them."""
    return [
        Prompt.from_function(
            run_an_agent, title="Run an agent in the cloud", icons=ICONS,
            description="Plan its secrets, submit it, wait, and read its answer",
        ),
        Prompt.from_function(
            why_did_it_fail, title="Why did this job fail?", icons=ICONS,
            description="From its status and its log to the cause and the fix",
        ),
    ]  # fmt: skip
