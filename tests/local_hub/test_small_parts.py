"""Parts with one small promise each: verdicts, sealed secrets, interpreters, environment, retention, the catalogue."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import JobHardware

from local_hub import clock, flavors
from local_hub.backends import environment, interpreters, tool_settings
from local_hub.paths import HubPaths
from local_hub.runner import exit_policy
from local_hub.runner.attempt import Exit
from local_hub.store import job_table, retention
from local_hub.store.job_table import new_job
from local_hub.store.secret_box import SecretBox
from local_hub.store.store import Store

SPEC = {"flavor": "cpu-basic", "attempts": 3, "labels": {}, "secrets": ["K"]}


@pytest.mark.parametrize(
    ("attempt", "ended", "stage", "message"),
    [
        (1, Exit(0, "exited", 0), "COMPLETED", "note"),
        (
            1,
            Exit(2, "exited", 0),
            "SCHEDULING",
            "Attempt 1 of 3: Job failed with exit code: 2. Reason: Error. Next in 1 s",
        ),
        (2, Exit(137, "lost", 0), "SCHEDULING", "Attempt 2 of 3: Job was lost"),
        (3, Exit(2, "exited", 0), "ERROR", "Job failed with exit code: 2. Reason: Error"),
        (3, Exit(137, "memory", 0), "ERROR", "Job failed with exit code: 137. Reason: OOMKilled"),
        (1, Exit(143, "timeout", 0), "ERROR", "Job timeout"),
        (1, Exit(0, "timeout", 0), "ERROR", "Job timeout"),
        (1, Exit(143, "canceled", 0), "CANCELED", None),
        (3, Exit(143, "disk", 0), "ERROR", "Job was ended: no space left"),
    ],
)
def test_the_verdict_on_an_attempt(attempt: int, ended: Exit, stage: str, message: str | None) -> None:
    job = replace(new_job("local", SPEC, {}), attempt=attempt, message="note")
    found = exit_policy.of(job, ended)
    assert found.stage == stage
    assert (found.message or "").startswith(message or "")
    assert (found.again_after_ms is not None) == (stage == "SCHEDULING")


def test_pauses_between_attempts_double_up_to_a_limit() -> None:
    pauses = []
    for attempt in range(1, 10):
        job = replace(new_job("local", {**SPEC, "attempts": 10}, {}), attempt=attempt)
        pauses.append(exit_policy.of(job, Exit(1, "exited", 0)).again_after_ms)
    assert pauses[:3] == [1000, 2000, 4000]
    assert max(pauses) <= 360_000


def test_a_cancelled_job_is_cancelled_whatever_its_exit_status() -> None:
    job = replace(new_job("local", SPEC, {}), attempt=1, cancel_asked=True)
    assert exit_policy.of(job, Exit(0, "exited", 0)).stage == "CANCELED"


@pytest.mark.promise("S15")
def test_secrets_are_sealed_for_one_owner_with_one_key(tmp_path: Path) -> None:
    store, box = Store(tmp_path / "db"), SecretBox(tmp_path / "key")
    store.write_now(lambda db: box.put(db, "job:1", {"A": "alpha-value"}))
    raw = store.read_now(lambda db: db.execute("SELECT sealed FROM secrets").fetchone()[0])
    assert b"alpha" not in raw
    assert store.read_now(lambda db: box.get(db, "job:1")) == {"A": "alpha-value"}
    store.write_now(lambda db: db.execute("UPDATE secrets SET owner = 'job:2'"))
    assert store.read_now(lambda db: box.get(db, "job:2")) is None
    store.write_now(lambda db: db.execute("UPDATE secrets SET owner = 'job:1'"))
    assert store.read_now(lambda db: SecretBox(tmp_path / "key").get(db, "job:1")) == {"A": "alpha-value"}
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    (tmp_path / "other").write_text("00" * 32)
    assert store.read_now(lambda db: SecretBox(tmp_path / "other").get(db, "job:1")) is None
    store.close()


def test_the_flavors_are_those_the_client_knows() -> None:
    assert {flavor.name for flavor in flavors.FLAVORS} == {hardware.value for hardware in JobHardware}


def test_every_interpreter_runs_and_is_what_it_is_called() -> None:
    import subprocess

    assert interpreters.installed()
    for one in interpreters.installed().values():
        code = "import sys; print(sys.version_info[1])"
        said = subprocess.run(
            [one.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=30
        )
        assert int(said.stdout) == one.minor


def test_an_image_gets_the_nearest_interpreter() -> None:
    known = interpreters.installed()
    minor = min(known)
    for image in (f"python:3.{minor}", f"python:3.{minor}-slim", f"ghcr.io/astral-sh/uv:python3.{minor}-bookworm"):
        assert interpreters.for_image(image) == (known[minor], True)
    assert interpreters.for_image("python:3.99") == (known[max(known)], False)
    assert interpreters.for_image("python:latest")[1]
    assert interpreters.for_image("ubuntu")[0] in known.values()


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


def test_the_hubs_own_variables_win_over_the_jobs() -> None:
    spec = {"flavor": "a100x4", "environment": {"JOB_ID": "x", "PATH": "/own", "K": "env"}}
    built = environment.build("id", spec, {"K": "secret"}, home="/h", path="/p", caches="/c")
    assert (built["JOB_ID"], built["ACCELERATOR"], built["CPU_CORES"], built["MEMORY"]) == (
        "id",
        "a100x4",
        "48",
        "568Gi",
    )
    assert (built["PATH"], built["K"]) == ("/own", "secret")


def test_old_jobs_go_with_their_output_and_running_ones_stay(tmp_path: Path) -> None:
    paths = HubPaths.of(tmp_path).make()
    store = Store(paths.database)
    old, young, running = (new_job("local", SPEC, {}) for _ in range(3))
    for job in (old, young, running):
        store.write_now(lambda db, job=job: job_table.insert(db, job))
        paths.job(job.id).mkdir()
    long_ago = clock.now_ms() - 10_000
    store.write_now(lambda db: job_table.finish(db, old.id, "COMPLETED", None, finished_ms=long_ago))
    store.write_now(lambda db: job_table.finish(db, young.id, "ERROR", None))
    (paths.jobs / "stray").mkdir()
    assert retention.sweep(store, paths, older_than_ms=5_000) == 1
    assert retention.sweep_strays(store, paths) == 1
    assert {folder.name for folder in paths.jobs.iterdir()} == {young.id, running.id}
    assert store.read_now(lambda db: job_table.get(db, None, old.id)) is None
    store.close()


def test_a_short_disk_is_noticed(tmp_path: Path) -> None:
    paths = HubPaths.of(tmp_path).make()
    assert not retention.disk_is_short(paths, 1)
    assert retention.disk_is_short(paths, 1 << 60)
