"""The command line, as a person or a script uses it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local_hub.process.daemon import read_state
from tests.mcp_session import SERVER, environment


def run(home: Path, *arguments: str, seconds: float = 100, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SERVER, *arguments],
        env=environment(home, **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_the_demo_runs_a_real_job_and_shows_that_the_secret_arrived(home: Path) -> None:
    done = run(home, "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    for words in (
        "Run this job with 1 secret?",
        "COMPLETED",
        "SHA-256 of its value",
        "result.json",
        "***DEMO_API_KEY***",
    ):
        assert words in done.stdout
    assert re.search(r"The files are in (\S+)", done.stdout)
    assert "\x1b" not in done.stdout


def test_the_demo_fails_when_no_hub_can_be_started(tmp_path: Path) -> None:
    blocked = tmp_path / "home"
    blocked.mkdir()
    (blocked / "hub").write_text("a file where the hub's folder should be")
    done = run(blocked, "demo")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr


def test_the_hub_is_started_shown_and_stopped(home: Path) -> None:
    assert run(home, "hub", "start").returncode == 0
    told = json.loads(run(home, "hub", "status", "--json").stdout)
    state = read_state(home)
    assert state is not None
    assert (told["pid"], told["endpoint"]) == (state.pid, state.endpoint)
    assert set(told) == {"pid", "endpoint", "version", "jobs"}
    assert run(home, "hub", "stop").stdout.strip() == "The local hub has stopped."
    assert run(home, "hub", "status").returncode == 1
    assert run(home, "hub", "status", "--json").stdout.strip() == "{}"
    assert read_state(home) is None


def test_hf_jobs_run_works_in_a_shell_that_evaluated_hub_env(home: Path) -> None:
    hf = Path(sys.executable).with_name("hf")
    script = f"""eval "$({" ".join(SERVER)} hub env)" && {hf} jobs run python:3.12 python -c 'print(6*7)'"""
    env = {**environment(home), "PATH": os.environ["PATH"], "HF_HUB_DISABLE_UPDATE_CHECK": "1"}
    done = subprocess.run(
        ["bash", "-c", script],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "42" in done.stdout.splitlines()


def test_doctor_finds_no_problem_here(home: Path) -> None:
    done = run(home, "doctor")
    assert done.returncode == 0, done.stdout
    assert "No problems found." in done.stdout
    assert "hub: local at http://127.0.0.1:" in done.stdout


def test_doctor_says_what_is_missing_and_what_to_do(home: Path) -> None:
    done = run(home, "doctor", HF_JOBS_MCP_HUB="huggingface")
    assert done.returncode == 1
    assert "fail  Hugging Face token" in done.stdout
    assert "hf auth login" in done.stdout


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"HF_JOBS_MCP_HUB": "ftp://somewhere"}, "HF_JOBS_MCP_HUB"),
        ({"HF_JOBS_MCP_CONFIRM_ABOVE_USD": "lots"}, "HF_JOBS_MCP_CONFIRM_ABOVE_USD"),
        ({"HF_JOBS_MCP_RUNNER": "magic"}, "HF_JOBS_MCP_RUNNER"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_in_one_line(home: Path, env: dict[str, str], name: str) -> None:
    done = run(home, **env)
    assert done.returncode == 2
    assert name in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert next(iter(env.values())) not in done.stderr


def test_the_environment_cannot_switch_asking_off(home: Path) -> None:
    env = {"HF_JOBS_MCP_ATTACH_WITHOUT_ASKING": "true", "ATTACH_WITHOUT_ASKING": "true"}
    done = run(home, "doctor", **env)
    assert "consent: clients that can ask do" in done.stdout


def test_the_version_is_the_distribution_s(home: Path) -> None:
    from importlib.metadata import version

    assert run(home, "--version").stdout.split() == ["hf-jobs-mcp", version("hf-jobs-mcp")]


@pytest.mark.parametrize("flags", [["--port", "8793"], ["--port", "0"], ["--host", "::1"], ["--insecure-no-auth"]])
def test_what_means_something_over_http_only_is_refused_without_it(home: Path, flags: list[str]) -> None:
    done = run(home, "serve", *flags)
    assert done.returncode == 2
    assert f"{flags[0]} means something with --http only" in done.stderr


@pytest.mark.parametrize("port", ["99999", "-1", "http", "8_0"])
def test_a_port_that_is_none_is_refused(home: Path, port: str) -> None:
    done = run(home, "serve", "--http", f"--port={port}")
    assert done.returncode == 2
    assert "0 to 65535" in done.stderr


def test_what_waits_can_be_read_by_a_program(tmp_path: Path) -> None:
    assert json.loads(run(tmp_path, "approve", "--json").stdout) == []
    assert run(tmp_path, "approve", "--json", "0badc0de").returncode == 2


@pytest.mark.parametrize("words", [["approve"], ["approve", "--json"], ["audit"], ["hub", "status"], ["demo"], []])
def test_a_state_folder_that_cannot_be_used_is_no_traceback(tmp_path: Path, words: list[str]) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = run(blocked, *words)
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode in {0, 1, 2}
