"""Why a job failed, in words: from its status, the end of its log and what an agent inside left."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from jobs import stage
from jobs.display_text import one_line
from jobs.results.diagnosis import access_rules, machine_rules, program_rules, software_rules, stages
from jobs.results.diagnosis.advice import has_hub_token, words
from jobs.results.diagnosis.ending import Ending
from jobs.results.diagnosis.model import EVIDENCE_CHARS, EVIDENCE_LINES, Diagnosis, bounded, last
from jobs.results.diagnosis.rule import SURE, Rule, compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jobs.client.models import Hardware, Job
    from jobs.results.agent_answer import AgentAnswer

LINES_READ = 400
"""How many of a log's last lines `diagnose` makes good use of."""

RULES = (*access_rules.RULES, *machine_rules.RULES, *software_rules.RULES, *program_rules.RULES)
"""The table of failures, also in docs/failures.md. Of two that tell as much, the one found later in the log wins."""

_EXIT = re.compile(r"exit (?:code|status):?\s*(-?\d{1,4})", re.IGNORECASE)
_SIGNALS = {1: "SIGHUP", 2: "SIGINT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV"}
_SIGNALS |= {13: "SIGPIPE", 15: "SIGTERM"}
_FIRST_SIGNAL, _LAST_SIGNAL = 128, 160
_KILLED, _NOT_FOUND = 137, 127
_NO_NAMES = frozenset(
    {*("ERROR", "WARNING", "INFO", "DEBUG", "FATAL", "CRITICAL", "HTTP", "URL", "API", "JSON", "GPU", "CUDA", "NOTE")}
    | {*("NAME", "KEY", "TOKEN", "SECRET", "PASSWORD")}
)
_PER_RULE = 50


class _Found(NamedTuple):
    """A sign in a log, ordered by how much it tells."""

    weight: int
    place: int
    rule: Rule
    name: str | None
    text: str
    line: int


def diagnose(
    job: Job, lines: Sequence[str], answers: Sequence[AgentAnswer] = (), hardware: Sequence[Hardware] = ()
) -> Diagnosis | None:
    """The likeliest cause of a failure; None for a job that runs, or did what it was for.

    Takes as long as the lines are long; it belongs in a thread.

    Args:
        job: As last inspected.
        lines: The last lines of its log, cleaned and masked; `LINES_READ` are enough.
        answers: Of the fast-agents inside.
        hardware: The hub's flavors, for advice.
    """
    failed_agents = [answer for answer in answers if not answer.succeeded]
    if job.stage == stage.COMPLETED:
        return _agent(job, failed_agents, hardware) if failed_agents else None
    if job.stage == stage.CANCELED:
        return stages.canceled(job, lines)
    if job.stage != stage.ERROR:
        return None
    return stages.timeout(job, lines) or _of_message(job, hardware) or _of_log(job, lines, failed_agents, hardware)


def _of_log(
    job: Job, lines: Sequence[str], failed_agents: Sequence[AgentAnswer], hardware: Sequence[Hardware]
) -> Diagnosis:
    ending = Ending(lines)
    best = max(_signs(ending), default=None, key=_rank)
    if best is not None:
        return _told(job, best, _evidence(ending, best), hardware)
    if failed_agents:
        return _agent(job, failed_agents, hardware)
    return _by_exit(job, ending, hardware)


def exit_code(message: str | None) -> int | None:
    """The exit code in a status message of the Hub's kind, `Job failed with exit code: 1. Reason: Error`."""
    found = _EXIT.search(message or "")
    return int(found[1]) if found else None


def exit_words(code: int) -> str:
    """An exit code in words: 137 → killed by SIGKILL, often out of memory."""
    if _FIRST_SIGNAL < code < _LAST_SIGNAL:
        number = code - _FIRST_SIGNAL
        name = _SIGNALS.get(number, f"signal {number}")
        return f"killed by {name}" + (", often for using too much memory" if code == _KILLED else "")
    return {
        126: "the command was found but cannot be executed",
        127: "the command was not found",
        2: "misused (exit code 2): often a wrong option on the command line, or a file that is not there",
    }.get(code, f"it ended with exit code {code}")


def _signs(ending: Ending) -> Iterator[_Found]:
    for rule in RULES:
        if rule.needs and not compiled(rule.needs).search(ending.data):
            continue
        for sign in rule.signs:
            # The last matches are the ones that can tell something; how many there are is the log's doing.
            matches = list(_matches(sign, ending.data))[-_PER_RULE:]
            for start, end, name in matches:
                first, until = ending.line_at(start), ending.line_at(max(start, end - 1))
                column = len(ending.data[:start].rsplit(b"\n", 1)[-1].decode(errors="replace"))
                tells = ending.tells(first, until, column)
                if not tells or (tells == 1 and rule.strength < SURE) or name in _NO_NAMES:
                    continue
                text = ending.data[start:end].decode(errors="replace")
                yield _Found(
                    10 * min(tells, 2) + (5 if tells == SURE else 0) + rule.strength, start, rule, name, text, first
                )


