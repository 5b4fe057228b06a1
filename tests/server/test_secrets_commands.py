"""``hf-jobs-mcp secrets``: from a prompt or a pipe into a keyring or a file, found by the server, never shown."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_process import clear
from tests.mcp_session import SERVER, Person, data, environment, error, over_stdio
from tests.server.test_terminal import terminal

VALUE = "quokka-8842-umbrella-tango"


def run(home: Path, *words: str, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SERVER, "secrets", *words], env=environment(home, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring", **env),
        input=given, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_piped_value_is_kept_in_a_file_of_the_owners_and_that_is_said(tmp_path: Path) -> None:
    done = run(tmp_path, "set", "OPENAI_API_KEY", given=f"{VALUE}\n")
    assert done.returncode == 0, done.stderr
    kept = tmp_path / "secrets.json"
    assert str(kept) in done.stdout
    assert "not encrypted" in done.stdout
    assert kept.stat().st_mode & 0o777 == 0o600
    assert VALUE not in done.stdout + done.stderr
    assert json.loads(kept.read_text())["values"] == {"OPENAI_API_KEY": VALUE}
    assert list(tmp_path.glob(".secrets*")) == []


def test_what_is_stored_is_listed_without_its_value_and_can_be_forgotten(tmp_path: Path) -> None:
    run(tmp_path, "set", "ONE_KEY", given=VALUE)
    run(tmp_path, "set", "TWO_KEY", given=VALUE)
    listed = run(tmp_path, "list", TWO_KEY="from-the-environment")
    assert "ONE_KEY" in listed.stdout
    assert "environment comes first" in listed.stdout
    assert VALUE not in listed.stdout
    assert [row["name"] for row in json.loads(run(tmp_path, "list", "--json").stdout)] == ["ONE_KEY", "TWO_KEY"]
    assert run(tmp_path, "unset", "ONE_KEY").returncode == 0
    assert run(tmp_path, "unset", "ONE_KEY").returncode == 1
    assert [row["name"] for row in json.loads(run(tmp_path, "list", "--json").stdout)] == ["TWO_KEY"]


def test_a_prompt_shows_nothing_of_what_is_typed(tmp_path: Path) -> None:
    with terminal(
        environment(tmp_path, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring"), "secrets", "set", "MY_KEY"
    ) as it:
        it.read_until("not shown")
        it.type(f"{VALUE}\n")
        assert it.ended(30) == 0, it.text
        assert VALUE not in it.text
    assert VALUE in (tmp_path / "secrets.json").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ["set", f"MY_KEY={VALUE}"],
        ["set", "MY_KEY", VALUE],
        ["set", "MY_KEY", f"--value={VALUE}"],
        ["set", VALUE],
        ["set", "PATH"],
    ],
)
def test_a_value_as_an_argument_or_a_bad_name_is_refused_and_not_repeated(tmp_path: Path, words: list[str]) -> None:
    done = run(tmp_path, *words, given=VALUE)
    assert done.returncode in {1, 2}
    assert VALUE not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "secrets.json").exists()


def test_nothing_is_no_value(tmp_path: Path) -> None:
    done = run(tmp_path, "set", "MY_KEY")
    assert done.returncode == 1
    assert "no value" in done.stderr


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Path]:
    """A home whose path is as odd as the machine's, and whose hub ends with the test."""
    yield tmp_path
    clear(tmp_path)


@pytest.mark.anyio
async def test_a_running_server_says_the_command_and_then_finds_the_value_and_masks_it(left: Path) -> None:
    env = environment(left, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    job = {"script": "import os\nprint(os.environ['MY_KEY'])", "secrets": ["MY_KEY"]}
    async with over_stdio(env, person=Person()) as client:
        refused = error(await client.call_tool("submit_job", job))
        plan = data(await client.call_tool("plan_secrets", {"secrets": ["MY_KEY"]}))
        for hint in (refused["hint"], plan["candidates"][0]["note"]):
            assert f"HF_JOBS_MCP_HOME={shlex.quote(str(left))} " in hint
            assert "secrets set MY_KEY" in hint
            assert "MY_KEY: ${MY_KEY}" in hint
        command = hint.split("`")[1]
        done = subprocess.run(  # noqa: ASYNC221 - the server is another process
            ["sh", "-c", command], env={"PATH": "/usr/bin:/bin", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
            input=VALUE, text=True, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        made = data(await client.call_tool("submit_job", job))
        await client.call_tool("job_status", {"job_id": made["id"], "wait_seconds": 30})
        results = data(await client.call_tool("fetch_results", {"job_id": made["id"]}))
    assert "***MY_KEY***" in results["log"]["lines"]
    assert VALUE not in str(results)
