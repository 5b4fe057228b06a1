"""The one approval page of this person's desktop, opened by the server itself for a client that cannot ask.

Whichever server needs it first shows it, with all that waits; the others see that it is open and only wait. Its ticket
goes to the browser by a file and to nobody else: no tool returns it. How often it opens is bounded, whoever asks.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from consent.answering.browser import can_open, opened

if TYPE_CHECKING:
    from consent.answering.page import Page
    from consent.audit import Audit
    from consent.ledger import Ledger

#: A page that was not heard of for so long is closed, in seconds; it asks for news every two.
UNSEEN_FOR = 15.0
#: How long a browser may take to come up.
_COMES_UP_WITHIN = 40.0
_LINGERS = 3.0
_HOUR = 3600.0
_MOST_AN_HOUR = 12


class Window:
    """Shows the page while questions wait. `show` may be called as often as there is a question.

    Args:
        home: The state folder, where servers find out about each other.
        ledger: Where the questions and answers are; the page and whoever waits meet there.
        audit: Where each answer is noted.
        possible: Whether there is a display.
    """

    def __init__(self, home: Path, ledger: Ledger, audit: Audit, possible: Callable[[], bool] = can_open) -> None:
        self._home = home
        self._ledger = ledger
        self._audit = audit
        self._possible = possible
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._opened: deque[float] = deque(maxlen=_MOST_AN_HOUR)
        self._shown_for: set[str] = set()

    def available(self) -> bool:
        """Whether a browser could show it."""
        return self._possible()

    def show(self, approval_id: str) -> bool:
        """Have the page on the screen, where it is not yet; says whether it is there.

        A question opens it once: who closes it without an answer is not shown the same question again.
        """
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                self._shown_for.add(approval_id)
                return True
            recent = sum(time.monotonic() - moment < _HOUR for moment in self._opened)
            if self._ending.is_set() or approval_id in self._shown_for or recent >= _MOST_AN_HOUR:
                return False
            if not self._possible():
                return False
            self._shown_for.add(approval_id)
            self._opened.append(time.monotonic())
            self._thread = threading.Thread(target=self._run, name="approval page", daemon=True)
            self._thread.start()
            return True

    def close(self) -> None:
        """Close the page, if this server shows it."""
        self._ending.set()
        thread = self._thread
        if thread is not None:
            thread.join(timeout=5)

    def _run(self) -> None:
        from consent.answering.page import Page, served
        from consent.answering.terminal import note_answer

        record = partial(note_answer, self._ledger, self._audit, "page")
        with suppress(OSError), _alone(self._home / "page.lock") as alone:
            if not alone:  # Another server shows it, with all that waits: stay for as long as it does.
                self._ending.wait(UNSEEN_FOR)
                return
            with served(Page(self._ledger.pending, record)) as page:
                with opened(page, self._home) as started:
                    begun = time.monotonic()
                    while started and not page.seen_at and time.monotonic() - begun < _COMES_UP_WITHIN:
                        if self._ending.wait(0.1):
                            return
                if page.seen_at:
                    self._until_done(page)

    def _until_done(self, page: Page) -> None:
        """Go on until nothing waits, or nobody looks."""
        idle_since: float | None = None
        while not self._ending.wait(0.5):
            now = time.monotonic()
            idle_since = None if self._ledger.pending() else idle_since or now
            if now - page.seen_at > UNSEEN_FOR or (idle_since is not None and now - idle_since > _LINGERS):
                return


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Whether no other process holds `path`; held until the block ends, or the process does."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("a") as file:
        yield _locked(file)


def _locked(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: each server shows its own.
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
