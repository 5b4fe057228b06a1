"""A real fast-agent as the client, and a real fast-agent inside the job."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fast_agent_runtime import configuration, run_fast_agent
from tests.mcp_session import environment

pytestmark = [pytest.mark.fast_agent, pytest.mark.timeout(300)]

VALUE = "sierra-4410-papa-uniform"
DRIVER = Path(__file__).with_name("fast_agent_drive.py")
SCRIPT = "import hashlib, os\nprint(hashlib.sha256(os.environ['DRIVEN_API_KEY'].encode()).hexdigest())"


def drive(home: Path, folder: Path, job: dict[str, Any], **env: str) -> dict[str, Any]:
    configuration(folder, environment(home, **env))
    done = run_fast_agent(folder, "python", str(DRIVER), json.dumps(job), seconds=280)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("DROVE ")] or [""]
    assert line, done.stdout[-2000:] + done.stderr[-2000:]
    assert VALUE not in done.stdout + done.stderr
    drove: dict[str, Any] = json.loads(line.removeprefix("DROVE "))
    return drove


def test_fast_agent_drives_a_job_from_plan_to_results(home: Path, tmp_path: Path) -> None:
    drove = drive(home, tmp_path, {"script": SCRIPT}, DRIVEN_API_KEY=VALUE)
    assert [candidate["name"] for candidate in drove["plan"]["candidates"]] == ["DRIVEN_API_KEY"]
    assert "Run this job with 1 secret?" in drove["asked"][0]
    assert drove["handle"]["secrets"] == ["DRIVEN_API_KEY"]
    assert (drove["status"]["stage"], drove["status"]["succeeded"]) == ("COMPLETED", True)
    assert hashlib.sha256(VALUE.encode()).hexdigest() in drove["results"]["log"]["lines"]
    assert "COMPLETED" in drove["said"]


def test_fast_agent_runs_fast_agent_as_a_job(home: Path, tmp_path: Path) -> None:
    job = {
        "command": ["fast-agent", "go", "--model", "passthrough", "--message", "answer from inside", "--results", "result.json"],
        "packages": ["fast-agent-mcp"], "python": ">=3.12", "timeout": "10m",
    }  # fmt: skip
    drove = drive(home, tmp_path, job)
    assert drove["asked"] == []
    assert drove["status"]["succeeded"] is True, drove["results"]["log"]
    assert drove["results"]["answer"]["text"] == "answer from inside"
    assert drove["results"]["answer"]["stop_reason"] == "endTurn"
    assert "result.json" in [artifact["path"] for artifact in drove["results"]["artifacts"]]
