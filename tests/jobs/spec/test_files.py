from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import BadArgument
from jobs.spec.files import MAX_BYTES, MAX_FILES, check_files, check_path


def test_files_are_placed_by_path_with_the_script_among_them():
    files = check_files({"b.md": "é", "./cards/a.md": "x"}, "print(1)")
    assert files == (("b.md", "é".encode()), ("cards/a.md", b"x"), ("script.py", b"print(1)"))


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../x",
        "..",
        ".",
        "",
        "/etc/passwd",
        "//x",
        "a//b",
        "a/",
        "a/./b",
        "a\\b",
        "..\\x",
        "C:/x",
        "c:x",
        "a\nb",
        "a\0b",
        "a\u202eb",
        "a\u200bb",
        "\ud800",
        " a",
        "a ",
        "a/ b",
        "x" * 300,
        "a/" * 400 + "b",
        ".hf-jobs-mcp.json",
        "./.hf-jobs-mcp.json",
        "././a",
        "./",
        "./../x",
        None,
        3,
    ],
)
def test_a_name_that_could_leave_the_folder_or_fool_a_reader_is_refused(path):
    with pytest.raises(BadArgument) as caught:
        check_files({path: "x"}, None)
    assert caught.value.field == "files"


@pytest.mark.parametrize(
    "path", ["a", ".env.example", "..a", "a..", "cards/wri ter.md", "ünïcode/日本.md", "ab:c", "-rf"]
)
def test_an_ordinary_name_passes_unchanged(path):
    assert check_path(path) == path


def test_too_many_files_and_too_much_text_are_refused():
    check_files({f"f{i}": "" for i in range(MAX_FILES)}, None)
    with pytest.raises(BadArgument, match="more than 100 files"):
        check_files({f"f{i}": "" for i in range(MAX_FILES + 1)}, None)
    check_files({"a": "x" * (MAX_BYTES - 1)}, "x")
    with pytest.raises(BadArgument, match="1 MiB"):
        check_files({"a": "x" * MAX_BYTES}, "x")


def test_a_file_cannot_also_be_a_folder():
    with pytest.raises(BadArgument, match="folder's"):
        check_files({"a": "x", "a/b/c": "y"}, None)


def test_two_spellings_of_one_path_are_refused():
    with pytest.raises(BadArgument, match="twice"):
        check_files({"a": "x", "./a": "y"}, None)


def test_a_file_cannot_take_the_scripts_place():
    with pytest.raises(BadArgument) as caught:
        check_files({"script.py": "x"}, "print(1)")
    assert caught.value.field == "files"
    assert check_files({"script.py": "x"}, None) == (("script.py", b"x"),)


def test_text_that_is_not_unicode_is_refused():
    for files, script, field in (
        ({"a": "\ud800"}, None, "files"),
        ({}, "\udfff", "script"),
        ({"a": b"x"}, None, "files"),
    ):
        with pytest.raises(BadArgument) as caught:
            check_files(files, script)
        assert caught.value.field == field


@settings(deadline=None)
@given(st.text(max_size=30))
def test_whatever_passes_stays_inside_its_folder(path):
    try:
        tidy = check_path(path)
    except BadArgument:
        return
    assert not PurePosixPath(tidy).is_absolute()
    assert ".." not in PurePosixPath(tidy).parts
    assert str(PurePosixPath("/w") / tidy) == f"/w/{tidy}"
