"""The words in a rule's advice that depend on the job: which flavor is larger, which has a GPU, what they cost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.spec import cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.client.models import Hardware, Job

_SHOWN = 3
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Flavors:
    """The hub's flavors, as far as a sentence needs them."""

    hardware: Sequence[Hardware] = ()

    def named(self, item: Hardware) -> str:
        """`a10g-large (24 GB, $1.50/h)`."""
        price = cost.prices(tuple(self.hardware)).get(item.name)
        memory = item.accelerator.vram if item.accelerator else item.ram
        parts = [memory, f"${price.hourly_usd:.2f}/h" if price else ""]
        return f"{item.name} ({', '.join(part for part in parts if part)})"

    def cheapest(self, items: Sequence[Hardware]) -> list[Hardware]:
        table = cost.prices(tuple(self.hardware))
        return sorted(items, key=lambda item: table[item.name].hourly_usd if item.name in table else 1e9)

    def rentable(self) -> list[Hardware]:
        """All but those without a price, which are lent for moments or not offered."""
        table = cost.prices(tuple(self.hardware))
        return [item for item in self.hardware if item.name not in table or table[item.name].hourly_usd > 0]

    def with_gpu(self) -> list[Hardware]:
        return self.cheapest([item for item in self.rentable() if item.accelerator and item.accelerator.type == "gpu"])

    def of(self, name: str | None) -> Hardware | None:
        return next((item for item in self.hardware if item.name == name), None)

    def larger(self, name: str | None, *, gpu: bool) -> Hardware | None:
        """The cheapest flavor with more memory than this one: of its GPUs together, or its own."""
        size = _vram if gpu else _ram
        mine = self.of(name)
        like = self.with_gpu() if gpu or (mine and mine.accelerator) else self.rentable()
        if mine and not gpu and not mine.accelerator:
            like = [item for item in like if not item.accelerator]
        fit = [item for item in like if size(item) > (size(mine) if mine else 0)]
        found = self.cheapest(fit)
        return found[0] if found else None


def words(job: Job, hardware: Sequence[Hardware], name: str | None) -> dict[str, str]:
    """What `{…}` in a rule's summary and advice stands for."""
    flavors = Flavors(hardware)
    larger, larger_gpu = flavors.larger(job.flavor, gpu=False), flavors.larger(job.flavor, gpu=True)
    gpus = [flavors.named(item) for item in flavors.with_gpu()[:_SHOWN]]
    repository = name if name and "/" in name else "…"
    return {
        "name": name or "it",
        "of_name": f" ({name})" if name else "",
        "under_name": f" (namespace {name})" if name else "",
        "repo": repository,
        "flavor": job.flavor or "this flavor",
        "larger": f"the next larger flavor, {flavors.named(larger)}"
        if larger
        else "a flavor with more memory (list_hardware)",
        "larger_gpu": f"the next larger GPU, {flavors.named(larger_gpu)}"
        if larger_gpu
        else "a GPU with more memory (list_hardware)",
        "gpus": ", ".join(gpus) if gpus else "list_hardware(gpu=true) has them",
        "hub_token": "whose HF_TOKEN this job has, and let the token read gated repositories"
        if has_hub_token(job)
        else "and add HF_TOKEN to secrets",
    }


def has_hub_token(job: Job) -> bool:
    names = {*job.secrets, *job.environment}
    return bool(names & {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACEHUB_API_TOKEN"})


def _ram(item: Hardware) -> float:
    return _number(item.ram)


def _vram(item: Hardware) -> float:
    if item.accelerator is None:
        return 0.0
    return _number(item.accelerator.vram)


def _number(text: str) -> float:
    found = _NUMBER.search(text or "")
    return float(found[0]) if found else 0.0
