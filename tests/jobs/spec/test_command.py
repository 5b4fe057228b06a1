"""Command lines as they are sent, run for real by uv in a folder that stands for the workspace."""

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from jobs.errors import BadArgument
from jobs.spec.spec import build
from tests.fast_agent_runtime import python_for_fast_agent
from tests.job_requests import requested

UV = shutil.which("uv", path=f"{Path(os.sys.executable).parent}:{os.environ['PATH']}")
AGENT = ("fast-agent", "go", "--model", "passthrough", "--message", "hi")


def spec_of(**arguments):
    return build(requested(**arguments), hub="http://127.0.0.1:1", namespace="local")


def run(spec, folder, *, timeout=60, **environment):
    """Do what a runner without mounts does: put the folders where their mount paths stand, and run."""
    inputs = folder.parent / "inputs"
    for path, data in spec.files:
        placed = inputs / path
        placed.parent.mkdir(parents=True, exist_ok=True)
        placed.write_bytes(data)
    argv = [str(folder) if word == "/workspace" else word for word in spec.argv]
    env = {
        "PATH": f"{Path(UV).parent}:{os.environ['PATH']}",
        "HOME": str(folder.parent),
        "HF_JOB_WORKSPACE": str(folder),
        "HF_JOB_INPUTS": str(inputs),
        **dict(spec.env),
        **environment,
    }
    return subprocess.run(
        argv, env=env, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.fixture
def folder(tmp_path):
    workspace = tmp_path / "a work space"
    workspace.mkdir()
    return workspace


def offline(tmp_path):
    return {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "cache"), "UV_PYTHON_DOWNLOADS": "never"}


def test_a_script_runs_in_its_workspace_and_leaves_its_results_there(tmp_path, folder):
    spec = spec_of(
        script="# /// script\n# dependencies = []\n# ///\nimport pathlib\n"
        'pathlib.Path("result.json").write_text(pathlib.Path("prompt.md").read_text())\n',
        files={"prompt.md": "hello"},
    )
    done = run(spec, folder, **offline(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (folder / "result.json").read_text() == "hello"


def test_a_script_among_the_files_gets_its_arguments(tmp_path, folder):
    words = ("--epochs", "3", "a b", " ", "$HOME", "--", "-x")
    spec = spec_of(
        command=("./sub/train.py", *words), files={"sub/train.py": "import json, sys; print(json.dumps(sys.argv[1:]))"}
    )
    done = run(spec, folder, **offline(tmp_path))
    assert done.returncode == 0, done.stderr
    assert tuple(json.loads(done.stdout)) == words


def test_a_program_of_a_package_finds_relative_files_in_the_workspace(tmp_path, folder):
    wheel = tmp_path / "agent_like-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            "agent_like.py",
            "import pathlib, sys\n"
            "def main():\n"
            "    card, results = sys.argv[sys.argv.index('--card') + 1], sys.argv[sys.argv.index('--results') + 1]\n"
            "    pathlib.Path(results).write_text(','.join(sorted(p.name for p in pathlib.Path(card).iterdir())))\n",
        )
        info = "agent_like-1.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: agent-like\nVersion: 1\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", "[console_scripts]\nagent-like = agent_like:main\n")
        archive.writestr(f"{info}/RECORD", "")
    for schedule, results in ((None, "result.json"), ("@daily", "result.json")):
        spec = spec_of(
            command=("agent-like", "go", "--card", "cards", "--results", results),
            packages=(f"agent-like @ {wheel.as_uri()}",),
            files={"cards/a.md": "x", "cards/b.md": "y"},
            schedule=schedule,
        )
        where = folder if schedule is None else folder / "j1"
        done = run(spec, folder, JOB_ID="j1", **offline(tmp_path))
        assert done.returncode == 0, done.stderr
        assert (where / "result.json").read_text() == "a.md,b.md"


def test_a_command_keeps_the_exit_status_of_its_program(tmp_path, folder):
    done = run(spec_of(command=("python", "-c", "raise SystemExit(7)")), folder, **offline(tmp_path))
    assert done.returncode == 7


def test_a_project_above_the_workspace_is_not_the_jobs(tmp_path, folder):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "mine"\nversion = "1"\ndependencies = ["not-to-be-had"]\n'
    )
    done = run(spec_of(command=("python", "-c", "print(1)")), folder, **offline(tmp_path))
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert not (tmp_path / ".venv").exists()
    assert not (tmp_path / "uv.lock").exists()


def test_a_project_among_the_files_is_the_jobs(tmp_path, folder):
    project = '[project]\nname = "job"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = []\n'
    spec = spec_of(command=("python", "-c", "import sys; print(sys.prefix)"), files={"pyproject.toml": project})
    own = tmp_path / "own"
    own.mkdir()
    done = run(spec, folder, **offline(tmp_path), TMPDIR=str(own), JOB_ID="a-job")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == own / "project-a-job", "an environment is no result, and is not kept as one"
    assert not (folder / ".venv").exists()


