"""Every file a job leaves can be had, whatever its name, however many there are, and whatever becomes of the others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client

from tests.mcp_session import error, over_http
from tests.tools.waiting import fetch, run, submit, until

pytestmark = pytest.mark.anyio

NAMES = [
    "new\nline.json", "ends with\n", "tab\tname.txt", "two  blanks.txt", " lead.txt", "trailing.txt ", "br[ac]ket.txt",
    "results [final].json", "\u202egpj.txt", "zero\u200bwidth.txt", "a?b#c%25d*.txt", "back\\slash:'\".txt", "-dash", ".dot",
    "päth/ünï 🌍.txt", "x" * 250, "d" * 200 + "/" + "e" * 200, "#0123456789ab", "path with, comma;semi", "\x1b[31mred.txt",
]  # fmt: skip
NOT_UTF_8 = "lat\\xefn/\\xe9.json"
ODD = f"""
import os, json
os.chdir(os.environ["HF_JOB_WORKSPACE"])
for name in {NAMES!r}:
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    open(name, "w").write(json.dumps({{"of": name}}))
os.symlink("/etc/passwd", "link")
os.mkfifo("pipe")
os.mkdir(b"lat\\xefn")
open(b"lat\\xefn/\\xe9.json", "w").write(json.dumps({{"of": {NOT_UTF_8!r}}}))
open(b"\\xff" * 100, "w").write("1")
"""
MANY = """
import os
os.chdir(os.environ["HF_JOB_WORKSPACE"])
for folder, count in ((".venv/lib", 1500), ("a", 2600), ("node_modules/x", 300)):
    os.makedirs(folder)
    for n in range(count):
        open(f"{folder}/{n:05d}.txt", "w").write("x")
open("result.json", "w").write('{"v": 1}')
"""


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with over_http(url) as connected:
        yield connected


@pytest.fixture(scope="module")
async def odd(url: str) -> str:
    async with over_http(url) as connected:
        return str((await run(connected, "python3", "-c", ODD))["id"])


@pytest.fixture(scope="module")
async def many(url: str) -> str:
    async with over_http(url) as connected:
        return str((await run(connected, "python3", "-c", MANY))["id"])


async def test_every_name_that_is_listed_fetches_its_file(client: Client, odd: str) -> None:
    reply = await fetch(client, odd)
    listed = reply["artifacts"]
    assert len(listed) == len(NAMES) + 1
    assert NOT_UTF_8 in [row["path"] for row in listed]
    assert reply["left_out"] == {"link": 1, "special": 1, "name": 1}
    named = set()
    for row in listed:
        for asked in {row["path"], row.get("id", row["path"])}:
            (found,) = (await fetch(client, odd, artifacts=[asked]))["artifacts"]
            assert found["path"] == row["path"]
        named.add(json.loads(found["text"])["of"] if "text" in found else found["json"]["of"])
    assert named == {*NAMES, NOT_UTF_8}


async def test_every_exact_name_fetches_its_file(client: Client, odd: str) -> None:
    for name in (*NAMES, NOT_UTF_8):
        found = (await fetch(client, odd, artifacts=[name]))["artifacts"]
        assert len(found) == 1, name
        assert "unmatched" not in found[0]


async def test_every_odd_file_is_saved(client: Client, odd: str, saves: Path) -> None:
    reply = await fetch(client, odd, save_to="odd")
    assert (reply["saved_count"], reply.get("not_saved")) == (len(NAMES) + 1, None)
    saved = [path for path in (saves / "odd").rglob("*") if path.is_file()]
    assert {json.loads(path.read_text())["of"] for path in saved} == {*NAMES, NOT_UTF_8}
    assert not any("\u202e" in path.name or "\n" in path.name for path in saved)


async def test_a_named_file_is_found_among_any_number(client: Client, many: str) -> None:
    for asked in ("result.json", "./result.json", "/workspace/result.json"):
        (found,) = (await fetch(client, many, artifacts=[asked]))["artifacts"]
        assert (found["path"], found["json"]) == ("result.json", {"v": 1})
    (hidden,) = (await fetch(client, many, artifacts=[".venv/lib/01499.txt"]))["artifacts"]
    assert hidden["text"] == "x"


async def test_counts_are_true_and_leave_out_what_nobody_asks_for(client: Client, many: str) -> None:
    reply = await fetch(client, many)
    assert tells(reply, 2601)
    assert not [row for row in reply["artifacts"] if row["path"].startswith((".venv", "node_modules"))]
    assert tells(await fetch(client, many, artifacts=["a/*"]), 2600)
    assert tells(await fetch(client, many, artifacts=[".venv/*"]), 1500)


def tells(reply: dict[str, Any], files: int) -> bool:
    """Whether the reply counts so many; a listing that a busy machine had no time for says `at least` and no more."""
    told = len(reply["artifacts"]) + reply.get("more_artifacts", 0)
    return told <= files if reply.get("listing_cut") else told == files


async def test_all_of_many_are_saved_and_told_as_a_count(client: Client, many: str, saves: Path) -> None:
    result = await client.call_tool(
        "fetch_results", {"job_id": many, "artifacts": ["a/*", "result.json"], "save_to": "many"}
    )
    reply = result.structured_content
    assert reply is not None
    assert reply["saved_count"] == 2601
    assert len(reply["saved"]) <= 21
    assert len(result.model_dump_json(exclude_none=True).encode()) <= 32 * 1024
    assert sum(path.is_file() for path in (saves / "many").rglob("*")) == 2601


async def test_what_matches_nothing_is_said(client: Client, odd: str) -> None:
    reply = await fetch(client, odd, artifacts=["nosuch*.bin", "-dash", "gone.json"])
    assert reply["unmatched"] == ["nosuch*.bin", "gone.json"]
    assert [row["path"] for row in reply["artifacts"]] == ["-dash"]


async def test_files_that_come_and_go_take_nothing_with_them(client: Client, saves: Path) -> None:
    churn = """
