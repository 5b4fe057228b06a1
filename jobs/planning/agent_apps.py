"""Programs made with fast-agent's own library: the models, cards and configuration that they name."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.commands.python_names import names_of
from jobs.commands.python_syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FAST_AGENT = re.compile(r"fast_agent(\.|$)")
_AGENTS = frozenset({"agent", "custom", "smart"})
"""Decorators of fast-agent that make an agent which asks a model; workflows ask those of others."""


@dataclass(frozen=True, slots=True)
class AgentApp:
    """A program made with fast-agent: the models its agents name, and how the others get theirs.

    `is_open` says that an agent names none; `takes_arguments` that the program reads `--model` from its command line.
    """

    models: tuple[str, ...]
    is_open: bool
    takes_arguments: bool
    configuration: str | None
    cards: tuple[str, ...] = ()


def agent_app(
    text: str, env: Mapping[str, str] | None = None, arguments: Sequence[str] | None = None
) -> AgentApp | None:
    """The fast-agent program that a Python text is, or None."""
    names = names_of(text, arguments, env)
    if not any(_FAST_AGENT.match(module) for module in names.modules):
        return None
    calls = [node for node in nodes(text) if isinstance(node, ast.Call)]
    models, cards, is_open, app = [], [], False, None
    for node in calls:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        named = [model for key in ("model", "default_model") for model in names.texts(keywords.get(key))]
        models += named
        method = names.dotted(node.func).rpartition(".")[2]
        if method == "FastAgent":
            app = keywords
        elif method in {"load_agents", "load_agents_from_url"} and node.args:
            cards += names.texts(node.args[0])
        is_open = is_open or (method in _AGENTS and not named and "model" not in keywords)
    takes = app is not None and names.constant(app.get("parse_cli_args")) is not False
    configuration = names.text(app.get("config_path")) if app else None
    return AgentApp(tuple(models), is_open, takes, configuration, tuple(cards))
