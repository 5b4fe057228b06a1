"""What `test_call` has read in another process, which loads no more than this."""

from __future__ import annotations

import os
import resource

from jobs.errors import BadArgument, SecretInArgument
from jobs.secrets.scan import named_in, refuse_values
from jobs.spec import script_header


def surroundings() -> tuple[dict[str, str], str, list[int]]:
    limits = [resource.getrlimit(each)[0] for each in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE)]
    return dict(os.environ), os.getcwd(), limits  # noqa: PTH109 - what the process says


def refused(text: str, name: str) -> str:
    try:
        refuse_values({}, {}, named=named_in(["run", f"{text}=abcdefgh1"], env={name: f"{text}\nx"}))
    except SecretInArgument:
        return "refused"
    return "passed"


def header(text: str) -> str:
    try:
        script_header.read(text)
    except BadArgument:
        return "refused"
    return "read"
