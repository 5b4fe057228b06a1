"""The variables a job starts with."""

from __future__ import annotations

from local_hub.backends import environment


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
