"""One file per tool an agent can call; this is the list of them."""

from __future__ import annotations

from mcp.server.mcpserver.tools import Tool

from tools import list_hardware, plan_secrets, submit_job


def all_tools() -> list[Tool]:
    """Every tool, in the order a model reads them."""
    modules = (plan_secrets, submit_job, list_hardware)
    return [module.TOOL for module in modules]
