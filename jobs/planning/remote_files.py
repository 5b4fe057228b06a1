"""What files at `hf://` and `s3://` need of whoever reads or writes them, by the method that is given the address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.planning import libraries
from jobs.planning.libraries import AWS, Row

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_WRITES = re.compile(
    r"to_\w+|write\w*|sink_\w+|save\w*|dump\w*|put\w*|upload\w*|pipe\w*|rm\w*|mv|move|touch|mkdirs?|makedirs|delete\w*"
)
_MODE = re.compile(r"[rwax]b?\+?t?|[rwax]t?b?")
_WRITING_MODE = re.compile(r"[wax]")
_SAYS = frozenset({"print", "info", "debug", "warning", "error", "format", "join", "append", "add_argument", "echo"})
_SIGNED_OTHERWISE = frozenset({"anon", "key", "storage_options", "filesystem", "credential_provider", "credentials"})
_FILE_SYSTEMS = ("huggingface_hub.HfFileSystem", "huggingface_hub.hffs")

_WRITE = Row(("HF_TOKEN",), libraries.PUSH, "write")
_S3 = Row(AWS, libraries.CLOUD)


def row(called: str, method: str, texts: Sequence[str], keywords: Collection[str]) -> Row | None:
    """What one call needs.

    Args:
        called: The dotted name of what is called, as far as it is known.
        method: Its last part, or the plain name.
        texts: What its arguments can be, of those that are texts.
        keywords: The keywords it is given.
    """
    if method in _SAYS:
        return None
    on_the_hub = called.startswith(_FILE_SYSTEMS) or any(text.startswith("hf://") for text in texts)
    if on_the_hub and not {"token", "storage_options"} & set(keywords):
        mode = any(_MODE.fullmatch(text) and _WRITING_MODE.match(text) for text in texts[1:])
        if mode or _WRITES.fullmatch(method):
            return _WRITE
    if any(text.startswith(("s3://", "s3a://")) for text in texts) and not _SIGNED_OTHERWISE & set(keywords):
        return _S3
    return None
