"""A `fast-agent` command as version 0.10.48 reads it: its options, and the agent cards and configuration it loads."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CARD_OPTIONS = ("--card", "--agent-cards", "--card-tool")
_CARD_SUFFIXES = (".md", ".markdown", ".yaml", ".yml")
_CARD_FOLDERS = (".fast-agent/agent-cards", ".fast-agent/tool-cards")
_CONFIG_OPTIONS = ("--config-path", "-c")
_CONFIG_NAMES = ("fast-agent.yaml", "fastagent.config.yaml", "fast-agent.secrets.yaml", "fastagent.secrets.yaml")
_CONFIG_FOLDERS = ("", ".fast-agent/")


def words_of(command: Sequence[str]) -> Iterator[str]:
    """The command's words; a shell line among them is split, when it is one that names fast-agent."""
    for word in command:
        if " " in word and "fast-agent" in word:
            try:
                yield from shlex.split(word)
            except ValueError:
                yield from word.split()
        else:
            yield word


def options(words: Sequence[str], names: Sequence[str]) -> Iterator[str]:
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


def cards(words: Sequence[str], files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The agent cards among `files` that the command loads, by path: those named, or fast-agent's usual folders."""
    if not _names_fast_agent(words):
        return {}
    named = [value.removeprefix("/workspace/") for value in options(words, _CARD_OPTIONS)]
    wanted = {PurePosixPath(folder) for folder in (*named, *_CARD_FOLDERS)}
    found: dict[str, dict[str, Any]] = {}
    for path, text in files.items():
        place = PurePosixPath(path)
        if place.suffix.lower() not in _CARD_SUFFIXES or not {place, place.parent} & wanted:
            continue
        if (card := _front_matter(place, text)) is not None:
            found[path] = card
    return found


def configurations(words: Sequence[str], files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The configuration and secrets files among `files` that the command loads, by path."""
    if not _names_fast_agent(words):
        return {}
    wanted = {value.removeprefix("/workspace/") for value in options(words, _CONFIG_OPTIONS)}
    wanted |= {folder + name for folder in _CONFIG_FOLDERS for name in _CONFIG_NAMES}
    read = {path: _front_matter(PurePosixPath(path), files[path]) for path in files if path in wanted}
    return {path: settings for path, settings in read.items() if settings is not None}


def _names_fast_agent(words: Sequence[str]) -> bool:
    return any(PurePosixPath(word).name == "fast-agent" for word in words)


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
