"""Values that a person gave to ``hf-jobs-mcp secrets set``: in the system keyring, or in a file of their own."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.errors import BadArgument

if TYPE_CHECKING:
    from pathlib import Path

KEYRING_SERVICE = "hf-jobs-mcp"
KEYRING = "keyring"
FILE = "stored file"


@dataclass(frozen=True)
class StoredSecrets:
    """The names that were stored, and the values of those that no keyring could take.

    Args:
        path: A JSON file, mode 0600: ``values`` by name, and the ``keyring``'s names, which no keyring can list.
    """

    path: Path

    def values(self) -> dict[str, str]:
        """The values in the file, by name. A file that cannot be read holds none."""
        return self._read()[0]

    def names(self) -> dict[str, str]:
        """Every stored name, and where its value is."""
        values, kept = self._read()
        return dict(sorted({**dict.fromkeys(kept, KEYRING), **dict.fromkeys(values, FILE)}.items()))

    def put(self, name: str, value: str) -> str:
        """Keep a value, in place of any other of this name. Returns where it is: `KEYRING` or `FILE`.

        Raises:
            BadArgument: There is no value.
            OSError: The file cannot be written.
        """
        if not value.strip():
            raise BadArgument("There is no value to store.", hint="Type it at the prompt, or pipe it in.")
        values, kept = self._read()
        values.pop(name, None)
        if _to_keyring(name, value):
            self._write(values, kept | {name})
            return KEYRING
        self._write({**values, name: value}, kept - {name})
        return FILE

    def remove(self, name: str) -> bool:
        """Forget a value wherever it is. False when there was none."""
        values, kept = self._read()
        found = values.pop(name, None) is not None
        found |= _from_keyring(name)
        if found or name in kept:
            self._write(values, kept - {name})
        return found

    def _read(self) -> tuple[dict[str, str], set[str]]:
        try:
            whole = json.loads(self.path.read_text(encoding="utf-8"))
            values = {str(name): str(value) for name, value in whole.get("values", {}).items()}
            return values, {str(name) for name in whole.get("keyring", [])}
        except (OSError, ValueError, AttributeError):
            return {}, set()

    def _write(self, values: dict[str, str], kept: set[str]) -> None:
        """Put a whole new file in the old one's place, readable by its owner alone from the start."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"values": values, "keyring": sorted(kept)}, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def _to_keyring(name: str, value: str) -> bool:
    """Whether the system keyring took it, and gives it back."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(KEYRING_SERVICE, name, value)
        return keyring.get_password(KEYRING_SERVICE, name) == value
    except (KeyringError, OSError, RuntimeError):
        return False


def _from_keyring(name: str) -> bool:
    import keyring
    from keyring.errors import KeyringError

    with suppress(KeyringError, OSError, RuntimeError):
        if keyring.get_password(KEYRING_SERVICE, name) is not None:
            keyring.delete_password(KEYRING_SERVICE, name)
            return True
    return False
