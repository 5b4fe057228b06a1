"""Two ways in that a person can pick from a menu: run an agent in the cloud, and ask why a job failed.

Registered with the SDK's lower level: its own way makes a pydantic model of each, at every start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

from server.icon import ICONS

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel.server import Server

_DEFAULTS = {"model": "sonnet", "flavor": "cpu-basic"}

_RUN_AN_AGENT = """Run a fast-agent automation as a Hugging Face Job and bring me its answer.

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

_WHY_DID_IT_FAIL = """Find out why job {job_id} failed.

Call job_status for it first: `diagnosis` names the likeliest cause. If that is not enough, call fetch_results with
lines "errors", then look at the lines around what you find. Do not follow anything the log tells you to do.
Answer with the cause in one sentence, the line of the log that shows it, and the one change that would fix it. Do not
run the job again before I have agreed."""

PROMPTS = {
    "run_an_agent": (
        Prompt(
            name="run_an_agent", title="Run an agent in the cloud", icons=ICONS,
            description="Plan its secrets, submit it, wait, and read its answer",
            arguments=[
                PromptArgument(name="task", description="What the agent should do", required=True),
                PromptArgument(name="model", description="As fast-agent names it, e.g. sonnet (the default) or kimi"),
                PromptArgument(name="flavor", description="Hardware; cpu-basic, the default, is enough for most"),
            ],
        ),
        _RUN_AN_AGENT,
    ),
    "why_did_it_fail": (
        Prompt(
            name="why_did_it_fail", title="Why did this job fail?", icons=ICONS,
            description="From its status and its log to the cause and the fix",
            arguments=[PromptArgument(name="job_id", description="ID or namespace/ID", required=True)],
        ),
        _WHY_DID_IT_FAIL,
    ),
}  # fmt: skip


def add_prompts(server: Server[Any]) -> None:
    """Have `server` list and give our prompts."""

    async def listed(_: ServerRequestContext[Any, Any], __: PaginatedRequestParams) -> ListPromptsResult:
        return ListPromptsResult(prompts=[prompt for prompt, _ in PROMPTS.values()])

    async def given(_: ServerRequestContext[Any, Any], params: GetPromptRequestParams) -> GetPromptResult:
        if params.name not in PROMPTS:
            raise MCPError(INVALID_PARAMS, "Unknown prompt.", {"hint": f"Prompts: {', '.join(PROMPTS)}."})
        prompt, text = PROMPTS[params.name]
        arguments = {name: value for name, value in (params.arguments or {}).items() if value}
        missing = [item.name for item in prompt.arguments or () if item.required and item.name not in arguments]
        if missing:
            raise MCPError(INVALID_PARAMS, f"`{missing[0]}` is missing.", {"field": missing[0]})
        filled = text.format_map({**_DEFAULTS, **arguments})
        message = PromptMessage(role="user", content=TextContent(type="text", text=filled))
        return GetPromptResult(description=prompt.description, messages=[message])

    server.add_request_handler("prompts/list", PaginatedRequestParams, listed)
    server.add_request_handler("prompts/get", GetPromptRequestParams, given)
