"""What jobs are told of this machine's package indexes: enough to reach them, and nobody's account."""

from __future__ import annotations

import tomllib
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import HfApi
from hypothesis import given
from hypothesis import strategies as some

from local_hub.backends import tool_settings
from tests.hub_process import running_hub, short_home, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANARY = "canary-7Q2x"
ADDRESSES = (
    f"https://bob:{CANARY}@index.example/simple",
    f"https://{CANARY}@index.example/simple",
    f"https://{CANARY}:@index.example/simple",
    f"https://bob:{CANARY}%40x@index.example/simple",
    f"https://bob:a@{CANARY}@index.example/simple",
    f"https://a.example/simple https://bob:{CANARY}@index.example/simple",
    f"corp=https://bob:{CANARY}@index.example/simple",
    f"bob:{CANARY}@index.example:3128",
    f"https://index.example/simple?token={CANARY}",
    f"https://index.example/simple#{CANARY}",
    f"socks5h://bob:{CANARY}@index.example:1080",
)
FULL = f"""
[global]
index-url = https://bob:{CANARY}@index.example/simple
extra-index-url =
    https://one.example/simple
    https://bob:{CANARY}@two.example/simple
proxy = bob:{CANARY}@proxy.example:3128
trusted-host = index.example
client-cert = /home/bob/{CANARY}.pem
[install]
find_links = https://bob:{CANARY}@links.example/
"""
UV = f"""
index-url = "https://bob:{CANARY}@index.example/simple"
extra-index-url = ["https://one.example/simple", "https://bob:{CANARY}@two.example/simple"]
publish-url = "https://bob:{CANARY}@publish.example"
system-certs = true
[[index]]
name = "corp"
url = "https://bob:{CANARY}@three.example/simple"
default = true
[pip]
index-url = "https://bob:{CANARY}@four.example/simple"
password = "{CANARY}"
"""


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_keeps_its_host_and_loses_its_account(address: str) -> None:
    cleaned = tool_settings.without_account(address)
    assert CANARY not in cleaned
    assert "index.example" in cleaned


@given(
    user=some.text("abc:%@_-.!~", min_size=1, max_size=12),
    scheme=some.sampled_from(["https://", "http://", "", "name=https://"]),
    before=some.sampled_from(["", "https://other.example/x "]),
)
def test_whatever_stands_before_the_last_at_sign_of_a_host_goes(user: str, scheme: str, before: str) -> None:
    cleaned = tool_settings.without_account(f"{before}{scheme}{user}SECRET@host.example/simple")
    assert "SECRET" not in cleaned
    assert cleaned.endswith("host.example/simple")


def test_addresses_without_an_account_stay_as_they_are() -> None:
    for text in ("https://pypi.org/simple", "/srv/wheels https://a.example/b@1/simple", "http://proxy:3128", "1"):
        assert tool_settings.without_account(text) == text


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for place, text in (("pip/pip.conf", FULL), ("uv/uv.toml", UV)):
        file = tmp_path / "config" / place
        file.parent.mkdir(parents=True)
        file.write_text(text)
    for name, address in zip(sorted(tool_settings._ADDRESSES), ADDRESSES * 2, strict=False):
        monkeypatch.setenv(name, address)
    for name in ("UV_INDEX_CORP_PASSWORD", "UV_PUBLISH_TOKEN", "PIP_INDEX_URL_X", "UV_INDEX_USERNAME", "NETRC"):
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("PIP_NO_INDEX", "0")
    return tmp_path


def test_files_of_settings_keep_their_hosts_and_lose_accounts_and_all_else(told: Path) -> None:
    files = tool_settings.files()
    assert CANARY not in "".join(files.values())
    assert all(f"{host}.example" in files[".config/pip/pip.conf"] for host in ("index", "one", "two", "proxy", "links"))
    uv = tomllib.loads(files[".config/uv/uv.toml"])
    assert uv["index"] == [{"name": "corp", "url": "https://three.example/simple", "default": True}]
    assert (uv["system-certs"], uv["pip"]) == (True, {"index-url": "https://four.example/simple"})
    assert len(uv["extra-index-url"]) == 2


@pytest.fixture
def apis(told: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[HfApi]]:
    """Hubs that were started with all that, for a client that knows nothing of it."""
    with short_home() as one, short_home() as two, ExitStack() as hubs:
        states = [hubs.enter_context(running_hub(one)), hubs.enter_context(running_hub(two, runner="plain"))]
        monkeypatch.undo()
        yield [HfApi(endpoint=state.endpoint, token=state.token) for state in states]


@pytest.mark.promise("S15")
def test_no_account_of_an_index_or_a_proxy_reaches_a_job_nobody_was_asked_about(apis: list[HfApi]) -> None:
    look = ["/bin/sh", "-c", 'env; find "$HOME" -type f -exec cat {} +; cat ~/.netrc ~/.pip/pip.conf 2>&1']
    for api in apis:
        job = api.run_job(image="x", command=look, namespace="local")
        wait_until(lambda api=api, job=job: api.inspect_job(job_id=job.id).status.stage in {"COMPLETED", "ERROR"})
        said = "\n".join(api.fetch_job_logs(job_id=job.id, namespace="local"))
        assert CANARY not in said
        assert "index.example" in said
        assert "UV_SYSTEM_CERTS=1" in said
        assert "PIP_NO_INDEX=0" in said


def test_package_tools_keep_their_index_and_lose_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "PIP_INDEX_URL",
        "UV_DEFAULT_INDEX",
        "https_proxy",
        "UV_INDEX_CORP_PASSWORD",
        "HF_TOKEN",
        "LD_PRELOAD",
    ):
        monkeypatch.setenv(name, "set")
    kept = tool_settings.variables()
    assert {"PIP_INDEX_URL", "UV_DEFAULT_INDEX", "https_proxy"} <= set(kept)
    assert not {"UV_INDEX_CORP_PASSWORD", "HF_TOKEN", "LD_PRELOAD"} & set(kept)
