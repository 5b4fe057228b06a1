"""Opening the approval page in the person's browser, without its address on any command line."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from consent.answering.page import Page

_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"
_A_BROWSER_SAYS_NO_WITHIN = 3.0


def can_open() -> bool:
    """Whether there is a display that a browser could come up on."""
    if os.environ.get("BROWSER"):
        return True
    if sys.platform.startswith("linux"):
        shown = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
        return shown and not os.environ.get("SSH_CONNECTION")
    return not os.environ.get("SSH_CONNECTION")


@contextmanager
def opened(page: Page, home: Path) -> Iterator[bool]:
    """Open the page while the block lasts; says whether a browser was started.

    A command line can be read by every user of the machine, so the browser is told a file and not the address.
    """
    way = home / "questions" / f"open-{secrets.token_hex(8)}.html"
    way.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(way, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={page.address}">')
    try:
        yield _start(way.as_uri())
    finally:
        way.unlink(missing_ok=True)


def _start(uri: str) -> bool:
    """Start the browser in a process of its own: what a browser prints must not get into a protocol's stdout."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _OPEN, uri],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(_A_BROWSER_SAYS_NO_WITHIN) == 0
    except subprocess.TimeoutExpired:  # It runs in the foreground, as some do.
        threading.Thread(target=process.wait, daemon=True).start()
        return True
