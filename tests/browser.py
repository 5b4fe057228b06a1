"""A real Chromium, headless, told what to do through its debugging pipe; standard library only."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_ANSWER_SECONDS = 30.0
#: Chromium reads from descriptor 3 and writes to 4.
_START = """
import fcntl, os, sys
reader, writer = (fcntl.fcntl(int(text), fcntl.F_DUPFD, 100) for text in sys.argv[1:3])
os.dup2(reader, 3)
os.dup2(writer, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe")


class Browser:
    """One page. `problems` are the errors, exceptions and policy violations it has reported."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader = reader
        self._writer = writer
        self._number = 0
        self._session: str | None = None
        self._buffer = b""
        self.problems: list[str] = []
        pages = [one for one in self._call("Target.getTargets")["targetInfos"] if one["type"] == "page"]
        attached = self._call("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Go to `url`; `wait_for` says when it is there."""
        self._call("Page.navigate", url=url)

    def open_beside(self, url: str) -> None:
        """Open `url` in a tab of its own, in the same profile, and leave this one in front."""
        session, self._session = self._session, None
        self._call("Target.createTarget", url=url, background=True)
        self._session = session

    def value(self, expression: str) -> Any:
        """Evaluate JavaScript in the page; None when it fails, or when the page is just being left."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer.get("result", {}).get("result", {}).get("value")

    def look(self, *, dark: bool = False, width: int = 1280, height: int = 900) -> None:
        """Be a screen of this size, of a person who likes it light or dark."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self) -> bytes:
        """Return what is seen, as a PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def serious(self, axe: str) -> list[str]:
        """Return what axe, given as its source, finds that is serious or critical on this page."""
        if not self.value("typeof axe === 'object'"):
            self.value(f"{axe}; true")
        self.value("window.found = null; axe.run().then((all) => { window.found = all.violations; }); true")
        self.wait_for("window.found !== null")
        told = "window.found.filter((one) => ['serious', 'critical'].includes(one.impact))"
        named = f"{told}.map((one) => `${{one.id}}: ${{one.nodes.map((node) => node.html).join(' | ').slice(0, 500)}}`)"
        found: list[str] = self.value(named)
        return found

    def wait_for(self, expression: str, seconds: float = 60.0) -> Any:
        """Return the first true value of `expression`."""
        deadline = time.monotonic() + seconds
        while not (found := self.value(expression)):
            if time.monotonic() > deadline:
                raise AssertionError(f"{expression} was not true within {seconds} s")
            time.sleep(0.05)
        return found

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        answer = self._ask(method, **parameters)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                return answer
            if answer.get("method") == "Runtime.exceptionThrown":
                self.problems.append(str(answer["params"]["exceptionDetails"]))
            if answer.get("method") == "Log.entryAdded" and answer["params"]["entry"]["level"] == "error":
                self.problems.append(answer["params"]["entry"]["text"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._reader], [], [], _ANSWER_SECONDS)
            data = os.read(self._reader, 1 << 20) if ready else b""
            assert data, "the browser does not answer"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def browser() -> Iterator[Browser]:
    """Run a Chromium with a profile of its own, ended and removed afterwards."""
    assert CHROMIUM is not None
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    profile = tempfile.mkdtemp(prefix="browser-")
    start = [sys.executable, "-c", _START, str(theirs_in), str(theirs_out)]
    command = [*start, CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(
        command,
        pass_fds=(theirs_in, theirs_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Browser(ours_in, ours_out)
    finally:
        os.close(ours_out)
        os.close(ours_in)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(profile, ignore_errors=True)
