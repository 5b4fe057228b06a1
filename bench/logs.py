"""Reading a very long log: seconds, bytes of the reply and memory, each beside reading the stream and dropping it.

    python bench/logs.py [MEGABYTES [LINE_BYTES]]

A job on a local hub writes the log; what is measured is this process, which reads it over HTTP as the server does. A
`grep` of the same bytes, where the hub keeps them, is timed beside it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jobs import stage
from jobs.client.client import HubClient
from jobs.client.models import Job
from jobs.client.wait import wait_for_change
from jobs.logs import reader
from jobs.logs.reader import LogRequest, LogSlice
from jobs.spec.fields import JobRequest
from jobs.spec.spec import build
from jobs.submit import new_idempotency_key, submit
from tests.hub_process import running_hub, short_home

LINE = "2026-11-21 21:18:26 INFO step {} loss 0.1234 learning rate 0.00025 tokens per second 18233 memory 71 percent"
WRITER = "awk 'BEGIN {{ for (i = 1; i <= {count}; i++) print \"{line}\" }}'; echo 'ValueError: the last word'"
LONG_WRITER = WRITER.replace("for", 'for (n = 1; n < {repeated}; n++) more = more "{line} "; for').replace(
    '{line}"', '{line}" more'
)


async def main(endpoint: str, token: str, home: Path, megabytes: int, length: int) -> None:
    hub = HubClient(endpoint, token)
    repeated = max(1, length // len(LINE))
    count = max(1, megabytes * 1_000_000 // (len(LINE) * repeated))
    command = LONG_WRITER.format(count=count, repeated=repeated, line=LINE.replace("{}", '" i "'))
    request = JobRequest(command=("sh", "-c", command), image="python:3.12", timeout="1h")
    started = time.monotonic()
    job = await submit(hub, build(request, hub=hub.endpoint, namespace="local"), {}, new_idempotency_key())
    while not stage.finished(job.stage):
        job = (await wait_for_change(hub, [job.id], seconds=45))[job.id]  # type: ignore[assignment]  # it is there
    print(f"{count:,} lines, {megabytes} MB, written in {time.monotonic() - started:.0f} s, {job.stage}")
    (output,) = (home / "hub" / "jobs").glob(f"{job.id}/output")
    started = time.monotonic()
    await anyio.run_process(["grep", "-c", "no such words here", str(output)], check=False)
    print(f"{'grep of the same bytes':30} {time.monotonic() - started:7.2f} s")
    base = await measure("stream read and dropped", lambda: dropped(hub, job), None)
    middle = count // 2
    for name, request in {
        "default (tail)": LogRequest(),
        "tail 2000": LogRequest(tail=2000, max_bytes=reader.LARGEST_REPLY),
        "head 100": LogRequest(head=100),
        "range in the middle": LogRequest(first=middle, last=middle + 50),
        "search: the last line": LogRequest(search="the last word"),
        "search: nothing": LogRequest(search="no such words here"),
        "search: /regular expression/": LogRequest(search="/step 4[0-9]{9}x/"),
        "errors only": LogRequest(errors_only=True),
    }.items():
        await measure(name, lambda request=request: reader.read(hub, job, request), base)
    await hub.close()


async def dropped(hub: HubClient, job: Job) -> LogSlice:
    seen = 0
    path = f"/api/jobs/local/{job.id}/logs"
    from jobs.client.error_map import RequestContext

    async with hub.wire.stream(path, RequestContext("job", hub.endpoint, token=True), read=60) as response:
        async for piece in response.aiter_bytes():
            seen += len(piece)
    return LogSlice(lines=(f"{seen / 1e6:.0f} MB on the wire",))


async def measure(name: str, call: Callable[[], Awaitable[LogSlice]], base: float | None) -> float:
    process = psutil.Process()
    before = process.memory_info().rss
    peak = before
    done = anyio.Event()

    async def sample() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, process.memory_info().rss)
            await anyio.sleep(0.02)

    started = time.monotonic()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sample)
        piece = await call()
        done.set()
    seconds = time.monotonic() - started
    size = len(json.dumps(list(piece.lines), ensure_ascii=False).encode())
    ratio = f"{seconds / base:6.2f}x" if base else "  1.00x"
    said = f"total {piece.total_lines}" if piece.total_lines else piece.lines[0][:40] if base is None else ""
    print(
        f"{name:30} {seconds:7.2f} s {ratio}  reply {size:6} bytes  memory +{(peak - before) / 1e6:5.1f} MB"
        f"  {'more, ' if piece.truncated else ''}{said}"
    )
    return seconds


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    length = int(sys.argv[2]) if len(sys.argv) > 2 else len(LINE)
    with short_home() as home, running_hub(home) as hub:
        anyio.run(main, hub.endpoint, hub.token, home, wanted, length)
