"""Saved files are whole, masked, where they may be, and never written by way of a link."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from jobs.errors import BadArgument
from jobs.masking.masker import Masker
from jobs.results import place
from jobs.results.names import Wanted
from jobs.results.save import check_folder, save
from jobs.results.walk import Walk
from jobs.spec.workspace import of_job

pytestmark = pytest.mark.anyio

WORK = 'cd "$HF_JOB_WORKSPACE" && '


async def saved_to(hub, job, folder, allowed, *asked, masker=None):
    workspace = of_job(job)
    walk = Walk(hub, job, workspace, Wanted.parse(asked))
    return await save(hub, workspace, walk.batches(), folder, [allowed], masker=masker)


def paths(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


async def test_saved_files_are_whole_and_below_the_folder(hub, run, tmp_path):
    job = await run(WORK + "mkdir d; seq 1 20000 > d/long.txt; echo -n > empty; echo 1 > one")
    saved = await saved_to(hub, job, tmp_path / "out", tmp_path)
    assert (saved.count, paths(tmp_path)) == (3, ["out/d/long.txt", "out/empty", "out/one"])
    assert (tmp_path / "out/d/long.txt").read_text().split() == [str(number) for number in range(1, 20001)]
    assert (tmp_path / "out/empty").read_bytes() == b""


async def test_more_files_than_one_batch_holds_are_all_saved(hub, run, tmp_path):
    job = await run(WORK + "mkdir d; for n in $(seq 1 1250); do echo $n > d/$n; done")
    saved = await saved_to(hub, job, tmp_path, tmp_path)
    assert (saved.count, len(saved.first), saved.failed) == (1250, 20, 0)
    assert {path.read_text().strip() for path in (tmp_path / "d").iterdir()} == {str(n) for n in range(1, 1251)}


async def test_inputs_are_saved_only_when_named(hub, run, tmp_path):
    job = await run(WORK + "echo 1 > one.txt", files={"in.txt": "given"})
    await saved_to(hub, job, tmp_path / "a", tmp_path, "*.txt")
    await saved_to(hub, job, tmp_path / "b", tmp_path, "in.txt")
    assert paths(tmp_path) == ["a/one.txt", "b/in.txt"]


async def test_nothing_is_written_over_and_the_rest_is_saved(hub, run, tmp_path):
    job = await run(WORK + "echo 1 > one; echo 2 > two")
    (tmp_path / "one").write_text("mine")
    saved = await saved_to(hub, job, tmp_path, tmp_path)
    assert (saved.count, saved.failures) == (1, [("one", "a file is there already")])
    assert ((tmp_path / "one").read_text(), (tmp_path / "two").read_text()) == ("mine", "2\n")
    with pytest.raises(BadArgument):
        await saved_to(hub, job, tmp_path, tmp_path)


async def test_names_that_mislead_are_made_plain_and_stay_apart(hub, run, tmp_path):
    write = "import os; os.chdir(os.environ['HF_JOB_WORKSPACE']); "
    names = ["a\nb.txt", "a b.txt", "\u202egpj.txt", "key-romeo-5521.txt"]
    job = await run(f"python3 -c \"{write}[open(n, 'w').write(n) for n in {names!r}]\"".replace("\\", "\\\\"))
    masker = Masker({"KEY": "romeo-5521"})
    await saved_to(hub, job, tmp_path, tmp_path, masker=masker)
    assert paths(tmp_path) == ["a b (2).txt", "a b.txt", "gpj.txt", "key-_KEY_.txt"]


async def test_secrets_are_masked_on_the_way_and_nothing_else_is_changed(hub, run, tmp_path):
    job = await run(
        WORK + "head -c 3000000 /dev/urandom > raw; cp raw with; echo romeo-5521-juliet >> with; md5sum raw"
    )
    await saved_to(hub, job, tmp_path / "plain", tmp_path)
    await saved_to(hub, job, tmp_path / "masked", tmp_path, masker=Masker({"KEY": "romeo-5521-juliet"}))
    assert (tmp_path / "masked/raw").read_bytes() == (tmp_path / "plain/raw").read_bytes()
    assert (tmp_path / "masked/with").read_bytes() == (tmp_path / "plain/raw").read_bytes() + b"***KEY***\n"


async def test_a_link_in_the_way_is_not_followed(hub, run, tmp_path):
    job = await run(WORK + "mkdir d; echo 1 > d/one; echo 2 > two")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/d").symlink_to(tmp_path / "elsewhere")
    saved = await saved_to(hub, job, tmp_path / "out", tmp_path / "out")
    assert (saved.count, saved.failures) == (1, [("d/one", "a file is there already")])
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_a_link_swapped_in_while_files_arrive_leads_nowhere(hub, run, tmp_path, monkeypatch):
    """The folder was entered before: what is put in its place afterwards gets nothing."""
    job = await run(WORK + "echo 1 > one; mkdir d; echo 2 > d/two")
    (tmp_path / "elsewhere").mkdir()
    out = tmp_path / "out"
    whole = hub.buckets.download

    async def swapped(bucket, pairs):
        await whole(bucket, pairs)
        out.rename(tmp_path / "moved")
        out.symlink_to(tmp_path / "elsewhere")

    monkeypatch.setattr(hub.buckets, "download", swapped)
    await saved_to(hub, job, out, tmp_path)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert paths(tmp_path / "moved") == ["d/two", "one"]


async def test_a_file_that_is_gone_is_told_of_and_the_rest_saved(hub, run, tmp_path):
    job = await run(WORK + "echo 1 > one; echo 2 > two")
    workspace = of_job(job)
    (first, second) = [file async for batch in Walk(hub, job, workspace).batches() for file in batch]

    async def batches():
        yield [first, replace(second, path="gone", shown="gone"), second]

    saved = await save(hub, workspace, batches(), tmp_path, [tmp_path])
    assert (saved.count, saved.failures, paths(tmp_path)) == (2, [("gone", "gone")], ["one", "two"])


def test_what_a_killed_server_left_arriving_is_cleared_away(tmp_path):
    left = tmp_path / ".arriving-0123456789abcdef"
    left.mkdir()
    (left / "half").write_text("x")
    os.utime(left, (0, 0))
    entered = place.open_place(tmp_path, tmp_path)
    entered.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_outside_the_allowed_ones_is_refused_through_links_too(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    for folder in (tmp_path / "out", tmp_path / "in" / ".." / "out", tmp_path / "in" / "link", tmp_path / "inner"):
        with pytest.raises(BadArgument) as refused:
            check_folder(folder, [tmp_path / "in"])
        assert refused.value.field == "save_to"
    assert check_folder(tmp_path / "in" / "new", [tmp_path / "in"]) == tmp_path / "in" / "new"
