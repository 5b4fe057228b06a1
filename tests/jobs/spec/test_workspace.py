import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import JobInfo, constants

from jobs.client import models
from jobs.spec import workspace
from jobs.spec.spec import build
from tests.job_requests import requested

SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)] or ["sh"]


def submitted(submission="sub-1", **arguments):
    """A spec, and the job a hub would tell of after taking its body."""
    spec = build(requested(**arguments), hub="http://127.0.0.1:1", namespace="local-team")
    body = spec.body(submission, {})
    job = body.get("jobSpec", body)
    told = {
        "id": "687fb701029421ae5549d998",
        "command": job["command"],
        "volumes": job["volumes"],
        "labels": job.get("labels"),
        "owner": {"id": "1", "name": "local-team", "type": "org"},
        "status": {"stage": "RUNNING"},
    }
    return spec, told


def run(argv, folder, job_id, shell="sh", **environment):
    """Run a scheduled job's argv with a folder standing for the mounted workspace."""
    words = [shutil.which(shell) or shell, *(["sh"] if shell == "busybox" else []), *argv[1:]]
    inputs = folder.parent / f"{folder.name}-in" / "inputs"
    env = {"PATH": os.environ["PATH"], "HF_JOB_WORKSPACE": str(folder), "HF_JOB_INPUTS": str(inputs), **environment}
    if job_id is not None:
        env["JOB_ID"] = job_id
    return subprocess.run(words, env=env, cwd="/", capture_output=True, text=True, timeout=30, check=False)


def test_the_bucket_is_the_one_the_hub_client_uses():
    assert workspace.BUCKET_NAME == constants.HF_JOBS_ARTIFACTS_BUCKET_NAME


def test_a_job_keeps_its_files_in_a_folder_named_after_its_submission():
    spec, told = submitted(command=("python", "-c", "1"), files={"p.md": "hello"})
    place = spec.workspace_of("sub-1")
    assert place.uri == "hf://buckets/local-team/jobs-artifacts/sub-1/work"
    assert set(place.uploads(spec.files)) == {"sub-1/inputs/p.md", "sub-1/.hf-jobs-mcp.json"}
    assert place.uploads(()) == {}
    assert told["volumes"] == [
        {
            "type": "bucket",
            "source": "local-team/jobs-artifacts",
            "mountPath": "/workspace",
            "readOnly": False,
            "path": "sub-1/work",
        },
        {
            "type": "bucket",
            "source": "local-team/jobs-artifacts",
            "mountPath": "/hf-job-inputs",
            "readOnly": True,
            "path": "sub-1/inputs",
        },
    ]


def test_a_workspace_is_found_again_from_the_job_alone():
    spec, told = submitted(command=("python", "-c", "1"))
    assert workspace.of_job(JobInfo(**told)) == spec.workspace_of("sub-1")
    assert workspace.of_job(
        models.job(told, endpoint="http://127.0.0.1:1", namespace="local-team")
    ) == spec.workspace_of("sub-1")


def test_a_workspace_is_found_though_the_labels_were_rewritten():
    spec, told = submitted(command=("python", "-c", "1"))
    assert workspace.of_job(JobInfo(**{**told, "labels": {"other": "x"}})) == spec.workspace_of("sub-1")


def test_each_run_of_a_schedule_has_a_folder_of_its_own():
    _, told = submitted(command=("python", "-c", "1"), schedule="@daily")
    one = workspace.of_job(JobInfo(**told))
    two = workspace.of_job(JobInfo(**{**told, "id": "687fb701029421ae5549d999"}))
    assert one.uri == "hf://buckets/local-team/jobs-artifacts/sub-1/runs/687fb701029421ae5549d998"
    assert two.folder != one.folder
    assert one.root == two.root == "sub-1"
    assert one.manifest_path == "sub-1/.hf-jobs-mcp.json"


