"""Why a job failed, in words: from its status, the end of its log and what an agent inside left."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jobs import stage
from jobs.display_text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jobs.client.models import Job
    from jobs.results.agent_answer import AgentAnswer

LINES_READ = 200
"""How many of a log's last lines `diagnose` makes good use of."""

_EVIDENCE_LINES = 6
_EVIDENCE_CHARS = 200

_EXIT = re.compile(r"exit (?:code|status):?\s*(-?\d{1,4})", re.IGNORECASE)
_SIGNALS = {1: "SIGHUP", 2: "SIGINT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV"}
_SIGNALS |= {13: "SIGPIPE", 15: "SIGTERM"}
_FIRST_SIGNAL, _LAST_SIGNAL = 128, 160

_MODULE = re.compile(r"ModuleNotFoundError: No module named ['\"]([\w.]+)['\"]")
_IMPORT = re.compile(r"ImportError: cannot import name ['\"](\w+)['\"]")
_KEY = re.compile(r"KeyError: ['\"]([A-Z][A-Z0-9_]{2,63})['\"]")
_UNSET = re.compile(
    r"\b([A-Z][A-Z0-9_]{2,63})\b[^\n]{0,40}?\b(?:is not set|not set|is missing|must be set|environment variable"
    r"|is required|not configured|unbound variable|not found in environment)",
)
_SET_THE = re.compile(
    r"(?:missing|set(?: the)?|no|requires?)\s+(?:environment variable |env var |the )?`?['\"]?"
    r"([A-Z][A-Z0-9]*_(?:API_KEY|TOKEN|KEY|SECRET|PASSWORD)|HF_TOKEN)\b",
    re.IGNORECASE,
)
_KEY_REFUSED = re.compile(
    r"401 Unauthorized|Invalid API key|invalid x-api-key|invalid_api_key|AuthenticationError|Incorrect API key",
    re.IGNORECASE,
)
_TRACEBACK = "Traceback (most recent call last)"
_ERROR_LINE = re.compile(r"^(?:[\w.]+\.)?([A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning)|AssertionError)(?::|$)")
_NOISE_AFTER = re.compile(r"^\s*(?:\^+|~+)\s*$")


@dataclass(frozen=True)
class Diagnosis:
    """A cause as one word, a sentence, the lines that show it, and what to do.

    Attributes:
        cause: `timeout`, `out_of_memory`, `missing_secret`, `missing_module`, `image_not_found`, …, or `failed`.
        summary: One sentence.
        evidence: Lines of the log, bounded; data written by the job, not by us.
        suggestion: The next step.
        name: The secret, module or command that is missing, where that is the cause.
    """

    cause: str
    summary: str
    evidence: tuple[str, ...] = ()
    suggestion: str | None = None
    name: str | None = None


_REFUSED = Diagnosis(
    "secret_refused",
    "A service refused the key it was given.",
    suggestion="Check that the value is right and not expired, where plan_secrets says it comes from.",
)


def diagnose(job: Job, lines: Sequence[str], answers: Sequence[AgentAnswer] = ()) -> Diagnosis | None:
    """The likeliest cause of a failure; None for a job that runs, was cancelled, or did what it was for.

    Args:
        job: As last inspected.
        lines: The last lines of its log, cleaned and masked; `LINES_READ` are enough.
        answers: Of the fast-agents inside.
    """
    failed_agents = [answer for answer in answers if not answer.succeeded]
    if job.stage == stage.COMPLETED:
        return _agent(job, failed_agents) if failed_agents else None
    if job.stage != stage.ERROR:
        return None
    text = "\n".join(lines)
    for rule in _RULES:
        found = rule(job, lines, text)
        if found is not None:
            return found
    if failed_agents:
        return _agent(job, failed_agents)
    return _by_exit(job, lines)


def exit_code(message: str | None) -> int | None:
    """The exit code in a status message of the Hub's kind, `Job failed with exit code: 1. Reason: Error`."""
    found = _EXIT.search(message or "")
    return int(found[1]) if found else None


def exit_words(code: int) -> str:
    """An exit code in words: 137 → killed by SIGKILL, often out of memory."""
    if _FIRST_SIGNAL < code < _LAST_SIGNAL:
        number = code - _FIRST_SIGNAL
        name = _SIGNALS.get(number, f"signal {number}")
        return f"killed by {name}" + (", often for using too much memory" if number == 9 else "")  # noqa: PLR2004 - KILL
    return {
        126: "the command was found but cannot be executed",
        127: "the command was not found",
        2: "misused: often a wrong option on the command line",
    }.get(code, f"it ended with exit code {code}")