@pytest.mark.fast_agent
def test_a_real_fast_agent_reads_its_cards_and_leaves_its_answer(folder):
    python = python_for_fast_agent()
    spec = spec_of(
        command=("fast-agent", "go", "--card", "cards", "-p", "prompt.md", "--results", "out/result.json", "--quiet"),
        packages=("fast-agent-mcp",),
        python=python.resolve().name.removeprefix("python"),
        files={
            "cards/writer.md": "---\nname: writer\nmodel: passthrough\n---\nYou write.\n",
            "prompt.md": "hello there",
        },
    )
    environment = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "PIP_", "SSL_"))}
    path = os.pathsep.join([str(Path(UV).parent), str(python.parent), os.environ["PATH"]])
    done = run(spec, folder, timeout=110, **{**environment, "HOME": os.environ["HOME"], "PATH": path})
    assert done.returncode == 0, done.stderr
    last = json.loads((folder / "out/result.json").read_text())["messages"][-1]
    assert last["content"][0]["text"] == "hello there"
    assert last["stop_reason"] == "endTurn"


# What could only fail once it is paid for is refused.


@pytest.mark.parametrize(
    "words",
    [
        ("--card", "cards"),
        ("--agent-cards=cards/a.md",),
        ("--card", "./cards/"),
        ("--card", "/workspace/cards"),
        ("--prompt-file", "p.md"),
        ("-p", "p.md", "-i", "cards/a.md"),
        ("--card", "https://example.com/card.md"),
        ("-i", "hf://datasets/a/b/x.md"),
        ("--attach", "/data/picture.png"),
        ("--message", "--card", "--results", "nowhere/result.json"),
        ("-m", "-p"),
        ("--card", "."),
    ],
)
def test_a_fast_agent_whose_files_are_there_passes(words):
    files = {"cards/a.md": "x", "p.md": "y"}
    spec = spec_of(command=(*AGENT, *words), packages=("fast-agent-mcp",), files=files)
    assert spec.argv[-len(words) :] == words


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("--card", "card"), "--card"),
        (("--card=cards/b.md",), "--card"),
        (("-p", "/workspace/q.md"), "-p"),
        (("-m", "x", "--json-schema", "schema.json"), "--json-schema"),
    ],
)
def test_a_fast_agent_whose_files_are_missing_is_refused_before_it_costs(words, option):
    with pytest.raises(BadArgument) as caught:
        spec_of(command=(*AGENT, *words), packages=("fast-agent-mcp",), files={"cards/a.md": "x"})
    assert caught.value.field == "files"
    assert f" {option} " in caught.value.message


def test_fast_agent_in_an_image_of_its_own_is_left_alone():
    assert spec_of(command=("fast-agent", "go", "--card", "cards"), image="me/agents:1").kind == "container"


def test_an_address_of_a_script_is_a_command():
    assert spec_of(command=("https://example.com/x.py", "a")).argv[-2:] == ("https://example.com/x.py", "a")


@pytest.mark.parametrize("word", ["/workspace", "/workspace/p.md", "--results=/workspace/r.json"])
def test_a_schedule_takes_no_absolute_path_into_its_workspace(word):
    with pytest.raises(BadArgument) as caught:
        spec_of(command=("echo", word), schedule="@daily")
    assert "HF_JOB_WORKSPACE" in (caught.value.hint or "")
    assert spec_of(command=("echo", word)).schedule is None
    assert spec_of(command=("echo", "/workspace2", "see /workspace"), schedule="@daily").schedule == "@daily"


@pytest.mark.parametrize(
    "arguments",
    [
        {"command": ("python", "train.py"), "files": {"train.py": "x"}},
        {"command": ("python3", "-u", "/workspace/train.py"), "files": {"train.py": "x"}},
        {"command": ("python", "/data/train.py")},
        {"command": ("python", "-c", "print(1)", "gone.py")},
        {"command": ("sh", "-c", "git clone https://x.y/z && sh z/gone.sh")},
        {"command": ("cat", "gone.py")},
        {"command": ("python", "app.py"), "image": "me/app:1"},
        {"command": ("python", "/workspace/train.py"), "image": "python:3.12", "files": {"train.py": "x"}},
        {"command": ("python", "train.py"), "image": "python:3.12", "files": {"train.py": "x"}, "schedule": "@daily"},
    ],
)
def test_a_script_that_may_well_be_there_is_left_alone(arguments):
    assert spec_of(**arguments).command == arguments["command"]
