"""A workspace of 100,000 files: a named one beside a direct HEAD, the first look, memory; saving beside HfApi's own.

Run it with `python -m bench.results [FILES]`; it prints ratios. With 0 files it only saves.
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio

from jobs.client.client import HubClient
from jobs.client.models import Job, MountedVolume, Status
from jobs.masking.masker import Masker
from jobs.results import artifacts
from jobs.results.save import save
from jobs.results.walk import Walk
from jobs.spec.workspace import of_job
from tests.hub_process import running_hub, short_home

_ROUNDS = 7
_SAVED = 200_000_000
_PAIRS = 3


async def main(count: int) -> None:
    with short_home() as home, running_hub(home) as state:
        hub = HubClient(state.endpoint, state.token)
        await hub.ensure_bucket("local/jobs-artifacts")
        (folder,) = (path for path in home.rglob("jobs-artifacts") if path.is_dir())
        _fill(folder / "many", count)
        volume = MountedVolume("bucket", "local/jobs-artifacts", "/workspace", "many")
        job = Job("0" * 24, "local", state.endpoint, Status("COMPLETED"), volumes=(volume,))
        for kind, data in (("random", os.urandom(_SAVED)), ("text", _text(_SAVED))):
            await hub.upload("local/jobs-artifacts", {f"{kind}/raw.bin": data})
        url = f"/buckets/local/jobs-artifacts/resolve/many/{count - 1:06d}.txt"
        if count:
            await _ratios(hub, job, url, count)
        for kind in ("random", "text"):
            await _saving(hub, job, kind)
        await hub.close()


async def _ratios(hub: HubClient, job: Job, url: str, count: int) -> None:
    head = await _median(lambda: _lookup(hub, url))
    named = await _median(lambda: artifacts.listing(hub, job, [f"{count - 1:06d}.txt"]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first = await _median(lambda: artifacts.listing(hub, job), rounds=2)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{count} files: named {named * 1e3:.1f} ms, {named / head:.1f} x a direct look ({head * 1e3:.1f} ms)")
    print(f"first look {first * 1e3:.0f} ms; memory grew {grown / 1024:.1f} MiB")


async def _saving(hub: HubClient, job: Job, kind: str) -> None:
    """Pairs of runs, one right after the other: the ratio of each pair counts, not the speed."""
    volume = MountedVolume("bucket", "local/jobs-artifacts", "/workspace", kind)
    big = Job(job.id, "local", job.endpoint, job.status, volumes=(volume,))
    workspace = of_job(big)
    assert workspace is not None
    pairs = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(_PAIRS):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            await hub.buckets.download(workspace.bucket, [(f"{kind}/raw.bin", Path(folder) / "own.bin")])
            own = time.perf_counter() - begun
            begun = time.perf_counter()
            walk = Walk(hub, big, workspace)
            masker = Masker({"KEY": "romeo-5521-juliet"})
            await save(hub, workspace, walk.batches(), Path(folder) / "ours", [Path(folder)], masker=masker)
            pairs.append((own, time.perf_counter() - begun))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    speed = _SAVED / statistics.median(ours for _, ours in pairs) / 1e6
    ratio = statistics.median(own / ours for own, ours in pairs)
    print(f"save_to, {kind}: {speed:.0f} MB/s, {ratio:.2f} x HfApi.download_bucket_files; memory grew {grown:.0f} MiB")


def _fill(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:06d}.txt").write_text("x")


def _text(size: int) -> bytes:
    line = b'2026-11-21 20:51:07,123 INFO trainer step=%d loss=0.%d path="/workspace/out/7.bin"\\n a few words more\n'
    chance = random.Random(7)
    some = b"".join(line % (chance.randrange(10**6), chance.randrange(10**6)) for _ in range(10_000))
    return (some * (size // len(some) + 1))[:size]


async def _lookup(hub: HubClient, url: str) -> Any:
    return await hub.buckets.read("local/jobs-artifacts", url.partition("/resolve/")[2], max_bytes=1)


async def _median(call: Callable[[], Awaitable[Any]], rounds: int = _ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        await call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
