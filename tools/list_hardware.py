"""What a job can run on and what that costs, as the hub says right now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import Context
from mcp_types import ToolAnnotations
from pydantic import Field

from jobs.spec.cost import prices
from tools.registry import Arguments, tool
from tools.replies.shapes import View
from tools.services import services_of

if TYPE_CHECKING:
    from jobs.client.models import Hardware


class ListHardware(Arguments):
    gpu: bool | None = Field(None, description="true: with a GPU; false: without")
    max_hourly_usd: float | None = Field(None, ge=0)


class Flavor(View):
    flavor: str
    cpu: str
    ram: str
    gpu: str | None = None
    hourly_usd: float | None = None


class HardwareList(View):
    hub: str
    flavors: list[Flavor]


async def list_hardware(request: ListHardware, ctx: Context[Any, Any]) -> HardwareList:
    """List the hardware flavors a job can run on, with live prices, cheapest first. `flavor` is what submit_job
    takes.
    """
    connected = await services_of(ctx).connect()
    hardware = await connected.hub.hardware()
    table = prices(hardware)
    flavors = [_flavor(item, table[item.name].hourly_usd if item.name in table else None) for item in hardware]
    kept = [flavor for flavor in flavors if _wanted(flavor, request)]
    kept.sort(key=lambda flavor: (flavor.hourly_usd is None, flavor.hourly_usd or 0.0))
    return HardwareList(hub=connected.name, flavors=kept)


TOOL = tool(
    list_hardware,
    ListHardware,
    HardwareList,
    title="List hardware and prices",
    annotations=ToolAnnotations(read_only_hint=True),
)


def _flavor(item: Hardware, hourly_usd: float | None) -> Flavor:
    accelerator = item.accelerator
    gpu = f"{accelerator.quantity} x {accelerator.model}, {accelerator.vram}" if accelerator is not None else None
    return Flavor(flavor=item.name, cpu=item.cpu, ram=item.ram, gpu=gpu, hourly_usd=hourly_usd)


def _wanted(flavor: Flavor, request: ListHardware) -> bool:
    if request.gpu is not None and (flavor.gpu is not None) != request.gpu:
        return False
    limit = request.max_hourly_usd
    return limit is None or (flavor.hourly_usd is not None and flavor.hourly_usd <= limit)
