"""Secret values at rest: sealed with AES-GCM, each bound to the job or schedule it belongs to.

The key lies in the system's keyring where a real one answers, else in a file of mode 0600 beside the database.
Both libraries are imported at the first secret, so a hub that never sees one never pays for them.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEY_BYTES = 32
NONCE_BYTES = 12
SERVICE = "hf-jobs-mcp local hub"
KEYRING_SECONDS = 3.0


class SecretBox:
    """Seals and opens the secrets of one hub. Every method blocks for a moment; call it in a thread."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._lock = threading.Lock()
        self._key: bytes | None = None

    def put(self, db: sqlite3.Connection, owner: str, values: Mapping[str, str]) -> None:
        """Keep the secrets of `owner` (``job:ID`` or ``schedule:ID``) inside the caller's transaction."""
        if values:
            sealed = self._seal(owner, json.dumps(dict(values)).encode())
            db.execute("INSERT OR REPLACE INTO secrets (owner, sealed) VALUES (?, ?)", (owner, sealed))

    def get(self, db: sqlite3.Connection, owner: str) -> dict[str, str] | None:
        """Return the secrets of `owner`; None when they have been erased or cannot be opened any more."""
        row = db.execute("SELECT sealed FROM secrets WHERE owner = ?", (owner,)).fetchone()
        if row is None:
            return None
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce, sealed = row[0][:NONCE_BYTES], row[0][NONCE_BYTES:]
        try:
            values: dict[str, str] = json.loads(AESGCM(self._load_key()).decrypt(nonce, sealed, owner.encode()))
        except InvalidTag:
            return None
        return values

    @staticmethod
    def erase(db: sqlite3.Connection, owner: str) -> None:
        db.execute("DELETE FROM secrets WHERE owner = ?", (owner,))

    def _seal(self, owner: str, data: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._load_key()).encrypt(nonce, data, owner.encode())

    def _load_key(self) -> bytes:
        with self._lock:
            if self._key is None:
                self._key = self._from_file() or self._from_keyring() or self._make_file()
            return self._key

    def _from_file(self) -> bytes | None:
        with suppress(OSError, ValueError):
            key = bytes.fromhex(self._key_file.read_text())
            return key if len(key) == KEY_BYTES else None
        return None

    def _from_keyring(self) -> bytes | None:
        """Ask the keyring in a thread of its own: some wait for a person who is not there."""
        answers: list[bytes] = []
        asking = threading.Thread(target=lambda: answers.extend(_ask_keyring(str(self._key_file))), daemon=True)
        asking.start()
        asking.join(KEYRING_SECONDS)
        return answers[0] if answers else None

    def _make_file(self) -> bytes:
        key = secrets.token_bytes(KEY_BYTES)
        descriptor = os.open(self._key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(key.hex())
            file.flush()
            os.fsync(file.fileno())
        return key


def _ask_keyring(user: str) -> list[bytes]:
    with suppress(Exception):
        import keyring

        if keyring.get_keyring().priority < 1:
            return []
        found = keyring.get_password(SERVICE, user)
        if found is None:
            found = secrets.token_bytes(KEY_BYTES).hex()
            keyring.set_password(SERVICE, user, found)
            if keyring.get_password(SERVICE, user) != found:
                return []
        return [bytes.fromhex(found)]
    return []
