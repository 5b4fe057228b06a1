"""Exposed ports: who gets through to the job, and what."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.hub_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from huggingface_hub import HfApi, JobInfo

    from local_hub.process.state import HubState

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = ("you asked for " + self.path).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body[::-1])
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def job(hub: HubState) -> Iterator[JobInfo]:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    port = free_port()
    job = api.run_job(
        image="python:3.12", command=["python", "-c", SERVER, str(port)], expose=[port], namespace="local"
    )
    yield wait_until(lambda: (found := api.inspect_job(job_id=job.id)).status.expose_urls and found)
    api.cancel_job(job_id=job.id)


def url(api: HfApi, job: JobInfo) -> str:
    (found,) = api.inspect_job(job_id=job.id, namespace="local").status.expose_urls
    return str(found)


def get(address: str, **headers: str) -> httpx2.Response:
    return wait_until(lambda: answer if (answer := httpx2.get(address, headers=headers)).status_code != 502 else None)


def test_the_port_is_reached_with_the_token_only(hub: HubState, hub_api: HfApi, job: JobInfo) -> None:
    address = url(hub_api, job)
    answer = get(f"{address}/page?x=1", Authorization=f"Bearer {hub.token}")
    assert (answer.status_code, answer.text) == (200, "you asked for /page?x=1")
    assert get(address).status_code == 401
    assert get(address, Authorization="Bearer wrong").status_code == 401
    assert get(address, Authorization=f"Bearer {hub.token}", Host="evil.example").status_code == 403


def test_a_large_body_goes_there_and_back(hub: HubState, hub_api: HfApi, job: JobInfo) -> None:
    body = bytes(range(256)) * 8000
    headers = {"Authorization": f"Bearer {hub.token}"}
    get(url(hub_api, job), **headers)
    assert httpx2.post(url(hub_api, job), content=body, headers=headers).content == body[::-1]


def test_ports_are_opened_to_all_and_closed_while_the_job_runs(hub_api: HfApi, job: JobInfo) -> None:
    (port,) = job.expose
    before = url(hub_api, job)
    public = hub_api.update_job_expose(job_id=job.id, expose_public=[port], namespace="local")
    assert (public.expose, public.expose_public) == ([port], [port])
    assert get(url(hub_api, job)).status_code == 200
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(before)
    closed = hub_api.update_job_expose(job_id=job.id, namespace="local")
    assert not closed.status.expose_urls
    hub_api.update_job_expose(job_id=job.id, expose=[port], namespace="local")


def test_the_door_closes_with_the_job(hub_api: HfApi) -> None:
    other = hub_api.run_job(image="x", command=["sleep", "60"], expose=[free_port()], namespace="local")
    address = wait_until(lambda: hub_api.inspect_job(job_id=other.id).status.expose_urls)[0]
    assert httpx2.get(address).status_code == 401
    hub_api.cancel_job(job_id=other.id)
    wait_until(lambda: hub_api.inspect_job(job_id=other.id).status.expose_urls is None)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(address)
