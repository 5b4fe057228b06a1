"""How well the names that a job needs are found, over the corpus in tests/jobs/planning: precision, recall, the misses.

python bench/plans.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))


def main() -> int:
    from tests.jobs.planning import corpus

    worst = 1.0
    for kind, cases in (("scripts", corpus.scripts()), ("command lines", corpus.command_lines())):
        needed = right = extra = 0
        said = []
        for case in cases:
            missing, more = case.judged()
            needed += len(case.needed)
            right += len(case.needed) - len(missing)
            extra += len(more)
            said += [
                f"  {case.name}: missing {', '.join(sorted(missing)) or '-'}, extra {', '.join(sorted(more)) or '-'}"
                for _ in (1,)
                if missing or more
            ]
        recall, precision = right / needed, right / (right + extra)
        worst = min(worst, recall, precision)
        print(f"{kind}: {len(cases)} cases, {needed} names; precision {precision:.3f}, recall {recall:.3f}")
        print("\n".join(said) or "  no misses")
    return int(worst < 0.97)


if __name__ == "__main__":
    raise SystemExit(main())
