import dataclasses
import json
import subprocess
import sys

import pytest
from huggingface_hub import HfApi, Volume, _jobs_api
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import SpecChanged
from jobs.spec.spec import JobSpec, build
from jobs.spec.volume import VolumeSpec
from jobs.spec.wrapper import unwrap
from tests.job_requests import requested

HUB = "http://127.0.0.1:1"


def spec_of(**arguments):
    arguments.setdefault("command", ("python", "-c", "print(1)"))
    return build(requested(**arguments), hub=HUB, namespace="local")


FULL = {
    "command": ("train.py", "--epochs", "3"),
    "packages": ("httpx>=0.28", "rich"),
    "python": "3.13",
    "image": "python:3.13",
    "flavor": "a10g-small",
    "timeout": "1h30m",
    "env": {"LOG_LEVEL": "debug", "AB": "1"},
    "secrets": ("WANDB_API_KEY", "HF_TOKEN"),
    "files": {"train.py": "print(1)", "cards/a.md": "hello"},
    "volumes": ("hf://datasets/a/b:/data", "hf://buckets/a/c/x:/out"),
    "name": "train",
    "labels": {"team": "vision"},
    "namespace": "local-team",
    "attempts": 2,
    "expose": (8000,),
    "expose_public": (9000,),
    "network_group": "train",
    "network_aliases": ("master",),
    "resource_group_id": "5" * 24,
}
VALUES = {"HF_TOKEN": "value-1", "WANDB_API_KEY": "value-2"}


# What is sent is what the Hub client would send.


@pytest.mark.parametrize("image", ["python:3.12", "hf.co/spaces/lhoestq/duckdb"])
def test_the_body_is_the_one_the_hub_client_makes(image):
    spec = spec_of(**{**FULL, "image": image})
    theirs = _jobs_api._create_job_spec(
        image=image,
        command=list(spec.argv),
        env={**FULL["env"], "HF_JOB_WORKSPACE": "/workspace", "HF_JOB_INPUTS": "/hf-job-inputs"},
        secrets=VALUES,
        flavor="a10g-small",
        timeout="1.5h",
        name="train",
        labels={"team": "vision", "hf-jobs-mcp": "sub-1"},
        volumes=[
            Volume(type="dataset", source="a/b", mount_path="/data", read_only=True),
            Volume(type="bucket", source="a/c", mount_path="/out", path="x", read_only=False),
            Volume(
                type="bucket",
                source="local-team/jobs-artifacts",
                mount_path="/workspace",
                path="sub-1/work",
                read_only=False,
            ),
            Volume(
                type="bucket",
                source="local-team/jobs-artifacts",
                mount_path="/hf-job-inputs",
                path="sub-1/inputs",
                read_only=True,
            ),
        ],
        expose=[8000],
        expose_public=[9000],
        network_group="train",
        network_aliases=["master"],
        resource_group_id="5" * 24,
        attempts=2,
    )
    assert spec.body("sub-1", VALUES) == json.loads(json.dumps(theirs))


def test_a_uv_command_is_the_hub_clients_own_in_the_workspace_folder():
    spec = spec_of(command=("lighteval", "--x"), packages=("lighteval", "torch"), python="3.13")
    theirs, *_ = HfApi(token=False)._create_uv_command_env_and_secrets(
        script="lighteval",
        script_args=["--x"],
        dependencies=["lighteval", "torch"],
        python="3.13",
        env=None,
        secrets=None,
        namespace="local",
        token=False,
    )
    ours = list(spec.argv)
    assert ours[2:5] == ["--directory", "/workspace", "--no-project"]
    del ours[2:5]
    assert sorted(ours) == sorted(theirs)
    assert ours[-2:] == theirs[-2:]


def test_the_seed_documents_command_is_sent_as_it_writes_it():
    spec = spec_of(
        command=("fast-agent", "go", "--card", "cards", "--results", "result.json"),
        packages=("fast-agent-mcp",),
        python="3.13",
        files={"cards/a.md": "x"},
    )
    assert unwrap(spec.argv).command == (
        *("uv", "run", "--directory", "/workspace", "--no-project", "--python", "3.13", "--with", "fast-agent-mcp"),
        *("fast-agent", "go", "--card", "cards", "--results", "result.json"),
    )


