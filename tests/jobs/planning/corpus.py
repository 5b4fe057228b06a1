"""The corpus of scripts and command lines, each with the names that running it needs, and how well they are found.

Both files are plain text. A block begins with `===` and the names (`A|B` is one of the two). A script's has its own
name before a colon; a command's continues with its words, `env: {…}` for plain variables, and `--- path` for files.
"""

from __future__ import annotations

import json
import re
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

    def found(self) -> set[str]:
        """The names that are more than optional, with those of the models by the built-in table."""
        found = needs(self.command, self.script, self.files, env=self.env)
        plans = [from_table(model) for model in found.models]
        return {one.name for one in found.candidates(plans) if one.confidence != "optional"}

    def judged(self) -> tuple[set[str], set[str]]:
        """What is missing and what is too much."""
        found = self.found()
        groups = [set(group.split("|")) for group in self.needed]
        missing = {"|".join(sorted(group)) for group in groups if not group & found}
        return missing, found - set().union(*groups)


def scripts() -> list[Case]:
    cases = []
    for block in re.split(r"(?m)^=== ", (FOLDER / "scripts.txt").read_text())[1:]:
        head, _, text = block.partition("\n")
        name, _, needed = head.partition(":")
        cases.append(Case(name, tuple(needed.split()), script=text))
    return cases


def command_lines() -> list[Case]:
    cases = []
    for number, block in enumerate(re.split(r"(?m)^===", (FOLDER / "commands.txt").read_text())[1:], 1):
        head, _, rest = block.partition("\n")
        body, *parts = re.split(r"(?m)^--- (?=\S)", rest)
        command, *more = body.strip().splitlines()
        env = next((json.loads(line[5:]) for line in more if line.startswith("env: ")), {})
        files = dict(part.partition("\n")[::2] for part in parts)
        needed = tuple(name for name in head.split() if not (more and f"vars: {name}" in more))
        cases.append(Case(f"{number}: {command[:60]}", needed, command=json.loads(command), files=files, env=env))
    return cases
