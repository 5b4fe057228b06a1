"""Why a job failed, as far as its hub can tell: what ended it, else what its exit status means and its log says."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from local_hub.display_text import shortened
from local_hub.pages.program import is_checked, span
from local_hub.runner import exit_policy
from local_hub.runner.output import BANNER
from local_hub.store.job_table import ERROR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_hub.store.job_table import JobRow

#: What ended a job from outside. Neither its exit status nor its log is the reason then.
_ENDED = {
    exit_policy.LOST: "Nothing is known against the program: what watches over it was killed, or the machine was "
    "restarted, while it ran.",
    exit_policy.DISK: "The disk of this machine was all but full, so the job was ended.",
    exit_policy.PROCESSES: "It had more processes than this machine lets a job have.",
}
_MEMORY = "It needed more memory than there was for it, and was killed for that."
_NOT_APPROVED = 97
_USUAL = "The program ended with an error of its own."
_MEANINGS = {
    2: "The program was started in a way that it does not understand, or ended with an error of its own.",
    126: "The command is there and cannot be run: it is no program, or may not be executed.",
    127: "A command was not found. A container job needs it in its image; a uv job in its packages.",
}
_SIGNALS = {
    "SIGABRT": "The program aborted.",
    "SIGBUS": "The program crashed: it touched memory that is not there.",
    "SIGFPE": "The program crashed in a calculation, often a division by zero.",
    "SIGILL": "The program crashed: this processor does not know one of its instructions.",
    "SIGKILL": "The program was killed from outside. Nobody noticed why; a machine short of memory does that.",
    "SIGPIPE": "The program wrote to something that no longer read it.",
    "SIGSEGV": "The program crashed: it touched memory that is not its own.",
}
#: Signals that come from outside: the program did not know, so its log does not say.
_FROM_OUTSIDE = frozenset({"SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"})
#: Characters of a line that are looked at: what tells of an error does so at its beginning.
_READ = 500
_MOST_SIGNAL, _SIGNAL_BASE = 64, 128

_WORDS = (
    r"errors?|exceptions?|fatal|failed|failures?|denied|refused|cannot|can't|could not|unable to|not found|killed|"
    r"no such|out of memory|unrecognized|panic(?:ked)?|timed out|unauthorized|forbidden"
)
_SAYS = re.compile(rf"\b(?:{_WORDS})\b|(?-i:[a-z](?:Error|Exception)\b)", re.IGNORECASE)
#: Words about errors that tell of none: counts of nought, what was not so, measures, names, options.
_TELLS_OF_NONE = re.compile(
    rf"""
      \b(?:no|without|zero|none|nothing|0|never|not|nor|isn't|wasn't|weren't|didn't|hasn't|haven't)\s+(?:an?\s+|any\s+|of\s+)?
        (?:[\w-]+\s+){{0,2}}?(?:{_WORDS})\b(?:\s+(?:and|or|nor|,)\s+(?:{_WORDS})\b)*
    | \b(?:{_WORDS})\b["']?\s*[:=]\s*["']?(?:0+|no|none|null|nil|false|\[\s*\]|\{{\s*\}})
        (?=["']?\s*(?:[,;)\]}}|]|$|\w+\s*[:=]))
    | \b(?:{_WORDS})\b["']?\s*[:=]\s*[-+]?\d*\.\d+(?:e[-+]?\d+)?\b
    | \b(?:absolute|squared?|relative|mean|average|median|standard|max(?:imum)?|root|percentage|train(?:ing)?|test|
        validation|valid|val|eval|prediction|approximation|rounding|numerical|generalization|l[12]|word|character)
        [ _-]errors?\b
    | \berrors?[ _-](?:rates?|bars?|margins?|handl\w+|correct\w+|messages?|reporting|budget|analysis|toleran\w+)\b
    | (?<!\S)--?[\w-]*(?:{_WORDS})[\w-]*
    | \b(?:errors?|exceptions?|failed|failures?)\.(?:log|txt|jsonl?|csv|tsv|py|md|html|ya?ml|out|err)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_QUIET = re.compile(r"\b(?:INFO|DEBUG|TRACE|NOTICE|SUCCESS)\b|\blevel=[\"']?(?:info|debug|trace)\b")
#: Lines of what ran the program: they say that it failed, and nothing about why.
_RELAYS = re.compile(
    r"\bexit(?:ed|s|ing)?\b.{0,30}\b(?:code|status|[1-9]\d*)\b|\bnon-?zero\b|\bexitcode\b|\bELIFECYCLE\b|^npm ERR!"
    r"|\bmake(?:\[\d+\])?: \*\*\*|\bRecipe\b|\bcommand failed\b",
    re.IGNORECASE,
)
_TRACEBACK = re.compile(r"^(?P<before>.*?)(?:Exception Group )?Traceback \(most recent call last\)")
_BEGINS = BANNER.partition("{}")[0]


def why(job: JobRow, log: Sequence[str]) -> list[str]:
    """Return sentences, the plainest first; none for a job that has not failed. `log` is the end of its log."""
    if job.stage != ERROR:
        return []
    ended = _ended(job)
    if ended:
        return [ended]
    if not job.exit_code:
        return []  # It was not started, or not again; its message says why, and its log is of something else.
    line = "" if _signal(job.exit_code) in _FROM_OUTSIDE else evidence(log)
    said = [f"Its log says: {shortened(line, 400)}"] if line else []
    return [_meaning(job, job.exit_code), *said]


def _ended(job: JobRow) -> str:
    """Return what ended the job from outside; nothing where it ended by itself."""
    message = job.message or ""
    if message == exit_policy.TIMEOUT:
        return f"It was stopped at its time limit of {span(job.spec['timeout'] * 1000)}."
    if message.endswith(exit_policy.MEMORY):
        return _MEMORY
    return _ENDED.get(message, "")


def _meaning(job: JobRow, code: int) -> str:
    if code == _NOT_APPROVED and is_checked(job.spec):
        return "A file of the job was not there, or not the one that was approved, so nothing was run."
    name = _signal(code)
    if name:
        return _SIGNALS.get(name, f"The program was ended from outside, by {name}.")
    return _MEANINGS.get(code, _USUAL)


def _signal(code: int) -> str:
    """Return the name of the signal that this exit status stands for; nothing when it is an ordinary one."""
    if not _SIGNAL_BASE < code <= _SIGNAL_BASE + _MOST_SIGNAL:
        return ""
    try:
        return signal.Signals(code - _SIGNAL_BASE).name
    except ValueError:
        return ""


def evidence(log: Sequence[str]) -> str:
    """Return the line of the last attempt that says most about its failure; nothing where none tells of one.

    That is the end of the last traceback, or a line that tells of an error after the program had gone on from there.
    """
    begins = max((number for number, line in enumerate(log) if line.startswith(_BEGINS)), default=-1)
    lines = [line[:_READ] for line in log[begins + 1 :]]
    at, raised = _raised(lines)
    relayed = ""
    for number in range(len(lines) - 1, at, -1):
        line = lines[number]
        if not _tells(line):
            continue
        if not _RELAYS.search(line):
            return line if not raised or _goes_on(lines[at + 1 : number]) else raised
        relayed = relayed or line
    return raised or relayed


def _raised(lines: Sequence[str]) -> tuple[int, str]:
    """Return where the last traceback ends and its last line, without what an exception group has in front."""
    heads = [(number, found) for number, line in enumerate(lines) if (found := _TRACEBACK.match(line))]
    if not heads:
        return -1, ""
    head, found = heads[-1]
    before = found["before"].replace("+", "|")
    for number, line in enumerate(lines[head + 1 :], head + 1):
        body = line.removeprefix(before)
        if body.strip() and not body[0].isspace():
            return number, body
    return -1, ""


def _tells(line: str) -> bool:
    return bool(_SAYS.search(line) and _SAYS.search(_TELLS_OF_NONE.sub(" ", line)) and not _QUIET.search(line))


def _goes_on(lines: Sequence[str]) -> bool:
    """Tell whether there is a line of ordinary work among these."""
    return any(line.strip() and not _tells(line) for line in lines)