def test_defaults_are_sent_and_not_left_to_the_hub():
    body = spec_of().body("sub-1", {})
    assert (body["flavor"], body["timeoutSeconds"], body["attempts"]) == ("cpu-basic", 1_800, 1)
    assert body["dockerImage"] == _jobs_api.DEFAULT_UV_IMAGE
    assert "secrets" not in body
    assert "expose" not in body


def test_a_command_in_an_image_of_its_own_is_sent_as_it_is():
    spec = spec_of(command=("nvidia-smi",), image="nvidia/cuda:12.4.0-base-ubuntu22.04")
    assert (spec.kind, spec.argv) == ("container", ("nvidia-smi",))
    body = spec.body("sub-1", {})
    assert body["environment"] == {"HF_JOB_WORKSPACE": "/workspace"}
    assert body["volumes"][-1]["mountPath"] == "/workspace"


def test_a_script_travels_as_a_file_and_not_in_the_command():
    spec = spec_of(command=None, script="print('héllo')")
    assert unwrap(spec.argv).command == ("uv", "run", "--directory", "/workspace", "--no-project", "script.py")
    assert "héllo" not in str(spec.argv)
    assert spec.files == (("script.py", "print('héllo')".encode()),)
    assert spec.script == "print('héllo')"
    assert spec_of(**FULL).script == "print(1)"
    assert spec_of().script is None


def test_a_schedule_wraps_its_job_and_carries_its_options():
    body = spec_of(schedule="0 9 * * 1", suspend=True, concurrency=True).body("sub-1", {})
    assert set(body) == {"jobSpec", "schedule", "suspend", "concurrency"}
    assert (body["schedule"], body["suspend"], body["concurrency"]) == ("0 9 * * 1", True, True)
    assert body["jobSpec"]["command"][:2] == ["sh", "-c"]
    assert "--directory" not in body["jobSpec"]["command"]


def test_the_headers_namespace_counts_before_the_default():
    header = "# /// script\n# [tool.hf-jobs]\n# namespace = 'local-team'\n# ///\n"
    assert spec_of(command=None, script=header).namespace == "local-team"
    assert spec_of(command=None, script=header, namespace="other").namespace == "other"


def test_what_a_header_asks_for_is_in_the_spec_and_its_digest():
    header = "# /// script\n# [tool.hf-jobs]\n# secrets = ['A_KEY']\n# flavor = 'h200x8'\n# ///\n"
    spec = spec_of(command=None, script=header)
    assert spec.secret_names == ("A_KEY",)
    assert spec.flavor == "h200x8"


# The digest.


CHANGES = {
    "hub": "http://127.0.0.1:2",
    "namespace": "other",
    "kind": "container",
    "command": ("train.py", "--epochs", "4"),
    "argv": ("true",),
    "image": "python:3.12",
    "flavor": "a10g-large",
    "timeout_seconds": 5_401,
    "attempts": 3,
    "env": (("AB", "2"), ("LOG_LEVEL", "debug")),
    "secret_names": ("HF_TOKEN",),
    "labels": (("name", "train"), ("team", "audio")),
    "volumes": (VolumeSpec("/data", "dataset", "a/b", None, "v2", read_only=True),),
    "files": (("cards/a.md", b"hellO"), ("train.py", b"print(1)")),
    "packages": ("httpx>=0.28",),
    "python": "3.12",
    "expose": (8000, 8001),
    "expose_public": (),
    "workspace": False,
    "outputs": ("/other",),
    "network_group": "ring",
    "network_aliases": ("first",),
    "resource_group_id": "6" * 24,
    "schedule": "@daily",
    "suspend": True,
    "concurrency": True,
}


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(JobSpec)])
def test_a_change_of_any_field_changes_the_digest(field):
    spec = spec_of(**FULL)
    changed = dataclasses.replace(spec, **{field: CHANGES[field]})
    assert getattr(changed, field) != getattr(spec, field)
    assert changed.digest != spec.digest


