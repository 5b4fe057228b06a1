"""What a job leaves: told from its inputs, bounded, masked, and saved only where that is allowed."""

from __future__ import annotations

import base64

import pytest

from jobs.errors import BadArgument
from jobs.logs.matches import size
from jobs.results import artifacts, contents
from tools.replies import shapes

pytestmark = pytest.mark.anyio

WORK = 'cd "$HF_JOB_WORKSPACE" && '


async def test_outputs_are_told_from_inputs(hub, run):
    job = await run(WORK + "echo new > out.txt; mkdir -p deep/er; echo x > deep/er/x.log", files={"in.txt": "given"})
    listed = await artifacts.listing(hub, job)
    assert [(file.path, file.size) for file in listed.files] == [("deep/er/x.log", 2), ("out.txt", 4)]
    assert listed.inputs == 1
    assert all(file.hash for file in listed.files)


@pytest.mark.parametrize("command", ["echo changed > in.txt", "printf taken > in.txt"])
async def test_an_input_that_was_written_over_is_an_output(hub, run, command):
    job = await run(WORK + "sleep 0.01; " + command, files={"in.txt": "given", "same.txt": "same"})
    (file,) = (await artifacts.listing(hub, job)).files
    assert (file.path, file.changed_input) == ("in.txt", True)


async def test_a_pattern_finds_inputs_too_and_folders_by_name(hub, run):
    job = await run(WORK + "mkdir d; echo 1 > d/a.json; echo 2 > d/b.txt", files={"in.json": "{}"})
    assert [file.path for file in (await artifacts.listing(hub, job, ["*.json"])).files] == ["d/a.json", "in.json"]
    assert [file.path for file in (await artifacts.listing(hub, job, ["d"])).files] == ["d/a.json", "d/b.txt"]


@pytest.mark.parametrize("glob", ["", "../x", "a/../../b", "x" * 20_000])
async def test_a_pattern_that_climbs_or_is_too_long_is_refused(hub, run, glob):
    with pytest.raises(BadArgument):
        await artifacts.listing(hub, await run("true"), [glob])


async def test_many_files_are_listed_within_bounds_and_counted(hub, run):
    job = await run(WORK + "for i in $(seq 1000 1120); do echo $i > file-$i.txt; done")
    listed = await artifacts.listing(hub, job)
    assert len(listed.files) == 121
    assert len(listed.shown) + listed.more == 121
    shown = [row.model_dump(mode="json", exclude_none=True, by_alias=True) for row in shapes.artifacts(listed)]
    assert size(shown) < 2 * artifacts.LISTED_BYTES + 2_000


async def test_small_text_and_json_come_inline_and_binary_does_not(hub, run):
    job = await run(WORK + "echo hello > a.txt; echo '{\"n\": [1, 2]}' > b.json; printf '\\000\\001' > c.bin")
    listed = await artifacts.listing(hub, job)
    shown = await contents.inline(hub, listed, listed.files)
    assert [(one.path, one.text, one.json, one.note) for one in shown] == [
        ("a.txt", "hello\n", None, None),
        ("b.json", None, {"n": [1, 2]}, None),
        ("c.bin", None, None, "binary"),
    ]


async def test_a_large_text_is_cut_within_its_room_and_says_how_much(hub, run):
    job = await run(WORK + "head -c 50000 /dev/zero | tr '\\0' '\"' > quotes.txt")
    listed = await artifacts.listing(hub, job)
    (content,) = await contents.inline(hub, listed, listed.files)
    assert size(content.text) <= contents.INLINE_BYTES
    assert content.cut + len(content.text) == 50_000


async def test_all_inline_contents_together_keep_to_the_total(hub, run):
    job = await run(WORK + "for i in $(seq 10 30); do head -c 1500 /dev/zero | tr '\\0' a > $i.txt; done")
    listed = await artifacts.listing(hub, job)
    shown = await contents.inline(hub, listed, listed.files)
    assert 1 < len(shown) < 5
    assert sum(size(content.text) for content in shown) <= contents.INLINE_TOTAL


async def test_a_secret_at_the_cut_is_masked_and_not_halved(hub, run):
    job = await run(
        WORK + "head -c 1990 /dev/zero | tr '\\0' a > a.txt; echo -n hunter2secret >> a.txt; "
        "head -c 5000 /dev/zero | tr '\\0' b >> a.txt"
    )
    listed = await artifacts.listing(hub, job)
    (content,) = await contents.inline(
        hub, listed, listed.files, mask=lambda text: text.replace("hunter2secret", "***KEY***")
    )
    assert "hunt" not in content.text


async def test_a_small_image_comes_as_an_image(hub, run):
    png = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    job = await run(WORK + f"echo {base64.b64encode(png).decode()} | base64 -d > plot.png")
    listed = await artifacts.listing(hub, job)
    (content,) = await contents.inline(hub, listed, listed.files)
    assert content.image == ("image/png", base64.b64encode(png).decode())


async def test_a_job_without_a_workspace_has_no_artifacts(hub, run):
    job = await run("true")
    bare = type(job)(**{**vars(job), "volumes": ()})
    listed = await artifacts.listing(hub, bare)
    assert (listed.workspace, listed.files) == (None, ())


async def test_many_documents_in_one_folder_do_not_hide_the_few_elsewhere(hub, run):
    job = await run(
        'cd "$HF_JOB_WORKSPACE"; mkdir a b; for n in $(seq 500); do echo "{}" > a/$n.json; done; echo "{}" > b/z.json'
    )
    listed = await artifacts.listing(hub, job)
    documents = [file.path for file in listed.documents]
    assert (len(documents), "b/z.json" in documents[:9]) == (400, True)
    assert (listed.further, listed.hurried) == (0, False)  # Those left out are too small for an agent's.
