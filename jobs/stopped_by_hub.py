"""Why the Hub itself stops a job or suspends a schedule (`cancelReason`, `suspendReason`), and what helps."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.display_text import one_line

_REASON_CHARS = 60


@dataclass(frozen=True)
class StopReason:
    """`cause` in one word, `because` as the end of a sentence, `remedy` as the beginning of one."""

    cause: str
    because: str
    remedy: str


_BY_WORD = {
    "NO_CREDITS": StopReason(
        "payment",
        "the account has no credit left",
        "Add credit at https://huggingface.co/settings/billing",
    ),
    "NO_SUBSCRIPTION": StopReason(
        "no_subscription",
        "the account has no plan that may run Jobs",
        "Jobs need a PRO, Team or Enterprise plan or prepaid credit (https://huggingface.co/settings/billing); get one",
    ),
    "RESOURCE_GROUP_LIMIT": StopReason(
        "spend_limit",
        "its resource group has reached its limit",
        "Ask an administrator of the organisation to raise the group's limit",
    ),
}


def stop_reason(*said: str | None) -> StopReason | None:
    """The reason that the Hub's words name; None when they name none that is known."""
    words = " ".join(filter(None, said))
    return next((found for word, found in _BY_WORD.items() if word in words), None)


def suspended(reason: str | None) -> str | None:
    """What is told of a schedule that the Hub suspended for `reason`; None without one."""
    if not reason:
        return None
    known = stop_reason(reason)
    if known is None:
        return f"The hub suspended it: {one_line(reason, _REASON_CHARS)}."
    return f"The hub suspended it: {known.because}. {known.remedy}, then resume it."
