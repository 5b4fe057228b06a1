import pytest
from huggingface_hub import Volume
from huggingface_hub.cli._cli_utils import parse_volumes
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import BadArgument
from jobs.spec.volume import VolumeSpec, check_mount_path, parse, parse_all


@pytest.mark.parametrize(
    "text",
    [
        "hf://my-org/my-model:/data",
        "hf://models/my-org/my-model:/data",
        "hf://datasets/my-org/my-dataset:/data:ro",
        "hf://datasets/my-org/my-dataset@main/train:/data",
        "hf://datasets/my-org/my-dataset@refs%2Fpr%2F1:/data",
        "hf://buckets/my-org/my-bucket:/mnt",
        "hf://buckets/my-org/my-bucket/sub/dir:/mnt:ro",
        "hf://buckets/my-org/my-bucket:/mnt/deep/er:rw",
        "hf://spaces/my-org/my-space:/app",
    ],
)
def test_a_mount_means_what_it_means_to_the_hf_command(text):
    (theirs,) = parse_volumes([text])
    ours = parse(text)
    sent = ours.payload()
    assert {**theirs.to_dict(), "readOnly": sent["readOnly"]} == sent
    assert sent["readOnly"] is (
        theirs.read_only if theirs.type == "bucket" and theirs.read_only is not None else theirs.type != "bucket"
    )
    assert Volume(**sent).to_uri() == Volume(**parse(ours.uri).payload()).to_uri()


def test_a_mount_written_out_is_read_back_the_same():
    for text in ("hf://datasets/a/b@main/train:/data", "hf://buckets/a/b/c:/x:rw", "hf://a/b:/m"):
        assert parse(parse(text).uri) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "./dir:/data",
        "/home/me:/data",
        "https://huggingface.co/datasets/a/b:/data",
        "hf://",
        "hf://a/b",
        "hf://datasets/a/b",
        "hf://dataset/a/b:/data",
        "hf://buckets/a:/data",
        "hf://kernels/a/b:/data",
        "hf://datasets/a/b:/data:rw",
        "hf://buckets/a/b:data",
        "hf://buckets/a/b:/",
        "hf://buckets/a/b://data",
        "hf://buckets/a/b:/data/../etc",
        "hf://buckets/a/b:/data//x",
        "hf://buckets/a/b:/etc",
        "hf://buckets/a/b:/usr/lib",
        "hf://buckets/a/b:/proc",
        "hf://buckets/a/b:/workspace",
        "hf://buckets/a/b:/workspace/",
        "hf://buckets/a/b:/workspace/data",
        "hf://buckets/a/b/../c:/data",
        "hf://buckets/a/b/..:/data",
        "hf://buckets/a/b:/da\nta",
        "hf://buckets/a/b:/da\u202eta",
        "hf://buckets/a/b:/" + "x" * 2_000,
        "",
        None,
    ],
)
def test_a_mount_that_is_none_or_lies_in_the_way_is_refused(text):
    with pytest.raises(BadArgument) as caught:
        parse(text)
    assert caught.value.field == "volumes"
    assert caught.value.hint


def test_only_a_bucket_is_writable_and_it_is_unless_said_otherwise():
    assert parse("hf://datasets/a/b:/data").read_only
    assert not parse("hf://buckets/a/b:/data").read_only
    assert parse("hf://buckets/a/b:/data:ro").read_only


def test_a_local_folder_is_told_where_its_files_go():
    with pytest.raises(BadArgument) as caught:
        parse("./dir:/data")
    assert "hf://" in caught.value.message
    assert "`files`" in (caught.value.hint or "")


def test_more_mounts_than_the_limit_are_refused():
    texts = [f"hf://buckets/a/b:/m{i}" for i in range(21)]
    assert len(parse_all(texts[1:])) == 20
    with pytest.raises(BadArgument, match="more than 20"):
        parse_all(texts)


def test_two_mounts_in_one_place_are_refused():
    with pytest.raises(BadArgument):
        parse_all(["hf://buckets/a/b:/data", "hf://datasets/a/b:/data/"])


def test_the_order_of_mounts_does_not_matter():
    texts = ["hf://buckets/a/b:/data", "hf://datasets/a/b:/alpha"]
    assert parse_all(texts) == parse_all(reversed(texts))


def test_a_name_that_only_begins_like_the_workspace_is_free():
    assert parse("hf://buckets/a/b:/workspace2").mount_path == "/workspace2"


@settings(deadline=None)
@given(st.text(alphabet="/ab.:-\\ ", min_size=1, max_size=20))
def test_a_mount_path_that_passes_is_absolute_and_plain(path):
    try:
        tidy = check_mount_path(path)
    except BadArgument:
        return
    assert tidy.startswith("/")
    assert not {"", ".", ".."} & set(tidy[1:].split("/"))
    assert ":" not in tidy


def test_a_volume_is_said_with_its_access():
    volume = VolumeSpec("/data", "dataset", "a/b", "train", "main", read_only=True)
    assert volume.uri == "hf://datasets/a/b@main/train:/data:ro"
