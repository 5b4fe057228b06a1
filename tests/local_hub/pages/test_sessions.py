"""Tickets and sessions, with a clock of the test's own."""

from local_hub.pages.sessions import SESSION_SECONDS, TICKET_SECONDS, Sessions


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_ticket_is_good_once_and_for_a_minute() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    ticket = sessions.ticket()
    assert sessions.redeem(ticket) is not None
    assert sessions.redeem(ticket) is None
    late = sessions.ticket()
    clock.now += TICKET_SECONDS
    assert sessions.redeem(late) is None
    assert sessions.redeem("") is None


def test_a_session_ends_after_its_time_and_a_ticket_is_no_session() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    ticket = sessions.ticket()
    assert not sessions.knows(ticket)
    secret = sessions.redeem(ticket)
    assert secret is not None
    assert sessions.knows(secret)
    clock.now += SESSION_SECONDS
    assert not sessions.knows(secret)
    assert not sessions.knows("")


def test_very_many_tickets_push_out_the_oldest() -> None:
    sessions = Sessions()
    first = sessions.ticket()
    for _ in range(200):
        last = sessions.ticket()
    assert sessions.redeem(first) is None
    assert sessions.redeem(last) is not None