import json, os, shutil, time
os.chdir(os.environ["HF_JOB_WORKSPACE"])
open("good.json", "w").write('{"ok": 1}')
print("begun", flush=True)
for n in range(100_000):
    os.makedirs(f"checkpoint-{n}")
    for k in range(3):
        open(f"checkpoint-{n}/trainer_state-{k}.json", "w").write(json.dumps({"n": n}))
    shutil.rmtree(f"checkpoint-{n - 3}", ignore_errors=True)
    time.sleep(0.004)
"""
    job = await submit(client, "python3", "-c", churn)
    await until(client, job["id"], "RUNNING")
    with anyio.fail_after(30):
        while "good.json" not in [row["path"] for row in (await fetch(client, job["id"]))["artifacts"]]:
            pass
    for number in range(12):
        more: dict[str, Any] = {"save_to": f"churn/{number}"} if number % 3 == 0 else {}
        reply = await fetch(client, job["id"], **more)
        assert reply["log"]["lines"] == ["begun"]
        assert "good.json" in [row["path"] for row in reply["artifacts"]]
        assert not more or (saves / f"churn/{number}/good.json").read_text() == '{"ok": 1}'
    await client.call_tool("manage_job", {"job_id": job["id"], "action": "cancel"})


async def test_what_cannot_be_shown_says_why(client: Client) -> None:
    write = """
import os
os.chdir(os.environ["HF_JOB_WORKSPACE"])
open("latin.txt", "wb").write("café à la carte".encode("latin-1"))
open("wide.txt", "wb").write("wide".encode("utf-16"))
open("bom.json", "wb").write(b'\\xef\\xbb\\xbf{"a": 1}')
open("nan.json", "w").write('{"loss": NaN}')
open("raw.bin", "wb").write(bytes(range(256)))
"""
    job = await run(client, "python3", "-c", write)
    rows = {row["path"]: row for row in (await fetch(client, job["id"]))["artifacts"]}
    assert rows["latin.txt"]["note"] == "not UTF-8 text"
    assert (rows["wide.txt"]["text"], rows["wide.txt"]["note"]) == ("wide", "UTF-16")
    assert rows["bom.json"]["json"] == {"a": 1}
    assert rows["nan.json"]["text"] == '{"loss": NaN}'
    assert "NaN" in rows["nan.json"]["note"]
    assert rows["raw.bin"]["note"] == "binary"


async def test_a_job_that_left_nothing_says_why_that_may_be(client: Client) -> None:
    job = await run(client, "echo lost > /tmp/result.json")
    reply = await fetch(client, job["id"])
    assert "/workspace" in reply["note"]
    assert reply["succeeded"] is True


async def test_pictures_count_in_a_reply_that_is_bounded(client: Client) -> None:
    """A small one is shown and leaves less room for the rest; a large one is a link."""
    write = """
import os
os.chdir(os.environ["HF_JOB_WORKSPACE"])
for name, size in (("a-large.png", 300_000), ("b-small.png", 14_000), ("c-small.png", 14_000)):
    open(name, "wb").write(os.urandom(size))
for number in range(40):
    open(f"n{number:02d}.txt", "w").write('"' * 1_900)
    print('"\\\\' * 400)
"""
    job = await run(client, "python3", "-c", write)
    for more in ({}, {"lines": 200}, {"artifacts": ["*"]}, {"artifacts": ["a-large.png", "b-small.png"], "lines": 200}):
        result = await client.call_tool("fetch_results", {"job_id": job["id"], **more})
        assert len(result.model_dump_json(by_alias=True, exclude_none=True).encode()) <= 32 * 1024
        assert [block.type for block in result.content].count("image") == 1
        assert result.structured_content is not None
        rows = {row["path"]: row for row in result.structured_content["artifacts"]}
        assert "save_to" in rows["a-large.png"]["note"]
        assert "a-large.png" in [block.name for block in result.content if block.type == "resource_link"]


@pytest.mark.parametrize("folder", ["nul\0byte", "~nobody-of-this-name/x", "x" * 300])
async def test_a_folder_that_can_be_none_is_a_bad_argument(client: Client, odd: str, folder: str) -> None:
    refused = error(await client.call_tool("fetch_results", {"job_id": odd, "artifacts": ["-dash"], "save_to": folder}))
    assert (refused["code"], refused["field"]) == ("bad_argument", "save_to")
