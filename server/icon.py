"""The small picture beside our name: a job in a box, drawn in the address itself so that nothing is fetched.

Prompts and resource templates show it. The server itself does not: the SDK stamps its description on every reply.
"""

from __future__ import annotations

from mcp_types import Icon

ICONS = [
    Icon(
        src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
        "%3Crect width='16' height='16' rx='4' fill='%23ffd21e'/%3E%3Cpath d='M6 4l6 4-6 4z'/%3E%3C/svg%3E",
        mime_type="image/svg+xml",
        sizes=["any"],
    )
]
