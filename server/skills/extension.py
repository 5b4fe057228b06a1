"""The `io.modelcontextprotocol/skills` extension (SEP-2640): which skills there are, and the hash of each file.

The files themselves are ordinary resources, `skill://NAME/PATH`, that any client can list and read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mcp.server.extension import Extension, MethodBinding
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, PaginatedRequestParams, RequestParams, Resource, TextResourceContents
from pydantic import Field

from server.icon import ICONS
from server.skills.shipped import SCHEME, file_at, skills

if TYPE_CHECKING:
    from mcp.server.context import HandlerResult, ServerRequestContext

IDENTIFIER = "io.modelcontextprotocol/skills"
_FRESH_MS = 3_600_000
_COMPLETE = {"resultType": "complete", "ttlMs": _FRESH_MS, "cacheScope": "public"}


class GetSkillParams(RequestParams):
    uri: str = Field(max_length=500)


class Skills(Extension):
    """Answers what skills this server has."""

    identifier = IDENTIFIER

    def methods(self) -> Sequence[MethodBinding]:
        """What the extension adds to the protocol."""
        return (
            MethodBinding("skills/list", PaginatedRequestParams, self._list),
            MethodBinding("skills/get", GetSkillParams, self._get),
        )

    async def _list(self, _: ServerRequestContext[Any, Any], params: PaginatedRequestParams) -> HandlerResult:
        if params.cursor is not None:
            raise MCPError(INVALID_PARAMS, "There is one page only.")
        return {**_COMPLETE, "skills": [skill.entry() for skill in skills()]}

    async def _get(self, _: ServerRequestContext[Any, Any], params: GetSkillParams) -> HandlerResult:
        found = next((skill for skill in skills() if skill.uri == params.uri), None)
        if found is None:
            raise MCPError(INVALID_PARAMS, "This server has no such skill.")
        return {**_COMPLETE, "skill": found.entry()}


def skill_resources() -> list[Resource]:
    """Every file of every skill, for `resources/list`."""
    return [
        Resource(
            uri=file.uri,
            name=skill.frontmatter["name"] if file.uri == skill.uri else file.uri.rpartition("/")[2],
            description=skill.frontmatter["description"] if file.uri == skill.uri else None,
            mime_type=file.media_type,
            size=len(file.data),
            icons=ICONS,
        )
        for skill in skills()
        for file in skill.files
    ]


def skill_contents(uri: str) -> TextResourceContents | None:
    """A skill's file to read; None for another address.

    Raises:
        MCPError: It is the address of a skill's file, and there is none.
    """
    if not uri.startswith(SCHEME):
        return None
    file = file_at(uri)
    if file is None:
        raise MCPError(INVALID_PARAMS, "Resource not found", {"uri": uri})
    return TextResourceContents(uri=uri, mime_type=file.media_type, text=file.data.decode())
