"""What a job will read: the models its command and cards name, and the variables its texts look up."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from jobs import python_reads
from jobs.untrusted import one_line
from jobs.vault import name_says_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
_SHELL_READ = re.compile(r"\$(?:\{(?:env:)?([A-Z][A-Z0-9_]*)(?:[:}\-=?+#%/]|$)|([A-Z][A-Z0-9_]*))")
_HEADER = re.compile(r"(?m)^# /// script\r?$\n((?:^#(?: .*)?\r?$\n)+?)^# ///\r?$")

_MODEL_OPTIONS = ("--model", "--models")
_CARD_OPTIONS = ("--card", "--agent-cards", "--card-tool")
_CARD_SUFFIXES = (".md", ".markdown", ".yaml", ".yml")
_IMPLIED_CARDS = (".fast-agent/agent-cards", ".fast-agent/tool-cards")


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

    An agent card's `model:` outranks `--model`, so `--model` counts only where a card leaves it open or there is none.
    A name is a likely secret when the uv header lists it, a library is known to need it, or the name itself says so.
    """
    files = files or {}
    found = _Found()
    words = list(_words(command or ()))
    for word in command or ():
        found.read(_shell_names(word), "the command reads ${}")
    cards = _cards(words, files)
    for path, card in cards.items():
        found.model(card.get("model"), card.get("subagent_model"))
        found.read(_shell_names(files[path]), f"{one_line(path, 80)} reads ${{}}")
    if not cards or any(not isinstance(card.get("model"), str) for card in cards.values()):
        found.model(*(model for value in _options(words, _MODEL_OPTIONS) for model in value.split(",")))
    found.model(*_options(words, ("--subagent-model",)))
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
        self._models.update({model.strip(): None for model in models if isinstance(model, str) and model.strip()})

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
        reads = python_reads.of(text)
        self.model(*reads.models)
        self.read(reads.names, f"{place} reads {{}}")
        for name, reason in reads.implied:
            self.name(name, f"{place} {reason}")
        for name in _header_secrets(text):
            self.name(name, f"{place} lists it in [tool.hf-jobs] secrets")

    def needs(self) -> Needs:
        names = {name: sorted(self._names[name]) for name in sorted(self._names)}
        return Needs(tuple(self._models), names, tuple(sorted(self._variables - names.keys())))


def _words(command: Sequence[str]) -> Iterator[str]:
    """The command's words; a shell line among them is split, when it is one that names fast-agent."""
    for word in command:
        if " " in word and "fast-agent" in word:
            try:
                yield from shlex.split(word)
            except ValueError:
                yield from word.split()
        else:
            yield word


def _options(words: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """Values of the options of a `fast-agent` command, as `--name value` and `--name=value`."""
    start = next((place for place, word in enumerate(words) if PurePosixPath(word).name == "fast-agent"), len(words))
    rest = list(words[start:])
    for place, word in enumerate(rest):
        name, equals, value = word.partition("=")
        if name in names:
            if equals:
                yield value
            elif place + 1 < len(rest):
                yield rest[place + 1]


def _cards(words: Sequence[str], files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The agent cards among `files` that the command loads, by path: those named, or fast-agent's usual folders."""
    if not any(PurePosixPath(word).name == "fast-agent" for word in words):
        return {}
    named = [value.removeprefix("/workspace/") for value in _options(words, _CARD_OPTIONS)]
    wanted = {PurePosixPath(folder) for folder in (*named, *_IMPLIED_CARDS)}
    cards: dict[str, dict[str, Any]] = {}
    for path, text in files.items():
        place = PurePosixPath(path)
        if place.suffix.lower() not in _CARD_SUFFIXES or not {place, place.parent} & wanted:
            continue
        if (card := _front_matter(place, text)) is not None:
            cards[path] = card
    return cards


def _front_matter(path: PurePosixPath, text: str) -> dict[str, Any] | None:
    """A card's settings: a YAML file's whole, or what stands between `---` (YAML) or `+++` (TOML) lines; else None."""
    import tomllib

    import yaml  # type: ignore[import-untyped]  # PyYAML ships no types

    text = text.lstrip("\ufeff")
    try:
        if path.suffix.lower() in {".yaml", ".yml"}:
            card = yaml.safe_load(text)
        else:
            fence = text.lstrip()[:3]
            if fence not in {"---", "+++"}:
                return None
            body = re.split(rf"(?m)^{re.escape(fence)}\s*$", text, maxsplit=2)
            if len(body) < 3:  # noqa: PLR2004 -- before, between and after two fences
                return None
            card = yaml.safe_load(body[1]) if fence == "---" else tomllib.loads(body[1])
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError):
        return None
    return card if isinstance(card, dict) else None


def _shell_names(text: str) -> list[str]:
    return [found[1] or found[2] for found in _SHELL_READ.finditer(text)]


def _header_secrets(text: str) -> list[str]:
    """Names in a script's `[tool.hf-jobs] secrets`; a broken header lists none."""
    import tomllib

    found = _HEADER.search(text)
    if not found:
        return []
    lines = (line[2:] if line.startswith("# ") else line[1:] for line in found[1].splitlines())
    try:
        listed = tomllib.loads("\n".join(lines)).get("tool", {}).get("hf-jobs", {}).get("secrets", [])
    except (tomllib.TOMLDecodeError, AttributeError):
        return []
    return [name for name in listed if isinstance(name, str) and _NAME.fullmatch(name)]
