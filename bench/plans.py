"""How well the names that a job needs are found, over the corpus in tests/jobs/planning: precision, recall, the misses.

python bench/plans.py
python bench/plans.py --against FOLDER    (a checkout of another version: how much longer or shorter a plan takes)
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from types import ModuleType

_PAIRS = 7
_CHILD = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
from jobs.planning.required_secrets import needs
cases = json.load(sys.stdin)
for each in cases:
    needs(**each)
start = time.process_time()
for number in range(3):
    for each in cases:
        each["script"] = f"{each['script']}\\n# {number}" if each["script"] else None  # Nothing is kept from before.
        needs(**each)
print(time.process_time() - start)
"""

_LEAST = 0.97

sys.path.insert(0, str(Path(__file__).parent.parent))


def main() -> int:
    from tests.jobs.planning import corpus

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--against", type=Path, help="a checkout of another version")
    if other := parser.parse_args().against:
        print(f"{_ratio(other, corpus):.2f} times as long as there (median of {_PAIRS} pairs)")
        return 0
    worst = 1.0
    for title, cases in corpus.ALL:
        found = corpus.Figures.of(cases())
        worst = min(worst, found.recall, found.precision)
        print(f"{title}: {found.cases} cases, {found.names} names; ", end="")
        print(f"precision {found.precision:.3f}, recall {found.recall:.3f}")
        print("\n".join(f"  {miss}" for miss in found.misses) or "  no misses")
    return int(worst < _LEAST)


def _ratio(other: Path, corpus: ModuleType) -> float:
    """How long the plans of all command lines take here, in processor time, as a multiple of there."""
    lines = [case for file in ("commands", "held_out_commands") for case in corpus.command_lines(file)]
    cases = [*lines, *corpus.scripts(), *corpus.scripts("held_out_scripts")]
    asked = json.dumps([{"command": c.command, "script": c.script, "files": c.files, "env": c.env} for c in cases])

    def took(folder: Path) -> float:
        child = [sys.executable, "-c", _CHILD, str(folder)]
        return float(subprocess.run(child, input=asked, capture_output=True, text=True, check=True).stdout)

    here = Path(__file__).resolve().parent.parent
    return statistics.median(took(here) / took(other.resolve()) for _ in range(_PAIRS))


if __name__ == "__main__":
    raise SystemExit(main())
