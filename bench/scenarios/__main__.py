"""All scenarios against a local hub of their own; the table goes into ``bench/README.md``.

Run: ``python -m bench.scenarios [words of a scenario's name]``. With words nothing is written.
"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from bench.scenarios.drive import Outcome, median_calls, solve_all, table

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- scenarios: begin -->", "<!-- scenarios: end -->"


def main(words: list[str]) -> int:
    outcomes = anyio.run(solve_all, " ".join(words), _say)
    if not words:
        before, _, rest = README.read_text().partition(BEGIN)
        README.write_text(f"{before}{BEGIN}\n{table(outcomes)}{END}{rest.partition(END)[2]}")
    solved = sum(outcome.solved for outcome in outcomes)
    print(f"{solved} of {len(outcomes)} solved; median calls from submit to answer: {median_calls(outcomes):g}")
    return 0 if solved == len(outcomes) else 1


def _say(outcome: Outcome) -> None:
    verdict = "solved" if outcome.solved else f"NOT SOLVED: {outcome.why}"
    print(
        f"{outcome.name}: {outcome.calls} calls, {outcome.bytes} bytes, {outcome.seconds:.1f} s: {verdict}", flush=True
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
