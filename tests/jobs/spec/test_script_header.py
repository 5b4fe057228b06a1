import pytest
from huggingface_hub.cli._uv_script_header import VALID_KEYS, parse_uv_script_header
from huggingface_hub.errors import CLIError

from jobs.errors import BadArgument
from jobs.spec.fields import JobRequest
from jobs.spec.script_header import KEYS, merge, read

FULL = """\
#!/usr/bin/env -S uv run
# /// script
# requires-python = ">=3.11"
# dependencies = ["httpx>=0.28"]
#
# [tool.hf-jobs]
# image = "python:3.13"
# flavor = "a10g-small"
# python = "3.13"
# timeout = "2h"
# name = "train"
# namespace = "local-team"
# secrets = ["HF_TOKEN", "WANDB_API_KEY"]
# network_group = "ring"
# network_aliases = ["first"]
# volumes = ["hf://datasets/a/b:/data:ro", "hf://buckets/a/c:/out"]
#
# [tool.hf-jobs.env]
# LOG_LEVEL = "debug"
# MODE = "header"
#
# [tool.hf-jobs.labels]
# team = "vision"
# ///
print(1)
"""


def header(*lines):
    return "\n".join(["# /// script", *(f"# {line}" if line else "#" for line in lines), "# ///", "print(1)"])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_full_header_is_read_as_hf_jobs_uv_run_reads_it(ending):
    text = FULL.replace("\n", ending)
    theirs, ours = parse_uv_script_header(text), read(text)
    for key in KEYS:
        value = getattr(theirs, key)
        assert getattr(ours, key) == (tuple(value) if isinstance(value, list) else value), key


def test_every_key_of_the_hf_command_is_known():
    assert set(KEYS) == set(VALID_KEYS)


@pytest.mark.parametrize(
    "text",
    [
        "print(1)",
        "",
        header('dependencies = ["hf-jobs"]'),
        header("[tool.other]", "x = 1"),
        "# /// other\n# [tool.hf-jobs]\n# name = 'x'\n# ///\n",
        "# /// script\n# [tool.hf-jobs]\n# name = 'x'\nprint('never closed')",
        "'''\n  # /// script\n  # [tool.hf-jobs]\n  # ///\n'''",
    ],
)
def test_a_script_without_a_table_asks_for_nothing(text):
    assert parse_uv_script_header(text) is None
    assert read(text) == read("")


def test_a_header_that_ends_the_file_is_read():
    assert read("# /// script\n# [tool.hf-jobs]\n# name = 'x'\n# ///").name == "x"


@pytest.mark.parametrize(
    "lines",
    [
        ["[tool.hf-jobs]", "flavour = 'SENTINEL'"],
        ["[tool.hf-jobs]", "image = 3"],
        ["[tool.hf-jobs]", "timeout = true"],
        ["[tool.hf-jobs]", "timeout = ['SENTINEL']"],
        ["[tool.hf-jobs]", "secrets = 'SENTINEL'"],
        ["[tool.hf-jobs]", "secrets = {HF_TOKEN = 'SENTINEL'}"],
        ["[tool.hf-jobs]", "volumes = [1]"],
        ["[tool.hf-jobs]", "env = {A = 1}"],
        ["[tool.hf-jobs]", "labels = ['SENTINEL']"],
        ["[tool.hf-jobs]", "SENTINEL"],
        ["[tool]", "hf-jobs = 'SENTINEL'"],
    ],
)
def test_a_header_with_a_mistake_is_refused_without_being_repeated(lines):
    text = header(*lines)
    with pytest.raises(CLIError):
        parse_uv_script_header(text)
    with pytest.raises(BadArgument) as caught:
        read(text)
    assert caught.value.field == "script"
    assert "SENTINEL" not in str(caught.value.as_dict())


def test_what_the_request_says_wins_over_the_header():
    request = JobRequest(
        script=FULL,
        flavor="cpu-basic",
        timeout=60,
        env={"MODE": "request"},
        secrets=("HF_TOKEN",),
        labels={"team": "mine"},
        volumes=("hf://datasets/x/y:/data",),
    )
    merged = merge(request)
    assert (merged.flavor, merged.timeout, merged.image, merged.namespace) == (
        "cpu-basic",
        60,
        "python:3.13",
        "local-team",
    )
    assert merged.env == {"LOG_LEVEL": "debug", "MODE": "request"}
    assert merged.secrets == ("HF_TOKEN", "WANDB_API_KEY")
    assert merged.labels == {"team": "mine", "name": "train"}
    assert merged.volumes == ("hf://datasets/x/y:/data", "hf://buckets/a/c:/out")


@pytest.mark.parametrize("extra", [{"name": "mine"}, {"labels": {"name": "mine"}}])
def test_a_name_in_the_request_wins_however_it_is_given(extra):
    merged = merge(JobRequest(script=FULL, **extra))
    assert merged.name == extra.get("name")
    assert merged.labels.get("name") == extra.get("labels", {}).get("name")


@pytest.mark.parametrize("image", [None, "python:3.11"])
def test_merging_twice_is_merging_once(image):
    for request in (
        JobRequest(script=FULL, image=image),
        JobRequest(command=("train.py", "--x"), files={"train.py": FULL}, image=image),
    ):
        once = merge(request)
        assert merge(once) == once
        assert once.is_uv
        assert request.is_uv


def test_a_script_among_the_files_carries_its_header_and_gets_arguments():
    merged = merge(JobRequest(command=("./train.py", "--epochs", "3"), files={"train.py": FULL}))
    assert merged.flavor == "a10g-small"
    assert merge(JobRequest(command=("python", "train.py"), files={"train.py": FULL})).flavor is None


def test_nothing_is_merged_into_a_command():
    request = JobRequest(command=("echo", "hi"))
    assert merge(request) is request