def _timeout(job: Job, lines: Sequence[str], _: str) -> Diagnosis | None:
    if "timeout" not in (job.message or "").lower() and "timed out" not in (job.message or "").lower():
        return None
    limit = f" of {job.timeout_seconds} s" if job.timeout_seconds else ""
    return Diagnosis(
        "timeout",
        f"The hub stopped it at its timeout{limit}; what it had not written to its workspace is lost.",
        _last(lines),
        "Submit again with a longer timeout, e.g. timeout='2h', or less work; the default is 30 minutes.",
    )


def _memory(job: Job, lines: Sequence[str], text: str) -> Diagnosis | None:
    code = exit_code(job.message)
    signs = ("OutOfMemoryError", "CUDA out of memory", "MemoryError", "Cannot allocate memory", "OOMKilled")
    sign = next((sign for sign in signs if sign in text or sign in (job.message or "")), None)
    if sign is None and code != 137:  # noqa: PLR2004 - 128 + SIGKILL
        return None
    gpu = sign in {"CUDA out of memory", "OutOfMemoryError"} and "CUDA" in text
    where = "GPU memory" if gpu else "memory"
    sure = sign is not None
    return Diagnosis(
        "out_of_memory",
        f"It ran out of {where}." if sure else "It was killed (exit code 137), most often for using too much memory.",
        _around(lines, sign) if sign and sign in text else _last(lines),
        "Use a flavor with more memory (list_hardware), or smaller batches.",
    )


def _missing_secret(_: Job, lines: Sequence[str], text: str) -> Diagnosis | None:
    for pattern in (_KEY, _SET_THE, _UNSET):
        found = pattern.search(text)
        if found and found[1].isupper() and not _is_shouting(found[1]):
            return Diagnosis(
                "missing_secret",
                f"The environment variable {found[1]} was not there.",
                _around(lines, found[1]),
                f"Add {found[1]} to secrets (plan_secrets says if a value is at hand), or to env if it is no secret.",
                found[1],
            )
    return None


def _refused(_: Job, lines: Sequence[str], text: str) -> Diagnosis | None:
    found = _KEY_REFUSED.search(text)
    return replace(_REFUSED, evidence=_around(lines, found[0])) if found else None


def _unknown_model(_: Job, lines: Sequence[str], text: str) -> Diagnosis | None:
    sign = "Unknown model or provider"
    if sign not in text:
        return None
    return Diagnosis(
        "unknown_model",
        "fast-agent does not know the model it was told to use.",
        _around(lines, sign),
        "Check the model's name with plan_secrets, which says what each name resolves to.",
    )


def _missing_module(_: Job, lines: Sequence[str], text: str) -> Diagnosis | None:
    found = _MODULE.search(text) or _IMPORT.search(text)
    if not found:
        return None
    module = found[1].partition(".")[0]
    return Diagnosis(
        "missing_module",
        f"Python could not import {module}.",
        _around(lines, found[0]),
        f"Add the package that provides {module} to packages, or to the script's header.",
        module,
    )


def _image(job: Job, lines: Sequence[str], text: str) -> Diagnosis | None:
    said = f"{job.message or ''}\n{text}"
    signs = (
        "ImagePullBackOff",
        "ErrImagePull",
        "manifest unknown",
        "pull access denied",
        "image not found",
        "No such image",
    )
    sign = next((sign for sign in signs if sign.lower() in said.lower()), None)
    if sign is None:
        return None
    return Diagnosis(
        "image_not_found",
        "The hub could not fetch the image.",
        _around(lines, sign),
        "Check the image's name and tag, and that it is public.",
    )


def _dependencies(_: Job, lines: Sequence[str], text: str) -> Diagnosis | None:
    for sign in ("No solution found when resolving", "was not found in the package registry", "Failed to build `"):
        if sign in text:
            return Diagnosis(
                "unresolvable_packages",
                "uv could not install the packages that were asked for.",
                _around(lines, sign),
                "Check the names and versions in packages or the script's header, and python.",
            )
    for sign in ("No interpreter found for", "no interpreter found"):
        if sign in text:
            return Diagnosis(
                "no_interpreter",
                "There is no Python of the version that was asked for.",
                _around(lines, sign),
                "Leave python away, or ask for a version the machine has.",
            )
    return None


