"""The `hf jobs …` line of a job, run as printed by the real `hf`, makes an equal job."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from hub_contract.hf_line import hf_line
from local_hub.process.state import load
from tests.contract.outside import Contract
from tests.homes import own_home
from tests.mcp_session import Person, data, environment, over_stdio

__all__ = ["own_home"]

SECRETS = ("API_KEY", "B2")
DRIVER = Path(__file__).with_name("hf_driver.py")
#: What a process or a variable may hold: any text without NUL.
text = some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
awkward = some.sampled_from(
    ["", "$HOME", '"', "'", "\\", 'a" # b', "# no", " x ", "a=b", "line\nline", "\t", "\\n", "`id`", "--name", "é"]
)
words = some.text(some.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12) | awkward.filter(
    bool
)
label = some.text("abzXY09._-", min_size=1, max_size=8)
alias = some.text("abz09", min_size=1, max_size=6)
volume = some.builds(
    lambda path, only: {"type": "bucket", "source": "local/data", "readOnly": only, **({"path": path} if path else {})},
    some.sampled_from(["", "one", "one/two words", "é"]),
    some.booleans(),
)  # fmt: skip


@some.composite
def jobs(draw: Any) -> dict[str, Any]:
    """A job's spec as it is POSTed, and what makes a schedule of it."""
    ports = draw(some.lists(some.integers(2000, 60000), max_size=3, unique=True))
    public = draw(some.lists(some.sampled_from(ports), unique=True)) if ports else []
    spec = {
        "dockerImage": draw(some.sampled_from(["python:3.12", "ghcr.io/astral-sh/uv:python3.13-bookworm"])),
        "command": ["echo", *draw(some.lists(words, max_size=4))],
        "arguments": [],
        "environment": draw(some.dictionaries(some.sampled_from(["AA", "Bb_1", "CCC"]), text | awkward, max_size=3)),
        "secrets": dict.fromkeys(draw(some.lists(some.sampled_from(SECRETS), unique=True)), "a value"),
        "flavor": draw(some.sampled_from(["cpu-basic", "cpu-upgrade"])),
        "timeoutSeconds": draw(some.integers(1, 86400)),
        "attempts": draw(some.integers(1, 3)),
        "labels": {"name": "given", **draw(some.dictionaries(label.filter(lambda key: key != "name"), label, max_size=2))},
        "volumes": [{**one, "mountPath": f"/data{at}"} for at, one in enumerate(draw(some.lists(volume, max_size=2)))],
    }  # fmt: skip
    if ports:
        spec["expose"] = {"ports": ports, "portsPublic": public}
    if draw(some.booleans()):
        spec["network"] = {"group": draw(alias), "aliases": draw(some.lists(alias, max_size=2, unique=True))}
    return {key: value for key, value in spec.items() if value not in ([], {}) or key in {"arguments", "environment"}}


@pytest.fixture
def http(contract: Contract) -> Any:
    contract.hf("buckets", "create", "local/data", "--private", "--exist-ok")
    with httpx2.Client(base_url=contract.endpoint, headers={"Authorization": f"Bearer {contract.token}"}) as client:
        yield client


def by_hand(contract: Contract, lines: list[str]) -> list[str]:
    """The ids of what the real `hf` makes of these lines."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "TMPDIR"}}
    own = {"HF_ENDPOINT": contract.endpoint, "HF_TOKEN": contract.token, "HF_HOME": str(contract.home / "hf")}
    quiet = {"HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "NO_COLOR": "1", "COLUMNS": "300"}
    done = subprocess.run(
        [sys.executable, str(DRIVER)],
        input=json.dumps(lines),
        env={**kept, **own, **quiet, "HOME": str(contract.home), **dict.fromkeys(SECRETS, "a value")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    ids: list[str] = json.loads(done.stdout.splitlines()[-1])
    return ids


def shown(job: dict[str, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a hub shows of a job's spec, without what the line says it lacks."""
    told = {key: job.get(key) for key in ("command", "dockerImage", "flavor", "timeout", "retry", "network", "secrets")}
    expose = {key: sorted(ports) for key, ports in (job.get("expose") or {}).items()}
    env = {
        name: value for name, value in job["environment"].items() if not any(f"env {name}:" in one for one in without)
    }
    volumes = sorted(job.get("volumes") or (), key=lambda one: one["mountPath"])
    return {**told, "expose": expose, "environment": env, "labels": job.get("labels"), "volumes": volumes}


@settings(
    max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=[Phase.generate]
)
@given(several=some.lists(jobs(), min_size=12, max_size=12))
def test_the_line_of_a_job_makes_an_equal_job(contract: Contract, http: Any, several: list[dict[str, Any]]) -> None:
    lines = [hf_line(spec, "local") for spec in several]
    assert all(lines)
    made = by_hand(contract, [line.text for line in lines if line])
    for spec, line, identity in zip(several, lines, made, strict=True):
        given = http.post("/api/jobs/local", json=spec)
        assert given.status_code < 300, given.text
        again = http.get(f"/api/jobs/local/{identity}").json()
        assert line is not None
        assert shown(again, line.lacks) == shown(given.json(), line.lacks), line.text
        assert "a value" not in line.text.replace("'a value'", "") or "a value" in str(spec["command"])


