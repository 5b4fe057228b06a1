"""The question in the real fast-agent's form, in a real terminal of 80 x 24: its text, every name's tick, the buttons.

`python -m tests.consent.test_terminal_form` writes what the terminal shows into docs/terminal.md.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from tests.fast_agent_runtime import configuration, python_for_fast_agent
from tests.hub_process import clear, wait_until
from tests.mcp_session import environment

pytestmark = [pytest.mark.fast_agent, pytest.mark.timeout(400)]

TMUX = shutil.which("tmux")
PAGE = Path(__file__).parents[2] / "docs" / "terminal.md"
DRIVER = Path(__file__).with_name("fast_agent_form.py")
VALUES = {
    name: f"value-of-{name.lower()}" for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "HF_TOKEN", "WANDB_API_KEY")
}
COLUMNS, ROWS = 80, 24

TRAIN = """# /// script
# dependencies = ["torch", "requests"]
# ///
import os, requests
key = os.environ["WANDB_API_KEY"]
for epoch in range(3):
    print(epoch)
requests.post("https://api.wandb.ai/x", data=key)
"""
TWO_FILES = {"data.csv": "a,b\n1,2\n", "config.yaml": "lr: 0.1\n"}
AGENT: dict[str, Any] = {"packages": ["fast-agent-mcp"], "python": "3.13"}


def go(*words: str) -> dict[str, Any]:
    return {"command": ["fast-agent", "go", *words, "--results", "result.json"], **AGENT}


ONE, TWO = ["OPENAI_API_KEY"], ["HF_TOKEN", "OPENAI_API_KEY"]
THREE = ["ANTHROPIC_API_KEY", "HF_TOKEN", "OPENAI_API_KEY"]
SHAPES: dict[str, dict[str, Any]] = {
    "an agent, one name": {**go("--model", "gpt-4.1", "--message", "Hello"), "secrets": ONE},
    "an agent, two names": {**go("--models", "gpt-4.1,kimi", "--message", "Summarise the news"), "secrets": TWO},
    "an agent, three names": {**go("--models", "gpt-4.1,kimi,sonnet", "--message", "Summarise"), "secrets": THREE},
    "a card": {
        **go("--card", "cards", "--prompt-file", "task.md"),
        "files": {"cards/me.md": "---\nmodel: sonnet\n---\nBe brief.\n", "task.md": "Say hello.\n"},
        "secrets": ["ANTHROPIC_API_KEY"],
    },
    "a training, a script and two files": {
        "script": TRAIN, "files": TWO_FILES, "secrets": ["WANDB_API_KEY"], "flavor": "a10g-small", "timeout": "2h",
    },
    "a training, two names": {
        "script": TRAIN, "files": TWO_FILES, "secrets": ["HF_TOKEN", "WANDB_API_KEY"], "flavor": "a10g-small",
    },
    "a training, three names": {
        "script": TRAIN, "files": TWO_FILES, "secrets": ["HF_TOKEN", "OPENAI_API_KEY", "WANDB_API_KEY"],
        "flavor": "a10g-small", "timeout": "2h", "name": "train",
    },
    "a container": {
        "command": ["python", "-c", "import os; print(len(os.environ['OPENAI_API_KEY']))"], "image": "python:3.12",
        "secrets": ONE, "env": {"COLOUR": "blue", "LEVEL": "debug"}, "labels": {"team": "a"},
    },
    "a name that nothing uses": {"command": ["echo", "x"], "image": "python:3.12", "secrets": ["ANTHROPIC_API_KEY"]},
    "a long command, three names": {
        "command": ["python", "-c", f"print({'x' * 900!r})"], "image": "python:3.12", "secrets": THREE,
        "env": {f"VARIABLE_{number}": "value" * 5 for number in range(8)},
    },
}  # fmt: skip


class Terminal:
    """A tmux server of our own with one pane."""

    def __init__(self, socket: str) -> None:
        self._socket = socket

    def tmux(self, *words: str) -> str:
        assert TMUX is not None
        done = subprocess.run(
            [TMUX, "-S", self._socket, *words], capture_output=True, text=True, timeout=20, check=True
        )
        return done.stdout

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")


@contextmanager
def terminal(command: list[str], folder: Path) -> Iterator[Terminal]:
    pane = Terminal(str(folder / "tmux"))
    size = ["-x", str(COLUMNS), "-y", str(ROWS)]
    pane.tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", str(folder), *command)
    try:
        yield pane
    finally:
        pane.tmux("kill-server")


def captures(folder: Path) -> dict[str, str]:
    """The screen for each shape, from one fast-agent that asks them one after the other and is told no each time."""
    home = folder / "home"
    home.mkdir()
    configuration(folder, environment(home, HF_JOBS_MCP_ASK="client", **VALUES))
    (folder / "jobs.json").write_text(json.dumps(list(SHAPES.values())))
    python = [find_uv_bin(), "run", "-q", "--no-project", "--python", str(python_for_fast_agent())]
    shown: dict[str, str] = {}
    try:
        with terminal([*python, "--with", "fast-agent-mcp", "python", str(DRIVER)], folder) as pane:
            for shape in SHAPES:
                before = list(shown.values())[-1:]

                def drawn(before: list[str] = before) -> str:
                    # The keys' line is the last thing drawn; the question before has to be gone.
                    screen = pane.screen()
                    there = "Enter submit" in screen and "questions/" in screen
                    return screen if there and _file(screen) not in map(_file, before) else ""

                shown[shape] = wait_until(drawn, seconds=120, pause=0.2)
                pane.tmux("send-keys", "Escape")
    finally:
        clear(home)
    return shown


def _file(screen: str) -> str:
    return screen.partition("questions/")[2][:19]


@pytest.fixture(scope="module")
def screens() -> Iterator[dict[str, str]]:
    if TMUX is None:
        pytest.skip("tmux is not installed")
    with tempfile.TemporaryDirectory(prefix="form-") as folder:
        yield captures(Path(folder))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_text_every_name_and_its_tick_and_the_buttons_are_seen_at_once(screens: dict[str, str], shape: str) -> None:
    screen = screens[shape]
    names = SHAPES[shape]["secrets"]
    assert "Window too small" not in screen
    assert screen.count("[ ] Yes") == len(names), screen
    for name in names:
        assert f"│ {name} - " in screen, screen
    for button in ("Accept", "Decline", "Cancel"):
        assert f"< {button} " in screen.replace("<  ", "< "), screen
    for said in (f"Run this job with {len(names)} secret", "Runs ", "local", "nothing here", "All of it: "):
        assert said in screen, screen


def written(shown: dict[str, str]) -> str:
    parts = [f"## {shape.capitalize()}\n\n```text\n{screen.rstrip()}\n```\n" for shape, screen in shown.items()]
    return (
        "# The question in a terminal\n\n<!-- Written by `python -m tests.consent.test_terminal_form`. -->\n\n"
        f"What the real fast-agent shows at {COLUMNS} x {ROWS}: what runs, where, what it costs at most, each name with why it is "
        "wanted and its tick, the dangers. In a larger terminal the question says more; the file that its last line names "
        "says all.\n\n" + "\n".join(parts)
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="form-") as scratch:
        PAGE.write_text(written(captures(Path(scratch))))
