"""Waiting for jobs to change, no longer than a client has patience for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from jobs import stage
from jobs.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from jobs.client.client import HubClient
    from jobs.client.models import Job

LONGEST_WAIT = 45.0
"""How long one call waits for a change of stage or an answer on the page, in seconds: many clients give up after
sixty."""

_NEAR_STEPS = (0.25, 1.5, 1.0)  # the first, how they grow, the longest
_FAR_STEPS = (1.0, 2.0, 8.0)
_SINGLY = 4


async def wait_for_change(
    hub: HubClient,
    job_ids: Sequence[str],
    *,
    seconds: float,
    namespace: str | None = None,
    before: Mapping[str, str] | None = None,
    on_tick: Callable[[Mapping[str, Job | HubError], float], Awaitable[None]] | None = None,
) -> dict[str, Job | HubError]:
    """The jobs, as soon as one has another stage than before, all have ended, or `seconds` have passed.

    Args:
        hub: Where they are.
        job_ids: `ID` or `namespace/ID`.
        seconds: 0 for a look without a wait; `LONGEST_WAIT` at most.
        namespace: For bare ids.
        before: Stages the caller knows of, by id as given; what the first look finds otherwise.
        on_tick: Told after each look what was seen and how many seconds have passed; may itself be slow.

    Raises:
        BadArgument: For an id that is none. Other failures are in the result; a look that fails is no change.
    """
    started = anyio.current_time()
    deadline = started + min(seconds, LONGEST_WAIT)
    seen = await hub.inspect_many(job_ids, namespace)
    known = {job_id: (before or {}).get(job_id) or _stage(job) for job_id, job in seen.items()}
    step, growth, longest = _NEAR_STEPS if hub.near else _FAR_STEPS
    asked = list(job_ids)
    while True:
        if on_tick is not None:
            await on_tick(seen, anyio.current_time() - started)
        left = deadline - anyio.current_time()
        if left <= 0 or _settled(seen) or any(_stage(job) not in {None, known[job_id]} for job_id, job in seen.items()):
            return seen
        await anyio.sleep(min(max(step, hub.wire.quota.pause()), left))
        step = min(step * growth, longest) if anyio.current_time() - started > step else step
        asked = [job_id for job_id in (*asked[_SINGLY:], *asked[:_SINGLY]) if not _over(seen[job_id])]
        looked = await hub.inspect_many(asked, namespace, singly=None if hub.near else _SINGLY)
        seen |= {job_id: _better(seen[job_id], job) for job_id, job in looked.items()}


def _settled(seen: Mapping[str, Job | HubError]) -> bool:
    return all(map(_over, seen.values()))


def _over(job: Job | HubError) -> bool:
    """Whether another look would show the same."""
    return not job.retryable if isinstance(job, HubError) else stage.finished(job.stage)


def _stage(job: Job | HubError) -> str | None:
    return None if isinstance(job, HubError) else job.stage


def _better(before: Job | HubError, now: Job | HubError) -> Job | HubError:
    """What is known of a job: a passing failure does not make what was seen unseen."""
    return before if isinstance(now, HubError) and now.retryable and not isinstance(before, HubError) else now