def test_the_line_of_a_schedule_makes_an_equal_schedule(contract: Contract, http: Any) -> None:
    spec = {
        "dockerImage": "python:3.12", "command": ["echo", "it's"], "arguments": [], "environment": {"AA": "x y"},
        "secrets": {"API_KEY": "a value"}, "flavor": "cpu-basic", "timeoutSeconds": 90, "labels": {"name": "nightly"},
        "volumes": [{"type": "bucket", "source": "local/data", "mountPath": "/data", "readOnly": True}],
    }  # fmt: skip
    line = hf_line(spec, "local", schedule="0 9 * * 1", suspend=True, concurrency=True)
    assert line is not None
    (identity,) = by_hand(contract, [line.text])
    body = {"jobSpec": spec, "schedule": "0 9 * * 1", "suspend": True, "concurrency": True}
    given = http.post("/api/scheduled-jobs/local", json=body).json()
    again = http.get(f"/api/scheduled-jobs/local/{identity}").json()
    assert shown(again["jobSpec"]) == shown(given["jobSpec"])
    assert [again[key] for key in ("schedule", "suspend", "concurrency")] == ["0 9 * * 1", True, True]
    for one in (identity, given["id"]):
        http.delete(f"/api/scheduled-jobs/local/{one}")


def test_what_the_command_has_not_is_said() -> None:
    spec = {"dockerImage": "python:3.12", "command": ["true"], "environment": {"AA": "one\rtwo"}, "new": 1}
    line = hf_line({**spec, "network": {"group": "ring"}}, "local", schedule="@daily")
    assert line is not None
    assert "AA" not in line.text
    told = " ".join(line.lacks)
    for word in ("env AA", "network", "new", "name"):
        assert word in told
    assert hf_line({"command": ["true"]}, "local") is None
    huge = hf_line({"dockerImage": "python:3.12", "command": ["x" * 50_000]}, "local")
    assert huge is not None
    assert "line" not in huge.told()


@pytest.mark.anyio
async def test_a_dry_run_shows_the_line_that_does_the_same(own_home: Path) -> None:
    asked = {
        "command": ["python", "-c", "open('out.txt', 'w').write('done')"], "packages": ["anyio>=4"], "python": "3.11",
        "env": {"COLOUR": "dark blue"}, "secrets": ["API_KEY"], "name": "by-hand", "timeout": "5m",
    }  # fmt: skip
    async with over_stdio(environment(own_home, API_KEY="not-in-any-line"), person=Person()) as client:
        dry = data(await client.call_tool("submit_job", {**asked, "dry_run": True}))["would_send"]["hf"]
        made = data(await client.call_tool("submit_job", asked))
        state = load(own_home / "hub" / "state.json")
        assert state is not None
        contract = Contract(state.endpoint, state.token, own_home)
        assert dry["line"].startswith("hf jobs run --detach ")
        assert "--secrets=API_KEY" in dry["line"]
        (again,) = by_hand(contract, [dry["line"]])
        first, second = (contract.api.inspect_job(job_id=one) for one in (made["id"], again))
    for part in ("command", "docker_image", "flavor", "environment"):
        assert getattr(first, part) == getattr(second, part), part
    assert list(first.secrets or ()) == list(second.secrets or ()) == ["API_KEY"]
    kept = [json.loads(line) for line in (own_home / "audit.jsonl").read_text().splitlines()]
    (submitted,) = [entry for entry in kept if entry["event"] == "submitted"]
    assert submitted["hf"]["line"].startswith("hf jobs run")
    assert "not-in-any-line" not in json.dumps([dry, kept])


@pytest.mark.anyio
async def test_what_has_to_be_done_before_the_line_is_said(own_home: Path, tmp_path: Path) -> None:
    script = "# /// script\n# dependencies = []\n# ///\nprint(6 * 7)\n"
    async with over_stdio(environment(own_home), person=Person()) as client:
        dry = data(await client.call_tool("submit_job", {"script": script, "dry_run": True}))["would_send"]["hf"]
        state = load(own_home / "hub" / "state.json")
        assert state is not None
        contract = Contract(state.endpoint, state.token, own_home)
        (tmp_path / "script.py").write_text(script)
        on, create, sync = dry["first"]
        assert "hub env" in on
        for line in (create, sync.replace("FOLDER_WITH_THE_FILES", shlex.quote(str(tmp_path)))):
            contract.hf(*shlex.split(line)[1:])
        (identity,) = by_hand(contract, [dry["line"]])
        ended = data(await client.call_tool("job_status", {"job_id": identity, "wait_seconds": 40}))
        assert ended["stage"] == "COMPLETED", ended
        assert "42" in str(data(await client.call_tool("fetch_results", {"job_id": identity}))["log"]["lines"])
    assert "name" in dry["lacks"][0]
