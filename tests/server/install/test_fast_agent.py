"""The real fast-agent reads the entry that ``hf-jobs-mcp install fast-agent`` wrote, and calls a tool through it."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.cli import main
from tests.fast_agent_runtime import run_fast_agent
from tests.homes import own_home

__all__ = ["own_home"]


@pytest.mark.fast_agent
def test_fast_agent_finds_and_starts_what_was_installed(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fast-agent.yaml").write_text(
        "# mine\ndefault_model: passthrough\nmcp:\n  # servers of mine\n  servers:\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FAST_AGENT_HOME", raising=False)
    monkeypatch.setenv("HF_JOBS_MCP_HOME", str(own_home))
    assert main(["install", "fast-agent", "--yes"]) == 0
    assert "# servers of mine" in (tmp_path / "fast-agent.yaml").read_text()
    message = '***CALL_TOOL list_hardware {"max_hourly_usd": 0.02}'
    done = run_fast_agent(tmp_path, "fast-agent", "go", "--servers", "hf-jobs", "--message", message)
    assert done.returncode == 0, done.stderr
    assert "cpu-basic" in done.stdout