def test_jobs_and_runs_that_the_first_version_made_are_known():
    """It mounted the submission's folder itself, with the inputs, the runs and the manifest in it."""
    _, told = submitted(command=("python", "-c", "1"))
    mount = {**told["volumes"][0], "path": "sub-1"}
    once = workspace.of_job(JobInfo(**{**told, "volumes": [mount]}))
    assert (once.folder, once.root, once.inputs_at) == ("sub-1", "sub-1", "sub-1")
    run = {**told, "volumes": [mount], "command": ["sh", "-c", "any text", "hf-jobs-mcp-run", "python", "-c", "1"]}
    found = workspace.of_job(JobInfo(**run))
    assert (found.folder, found.root, found.inputs_at) == (f"sub-1/runs/{told['id']}", "sub-1", "sub-1/inputs")
    assert found.manifest_path == once.manifest_path == "sub-1/.hf-jobs-mcp.json"


def test_a_job_of_somebody_else_has_no_workspace():
    _, told = submitted(command=("python", "-c", "1"))
    dataset = [{"type": "dataset", "source": "a/b", "mountPath": "/workspace", "path": "x"}]
    for volumes in (None, [], dataset, [{**told["volumes"][0], "mountPath": "/data"}]):
        assert workspace.of_job(JobInfo(**{**told, "volumes": volumes})) is None


def test_the_manifest_tells_inputs_from_outputs():
    data = b"hello"
    place = workspace.for_submission("local", "sub-1", scheduled=True)
    uploads = place.uploads([("cards/a.md", data)])
    assert uploads["sub-1/inputs/cards/a.md"] == data
    assert workspace.read_manifest(uploads[place.manifest_path]) == {
        "cards/a.md": (hashlib.sha256(data).hexdigest(), len(data))
    }


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"inputs": 3}', b'{"inputs": {"a": 1}}', b"\xff\xfe", b" " * 2_000_000, b"null"]
)
def test_a_manifest_that_a_job_overwrote_is_empty(data):
    assert workspace.read_manifest(data) == {}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_run_starts_from_the_inputs_and_leaves_the_other_runs_alone(tmp_path, shell):
    spec, _ = submitted(
        command=(
            sys.executable,
            "-c",
            "import pathlib; p = pathlib.Path('cards/a.md'); p.write_text(p.read_text() + '!')",
        ),
        image="python:3.12",
        files={"cards/a.md": "hello"},
        schedule="@daily",
    )
    for path, data in spec.workspace_of("sub-1").uploads(spec.files).items():
        placed = tmp_path.parent / f"{tmp_path.name}-in" / Path(path).relative_to("sub-1")
        placed.parent.mkdir(parents=True, exist_ok=True)
        placed.write_bytes(data)
    for job_id in ("one", "two"):
        assert run(spec.argv, tmp_path, job_id, shell).returncode == 0
    assert (tmp_path / "one/cards/a.md").read_text() == "hello!"
    assert (tmp_path / "two/cards/a.md").read_text() == "hello!"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_wrapped_command_keeps_its_words_its_folder_and_its_exit_status(tmp_path, shell):
    words = ("a b", " ", "$HOME", "`id`", "'\"", "--x=*", "é\n")
    script = "import json, os, sys; print(json.dumps([sys.argv[1:], os.getcwd(), os.environ['HF_JOB_WORKSPACE']])); sys.exit(7)"
    spec, _ = submitted(command=(sys.executable, "-c", script, *words), image="python:3.12", schedule="@daily")
    folder = tmp_path / "a folder's $name"
    folder.mkdir()
    done = run(spec.argv, folder, "one", shell)
    argv, cwd, named = json.loads(done.stdout)
    assert tuple(argv) == words
    assert cwd == named == str(folder / "one")
    assert done.returncode == 7


def test_a_run_without_a_job_id_still_gets_a_folder_of_its_own(tmp_path):
    spec, _ = submitted(command=("pwd",), image="busybox", schedule="@daily")
    folders = {run(spec.argv, tmp_path, None).stdout.strip() for _ in range(2)}
    assert len(folders) == 2
    assert {Path(folder).parent for folder in folders} == {tmp_path}


def test_a_run_that_cannot_have_its_folder_does_not_start(tmp_path):
    (tmp_path / "one").write_text("in the way")
    spec, _ = submitted(command=("echo", "started"), image="busybox", schedule="@daily")
    done = run(spec.argv, tmp_path, "one")
    assert done.returncode == 97
    assert "started" not in done.stdout
