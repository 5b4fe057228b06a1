"""Configuration files: the variables they put in, and the models that they name for a program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jobs.planning import libraries
from jobs.planning.model_strings import model_secrets
from jobs.planning.need import Need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jobs.commands.calls import ProgramCall

SUFFIXES = (".yaml", ".yml", ".toml", ".json", ".jsonc", ".ini", ".cfg", ".conf")
_NEVER_LOADED = re.compile(
    r"(^|/)(\.github/|\.gitlab-ci|docker-compose|compose\.ya?ml|package(-lock)?\.json|\.pre-commit|tsconfig)"
)
_VARIABLE = re.compile(
    r"\$\{\{?\s*(?:oc\.env:|oc\.decode:\$\{oc\.env:|env:|env\.|ENV:)?\s*([A-Z][A-Z0-9_]*)\s*([,:|-][^}]*)?\}|"
    r"os\.environ/([A-Z][A-Z0-9_]*)|\{\{\s*env(?:\.|\[\s*['\"])([A-Z][A-Z0-9_]*)|"
    r"env_var\(\s*['\"]([A-Z][A-Z0-9_]*)['\"]|(?<![\w$\\])\$([A-Z][A-Z0-9_]*)\b|"
    r"\b(?:api_key_env(?:_var)?|apiKeyEnvar|token_env|key_env|env_key)[\"']?\s*[:=]\s*[\"']?([A-Z][A-Z0-9_]*)"
)
_MODEL_KEYS = frozenset({"model", "model_name", "id", "provider", "providers", "models", "model_id", "judge_model"})


def variables(text: str) -> Iterator[tuple[str, int, bool]]:
    """The variables that a configuration puts in, each with its line and whether it has a default."""
    for number, line in enumerate(text.splitlines(), 1):
        said = line.lstrip()
        if said.startswith(("#", "//", ";")):
            continue
        for found in _VARIABLE.finditer(line):
            yield next(filter(None, (found[1], *found.groups()[2:]))), number, bool(found[2])


def is_loaded(path: str) -> bool:
    """Whether a file may be the configuration of what a job runs, by its name."""
    return path.endswith(SUFFIXES) and not _NEVER_LOADED.search(path)


def models_of(call: ProgramCall, tool: str, usual: str, files: Mapping[str, str]) -> Iterator[Need]:
    """What the models need that a program's configuration names: those among its words, or its `usual` one."""
    words = [word.rpartition("=")[2].removeprefix("/workspace/").removeprefix("./") for word in call.words[1:]]
    named = [word for word in words if word in files and word.endswith(SUFFIXES)] or [usual]
    for path in named if usual else ():
        for model in _models(parsed(files.get(path, ""))):
            for names in model_secrets(model):
                each = names.split("|")
                for name in each:
                    others = tuple(other for other in each if other != name)
                    reason = f"{path}: {tool} with {model}"
                    yield Need(name, reason, "one of" if others else "needed", libraries.CALL, others=others)


def _models(value: Any, depth: int = 0) -> Iterator[str]:
    """Texts under the keys that name models, but for those whose key or address stands beside them."""
    if depth > 8:  # noqa: PLR2004 -- deeper than any configuration
        return
    if isinstance(value, list):
        for each in value:
            yield from _models(each, depth + 1)
    elif isinstance(value, dict) and not value.keys() & {"api_key", "apiKey", "api_base", "base_url", "apiBaseUrl"}:
        for key, inner in value.items():
            if key in _MODEL_KEYS:
                yield from (each for each in (inner if isinstance(inner, list) else [inner]) if isinstance(each, str))
            yield from _models(inner, depth + 1)


def parsed(text: str) -> Any:
    """A YAML or JSON text's value; None where it is none."""
    import yaml  # type: ignore[import-untyped]  # PyYAML ships no types

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def flat(value: Any, prefix: str = "") -> dict[str, str]:
    """Nested settings by their last key, and by their path where they are nested."""
    found: dict[str, str] = {}
    for key, inner in value.items() if isinstance(value, dict) else ():
        name = f"{prefix}{key}"
        if isinstance(inner, dict):
            found.update(flat(inner, f"{name}."))
            continue
        text = ",".join(map(str, inner)) if isinstance(inner, list) else "" if inner is None else str(inner)
        found[name] = text
        found.setdefault(str(key), text)
    return found
