"""Job files in a bucket, through the real client, against a real hub."""

from __future__ import annotations

import anyio.to_thread
import pytest
from huggingface_hub import HfApi

from jobs import errors
from jobs.client.client import HubClient
from jobs.submit import new_idempotency_key

pytestmark = pytest.mark.anyio

BUCKET = "local/jobs-artifacts"


async def test_what_is_uploaded_is_listed_and_read(hub):
    folder = new_idempotency_key()
    files = {f"{folder}/a.txt": b"hello", f"{folder}/deep/b.bin": bytes(range(256)) * 300, f"{folder}/empty": b""}
    await hub.ensure_bucket(BUCKET)
    await hub.upload(BUCKET, files)
    listed = {file.path: file.size for file in await hub.buckets.tree(BUCKET, folder)}
    assert listed == {path: len(data) for path, data in files.items()}
    for path, data in files.items():
        assert await hub.buckets.read(BUCKET, path, max_bytes=1_000_000) == data


async def test_a_read_stops_at_its_bound(hub):
    folder = new_idempotency_key()
    await hub.ensure_bucket(BUCKET)
    await hub.upload(BUCKET, {f"{folder}/big": b"0123456789" * 100_000})
    assert await hub.buckets.read(BUCKET, f"{folder}/big", max_bytes=25) == b"0123456789012345678901234"


@pytest.mark.parametrize("name", ["with space.txt", "üml-äut.txt", "a#b?c=d&e.txt", "100%.txt", "quote'\".txt"])
async def test_odd_names_survive_the_way_there_and_back(hub, name):
    folder = new_idempotency_key()
    await hub.ensure_bucket(BUCKET)
    await hub.upload(BUCKET, {f"{folder}/{name}": b"x"})
    assert [file.path for file in await hub.buckets.tree(BUCKET, folder)] == [f"{folder}/{name}"]
    assert await hub.buckets.read(BUCKET, f"{folder}/{name}", max_bytes=9) == b"x"


async def test_a_folder_is_not_its_neighbour_with_a_longer_name(hub):
    folder = new_idempotency_key()
    await hub.ensure_bucket(BUCKET)
    await hub.upload(BUCKET, {f"{folder}/in": b"x", f"{folder}er/out": b"x"})
    assert [file.path for file in await hub.buckets.tree(BUCKET, folder)] == [f"{folder}/in"]


async def test_what_is_not_there_is_empty_or_not_found(hub):
    await hub.ensure_bucket(BUCKET)
    assert await hub.buckets.tree(BUCKET, "nothing-here") == []
    with pytest.raises(errors.NotFound):
        await hub.buckets.read(BUCKET, "nothing-here/x", max_bytes=1)
    with pytest.raises(errors.NotFound):
        await hub.buckets.read("local/no-such-bucket", "x", max_bytes=1)


async def test_a_listing_stops_at_its_limit(hub):
    folder = new_idempotency_key()
    await hub.ensure_bucket(BUCKET)
    await hub.upload(BUCKET, {f"{folder}/{number}": b"x" for number in range(30)})
    assert len(await hub.buckets.tree(BUCKET, folder, limit=7)) == 7


async def test_nothing_is_put_into_a_public_bucket(hub, hub_state):
    api = HfApi(endpoint=hub_state.endpoint, token=hub_state.token)
    await anyio.to_thread.run_sync(lambda: api.create_bucket("local/open-house", private=False))
    with pytest.raises(errors.Conflict) as refused:
        await hub.ensure_bucket("local/open-house")
    assert "private" in refused.value.hint


async def test_a_bucket_made_for_jobs_is_private(hub, hub_state):
    await hub.ensure_bucket("local/made-here")
    api = HfApi(endpoint=hub_state.endpoint, token=hub_state.token)
    assert (await anyio.to_thread.run_sync(lambda: api.bucket_info("local/made-here"))).private is True


async def test_a_strangers_namespace_is_refused_with_a_hint(hub):
    with pytest.raises((errors.NotFound, errors.Forbidden)) as refused:
        await hub.ensure_bucket("somebody-else/jobs-artifacts")
    assert refused.value.hint


async def test_files_need_a_token(hub_state):
    nobody = HubClient(hub_state.endpoint, None)
    for call in (nobody.ensure_bucket(BUCKET), nobody.upload(BUCKET, {"a": b"x"}), nobody.buckets.tree(BUCKET, "a")):
        with pytest.raises(errors.NoToken):
            await call
    await nobody.close()


async def test_a_refused_token_is_called_one_for_uploads_too(hub_state):
    wrong = HubClient(hub_state.endpoint, "hf_wrong")
    with pytest.raises(errors.TokenRefused):
        await wrong.upload(BUCKET, {"a/b": b"x"})
    await wrong.close()
