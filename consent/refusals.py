"""What is said about answers: a no, one that was none, and the person's own earlier yes to the very same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consent.request import Fact
from jobs.errors import ConsentDeclined, ConsentNotGiven

if TYPE_CHECKING:
    from consent.ledger import Consumed
    from consent.request import ConsentRequest


def declined(earlier: Consumed | None = None) -> ConsentDeclined:
    hint = "Do not ask again unless the user wants to change something."
    if earlier is not None and earlier.result is not None:
        hint = f"The same was approved before and made {earlier.namespace}/{earlier.result}; look at that one."
    return ConsentDeclined("The person said no; nothing was sent.", hint=hint)


def not_the_form(way: str) -> ConsentNotGiven:
    """For an answer of another shape than the form; `way` is a command with which the person can answer instead."""
    return ConsentNotGiven(
        "The client's answer was not the form that was shown (each box true or false, and nothing else), so it was not "
        "read and nothing was sent.",
        hint=f"The person can answer in a terminal instead: `{way}`; then call again.",
    )


def again(request: ConsentRequest, earlier: Consumed | None) -> ConsentRequest:
    """The question, with a first line about the last time where there was one."""
    if earlier is None:
        return request
    at = datetime.fromtimestamp(earlier.at, UTC).strftime("%H:%M:%S UTC")
    return replace(
        request, facts=(Fact("AGAIN", f"the very same was approved and sent at {at}", "again"), *request.facts)
    )