names = st.text(alphabet="ABCDEFG_", min_size=1, max_size=4).map(lambda tail: f"X{tail}")
plain = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
requests = st.builds(
    requested,
    command=st.lists(plain.filter(bool), max_size=3).map(lambda rest: ("echo", *rest)),
    packages=st.lists(st.sampled_from(["a", "b>=1", "c"]), max_size=3).map(tuple),
    python=st.sampled_from([None, "3.12", "3.13"]),
    image=st.sampled_from([None, "python:3.12", "hf.co/spaces/a/b"]),
    flavor=st.sampled_from([None, "cpu-upgrade"]),
    timeout=st.one_of(st.none(), st.integers(1, 100)),
    env=st.dictionaries(names, plain, max_size=3),
    secrets=st.lists(names.map(lambda name: f"S_{name}"), max_size=3).map(tuple),
    files=st.dictionaries(st.text(alphabet="abc", min_size=1, max_size=3), plain, max_size=3),
    volumes=st.lists(st.sampled_from(["hf://a/b:/m", "hf://buckets/a/b:/n"]), max_size=2, unique=True).map(tuple),
    name=st.sampled_from([None, "n"]),
    labels=st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["", "x"])),
    attempts=st.sampled_from([None, 2]),
    expose=st.lists(st.integers(1, 9), max_size=2).map(tuple),
    expose_public=st.lists(st.integers(1, 9), max_size=2).map(tuple),
    schedule=st.sampled_from([None, "@daily"]),
)


def made(request):
    return build(request, hub=HUB, namespace="local")


@settings(deadline=None, max_examples=60)
@given(requests, st.randoms(use_true_random=False))
def test_order_does_not_change_the_digest(request_, random):
    def shuffled(items):
        items = list(items)
        random.shuffle(items)
        return items

    tables = {key: dict(shuffled(getattr(request_, key).items())) for key in ("env", "files", "labels")}
    lists = {key: tuple(shuffled(getattr(request_, key))) for key in ("secrets", "volumes", "expose", "expose_public")}
    again = request_.model_copy(update={**tables, **lists})
    assert made(again).digest == made(request_).digest


@settings(deadline=None, max_examples=60)
@given(requests, requests)
def test_specs_share_a_digest_only_when_they_are_equal(one, other):
    assert (made(one).digest == made(other).digest) == (made(one) == made(other))


def test_secret_values_and_the_idempotency_key_do_not_change_the_digest():
    spec = spec_of(**FULL)
    before = spec.digest
    spec.body("a", dict.fromkeys(VALUES, "other"))
    assert spec_of(**FULL).digest == before


def test_the_digest_is_the_same_in_another_process():
    program = (
        "from jobs.spec.spec import build; from jobs.spec.fields import JobRequest\n"
        f"print(build(JobRequest(**{FULL!r}), hub={HUB!r}, namespace='local').digest)"
    )
    env = {"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == spec_of(**FULL).digest


# Secrets.


@pytest.mark.parametrize("values", [{}, {"HF_TOKEN": "x"}, {**VALUES, "EXTRA": "x"}])
def test_a_body_is_made_with_exactly_the_secrets_it_names(values):
    with pytest.raises(SpecChanged):
        spec_of(**FULL).body("sub-1", values)


def test_an_unticked_secret_is_in_neither_the_spec_nor_the_body():
    spec = spec_of(**FULL).without(["WANDB_API_KEY"])
    assert spec.secret_names == ("HF_TOKEN",)
    assert spec.body("sub-1", {"HF_TOKEN": "x"})["secrets"] == {"HF_TOKEN": "x"}
    assert "secrets" not in spec.without(["HF_TOKEN"]).body("sub-1", {})


def test_a_dry_run_shows_names_sizes_and_hashes():
    shown = spec_of(**FULL).describe()
    assert shown["secrets"] == ["HF_TOKEN", "WANDB_API_KEY"]
    assert [(file["path"], file["size"]) for file in shown["files"]] == [("cards/a.md", 5), ("train.py", 8)]
    assert shown["volumes"] == ["hf://datasets/a/b:/data:ro", "hf://buckets/a/c/x:/out:rw"]
    assert json.loads(json.dumps(shown)) == shown
    assert not {"schedule", "suspend", "concurrency"} & set(shown)


def test_building_a_spec_does_not_import_the_hub_client():
    program = (
        "import sys; from jobs.spec.spec import build; from jobs.spec.fields import JobRequest; import jobs.durations, jobs.spec.schedule\n"
        "build(JobRequest(command=('true',)), hub='http://x', namespace='local', flavors=['cpu-basic'])\n"
        "sys.exit('huggingface_hub' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, timeout=60, check=False
    )
    assert done.returncode == 0
