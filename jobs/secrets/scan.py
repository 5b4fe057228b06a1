"""Keeps secret values out of what is sent as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.errors import SecretInArgument
from jobs.masking.masker import Masker

if TYPE_CHECKING:
    from collections.abc import Mapping


def refuse_values(fields: Mapping[str, str | bytes], known: Mapping[str, str] | Masker) -> None:
    """Refuse when a field (path to text, such as `env.MODE` or `command[2]`) holds a secret value, raw or encoded.

    `known` maps names to values, or is a masker made of them.

    Raises:
        SecretInArgument: Names the field and whose value it is, or what kind of token it looks like; never the value.
    """
    masker = known if isinstance(known, Masker) else Masker(known)
    for field, text in fields.items():
        if whose := masker.found(text):
            place = masker.mask(field)
            raise SecretInArgument(
                f"{place} holds a secret value ({', '.join(whose)}).",
                hint="Take it out, list the variable's name in secrets, and read the variable inside the job.",
                field=place,
            )
