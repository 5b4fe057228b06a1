"""Every error a caller can meet, in one place: a code, one sentence, a hint, and whether trying again can help.

`message` and `hint` never repeat an argument's value. Text that came from a hub goes through
`jobs.display_text.one_line` before it gets here.
"""

from __future__ import annotations

from typing import Any


class JobsError(Exception):
    """The base of all errors that are reported, not raised through.

    Args:
        message: One sentence that says what is wrong.
        hint: What to do about it, or None.
        field: The argument that is to blame, by name, or None.
        retry_after: Seconds to wait before trying again, or None.
    """

    code: str = "error"
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        field: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field
        self.retry_after = retry_after

    def as_dict(self) -> dict[str, object]:
        """The error as a reply carries it; absent parts are left out."""
        parts: dict[str, object] = {"code": self.code, "message": self.message, "retryable": self.retryable}
        for name in ("hint", "field", "retry_after"):
            value = getattr(self, name)
            if value is not None:
                parts[name] = value
        return parts


# What the caller sent.


class BadArgument(JobsError):
    code = "bad_argument"


class ConfigurationRefused(JobsError):
    """A client's configuration file is left as it is: broken, changed meanwhile, or not to be changed in place."""

    code = "configuration_refused"


class UnknownArgument(JobsError):
    code = "unknown_argument"


class SecretInArgument(JobsError):
    """A value where a name or plain text belongs. The value is not in the message."""

    code = "secret_in_argument"


class SecretUnavailable(JobsError):
    code = "secret_unavailable"


class SecretRefused(JobsError):
    """A name the operator's allow-list or the built-in refusals keep out of jobs."""

    code = "secret_refused"


# What the person said.


class ConsentDeclined(JobsError):
    code = "consent_declined"


class ConsentCancelled(JobsError):
    code = "consent_cancelled"


class ConsentTimedOut(JobsError):
    code = "consent_timed_out"
    retryable = True


class ConsentNotGiven(JobsError):
    """The question was accepted with nothing ticked."""

    code = "consent_not_given"


class ConsentUnavailable(JobsError):
    """The client cannot put a question to a person."""

    code = "consent_unavailable"


class ConsentSpent(JobsError):
    """The answer was used before, or was given to something else."""

    code = "consent_spent"


class SpecChanged(JobsError):
    """What would be sent is no longer what was approved."""

    code = "spec_changed"


class RecordUnwritable(JobsError):
    """The record of questions and submissions cannot be written; what cannot be recorded is not sent."""

    code = "record_unwritable"


# What the hub said.


class HubError(JobsError):
    code = "hub_error"


class NoToken(HubError):
    code = "no_token"


class TokenRefused(HubError):
    code = "token_refused"


class PaymentRequired(HubError):
    code = "payment_required"


class Forbidden(HubError):
    code = "forbidden"


class NotFound(HubError):
    code = "not_found"


class IsSchedule(NotFound):
    """The id of a schedule, where a job's belongs. `schedule` is the `ScheduledJob` that it names."""

    def __init__(self, schedule: Any) -> None:
        super().__init__(
            "That is the id of a schedule, not of a job.",
            hint="job_status with this id shows its last runs and the ids of their jobs; manage_schedule acts on it.",
        )
        self.schedule = schedule


class Conflict(HubError):
    code = "conflict"


class Unprocessable(HubError):
    code = "unprocessable"


class RateLimited(HubError):
    code = "rate_limited"
    retryable = True


class HubBroken(HubError):
    """The hub answered 5xx."""

    code = "hub_broken"
    retryable = True


class HubUnreadable(HubBroken):
    """The hub answered with a success that is not what its API promises."""


class HubTimeout(HubError):
    code = "hub_timeout"
    retryable = True


class HubUnreachable(HubError):
    code = "hub_unreachable"
    retryable = True


class SubmissionUnknown(HubError):
    """The request may or may not have arrived, and the hub could not be asked which."""

    code = "submission_unknown"


class HubNotStarted(JobsError):
    code = "hub_not_started"
