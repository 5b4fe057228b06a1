"""Every bucket method of `HfApi` on the local hub. (What they do in detail is in tests/local_hub.)"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfFileSystem

from tests.contract.coverage_ledger import covers
from tests.contract.outside import Contract


@pytest.fixture
def bucket(contract: Contract) -> Iterator[str]:
    name = f"local-team/{contract.home.name.replace('_', '-')[:60].strip('-')}"
    contract.api.create_bucket(name, private=True)
    contract.called.clear()
    yield name
    contract.api.delete_bucket(name, missing_ok=True)


@covers("create_bucket", "bucket_info", "list_buckets", "update_bucket_settings", "move_bucket", "delete_bucket")
def test_a_bucket_from_creation_to_deletion(contract: Contract) -> None:
    api = contract.api
    assert api.create_bucket("api-made", private=True).bucket_id == "local/api-made"
    api.update_bucket_settings("local/api-made", private=False)
    assert not api.bucket_info("local/api-made").private
    api.move_bucket("local/api-made", "local-team/api-moved")
    assert "local-team/api-moved" in [one.id for one in api.list_buckets("local-team")]
    api.delete_bucket("local-team/api-moved")
    assert list(api.list_buckets("local-team", search="api-moved")) == []


@covers(
    "batch_bucket_files",
    "list_bucket_tree",
    "get_bucket_paths_info",
    "get_bucket_file_metadata",
    "download_bucket_files",
    "copy_files",
)
def test_files_go_up_around_and_down(contract: Contract, bucket: str, tmp_path: Path) -> None:
    content = os.urandom(1_000_000)
    contract.api.batch_bucket_files(bucket, add=[(content, "d/f"), (b"x", "g")], delete=[])
    contract.api.copy_files(f"hf://buckets/{bucket}/d/f", f"hf://buckets/{bucket}/h")
    assert sorted(one.path for one in contract.api.list_bucket_tree(bucket, recursive=True)) == ["d/f", "g", "h"]
    first, second = contract.api.get_bucket_paths_info(bucket, ["d/f", "h"])
    assert first.xet_hash == second.xet_hash
    assert contract.api.get_bucket_file_metadata(bucket, "h").size == len(content)
    contract.api.download_bucket_files(bucket, [("h", tmp_path / "h")])
    assert (tmp_path / "h").read_bytes() == content


@covers("sync_bucket")
def test_a_bucket_is_synced_both_ways(contract: Contract, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "up").mkdir()
    (tmp_path / "up/f").write_text("f")
    assert contract.api.sync_bucket(str(tmp_path / "up"), f"hf://buckets/{bucket}", quiet=True).summary()["uploads"]
    contract.api.sync_bucket(f"hf://buckets/{bucket}", str(tmp_path / "down"), quiet=True)
    assert (tmp_path / "down/f").read_text() == "f"


@covers("sync_job_volume", "run_job", "sync_bucket")
def test_a_synced_volume_is_read_and_written_by_a_job(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/in.txt").write_text("in")
    volume = contract.api.sync_job_volume(tmp_path / "data", "/data", read_only=False)
    code = "import pathlib; p = pathlib.Path('/data'); (p / 'out.txt').write_text((p / 'in.txt').read_text() * 2)"
    job = contract.api.run_job(image="python:3.12", command=["python", "-c", code], volumes=[volume])
    done = contract.api.wait_for_job(job.id, timeout=30)
    assert done.status.stage == "COMPLETED", done.status.message
    source = f"hf://buckets/{volume.source}/{volume.path}"
    contract.api.sync_bucket(source, str(tmp_path / "back"), quiet=True)
    assert (tmp_path / "back/out.txt").read_text() == "inin"


def test_a_bucket_is_a_file_system_to_fsspec(contract: Contract, bucket: str) -> None:
    files = HfFileSystem(endpoint=contract.endpoint, token=contract.token, skip_instance_cache=True)
    root = f"buckets/{bucket}"
    with files.open(f"{root}/a/b.txt", "w") as file:
        file.write("hello")
    files.cp(f"{root}/a/b.txt", f"{root}/c.txt")
    files.invalidate_cache()
    assert files.find(root) == [f"{root}/a/b.txt", f"{root}/c.txt"]
    assert [one["type"] for one in files.ls(root)] == ["directory", "file"]
    with files.open(f"{root}/c.txt", "rb") as file:
        file.seek(2)
        assert file.read() == b"llo"
    files.rm(f"{root}/a", recursive=True)
    files.invalidate_cache()
    assert files.find(root) == [f"{root}/c.txt"]
