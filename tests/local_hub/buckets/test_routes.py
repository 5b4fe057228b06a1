"""The bucket API, driven by the real client over real HTTP."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from huggingface_hub import HfApi, Volume
from huggingface_hub.errors import (
    BucketBatchError,
    BucketNotFoundError,
    EntryNotFoundError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
)

from local_hub.buckets.buckets import Buckets
from tests.hub_process import running_hub, short_home


@dataclass
class Hub:
    api: HfApi
    http: httpx2.Client
    buckets: Buckets
    endpoint: str


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with short_home() as home, running_hub(home) as state:
        headers = {"Authorization": f"Bearer {state.token}"}
        with httpx2.Client(base_url=state.endpoint, headers=headers) as http:
            yield Hub(HfApi(state.endpoint, token=state.token), http, Buckets(home / "hub" / "buckets"), state.endpoint)


@pytest.fixture
def bucket(hub: Hub, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"local/t{abs(hash(request.node.name)):x}"
    hub.api.create_bucket(name, private=True)
    yield name
    hub.api.delete_bucket(name, missing_ok=True)


def folder(hub: Hub, bucket: str) -> Path:
    return hub.buckets.folder(*bucket.split("/"))


def paths(hub: Hub, bucket: str, prefix: str | None = None, *, recursive: bool = True) -> list[str]:
    return [entry.path for entry in hub.api.list_bucket_tree(bucket, prefix, recursive=recursive)]


def test_a_bucket_is_created_described_listed_and_deleted(hub: Hub) -> None:
    url = hub.api.create_bucket("local/first", private=True)
    assert url.bucket_id == "local/first"
    assert url.url == f"{hub.endpoint}/buckets/local/first"
    info = hub.api.bucket_info("local/first")
    assert (info.id, info.private, info.size, info.total_files) == ("local/first", True, 0, 0)
    assert abs(info.created_at.timestamp() - time.time()) < 60
    assert "local/first" in [one.id for one in hub.api.list_buckets("local")]
    assert "local/first" in [one.id for one in hub.api.list_buckets(search="FIR")]
    assert list(hub.api.list_buckets(search="no such")) == []
    hub.api.delete_bucket("local/first")
    with pytest.raises(BucketNotFoundError):
        hub.api.bucket_info("local/first")
    assert not folder(hub, "local/first").exists()


def test_a_name_without_a_namespace_is_the_users_own(hub: Hub) -> None:
    url = hub.api.create_bucket("mine")
    assert url.bucket_id == "local/mine"
    hub.api.delete_bucket("local/mine")


def test_creating_a_bucket_twice_is_a_conflict_unless_it_may_exist(hub: Hub, bucket: str) -> None:
    with pytest.raises(HfHubHTTPError, match="409"):
        hub.api.create_bucket(bucket)
    assert hub.api.create_bucket(bucket, exist_ok=True).bucket_id == bucket


@pytest.mark.parametrize("name", ["..", ".hidden", "a--b", "a..b", "x" * 97, "sp ace", "dot."])
def test_a_bad_name_is_refused_and_makes_no_folder(hub: Hub, name: str) -> None:
    answer = hub.http.post(f"/api/buckets/local/{name}", json={})
    assert answer.status_code in {404, 400}
    assert not (hub.buckets.root / "local" / name).is_dir() or name == ".."


def test_a_foreign_namespace_is_refused(hub: Hub) -> None:
    with pytest.raises(HfHubHTTPError, match="403"):
        hub.api.create_bucket("stranger/bucket")
    with pytest.raises(BucketNotFoundError):
        hub.api.bucket_info("stranger/bucket")
    with pytest.raises(HfHubHTTPError, match="404"):
        list(hub.api.list_buckets("stranger"))


def test_deleting_a_missing_bucket_is_said_unless_it_may_be_missing(hub: Hub) -> None:
    with pytest.raises(BucketNotFoundError):
        hub.api.delete_bucket("local/never")
    hub.api.delete_bucket("local/never", missing_ok=True)


def test_a_bucket_moves_with_its_files_and_settings(hub: Hub, bucket: str) -> None:
    hub.api.batch_bucket_files(bucket, add=[(b"content", "a.txt")])
    hub.api.move_bucket(bucket, "local-team/moved")
    try:
        assert paths(hub, "local-team/moved") == ["a.txt"]
        assert hub.api.bucket_info("local-team/moved").private
        with pytest.raises(BucketNotFoundError):
            hub.api.bucket_info(bucket)
        hub.api.create_bucket(bucket)
        with pytest.raises(HfHubHTTPError, match="409"):
            hub.api.move_bucket(bucket, "local-team/moved")
    finally:
        hub.api.delete_bucket("local-team/moved")


def test_settings_make_a_bucket_public_and_private_again(hub: Hub, bucket: str) -> None:
    created = hub.api.bucket_info(bucket).created_at
    hub.api.update_bucket_settings(bucket, private=False)
    assert hub.api.bucket_info(bucket).private is False
    hub.api.update_bucket_settings(bucket, private=True)
    assert hub.api.bucket_info(bucket).private is True
    assert hub.api.bucket_info(bucket).created_at == created


def test_uploads_become_plain_files_with_their_times(hub: Hub, bucket: str, tmp_path: Path) -> None:
    source = tmp_path / "weights.bin"
    source.write_bytes(os.urandom(3_000_000))
    os.utime(source, (1_700_000_000, 1_700_000_000))
    hub.api.batch_bucket_files(bucket, add=[(source, "m/weights.bin"), (b"hello", "notes.txt"), (b"", "empty")])
    here = folder(hub, bucket)
    assert (here / "m/weights.bin").read_bytes() == source.read_bytes()
    assert (here / "m/weights.bin").stat().st_mtime == 1_700_000_000
    assert (here / "notes.txt").read_bytes() == b"hello"
    assert (here / "empty").read_bytes() == b""
    info = hub.api.bucket_info(bucket)
    assert (info.total_files, info.size) == (3, 3_000_005)


def test_downloads_bring_back_what_was_uploaded(hub: Hub, bucket: str, tmp_path: Path) -> None:
    content = os.urandom(5_000_000)
    hub.api.batch_bucket_files(bucket, add=[(content, "big"), (b"small", "d/small"), (b"", "none")])
    hub.api.download_bucket_files(
        bucket, [("big", tmp_path / "1"), ("d/small", tmp_path / "2"), ("none", tmp_path / "3")]
    )
    assert (tmp_path / "1").read_bytes() == content
    assert (tmp_path / "2").read_bytes() == b"small"
    assert (tmp_path / "3").read_bytes() == b""


def test_files_a_job_writes_are_listed_and_downloaded_at_once(hub: Hub, bucket: str, tmp_path: Path) -> None:
    here = folder(hub, bucket)
    content = os.urandom(40_000_000)  # More than one segment of the store.
    (here / "out").mkdir()
    (here / "out/model.bin").write_bytes(content)
    assert paths(hub, bucket) == ["out/model.bin"]
    hub.api.download_bucket_files(bucket, [("out/model.bin", tmp_path / "got")])
    assert (tmp_path / "got").read_bytes() == content
    (here / "out/model.bin").write_bytes(b"changed")
    hub.api.download_bucket_files(bucket, [("out/model.bin", tmp_path / "again")])
    assert (tmp_path / "again").read_bytes() == b"changed"


def test_the_tree_is_one_level_or_all_and_sorted(hub: Hub, bucket: str) -> None:
    names = ["a.txt", "logs/1.txt", "logs/deep/2.txt", "logs.json", "logs_old/3.txt", "z"]
    hub.api.batch_bucket_files(bucket, add=[(b"x", name) for name in names])
    assert sorted(paths(hub, bucket)) == sorted(names)
    top = list(hub.api.list_bucket_tree(bucket, recursive=False))
    assert {entry.path: entry.type for entry in top} == {
        "a.txt": "file", "logs": "directory", "logs.json": "file", "logs_old": "directory", "z": "file",
    }  # fmt: skip
    inside = [path for path in paths(hub, bucket, "logs", recursive=False) if path.startswith("logs/")]
    assert inside == ["logs/1.txt", "logs/deep"]
    assert paths(hub, bucket, "logs/", recursive=False) == ["logs/1.txt", "logs/deep"]
    assert paths(hub, bucket, "logs/deep") == ["logs/deep/2.txt"]
    assert paths(hub, bucket, "logs.json", recursive=False) == ["logs.json"]
    assert paths(hub, bucket, "nothing") == []


def test_a_tree_of_many_files_comes_in_pages_without_loss_or_repetition(hub: Hub, bucket: str) -> None:
    here = folder(hub, bucket)
    names = [f"d{index % 7}/f-{index:04d}" for index in range(2300)] + ["d1-x", "d1.y", "d1/", "d"]
    for name in names:
        if not name.endswith("/"):
            (here / name).parent.mkdir(exist_ok=True)
            (here / name).write_text(name)
    found = paths(hub, bucket)
    assert sorted(found) == sorted(name for name in names if not name.endswith("/"))
    first = hub.http.get(f"/api/buckets/{bucket}/tree?recursive=true")
    assert len(first.json()) == 1000
    assert 'rel="next"' in first.headers["link"]


def test_folders_without_files_are_not_listed_and_may_become_files(hub: Hub, bucket: str) -> None:
    hub.api.batch_bucket_files(bucket, add=[(b"x", "a/b/c")])
    hub.api.batch_bucket_files(bucket, delete=["a/b/c"])
    assert paths(hub, bucket, recursive=False) == []
    hub.api.batch_bucket_files(bucket, add=[(b"y", "a")])
    assert (folder(hub, bucket) / "a").read_bytes() == b"y"


def test_paths_info_tells_of_files_and_leaves_out_what_is_missing(hub: Hub, bucket: str) -> None:
    hub.api.batch_bucket_files(bucket, add=[(b"12345", "d/f")])
    found = list(hub.api.get_bucket_paths_info(bucket, ["d/f", "d", "missing", "../d/f", "/etc/passwd"]))
    assert [(one.path, one.size) for one in found] == [("d/f", 5)]
    assert len(found[0].xet_hash) == 64


def test_a_batch_copies_within_and_between_buckets(hub: Hub, bucket: str) -> None:
    hub.api.batch_bucket_files(bucket, add=[(b"original", "a")])
    hub.api.create_bucket("local/other", exist_ok=True)
    try:
        hub.api.copy_files(f"hf://buckets/{bucket}/a", "hf://buckets/local/other/b/c")
        hub.api.copy_files(f"hf://buckets/{bucket}/a", f"hf://buckets/{bucket}/again")
        assert (folder(hub, "local/other") / "b/c").read_bytes() == b"original"
        (folder(hub, bucket) / "again").write_bytes(b"changed")
        assert (folder(hub, bucket) / "a").read_bytes() == b"original"
    finally:
        hub.api.delete_bucket("local/other")


def test_a_batch_that_fails_in_part_says_in_which(hub: Hub, bucket: str) -> None:
    with pytest.raises(BucketBatchError) as caught:
        hub.api.batch_bucket_files(
            bucket,
            add=[(b"fine", "fine"), (b"not", "../climbs"), (b"not", "fine/below")],
            copy=[("bucket", bucket, "ab" * 32, "copied"), ("model", "a/b", "ab" * 32, "model")],
            delete=["missing"],
        )
    assert [failure["path"] for failure in caught.value.failures] == [
        "../climbs", "fine/below", "copied", "model", "missing",
    ]  # fmt: skip
    assert all(failure["error"] for failure in caught.value.failures)
    assert paths(hub, bucket) == ["fine"]


def test_a_batch_in_which_all_fails_is_422_with_the_list(hub: Hub, bucket: str) -> None:
    with pytest.raises(BucketBatchError) as caught:
        hub.api.batch_bucket_files(bucket, delete=["a", "b"])
    assert caught.value.response.status_code == 422
    assert len(caught.value.failures) == 2


@pytest.mark.parametrize("body", [b"nonsense", b"[1]", b'{"type":"addFile"'])
def test_a_batch_that_is_no_batch_is_422(hub: Hub, bucket: str, body: bytes) -> None:
    assert hub.http.post(f"/api/buckets/{bucket}/batch", content=body).status_code == 422


def test_resolve_serves_files_and_ranges(hub: Hub, bucket: str) -> None:
    (folder(hub, bucket) / "f.txt").write_bytes(b"0123456789")
    url = f"/buckets/{bucket}/resolve/f.txt"
    assert hub.http.get(url).content == b"0123456789"
    for asked, status, got in [
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=5-100", 206, b"56789"),
        ("bytes=0-9", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
    ]:
        answer = hub.http.get(url, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (status, got), asked
    refused = hub.http.get(url, headers={"Range": "bytes=10-"})
    assert (refused.status_code, refused.headers["content-range"]) == (416, "bytes */10")


def test_head_of_resolve_names_the_content(hub: Hub, bucket: str) -> None:
    hub.api.batch_bucket_files(bucket, add=[(b"abc", "d/f.txt")])
    metadata = hub.api.get_bucket_file_metadata(bucket, "d/f.txt")
    assert metadata.size == 3
    assert metadata.xet_file_data.refresh_route == f"{hub.endpoint}/api/buckets/{bucket}/xet-read-token"
    with pytest.raises(RemoteEntryNotFoundError):
        hub.api.get_bucket_file_metadata(bucket, "missing")


def test_what_a_browser_gets_cannot_run(hub: Hub, bucket: str) -> None:
    (folder(hub, bucket) / "evil.html").write_text("<script>alert(1)</script>")
    answer = hub.http.get(f"/buckets/{bucket}/resolve/evil.html")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_links_that_a_job_makes_lead_nowhere(hub: Hub, bucket: str, tmp_path: Path) -> None:
    secret = tmp_path / "outside"
    secret.mkdir()
    (secret / "key").write_text("secret")
    here = folder(hub, bucket)
    (here / "link").symlink_to(secret / "key")
    (here / "dir").symlink_to(secret)
    (here / "inner").mkdir()
    (here / "inner/up").symlink_to("../..")
    os.mkfifo(here / "pipe")
    assert paths(hub, bucket) == []
    assert paths(hub, bucket, "dir/") == []
    assert list(hub.api.get_bucket_paths_info(bucket, ["link", "dir/key", "inner/up", "pipe"])) == []
    for path in ["link", "dir/key", "pipe", "inner/up/x"]:
        assert hub.http.get(f"/buckets/{bucket}/resolve/{path}").status_code == 404
    with pytest.raises(BucketBatchError):
        hub.api.batch_bucket_files(bucket, add=[(b"over", "dir/key")], delete=["dir/key"])
    assert (secret / "key").read_text() == "secret"
    hub.api.batch_bucket_files(bucket, add=[(b"mine", "link")])
    assert (here / "link").read_text() == "mine"
    assert (secret / "key").read_text() == "secret"


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_a_file_that_the_hub_may_not_read_is_not_listed_and_can_be_deleted(hub: Hub, bucket: str) -> None:
    locked = folder(hub, bucket) / "locked"
    locked.write_text("x")
    locked.chmod(0)
    assert paths(hub, bucket) == []
    hub.api.batch_bucket_files(bucket, delete=["locked"])
    assert not locked.exists()


@pytest.mark.parametrize("path", ["../../../etc/passwd", "%2e%2e/%2e%2e/x", "..%2f..%2fx", "a//b"])
def test_a_path_that_climbs_out_finds_nothing(hub: Hub, bucket: str, path: str) -> None:
    assert hub.http.get(f"/buckets/{bucket}/resolve/{path}").status_code in {404, 400}
    answer = hub.http.get(f"/api/buckets/{bucket}/tree/{quote('../', safe='')}?recursive=true")
    assert answer.json() == []


def test_sync_up_and_down_copies_only_what_changed(hub: Hub, bucket: str, tmp_path: Path) -> None:
    source, target = tmp_path / "up", tmp_path / "down"
    (source / "d").mkdir(parents=True)
    (source / "a").write_text("a")
    (source / "d/b").write_text("b")
    assert hub.api.sync_bucket(str(source), f"hf://buckets/{bucket}/p", quiet=True).summary()["uploads"] == 2
    assert hub.api.sync_bucket(str(source), f"hf://buckets/{bucket}/p", quiet=True).summary()["uploads"] == 0
    (folder(hub, bucket) / "p/new").write_text("from a job")
    hub.api.sync_bucket(f"hf://buckets/{bucket}/p", str(target), quiet=True)
    assert (target / "new").read_text() == "from a job"
    assert (target / "d/b").read_text() == "b"
    (source / "a").unlink()
    hub.api.sync_bucket(str(source), f"hf://buckets/{bucket}/p", delete=True, quiet=True)
    assert paths(hub, bucket) == ["p/d/b"]


def test_an_upload_of_known_content_is_not_sent_again_and_still_arrives(hub: Hub, bucket: str) -> None:
    content = os.urandom(2_000_000)
    for number in range(3):
        hub.api.batch_bucket_files(bucket, add=[(content + b"%d" % number, f"f{number}")])
    for number in range(3):
        assert (folder(hub, bucket) / f"f{number}").read_bytes() == content + b"%d" % number


def test_many_small_files_in_one_batch(hub: Hub, bucket: str) -> None:
    hub.api.batch_bucket_files(bucket, add=[(b"%d" % number, f"many/{number}") for number in range(300)])
    assert hub.api.bucket_info(bucket).total_files == 300
    assert (folder(hub, bucket) / "many/299").read_bytes() == b"299"


def test_uploads_by_several_clients_at_once_all_arrive(hub: Hub, bucket: str) -> None:
    def upload(number: int) -> None:
        hub.api.batch_bucket_files(bucket, add=[(b"%d" % number * 50_000, f"by/{number}")])

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(paths(hub, bucket)) == [f"by/{number}" for number in range(6)]


def test_the_content_store_answers_nobody_without_its_token(hub: Hub, bucket: str) -> None:
    (folder(hub, bucket) / "f").write_text("content")
    digest = next(iter(hub.api.get_bucket_paths_info(bucket, ["f"]))).xet_hash
    epoch = hub.http.get(f"/api/buckets/{bucket}/xet-write-token").json()["casUrl"].rpartition("/")[2]
    for method, path in [
        ("GET", f"/xet/files/v1/reconstructions/{digest}"),
        ("GET", f"/xet/files/data/{digest}/0"),
        ("POST", f"/xet/{epoch}/v1/xorbs/default/{digest}"),
        ("POST", f"/xet/{epoch}/v1/shards"),
    ]:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            assert httpx2.request(method, hub.endpoint + path, headers=headers).status_code in {401, 403}, path


def test_a_shard_that_lies_brings_nothing_into_a_bucket(hub: Hub, bucket: str) -> None:
    grant = hub.http.get(f"/api/buckets/{bucket}/xet-write-token").json()
    headers = {"Authorization": f"Bearer {grant['accessToken']}"}
    chunk = b"evil"
    xorb = b"\0" + len(chunk).to_bytes(3, "little") + b"\0" + len(chunk).to_bytes(3, "little") + chunk
    name, claimed = "11" * 32, "22" * 32
    assert httpx2.post(f"{grant['casUrl']}/v1/xorbs/default/{name}", content=xorb, headers=headers).is_success
    shard = (
        b"\0" * 48
        + bytes.fromhex(claimed) + (0).to_bytes(4, "little") + (1).to_bytes(4, "little") + b"\0" * 8
        + bytes.fromhex(name) + b"\0" * 4 + (4).to_bytes(4, "little") + b"\0" * 4 + (1).to_bytes(4, "little")
        + b"\xff" * 32 + b"\0" * 16
    )  # fmt: skip
    assert httpx2.post(f"{grant['casUrl']}/v1/shards", content=shard, headers=headers).is_success
    operation = f'{{"type": "addFile", "path": "x", "xetHash": "{claimed}"}}'
    answer = hub.http.post(f"/api/buckets/{bucket}/batch", content=operation)
    assert answer.status_code == 422
    assert "content" in answer.json()["failed"][0]["error"]
    assert paths(hub, bucket) == []
    assert httpx2.post(f"{grant['casUrl']}/v1/shards", content=shard[:120], headers=headers).status_code == 400


def test_a_bucket_that_a_job_has_mounted_is_neither_deleted_nor_moved(hub: Hub, bucket: str) -> None:
    volume = Volume(type="bucket", source=bucket, mount_path="/data")
    job = hub.api.run_job(image="python:3.12", command=["sleep", "300"], volumes=[volume], namespace="local")
    with pytest.raises(HfHubHTTPError, match="409"):
        hub.api.delete_bucket(bucket)
    with pytest.raises(HfHubHTTPError, match="409"):
        hub.api.move_bucket(bucket, "local/elsewhere")
    hub.api.cancel_job(job_id=job.id, namespace="local")
    assert hub.api.wait_for_job(job.id, namespace="local", timeout=20, poll_interval=0.05).status.stage == "CANCELED"
    hub.api.delete_bucket(bucket)


@pytest.mark.promise("S15")
def test_nobody_reads_a_bucket_without_the_hubs_token(hub: Hub, bucket: str) -> None:
    (folder(hub, bucket) / "f").write_text("content")
    for path in (f"/api/buckets/{bucket}", f"/api/buckets/{bucket}/tree", f"/buckets/{bucket}/resolve/f"):
        assert httpx2.get(hub.endpoint + path).status_code == 401, path
    assert httpx2.get(f"{hub.endpoint}/api/buckets/{bucket}/xet-read-token").status_code == 401


def test_copying_a_missing_folder_is_said(hub: Hub, bucket: str) -> None:
    with pytest.raises(EntryNotFoundError):
        hub.api.copy_files(f"hf://buckets/{bucket}/nowhere", f"hf://buckets/{bucket}/there")
