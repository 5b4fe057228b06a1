"""The flavors of Hugging Face Jobs: what each is and what it costs there.

Names, sizes and prices are those of the Hub's documentation (`docs/hub/jobs-pricing` and the table that
``hf jobs hardware`` prints), read on 2026-11-21. A job on the local hub costs nothing; the prices let a
plan be worked out before it is sent to the Hub.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

DEFAULT_FLAVOR = "cpu-basic"


@dataclass(frozen=True)
class Accelerator:
    """The GPUs of a flavor, `vram_gb` being all of them together."""

    model: str
    quantity: int
    vram_gb: int


@dataclass(frozen=True)
class Flavor:
    """One kind of machine. `cents_per_hour` is the Hub's price."""

    name: str
    pretty_name: str
    cpus: int
    ram_gb: int
    storage_gb: int
    cents_per_hour: int
    accelerator: Accelerator | None = None

    @property
    def micro_usd_per_minute(self) -> int:
        return round(self.cents_per_hour * 10_000 / 60)

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``GET /api/jobs/hardware``."""
        accelerator = self.accelerator and {
            "type": "gpu",
            "model": self.accelerator.model,
            "quantity": str(self.accelerator.quantity),
            "vram": f"{self.accelerator.vram_gb} GB",
            "manufacturer": "Nvidia",
        }
        return {
            "name": self.name,
            "prettyName": self.pretty_name,
            "cpu": f"{self.cpus} vCPU",
            "ram": f"{self.ram_gb} GB",
            "ephemeralStorage": f"{self.storage_gb} GB",
            "accelerator": accelerator,
            "unitCostMicroUSD": self.micro_usd_per_minute,
            "unitCostUSD": self.micro_usd_per_minute / 1_000_000,
            "unitLabel": "minute",
        }


def _gpu(name: str, pretty: str, size: tuple[int, int, int], cents: int, gpu: tuple[str, int, int]) -> Flavor:
    return Flavor(name, pretty, *size, cents, Accelerator(*gpu))


FLAVORS: tuple[Flavor, ...] = (
    Flavor("cpu-basic", "CPU Basic", 2, 16, 50, 1),
    Flavor("cpu-upgrade", "CPU Upgrade", 8, 32, 50, 3),
    Flavor("cpu-performance", "CPU Performance", 32, 256, 1024, 190),
    Flavor("cpu-xl", "CPU XL", 16, 124, 1000, 100),
    _gpu("t4-small", "Nvidia T4 - small", (4, 15, 50), 40, ("T4", 1, 16)),
    _gpu("t4-medium", "Nvidia T4 - medium", (8, 30, 100), 60, ("T4", 1, 16)),
    _gpu("a10g-small", "Nvidia A10G - small", (4, 15, 110), 100, ("A10G", 1, 24)),
    _gpu("a10g-large", "Nvidia A10G - large", (12, 46, 200), 150, ("A10G", 1, 24)),
    _gpu("a10g-largex2", "2x Nvidia A10G - large", (24, 92, 1000), 300, ("A10G", 2, 48)),
    _gpu("a10g-largex4", "4x Nvidia A10G - large", (48, 184, 2000), 500, ("A10G", 4, 96)),
    _gpu("a100-large", "Nvidia A100 - large", (12, 142, 1000), 250, ("A100", 1, 80)),
    _gpu("a100x4", "4x Nvidia A100", (48, 568, 4000), 1000, ("A100", 4, 320)),
    _gpu("a100x8", "8x Nvidia A100", (96, 1136, 8000), 2000, ("A100", 8, 640)),
    _gpu("h200", "Nvidia H200", (23, 256, 3000), 500, ("H200", 1, 141)),
    _gpu("h200x2", "Nvidia H200", (46, 512, 6000), 1000, ("H200", 2, 282)),
    _gpu("h200x4", "Nvidia H200", (92, 1024, 12000), 2000, ("H200", 4, 564)),
    _gpu("h200x8", "Nvidia H200", (184, 2048, 24000), 4000, ("H200", 8, 1128)),
    _gpu("rtx-pro-6000", "Nvidia RTX PRO 6000", (23, 256, 475), 275, ("RTX PRO 6000", 1, 96)),
    _gpu("rtx-pro-6000x2", "Nvidia RTX PRO 6000", (46, 512, 950), 550, ("RTX PRO 6000", 2, 192)),
    _gpu("rtx-pro-6000x4", "Nvidia RTX PRO 6000", (92, 1024, 1900), 1100, ("RTX PRO 6000", 4, 384)),
    _gpu("rtx-pro-6000x8", "Nvidia RTX PRO 6000", (184, 2048, 3800), 2200, ("RTX PRO 6000", 8, 768)),
    _gpu("l4x1", "1x Nvidia L4", (8, 30, 400), 80, ("L4", 1, 24)),
    _gpu("l4x4", "4x Nvidia L4", (48, 186, 3200), 380, ("L4", 4, 96)),
    _gpu("l40sx1", "1x Nvidia L40S", (8, 62, 380), 180, ("L40S", 1, 48)),
    _gpu("l40sx4", "4x Nvidia L40S", (48, 382, 3200), 830, ("L40S", 4, 192)),
    _gpu("l40sx8", "8x Nvidia L40S", (192, 1534, 6500), 2350, ("L40S", 8, 384)),
)

#: What the Hub accepts and does not list; sizes are those of machines of that name, prices are not known.
UNLISTED: tuple[Flavor, ...] = (
    Flavor("sprx8", "Intel Sapphire Rapids", 8, 16, 50, 0),
    _gpu("zero-a10g", "Zero", (8, 30, 50), 0, ("A10G", 1, 24)),
    Flavor("inf2x6", "AWS Inferentia2 x6", 96, 384, 400, 0),
)


@cache
def by_name() -> dict[str, Flavor]:
    return {flavor.name: flavor for flavor in (*FLAVORS, *UNLISTED)}
