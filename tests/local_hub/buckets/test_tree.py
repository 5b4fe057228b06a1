"""The files of a bucket: walked in order, page by page, never through a link."""

import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_hub.buckets.byte_range import UnsatisfiableRangeError, asked
from local_hub.buckets.tree import PathRefusedError, Tree, checked

NAMES = st.lists(
    st.text("ab.-", min_size=1, max_size=2).filter(lambda name: name not in {".", ".."}), min_size=1, max_size=3
)


def make(root: Path, names: list[str]) -> set[str]:
    """Make as many of the files as fit beside each other."""
    made = set()
    for name in names:
        try:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("x")
            made.add(name)
        except OSError:
            continue
    return made


@given(st.lists(NAMES.map("/".join), max_size=12), st.integers(1, 4))
def test_pages_of_any_size_give_every_file_once_and_in_order(names: list[str], size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), names)
        found: list[str] = []
        while True:
            walk = Tree(Path(folder)).walk(after=found[-1] if found else "")
            page = [entry.path for _, entry in zip(range(size), walk, strict=False)]
            if not page:
                break
            found += page
        assert found == sorted(made)


@given(st.lists(NAMES.map("/".join), max_size=12), st.text("ab./-", max_size=3))
def test_a_prefix_is_matched_as_text(names: list[str], prefix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), names)
        found = {entry.path for entry in Tree(Path(folder)).walk(prefix)}
        assert found == {name for name in made if name.startswith(prefix)}


@pytest.mark.parametrize(
    "path", ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a\0b", "x" * 256, "a/" * 70 + "b", "\ud800"]
)
def test_a_path_that_can_be_none_is_refused(path: str) -> None:
    with pytest.raises(PathRefusedError):
        checked(path)


def test_a_folder_that_becomes_a_link_leads_nowhere(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    (outside / "d").mkdir(parents=True)
    (outside / "d/f").write_text("secret")
    root.mkdir()
    (root / "d").symlink_to(outside / "d")
    tree = Tree(root)
    assert tree.state("d/f") is None
    with pytest.raises(FileNotFoundError):
        tree.delete("d/f")
    source = tmp_path / "source"
    source.write_text("mine")
    with pytest.raises(PathRefusedError):
        tree.put(source, "d/f")
    assert (outside / "d/f").read_text() == "secret"


def test_a_pipe_is_no_file_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert Tree(tmp_path).state("pipe") is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, (0, 9)),
        ("bytes=0-0", (0, 0)),
        ("bytes=3-", (3, 9)),
        ("bytes=-4", (6, 9)),
        ("bytes=-40", (0, 9)),
        ("bytes=3-400", (3, 9)),
        ("bytes=5-3", (0, 9)),
        ("bytes=1-2,4-5", (0, 9)),
        ("items=1-2", (0, 9)),
        ("bytes=-", (0, 9)),
    ],
)
def test_a_range_is_read_as_clients_mean_it(header: str | None, expected: tuple[int, int]) -> None:
    assert asked(header, 10) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-1", 0)])
def test_a_range_beyond_the_end_is_unsatisfiable(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        asked(header, size)


@pytest.mark.skipif(sys.platform == "darwin", reason="names are UTF-8 there")
def test_a_name_that_is_not_utf_8_is_listed_and_reached_by_its_bytes(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/d\xe9"
    Path(os.fsdecode(folder)).mkdir()
    for name, text in ((b"\xff.txt", "bytes"), (rb"\xfe.txt", "just that"), (b"\xfe.txt", "hidden by it")):
        Path(os.fsdecode(folder + b"/" + name)).write_text(text)
    Path(os.fsdecode(folder + b"/" + b"\xfd" * 100)).write_text("no name of it fits")
    tree = Tree(tmp_path)
    found = list(tree.walk(everything=True))
    assert [entry.path for entry in found if entry.left_out is None] == ["d\\xe9/\\xfe.txt", "d\\xe9/\\xff.txt"]
    assert [entry.left_out for entry in found if entry.left_out] == ["name", "name"]
    assert [entry.path for entry in tree.walk("d\\xe9/\\xff")] == ["d\\xe9/\\xff.txt"]
    for path, text in (("d\\xe9/\\xff.txt", b"bytes"), ("d\\xe9/\\xfe.txt", b"just that")):
        with tree.open(path) as descriptor:
            assert os.read(descriptor, 99) == text
    source = tmp_path / "source"
    source.write_text("new")
    tree.put(source, "d\\xe9/\\xff.txt")
    assert Path(os.fsdecode(folder + b"/\xff.txt")).read_text() == "new"
    tree.delete("d\\xe9/\\xff.txt")
    assert tree.state("d\\xe9/\\xff.txt") is None
