"""Kill the local hub at random moments, again and again, while it is used; then check its promises from outside.

Run: python bench/crashes.py [kills] [seed]. Each round submits, cancels and triggers jobs, kills the hub with SIGKILL
somewhere in between (and now and then a job's supervisor too), and starts it again. At the end nothing accepted may be
lost, nothing may have run twice, and no line of any log may be missing or repeated. A short form is in the tests.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, Volume
from huggingface_hub.errors import HfHubHTTPError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from local_hub.process import daemon
from local_hub.runner.attempt import Attempt
from tests import hub_process
from tests.hub_process import running_hub, short_home, wait_until

LINES = 20
WINDOWS = (0.1, 0.4, 1.2)  # seconds of use within which the hub is killed
SCRIPT = "echo ran >> /marks/{number}; for i in $(seq 1 {lines}); do echo line $i; sleep {pause}; done"


@dataclass
class Storm:
    """One hub under attack, what was asked of it, and what it answered."""

    home: Path
    chance: random.Random
    accepted: dict[str, int] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    orphaned: set[str] = field(default_factory=set)
    kills: int = 0
    interrupted: int = 0
    number: int = 0

    def __post_init__(self) -> None:
        self.state = hub_process.start(self.home)
        self.api.create_bucket("local/marks", exist_ok=True)
        self.triggered = self.create("@yearly")
        self.by_the_clock = self.create("* * * * *")

    def create(self, schedule: str) -> str:
        made = self.api.create_scheduled_job(
            image="x", command=["true"], schedule=schedule, concurrency=True, namespace="local"
        )
        return made.id

    @property
    def api(self) -> HfApi:
        return HfApi(endpoint=self.state.endpoint, token=self.state.token)

    @property
    def marks(self) -> Path:
        return self.home / "hub/buckets/local/marks"

    def round(self) -> None:
        """Use the hub, kill it in the middle, start it again."""
        worker = threading.Thread(target=self.use)
        worker.start()
        time.sleep(self.chance.random() * self.chance.choice(WINDOWS))
        if self.chance.random() < 0.1:
            self.kill_a_supervisor()
        os.kill(self.state.pid, signal.SIGKILL)
        self.kills += 1
        worker.join()
        wait_until(lambda: daemon.read_state(self.home) is None)
        self.state = hub_process.start(self.home)
        self.look_for_the_interrupted()

    def use(self) -> None:
        for _ in range(self.chance.randrange(2, 7)):
            try:
                self.one_call()
            except (httpx2.HTTPError, HfHubHTTPError):
                self.interrupted += 1
                return

    def one_call(self) -> None:
        choice = self.chance.random()
        if choice < 0.7:
            self.number += 1
            self.accepted[self.submit(self.number)] = self.number
        elif choice < 0.9 and self.accepted:
            job = self.chance.choice(list(self.accepted))
            self.cancelled.add(job)
            try:
                self.api.cancel_job(job_id=job, namespace="local")
            except HfHubHTTPError as error:
                if error.response.status_code != 409:
                    raise
        else:
            self.api.trigger_scheduled_job(scheduled_job_id=self.triggered, namespace="local")

    def submit(self, number: int) -> str:
        pause = self.chance.choice(["0", "0.005", "0.02"])
        script = SCRIPT.format(number=number, lines=LINES, pause=pause)
        volume = Volume(type="bucket", source="local/marks", mount_path="/marks")
        labels = {"number": str(number)}
        job = self.api.run_job(
            image="x", command=["/bin/sh", "-c", script], volumes=[volume], labels=labels, namespace="local"
        )
        return job.id

    def look_for_the_interrupted(self) -> None:
        """A submission whose reply was lost has either been accepted, once, or not at all."""
        if self.number and self.number not in self.accepted.values():
            found = list(self.api.list_jobs(labels={"number": str(self.number)}, namespace="local"))
            if len(found) > 1:
                raise AssertionError(f"submission {self.number} was accepted {len(found)} times")
            if found:
                self.accepted[found[0].id] = self.number

    def kill_a_supervisor(self) -> None:
        for claim in (self.home / "hub/jobs").glob("*/attempt-*/claim"):
            attempt = Attempt(claim.parent)
            supervisor = attempt.supervisor
            if attempt.alive and supervisor:
                try:
                    os.kill(supervisor, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                self.orphaned.add(claim.parent.parent.name)
                return

    def check(self) -> Counter[str]:
        """Wait for every job to end and hold each against the promises; return how many ended how."""
        for schedule in (self.triggered, self.by_the_clock):
            self.api.delete_scheduled_job(scheduled_job_id=schedule, namespace="local")
        stages: Counter[str] = Counter()
        for job_id, number in self.accepted.items():
            job = self.api.wait_for_job(job_id, namespace="local", timeout=120, poll_interval=0.02)
            stage = str(job.status.stage)
            stages[stage] += 1
            allowed = {"COMPLETED"}
            if job_id in self.cancelled:
                allowed.add("CANCELED")
            if job_id in self.orphaned:
                allowed.add("ERROR")
            _expect(stage in allowed, f"job {number} is {stage}: {job.status.message}")
            mark = self.marks / str(number)
            runs = mark.read_text() if mark.exists() else ""
            _expect(runs in ({"ran\n"} if stage == "COMPLETED" else {"", "ran\n"}), f"job {number} ran {runs!r}")
            log = list(self.api.fetch_job_logs(job_id=job_id, namespace="local"))
            whole = [f"line {line}" for line in range(1, LINES + 1)]
            same = log == whole if stage == "COMPLETED" else log == whole[: len(log)] or "Terminated" in log
            _expect(same, f"the log of job {number} is {log}")
        known = {str(number) for number in self.accepted.values()}
        _expect({mark.name for mark in self.marks.iterdir()} <= known, "a job ran that was never accepted")
        self.check_the_schedules()
        return stages

    def check_the_schedules(self) -> None:
        minutes: Counter[int] = Counter()
        for job in self.api.list_jobs(namespace="local"):
            if job.initiator.type == "scheduled-job":
                final = self.api.wait_for_job(job.id, namespace="local", timeout=60, poll_interval=0.02)
                _expect(final.status.stage == "COMPLETED" or job.id in self.orphaned, "a scheduled job was lost")
                if job.initiator.id == self.by_the_clock:
                    minutes[int(job.created_at.timestamp()) // 60] += 1
        _expect(all(count == 1 for count in minutes.values()), f"a minute of the schedule was doubled: {minutes}")


def _expect(kept: bool, broken: str) -> None:
    if not kept:
        raise AssertionError(broken)


def storm(home: Path, *, kills: int, seed: int) -> tuple[Storm, Counter[str]]:
    """Run a whole storm on the hub of `home`; raise `AssertionError` with the first promise found broken."""
    storm = Storm(home, random.Random(seed))
    for _ in range(kills):
        storm.round()
    return storm, storm.check()


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20261121
    began = time.monotonic()
    with short_home() as home, running_hub(home):
        done, stages = storm(home, kills=kills, seed=seed)
    print(
        f"{done.kills} kills of the hub, {len(done.orphaned)} of supervisors, {done.interrupted} calls cut off, "
        f"{len(done.accepted)} jobs accepted, in {time.monotonic() - began:.0f} s: "
        + ", ".join(f"{count} {stage}" for stage, count in sorted(stages.items()))
        + "; none lost, none doubled, every log whole"
    )


if __name__ == "__main__":
    main()
