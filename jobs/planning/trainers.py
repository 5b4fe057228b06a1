"""What a training program will look for by its options and its configuration files: pushes, reporters, gated models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.planning import configurations, libraries
from jobs.planning.gated_repositories import is_gated
from jobs.planning.need import Need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jobs.commands.calls import ProgramCall

FALSE = frozenset({"false", "none", "no", "0", "off", "null"})

TRAINERS = re.compile(
    r"python|trl|axolotl|axolotl\.cli\.\w+|accelerate|torchrun|deepspeed|unsloth|unsloth-cli|autotrain|llamafactory-cli|"
    r"lerobot-\w+|lerobot\.\w+(\.\w+)*|sentence-transformers|alignment|tune|litgpt|swift|torch\.distributed\.\w+|"
    r"accelerate\.commands\.launch|trl\.\w+(\.\w+)*|open-instruct|oumi|nanotron|distilabel|setfit|diffusers-cli",
)
"""Programs whose options and YAML files are read as a training script's: `--push_to_hub`, `--report_to wandb` …"""

_ON_THE_HUB = (
    "model_name_or_path",
    "base_model",
    "model_name",
    "model_id",
    "dataset_name",
    "pretrained_model_name_or_path",
    "teacher_model_name_or_path",
    "reward_model_path",
    "model",
    "pretrained",
    "tokenizer",
    "policy.path",
    "dataset.repo_id",
    "dataset",
)
_REPOSITORIES = ("hub_model_id", "hub_repo_id", "export_hub_model_id", "policy.repo_id")
_CONFIGS = (".yaml", ".yml", ".json", ".toml")


def needs(call: ProgramCall, options: Sequence[tuple[str, str]], files: Mapping[str, str]) -> Iterator[Need]:
    """What one call of a trainer needs; nothing for other programs."""
    if not TRAINERS.fullmatch(call.program):
        return
    yield from _settings({name.lstrip("-").replace("-", "_"): value for name, value in options}, call.place, call.env)
    for word in call.words[1:]:
        path = word.rpartition("=")[2].removeprefix("/workspace/").removeprefix("./")
        if path.endswith(_CONFIGS) and path in files:
            yield from _settings(configurations.flat(configurations.parsed(files[path])), path, call.env)


def gated(value: str, place: str) -> Iterator[Need]:
    """The token for a repository that a value names, where its licence has to be accepted first."""
    for part in re.split(r"[,=\s:]", value):
        if is_gated(part):
            yield Need("HF_TOKEN", f"{place}: {part} is gated", "needed", "read a gated repository", "read")


def _settings(settings: Mapping[str, str], place: str, env: Mapping[str, str]) -> Iterator[Need]:
    """A trainer's settings, however they were given."""
    push = settings.get("push_to_hub", settings.get("policy.push_to_hub", settings.get("dataset.push_to_hub")))
    where = f"{place}: "
    named = next(
        (key for key in ("hub_model_id", "hub_repo_id", "export_hub_model_id", "policy.repo_id") if settings.get(key)),
        None,
    )
    if push is not None and push.lower() not in FALSE:
        yield Need("HF_TOKEN", f"{where}push_to_hub", "needed", libraries.PUSH, "write")
    elif named and push is None and settings[named].lower() not in FALSE:
        yield Need("HF_TOKEN", f"{where}{named}", "needed", libraries.PUSH, "write")
    if settings.get("trackio_space_id") or (env.get("TRACKIO_SPACE_ID") and "trackio" in settings.get("report_to", "")):
        yield Need("HF_TOKEN", f"{where}trackio's Space", "needed", libraries.LOG, "write")
    silent = env.get("WANDB_MODE") in {"offline", "disabled"} or settings.get("wandb_mode") in {"offline", "disabled"}
    reporters = re.split(
        r"[,\s\[\]'\"]+", settings.get("report_to", settings.get("report_to_all", "")) or settings.get("log_with", "")
    )
    wandb = (
        settings.get("wandb_project")
        or settings.get("use_wandb")
        or settings.get("wandb.enable")
        or settings.get("wandb")
    )
    if wandb and wandb.lower() not in FALSE:
        reporters.append("wandb")
    for reporter in dict.fromkeys(reporters):
        for name in () if silent and reporter == "wandb" else libraries.REPORTERS.get(reporter, ()):
            yield Need(name, f"{where}report_to {reporter}", "needed", libraries.LOG)
    for key in _ON_THE_HUB:
        yield from gated(settings.get(key, ""), place)
    if settings.get("use_auth_token", "").lower() == "true" or settings.get("hf_use_auth_token", "").lower() == "true":
        yield Need("HF_TOKEN", f"{where}use_auth_token", "needed", libraries.READ, "read")
