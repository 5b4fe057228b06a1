"""The command that is written for a client starts this program, however it was started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from server.install.launch import this_program

ROOT = Path(__file__).resolve().parents[3]


def test_an_installed_program_is_named_by_its_full_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_JOBS_MCP_HOME", "state")
    monkeypatch.chdir(tmp_path)
    launch = this_program()
    assert launch.command == str(Path(sys.executable).with_name("hf-jobs-mcp"))
    assert launch.env == {"HF_JOBS_MCP_HOME": str(tmp_path / "state")}


@pytest.mark.parametrize("value", ["", "${HF_JOBS_MCP_HOME}"])
def test_a_state_folder_that_is_not_set_is_not_written(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_JOBS_MCP_HOME", value)
    assert this_program().env == {}


def test_what_uvx_runs_is_written_as_uvx_with_where_it_took_it_from(tmp_path: Path) -> None:
    env = {"UV_SYSTEM_CERTS": "1", **os.environ, "HF_JOBS_MCP_HOME": ""}
    built = subprocess.run(
        [find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", tmp_path, ROOT],
        env=env, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    if "Failed to fetch" in built.stderr:
        pytest.skip("no package index can be reached")
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    uvx = Path(find_uv_bin()).with_name("uvx")
    done = subprocess.run(
        [uvx, "--from", wheel, "hf-jobs-mcp", "install", "cursor", "--print"],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    entry = json.loads(done.stdout)["mcpServers"]["hf-jobs"]
    assert Path(entry["command"]).name == "uvx"
    assert Path(entry["command"]).is_file()
    assert entry["args"] == ["--from", wheel.as_uri(), "hf-jobs-mcp"]
