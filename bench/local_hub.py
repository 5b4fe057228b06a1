"""What the local hub costs, each figure beside its baseline from the same run.

Run: python bench/local_hub.py [part …], the parts being: true burst log list idle. Without one, all of them.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from local_hub import accounts, clock
from local_hub.api.schema import JobBody
from local_hub.paths import HubPaths
from local_hub.runner import cron
from local_hub.store import job_table, schedule_table
from local_hub.store.job_table import new_job
from local_hub.store.store import Store
from tests.hub_process import running_hub, short_home

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from local_hub.process.state import HubState

ROUNDS = 60
BURST = 1_000
LOG_BYTES = 1_000_000_000
JOBS = 100_000
SCHEDULES = 10_000
IDLE_SECONDS = 30
#: What the Hub wants of every job, besides what is measured.
REQUIRED = {"arguments": [], "environment": {}, "flavor": "cpu-basic"}
LINE = "a line of ninety-nine characters, which is about what people write into logs, give or take a few .."


@contextmanager
def hub(home: Path) -> Iterator[tuple[HubState, httpx2.Client]]:
    with running_hub(home) as state:
        headers = {"Authorization": f"Bearer {state.token}"}
        with httpx2.Client(base_url=state.endpoint, headers=headers, timeout=600) as client:
            yield state, client


def submit(client: httpx2.Client, *command: str) -> str:
    answer = client.post("/api/jobs/local", json={"command": command, "dockerImage": "x", **REQUIRED})
    answer.raise_for_status()
    return str(answer.json()["id"])


def end_of(client: httpx2.Client, job_id: str) -> None:
    """Wait for a job by following its log, which ends with it."""
    client.get(f"/api/jobs/local/{job_id}/logs", params={"tail": 0}).raise_for_status()


def median_ms(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken)


def true() -> None:
    """From the request that submits /bin/true to the end of its log, beside spawning it and an empty request."""
    with short_home() as home, hub(home) as (_, client):
        whole = lambda: end_of(client, submit(client, "/bin/true"))  # noqa: E731
        median_ms(whole, 10)
        through = median_ms(whole)
        bare = median_ms(lambda: subprocess.run(["/bin/true"], check=True))
        request = median_ms(lambda: client.get("/api/whoami-v2"))
    print(
        f"true: {through:.1f} ms through the hub, {bare:.1f} ms bare: {through - bare:.1f} ms over it "
        f"(of which two requests at {request:.1f} ms each)"
    )


def burst() -> None:
    """A thousand jobs at once, beside as many spawns with as many at a time."""
    with short_home() as home, hub(home) as (_, client):
        capacity = client.get("/api/local-hub/status").json()["capacity"]
        began = time.perf_counter()
        with ThreadPoolExecutor(8) as pool:
            jobs = list(pool.map(lambda _: submit(client, "/bin/true"), range(BURST)))
        accepted = time.perf_counter() - began
        while any(client.get("/api/jobs/local", params={"stage": ["SCHEDULING", "RUNNING"], "limit": 1}).json()):
            time.sleep(0.05)
        done = time.perf_counter() - began
        completed = {job["id"] for job in pages(client, "/api/jobs/local?stage=COMPLETED&limit=500")}
    if completed != set(jobs):
        raise AssertionError(f"{len(set(jobs) - completed)} jobs of {BURST} did not complete")
    began = time.perf_counter()
    with ThreadPoolExecutor(capacity) as pool:
        list(pool.map(lambda _: subprocess.run(["/bin/true"], check=True), range(BURST)))
    bare = time.perf_counter() - began
    print(
        f"burst: {BURST} jobs accepted in {accepted:.1f} s and run in {done:.1f} s, {BURST / done:.0f} a second with "
        f"{capacity} at a time; bare spawns {BURST / bare:.0f} a second: ratio {done / bare:.1f}"
    )


def pages(client: httpx2.Client, url: str) -> Iterator[dict[str, Any]]:
    while url:
        answer = client.get(url)
        yield from answer.json()
        url = answer.links.get("next", {}).get("url", "")


def log() -> None:
    """Writing, tailing and reading a log of 1 GB, beside writing and reading the file itself."""
    script = f'yes "{LINE}" | head -c {LOG_BYTES}'
    with short_home() as home, hub(home) as (state, client):
        process = psutil.Process(state.pid)
        target = home / "direct"
        began = time.perf_counter()
        subprocess.run(["/bin/sh", "-c", f"{script} > {target}"], check=True)
        direct = time.perf_counter() - began
        began = time.perf_counter()
        with target.open("rb") as file:
            while file.read(1 << 20):
                pass
        raw = time.perf_counter() - began
        target.unlink()
        began = time.perf_counter()
        job = submit(client, "/bin/sh", "-c", script)
        while client.get(f"/api/jobs/local/{job}").json()["status"]["stage"] != "COMPLETED":
            time.sleep(0.05)
        written = time.perf_counter() - began
        before = process.memory_info().rss
        tail = median_ms(lambda: client.get(f"/api/jobs/local/{job}/logs", params={"tail": 100}), 10)
        processor = sum(process.cpu_times()[:2])
        began = time.perf_counter()
        peak = before
        with client.stream("GET", f"/api/jobs/local/{job}/logs") as answer:
            for number, _ in enumerate(answer.iter_raw()):
                if number % 200 == 0:
                    peak = max(peak, process.memory_info().rss)
        whole = time.perf_counter() - began
        processor = sum(process.cpu_times()[:2]) - processor
    gigabytes = LOG_BYTES / 1e9
    print(
        f"log of {gigabytes:g} GB: written in {written:.1f} s (straight to a file {direct:.1f} s: ratio "
        f"{written / direct:.1f}); last 100 lines in {tail:.1f} ms; all of it read as events in {whole:.1f} s, "
        f"{processor:.1f} s of them the hub's processor time (the bare file {raw:.2f} s); the hub's memory grew by "
        f"{(peak - before) / 1e6:.0f} MB"
    )


def fill(paths: HubPaths, *, jobs: int = 0, schedules: int = 0) -> None:
    spec = JobBody.model_validate(
        {"command": ["true"], "dockerImage": "x", **REQUIRED, "labels": {"name": "n"}}
    ).to_json()

    def work(db: sqlite3.Connection) -> None:
        now = clock.now_ms()
        for number in range(jobs):
            labels = {"name": f"n{number % 50}", "unique": str(number)}
            job = new_job("local", {**spec, "labels": labels}, {"type": "user", "id": "1", "name": "local"})
            job_table.insert(db, replace(job, created_ms=now - 1000 * (jobs - number)))
            job_table.finish(db, job.id, "ERROR" if number % 100 == 0 else "COMPLETED", None)
        for _ in range(schedules):
            line = "0 9 * * 1"
            following = cron.first(line, now)
            one = schedule_table.ScheduleRow(
                accounts.new_id(), "local", now, spec, line, False, False, following, None, None
            )
            schedule_table.insert(db, one)

    store = Store(paths.database)
    store.write_now(work)
    store.close()


def list_() -> None:
    """Lists with 100,000 finished jobs, beside the same with 100."""
    queries = {
        "first 100": "limit=100",
        "running": "stage=RUNNING",
        "20 failed": "stage=ERROR&limit=20",
        "20 of a name": "label=name=n7&limit=20",
        "one label of its own": "label=unique=50",
    }
    taken: dict[int, dict[str, float]] = {}
    for count in (100, JOBS):
        with short_home() as home:
            fill(HubPaths.of(home).make(), jobs=count)
            with hub(home) as (_, client):
                taken[count] = {
                    name: median_ms(lambda query=query: client.get(f"/api/jobs/local?{query}"), 20)
                    for name, query in queries.items()
                }
    for name in queries:
        few, many = taken[100][name], taken[JOBS][name]
        print(f"list, {name}: {many:.1f} ms of {JOBS} jobs, {few:.1f} ms of 100: ratio {many / few:.1f}")


def idle() -> None:
    """Processor time of a hub that waits, with 10,000 schedules and with none."""
    used = {}
    for count in (0, SCHEDULES):
        with short_home() as home:
            fill(HubPaths.of(home).make(), schedules=count)
            with hub(home) as (state, client):
                client.get("/api/whoami-v2")
                process = psutil.Process(state.pid)
                before = sum(process.cpu_times()[:2])
                time.sleep(IDLE_SECONDS)
                used[count] = (sum(process.cpu_times()[:2]) - before) / IDLE_SECONDS
    print(f"idle: {100 * used[SCHEDULES]:.2f} % of a core with {SCHEDULES} schedules, {100 * used[0]:.2f} % with none")


PARTS = {"true": true, "burst": burst, "log": log, "list": list_, "idle": idle}


def main() -> None:
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
