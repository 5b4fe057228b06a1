"""Secret values at rest: sealed for one owner, with one key."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from local_hub.store.secret_box import SecretBox
from local_hub.store.store import Store


@pytest.mark.promise("S15")
def test_secrets_are_sealed_for_one_owner_with_one_key(tmp_path: Path) -> None:
    store, box = Store(tmp_path / "db"), SecretBox(tmp_path / "key")
    store.write_now(lambda db: box.put(db, "job:1", {"A": "alpha-value"}))
    raw = store.read_now(lambda db: db.execute("SELECT sealed FROM secrets").fetchone()[0])
    assert b"alpha" not in raw
    assert store.read_now(lambda db: box.get(db, "job:1")) == {"A": "alpha-value"}
    store.write_now(lambda db: db.execute("UPDATE secrets SET owner = 'job:2'"))
    assert store.read_now(lambda db: box.get(db, "job:2")) is None
    store.write_now(lambda db: db.execute("UPDATE secrets SET owner = 'job:1'"))
    assert store.read_now(lambda db: SecretBox(tmp_path / "key").get(db, "job:1")) == {"A": "alpha-value"}
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    (tmp_path / "other").write_text("00" * 32)
    assert store.read_now(lambda db: SecretBox(tmp_path / "other").get(db, "job:1")) is None
    store.close()
