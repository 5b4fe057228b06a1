"""What make, just, task, npm and the tasks of Python projects run is read like any other command."""

from __future__ import annotations

import pytest

from jobs.commands.reader import read

HF = ("hf", "upload", "me/x", "out")
JUST = (
    'repo := "me/x"\nmodel := env("MODEL", "kimi")\n\n# says hello\npublish folder="out": build\n'
    "    @hf upload {{repo}} {{folder}}\n\nbuild:\n    echo built\n\n"
    "answer name:\n    fast-agent go --model {{name}} -m hi\n\nscripted:\n    #!/usr/bin/env bash\n    hf upload me/x out\n"
)
TASKS = (
    "version: '3'\nvars: {REPO: me/x}\ntasks:\n  default: [{task: publish}]\n"
    "  build:\n    cmds: [echo built]\n  publish:\n    deps: [build]\n    cmds: ['hf upload {{.REPO}} out']\n"
)
MAKE = "REPO ?= me/y\nFOLDER := out\nall: publish\n%.json: %.md\n\thf upload me/x $* $< $@\npublish:\n\thf upload $(REPO) $(FOLDER)\n"
PROJECT = (
    '[project]\nscripts = {tell = "app.main:run"}\n[tool.poe.tasks]\npublish = "hf upload me/x out"\n'
    'both = ["publish", {cmd = "echo done"}]\n[tool.pixi.tasks]\npublish = {cmd = "hf upload me/x out", depends-on = []}\n'
    '[tool.pdm.scripts]\npublish = {shell = "hf upload me/x out"}\n'
    '[tool.hatch.envs.default.scripts]\npublish = ["echo first", "hf upload me/x out"]\n'
)
FILES = {
    "justfile": JUST,
    "Taskfile.yml": TASKS,
    "Makefile": MAKE,
    "pyproject.toml": PROJECT,
    "package.json": '{"scripts": {"publish": "hf upload me/x", "both": "npm run publish -- out"}}',
    "src/app/main.py": "import subprocess\ncmd = ['hf', 'upload']\ncmd += ['me/x']\nsubprocess.run([*cmd, 'out'])\n",
}


@pytest.mark.parametrize(
    "command",
    [
        ["just"],
        ["just", "publish", "out"],
        ["just", "repo=me/x", "build", "publish"],
        ["just", "scripted"],
        ["task"],
        ["task", "publish", "REPO=me/x"],
        ["make", "REPO=me/x"],
        ["sh", "-c", "REPO=me/x make publish"],
        ["make", "-j", "2", "REPO=me/x", "FOLDER=out", "publish"],
        ["poe", "publish"],
        ["uv", "run", "--with", "poethepoet", "poe", "both"],
        ["pixi", "run", "-e", "default", "publish"],
        ["pdm", "run", "publish"],
        ["hatch", "run", "publish"],
        ["npm", "run", "publish", "--", "out"],
        ["pnpm", "publish", "out"],
        ["npm", "run", "both"],
        ["uv", "run", "tell"],
        ["uvx", "--from", ".", "tell"],
        ["python", "-m", "app.main"],
    ],
)
def test_a_tasks_programs_are_found(command: list[str]) -> None:
    assert HF in [call.words for call in read(command, FILES, cwd="/workspace").calls]


def test_what_the_command_line_sets_outranks_the_file() -> None:
    calls = read(["just", "answer", "haiku"], FILES).calls
    assert ("fast-agent", "go", "--model", "haiku", "-m", "hi") in [call.words for call in calls]
    assert ("hf", "upload", "me/z", "out") in [call.words for call in read(["make", "REPO=me/z"], FILES).calls]
    assert ("hf", "upload", "me/x", "a", "a.md", "a.json") in [
        call.words for call in read(["make", "a.json"], FILES).calls
    ]


def test_a_runner_without_its_file_says_so() -> None:
    assert [each.path for each in read(["just"], {}, cwd="/workspace").missing] == ["justfile"]
    assert read(["pixi", "run", "hf", "upload"], {}).calls[0].words == ("hf", "upload")


def test_words_that_spread_without_end_are_given_up() -> None:
    text = "import subprocess\n" + "\n".join(f"a{n} = [*a{n + 1}] + [*a{n + 1}] * 1" for n in range(30))
    text += "\nx = ['hf']\n" + "x.extend(x)\n" * 200 + "subprocess.run(x)\nsubprocess.run(a0)\n"
    assert read(["python", "t.py"], {"t.py": text}).calls
