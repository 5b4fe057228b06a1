"""What a fast-agent call loads: agent cards, configuration, the models they name, and the servers they start."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jobs.planning import libraries
from jobs.planning.need import Need
from jobs.secrets.names import name_says_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jobs.commands.fast_agent import FastAgentCall

_CARD_SUFFIXES = (".md", ".markdown", ".yaml", ".yml")
_CARD_FOLDERS = (".fast-agent/agent-cards", ".fast-agent/tool-cards")
_CONFIG_NAMES = ("fast-agent.yaml", "fastagent.config.yaml", "fast-agent.secrets.yaml", "fastagent.secrets.yaml")
_CONFIG_FOLDERS = ("", ".fast-agent/")
_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(:[^}]*)?\}")
_ADDRESSES = ("https://", "http://", "file://", "hf://", "git+")
_LOCAL = re.compile(r"(localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker\.internal|10\.|192\.168\.)")


@dataclass(slots=True)
class Loaded:
    """What one call loads. `models` are those that will be asked, in the order met, each with who names it."""

    models: dict[str, str] = field(default_factory=dict)
    needs: list[Need] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)


def loaded(call: FastAgentCall, files: Mapping[str, str]) -> Loaded:
    """Read everything that a call loads from `files`, by the order that fast-agent 0.10.48 keeps.

    A card's `model:` outranks `--model`, that the configuration's `default_model`, and that FAST_AGENT_MODEL;
    `$system.NAME` stands for an entry of `model_references`.
    """
    found = Loaded()
    place = call.call.place
    if call.subcommand == "export" and call.given("--hf-url", "--hf-dataset"):
        found.needs.append(Need("HF_TOKEN", f"{place}: fast-agent export", use=libraries.PUSH, access="write"))
    if not call.runs_agents:
        return found
    cards = _cards(call, files, found)
    _settings(call, files, found)
    found.needs += _servers(found.settings, call)
    references = found.settings.get("model_references")
    references = references if isinstance(references, dict) else {}
    for model, who in _models(call, cards, found.settings):
        if (resolved := _resolve(model, references)) is not None:
            found.models.setdefault(resolved, who)
        else:
            found.unread.append(f"the model reference in {who}, which nothing among files defines")
    if call.subcommand == "batch run":
        _batch(call, found)
    return found


def _settings(call: FastAgentCall, files: Mapping[str, str], found: Loaded) -> None:
    for path in _config_paths(call, files):
        if (one := front_matter(PurePosixPath(path), files[path])) is not None:
            found.settings = _merged(found.settings, one)
            found.read.append(path)
            _variables(files[path], path, found)
    for value in call.given("--config-path"):
        if value.startswith(_ADDRESSES):
            found.unread.append(f"a configuration at {_host(value)}, which is fetched when the job runs")


def _models(
    call: FastAgentCall, cards: Mapping[str, Mapping[str, Any]], settings: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """The models that will be asked, each with who names it; in `batch run`, `--model` outranks the card."""
    named = [(model, f"{call.call.place}: --model") for model in call.models]
    default = [(str(settings["default_model"]), "default_model")] if settings.get("default_model") else []
    environment = call.call.env.get("FAST_AGENT_MODEL")
    fallback = named or default or ([(environment, "FAST_AGENT_MODEL")] if environment else [])
    overridden = call.subcommand == "batch run" and bool(named)
    is_open = not cards or overridden
    for path, card in cards.items():
        model = card.get("model")
        if not isinstance(model, str) or not model.strip() or model.strip() == "$system.default":
            is_open = True
        elif not overridden:
            yield model, path
        if isinstance(sub := card.get("subagent_model"), str):
            yield sub, path
    if is_open:
        yield from fallback
    yield from ((model, "--subagent-model") for model in call.given("--subagent-model"))


def _batch(call: FastAgentCall, found: Loaded) -> None:
    place = call.call.place
    if call.given("--hf-dataset"):
        found.needs.append(Need("HF_TOKEN", f"{place}: batch run --hf-dataset", use=libraries.PUSH, access="write"))
    if call.given("--trackio-space-id"):
        found.needs.append(Need("HF_TOKEN", f"{place}: --trackio-space-id", use=libraries.LOG, access="write"))


def _resolve(model: str, references: Mapping[str, Any], steps: int = 5) -> str | None:
    """A model's own name for a reference such as `$system.fast`; None when nobody defines it."""
    model = model.strip()
    while model.startswith("$") and steps:
        group, _, name = model[1:].partition(".")
        entries = references.get(group)
        value = entries.get(name) if isinstance(entries, dict) else None
        if not isinstance(value, str):
            return None
        model, steps = value.strip(), steps - 1
    return model or None


