"""Many jobs that start in a fresh hub at the same moment all find uv."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: What a fresh process does when several jobs start at once; only a fresh one has the table still to be filled.
AT_ONCE = """
import sys, sysconfig, threading
sys.path.insert(0, {root!r})
sys.setswitchinterval(1e-6)
from hub_contract import uv_program
found = []
for _ in range(30):
    sysconfig._CONFIG_VARS = None
    gate = threading.Barrier(8)
    threads = [threading.Thread(target=lambda: (gate.wait(), found.append(uv_program.found()))) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
print(len(found), len(set(found)), found[0].name)
"""


def test_threads_that_look_for_uv_at_the_same_moment_all_find_it() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", AT_ONCE.format(root=str(ROOT))],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout.split()[:2], done.stderr) == (["240", "1"], "")
