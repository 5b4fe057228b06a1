"""New labels for what exists; ours is kept among them."""

from __future__ import annotations

from collections.abc import Mapping

from jobs.errors import BadArgument
from jobs.spec.workspace import LABEL


def new_labels(wanted: Mapping[str, str] | None, present: Mapping[str, str]) -> dict[str, str]:
    """All the labels it should have: the caller's, and the submission's, by which its workspace is found.

    Raises:
        BadArgument: There are none.
    """
    if wanted is None:
        raise BadArgument("`labels` is missing.", hint="Give all the labels it should have.", field="labels")
    return {**wanted, **({LABEL: present[LABEL]} if LABEL in present else {})}
