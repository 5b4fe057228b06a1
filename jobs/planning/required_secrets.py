"""What a job will read: the models its command and cards name, and the variables its texts look up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jobs.display_text import one_line
from jobs.errors import BadArgument
from jobs.planning import fast_agent_cli, python_env
from jobs.secrets.names import is_name, name_says_secret
from jobs.spec import script_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SHELL_READ = re.compile(r"\$(?:\{(?:env:)?([A-Z][A-Z0-9_]*)(?:[:}\-=?+#%/]|$)|([A-Z][A-Z0-9_]*))")


@dataclass(frozen=True)
class Needs:
    """`models` in the order met, likely secrets' `names` with the reasons for each, and other `variables` read."""

    models: tuple[str, ...] = ()
    names: Mapping[str, list[str]] = field(default_factory=dict)
    variables: tuple[str, ...] = ()


def needs(
    command: Sequence[str] | None = None, script: str | None = None, files: Mapping[str, str] | None = None
) -> Needs:
    """Read everything a job is made of and say what it will look for; nothing is run and nothing is refused.

    An agent card's `model:` outranks `--model`, and that the configuration's `default_model`: each counts only where
    those before it leave it open. A name is a likely secret when the uv header lists it, a library is known to need
    it, or the name itself says so.
    """
    files = files or {}
    found = _Found()
    words = list(fast_agent_cli.words_of(command or ()))
    for word in command or ():
        found.read(_shell_names(word), "the command reads ${}")
    cards = fast_agent_cli.cards(words, files)
    settings = fast_agent_cli.configurations(words, files)
    for path, card in (cards | settings).items():
        found.model(card.get("model"), card.get("subagent_model"))
        found.read(_shell_names(files[path]), f"{one_line(path, 80)} reads ${{}}")
    if not cards or any(not isinstance(card.get("model"), str) for card in cards.values()):
        named = [
            model for value in fast_agent_cli.options(words, ("--model", "--models")) for model in value.split(",")
        ]
        found.model(*(named or (one.get("default_model") for one in settings.values())))
    found.model(*fast_agent_cli.options(words, ("--subagent-model",)))
    if script:
        found.python(script, "the script")
    for path, text in files.items():
        if path.endswith(".py"):
            found.python(text, one_line(path, 80))
    return found.needs()


class _Found:
    def __init__(self) -> None:
        self._models: dict[str, None] = {}
        self._names: dict[str, list[str]] = {}
        self._variables: set[str] = set()

    def model(self, *models: object) -> None:
        self._models.update({model.strip(): None for model in models if isinstance(model, str) and _is_model(model)})

    def name(self, name: str, reason: str) -> None:
        reasons = self._names.setdefault(name, [])
        if reason not in reasons:
            reasons.append(reason)

    def read(self, names: Iterable[str], reason: str) -> None:
        for name in names:
            if name_says_secret(name):
                self.name(name, reason.replace("{}", name, 1))
            else:
                self._variables.add(name)

    def python(self, text: str, place: str) -> None:
        reads = python_env.of(text)
        self.model(*reads.models)
        self.read(reads.names, f"{place} reads {{}}")
        for name, reason in reads.implied:
            self.name(name, f"{place} {reason}")
        for name in _header_secrets(text):
            self.name(name, f"{place} lists it in [tool.hf-jobs] secrets")

    def needs(self) -> Needs:
        names = {name: sorted(self._names[name]) for name in sorted(self._names)}
        return Needs(tuple(self._models), names, tuple(sorted(self._variables - names.keys())))


def _is_model(text: str) -> bool:
    """Whether a text can name a model; `$system.default` and its kin stand for one named elsewhere."""
    return bool(text.strip()) and not text.strip().startswith("$")


def _shell_names(text: str) -> list[str]:
    return [found[1] or found[2] for found in _SHELL_READ.finditer(text)]


def _header_secrets(text: str) -> list[str]:
    """Names in a script's `[tool.hf-jobs] secrets`; a header that submitting would refuse lists none."""
    try:
        return [name for name in script_header.read(text).secrets if is_name(name)]
    except BadArgument:
        return []
