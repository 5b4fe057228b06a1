"""One attempt, with no hub around it: what the supervisor keeps, ends and says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from local_hub.backends.base import LaunchPlan
from local_hub.runner.attempt import Attempt, Exit
from local_hub.runner.fork_server import ForkServer
from tests.hub_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARK = "SUPERVISOR_TEST"
WRITE = """
import os, sys
with open(sys.argv[1], "wb") as file:
    file.write(os.urandom(8 << 20))
    os.fsync(file.fileno())
print("written", flush=True)
sys.stdin.read()
"""


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fork_server = ForkServer(folder / "log")
        self.count = 0
        self.attempts: list[Attempt] = []

    def start(
        self,
        *argv: str,
        timeout: float = 30.0,
        grace: float = 1.0,
        attempt: Attempt | None = None,
        memory: int | None = None,
    ) -> Attempt:
        if attempt is None:
            self.count += 1
            attempt = Attempt(self.folder / str(self.count))
            attempt.create()
        self.attempts.append(attempt)
        plan = LaunchPlan(argv=argv, env={"PATH": os.environ["PATH"], MARK: str(self.folder)}, cwd="/", memory=memory)
        self.fork_server.launch(plan, folder=attempt.folder, output=self.output(attempt), timeout=timeout, grace=grace)
        wait_until(lambda: attempt.claimed)
        return attempt

    def output(self, attempt: Attempt) -> Path:
        return attempt.folder / "output"

    def run(self, *argv: str, **options: Any) -> tuple[Exit, bytes]:
        attempt = self.start(*argv, **options)
        ended = wait_until(lambda: attempt.exit)
        return ended, self.output(attempt).read_bytes()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    for attempt in made.attempts:
        attempt.ask_to_end()
        wait_until(lambda attempt=attempt: not attempt.alive)
    made.fork_server.close()


def marked(folder: Path) -> list[int]:
    """Return the processes that a job of this bench has left running."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(folder):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_the_exit_status_and_every_byte_are_kept(bench: Bench) -> None:
    ended, output = bench.run("/bin/sh", "-c", r"printf 'a\000\377b'; printf err >&2; exit 5")
    assert (ended.code, ended.reason) == (5, "exited")
    assert output == b"a\x00\xffberr"


def test_a_signal_is_told_as_a_shell_would(bench: Bench) -> None:
    assert bench.run("/bin/sh", "-c", "kill -9 $$")[0].code == 137


def test_a_program_that_is_not_there_is_127(bench: Bench) -> None:
    ended, output = bench.run("/no/such/program")
    assert ended.code == 127
    assert b"No such file" in output


def test_a_lot_of_output_is_whole_and_in_order(bench: Bench) -> None:
    ended, output = bench.run("/bin/sh", "-c", "seq 1 2000000")
    assert ended.code == 0
    assert output == b"".join(b"%d\n" % number for number in range(1, 2000001))


def test_an_attempt_is_started_once_however_often_it_is_handed_over(bench: Bench) -> None:
    attempt = bench.start("/bin/sh", "-c", "echo once")
    bench.start("/bin/sh", "-c", "echo once", attempt=attempt)
    bench.fork_server.close()
    bench.start("/bin/sh", "-c", "echo once", attempt=attempt)
    wait_until(lambda: attempt.exit)
    marker = bench.start("/bin/true")
    wait_until(lambda: marker.exit)
    assert bench.output(attempt).read_bytes() == b"once\n"


def test_time_that_is_up_ends_the_job_and_a_stubborn_one_is_killed(bench: Bench) -> None:
    ended, output = bench.run(
        "/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done", timeout=0.3, grace=0.3
    )
    assert (ended.reason, ended.code) == ("timeout", 137)
    assert output.startswith(b"up\n")


def test_being_asked_ends_the_job_with_its_own_last_words(bench: Bench) -> None:
    attempt = bench.start("/bin/sh", "-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done")
    wait_until(lambda: b"up" in bench.output(attempt).read_bytes())
    assert attempt.ask_to_end()
    assert wait_until(lambda: attempt.exit).reason == "canceled"
    assert bench.output(attempt).read_bytes().endswith(b"bye\n")


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("setsid") is None, reason="needs setsid and a subreaper")
def test_processes_that_left_the_jobs_group_end_with_it(bench: Bench, tmp_path: Path) -> None:
    ended, _ = bench.run("/bin/sh", "-c", "setsid sleep 1000 & setsid sh -c 'sleep 1000 & sleep 1000' & sleep 0.2")
    assert ended.code == 0
    wait_until(lambda: not marked(tmp_path))


def test_output_of_the_past_stays_when_another_attempt_appends(bench: Bench) -> None:
    first = bench.start("/bin/sh", "-c", "echo one")
    wait_until(lambda: first.exit)
    second = Attempt(bench.folder / "second")
    second.create()
    plan = LaunchPlan(argv=["/bin/sh", "-c", "echo two"], env={}, cwd="/")
    bench.fork_server.launch(plan, folder=second.folder, output=bench.output(first), timeout=9, grace=1)
    wait_until(lambda: second.exit)
    assert bench.output(first).read_bytes() == b"one\ntwo\n"


def test_nothing_of_the_supervisor_is_inherited_by_the_job(bench: Bench) -> None:
    _, output = bench.run(sys.executable, "-I", "-c", "import os; print(sorted(os.listdir('/proc/self/fd')))")
    assert output == b"['0', '1', '2', '3']\n"


def test_a_job_whose_processes_hold_too_much_memory_is_ended(bench: Bench) -> None:
    hold = "x = b'x' * (40 << 20); import os, time; os.fork(); y = b'y' * (40 << 20); time.sleep(60)"
    ended, _ = bench.run(sys.executable, "-c", hold, memory=100 << 20)
    assert (ended.code, ended.reason) == (137, "memory")
    few, _ = bench.run(sys.executable, "-c", "x = b'x' * (40 << 20)", memory=100 << 20)
    assert few.reason == "exited"


def test_a_job_that_fills_the_disk_is_ended_and_one_that_writes_little_is_not(tmp_path: Path) -> None:
    from local_hub.runner import usage

    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(tmp_path / "file")], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    with writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"written\n"
        if not usage._written(writer.pid):
            pytest.skip("temporary files lie in memory here, or the kernel does not count what is written")
        free = shutil.disk_usage(tmp_path).free
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(usage, "SHORT_OF_DISK", ((1 << 20, 1),))
            assert usage.too_much(os.getpid(), 1 << 60, str(tmp_path)) is None
            patch.setattr(usage, "SHORT_OF_DISK", ((free + (1 << 40), 1 << 50),))
            assert usage.too_much(os.getpid(), 1 << 60, str(tmp_path)) is None
            patch.setattr(usage, "SHORT_OF_DISK", ((free + (1 << 40), 4 << 20),))
            assert usage.too_much(os.getpid(), 1 << 60, str(tmp_path)) == "disk"
        writer.kill()
