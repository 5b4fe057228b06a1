"""The commands at a real terminal: what they say first, a no, and one Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from consent.ledger import Ledger
from consent.request import ConsentRequest, Tick
from tests.mcp_session import SERVER, environment, free_port

#: Seconds, on a machine that may be busy: what is looked for is a program that does not end at all.
ENDS_WITHIN = 30.0


class Terminal:
    """A command with a terminal of its own, which sends it SIGINT for a Ctrl-C."""

    def __init__(self, env: dict[str, str], *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*SERVER, *arguments],
            env={**env, "TERM": "xterm", "COLUMNS": "80"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no thread runs here
        )
        os.close(theirs)
        self.text = ""

    def read_until(self, words: str, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            self._read()

    def ended_by_interrupts(self) -> int:
        """Press Ctrl-C, and again each few seconds: what waits in C code misses one that comes as it begins to wait."""
        for _ in range(int(ENDS_WITHIN / 5)):
            self.type("\x03")
            with suppress(AssertionError):
                return self.ended(5)
        return self.ended(0)

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def ended(self, seconds: float = ENDS_WITHIN) -> int:
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read()
        while self._read():
            pass
        assert self.process.poll() is not None, f"it goes on: {self.text}"
        return int(self.process.returncode)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], 0.05)
        chunk = b""
        if ready:
            with suppress(OSError):
                chunk = os.read(self._ours, 65536)
        self.text += chunk.decode(errors="replace").replace("\r\n", "\n")
        return bool(chunk)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@contextmanager
def terminal(env: dict[str, str], *arguments: str) -> Iterator[Terminal]:
    opened = Terminal(env, *arguments)
    try:
        yield opened
    finally:
        opened.close()


def test_the_bare_command_says_what_it_is_and_one_interrupt_ends_it(home: Path) -> None:
    with terminal(environment(home)) as it:
        it.read_until("hf-jobs-mcp demo")
        assert it.ended_by_interrupts() == 130
        assert "Traceback" not in it.text


@pytest.mark.parametrize("says", ["n\n", "\n", "\x04"], ids=["n", "enter", "end of input"])
def test_a_no_in_the_demo_says_that_nothing_was_sent_and_how_to_go_on(home: Path, says: str) -> None:
    with terminal(environment(home), "demo") as it:
        it.read_until("[y/N]")
        it.type(says)
        assert it.ended(30) == 0, it.text
        for words in ("nothing was sent", "demo"):
            assert words in it.text
        assert "Traceback" not in it.text
        assert "4. job_status" not in it.text


def test_one_interrupt_ends_the_demo_at_its_question(home: Path) -> None:
    with terminal(environment(home), "demo") as it:
        it.read_until("[y/N]")
        it.type("\x03")
        assert it.ended() == 130
        assert "Traceback" not in it.text


def test_one_interrupt_ends_the_server_over_http_with_a_client_connected(home: Path) -> None:
    port = free_port()
    with terminal(environment(home), "serve", "--http", "--port", str(port)) as it, httpx2.Client() as client:
        it.read_until("mcpServers")
        it.read_until("}\n}")
        assert client.get(f"http://127.0.0.1:{port}/mcp").status_code == 401
        assert it.ended_by_interrupts() in {0, 130}
        assert "Traceback" not in it.text


def test_an_interrupt_before_the_server_is_up_is_as_quiet(home: Path) -> None:
    with terminal(environment(home), "serve", "--http", "--port", str(free_port())) as it:
        it.read_until("No HF_JOBS_MCP_HTTP_TOKEN is set")
        it.type("\x03")
        assert it.ended() in {0, 130}
        assert "Traceback" not in it.text


def put_aside(home: Path, *titles: str, seconds: float = 600.0) -> list[str]:
    ledger = Ledger(home / "consent.sqlite3")
    ids = []
    for number, title in enumerate(titles):
        facts = (("Hub", "local hub on this machine"), ("Runs", f"python {title}.py"), ("Cost", "less than $0.01"))
        tick = Tick("API_KEY", "API_KEY", "from the environment", kind="secret", required=False)
        request = ConsentRequest("submit", f"{number}" * 64, f"Run {title}?", facts, (tick,))
        ids.append(ledger.put_aside(request, "stdio:x", seconds).id)
    ledger.close()
    return ids


def test_what_waits_is_told_apart_and_a_number_chooses(tmp_path: Path) -> None:
    _, second = put_aside(tmp_path, "train", "evaluate")
    with terminal(environment(tmp_path), "approve") as it:
        it.read_until("Which one?")
        for words in ("python train.py", "python evaluate.py", "local hub", "less than $0.01", "just now", "API_KEY"):
            assert words in it.text
        it.type("7\n")
        it.read_until("A number from 1 to 2")
        it.type("2\n")
        it.read_until("sent first?")
        it.type("n\n")
        it.read_until("API_KEY (from the environment)")
        it.type("y\n")
        assert it.ended() == 0, it.text
    ledger = Ledger(tmp_path / "consent.sqlite3")
    found = ledger.get(second)
    assert found is not None
    assert found.status == "approved"
    assert [one.request.title for one in ledger.pending()] == ["Run train?"]
    ledger.close()


@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["interrupt", "end of input"])
def test_leaving_a_question_answers_nothing(tmp_path: Path, keys: str) -> None:
    (number,) = put_aside(tmp_path, "train")
    with terminal(environment(tmp_path), "approve") as it:
        it.read_until("[y/N]")
        it.type(keys)
        assert it.ended() in {1, 130}
        assert "Traceback" not in it.text
    ledger = Ledger(tmp_path / "consent.sqlite3")
    assert [one.id for one in ledger.pending()] == [number]
    ledger.close()


def test_an_id_that_ran_out_or_never_was_is_said_as_such(tmp_path: Path) -> None:
    (number,) = put_aside(tmp_path, "train", seconds=0.0)
    with terminal(environment(tmp_path), "approve", number) as it:
        assert it.ended(30) == 1
        assert "ran out" in it.text
    with terminal(environment(tmp_path), "approve", "0badc0de") as it:
        assert it.ended(30) == 1
        assert str(tmp_path) in it.text.replace("\n", "")
        assert "Traceback" not in it.text
