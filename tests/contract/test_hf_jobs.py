"""``hf jobs …`` on the local hub."""

import json
from pathlib import Path

from tests.contract.coverage_ledger import covers
from tests.contract.outside import Contract

SCRIPT = """\
# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
import os, pathlib, sys
print("argument", sys.argv[1])
print("data", pathlib.Path("/inputs/in.txt").read_text())
print("env", os.environ["COLOUR"])
print("secret", len(os.environ["MY_SECRET"]))
"""

PYTHON = ("python:3.12", "python", "-u", "-c")


@covers("hf jobs run", "hf jobs logs", "hf jobs inspect")
def test_a_job_runs_and_its_logs_come_back(contract: Contract) -> None:
    run = contract.hf("jobs", "run", "--name", "six-times-seven", *PYTHON, "print(6*7)")
    assert "42" in run.out.splitlines()
    identity = next(iter(contract.api.list_jobs(namespace="local", labels={"name": "six-times-seven"}))).id
    assert "42" in contract.hf("jobs", "logs", "-f", "--tail", "1", f"local/{identity}").out.splitlines()
    (inspected,) = contract.hf("jobs", "inspect", identity, "--format", "json").json
    assert inspected["status"]["stage"] == "COMPLETED"
    assert inspected["labels"]["name"] == "six-times-seven"


@covers("hf jobs run")
def test_a_folder_is_mounted_for_a_job_and_written_back(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir/in.txt").write_text("in")
    code = "import pathlib; p = pathlib.Path('/data'); (p / 'out.txt').write_text((p / 'in.txt').read_text() * 2)"
    run = contract.hf("jobs", "run", "-v", "./dir:/data:rw", *PYTHON, code, cwd=tmp_path)
    pull = next(line for line in run.err.splitlines() if "hf buckets sync hf://" in line).split()
    contract.hf("buckets", "sync", pull[pull.index("sync") + 1], "./dir", cwd=tmp_path)
    assert (tmp_path / "dir/out.txt").read_text() == "inin"


@covers("hf jobs run")
def test_a_job_that_fails_fails_the_command(contract: Contract) -> None:
    failed = contract.hf("jobs", "run", *PYTHON, "import sys; print('no'); sys.exit(3)", status=1)
    assert "no" in failed.out.splitlines()
    assert "ERROR" in failed.err
    assert "3" in failed.err


@covers("hf jobs uv run", "hf jobs wait", "hf jobs labels", "hf jobs list", "hf jobs logs", "hf jobs rerun")
def test_a_uv_script_with_everything_then_wait_labels_and_rerun(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir/in.txt").write_text("from the folder")
    identity = contract.started(
        "jobs", "uv", "run", "-v", "./dir:/inputs", "--secrets", "MY_SECRET", "--env", "COLOUR=blue",
        "--timeout", "5m", "--label", "kind=contract", "--detach", "script.py", "ARG",
        env={"MY_SECRET": "not-in-any-output"}, cwd=tmp_path,
    )  # fmt: skip
    contract.hf("jobs", "wait", "--timeout", "50s", identity)
    lines = contract.hf("jobs", "logs", identity).out
    for line in ("argument ARG", "data from the folder", "env blue", f"secret {len('not-in-any-output')}"):
        assert line in lines.splitlines(), lines
    job = contract.api.inspect_job(job_id=identity)
    assert job.secrets == {"MY_SECRET": None} or list(job.secrets) == ["MY_SECRET"]
    assert "not-in-any-output" not in repr(job)
    contract.hf("jobs", "labels", identity, "--name", "renamed", "--label", "kind=changed")
    listed = contract.hf("jobs", "ps", "-a", "--label", "kind=changed", "--format", "json").json
    assert [one["id"] for one in listed] == [identity]
    again = contract.started("jobs", "rerun", "--detach", identity)
    contract.hf("jobs", "wait", "--timeout", "50s", again)
    assert f"secret {len('not-in-any-output')}" in list(contract.api.fetch_job_logs(job_id=again))


@covers("hf jobs uv run", "hf jobs rerun", "hf jobs wait")
def test_a_uv_script_is_run_again(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import sys; print('argument', sys.argv[1])")
    identity = contract.started("jobs", "uv", "run", "--detach", "script.py", "ARG", cwd=tmp_path)
    again = contract.started("jobs", "rerun", "--detach", identity)
    assert again != identity
    contract.hf("jobs", "wait", "--timeout", "50s", identity, again)
    assert "argument ARG" in list(contract.api.fetch_job_logs(job_id=again))


@covers("hf jobs stats", "hf jobs cancel", "hf jobs expose", "hf jobs list")
def test_a_running_job_is_measured_exposed_and_cancelled(contract: Contract) -> None:
    serve = "import http.server as h; h.HTTPServer(('127.0.0.1', 8123), h.SimpleHTTPRequestHandler).serve_forever()"
    identity = contract.started("jobs", "run", "--detach", "--label", "kind=long", *PYTHON, serve)
    contract.api.wait_for_job(identity, stages=["RUNNING"], timeout=30)
    (stats,) = contract.hf("jobs", "stats", identity, "--format", "json").json
    assert stats["job_id"] == identity
    assert stats["memory_used_bytes"] > 0
    exposed = contract.hf("jobs", "expose", identity, "8123", "--format", "json").json
    assert json.dumps(exposed["ports"]) in {"[8123]", '["8123"]'}
    listed = contract.hf("jobs", "list", "--status", "RUNNING", "--label", "kind=long", "--format", "json").json
    assert [one["id"] for one in listed] == [identity]
    contract.hf("jobs", "cancel", identity)
    assert contract.api.wait_for_job(identity, timeout=30).status.stage == "CANCELED"
    failed = contract.hf("jobs", "wait", identity, status=1)
    assert "CANCELED" in failed.err


@covers("hf jobs hardware")
def test_the_hardware_is_listed_with_prices(contract: Contract) -> None:
    listed = contract.hf("jobs", "hardware", "--format", "json").json
    flavors = {one["name"]: one["cost/hour"] for one in listed}
    assert "cpu-basic" in flavors
    assert "a10g-small" in flavors


def test_ssh_is_refused_with_a_reason(contract: Contract) -> None:
    refused = contract.hf("jobs", "run", "--ssh", "--detach", *PYTHON, "pass", status=1)
    assert "not on the local hub" in refused.err
    identity = contract.api.run_job(image="python:3.12", command=["true"]).id
    assert "SSH is not enabled" in contract.hf("jobs", "ssh", identity, status=1).err


def test_an_unknown_job_is_said_to_be_unknown(contract: Contract) -> None:
    for command in ("inspect", "cancel"):
        assert "not found" in contract.hf("jobs", command, "0" * 24, status=1).err.lower(), command
