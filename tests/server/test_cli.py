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
from server.cli import main
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


@pytest.mark.parametrize(
    ("words", "help_of"),
    [
        (["nosuch"], ""),
        (["--nosuch"], ""),
        (["hub"], "hub"),
        (["hub", "nosuch"], "hub"),
        (["hub", "stop", "more"], "hub stop"),
        (["hub", "env", "--nosuch"], "hub env"),
        (["hub", "run", "--runner", "nosuch"], "hub run"),
        (["demo", "--nosuch"], "demo"),
        (["demo", "--agent=nosuch"], "demo"),
        (["audit", "--nosuch=hf_nosuch"], "audit"),
        (["secrets", "set"], "secrets set"),
        (["secrets", "set", "A_KEY", "nosuch-value"], "secrets set"),
        (["install", "--file"], "install"),
        (["serve", "--http", "--port", "nosuch"], "serve"),
    ],
)
def test_what_is_not_understood_points_to_its_own_help_and_is_not_repeated(
    words: list[str], help_of: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(words)
    except SystemExit as ended:
        status = ended.code  # type: ignore[assignment]
    assert status == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(f"See: {' '.join(['hf-jobs-mcp', *help_of.split()])} --help")
    assert "nosuch" not in line.replace("--nosuch", "")


@pytest.mark.parametrize(
    ("words", "meant"), [(["instal"], "install"), (["hub", "stopp"], "stop"), (["secret"], "secrets")]
)
def test_a_slip_of_the_keyboard_is_answered_with_what_was_meant(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert f"Did you mean {meant}?" in capsys.readouterr().err


#: Stops the command as Ctrl-C would, at the moment when it comes to load a module.
INTERRUPTED = """
import sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
sys.path.insert(0, {root!r})
sys.argv = ["hf-jobs-mcp", *{words!r}]
import hf_jobs_mcp
hf_jobs_mcp.main()
"""


@pytest.mark.parametrize(
    ("name", "words"),
    [("argparse", []), ("server.cli", ["demo"]), ("server.settings", []), ("mcp", []), ("consent.audit", ["audit"])],
)
def test_an_interrupt_while_modules_load_is_quiet(name: str, words: list[str], home: Path) -> None:
    code = INTERRUPTED.format(name=name, root=str(Path(__file__).resolve().parents[2]), words=words)
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment(home), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert done.stderr.strip() == ""


#: The same by the signal itself, which comes at the worst moment: in the middle of the machinery of imports.
SIGNALLED = INTERRUPTED.replace("import sys\n", "import os, signal, sys\n").replace(
    "raise KeyboardInterrupt", "os.kill(os.getpid(), signal.SIGINT)"
)


@pytest.mark.parametrize(("name", "words"), [("argparse", []), ("server.app", []), ("consent.audit", ["audit"])])
def test_ctrl_c_while_modules_load_ends_it_at_once_and_quietly(name: str, words: list[str], home: Path) -> None:
    code = SIGNALLED.format(name=name, root=str(Path(__file__).resolve().parents[2]), words=words)
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment(home), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert done.stdout + done.stderr == ""


def test_the_launcher_loads_nothing_before_it_can_take_an_interrupt() -> None:
    code = "import sys; before = set(sys.modules); import hf_jobs_mcp; print(sorted(set(sys.modules) - before))"
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "['hf_jobs_mcp']"


def test_a_file_or_a_pipe_that_cannot_be_written_is_named_and_the_state_folder_is_not_blamed(home: Path) -> None:
    done = run(home, "install", "zed", "--file", str(home), "--yes")
    assert done.returncode == 1
    assert str(home) in done.stderr
    elsewhere = run(home, "install", "zed", "--file", "/", "--yes")
    assert elsewhere.returncode == 1
    assert "HF_JOBS_MCP_HOME" not in elsewhere.stderr
    if not Path("/dev/full").exists():  # Linux has it.
        return
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*SERVER, "hub", "status"], env=environment(home), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            check=False,
        )  # fmt: skip
    assert ended.returncode == 1
    assert "HF_JOBS_MCP_HOME" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_hub_open_and_start_say_what_is_not_so(home: Path) -> None:
    for unknown in ("NOPE", "local/" + "0" * 24):
        done = run(home, "hub", "open", unknown)
        assert done.returncode == 1, unknown
        assert "no job and no schedule with this id" in done.stderr
        assert "ticket" not in done.stdout
    done = run(home, "hub", "start", "--runner", "container")
    assert done.returncode == 1
    assert "hub stop" in done.stderr
