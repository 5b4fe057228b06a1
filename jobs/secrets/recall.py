"""Whatever the hub tells of a job or a schedule, the values of its secret names are looked up before it is shown."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import anyio.to_thread

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from jobs.client.models import Job, ScheduledJob
    from jobs.secrets.vault import Vault

_REMEMBERED = 5_000
_PREPARED = 32


class Recall:
    """Called with what a hub has just told; it returns when the vault knows all values that can be known.

    What is masked so depends on the job's own names, not on what this process happened to do before.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._done: OrderedDict[tuple[str, ...], None] = OrderedDict()
        self._begun = False

    async def __call__(self, found: Sequence[Job | ScheduledJob]) -> None:
        fresh = {
            (one.endpoint, one.namespace, one.id, *one.secrets): one.secrets
            for one in found
            if one.secrets and (one.endpoint, one.namespace, one.id, *one.secrets) not in self._done
        }
        if not fresh and self._begun:
            return
        names = {name for secrets in fresh.values() for name in secrets}
        if not await anyio.to_thread.run_sync(self._recall, names, set(fresh.values())):
            return  # A keyring that is locked now is asked again next time.
        self._begun = True
        self._done.update(dict.fromkeys(fresh))
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)

    def _recall(self, names: Collection[str], together: Collection[tuple[str, ...]]) -> bool:
        """Have the vault look the names up, and build what masks what their jobs left, while nobody waits for it."""
        said = self._vault.recall(names)
        for secrets in list(together)[:_PREPARED]:
            self._vault.masker(secrets).prepare()
        return said
