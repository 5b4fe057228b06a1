"""What a hub says: the token and its rights, the connection, the clocks; whether the local hub is of this release."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import anyio

from jobs.errors import (
    Forbidden,
    HubBroken,
    HubNotStarted,
    HubUnreachable,
    HubUnreadable,
    JobsError,
    NotFound,
    TokenRefused,
)
from server.doctor.finding import SECONDS, Finding
from server.hub_connection import Connection, hub_token, refuse_a_silent_choice
from server.version import version

if TYPE_CHECKING:
    from jobs.client.models import Identity
    from server.settings import Settings
    from tools.services import Connected

_SKEW_SECONDS = 120
_RIGHTS = "Make a token with it at https://huggingface.co/settings/tokens."
_TO_START, _TO_READ = "job.write", "job.read"
#: A resource group may stand where a namespace does.
_GROUP = re.compile(r"[0-9a-f]{24}")
#: Either lets a job's workspace be made and filled.
_TO_KEEP = frozenset({"repo.write", "repo.content.write"})

#: What a sentence about a connection that did not come about is filed under.
_TROUBLES = (
    ("clock", "clock"), ("certificate", "certificate"), ("encrypted", "certificate"), ("proxy", "proxy"),
    ("resolved", "network"), ("OFFLINE", "offline"),
)  # fmt: skip


def token(settings: Settings) -> Iterator[Finding]:
    """Whether there is one, and whether it can be one. What it may do is `hub`'s."""
    name = "Hugging Face token"
    if settings.hub == "local":
        return
    found = hub_token()
    try:
        refuse_a_silent_choice(settings.hub, found)
    except TokenRefused as error:
        yield Finding("fail", name, error.message, error.hint)
        return
    except HubUnreachable:
        pass  # It is told of the hub.
    if found is None:
        yield (
            Finding("note", name, "none; jobs run on the local hub", "For the cloud: hf auth login")
            if settings.hub == "auto"
            else Finding("fail", name, "none, and this hub needs one", "Run: hf auth login")
        )
    elif not (found.isascii() and found.isprintable()) or set(found) & set(" \"'"):
        yield Finding("fail", name, "it has characters that no token has", "Copy it again, without quotes and blanks.")
    else:
        yield Finding("ok", name, "found")


def local_hub(settings: Settings) -> Iterator[Finding]:
    """A local hub that runs already: of another release, run otherwise than asked, or no longer answering."""
    name = "local hub"
    try:
        from local_hub.process.daemon import read_state, running
    except ImportError:
        return
    there = running(settings.home)
    if there is None:
        return
    answers = read_state(settings.home)
    again = "Run: hf-jobs-mcp hub stop. Its jobs go on, and the next call starts it anew."
    if answers is None:
        yield Finding("fail", name, f"process {there.pid} runs and does not answer", again)
    elif answers.version != version():
        yield Finding("note", name, f"stale: version {answers.version} runs, and this is {version()}", again)
    elif ((answers.status() or {}).get("runner") == "container") != (settings.runner == "container"):
        yield Finding("note", name, f"it was started with another HF_JOBS_MCP_RUNNER than {settings.runner}", again)


def hub(settings: Settings) -> Iterator[Finding]:
    """Whether the hub answers, as whom, and with what rights."""

    async def ask() -> list[Finding]:
        connection = Connection(settings, version())
        try:
            with anyio.fail_after(SECONDS * 2):
                return [finding async for finding in _answers(await connection(), settings)]
        finally:
            await connection.close()

    try:
        yield from anyio.run(ask)
    except HubNotStarted as error:
        yield Finding("fail", "local hub", error.message, "Mend what it says; hub.log in the state folder says more.")
    except JobsError as error:
        yield Finding("fail", _name(error), error.message, error.hint)
    except TimeoutError:
        yield Finding("fail", "hub", "it does not answer", "Check the network and HF_JOBS_MCP_HUB.")


def _name(error: JobsError) -> str:
    if isinstance(error, TokenRefused):
        return "Hugging Face token"
    if error.field == "namespace":
        return "setting HF_JOBS_MCP_NAMESPACE"
    return next((name for word, name in _TROUBLES if word in error.message), "hub")


async def _answers(connected: Connected, settings: Settings) -> AsyncIterator[Finding]:
    client = connected.hub
    try:
        who = await client.whoami()
        flavors = await client.hardware()
    except (NotFound, HubUnreadable) as error:
        yield Finding(
            "fail", "hub", f"{client.endpoint} answers, and not as a hub does: {error.message}",
            "Check HF_JOBS_MCP_HUB and HF_ENDPOINT.",
        )  # fmt: skip
        return
    except HubBroken as error:
        yield Finding(
            "fail", "hub", f"{client.endpoint} answers that it fails: {error.message}",
            "Its own trouble, not yours: try again in some minutes. https://status.huggingface.co tells of long ones.",
        )  # fmt: skip
        return
    yield Finding("ok", "hub", f"{connected.name} at {client.endpoint} answers as {who.name}; {len(flavors)} flavors")
    ahead = client.wire.clock_ahead
    if ahead is not None and abs(ahead) > _SKEW_SECONDS:
        way = "behind" if ahead > 0 else "ahead of"
        yield Finding(
            "fail", "clock", f"this machine's clock is {_span(abs(ahead))} {way} the hub's",
            "Set it, best by a time service: tokens, certificates and times of jobs go by it.",
        )  # fmt: skip
    if connected.name != "local":
        async for finding in _rights(connected, settings, who):
            yield finding


async def _rights(connected: Connected, settings: Settings, who: Identity) -> AsyncIterator[Finding]:
    """What the token may do, as it says itself and as the hub does."""
    home = settings.namespace or who.name
    if home not in who.namespaces and not _GROUP.fullmatch(home):
        yield Finding(
            "note", "namespace", f"{home} is neither {who.name} nor an organisation of theirs that the token sees",
            "Check HF_JOBS_MCP_NAMESPACE; a fine-grained token has to be given that organisation.",
        )  # fmt: skip
    missing = set()
    if who.role == "read":
        missing = {_TO_START, "repo.write"}
    elif who.role == "fineGrained":
        missing = {right for right in (_TO_START, _TO_READ) if not who.permissions & {right, _TO_START}}
        missing |= set() if who.permissions & _TO_KEEP else {"repo.write"}
    try:
        await connected.hub.list_jobs(home, limit=1)
    except Forbidden:
        missing.add(_TO_READ)
    except NotFound:
        yield Finding("fail", "namespace", f"the hub knows no {home}", "Check HF_JOBS_MCP_NAMESPACE.")
        return
    for right, what, verdict in (
        (_TO_START, "start jobs", "fail"),
        (_TO_READ, "see jobs", "fail"),
        ("repo.write", "keep files in buckets; jobs run with workspace=false only", "note"),
    ):
        if right in missing:
            state = f"the token lacks {right} for {home}, so it cannot {what}"
            yield Finding("fail" if verdict == "fail" else "note", "rights", state, _RIGHTS)
    if not missing:
        yield Finding("ok", "rights", f"jobs and buckets of {home}")


def _span(seconds: float) -> str:
    if seconds >= 2 * 86400:
        return f"{seconds / 86400:.0f} days"
    return f"{seconds / 3600:.0f} hours" if seconds >= 2 * 3600 else f"{seconds / 60:.0f} minutes"
