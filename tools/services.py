"""What every tool is given: the hub it talks to, the vault, the gate, and the operator's policy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from mcp.server.mcpserver import Context

    from consent.gate import Gate
    from jobs.client.client import HubClient
    from jobs.client.models import Job
    from jobs.masking.masker import Masker
    from jobs.results.outcome import Outcomes
    from jobs.secrets.vault import Vault


_ROUNDS_LAST = timedelta(minutes=15)


@dataclass(frozen=True)
class Connected:
    """A hub that answers, and the name replies give it: ``local``, ``huggingface`` or a URL."""

    hub: HubClient
    name: str


@dataclass(frozen=True)
class Policy:
    """What the operator decided, as far as tools need it."""

    confirm_above_usd: float | None
    trusts_jobs: bool
    """Jobs may run on this machine without a sandbox and without a question."""
    save_folders: tuple[Path, ...]
    cache: Path
    fetch_fast_agent: bool = False


@dataclass
class Services:
    """Built once by `server.app`; a tool closes over it and nothing else."""

    policy: Policy
    connect: Callable[[], Awaitable[Connected]]
    vault: Vault
    gate: Gate
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _first_asked: dict[str, datetime] = field(default_factory=dict, init=False)
    _doubted: set[str] = field(default_factory=set, init=False)

    @cached_property
    def outcomes(self) -> Outcomes:
        """What came of each job that ended."""
        from jobs.results.outcome import Outcomes

        return Outcomes()

    def masker(self, job: Job | None = None) -> Masker:
        """The masker for every value known at this moment; for what `job` left, its own in pieces too."""
        return self.vault.masker(() if job is None else job.secrets)

    def mask_of(self, job: Job) -> Callable[[str], str]:
        """What masks the texts that `job` left."""
        return self.masker(job).mask

    def unmasked(self, job: Job) -> list[str] | None:
        """What of the job's secrets may not be masked in what it left; said once for each job."""
        key = f"{job.endpoint} {job.namespace}/{job.id}"
        if not job.secrets or key in self._doubted:
            return None
        self._doubted.add(key)
        return self.doubts(job)

    def doubts(self, job: Job) -> list[str] | None:
        """As `unmasked`, each time: for what is read as it is, and not told of in a conversation."""
        return (self.vault.doubts(job.secrets, job.created_at) or None) if job.secrets else None

    async def asks_for(self, hub: HubClient) -> bool:
        """Whether a person is asked about every job of `hub`, because it would run here without a sandbox."""
        return not self.policy.trusts_jobs and await hub.is_unsandboxed()

    def first_asked(self, digest: str) -> datetime:
        """When a spec was first asked about, so that the run times in its question stay the same for every round."""
        now = self.now()
        for old in [key for key, moment in self._first_asked.items() if now - moment > _ROUNDS_LAST]:
            del self._first_asked[old]
        return self._first_asked.setdefault(digest, now)

    async def progress(self, ctx: Context[Any, Any], done: float, total: float | None, message: str) -> None:
        """Report progress, masked. Nothing is sent to a client that did not ask for it."""
        await ctx.report_progress(done, total, self.masker().mask(message))


def services_of(ctx: Context[Any, Any]) -> Services:
    """The services this call may use; `server.app` hands them to the SDK as its lifespan's context."""
    services: Services = ctx.request_context.lifespan_context
    return services
