"""How a browser gets in: a ticket, good once and for a minute, becomes a session that may look and not touch."""

import secrets
import time
from collections.abc import Callable

TICKET_SECONDS = 60.0
SESSION_SECONDS = 12 * 3600.0
_MOST = 64


class Sessions:
    """Tickets and sessions, in memory only: they end with the hub. Not for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tickets: dict[str, float] = {}
        self._sessions: dict[str, float] = {}

    def ticket(self) -> str:
        """Return a new ticket. Whoever asks has shown the hub's token."""
        return self._add(self._tickets, TICKET_SECONDS)

    def redeem(self, ticket: str) -> str | None:
        """Take a ticket and return the secret of a new session; None when it is not, or no longer, good."""
        until = self._tickets.pop(ticket, 0.0)
        return self._add(self._sessions, SESSION_SECONDS) if until > self._clock() else None

    def knows(self, secret: str) -> bool:
        """Say whether this is the secret of a session that goes on."""
        return self._sessions.get(secret, 0.0) > self._clock()

    def _add(self, kept: dict[str, float], seconds: float) -> str:
        now = self._clock()
        for old in [secret for secret, until in kept.items() if until <= now]:
            del kept[old]
        while len(kept) >= _MOST:
            del kept[next(iter(kept))]
        secret = secrets.token_urlsafe(32)
        kept[secret] = now + seconds
        return secret
