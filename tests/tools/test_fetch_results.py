"""What a job left: any part of its log, its files, its pictures, while it runs and long after."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client

from tests.mcp_session import error, over_http
from tests.tools.waiting import ended, fetch, run, submit, until

pytestmark = pytest.mark.anyio

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FILES = f"""
import base64, os, pathlib
os.chdir(os.environ["HF_JOB_WORKSPACE"])
pathlib.Path("out").mkdir()
pathlib.Path("out/result.json").write_text('{{"score": 0.5}}')
pathlib.Path("out/notes.txt").write_text("a note")
pathlib.Path("dot.png").write_bytes(base64.b64decode("{base64.b64encode(PIXEL).decode()}"))
pathlib.Path("raw.bin").write_bytes(bytes(range(256)) * 100)
pathlib.Path(".fast-agent/sessions").mkdir(parents=True)
pathlib.Path(".fast-agent/sessions/one.json").write_text("{{}}")
pathlib.Path("given.txt").write_text("changed")
"""


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with over_http(url) as connected:
        yield connected


@pytest.fixture(scope="module")
async def thousand(url: str) -> str:
    """A finished job with lines 1 to 1000, three of which tell of trouble."""
    say = "import sys\nfor n in range(1, 1001):\n    print(f'ERROR: no {n}' if n % 400 == 0 else f'line {n}')\nprint('Traceback: last')"
    async with over_http(url) as connected:
        return str((await run(connected, "python3", "-c", say))["id"])


@pytest.fixture(scope="module")
async def files(url: str) -> str:
    async with over_http(url) as connected:
        job = await run(connected, "python3", "-c", FILES, files={"given.txt": "as given", "kept.txt": "as it was"})
    return str(job["id"])


async def test_the_end_of_the_log_is_what_one_gets(client: Client, thousand: str) -> None:
    log = (await fetch(client, thousand))["log"]
    assert log["lines"][-2:] == ["line 1000", "Traceback: last"]
    assert log["total_lines"] == 1001
    assert log["first_line"] == 1001 - len(log["lines"]) + 1


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (5, ("line 997", "Traceback: last", 5)),
        ("tail:3", ("line 999", "Traceback: last", 3)),
        ("head:4", ("line 1", "line 4", 4)),
        ("10-12", ("line 10", "line 12", 3)),
        ("999-2000", ("line 999", "Traceback: last", 3)),
    ],
)
async def test_any_part_of_the_log(client: Client, thousand: str, asked: Any, shown: tuple[str, str, int]) -> None:
    log = (await fetch(client, thousand, lines=asked))["log"]
    assert (log["lines"][0], log["lines"][-1], len(log["lines"])) == shown


async def test_words_and_patterns_are_found_with_their_line_numbers(client: Client, thousand: str) -> None:
    words = (await fetch(client, thousand, search="no 400"))["log"]
    assert words["matches"] == 1
    assert any(line.endswith(": ERROR: no 400") and line.startswith("400") for line in words["lines"])
    pattern = (await fetch(client, thousand, search=r"/^line 99[0-9]$/"))["log"]
    assert pattern["matches"] == 10
    assert (await fetch(client, thousand, search="nothing like it"))["log"]["lines"] == []


async def test_only_the_errors(client: Client, thousand: str) -> None:
    lines = (await fetch(client, thousand, lines="errors"))["log"]["lines"]
    text = "\n".join(lines)
    assert re.findall(r"ERROR: no (\d+)", text) == ["400", "800"]
    assert "Traceback: last" in text


async def test_what_does_not_fit_comes_with_the_next_call(client: Client, thousand: str) -> None:
    """Following `rest` from the end leads to the whole log, each line once."""
    seen: list[str] = []
    asked: dict[str, Any] = {"lines": "head:2000"}
    for _ in range(20):
        reply = await fetch(client, thousand, **asked)
        seen += reply["log"]["lines"]
        if "rest" not in reply["log"]:
            break
        asked = reply["log"]["rest"]
        assert all(f'{name}="{value}"' in reply["next"] for name, value in asked.items())
    assert len(seen) == 1001
    assert seen[41] == "line 42"


async def test_a_cursor_stays_valid_while_the_log_grows(client: Client) -> None:
    say = 'for n in 1 2 3 4 5 6; do echo "line $n"; sleep 0.3; done'
    job = await submit(client, say)
    await until(client, job["id"], "RUNNING")
    reply = await fetch(client, job["id"])
    seen = reply["log"]["lines"]
    with anyio.fail_after(60):
        while not reply["finished"]:
            reply = await fetch(client, job["id"], cursor=reply["log"]["cursor"])
            seen = seen + reply["log"]["lines"]
    seen += (await fetch(client, job["id"], cursor=reply["log"]["cursor"]))["log"]["lines"]
    assert seen == [f"line {n}" for n in range(1, 7)]


async def test_a_running_job_is_answered_when_it_falls_silent(client: Client) -> None:
    job = await submit(client, "echo begun; sleep 60")
    await until(client, job["id"], "RUNNING")
    with anyio.fail_after(30):
        reply = await fetch(client, job["id"])
        while not reply["log"]["lines"]:
            reply = await fetch(client, job["id"])
    assert reply["log"]["lines"] == ["begun"]
    assert (reply["finished"], reply["artifacts"]) == (False, [])
    assert "wait_seconds" in reply["next"]
    await client.call_tool("manage_job", {"job_id": job["id"], "action": "cancel"})


async def test_outputs_are_listed_with_size_hash_and_small_contents(client: Client, files: str) -> None:
    reply = await fetch(client, files)
    listed = {file["path"]: file for file in reply["artifacts"]}
    assert set(listed) == {"dot.png", "given.txt", "out/notes.txt", "out/result.json", "raw.bin"}
    assert listed["out/result.json"]["json"] == {"score": 0.5}
    assert listed["out/notes.txt"]["text"] == "a note"
    assert listed["given.txt"]["changed_input"] is True
    assert (listed["raw.bin"]["size"], "text" in listed["raw.bin"]) == (25_600, False)
    assert all(re.fullmatch(r"[0-9a-f]{64}", file["hash"]) for file in reply["artifacts"])


async def test_globs_choose_and_bring_back_what_is_hidden(client: Client, files: str) -> None:
    async def paths(*globs: str) -> list[str]:
        return [file["path"] for file in (await fetch(client, files, artifacts=[*globs]))["artifacts"]]

    assert await paths("*.json") == ["out/result.json"]
    assert await paths(".fast-agent/*.json") == [".fast-agent/sessions/one.json"]
    assert await paths("out/*") == ["out/notes.txt", "out/result.json"]
    assert await paths("kept.txt") == ["kept.txt"], "an input, asked for by name"
    assert await paths("nothing*") == []


async def test_a_picture_is_a_picture(client: Client, files: str) -> None:
    result = await client.call_tool("fetch_results", {"job_id": files, "artifacts": ["*.png"]})
    (image,) = [block for block in result.content if block.type == "image"]
    assert (image.mime_type, base64.b64decode(image.data)) == ("image/png", PIXEL)


async def test_saved_files_are_where_it_says(client: Client, files: str, saves: Path) -> None:
    reply = await fetch(client, files, artifacts=["*.bin", "out/*"], save_to="mine")
    saved = {path.removeprefix(f"{saves}/mine/"): await anyio.Path(path).read_bytes() for path in reply["saved"]}
    assert set(saved) == {"raw.bin", "out/notes.txt", "out/result.json"}
    assert hashlib.sha256(saved["raw.bin"]).digest() == hashlib.sha256(bytes(range(256)) * 100).digest()


@pytest.mark.parametrize("folder", ["../elsewhere", "/tmp/elsewhere", "~/elsewhere", "ok/../../elsewhere"])
async def test_nothing_is_saved_outside_the_operators_folders(
    client: Client, files: str, saves: Path, folder: str
) -> None:
    refused = error(await client.call_tool("fetch_results", {"job_id": files, "save_to": folder}))
    assert (refused["code"], refused["field"]) == ("bad_argument", "save_to")
    assert str(saves) in refused["hint"]
    assert not (saves.parent / "elsewhere").exists()


async def test_a_job_without_output_says_so_plainly(client: Client) -> None:
    job = await submit(client, "true")
    await ended(client, job["id"])
    reply = await fetch(client, job["id"])
    assert (reply["log"]["lines"], reply["artifacts"], reply["succeeded"]) == ([], [], True)
    assert "next" not in reply
