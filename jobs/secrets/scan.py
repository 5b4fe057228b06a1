"""Keeps secret values out of what is sent as plain text."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from jobs.errors import SecretInArgument
from jobs.masking.masker import Masker
from jobs.secrets.raw_values import is_secret_option, raw_by_form, raw_by_name, without_fillers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_HINT = "Take it out, list the variable's name in secrets, and read the variable inside the job."


def refuse_values(
    fields: Mapping[str, str | bytes],
    known: Mapping[str, str] | Masker,
    *,
    named: Iterable[tuple[str, str, str]] = (),
) -> None:
    """Refuse when a field (path to text, such as `env.MODE` or `command[2]`) holds a secret value, raw or encoded.

    `known` maps names to values, or is a masker made of them; what is not known is judged by its form. `named` are
    values beside a name that may say of them that they are secret: place, name and value.

    Raises:
        SecretInArgument: Names the field and whose value it is, or what kind of token it looks like; never the value.
    """
    masker = known if isinstance(known, Masker) else Masker(known)
    for field, text in fields.items():
        whose = masker.found(text)
        if whose and all("-" in name for name in whose):  # A known shape and no known value: it may stand for one.
            whose = masker.found(without_fillers(text if isinstance(text, str) else text.decode(errors="replace")))
        if whose:
            raise _refusal(masker.mask(field), f"a secret value ({', '.join(whose)})")
        if kind := raw_by_form(text if isinstance(text, str) else text.decode(errors="replace")):
            raise _refusal(masker.mask(field), f"what looks like {kind}", unsure=True)
    words = [text for field, text in fields.items() if field.startswith("command[") and isinstance(text, str)]
    if len(words) > 1 and (kind := raw_by_form(" ".join(words))):
        raise _refusal("command", f"what looks like {kind}", unsure=True)
    for place, name, value in named:
        if raw_by_name(name, value):
            raise _refusal(place, "what its name says is a secret's value", unsure=True)


def named_in(command: Sequence[str] = (), **fields: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Values beside a name, for `refuse_values`: entries of `fields` (env, labels …), and a command's options."""
    for field, values in fields.items():
        yield from ((f"{field} (entry {at})", name, value) for at, (name, value) in enumerate(values.items(), 1))
    for at, (word, follows) in enumerate(pairwise(command), 1):
        if is_secret_option(word):
            yield f"command[{at}]", word, follows
    for at, word in enumerate(command):
        name, equals, value = word.partition("=")
        if equals and "\n" not in word:
            yield f"command[{at}]", name, value


def _refusal(place: str, what: str, *, unsure: bool = False) -> SecretInArgument:
    hint = _HINT + (" If it is no secret, give it a name that does not say so." if unsure else "")
    return SecretInArgument(f"{place} holds {what}.", hint=hint, field=place)
