import pytest
from huggingface_hub import _jobs_api

from jobs.errors import BadArgument, SecretInArgument
from jobs.spec import validate

FLAVORS = [hardware.value for hardware in _jobs_api.JobHardware]


def test_our_copies_of_the_hub_clients_constants_are_its_own():
    assert validate.DEFAULT_UV_IMAGE == _jobs_api.DEFAULT_UV_IMAGE
    assert validate.SPACE_PREFIXES == _jobs_api._SPACE_IMAGE_PREFIXES
    assert _jobs_api.JobHardware.CPU_BASIC.value == validate.DEFAULT_FLAVOR


@pytest.mark.parametrize(
    "image",
    [
        "python",
        "python:3.12",
        "ghcr.io/astral-sh/uv:python3.12-bookworm",
        "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel",
        "localhost:5000/a/b",
        "registry.example.com:443/team/my_image__x:v1.0_rc-1",
        "python@sha256:" + "a" * 64,
        "hf.co/spaces/lhoestq/duckdb",
        "https://huggingface.co/spaces/lhoestq/duck.db_2",
    ],
)
def test_an_image_or_a_space_passes(image):
    assert validate.check_image(image) == image.removeprefix("https://").replace("huggingface.co/", "hf.co/")


@pytest.mark.parametrize(
    "image",
    [
        "",
        " ",
        "python 3.12",
        "python:",
        "-rm",
        "a/../b",
        "https://example.com/x",
        "user:pw@host/image",
        "hf.co/spaces/x",
        "hf.co/spaces/a/b/c",
        "hf.co/spaces/../x",
        "python:3.12\n",
        "Python",
        "a//b",
        "python@sha256:12",
        "x" * 500,
        None,
        "pythön:3",
        "python:3.12;rm",
        "$IMAGE",
        "hf.co/spaces/a/b?x=1",
    ],
)
def test_an_image_that_is_no_reference_is_refused(image):
    with pytest.raises(BadArgument) as caught:
        validate.check_image(image)
    assert caught.value.field == "image"


@pytest.mark.parametrize(
    ("asked", "nearest"), [("a10g_large", "a10g-large"), ("A100X8", "a100x8"), ("h200-8x", "h200"), ("cpu", "cpu-xl")]
)
def test_a_bad_flavor_is_answered_with_the_live_list_nearest_first(asked, nearest):
    with pytest.raises(BadArgument) as caught:
        validate.check_flavor(asked, FLAVORS)
    hint = caught.value.hint or ""
    assert hint.startswith(f"This hub offers {nearest}")
    assert all(flavor in hint for flavor in FLAVORS)


def test_a_flavor_is_taken_from_the_live_list_only():
    assert validate.check_flavor("new-tpu", ["new-tpu"]) == "new-tpu"
    with pytest.raises(BadArgument):
        validate.check_flavor("cpu-basic", ["new-tpu"])
    with pytest.raises(BadArgument, match="flavor"):
        validate.check_flavor("cpu-basic", [])


def test_without_a_list_only_a_flavors_form_is_checked():
    assert validate.check_flavor("a10g-small", None) == "a10g-small"
    with pytest.raises(BadArgument):
        validate.check_flavor("a10g small", None)


def test_secret_names_are_sorted_and_each_there_once():
    assert validate.check_secret_names(["B_KEY", "A_KEY", "B_KEY"]) == ("A_KEY", "B_KEY")


@pytest.mark.parametrize("name", ["HF_TOKEN=hf_abc", "=x", "a=b"])
def test_a_secret_with_a_value_is_refused_as_just_that(name):
    with pytest.raises(SecretInArgument) as caught:
        validate.check_secret_names(["OK", name])
    assert caught.value.field == "secrets"
    assert "hf_abc" not in str(caught.value.as_dict())


@pytest.mark.parametrize(
    "name", ["hf_token", "Hf", "1A", "_A", "A-B", "A B", "", "Ä", "A\n", "$A", "${HF_TOKEN}", None, "A" * 129]
)
def test_a_secret_that_is_no_name_is_refused(name):
    with pytest.raises(BadArgument):
        validate.check_secret_names([name])


@pytest.mark.parametrize("name", sorted(validate.SET_BY_HUB))
def test_what_the_hub_sets_cannot_be_set(name):
    with pytest.raises(BadArgument):
        validate.check_env({name: "x"}, ())
    with pytest.raises(BadArgument):
        validate.check_secret_names([name])


def test_variables_are_sorted_and_keep_their_values():
    assert validate.check_env({"bb": "", "AA": "x=y\nz"}, ()) == (("AA", "x=y\nz"), ("bb", ""))


@pytest.mark.parametrize(
    "env", [{"": "x"}, {"1A": "x"}, {"A B": "x"}, {"A=B": "x"}, {"A": "x\0"}, {"A": "\ud800"}, {"A": 1}]
)
def test_a_variable_that_no_process_can_have_is_refused(env):
    with pytest.raises(BadArgument) as caught:
        validate.check_env(env, ())
    assert caught.value.field == "env"


def test_a_name_is_either_plain_or_secret():
    with pytest.raises(BadArgument, match="in common"):
        validate.check_env({"HF_TOKEN": "x"}, ("HF_TOKEN",))


