"""What is used of the MCP SDK beyond its documentation: a release that moves one of these breaks this module only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.resolve import build_resolver_plans, find_resolved_parameters
from mcp.server.mcpserver.utilities.context_injection import find_context_parameter
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel.server import Server
    from mcp.server.mcpserver import MCPServer

__all__ = [
    "ArgModelBase",
    "FuncMetadata",
    "ToolError",
    "UnexpectedToolError",
    "build_resolver_plans",
    "connection_of",
    "find_context_parameter",
    "find_resolved_parameters",
    "is_unread_answer",
    "lowlevel_server",
]


def lowlevel_server(server: MCPServer[Any]) -> Server[Any]:
    """The server below `MCPServer`: the only way to its request handlers and to the outermost middleware."""
    return server._lowlevel_server  # noqa: SLF001


def connection_of(ctx: ServerRequestContext[Any, Any]) -> Any:
    """A request's connection: its identity, and the exit stack that tells when it ends."""
    return ctx.session._connection  # noqa: SLF001


def is_unread_answer(error: ToolError) -> bool:
    """Whether a client's answer to a question had a shape that the SDK does not pass on, such as none at all."""
    return not isinstance(error, UnexpectedToolError) and "Resolver '" in str(error)
