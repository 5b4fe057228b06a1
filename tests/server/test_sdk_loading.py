"""What a stdio server loads before it can answer: nothing that its first answers do not need."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hf_jobs_mcp import ROOMS
from tests.mcp_session import SERVER, environment

ASKED = (
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
)  # fmt: skip

#: Whole packages, or rooms of ours, that are for what is asked later, for HTTP, for a terminal or for the local hub.
#: Importing any of them at the top of a module makes every client wait for it.
NOT_BEFORE_THEY_ARE_USED = (
    "uvicorn", "click", "rich", "yaml", "keyring", "re2", "lz4", "huggingface_hub", "hf_xet", "psutil", "dotenv", "tomllib",
    "local_hub", "server.http", "server.demo", "server.doctor", "server.install",
    "jobs.client.client", "jobs.client.models", "jobs.client.transport", "jobs.client.buckets", "jobs.commands",
    "jobs.logs.reader", "jobs.logs.search", "jobs.planning", "jobs.mount_check", "jobs.results", "jobs.secrets.raw_values",
    "jobs.spec.spec", "jobs.spec.stored", "consent.describe", "consent.wording.brief", "consent.wording.dangers",
)  # fmt: skip


def start(command: tuple[str, ...], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One whole life of a server: both questions, then its stdin is closed once they are answered."""
    process = subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("".join(json.dumps(message) + "\n" for message in ASKED))
    process.stdin.flush()
    answer = ""
    while '"tools"' not in answer.partition('"id":2')[2]:
        line = process.stdout.readline()
        assert line
        answer += line
    _, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, answer, errors)


def imported(report: str) -> set[str]:
    """The modules of an `-X importtime` report."""
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", report, re.MULTILINE))


def test_a_start_over_stdio_loads_nothing_that_is_for_later(home: Path) -> None:
    done = start((*SERVER[:2], "-X", "importtime", *SERVER[2:]), environment(home))
    loaded = imported(done.stderr)
    assert {"mcp.server", "tools.submit_job", "consent.gate"} <= loaded
    # One that was kept out is named by the report too, as tried; its parts are not.
    tried = {"uvicorn", "uvicorn.main", "rich", "rich.console"}
    early = {name for name in loaded - tried for late in NOT_BEFORE_THEY_ARE_USED if f"{name}.".startswith(f"{late}.")}
    assert not early


def test_models_are_as_always_once_the_server_is_loaded() -> None:
    code = (
        "import sys; from server.sdk_loading import sparing\n"
        "with sparing():\n"
        "    import mcp_types\n"
        "from pydantic import BaseModel\n"
        "class Later(BaseModel):\n"
        "    text: str\n"
        "assert Later.__pydantic_complete__\n"
        "import rich, uvicorn\n"
        "assert not mcp_types.Tool.__pydantic_complete__\n"
        "assert mcp_types.Tool.model_validate({'name': 'x', 'inputSchema': {}}).input_schema == {}\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOMS, check=True, timeout=60)


@pytest.fixture
def unwritable(tmp_path: Path) -> Path:
    """An install whose folders take no compiled module: where they would lie there is a file."""
    folder = tmp_path / "install"
    for room in ("hf_jobs_mcp", "server", "tools", "consent", "jobs", "hub_contract"):
        shutil.copytree(Path(ROOMS) / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    for each in [folder, *folder.rglob("*")]:
        if each.is_dir():
            (each / "__pycache__").touch()
    return folder


def test_an_install_that_cannot_be_written_to_is_compiled_once(unwritable: Path, own_home: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(unwritable)!r}); sys.argv[1:] = []; import hf_jobs_mcp; hf_jobs_mcp.main()"
    env = {**environment(own_home), "PYTHONDONTWRITEBYTECODE": ""}
    command = (sys.executable, "-P", "-c", code)
    start(command, env)
    kept = own_home / "compiled"
    assert kept.stat().st_mode & 0o777 == 0o700
    made = {path: path.stat().st_mtime_ns for path in kept.rglob("*.pyc")}
    assert {"app", "submit_job"} <= {path.name.partition(".")[0] for path in made}
    start(command, env)
    assert {path: path.stat().st_mtime_ns for path in kept.rglob("*.pyc")} == made


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have owners here")
def test_compiled_modules_are_not_taken_from_where_others_can_put_some(unwritable: Path, own_home: Path) -> None:
    kept = own_home / "compiled"
    kept.mkdir(parents=True)
    kept.chmod(0o777)
    code = f"import sys; sys.path.insert(0, {str(unwritable)!r}); sys.argv[1:] = ['--version']; import hf_jobs_mcp; hf_jobs_mcp.main()"
    env = {**environment(own_home), "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run((sys.executable, "-P", "-c", code), env=env, check=True, timeout=60, capture_output=True)
    assert not list(kept.iterdir())
