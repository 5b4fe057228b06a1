"""Logs and files beside the bare stream, `grep`, `HfApi.download_bucket_files` and `cp`; and how each grows."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio

from bench.figures.paired import Figure, Growth, awaited, seconds
from bench.logs import LINE, WRITER, dropped
from jobs import stage
from jobs.client.client import HubClient
from jobs.client.models import Job, MountedVolume, Status
from jobs.client.wait import wait_for_change
from jobs.logs import reader
from jobs.logs.reader import LogRequest
from jobs.masking.masker import Masker
from jobs.results import artifacts
from jobs.results.save import save
from jobs.results.walk import Walk
from jobs.spec.fields import JobRequest
from jobs.spec.spec import build
from jobs.spec.workspace import of_job
from jobs.submit import new_idempotency_key, submit
from tests.hub_process import running_hub, short_home

BUCKET = "local/jobs-artifacts"
WORD, EXPRESSION = "no such words here", "/no such (words|lines) [0-9]+/"
KEY = "romeo-5521-juliet"


async def logs(megabytes: int, rounds: int) -> AsyncIterator[Figure | Growth]:
    """Of a finished log: the end of it, a word and an expression that are not in it."""
    with short_home() as home, running_hub(home) as state:
        hub = HubClient(state.endpoint, state.token)
        sizes = [megabytes / 1000, megabytes / 100, megabytes / 10, megabytes]
        jobs = [await _written(hub, size) for size in sizes]
        mask = Masker({"KEY": KEY}).mask

        def look(job: Job, request: LogRequest) -> Callable[[], Awaitable[object]]:
            return partial(reader.read, hub, job, request, mask=mask)

        whole = jobs[-1]
        stream = partial(dropped, hub, whole)
        word, expression = (look(whole, LogRequest(search=words)) for words in (WORD, EXPRESSION))
        size = f"{megabytes} MB of log"
        yield Figure(
            "tail", f"the end of {size}", "stream read", *await awaited(look(whole, LogRequest()), stream, rounds)
        )
        yield Figure("word", f"a word in {size}", "stream read", *await awaited(word, stream, rounds))
        times = await awaited(expression, word, rounds)
        yield Figure("expression", f"an expression in {size}", "a word", *times, limit=3)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "log"
            file.write_text(f"{LINE}\n" * (megabytes * 1_000_000 // len(LINE)))

            async def grep() -> None:
                await anyio.run_process(["grep", "-c", WORD, str(file)], check=False)

            times = await awaited(word, grep, rounds)
            yield Figure("grep", f"a word in {size}", "`grep -c` on a file", *times)
        for what, request in (
            ("the end of a log, by MB", LogRequest()),
            ("a word in a log, by MB", LogRequest(search=WORD)),
        ):
            yield Growth(what, sizes, [await _best(look(job, request)) for job in jobs])
        await hub.close()


async def files(megabytes: int, rounds: int) -> AsyncIterator[Figure | Growth]:
    """Saving a large file, and listing many small ones."""
    with short_home() as home, running_hub(home) as state:
        hub = HubClient(state.endpoint, state.token)
        await hub.ensure_bucket(BUCKET)
        (bucket,) = (path for path in home.rglob("jobs-artifacts") if path.is_dir())
        size = megabytes * 1_000_000
        text = "".join(f"{random.random():.17f} step loss rate words of a log line\n" for _ in range(20_000))
        for kind, content in (("random", os.urandom(size)), ("text", (text * (size // len(text) + 1)).encode()[:size])):
            await hub.upload(BUCKET, {f"{kind}/file.bin": content})
            save_it, fetch_it, copy_it = _ways(hub, kind, bucket / kind / "file.bin")
            times = await awaited(save_it, fetch_it, rounds)
            what = f"`save_to`, {megabytes} MB of {kind}"
            yield Figure(f"save-{kind}", what, "`HfApi.download_bucket_files`", *times, limit=2)
            yield Figure(f"save-{kind}-cp", what, "`cp`", *await awaited(save_it, copy_it, rounds))
        counts = [10, 100, 1_000, 10_000]
        listed = []
        for count in counts:
            folder = bucket / f"many-{count}"
            folder.mkdir()
            for number in range(count):
                (folder / f"{number:06d}.txt").write_text("x")
            listed.append(await _best(partial(artifacts.listing, hub, _job(hub, folder.name))))
        yield Growth("the first page of a job's files, by files", counts, listed)
        await hub.close()


def _ways(hub: HubClient, folder: str, source: Path) -> tuple[Callable[[], Awaitable[object]], ...]:
    """Saving as `fetch_results` does, `HfApi`'s own way, and a copy: each to a new place."""
    job = _job(hub, folder)
    workspace = of_job(job)
    assert workspace is not None
    masker = Masker({"KEY": KEY})

    async def save_it() -> None:
        with tempfile.TemporaryDirectory() as place:
            await save(hub, workspace, Walk(hub, job, workspace).batches(), Path(place), [Path(place)], masker=masker)

    async def fetch_it() -> None:
        with tempfile.TemporaryDirectory() as place:
            await hub.buckets.download(BUCKET, [(f"{folder}/file.bin", Path(place) / "file.bin")])

    async def copy_it() -> None:
        with tempfile.TemporaryDirectory() as place:
            shutil.copyfile(source, Path(place) / "file.bin")

    return save_it, fetch_it, copy_it


def _job(hub: HubClient, folder: str) -> Job:
    volume = MountedVolume("bucket", BUCKET, "/workspace", folder)
    return Job("0" * 24, "local", hub.endpoint, Status("COMPLETED"), volumes=(volume,))


async def _written(hub: HubClient, megabytes: float) -> Job:
    """A finished job whose log has so many megabytes."""
    count = int(megabytes * 1_000_000) // len(LINE)
    command = WRITER.format(count=count, line=LINE.replace("{}", '" i "'))
    request = JobRequest(command=("sh", "-c", command), image="python:3.12", timeout="1h")
    job = await submit(hub, build(request, hub=hub.endpoint, namespace="local"), {}, new_idempotency_key())
    while not stage.finished(job.stage):
        found = (await wait_for_change(hub, [job.id], seconds=45))[job.id]
        assert isinstance(found, Job), found
        job = found
    return job


async def _best(work: Callable[[], Awaitable[object]]) -> float:
    return min([await seconds(work) for _ in range(3)])