def test_a_name_is_the_label_that_the_hub_client_makes_of_it():
    assert validate.check_labels({"team": "a"}, "nightly") == (("name", "nightly"), ("team", "a"))
    spec = _jobs_api._create_job_spec(
        image="x", command=[], env=None, secrets=None, flavor=None, timeout=None, name="nightly", labels={"team": "a"}
    )
    assert dict(validate.check_labels({"team": "a"}, "nightly")) == spec["labels"]


@pytest.mark.parametrize(
    "labels", [{"a b": "x"}, {"a": "x y"}, {"": "x"}, {"a/b": "x"}, {"a": "x" * 101}, {"é": "x"}, {"a": "x\n"}]
)
def test_a_label_against_the_hubs_rule_is_refused(labels):
    with pytest.raises(BadArgument) as caught:
        validate.check_labels(labels, None)
    assert caught.value.field == "labels"


def test_the_label_that_marks_a_submission_is_not_for_callers():
    with pytest.raises(BadArgument):
        validate.check_labels({"hf-jobs-mcp": "x"}, None)


@pytest.mark.parametrize(
    "python", ["3", "3.13", "3.13.1", "cpython@3.12", "pypy3.10", ">=3.12", "3.13t", ">=3.11,<3.13"]
)
def test_a_python_version_passes(python):
    assert validate.check_python(python) == python


@pytest.mark.parametrize("python", ["", "--with", "-3", "3 13", "/usr/bin/python", "../x", "3.13\n", 3.13, "x" * 99])
def test_a_python_that_is_no_version_is_refused(python):
    with pytest.raises(BadArgument):
        validate.check_python(python)


@pytest.mark.parametrize(
    "package",
    [
        "fast-agent-mcp",
        "httpx>=0.28,<1",
        "torch[cuda]==2.6",
        "x @ git+https://example.com/x.git",
        "a; python_version > '3'",
    ],
)
def test_a_requirement_passes(package):
    assert validate.check_packages([package, package]) == (package,)


@pytest.mark.parametrize("package", ["", " ", "-e", "--index-url=x", "torch numpy", "a\nb", "a\u202e", None])
def test_a_requirement_that_is_an_option_or_invisible_is_refused(package):
    with pytest.raises(BadArgument):
        validate.check_packages([package])


@pytest.mark.parametrize("attempts", [0, -1, 11, True, 1.5, "2"])
def test_attempts_out_of_range_are_refused(attempts):
    with pytest.raises(BadArgument):
        validate.check_attempts(attempts)


@pytest.mark.parametrize("ports", [[0], [65_536], [-1], [True], ["80"], list(range(1, 13))])
def test_ports_out_of_range_are_refused(ports):
    with pytest.raises(BadArgument) as caught:
        validate.check_ports(ports, field="expose")
    assert caught.value.field == "expose"


@pytest.mark.parametrize(
    "command",
    [
        [],
        [""],
        [" "],
        ["-c", "x"],
        ["echo hi"],
        ["a\0b"],
        ["a", "\ud800"],
        ["a", 1],
        ["x"] * 2_000,
        ["x", "y" * 200_000],
    ],
)
def test_a_command_that_no_process_can_be_given_is_refused(command):
    with pytest.raises(BadArgument) as caught:
        validate.check_command(command)
    assert caught.value.field == "command"


def test_a_string_in_place_of_a_list_is_explained():
    with pytest.raises(BadArgument) as caught:
        validate.check_command(["python -c 'print(1)'"])
    assert "sh" in (caught.value.hint or "")


def test_line_breaks_in_arguments_are_kept_and_empty_words_which_the_hub_refuses_are_not_sent():
    assert validate.check_command(["python", "-c", "a\nb"]) == ("python", "-c", "a\nb")
    with pytest.raises(BadArgument):
        validate.check_command(["python", "-c", "a", ""])


@pytest.mark.parametrize("value", ["$HF_TOKEN", "${HF_TOKEN}", "${home}"])
def test_a_reference_is_not_a_value(value):
    with pytest.raises(BadArgument, match="nothing replaces it"):
        validate.check_env({"TOKEN": value}, ())


@pytest.mark.parametrize("value", ["$5", "$", "a$HOME", "$HOME/x", "$home", "{x}"])
def test_a_dollar_sign_alone_is_no_reference(value):
    assert validate.check_env({"PRICE": value}, ()) == (("PRICE", value),)


MANY = [f"N{i}" for i in range(validate.MAX_ENTRIES + 1)]


@pytest.mark.parametrize(
    ("field", "check"),
    [
        ("packages", lambda: validate.check_packages(MANY)),
        ("env", lambda: validate.check_env(dict.fromkeys(MANY, "x"), ())),
        ("env", lambda: validate.check_env({"A": "x" * 200_000}, ())),
        ("secrets", lambda: validate.check_secret_names(MANY)),
        ("labels", lambda: validate.check_labels(dict.fromkeys(MANY, "x"), None)),
    ],
)
def test_too_much_of_anything_is_refused(field, check):
    with pytest.raises(BadArgument) as caught:
        check()
    assert caught.value.field == field
    assert caught.value.hint
