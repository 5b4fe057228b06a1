"""Exactly once under faults: submissions through a proxy that breaks the conversation, counted on the hub itself.

    python bench/faults.py [RUNS] [SEED]

Each run submits one job or schedule while one to three faults are armed at steps of its way: upload, submit, look-up.
Printed are how many runs met each fault and what became of them. Any double or lost id fails the run (exit status 1).
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jobs.client.client import HubClient
from jobs.client.retry import Backoff
from jobs.client.transport import Limits
from jobs.errors import HubError
from jobs.spec.fields import JobRequest, ScheduleRequest
from jobs.spec.spec import build
from jobs.spec.workspace import LABEL
from jobs.submit import RetryPolicy, new_idempotency_key, recover, schedule, submit
from tests.hub_process import running_hub, short_home
from tests.jobs import fault_proxy as faults
from tests.jobs.fault_proxy import FaultProxy, refused_after, refused_before

RUNS = 600
WORKERS = 6
PATIENCE = RetryPolicy(reply=1.0, settle=3.0, sends=3, total=25.0)
BACKOFF = Backoff(attempts=4, base=0.05, cap=0.3, total=3.0)
ANSWERS = [make(status) for make in (refused_before, refused_after) for status in (500, 502, 503, 504)]
ANSWERS += [make(429, "Retry-After: 0") for make in (refused_before, refused_after)]
FAULTS = [*faults.CONNECTION_FAULTS, *ANSWERS]
UPLOAD_FAULTS = [
    faults.CUT_AFTER_REQUEST,
    faults.CUT_IN_REPLY,
    refused_before(429, "Retry-After: 0"),
    refused_after(502),
]


@dataclass
class Tally:
    runs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    doubles: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


async def one(straight: HubClient, broken: HubClient, proxy: FaultProxy, draw: random.Random, tally: Tally) -> None:
    label = new_idempotency_key()
    scheduled = draw.random() < 0.25
    asked: dict[str, Any] = {"command": ("true",), "image": "python:3.12", "files": {"a.txt": "a"}}
    request = ScheduleRequest(**asked, schedule="@yearly", suspend=True) if scheduled else JobRequest(**asked)
    spec = build(request, hub=straight.endpoint, namespace="local")
    uploads = draw.random() < 0.15
    plan = [draw.choice(FAULTS) for _ in range(draw.choice([1, 1, 1, 2, 3]))]
    looks = [draw.choice(FAULTS) for _ in range(draw.choice([0, 0, 1, 2]))]
    proxy.arm("submit", *plan)
    proxy.arm("look", *looks)
    if uploads:
        proxy.arm(draw.choice(["bucket", "batch"]), draw.choice(UPLOAD_FAULTS))
    started = time.monotonic()
    told = None
    try:
        told = (await (schedule if scheduled else submit)(broken, spec, {}, label, policy=PATIENCE)).id
        outcome = "id at once"
    except HubError as error:
        outcome = f"told {error.code}"
    tally.seconds.append(time.monotonic() - started)
    proxy.arm("submit")
    proxy.arm("look")
    await anyio.to_thread.run_sync(proxy.settle)
    if scheduled:
        made = [item.id for item in await straight.list_schedules("local", labels={LABEL: label})]
    else:
        made = [item.id for item in await straight.find_by_label("local", LABEL, label)]
    if told is None:
        found = await recover(straight, "local", label, scheduled=scheduled)
        outcome += ", found by its label" if found else ", nothing made"
        told = found.id if found else None
    tally.runs += 1
    tally.met.update(plan)
    tally.outcomes[outcome] += 1
    case = f"{label} {plan} {looks} made={made} told={told}"
    if len(made) > 1:
        tally.doubles.append(case)
    if made and told not in made:
        tally.lost.append(case)
    if told and not made:
        tally.lost.append("phantom " + case)


async def worker(endpoint: str, token: str, runs: int, seed: int, tally: Tally) -> None:
    straight = HubClient(endpoint, token)
    with faults.fault_proxy(endpoint, delay=1.6) as proxy:
        broken = HubClient(proxy.endpoint, token, limits=Limits(connect=2.0, read=1.0, pool=2.0), backoff=BACKOFF)
        draw = random.Random(seed)
        for _ in range(runs):
            await one(straight, broken, proxy, draw, tally)
        await broken.close()
    await straight.close()


async def main(endpoint: str, token: str, runs: int, seed: int) -> Tally:
    tally = Tally()
    async with anyio.create_task_group() as tasks:
        for number in range(WORKERS):
            share = runs // WORKERS + (number < runs % WORKERS)
            tasks.start_soon(worker, endpoint, token, share, seed * 1000 + number, tally)
    return tally


def show(tally: Tally, elapsed: float) -> None:
    seconds = sorted(tally.seconds)
    print(f"{tally.runs} submissions in {elapsed:.0f} s, {len(tally.doubles)} doubles, {len(tally.lost)} lost ids")
    print(f"seconds to an answer: median {seconds[len(seconds) // 2]:.2f}, worst {seconds[-1]:.2f}")
    for outcome, count in tally.outcomes.most_common():
        print(f"  {count:5}  {outcome}")
    print("faults met while submitting:")
    for fault, count in sorted(tally.met.items()):
        print(f"  {count:5}  {fault}")
    for case in [*tally.doubles, *tally.lost]:
        print("WRONG", case)


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    seeded = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with short_home() as home, running_hub(home) as hub:
        begun = time.monotonic()
        result = anyio.run(main, hub.endpoint, hub.token, wanted, seeded)
        show(result, time.monotonic() - begun)
    sys.exit(1 if result.doubles or result.lost else 0)
