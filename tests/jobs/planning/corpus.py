"""The corpus of scripts and command lines, each with the names that running it needs, and how well they are found.

The files are plain text. Those that begin with `held_out` were written after the tables and before they were read;
what `asked` says is what the libraries asked for when they were run without it (`bench/asked.py`). A block begins with `===` and the names (`A|B` is one of the two). A script's has its own
name before a colon; a command's continues with its words, `env: {…}` for plain variables, and `--- path` for files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from jobs.planning.model_table import from_table
from jobs.planning.required_secrets import needs

FOLDER = Path(__file__).with_name("corpus")


@dataclass(frozen=True)
class Case:
    name: str
    needed: tuple[str, ...]
    script: str | None = None
    command: list[str] | None = None
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    def found(self, *, optional: bool = False) -> set[str]:
        """The names that are more than optional, or all, with those of the models by the built-in table."""
        found = needs(self.command, self.script, self.files, env=self.env)
        plans = [from_table(model) for model in found.models]
        return {one.name for one in found.candidates(plans) if optional or one.confidence != "optional"}

    def judged(self) -> tuple[set[str], set[str]]:
        """What is missing and what is too much."""
        found = self.found()
        groups = [set(group.split("|")) for group in self.needed]
        missing = {"|".join(sorted(group)) for group in groups if not group & found}
        return missing, found - set().union(*groups)


def scripts(file: str = "scripts") -> list[Case]:
    cases = []
    for block in re.split(r"(?m)^=== ", (FOLDER / f"{file}.txt").read_text())[1:]:
        head, _, text = block.partition("\n")
        name, _, needed = head.partition(":")
        cases.append(Case(name, tuple(needed.split()), script=text))
    return cases


def command_lines(file: str = "commands") -> list[Case]:
    cases = []
    for number, block in enumerate(re.split(r"(?m)^===", (FOLDER / f"{file}.txt").read_text())[1:], 1):
        head, _, rest = block.partition("\n")
        body, *parts = re.split(r"(?m)^--- (?=\S)", rest)
        command, *more = body.strip().splitlines()
        env = next((json.loads(line[5:]) for line in more if line.startswith("env: ")), {})
        files = dict(part.partition("\n")[::2] for part in parts)
        needed = tuple(name for name in head.split() if not (more and f"vars: {name}" in more))
        cases.append(Case(f"{number}: {command[:60]}", needed, command=json.loads(command), files=files, env=env))
    return cases


@dataclass(frozen=True)
class Figures:
    """How well the names of some cases are found."""

    cases: int
    names: int
    precision: float
    recall: float
    misses: tuple[str, ...]

    @classmethod
    def of(cls, cases: list[Case]) -> Figures:
        needed = right = extra = 0
        misses = []
        for case in cases:
            missing, more = case.judged()
            needed += len(case.needed)
            right += len(case.needed) - len(missing)
            extra += len(more)
            if missing or more:
                names = ", ".join(sorted(missing)) or "-", ", ".join(sorted(more)) or "-"
                misses.append(f"{case.name}: missing {names[0]}, extra {names[1]}")
        return cls(len(cases), needed, right / (right + extra), right / needed, tuple(misses))


ALL: tuple[tuple[str, Callable[[], list[Case]]], ...] = (
    ("scripts", scripts),
    ("command lines", command_lines),
    ("scripts, held out", lambda: scripts("held_out_scripts")),
    ("command lines, held out", lambda: command_lines("held_out_commands")),
    ("scripts, held out again", lambda: scripts("today_scripts")),
    ("command lines, held out again", lambda: command_lines("today_commands")),
    ("scripts, from outside", lambda: scripts("outside_scripts")),
    ("command lines, from outside", lambda: command_lines("outside_commands")),
    ("scripts, from outside again", lambda: scripts("outside_again_scripts")),
    ("command lines, from outside again", lambda: command_lines("outside_again_commands")),
    ("libraries, by what they ask for", lambda: scripts("asked")),
)
AT_FIRST = (
    "precision 1.000 and recall 0.786 for the scripts (33 of 42 names; six texts of four kinds: an enum's value, "
    "a router's list of models, files at `hf://`, files at `s3://`), and 1.000 and 1.000 for the command lines. "
    "Those held out again were written anew and read once in the same way: precision 0.948 and recall 0.902 for the "
    "scripts (a list of words kept in a variable, a settings class's aliases, a client given an address by position, "
    "crewai, other models of pydantic-ai), and 1.000 and 0.879 for the command lines (variables given to make, just, "
    "npx, an image's entry point, a program made with fast-agent that is given --model, lerobot, a recipe by address). "
    "Those from outside began as 230 files and lines of public documentation and repositories, whole: precision 0.957 "
    "and recall 0.772 at first (Node, Go and six other languages, configuration files that put variables in, branches "
    "never taken, keys that a text does without, options' defaults, model overlays, command-line tools without a row). "
    "After that was mended another 111, collected by whoever mended: precision 0.899 and recall 0.789 at first (models that a "
    "service runs under a gated name, agents with a provider of their own, variables that a test sets, clients and "
    "tools without a row, lines that `read` takes, words that `parallel` hands to a shell). What stands here was "
    "written anew in their shapes."
)
