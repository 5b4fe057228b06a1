"""`doctor` finds each planted fault by its name, and none on a machine that has none."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests import hub_process
from tests.far_hub import TOKEN, FarHub
from tests.hub_process import short_home
from tests.mcp_session import SERVER, environment, free_port
from tests.no_namespaces import can_forbid, forbidding

LITERAL = "${HF_TOKEN}"


@pytest.fixture
def home() -> Iterator[Path]:
    with short_home() as folder:
        folder.chmod(0o700)
        try:
            yield folder
        finally:
            hub_process.clear(folder)


def examined(home: Path, *before: str, **env: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and the findings that are not ok by their names."""
    done = subprocess.run(
        [*before, *SERVER, "doctor", "--json"],
        env=environment(home, **env), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told["problems"] == sum(one["verdict"] == "fail" for one in told["findings"])
    assert done.returncode == (1 if told["problems"] else 0)
    for one in told["findings"]:
        assert one["state"]
        assert one["verdict"] == "ok" or one["advice"], one
    return told["problems"], {one["name"]: one for one in told["findings"] if one["verdict"] != "ok"}


def far_away(far: FarHub, **more: str) -> dict[str, str]:
    return {"HF_JOBS_MCP_HUB": far.endpoint, "HF_TOKEN": TOKEN, **more}


def test_a_machine_without_faults_has_none(home: Path, far: FarHub) -> None:
    for env in ({}, far_away(far)):
        problems, found = examined(home, **env)
        assert problems == 0
        assert set(found) <= {"keyring", "sandbox", "Python for fast-agent"}


#: Faults that can be there together are planted together: each is to be found among the others.
SURROUNDINGS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "what a client did not fill in, and what is missing": (
        {
            "HF_JOBS_MCP_HUB": "huggingface",
            "HF_TOKEN": LITERAL,
            "OPENAI_API_KEY": "${input:a-value}",
            "HF_JOBS_MCP_CONFIRM_ABOVE_USD": "a-value",
            "HF_JOBS_MCP_SECRET_FILE": "a-value",
            "HF_JOBS_MCP_SECRETS_FILE": "/no/such.env",
            "SSL_CERT_FILE": "/no/such.pem",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "HF_JOBS_MCP_RUNNER": "container",
            "PATH": "/no/such",
        },
        {
            "variable HF_TOKEN": "did not fill in",
            "Hugging Face token": "none",
            "variable OPENAI_API_KEY": "did not fill in",
            "setting HF_JOBS_MCP_CONFIRM_ABOVE_USD": "number",
            "variable HF_JOBS_MCP_SECRET_FILE": "no such",
            "secrets file": "cannot be read",
            "certificate": "SSL_CERT_FILE",
            "keyring": "no system keyring",
            "container engine": "neither Podman",
        },
    ),
    "a hub that is none, and nobody where the token is for": (
        {
            "HF_JOBS_MCP_HUB": "ftp://a-value",
            "HF_JOBS_MCP_RUNNER": "a-value",
            "HF_TOKEN": "hf_x y",
            "HF_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        },
        {
            "setting HF_JOBS_MCP_HUB": "http",
            "setting HF_JOBS_MCP_RUNNER": "process",
            "Hugging Face token": "characters",
            "hub": "Nothing answers",
        },
    ),
    "offline": (
        {"HF_JOBS_MCP_HUB": "huggingface", "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "1"},
        {"offline": "OFFLINE"},
    ),
    "a name that is none": (
        {"HF_JOBS_MCP_HUB": "https://no-such-hub.invalid", "HF_TOKEN": TOKEN},
        {"network": "resolved"},
    ),
    "a namespace that can be none": (
        {"HF_JOBS_MCP_HUB": "http://127.0.0.1:9", "HF_TOKEN": TOKEN, "HF_JOBS_MCP_NAMESPACE": "a-value/"},
        {"setting HF_JOBS_MCP_NAMESPACE": "not the name"},
    ),
    "the proxy is down": (
        {"HF_JOBS_MCP_HUB": "https://hub.example", "HF_TOKEN": TOKEN, "HTTPS_PROXY": f"http://127.0.0.1:{free_port()}"},
        {"proxy": "HTTPS_PROXY"},
    ),
}


@pytest.mark.parametrize("case", SURROUNDINGS)
def test_faults_of_the_surroundings_are_named_and_no_value_is(home: Path, case: str) -> None:
    env, names = SURROUNDINGS[case]
    problems, found = examined(home, **env)
    assert problems
    for name, words in names.items():
        assert words in found[name]["state"]
    assert "a-value" not in str(found)


def test_a_token_file_that_cannot_be_read_is_named(home: Path) -> None:
    (home / "token").write_bytes(b"\xff\xfe")
    problems, found = examined(home, HF_JOBS_MCP_HUB="auto", HF_TOKEN_PATH=str(home / "token"))
    assert problems
    assert "cannot be read" in found["Hugging Face token"]["state"]


def test_files_of_values_that_others_can_open_or_nobody_read_are_named(home: Path, far: FarHub) -> None:
    for name, text in (("secrets.env", "A_KEY=value-of-it\n"), ("secrets.json", "{}")):
        (home / name).write_text(text)
        (home / name).chmod(0o644)
    env = far_away(far, HF_JOBS_MCP_SECRETS_FILE=str(home / "secrets.env"))
    _, found = examined(home, **env)
    assert "others" in found["secrets file"]["state"]
    assert "others" in found["stored secrets"]["state"]
    (home / "secrets.env").write_bytes(b"\xff\xfe")
    problems, found = examined(home, **env)
    assert problems == 1
    assert "not text" in found["secrets file"]["state"]


REFUSALS = {
    "the token is refused": (r"whoami", 401, "Hugging Face token", "token"),
    "jobs cannot be seen": (r"GET /api/jobs/local", 403, "rights", "job.read"),
    "the address is no hub's": (r".", 404, "hub", "not as a hub does"),
    "the hub fails": (r".", 503, "hub", "answers that it fails"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_the_hub_refuses_is_named(home: Path, far: FarHub, case: str) -> None:
    pattern, status, name, words = REFUSALS[case]
    far.refuse(pattern, status, "no")
    problems, found = examined(home, **far_away(far))
    assert problems
    assert words in found[name]["state"]


RIGHTS = {
    "read": ({"role": "read"}, "job.write", 1),
    "fine-grained without jobs": (
        {"role": "fineGrained", "fineGrained": {"scoped": [{"permissions": ["repo.write"]}]}}, "job.read", 2,
    ),
    "fine-grained without buckets": (
        {"role": "fineGrained", "fineGrained": {"scoped": [{"permissions": ["job.write"]}]}}, "repo.write", 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHTS)
def test_a_right_that_the_token_lacks_is_named(home: Path, far: FarHub, case: str) -> None:
    token, right, problems = RIGHTS[case]
    far.change("whoami", lambda who: {**who, "auth": {"type": "access_token", "accessToken": token}})
    told, found = examined(home, **far_away(far))
    assert told == problems
    assert right in found["rights"]["state"] or problems == 1


@contextmanager
def hub_of_another_day() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def date_time_string(self, timestamp: float | None = None) -> str:
            return "Mon, 01 Jan 2024 00:00:00 GMT"

        def do_GET(self) -> None:
            body = b"[]" if "jobs" in self.path else b'{"name": "me", "orgs": []}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_clock_that_is_wrong_is_named(home: Path) -> None:
    with hub_of_another_day() as address:
        problems, found = examined(home, HF_JOBS_MCP_HUB=address, HF_TOKEN=TOKEN)
    assert problems == 1
    assert "ahead of the hub's" in found["clock"]["state"]


def test_a_local_hub_of_another_release_is_named(home: Path) -> None:
    hub_process.start(home)
    _, found = examined(home)
    assert "stale" in found["local hub"]["state"]


def test_uv_that_is_gone_and_a_newer_python_that_is_not_there_are_named(home: Path, far: FarHub) -> None:
    (home / "site/uv").mkdir(parents=True)
    (home / "site/uv/__init__.py").write_text("def find_uv_bin(): raise FileNotFoundError\n")
    hidden = "import hf_jobs_mcp, local_hub.backends.interpreters as there; there.installed = lambda: {11: None}"
    (home / "site/sitecustomize.py").write_text(f"{hidden}\n")
    _, found = examined(home, **far_away(far, PYTHONPATH=str(home / "site")))
    assert found["uv"]["verdict"] == "fail"
    assert "none of 3.12" in found["Python for fast-agent"]["state"]


def test_a_machine_that_allows_no_sandbox_is_named(home: Path, far: FarHub) -> None:
    if not can_forbid():
        pytest.skip("unshare cannot forbid namespaces here")
    _, found = examined(home, *forbidding([]), **far_away(far))
    assert "you are asked" in found["sandbox"]["state"]


MOUNTS = {
    "full": ('mount -t tmpfs -o size=64k,mode=700 none "$0" && exec "$@"', "disk", "no room"),
    "read-only": ('mount -t tmpfs -o ro none "$0" && exec "$@"', "state folder", "read-only"),
}


@pytest.mark.parametrize("case", MOUNTS)
def test_a_state_folder_that_takes_nothing_is_named(home: Path, far: FarHub, case: str) -> None:
    script, name, words = MOUNTS[case]
    make = ["unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-c"]
    if shutil.which("unshare") is None or subprocess.run([*make, script, str(home), "true"], check=False).returncode:
        pytest.skip("this user cannot mount here")
    problems, found = examined(home, *make, script, str(home), **far_away(far))
    assert problems
    assert words in found[name]["state"]


def test_a_state_folder_that_is_none_is_named(home: Path, far: FarHub) -> None:
    file = home / "file"
    file.write_text("not a folder")
    problems, found = examined(home, **far_away(far, HF_JOBS_MCP_HOME=str(file)))
    assert problems
    assert "cannot be written" in found["state folder"]["state"]


def test_a_namespace_of_strangers_and_few_open_files_are_named(home: Path, far: FarHub) -> None:
    limited = ["/bin/sh", "-c", 'ulimit -Sn 200 && exec "$@"', "sh"]
    problems, found = examined(home, *limited, **far_away(far, HF_JOBS_MCP_NAMESPACE="strangers"))
    assert problems
    assert "knows no strangers" in found["namespace"]["state"]
    assert "200" in found["open files"]["state"]


def test_a_namespace_that_the_token_does_not_see_is_named(home: Path, far: FarHub) -> None:
    far.change("whoami", lambda who: {**who, "orgs": []})
    problems, found = examined(home, **far_away(far, HF_JOBS_MCP_NAMESPACE="local-team"))
    assert problems == 0
    assert "neither local nor an organisation" in found["namespace"]["state"]


def test_a_local_hub_whose_database_is_broken_is_named(home: Path) -> None:
    (home / "hub").mkdir(mode=0o700)
    (home / "hub/hub.sqlite3").write_bytes(b"no database at all " * 300)
    problems, found = examined(home)
    assert problems == 1
    assert "database" in found["local hub"]["state"]
    assert "doctor" not in found["local hub"]["advice"]


def test_what_breaks_off_is_no_hub(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=break_off, args=(server,), daemon=True).start()
        problems, found = examined(home, HF_JOBS_MCP_HUB=f"http://127.0.0.1:{server.getsockname()[1]}", HF_TOKEN=TOKEN)
        server.shutdown(socket.SHUT_RDWR)
    assert problems == 1
    assert "http://" in found["hub"]["advice"]


def break_off(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"\x15\x03\x01\x00\x02\x02\x50")  # A TLS alert, as from a port that expects TLS.


def test_what_clients_keep_about_this_server_is_looked_at(home: Path) -> None:
    files = {
        ".config/Claude/claude_desktop_config.json": {
            "mcpServers": {"jobs": {"command": "/gone/bin/hf-jobs-mcp"}, "other": {"command": "/gone/other"}}
        },
        ".codeium/windsurf/mcp_config.json": {
            "mcpServers": {"hf-jobs": {"command": "/bin/sh", "env": {"HF_TOKEN": LEAKED}}}
        },
        ".lmstudio/mcp.json": {"mcpServers": {"hf-jobs": {"args": ["hf-jobs-mcp"]}}},
        ".config/zed/settings.json": {"context_servers": {"hf-jobs": {"command": "/bin/sh"}}},
    }
    for name, content in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(json.dumps(content))
    (home / ".cursor").mkdir()
    (home / ".cursor/mcp.json").write_text('{\n "mcpServers": {\n broken')
    (home / ".codex").mkdir()
    (home / ".codex/config.toml").write_text("mcp_servers = 3\n")
    problems, found = examined(home)
    assert problems == 2
    for client, words in {
        "claude-desktop": "jobs in", "windsurf": "secret in plain text", "lm-studio": "no command",
        "cursor": "mcp.json, line", "codex": "something else stands",
    }.items():  # fmt: skip
        assert words in found[f"client {client}"]["state"]
    assert {name for name in found if name.startswith("client ")} == {
        "client claude-desktop", "client windsurf", "client lm-studio", "client cursor", "client codex",
    }  # fmt: skip
    assert "a1B2c3D4" not in str(found)


LEAKED = "hf_a1B2c3D4QwXzKmVtRbYnLpSgHjFdCxE7u9"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"command": "/bin/sh", "args": 5}, "is broken"),
        ({"command": "/bin/sh", "args": "hf-jobs-mcp"}, "is broken"),
        ({"command": "/bin/sh", "env": ["A=b"]}, "is broken"),
        ({"command": "/bin/sh", "env": "A=b"}, "is broken"),
        ({"url": "http://127.0.0.1:1/mcp", "headers": ["x"]}, "is broken"),
        ({"command": "/bin/sh", "args": ["--token", LEAKED]}, "secret in plain text"),
        ({"command": "/bin/sh", "args": [f"HF_TOKEN={LEAKED}"]}, "secret in plain text"),
        ({"command": "/bin/sh", "env": [f"HF_TOKEN={LEAKED}"]}, "secret in plain text"),
        (
            {"url": "http://h:1/mcp", "headers": {"Authorization": f"Bearer {LEAKED}"}},
            "secret in plain text",
        ),
    ],
)
def test_an_odd_entry_of_a_client_is_named_and_ends_nothing(home: Path, entry: dict[str, Any], words: str) -> None:
    path = home / ".lmstudio/mcp.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"mcpServers": {"hf-jobs": entry}}))
    _, found = examined(home)
    assert words in found["client lm-studio"]["state"]
    assert "a1B2c3D4" not in str(found)
