"""Requests that no one writes on purpose: each is answered with what is wrong with it, and never with a failure."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from huggingface_hub import HfApi

from local_hub.paths import HubPaths
from local_hub.process.state import HubState
from tests.hub_process import running_hub, short_home, wait_until

GOOD = {"dockerImage": "x", "command": ["true"], "flavor": "cpu-basic"}
BUCKET = "/api/buckets/local/odd"
FILE = "/buckets/local/odd/resolve/ten.txt"


class Odd:
    """A hub with a finished job and a bucket, and the log in which a failure would stand."""

    def __init__(self, state: HubState, paths: HubPaths) -> None:
        self.state, self.paths, self._read = state, paths, 0
        self.http = httpx2.Client(
            base_url=state.endpoint, headers={"Authorization": f"Bearer {state.token}"}, timeout=30,
        )  # fmt: skip
        api = HfApi(state.endpoint, token=state.token)
        api.create_bucket("local/odd", private=True)
        api.batch_bucket_files("local/odd", add=[(b"0123456789", "ten.txt"), (b"", "empty.txt")])
        self.job = api.run_job(image="x", command=["echo", "said"]).id
        self.schedule = api.create_scheduled_job(image="x", command=["true"], schedule="@yearly", suspend=True).id
        api.wait_for_job(self.job, timeout=60)

    def failures(self) -> str:
        """What the hub has logged of failures since it was asked last."""
        text = self.paths.log.read_text()
        fresh, self._read = text[self._read :], len(text)
        return fresh if "Traceback" in fresh else ""


@pytest.fixture(scope="module")
def odd() -> Iterator[Odd]:
    with short_home() as home, running_hub(home) as state:
        made = Odd(state, HubPaths.of(home))
        with made.http:
            yield made


@pytest.fixture(autouse=True)
def _nothing_failed(odd: Odd) -> Iterator[None]:
    yield
    assert not odd.failures()


@pytest.mark.parametrize("text", ["²", "٣", "", "-1", "+1", "1e3", "1.0", " 1", "9" * 20, "9" * 5000, "0x1", "1\n"])
@pytest.mark.parametrize(
    "address", ["/api/jobs/local?limit=", "/api/jobs/local/JOB/logs?tail=", f"{BUCKET}/tree?limit="]
)
def test_what_is_no_number_is_told_so(odd: Odd, address: str, text: str) -> None:
    path, _, name = address.replace("JOB", odd.job).rstrip("=").partition("?")
    answer = odd.http.get(path, params={name: text})
    assert answer.status_code == 400
    assert name in answer.json()["error"]


def test_leading_noughts_are_a_number_wherever_they_stand(odd: Odd) -> None:
    assert [odd.http.get("/api/jobs/local", params={"limit": "0" * n + "1"}).status_code for n in (0, 1, 7)] == [
        200
    ] * 3


@pytest.mark.parametrize("cursor", ["٣." + "a" * 24, "1." + "A" * 24, "1", "." * 30, "1." + "a" * 24 + "\n"])
def test_a_cursor_of_another_form_is_refused(odd: Odd, cursor: str) -> None:
    assert odd.http.get("/api/jobs/local", params={"cursor": cursor}).status_code == 400


def test_filters_by_the_thousand_are_told_or_answered(odd: Odd) -> None:
    many = [("label", f"a{number}=b") for number in range(1100)]
    assert odd.http.get("/api/jobs/local", params=many).status_code == 400
    assert odd.http.get("/api/jobs/local", params=[("label", "a=b")] * 1100).json() == []
    for route in ("", "/count"):
        assert odd.http.get(f"/api/jobs/local{route}", params=[("stage", "ERROR")] * 3000).status_code == 200


DEEP = [b"[" * 100_000, b'{"a":' * 100_000]
NOT_UNICODE = [b'{"path": "\\ud800", "type": "deleteFile"}', b'{"path": "\xed\xa0\x80", "type": "deleteFile"}']


@pytest.mark.parametrize("body", [*DEEP, *NOT_UNICODE, b"\xff", b"{", b"null", b"9" * 5000], ids=lambda body: body[:12])
def test_a_body_that_is_no_request_is_refused_by_every_route(odd: Odd, body: bytes) -> None:
    for method, path in [
        ("POST", "/api/jobs/local"), ("PUT", f"/api/jobs/local/{odd.job}/labels"),
        ("PUT", f"/api/jobs/local/{odd.job}/expose"), ("POST", "/api/scheduled-jobs/local"),
        ("POST", f"/api/scheduled-jobs/local/{odd.schedule}/schedule"),
        ("PUT", f"/api/scheduled-jobs/local/{odd.schedule}/labels"),
        ("POST", f"{BUCKET}/paths-info"), ("POST", f"{BUCKET}/batch"), ("POST", "/api/buckets/local/other"),
        ("PUT", f"{BUCKET}/settings"), ("POST", "/api/repos/move"),
    ]:  # fmt: skip
        answer = odd.http.request(method, path, content=body)
        assert answer.status_code in {400, 422}, (method, path, answer.status_code)
        assert answer.json()["error"]


@pytest.mark.parametrize("source", ["local/\0", "local/" + "a" * 300, "local/a b", "local/.xet", "local/none"])
def test_a_volume_of_no_bucket_is_refused(odd: Odd, source: str) -> None:
    volume = {"type": "bucket", "source": source, "mountPath": "/data"}
    answer = odd.http.post("/api/jobs/local", json={**GOOD, "volumes": [volume]})
    assert answer.status_code == 404
    assert answer.headers["x-error-code"] == "RepoNotFound"


@pytest.mark.parametrize("word", ["x" * 200_000, "\0\n\r\t\x1b[31m", "é\u202e", "\x85\u2028"])
def test_an_error_never_breaks_its_own_answer(odd: Odd, word: str) -> None:
    for answer in (
        odd.http.post("/api/jobs/local", json={**GOOD, "flavor": word}),
        odd.http.post("/api/scheduled-jobs/local", json={"jobSpec": GOOD, "schedule": word}),
        odd.http.post("/api/repos/move", json={"fromRepo": f"{word}/a", "toRepo": "local/b", "type": "bucket"}),
        odd.http.get("/api/jobs/local", params={"stage": word[:1000]}),
    ):
        assert answer.status_code in {400, 404}
        assert len(answer.headers["x-error-message"]) <= 1000
        assert len(answer.content) < 20_000


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({"Range": "bytes=0-3"}, 206, b"0123"),
        ({"Range": "BYTES=-3"}, 206, b"789"),
        ({"Range": "bytes=8-" + "9" * 40}, 206, b"89"),
        ({"Range": "bytes=" + "9" * 40 + "-"}, 416, b""),
        ({"Range": "bytes=10-"}, 416, b""),
        ({"Range": "bytes=3-1"}, 200, b"0123456789"),
        ({"Range": "lines=1-2"}, 200, b"0123456789"),
        ({"Range": "bytes=0-1,3-4"}, 200, b"0123456789"),
        ({"Range": "bytes=0-3", "If-Range": "ETAG"}, 206, b"0123"),
        ({"Range": "bytes=0-3", "If-Range": '"another"'}, 200, b"0123456789"),
        ({"Range": "bytes=0-3", "If-Range": "Wed, 25 Nov 2026 00:00:00 GMT"}, 200, b"0123456789"),
        ({"If-None-Match": "ETAG"}, 304, b""),
        ({"If-None-Match": 'W/"a", ETAG'}, 304, b""),
        ({"If-None-Match": "*"}, 304, b""),
        ({"If-None-Match": '"another"'}, 200, b"0123456789"),
    ],
)
def test_ranges_and_tags_of_a_file(odd: Odd, headers: dict[str, str], status: int, body: bytes) -> None:
    etag = odd.http.head(FILE).headers["etag"]
    answer = odd.http.get(FILE, headers={name: value.replace("ETAG", etag) for name, value in headers.items()})
    assert (answer.status_code, answer.content) == (status, body)
    if status != 416:
        assert answer.headers["etag"] == etag


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH", "TRACE", "PUT", "DELETE", "POST"])
def test_another_method_is_told_so(odd: Odd, method: str) -> None:
    for path in (f"/api/jobs/local/{odd.job}", "/api/whoami-v2", "/", f"/jobs/local/{odd.job}", FILE):
        answer = odd.http.request(method, path)
        assert answer.status_code == 405, path
        assert answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/api/jobs/local", b"{"),
        ("/api/buckets/local/cut", b"{"),
        (f"{BUCKET}/batch", b'{"type": "addFile"'),
        (f"{BUCKET}/paths-info", b""),
    ],
)
def test_a_body_that_is_cut_off_leaves_no_trace(odd: Odd, path: str, sent: bytes) -> None:
    before = odd.http.get("/api/jobs/local/count").json()
    parts = urlsplit(odd.state.endpoint)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as wire:
        wire.sendall(
            f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {odd.state.token}\r\n"
            f"Content-Length: 1000\r\n\r\n".encode()
            + sent
        )
    # The hub has seen the end of that connection when it has answered on another.
    wait_until(lambda: odd.http.get("/api/jobs/local/count").json() == before)
    assert odd.http.get("/api/buckets/local/cut").status_code == 404


def test_a_cut_upload_can_be_made_again(odd: Odd) -> None:
    token = odd.http.get(f"{BUCKET}/xet-write-token").json()
    parts = urlsplit(token["casUrl"])
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as wire:
        wire.sendall(
            f"POST {parts.path}/v1/xorbs/default/{'a' * 64} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Authorization: Bearer {token['accessToken']}\r\nContent-Length: 1000\r\n\r\nhalf".encode()
        )
    api = HfApi(odd.state.endpoint, token=odd.state.token)
    api.batch_bucket_files("local/odd", add=[(b"half and more", "again.txt")])
    assert odd.http.get("/buckets/local/odd/resolve/again.txt").content == b"half and more"


@pytest.mark.parametrize("name", ["%00", "%ff", "%ed%a0%80", "..%2f..", "%0a", "a" * 5000, "%E2%80%AE", "%25%30"])
def test_no_name_in_an_address_is_a_failure(odd: Odd, name: str) -> None:
    for path in (
        f"/api/jobs/{name}", f"/api/jobs/local/{name}", f"/api/jobs/local/{name}/logs", f"/api/scheduled-jobs/{name}",
        f"/api/scheduled-jobs/local/{name}", f"/api/buckets/{name}", f"/api/buckets/local/{name}",
        f"{BUCKET}/tree/{name}", f"{BUCKET}/tree?cursor={name}", f"/buckets/local/odd/resolve/{name}",
        f"/xet/{name}/v1/reconstructions/{name}", f"/xet/{name}/data/{name}/1", f"/jobs/local/{name}", f"/{name}",
        f"/jobs/local/{odd.job}/files/0/{name}", f"/jobs/local/{odd.job}/view/0/{name}", f"/assets/{name}",
        f"/schedules/local/{name}", f"/login?ticket={name}", f"/compare?a={name}&b={name}", f"/?q={name}&stage={name}",
        f"/jobs/local/{odd.job}/search?q={name}", f"/?before={name}",
    ):  # fmt: skip
        answer = odd.http.get(path)
        assert answer.status_code < 500, path
    for method, path in (
        ("POST", f"/api/buckets/local/{name}"), ("DELETE", f"/api/buckets/local/{name}"),
        ("POST", f"/api/jobs/local/{name}/cancel"), ("POST", f"/xet/{name}/v1/xorbs/default/{name}"),
        ("POST", f"/xet/{name}/v1/shards"), ("DELETE", f"/api/scheduled-jobs/local/{name}"),
    ):  # fmt: skip
        assert odd.http.request(method, path).status_code < 500, (method, path)


@pytest.mark.parametrize(
    "more",
    [
        {"attempts": 10**30}, {"timeoutSeconds": 10**400}, {"environment": {"AA": 1e308}}, {"environment": {"AA": "\0"}},
        {"labels": {"a": "b\n"}}, {"network": {"group": "a\n"}}, {"expose": {"ports": [8000] * 3}},
        {"expose": {"ports": [0]}}, {"ssh": {"enabled": None}}, {"command": []}, {"arguments": ["\0"]},
        {"volumes": [{"type": "bucket", "source": "local/odd", "mountPath": "/" + "x" * 5000}]},
        {"volumes": [{"type": "bucket", "source": "local/odd", "mountPath": "/d", "path": "a" * 300}]},
        {"volumes": [{"type": "bucket", "source": "local/odd", "mountPath": "/d", "path": "ten.txt"}]},
        {"volumes": [{"type": "bucket", "source": "local/odd", "mountPath": "/d/\n"}]},
        {"dockerImage": "x" * 100_000}, {"command": ["x" * 200_000]},
    ],
    ids=lambda more: json.dumps(more)[:60],
)  # fmt: skip
def test_an_odd_job_is_refused_or_ends(odd: Odd, more: dict[str, Any]) -> None:
    answer = odd.http.post("/api/jobs/local", content=json.dumps({**GOOD, **more}))
    assert answer.status_code in {200, 400}
    if answer.status_code == 200 and "attempts" not in more:
        address = f"/api/jobs/local/{answer.json()['id']}"
        wait_until(lambda: odd.http.get(address).json()["status"]["stage"] in {"COMPLETED", "ERROR"}, seconds=60)


@pytest.mark.parametrize("when", ["0 0 9 * * * 2024", "0 0 0 29 2 * 9999", "no line of this version"])
def test_a_schedule_whose_moments_are_over_stands_in_the_way_of_no_other(odd: Odd, when: str) -> None:
    """As time or an earlier version leaves it: a line that was good once."""
    api = HfApi(odd.state.endpoint, token=odd.state.token)
    made = [api.create_scheduled_job(image="x", command=["true"], schedule="@yearly", suspend=n == 0) for n in range(2)]
    over, active = (one.id for one in made)
    with sqlite3.connect(odd.paths.database, timeout=30) as db:
        db.execute("UPDATE schedules SET schedule = ? WHERE id = ?", (when, over))
    db.close()
    try:
        listed = {one.id: one for one in api.list_scheduled_jobs()}
        assert listed[over].status.next_job_run_at is None
        assert listed[active].status.next_job_run_at is not None
        assert api.inspect_scheduled_job(scheduled_job_id=over).suspend
        api.resume_scheduled_job(scheduled_job_id=over)
        resumed = api.inspect_scheduled_job(scheduled_job_id=over)
        assert (resumed.suspend, resumed.status.next_job_run_at) == (False, None)
        assert "never" in odd.http.get("/").text
        assert "Next run: never" in odd.http.get(f"/schedules/local/{over}").text
        api.suspend_scheduled_job(scheduled_job_id=over)
        assert api.inspect_scheduled_job(scheduled_job_id=over).suspend
        run = api.trigger_scheduled_job(scheduled_job_id=over)
        assert api.wait_for_job(run.id, timeout=60).status.stage == "COMPLETED"
    finally:
        for one in made:
            api.delete_scheduled_job(scheduled_job_id=one.id)


@pytest.mark.parametrize(
    "when", ["0 0 9 * * * 2024", "0 0 0 29 2 * 9999", "0 0 0 1 1 * " + "9" * 5000, "1" * 100 + "x", "9" * 500_000]
)
def test_a_schedule_that_would_never_run_is_not_made(odd: Odd, when: str) -> None:
    answer = odd.http.post("/api/scheduled-jobs/local", json={"jobSpec": GOOD, "schedule": when})
    assert answer.status_code == 400
    assert "schedule: " in answer.json()["error"]
    moved = odd.http.post(f"/api/scheduled-jobs/local/{odd.schedule}/schedule", json={"schedule": when})
    assert moved.status_code == 400
    assert (
        HfApi(odd.state.endpoint, token=odd.state.token).inspect_scheduled_job(scheduled_job_id=odd.schedule).schedule
        == "@yearly"
    )


ODD_VALUES: list[Any] = [None, True, 5, -1, 1.5, 1e308, "", "x", "\0", [], ["x"], [[]], {}, {"a": 1}, [None], 10**30]
FIELDS = {
    ("POST", "/api/jobs/local"): {"volumes": []},
    ("POST", "/api/scheduled-jobs/local?jobSpec"): {
        **GOOD, "arguments": [], "environment": {}, "secrets": {}, "timeoutSeconds": 5, "attempts": 1, "labels": {},
        "volumes": [], "expose": {}, "spaceId": "a/b", "ssh": {}, "network": {}, "resourceGroupId": "a" * 24, "arch": "amd64",
    },
    ("POST", "/api/scheduled-jobs/local"): {"jobSpec": GOOD, "schedule": "@yearly", "suspend": True, "concurrency": False},
    ("POST", "/api/scheduled-jobs/local/SCHEDULE/schedule"): {"schedule": "@yearly"},
    ("PUT", "/api/scheduled-jobs/local/SCHEDULE/labels"): {"labels": {}},
    ("PUT", "/api/jobs/local/JOB/labels"): {"labels": {}},
    ("PUT", "/api/jobs/local/JOB/expose"): {"ports": [], "portsPublic": []},
    ("POST", "/api/buckets/local/odd-fields"): {"visibility": "x", "private": True, "resourceGroupId": "", "cdnRegions": []},
    ("PUT", f"{BUCKET}/settings"): {"private": True, "cdnRegions": []},
    ("POST", f"{BUCKET}/paths-info"): {"paths": []},
    ("POST", f"{BUCKET}/batch"): {
        "type": "addFile", "path": "p", "xetHash": "0" * 64, "mtime": 1, "sourceRepoType": "bucket", "sourceRepoId": "local/odd",
    },
    ("POST", "/api/repos/move"): {"type": "bucket", "fromRepo": "local/none", "toRepo": "local/none"},
}  # fmt: skip


@pytest.mark.parametrize("route", FIELDS, ids=" ".join)
def test_no_kind_of_value_in_any_field_is_a_failure(odd: Odd, route: tuple[str, str]) -> None:
    method, path = route
    path, _, below = path.replace("JOB", odd.job).replace("SCHEDULE", odd.schedule).partition("?")
    for field in FIELDS[route]:
        for value in ODD_VALUES:
            for also in ({}, {"type": "copyFile"}) if path.endswith("/batch") else ({},):
                sent = {**FIELDS[route], **also, field: value}
                sent = {below: sent, "schedule": "@yearly", "suspend": True} if below else sent
                answer = odd.http.request(method, path, content=json.dumps(sent))
                assert answer.status_code < 500, (field, value, answer.text)


def test_a_file_is_saved_or_shown_as_the_address_says(odd: Odd) -> None:
    kinds = {query: odd.http.get(f"{FILE}{query}").headers.get("content-disposition", "").partition(";")[0] for query in (
        "", "?download=1", "?download=true", "?download", "?download=false", "?noContentDisposition=1",
    )}  # fmt: skip
    assert list(kinds.values()) == ["inline", "attachment", "attachment", "attachment", "inline", ""]


def test_a_new_bucket_is_told_as_the_description_says(odd: Odd) -> None:
    made, again = (odd.http.post("/api/buckets/local/odd-new", json={}) for _ in range(2))
    assert (made.status_code, again.status_code) == (200, 409)
    assert set(made.json()) == {"url", "name", "id"}
    assert set(again.json()) == {"error", "url", "id"}
    assert made.json()["id"] == again.json()["id"]
    assert len(bytes.fromhex(made.json()["id"])) == 12
