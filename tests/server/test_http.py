"""HTTP: a token on every request, and no page of another origin gets in."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from socket import gethostname

import httpx2
import pytest

from server.settings import Settings
from tests.mcp_session import HTTP_TOKEN, SERVER, data, environment, free_port, http_server, over_http

pytestmark = pytest.mark.anyio

CONTAINERFILE = (Path(__file__).resolve().parents[2] / "Containerfile").read_text()
#: What the container runs: the arguments of the command line, the port last.
CMD = json.loads(re.findall(r"^CMD (.*)$", CONTAINERFILE, re.MULTILINE)[0])
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
HEADERS = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {HTTP_TOKEN}"}


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with http_server(environment(home)) as address:
        yield address


@pytest.mark.parametrize("token", ["", "Bearer wrong", f"Basic {HTTP_TOKEN}", f"bearer{HTTP_TOKEN}"])
@pytest.mark.promise("S12")
def test_whoever_does_not_bring_the_token_is_turned_away(url: str, token: str) -> None:
    answer = httpx2.post(url, json=PING, headers={**HEADERS, "Authorization": token})
    assert answer.status_code == 401
    assert HTTP_TOKEN not in answer.text


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
@pytest.mark.promise("S12")
def test_another_host_or_origin_is_turned_away(url: str, header: dict[str, str]) -> None:
    assert httpx2.post(url, json=PING, headers={**HEADERS, **header}).status_code in {403, 421}


async def test_with_the_token_the_tools_are_there(url: str) -> None:
    async with over_http(url) as client:
        assert len((await client.list_tools()).tools) == 8
        assert data(await client.call_tool("list_hardware", {}))["hub"] == "local"


@pytest.mark.promise("S12")
def test_without_a_token_one_is_made_and_printed_to_stderr(home: Path) -> None:
    env = environment(home)
    process = subprocess.Popen(
        [*SERVER, "serve", "--http", "--port", str(free_port())],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline().decode()
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=15)
    assert len(line.split()[-1]) >= 32
    assert out == b""


@pytest.mark.parametrize(
    ("flags", "env", "words"),
    [
        (["--host", "0.0.0.0", "--insecure-no-auth"], {}, "loopback only"),
        ([], {"HF_JOBS_MCP_HTTP_TOKEN": "short"}, "too short"),
    ],
)
@pytest.mark.promise("S12")
def test_an_unsafe_set_up_is_refused_in_a_sentence(
    home: Path, flags: list[str], env: dict[str, str], words: str
) -> None:
    done = subprocess.run(
        [*SERVER, "serve", "--http", "--port", str(free_port()), *flags],
        env=environment(home, **env),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_taken_port_is_said_in_a_sentence(home: Path, url: str) -> None:
    port = url.split(":")[2].split("/", maxsplit=1)[0]
    done = subprocess.run(
        [*SERVER, "serve", "--http", "--port", port, "--insecure-no-auth"],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "cannot be opened" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_on_every_address_it_answers_to_the_machines_names_and_to_those_it_is_told(home: Path) -> None:
    """As in a container, whose port may be another one outside; a name that nobody gave it is turned away."""
    env = environment(home, HF_JOBS_MCP_HTTP_HOSTS="jobs.example.org, 10.9.8.7:9000", HF_JOBS_MCP_HTTP_TOKEN=HTTP_TOKEN)
    port = free_port()
    process = subprocess.Popen(
        [*SERVER, *CMD[:-1], str(port)], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert f"http://127.0.0.1:{port}/mcp" in process.stderr.readline()
        url = f"http://127.0.0.1:{port}/mcp"

        def status(host: str) -> int:
            return httpx2.post(url, json=PING, headers={**HEADERS, "Host": host}).status_code

        for host in (f"localhost:{port}", "localhost:9000", f"{gethostname()}:1", "jobs.example.org", "10.9.8.7:9000",
                     "localhost", gethostname().lower(), "jobs.example.org:8443"):  # fmt: skip
            assert status(host) != 421, host
        for host in ("evil.example", f"evil.example:{port}", "jobs.example.org.evil.example", "10.9.8.7:9001"):
            assert status(host) == 421, host
        assert httpx2.post(url, json=PING, headers={**HEADERS, "Authorization": "Bearer no"}).status_code == 401
    finally:
        process.terminate()
        process.wait(15)
        assert process.stderr is not None
        process.stderr.close()


def test_the_container_runs_as_nobody_special_what_the_command_line_has() -> None:
    assert re.search(r"^USER 1000:1000$", CONTAINERFILE, re.MULTILINE)
    assert CONTAINERFILE.index("USER") < CONTAINERFILE.index("ENTRYPOINT")
    assert json.loads(re.findall(r"^ENTRYPOINT (.*)$", CONTAINERFILE, re.MULTILINE)[0]) == ["hf-jobs-mcp"]
    assert CMD[-1] in re.findall(r"^EXPOSE (\d+)$", CONTAINERFILE, re.MULTILINE)
    settings = set(re.findall(r"HF_JOBS_MCP_([A-Z_]+)=", CONTAINERFILE))
    assert settings <= {name.upper() for name in Settings.model_fields}
