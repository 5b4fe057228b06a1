"""Which of a job's texts can do anything: prompts to an agent without tools and papers that nothing reads cannot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from consent.wording.excerpt import COMMAND, Text

if TYPE_CHECKING:
    from jobs.commands.fast_agent import FastAgentCall
    from jobs.spec.spec import JobSpec

_SAID = frozenset({"--message", "--instruction", "--prompt", "--system"})
_SAID_IN = frozenset({"--prompt-file", "--json-schema", "--instruction"})
_TOOLS = frozenset(
    """
    --shell --stdio --npx --uvx --url --servers --card-tool --pack --subagents --ptc --skills --skills-dir --plugins
    """.split()  # noqa: SIM905 - reads best as running text
)
_TOOLS_OF_A_CARD = re.compile(
    r"\b(?:shell|servers|tools|function_tools|hooks|tool_hooks|mcp|skills|command|agents)\b\s*[:=]"
)
_PAPER = re.compile(r"\.(?:md|rst|txt)$", re.IGNORECASE)
_READ_BY_TOOLS = re.compile(r"(?:^|/)(?:requirements|constraints)[\w.-]*\.txt$")
_READS_MANY = re.compile(r"\b(?:glob|rglob|listdir|scandir|iterdir|walk)\b|\*\.\w|\bcat\s+\S*\*")


def programs(spec: JobSpec, found: Sequence[Text]) -> list[Text]:
    """The texts that are looked through for dangers, without what is only said to an agent that has no tools."""
    call = _only_agent(spec)
    prompts = set() if call is None else {_tidy(value) for value in call.given(*_SAID_IN)}
    if call is None or _has_tools(call, [text for text in found if text.path not in prompts]):
        return [text for text in found if not _is_idle(text, found)]
    said = [value for name, value in call.options if name in _SAID and len(value) > 1]
    return [
        _without(text, said) if text.path == COMMAND else text
        for text in found
        if text.path not in prompts and not _is_idle(text, found)
    ]


def settings(text: Text, read: str) -> str:
    """What of a text a program takes for settings: of a card what stands between its first lines of dashes."""
    if not text.path.endswith((".md", ".markdown")):
        return read
    return read.partition("\n---")[0] if read.lstrip("\ufeff").startswith("---") else ""


def _only_agent(spec: JobSpec) -> FastAgentCall | None:
    """The one agent that the job is, or None."""
    from jobs.commands.fast_agent import fast_agent_calls

    calls = fast_agent_calls(spec.command)
    is_one = len(calls) == 1 and calls[0].call.words[0] == spec.command[0]
    return calls[0] if is_one and calls[0].subcommand in {"go", "batch run"} else None


def _has_tools(call: FastAgentCall, files: Sequence[Text]) -> bool:
    """Whether an agent can do anything but answer, or whether nobody here can tell."""
    given = {name for name, _ in call.options}
    if (given | set(call.call.words)) & {*_TOOLS, "-x"}:
        return True
    paths = {text.path for text in files}
    folders = {path.rpartition("/")[0] for path in paths}
    named = {_tidy(value) for value in (*call.cards, *call.given("--config-path"))}
    if named - paths - folders:
        return True
    described = (text for text in files if text.path.endswith((".md", ".markdown", ".yaml", ".yml", ".toml")))
    return any(_TOOLS_OF_A_CARD.search(settings(text, text.read)) for text in described)


def _tidy(path: str) -> str:
    return path.removeprefix("/workspace/").removeprefix("./").rstrip("/")


def _without(text: Text, said: Sequence[str]) -> Text:
    data = text.data or ""
    for value in said:
        data = data.replace(value, "...")
    return replace(text, data=data)


def _is_idle(text: Text, found: Sequence[Text]) -> bool:
    """Whether it is a paper whose name no other text of the job says, and that none could find by itself."""
    if (
        not _PAPER.search(text.path)
        or _READ_BY_TOOLS.search(text.path)
        or (text.data or "").startswith(("---", "+++", "#!"))
    ):
        return False
    name = text.path.rpartition("/")[2]
    folder = text.path.rpartition("/")[0].rpartition("/")[2]
    for other in found:
        if other is not text and (
            name in other.read or (folder and folder in other.read) or _READS_MANY.search(other.read)
        ):
            return False
    return True
