"""Precision and recall of the diagnosis over a corpus of failures and of healthy logs with the same words.

python bench/diagnosis.py            prints them, and what is told wrongly
python bench/diagnosis.py --docs     writes docs/failures.md anew from the table and the corpus
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jobs.client.models import Job, Status
from jobs.results.diagnosis import RULES, diagnose
from tests.jobs.results.diagnosis.corpus import FAILURES, HEALTHY, HEALTHY_MESSAGE, OTHER_WORDINGS, Case
from tests.jobs.results.diagnosis.held_out import HELD_OUT, HELD_OUT_HEALTHY

DOCS = Path(__file__).resolve().parent.parent / "docs" / "failures.md"
TEXT_CHARS = 180
HEAD = """# Failures that are known by their words

When a job fails, `job_status` and `fetch_results` name the likeliest cause and the next step. This is the table they
use, with texts that were told so. It is generated: add a row to a table in `jobs/results/diagnosis/*_rules.py` and
a text to `tests/jobs/results/diagnosis/corpus.py`, then run `python bench/diagnosis.py --docs`.

How one is chosen: the hub's own word on the job comes first. Then the error that ended the job counts more than the
lines near its end, and those more than the rest; what the job got over (warnings, retries, errors with work after
them) does not count. Of signs that count the same, the surer wins, then the later.
"""
OTHERS = [
    Case(cause, None, "another wording", text, *message, secrets=() if cause == "missing_secret" else ("HF_TOKEN",))
    for cause, text, *message in OTHER_WORDINGS
]
UNDIAGNOSED = {"failed", "exception"}


def job(message: str, secrets: tuple[str, ...] = ()) -> Job:
    return Job(
        id="x",
        namespace="n",
        endpoint="http://127.0.0.1:1",
        status=Status("ERROR", message),
        timeout_seconds=1800,
        flavor="cpu-basic",
        secrets=secrets,
    )


def wrong(
    failures: Sequence[Case] = (*FAILURES, *OTHERS), healthy: Sequence[str] = HEALTHY
) -> tuple[list[str], list[str]]:
    """The failures that are not told as they should be, and the false alarms."""
    missed, alarms = [], []
    for case in failures:
        found = diagnose(job(case.message, case.secrets), case.text.split("\n"))
        told = (found.cause, found.name) if found else None
        if found is None or found.cause != case.cause or (case.name and found.name != case.name):
            missed.append(f"{case.cause} {case.name} told as {told}: {case.text[-120:]!r}")
    for text in healthy:
        found = diagnose(job(HEALTHY_MESSAGE), text.split("\n"))
        if found is None or found.cause not in UNDIAGNOSED:
            alarms.append(f"{found and (found.cause, found.name)}: {text[:100]!r}")
    return missed, alarms


def documented() -> str:
    """The text of docs/failures.md."""
    words = {"name": "NAME", "of_name": "", "under_name": "", "repo": "REPOSITORY", "flavor": "this flavor"}
    words |= {
        "larger": "the next larger flavor (named, with its price)",
        "larger_gpu": "the next larger GPU (named, with its price)",
    }
    words |= {
        "gpus": "(the cheapest three are named)",
        "hub_token": "and add HF_TOKEN to secrets, or let its token read gated repositories",
    }
    parts = [HEAD]
    for cause in dict.fromkeys(rule.cause for rule in RULES):
        parts.append(f"\n## `{cause}`\n\n")
        said = {
            (rule.summary.format_map(words), rule.advice.format_map(words)) for rule in RULES if rule.cause == cause
        }
        parts += [f"- **{summary}** {advice}\n" for summary, advice in sorted(said)]
        for case in FAILURES:
            if case.cause == cause:
                text = " ".join((case.text or case.message).split("work()")[-1].split())
                parts.append(f"  - `{text[:TEXT_CHARS].replace('`', chr(39))}` ({case.source})\n")
    return "".join(parts)


def main() -> None:
    if sys.argv[1:] == ["--docs"]:
        DOCS.parent.mkdir(exist_ok=True)
        DOCS.write_text(documented())
        return
    measure("corpus", (*FAILURES, *OTHERS), HEALTHY)
    measure("held out", HELD_OUT, HELD_OUT_HEALTHY)


def measure(name: str, failures: Sequence[Case], healthy: Sequence[str]) -> None:
    begun = time.perf_counter()
    missed, alarms = wrong(failures, healthy)
    each = 1000 * (time.perf_counter() - begun) / (len(failures) + len(healthy))
    right = len(failures) - len(missed)
    print("\n".join([*missed, *(f"false alarm {alarm}" for alarm in alarms)]))
    print(f"{name}: {len(failures)} failures, {len(healthy)} healthy logs, {each:.1f} ms each")
    recall, precision = right / len(failures), right / (right + len(alarms))
    print(f"recall {recall:.3f}   precision {precision:.3f}   false alarms {len(alarms)}")


if __name__ == "__main__":
    main()
