"""The small picture beside our name: a job in a box, drawn in the address itself so that nothing is fetched.

Prompts and resource templates show it. The server itself does not: the SDK stamps its description on every reply.
"""

from __future__ import annotations

from urllib.parse import quote

from mcp_types import Icon

_DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<rect width="16" height="16" rx="4" fill="#ffd21e"/><path d="M6 4l6 4-6 4z"/></svg>'
)

ICONS = [Icon(src=f"data:image/svg+xml,{quote(_DRAWING, safe='/:=')}", mime_type="image/svg+xml", sizes=["any"])]
