"""One file per tool an agent can call; this is the list of them."""

from __future__ import annotations

from mcp.server.mcpserver.tools import Tool

from tools import (
    fetch_results,
    job_status,
    list_hardware,
    manage_job,
    manage_schedule,
    plan_secrets,
    schedule_job,
    submit_job,
)


def all_tools() -> list[Tool]:
    """Every tool, in the order a model reads them."""
    modules = (
        plan_secrets,
        submit_job,
        schedule_job,
        job_status,
        fetch_results,
        manage_job,
        manage_schedule,
        list_hardware,
    )
    return [module.TOOL for module in modules]
