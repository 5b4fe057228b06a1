"""Whether jobs may be started in a namespace, as the hub itself says before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.display_text import one_line
from jobs.errors import Forbidden, HubError, NotFound, NoToken, TokenRefused
from jobs.ids import check_namespace

if TYPE_CHECKING:
    from jobs.client.client import HubClient

_NAMES_CHARS = 200


async def check_may_start(hub: HubClient, namespace: str) -> None:
    """Ask a far hub; a yes is remembered.

    Raises:
        HubError: It says no, in the words that a submission would meet. A hub that cannot tell passes.
    """
    if hub.near or namespace in hub.permitted:
        return
    home = check_namespace(namespace)
    asked = hub.asked("namespace", home, writes=True)
    try:
        await hub.wire.send("POST", f"/api/jobs/{home}/auth-check/job.write", asked)
    except NotFound as missing:
        try:
            theirs = (await hub.whoami()).namespaces
        except HubError:
            return
        if home in theirs:  # A hub without that route.
            hub.permitted.add(home)
            return
        missing.hint = f"{missing.hint or ''} Those are: {one_line(', '.join(theirs), _NAMES_CHARS)}.".strip()
        raise
    except (Forbidden, NoToken, TokenRefused):
        raise
    except HubError:
        return
    hub.permitted.add(home)