def _rank(found: _Found) -> tuple[int, int, bool]:
    """What tells more, then what comes later, then what names something."""
    return found.weight, found.place, bool(found.name)


def _matches(sign: str, data: bytes) -> Iterator[tuple[int, int, str | None]]:
    for found in compiled(sign).finditer(data):
        name = found.groupdict().get(b"name")
        yield (*found.span(), name.decode(errors="replace") if name else None)


def _told(job: Job, found: _Found, evidence: tuple[str, ...], hardware: Sequence[Hardware]) -> Diagnosis:
    rule = found.rule
    name = found.name or rule.name
    if rule.cause == "missing_secret" and name and not name.isupper():
        name = name.upper()
    if rule.hub_token and not has_hub_token(job):
        said = words(job, hardware, name)
        return Diagnosis(
            "gated" if rule.cause == "gated" else "missing_secret",
            rule.summary.format_map(said)[:-1] + "; the job has no HF_TOKEN.",
            evidence,
            "Add HF_TOKEN to secrets (plan_secrets says if a value is at hand); its owner needs the right for this.",
            "HF_TOKEN",
        )
    said = words(job, hardware, name)
    return Diagnosis(rule.cause, rule.summary.format_map(said), evidence, rule.advice.format_map(said), name)


def _of_message(job: Job, hardware: Sequence[Hardware]) -> Diagnosis | None:
    """What the hub itself says of why the job could not be run."""
    said = (job.message or "").encode(errors="replace")
    best: _Found | None = None
    for rule in RULES:
        if not rule.of_message:
            continue
        for sign in rule.signs:
            for start, end, name in _matches(sign, said):
                found = _Found(rule.strength, -start, rule, name, said[start:end].decode(errors="replace"), 0)
                if best is None or (found.weight, bool(name)) > (best.weight, bool(best.name)):
                    best = found
    return _told(job, best, (one_line(job.message or "", EVIDENCE_CHARS),), hardware) if best else None


def _evidence(ending: Ending, found: _Found) -> tuple[str, ...]:
    around = ending.lines[max(0, found.line - 2) : found.line + 2 + found.text.count("\n")]
    return bounded(around, found.text.split("\n", 1)[0])


def _agent(job: Job, failed: Sequence[AgentAnswer], hardware: Sequence[Hardware]) -> Diagnosis:
    worst = failed[0]
    ending = Ending([*worst.errors])
    best = max(_signs(ending), default=None, key=_rank)
    if best is not None and best.rule in access_rules.RULES:
        return _told(job, best, bounded(worst.errors), hardware)
    why = {
        "error": "its model call failed",
        "cancelled": "it was cancelled",
        "timeout": "its model did not answer in time",
        "maxTokens": "its answer was cut at the token limit",
        "maxIterations": "it used up its turns",
        "safety": "a safety filter stopped it",
        "toolUse": "it stopped in the middle of its tool calls",
    }.get(worst.stop_reason or "", f"it stopped with {worst.stop_reason or 'no reason given'}")
    evidence = tuple(one_line(text, EVIDENCE_CHARS) for text in (*worst.errors, *worst.tool_errors))[-EVIDENCE_LINES:]
    return Diagnosis(
        "agent_failed",
        f"The process ended well, but the agent inside did not: {why}."
        if job.stage == stage.COMPLETED
        else f"The agent inside failed: {why}.",
        evidence or ((one_line(worst.text, EVIDENCE_CHARS),) if worst.text else ()),
        "Read the answer and its errors with fetch_results, then change the model, the message or the secrets.",
    )


def _by_exit(job: Job, ending: Ending, hardware: Sequence[Hardware]) -> Diagnosis:
    code = exit_code(job.message)
    traced = ending.traceback(EVIDENCE_LINES)
    said = words(job, hardware, None)
    if code == _KILLED:
        return Diagnosis(
            "out_of_memory",
            "It was killed (exit code 137), most often for using too much memory.",
            last(ending.lines),
            f"Use {said['larger']}, or smaller batches.",
        )
    if traced:
        summary = f"It raised {traced[-1].partition(':')[0].strip()}."
        evidence = bounded(traced)
        return Diagnosis("exception", summary, evidence, "Mend the code that the traceback names, then submit again.")
    if code == _NOT_FOUND:
        return Diagnosis(
            "command_not_found",
            "The command was not found in the image.",
            last(ending.lines),
            "Check its spelling, use another image, or name the package that has it in packages.",
        )
    told = exit_words(code) if code is not None else one_line(job.message or "it failed without a word", 160)
    return Diagnosis(
        "failed", f"It failed: {told}.", last(ending.lines), 'Read more with fetch_results lines="errors".'
    )
