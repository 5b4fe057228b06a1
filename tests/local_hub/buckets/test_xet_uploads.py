"""What is kept of uploads, and for how long; shards that are not shards."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_hub.buckets.xet_uploads import ShardError, Term, Uploads, parse_shard

XORB, FILE = "11" * 32, "22" * 32


def shard(size: int = 4, first: int = 0, end: int = 1, flags: int = 0) -> bytes:
    def number(value: int) -> bytes:
        return value.to_bytes(4, "little")

    head = bytes.fromhex(FILE) + number(flags) + number(1) + b"\0" * 8
    term = bytes.fromhex(XORB) + b"\0" * 4 + number(size) + number(first) + number(end)
    extra = b"\0" * 48 * ((flags >> 31) + (flags >> 30 & 1))
    return b"\0" * 48 + head + term + extra + b"\xff" * 32 + b"\0" * 16


def chunk(data: bytes) -> bytes:
    size = len(data).to_bytes(3, "little")
    return b"\0" + size + b"\0" + size + data


def uploaded(uploads: Uploads) -> str:
    epoch = uploads.epoch()
    uploads.xorb(epoch, XORB).write_bytes(chunk(b"data") + chunk(b"more"))
    uploads.add_shard(epoch, shard())
    return epoch


@pytest.mark.parametrize("flags", [0, 0x8000_0000, 0x4000_0000, 0xC000_0000])
def test_a_shard_says_what_its_files_are_made_of(flags: int) -> None:
    assert list(parse_shard(shard(flags=flags))) == [(FILE, (Term(XORB, 0, 1, 4),))]


@given(st.binary(max_size=400))
def test_nonsense_is_refused_as_a_shard_and_nothing_worse(nonsense: bytes) -> None:
    try:
        list(parse_shard(nonsense))
    except ShardError:
        return


def test_uploads_are_found_again_by_another_process(tmp_path: Path) -> None:
    epoch = uploaded(Uploads(tmp_path / "uploads"))
    after = Uploads(tmp_path / "uploads")
    assert after.holder(FILE) == epoch
    assert after.file(epoch, FILE) == (Term(XORB, 0, 1, 4),)
    assert after.holder("33" * 32) is None


def test_a_shard_without_its_xorb_brings_nothing(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads")
    with pytest.raises(ShardError):
        uploads.add_shard(uploads.epoch(), shard())
    assert uploads.holder(FILE) is None


def test_an_epoch_is_deleted_long_after_its_last_use_and_not_before(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads", grace=1000)
    epoch = uploaded(uploads)
    uploads.sweep()
    assert uploads.holder(FILE) == epoch
    long_ago = time.time() - 1001
    os.utime(tmp_path / "uploads" / epoch, (long_ago, long_ago))
    uploads.sweep()
    assert uploads.holder(FILE) is None
    assert uploads.epoch() != epoch


def test_what_never_arrived_is_swept_after_a_day(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    (incoming / "old").write_text("x")
    (incoming / "new").write_text("x")
    long_ago = time.time() - 25 * 3600
    os.utime(incoming / "old", (long_ago, long_ago))
    Uploads(tmp_path / "uploads").sweep()
    assert [file.name for file in incoming.iterdir()] == ["new"]


@pytest.mark.parametrize("name", ["..", "x", "../" * 5 + "etc", "11" * 31 + "/."])
def test_a_name_that_is_no_hash_makes_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        Uploads(tmp_path).xorb("w" + "0" * 16, name)
