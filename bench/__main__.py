"""All figures, written into `bench/README.md`; or, with `--short`, the few that are compared with the stored baseline.

python -m bench            a quarter of an hour, no network but for npm
python -m bench --short    two minutes; fails when a ratio is worse by a quarter in three runs that agree
python -m bench --keep     stores what --short measures as the baseline
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import anyio

from bench.figures import calls, reading, serving, start
from bench.figures.paired import Count, Figure, Growth

README = Path(__file__).parent / "README.md"
BASELINE = Path(__file__).parent / "baseline.json"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
PACKAGES = ("mcp", "huggingface_hub", "hf_xet", "pydantic", "anyio", "starlette", "uvicorn", "httpx2")

Found = Figure | Count | Growth

#: A ratio is worse when it is so many times the stored one, in each of so many runs.
WORSE, RUNS = 1.25, 3


async def everything() -> AsyncIterator[Found]:
    for one in start.figures(15):
        yield one
    for group in (
        calls.figures(20),
        calls.away(),
        serving.polls(10, 600, 5),
        reading.logs(100, 3),
        reading.files(200, 3),
    ):
        async for one in group:
            yield one
    for one in serving.masking(5):
        yield one


async def few() -> AsyncIterator[Found]:
    """Ratios of like with like: what a busy machine does to one it does to the other."""
    for one in start.figures(5, peer=False):
        yield one
    async for one in calls.figures(8):
        yield one
    for one in serving.masking(3):
        yield one


async def measured(source: AsyncIterator[Found]) -> list[Found]:
    found = []
    async for one in source:
        print(one.row(), flush=True)
        found.append(one)
    return found


def written(found: list[Found], seconds: float) -> str:
    """The part of the README that this command writes."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    told = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    ratios = "\n".join(one.row() for one in found if not isinstance(one, Growth))
    growths = "\n".join(one.row() for one in found if isinstance(one, Growth))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    machine = f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"
    return f"""{BEGIN}
Written by `python -m bench` in {seconds / 60:.0f} minutes on {time.strftime("%Y-%m-%d", time.gmtime())}: {machine},
Python {platform.python_version()}; load at the end {load}.
{told}.

Each is done in turn with what stands beside it. Medians; the ratio is the median of the pairs', with its quartiles.

| what | median | beside | ratio | promise |
|---|---|---|---|---|
{ratios}

Growth: the exponent of size in the time (1: in proportion; 0: not at all), best of three each.

| what | sizes | times | exponent |
|---|---|---|---|
{growths}
{END}"""


def compare(stored: Mapping[str, float], measure: Callable[[], Iterable[Found]]) -> int:
    """Whether some ratio is worse than the stored one by a quarter, in three runs that agree. Nothing is written."""
    worse = set(stored)
    for run in range(RUNS):
        print(f"run {run + 1}", flush=True)
        ratios = {one.key: one.ratio for one in measure() if isinstance(one, Figure)}
        worse &= {key for key, ratio in ratios.items() if ratio > stored.get(key, ratio) * WORSE}
        if not worse:
            print("No ratio is worse than the stored one by a quarter.")
            return 0
    print(f"Worse by a quarter in {RUNS} runs: {', '.join(sorted(worse))}.")
    return 1


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="All figures, written into bench/README.md.")
    parser.add_argument("--short", action="store_true", help="compare with the stored baseline")
    parser.add_argument("--keep", action="store_true", help="store the baseline anew")
    wanted = parser.parse_args(words)
    if wanted.short:
        return compare(json.loads(BASELINE.read_text()), lambda: anyio.run(measured, few()))
    if wanted.keep:
        runs = [[one for one in anyio.run(measured, few()) if isinstance(one, Figure)] for _ in range(RUNS)]
        kept = {
            one.key: round(sorted(run[place].ratio for run in runs)[RUNS // 2], 3) for place, one in enumerate(runs[0])
        }
        BASELINE.write_text(json.dumps(kept, indent=1) + "\n")
        return 0
    begun = time.monotonic()
    found = anyio.run(measured, everything())
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(f"{before}{written(found, time.monotonic() - begun)}{rest.partition(END)[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
