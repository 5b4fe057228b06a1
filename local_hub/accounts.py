"""Who is on the local hub: one user, one organisation of which that user is a member."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from local_hub import errors

#: A picture of every account: one transparent point, as nobody here has a face.
AVATAR = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


@dataclass(frozen=True)
class Account:
    """A namespace that jobs, schedules and buckets belong to."""

    id: str
    name: str
    type: str

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "type": self.type, "avatarUrl": AVATAR}


USER = Account("10ca10ca10ca10ca10ca0001", "local", "user")
ORGANISATION = Account("10ca10ca10ca10ca10ca0002", "local-team", "org")
ACCOUNTS = {account.name: account for account in (USER, ORGANISATION)}


def account(namespace: str) -> Account:
    """Return the account of that name, or raise the Hub's 404."""
    found = ACCOUNTS.get(namespace)
    if found is None:
        raise errors.not_found(
            f"Namespace not found. The local hub has {' and '.join(repr(name) for name in ACCOUNTS)} only."
        )
    return found


def whoami() -> dict[str, Any]:
    """Return the answer of ``GET /api/whoami-v2``."""
    organisation = {
        "type": "org",
        "id": ORGANISATION.id,
        "name": ORGANISATION.name,
        "fullname": "Local team",
        "avatarUrl": AVATAR,
        "isEnterprise": False,
        "roleInOrg": "admin",
    }
    return {
        "type": "user",
        "id": USER.id,
        "name": USER.name,
        "fullname": "Local hub",
        "avatarUrl": AVATAR,
        "isPro": False,
        "canPay": False,
        "orgs": [organisation],
        "auth": {
            "type": "access_token",
            "accessToken": {"displayName": "local-hub", "role": "write", "createdAt": "2026-01-01T00:00:00.000Z"},
        },
    }


def new_id() -> str:
    """Return 24 hexadecimal digits, the shape of the Hub's ids, the first eight being the time in seconds."""
    return f"{int(time.time()):08x}{secrets.token_hex(8)}"