def _not_found(job: Job, lines: Sequence[str], text: str) -> Diagnosis | None:
    code = exit_code(job.message)
    sign = next(
        (sign for sign in ("Failed to spawn", "executable file not found", "command not found") if sign in text), ""
    )
    if code != 127 and not sign:  # noqa: PLR2004 - what a shell says of an unknown command
        return None
    return Diagnosis(
        "command_not_found",
        "The command was not found in the image.",
        _around(lines, sign) if sign else _last(lines),
        "Check its spelling, use another image, or name the package that has it in packages.",
    )


_RULES: tuple[Callable[[Job, Sequence[str], str], Diagnosis | None], ...] = (
    _timeout,
    _image,
    _missing_module,
    _missing_secret,
    _memory,
    _refused,
    _unknown_model,
    _dependencies,
    _not_found,
)


def _agent(job: Job, failed: Sequence[AgentAnswer]) -> Diagnosis:
    worst = failed[0]
    if _KEY_REFUSED.search(" ".join(worst.errors)):
        return replace(_REFUSED, evidence=_bounded(worst.errors))
    why = {
        "error": "its model call failed",
        "cancelled": "it was cancelled",
        "timeout": "its model did not answer in time",
        "maxTokens": "its answer was cut at the token limit",
        "maxIterations": "it used up its turns",
        "safety": "a safety filter stopped it",
        "toolUse": "it stopped in the middle of its tool calls",
    }.get(worst.stop_reason or "", f"it stopped with {worst.stop_reason or 'no reason given'}")
    evidence = tuple(one_line(text, _EVIDENCE_CHARS) for text in (*worst.errors, *worst.tool_errors))[-_EVIDENCE_LINES:]
    return Diagnosis(
        "agent_failed",
        f"The process ended well, but the agent inside did not: {why}."
        if job.stage == stage.COMPLETED
        else f"The agent inside failed: {why}.",
        evidence or ((one_line(worst.text, _EVIDENCE_CHARS),) if worst.text else ()),
        "Read the answer and its errors with fetch_results, then change the model, the message or the secrets.",
    )


def _by_exit(job: Job, lines: Sequence[str]) -> Diagnosis:
    code = exit_code(job.message)
    traced = _traceback(lines)
    if traced:
        summary = f"It raised {traced[-1].partition(':')[0].strip()}."
        return Diagnosis("exception", summary, traced, "Mend the code that the traceback names, then submit again.")
    words = exit_words(code) if code is not None else one_line(job.message or "it failed without a word", 160)
    return Diagnosis("failed", f"It failed: {words}.", _last(lines), 'Read more with fetch_results lines="errors".')


def _traceback(lines: Sequence[str]) -> tuple[str, ...]:
    """The last frames and the error of the first traceback, which is where the trouble began."""
    start = next((index for index, line in enumerate(lines) if _TRACEBACK in line), None)
    if start is None:
        return ()
    for end in range(start + 1, len(lines)):
        if _ERROR_LINE.match(lines[end].strip()) and not lines[end].startswith("  "):
            frames = [line for line in lines[start + 1 : end] if not _NOISE_AFTER.match(line)]
            return _bounded([*frames[-(_EVIDENCE_LINES - 1) :], lines[end]])
    return ()


def _around(lines: Sequence[str], sign: str | None) -> tuple[str, ...]:
    if sign:
        for index, line in enumerate(lines):
            if sign.lower() in line.lower():
                return _bounded(lines[max(0, index - 2) : index + 2])
    return _last(lines)


def _last(lines: Sequence[str]) -> tuple[str, ...]:
    return _bounded([line for line in lines if line.strip()][-_EVIDENCE_LINES // 2 :])


def _bounded(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(one_line(line, _EVIDENCE_CHARS) for line in lines if line.strip())[:_EVIDENCE_LINES]


def _is_shouting(word: str) -> bool:
    return word in {
        "ERROR",
        "WARNING",
        "INFO",
        "DEBUG",
        "FATAL",
        "CRITICAL",
        "HTTP",
        "URL",
        "API",
        "JSON",
        "GPU",
        "CUDA",
    }
