"""How well the names that a job needs are found, over the corpus in tests/jobs/planning: precision, recall, the misses.

python bench/plans.py
"""

from __future__ import annotations

import sys
from pathlib import Path

_LEAST = 0.97

sys.path.insert(0, str(Path(__file__).parent.parent))


def main() -> int:
    from tests.jobs.planning import corpus

    worst = 1.0
    for title, cases in corpus.ALL:
        found = corpus.Figures.of(cases())
        worst = min(worst, found.recall, found.precision)
        print(f"{title}: {found.cases} cases, {found.names} names; ", end="")
        print(f"precision {found.precision:.3f}, recall {found.recall:.3f}")
        print("\n".join(f"  {miss}" for miss in found.misses) or "  no misses")
    return int(worst < _LEAST)


if __name__ == "__main__":
    raise SystemExit(main())
