"""Refuses secret values among the names of jobs, schedules and owners, which go into addresses of the hub's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tools.services import Services

_NAMING = ("job_id", "scheduled_job_id", "namespace", "labels", "artifacts", "id", "uri")


async def refuse_values_in_names(services: Services, given: Mapping[str, Any]) -> None:
    """Raises SecretInArgument, which names the argument and not the value."""
    fields = dict(_texts(given))
    if not fields:
        return
    from jobs.secrets.scan import refuse_values

    await anyio.to_thread.run_sync(partial(refuse_values, fields, services.masker()))


def _texts(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _NAMING:
        value = given.get(name)
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, list):
            yield from ((f"{name}[{index}]", item) for index, item in enumerate(value) if isinstance(item, str))
        elif isinstance(value, dict):
            pairs = (f"{key}={item}" for key, item in value.items())
            yield from ((f"{name} (entry {index})", pair) for index, pair in enumerate(pairs, 1))
