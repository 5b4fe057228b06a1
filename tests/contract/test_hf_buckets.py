"""``hf buckets …`` on the local hub."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.coverage_ledger import covers
from tests.contract.outside import Contract


@pytest.fixture
def bucket(contract: Contract) -> Iterator[str]:
    name = f"local/b-{contract.home.name.replace('_', '-')[:60].strip('-')}"
    contract.api.create_bucket(name, private=True)
    contract.called.clear()
    yield name
    contract.api.delete_bucket(name, missing_ok=True)


@covers("hf buckets create", "hf buckets info", "hf buckets list", "hf buckets settings", "hf buckets delete")
def test_a_bucket_from_creation_to_deletion(contract: Contract) -> None:
    assert "local/hf-made" in contract.hf("buckets", "create", "hf-made", "--private").out
    assert "409" in contract.hf("buckets", "create", "local/hf-made", status=1).err
    assert contract.hf("buckets", "info", "local/hf-made", "--format", "json").json["private"] is True
    contract.hf("buckets", "settings", "local/hf-made", "--public")
    assert not contract.api.bucket_info("local/hf-made").private
    listed = contract.hf("buckets", "ls", "--search", "hf-ma", "--format", "json").json
    assert [one["id"] for one in listed] == ["local/hf-made"]
    contract.hf("buckets", "delete", "local/hf-made", "--yes")
    assert "not found" in contract.hf("buckets", "info", "local/hf-made", status=1).err.lower()


@covers("hf buckets cp", "hf buckets list", "hf buckets remove")
def test_files_are_copied_listed_and_removed(contract: Contract, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("one")
    contract.hf("buckets", "cp", "one.txt", f"hf://buckets/{bucket}/d/one.txt")
    contract.hf("buckets", "cp", f"hf://buckets/{bucket}/d/one.txt", f"hf://buckets/{bucket}/two.txt")
    contract.hf("buckets", "cp", f"hf://buckets/{bucket}/two.txt", "back.txt")
    assert (tmp_path / "back.txt").read_text() == "one"
    assert contract.hf("buckets", "cp", f"hf://buckets/{bucket}/two.txt", "-").out == "one"
    listed = contract.hf("buckets", "list", bucket, "-R", "--format", "json").json
    assert {one["path"]: one["size"] for one in listed} == {"d/one.txt": 3, "two.txt": 3}
    assert "one.txt" in contract.hf("buckets", "list", f"{bucket}/d", "--tree").out
    contract.hf("buckets", "rm", f"{bucket}/two.txt", "--yes")
    contract.hf("buckets", "remove", f"{bucket}/d", "--recursive", "--yes")
    assert list(contract.api.list_bucket_tree(bucket)) == []


@covers("hf buckets sync")
def test_a_folder_is_synced_both_ways(contract: Contract, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "up/d").mkdir(parents=True)
    (tmp_path / "up/a.txt").write_text("a")
    (tmp_path / "up/d/b.log").write_text("b")
    plan = tmp_path / "plan.jsonl"
    contract.hf("buckets", "sync", "up", f"hf://buckets/{bucket}/p", "--exclude", "*.log", "--plan", str(plan))
    contract.hf("buckets", "sync", "--apply", str(plan))
    contract.hf("buckets", "sync", f"hf://buckets/{bucket}/p", "down")
    assert sorted(file.name for file in (tmp_path / "down").rglob("*")) == ["a.txt"]
    contract.hf("buckets", "sync", "up", f"hf://buckets/{bucket}/p")
    (tmp_path / "up/a.txt").unlink()
    contract.hf("buckets", "sync", "up", f"hf://buckets/{bucket}/p", "--delete")
    assert [one.path for one in contract.api.list_bucket_tree(bucket, recursive=True)] == ["p/d/b.log"]


@covers("hf buckets move")
def test_a_bucket_is_moved_to_the_team(contract: Contract, bucket: str) -> None:
    target = f"local-team/{bucket.partition('/')[2]}"
    contract.hf("buckets", "move", bucket, target)
    try:
        assert contract.api.bucket_info(target).id == target
    finally:
        contract.api.delete_bucket(target)
