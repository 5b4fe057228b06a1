"""The live figures of a job are those of its own processes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import httpx2

from tests.hub_process import wait_until

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from local_hub.process.state import HubState

BUSY = "data = bytearray(80_000_000); print('ready', flush=True)\nwhile True: pass"


def test_a_busy_job_is_seen_to_use_a_processor_and_its_memory(hub_api: HfApi) -> None:
    job = hub_api.run_job(image="python:3.12", command=["python", "-c", BUSY], namespace="local")
    try:
        wait_until(lambda: hub_api.inspect_job(job_id=job.id).started_at)
        assert next(iter(hub_api.fetch_job_logs(job_id=job.id, follow=True))) == "ready"
        stream = hub_api.fetch_job_metrics(job_id=job.id, follow=True)
        first, second = itertools.islice(stream, 2)
        assert set(first) == {
            "cpu_usage_pct",
            "cpu_millicores",
            "memory_used_bytes",
            "memory_total_bytes",
            "rx_bps",
            "tx_bps",
            "gpus",
            "replica",
        }
        assert 80_000_000 < second["memory_used_bytes"] < 300_000_000 < second["memory_total_bytes"]
        assert second["cpu_usage_pct"] > 5
    finally:
        hub_api.cancel_job(job_id=job.id)


def test_a_finished_job_has_none(hub: HubState, hub_api: HfApi) -> None:
    job = hub_api.run_job(image="x", command=["true"], namespace="local")
    hub_api.wait_for_job(job.id, timeout=30, poll_interval=0.02)
    headers = {"Authorization": f"Bearer {hub.token}"}
    assert httpx2.get(f"{hub.endpoint}/api/jobs/local/{job.id}/metrics", headers=headers).status_code == 406
    assert list(hub_api.fetch_job_metrics(job_id=job.id)) == []
