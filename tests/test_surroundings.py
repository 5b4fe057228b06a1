"""The script that makes surroundings says what ran in each, and does not take nothing for a success."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests import surroundings
from tests.surroundings import Outcome

ROOT = Path(__file__).resolve().parent.parent


def test_a_part_of_the_suite_runs_in_a_minimal_environment_and_in_an_odd_home() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.surroundings", "minimal", "odd", "--", "-n", "0", "-q", "tests/jobs/test_ids.py"],
        cwd=ROOT, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    rows = [line.split(" | ")[:3] for line in done.stdout.splitlines() if line.startswith(("| minimal", "| odd"))]
    assert done.returncode == 0, done.stdout + done.stderr
    assert [name for name, _, _ in rows] == ["| minimal", "| odd"]
    assert all(int(ran) > 20 and failed == "0" for _, ran, failed in rows)


def test_nothing_that_ran_and_anything_that_failed_is_no_success() -> None:
    assert not Outcome("bare").good
    assert not Outcome("bare", ran=3, failed=["one"]).good
    assert Outcome("bare", ran=3).good
    told = surroundings.table(
        [Outcome("bare", 3, ["x::y"], Counter({"no podman": 2})), Outcome("user", reason="not here")]
    )
    for words in ("| bare | 3 | 1 | 2 |", "bare: FAILED x::y", "bare: skipped 2: no podman", "| user | not here |"):
        assert words in told
