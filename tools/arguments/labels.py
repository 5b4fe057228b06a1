"""New labels for what exists: checked like everything that is sent, and ours kept among them."""

from __future__ import annotations

from collections.abc import Mapping

from jobs.errors import BadArgument
from jobs.spec.workspace import LABEL
from tools.services import Services


def new_labels(services: Services, wanted: Mapping[str, str] | None, present: Mapping[str, str]) -> dict[str, str]:
    """All the labels it should have: the caller's, and the submission's, by which its workspace is found.

    Raises:
        BadArgument: There are none.
        SecretInArgument: One holds a value.
    """
    from jobs.secrets.scan import refuse_values

    if wanted is None:
        raise BadArgument("`labels` is missing.", hint="Give all the labels it should have.", field="labels")
    pairs = (f"{key}={value}" for key, value in wanted.items())
    refuse_values({f"labels (entry {index})": pair for index, pair in enumerate(pairs, 1)}, services.masker())
    return {**wanted, **({LABEL: present[LABEL]} if LABEL in present else {})}
