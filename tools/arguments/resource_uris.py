"""The URIs under which jobs, their logs, their artifacts and schedules can be read as MCP resources."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from jobs.errors import BadArgument
from jobs.ids import check_id, check_namespace

JOB = "job://{namespace}/{id}"
LOG = "job://{namespace}/{id}/log"
ARTIFACT = "job://{namespace}/{id}/artifacts/{+path}"
SCHEDULE = "schedule://{namespace}/{id}"

_FORM = re.compile(r"(?P<kind>job|schedule)://(?P<home>[^/?#]+)/(?P<id>[^/?#]+)(?:/(?P<part>log|artifacts/[^?#]+))?")
_LONGEST = 2_000


@dataclass(frozen=True)
class Address:
    """What an address names. `path` is an artifact's, below its job's workspace."""

    kind: Literal["job", "log", "artifact", "schedule"]
    namespace: str
    id: str
    path: str = ""

    @classmethod
    def parse(cls, uri: str) -> Address:
        """From `job://…` or `schedule://…`; every part is checked before it goes anywhere. Raises BadArgument."""
        found = _FORM.fullmatch(uri) if len(uri) <= _LONGEST else None
        if found is None or (found["kind"] == "schedule" and found["part"]):
            raise BadArgument("This is not the address of a resource.", hint=f"Use {JOB} or one of its kin.")
        namespace, bare = check_namespace(unquote(found["home"])), check_id(unquote(found["id"]))
        if found["kind"] == "schedule":
            return cls("schedule", namespace, bare)
        if not found["part"] or found["part"] == "log":
            return cls("log" if found["part"] else "job", namespace, bare)
        path = unquote(found["part"].removeprefix("artifacts/"))
        if path.startswith("/") or "\0" in path or not {"", ".", ".."}.isdisjoint(path.split("/")):
            raise BadArgument("This path leads out of its folder.", hint="Use a path as fetch_results lists it.")
        return cls("artifact", namespace, bare, path)

    @property
    def where(self) -> str:
        """`namespace/ID`, as the tools take it."""
        return f"{self.namespace}/{self.id}"

    def __str__(self) -> str:
        tail = {"log": "/log", "artifact": f"/artifacts/{quote(self.path)}"}.get(self.kind, "")
        return f"{'schedule' if self.kind == 'schedule' else 'job'}://{self.where}{tail}"