def _cards(call: FastAgentCall, files: Mapping[str, str], found: Loaded) -> dict[str, dict[str, Any]]:
    """The cards that the call loads, by path: those named, with the folders they lie in, or the usual folders."""
    named = []
    for value in call.cards:
        if value.startswith(_ADDRESSES):
            found.unread.append(f"a card at {_host(value)}, which is fetched when the job runs")
        else:
            named.append(call.in_workspace(value) or posixpath.normpath(value))
    found.unread += [f"the pack {pack}, which is installed when the job runs" for pack in call.given("--pack")]
    home = call.given("--home")[-1:]
    usual = [f"{call.in_workspace(each) or each}/{kind}" for each in home for kind in ("agent-cards", "tool-cards")]
    isolated = {name for name, _ in call.options} & {"--no-home", "--noenv", "--isolated"}
    wanted = {PurePosixPath(folder) for folder in (*named, *(() if isolated else (*usual, *_CARD_FOLDERS)))}
    cards: dict[str, dict[str, Any]] = {}
    for path, text in files.items():
        where = PurePosixPath(posixpath.normpath(path))
        everything = PurePosixPath() in wanted and len(where.parts) == 1
        if where.suffix.lower() not in _CARD_SUFFIXES or not ({where, where.parent} & wanted or everything):
            continue
        if (card := front_matter(where, text)) is not None:
            cards[path] = card
            found.read.append(path)
            _variables(text, path, found)
    return cards


def _config_paths(call: FastAgentCall, files: Mapping[str, str]) -> Iterator[str]:
    named = [call.in_workspace(value) or value for value in call.given("--config-path")]
    folders = [*_CONFIG_FOLDERS, *(f"{call.in_workspace(each) or each}/" for each in call.given("--home"))]
    wanted = [*(folder + name for folder in folders for name in _CONFIG_NAMES), *named]
    tidy = {posixpath.normpath(path): path for path in files}
    yield from dict.fromkeys(tidy[path] for path in wanted if path in tidy)


def _servers(settings: Mapping[str, Any], call: FastAgentCall) -> Iterator[Need]:
    """Servers that know the Hub's token by themselves: fast-agent sends it to addresses of huggingface.co."""
    servers = settings.get("mcp", {}).get("servers", {}) if isinstance(settings.get("mcp"), dict) else {}
    only = {name.strip() for value in call.given("--servers") for name in value.split(",")}
    for name, server in servers.items() if isinstance(servers, dict) else ():
        address = server.get("url") if isinstance(server, dict) else None
        if isinstance(address, str) and (not only or name in only) and is_hub(address) and not server.get("headers"):
            yield Need("HF_TOKEN", f"the MCP server {name} is the Hub's", "probably", libraries.TOOL, "read")
    for value in call.given("--url"):
        if any(is_hub(each) for each in value.split(",")) and not call.given("--auth"):
            yield Need("HF_TOKEN", f"{call.call.place}: --url is the Hub's", "probably", libraries.TOOL, "read")


def is_hub(address: str) -> bool:
    """Whether an address is one that fast-agent sends the Hub's token to by itself."""
    host = urlsplit(address.strip()).hostname or ""
    return host in {"huggingface.co", "hf.co"} or host.endswith((".huggingface.co", ".hf.co"))


def is_local(address: object) -> bool:
    """Whether a `base_url` is a server on the machine or network that the job runs on."""
    return isinstance(address, str) and _LOCAL.match(urlsplit(address).netloc) is not None


def _variables(text: str, path: str, found: Loaded) -> None:
    """`${X}` in a card or a configuration, which fast-agent puts in from its environment."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for name, default in _VARIABLE.findall(line):
            if not name_says_secret(name):
                found.variables.append(name)
            elif name.isupper():
                reason = f"{path}, line {number}: ${{{name}}}"
                found.needs.append(Need(name, reason, "optional" if default else "needed", "configuration"))


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {
        **one,
        **{
            key: _merged(one[key], value) if isinstance(value, dict) and isinstance(one.get(key), dict) else value
            for key, value in other.items()
        },
    }


def _host(address: str) -> str:
    return address.partition("://")[0] + "://"


def front_matter(path: PurePosixPath, text: str) -> dict[str, Any] | None:
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
