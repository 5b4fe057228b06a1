"""Whatever is in a workspace, and whatever becomes of it meanwhile: all of it is listed, fetched and saved."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from jobs.client.client import HubClient
from jobs.client.models import Job
from jobs.results import artifacts, contents, names
from jobs.results.save import save
from jobs.results.walk import Walk
from jobs.spec.workspace import of_job

pytestmark = pytest.mark.anyio

Run = Callable[..., Awaitable[Job]]
LETTERS = "ab.-_ \t\n'\"[]*?#%\\:;é\u202e\u200b🌍"
MAKE = """
import json, os, random, sys, shutil
os.chdir(os.environ["HF_JOB_WORKSPACE"])
letters, chance, count = json.loads(sys.argv[1]), random.Random(int(sys.argv[2])), int(sys.argv[3])
folders = [""]
made = {}
while len(made) < count:
    part = "".join(chance.choice(letters) for _ in range(chance.randint(1, 12)))
    if part in {".", ".."} or part == ".hf-jobs-mcp.json":
        continue
    path = chance.choice(folders) + part
    if os.path.lexists(path):
        continue
    kind = chance.random()
    if kind < 0.05 and len(path) < 200:
        os.mkdir(path)
        folders.append(path + "/")
    elif kind < 0.08:
        os.symlink("/etc/hostname", path)
    elif kind < 0.1:
        os.mkfifo(path)
    else:
        size = chance.choice([0, 1, 40, 5_000])
        open(path, "w").write(str(chance.random())[:1] * size)
        made[path] = size
"""


def expected(seed: int, count: int) -> dict[str, int]:
    """The files that the job made, from the same seed."""
    chance, folders, taken, made = random.Random(seed), [""], set(), {}
    while len(made) < count:
        part = "".join(chance.choice(LETTERS) for _ in range(chance.randint(1, 12)))
        if part in {".", ".."}:
            continue
        path = chance.choice(folders) + part
        if path in taken:
            continue
        taken.add(path)
        kind = chance.random()
        if kind < 0.05 and len(path) < 200:
            folders.append(path + "/")
        elif kind >= 0.1:
            made[path] = chance.choice([0, 1, 40, 5_000])
            chance.random()
    return made


def sizes_below(folder: Path) -> list[int]:
    return sorted(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("seed", "count"), [(1, 1), (2, 30), (3, 30), (4, 200), (5, 1200)])
async def test_every_file_is_listed_fetched_and_saved(
    hub: HubClient, run: Run, tmp_path: Path, seed: int, count: int
) -> None:
    made = expected(seed, count)
    words = " ".join(f"'{word}'" for word in (json.dumps(LETTERS).replace("'", "'\\''"), str(seed), str(count)))
    job = await run(f"python3 /workspace/make.py {words}", files={"make.py": MAKE})
    listed = await artifacts.listing(hub, job)
    assert (listed.count, listed.cut, listed.inputs) == (count, False, 1)
    chosen = random.Random(seed).sample(list(listed.files), min(12, len(listed.files)))
    assert {file.path: file.size for file in listed.files}.items() <= made.items()
    for file in chosen:
        for asked in {file.path, file.shown, file.id or file.shown}:
            found = await artifacts.listing(hub, job, [asked])
            assert file.path in [one.path for one in found.files], asked
            assert found.unmatched == ()
    assert await contents.inline(hub, listed, listed.files) is not None
    workspace = of_job(job)
    assert workspace is not None
    saved = await save(hub, workspace, Walk(hub, job, workspace).batches(), tmp_path, [tmp_path])
    assert (saved.count, saved.failures) == (count, [])
    assert sizes_below(tmp_path) == sorted(made.values())


@pytest.mark.parametrize("path", ["a", "a b", " a", "a ", "a\tb", "a\nb", "\u202ea", "x" * 400, "#0", "[a]", "é"])
def test_what_is_shown_means_the_file(path: str) -> None:
    display = names.shown(path)
    assert "\n" not in display
    assert len(display) <= 300
    for asked in (path, display, names.Name.of(path).id):
        assert names.Wanted.parse([asked]).match(names.Name.of(path)) == [asked]
