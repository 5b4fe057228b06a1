"""Who is answered and who is not."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from local_hub.auth import is_loopback

if TYPE_CHECKING:
    from local_hub.process.state import HubState


def status(hub: HubState, path: str = "/api/jobs/local", method: str = "GET", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=10)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return connection.getresponse().status
    finally:
        connection.close()


def bearer(hub: HubState) -> str:
    return f"Bearer {hub.token}"


def test_the_token_opens_the_hub(hub: HubState) -> None:
    assert status(hub, Authorization=bearer(hub)) == 200


@pytest.mark.parametrize("given", [None, "Bearer ", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x"])
def test_nobody_is_answered_without_it(hub: HubState, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given.format(token=hub.token)}
    assert status(hub, **headers) == 401


@pytest.mark.promise("S15")
def test_the_client_explains_a_wrong_token(hub: HubState) -> None:
    with pytest.raises(HfHubHTTPError, match="Invalid user token") as caught:
        HfApi(endpoint=hub.endpoint, token="hf_wrong").whoami()
    assert caught.value.response.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil:1", ""])
@pytest.mark.promise("S15")
def test_a_name_that_is_not_this_machine_is_refused(hub: HubState, host: str) -> None:
    assert status(hub, Host=host, Authorization=bearer(hub)) == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", "{endpoint}"])
@pytest.mark.promise("S15")
def test_no_web_page_may_call_the_api_even_with_the_token(hub: HubState, origin: str) -> None:
    given = origin.format(endpoint=hub.endpoint)
    assert status(hub, Origin=given, Authorization=bearer(hub)) == 403


def test_only_loopback_is_listened_on(hub: HubState) -> None:
    import psutil

    listening = [one.laddr.ip for one in psutil.Process(hub.pid).net_connections("tcp") if one.status == "LISTEN"]
    assert listening == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("127.0.0.1", True),
        ("localhost:80", True),
        ("LOCALHOST:1", True),
        ("[::1]:9", True),
        ("[::1]", True),
        ("::1", False),
        ("127.0.0.2", False),
        ("localhost:", False),
        ("localhost:x", False),
        (":80", False),
    ],
)
def test_loopback_names(host: str, good: bool) -> None:
    assert is_loopback(host) is good
