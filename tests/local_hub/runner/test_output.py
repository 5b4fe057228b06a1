"""The log reader against files as a supervisor writes them."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_hub.runner import output
from local_hub.runner.output import LogReader
from local_hub.runner.supervisor import MARK, RECORD
from tests.hub_process import short_home

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, attempts: list[list[bytes]]) -> Path:
    """Write what a supervisor would, one millisecond passing at each chunk."""
    target = folder / "output"
    data, index, moment = b"", b"", 1_700_000_000_000
    for chunks in attempts:
        index += RECORD.pack(len(data), moment | MARK)
        for chunk in chunks:
            moment += 1
            index += RECORD.pack(len(data), moment)
            data += chunk
    target.write_bytes(data)
    target.with_name("output.index").write_bytes(index)
    return target


def events(target: Path, *, tail: int | None = None, final: bool = True) -> list[dict[str, str]]:
    found = []
    with LogReader(target, tail) as reader:
        while block := reader.read(final=final):
            found += [json.loads(line[6:]) for line in block.decode().split("\n\n") if line]
    return found


def texts(target: Path, *, tail: int | None = None, final: bool = True) -> list[str]:
    return [event["data"] for event in events(target, tail=tail, final=final)][1:]


def test_a_line_carries_the_moment_at_which_its_end_was_read(tmp_path: Path) -> None:
    target = write(tmp_path, [[b"be", b"gin\nnext", b"\n"]])
    found = [(event["timestamp"][-5:], event["data"][:5]) for event in events(target)]
    assert found == [(".000Z", "====="), (".002Z", "begin"), (".003Z", "next")]


def test_each_attempt_begins_with_its_own_banner_and_on_a_new_line(tmp_path: Path) -> None:
    found = events(write(tmp_path, [[b"no end"], [b"second\n"]]))
    assert [event["data"][:9] for event in found] == ["===== Job", "no end", "===== Job", "second"]


def test_a_line_without_an_end_is_held_back_while_more_may_come(tmp_path: Path) -> None:
    target = write(tmp_path, [[b"whole\npart"]])
    assert texts(target, final=False) == ["whole"]
    assert texts(target, final=True) == ["whole", "part"]


def test_nothing_is_read_before_there_is_an_output(tmp_path: Path) -> None:
    with LogReader(tmp_path / "output") as reader:
        assert reader.read(final=False) == b""
        write(tmp_path, [[b"x\n"]])
        assert reader.has_more
        assert b'"x"' in reader.read(final=False)


def test_a_very_long_line_is_cut_between_characters_where_that_is_wanted(tmp_path: Path) -> None:
    text = "x" + "é" * output.LONGEST_LINE
    target = write(tmp_path, [[text.encode() + b"\n"]])
    found: list[str] = []
    with LogReader(target, cut=True) as reader:
        while block := reader.read(final=True):
            found += [json.loads(line[6:])["data"] for line in block.decode().split("\n\n") if line]
    assert "".join(found[1:]) == text
    assert len(found) > 2


def pieces(target: Path, *, tail: int | None = None) -> list[bytes]:
    with LogReader(target, tail) as reader:
        return list(iter(lambda: reader.read(final=True), b""))


def test_a_line_of_any_length_is_one_event_that_is_read_in_pieces(tmp_path: Path) -> None:
    long = 'é"\n'[:2] * 3 * output.BLOCK + " the end"
    target = write(tmp_path, [[b"before\n", long.encode() + b"\nafter\n"], [b"no end" * output.BLOCK], [b"again\n"]])
    found = pieces(target)
    assert max(map(len, found)) < 10 * output.BLOCK
    texts = [json.loads(line[6:])["data"] for line in b"".join(found).decode().split("\n\n") if line]
    assert texts[1:4] == ["before", long, "after"]
    assert (texts[5], texts[7]) == ("no end" * output.BLOCK, "again")
    assert len(texts) == 8
    last = b"".join(pieces(target, tail=1)).decode().split("\n\n")
    assert json.loads(last[1][6:])["data"] == "no end" * output.BLOCK


def test_a_long_line_waits_for_its_end(tmp_path: Path) -> None:
    target = write(tmp_path, [[b"first\n" + b"x" * 3 * output.LONGEST_LINE]])
    with LogReader(target) as reader:
        block = b"".join(iter(lambda: reader.read(final=False), b""))
        assert block.endswith(b'"first"}\n\n')
        assert not reader.has_more
        with target.open("ab") as file:
            file.write(b"\nlast\n")
        assert reader.has_more
        rest = b"".join(iter(lambda: reader.read(final=False), b""))
    assert [len(json.loads(line[6:])["data"]) for line in rest.decode().split("\n\n") if line] == [
        3 * output.LONGEST_LINE,
        4,
    ]


@settings(max_examples=100, deadline=None)
@given(
    attempts=st.lists(
        st.lists(st.binary(max_size=30) | st.just(b"\n") | st.just("aé\ncd".encode()), max_size=9), max_size=3
    )
)
def test_lines_are_the_same_however_long_a_long_one_is(attempts: list[list[bytes]]) -> None:
    with short_home() as folder, pytest.MonkeyPatch.context() as patch:
        target = write(folder, attempts)
        usual = [event["data"] for event in events(target)]
        patch.setattr(output, "LONGEST_LINE", 3)
        patch.setattr(output, "BLOCK", 4)
        found = b"".join(pieces(target)).decode()
        assert [json.loads(line[6:])["data"] for line in found.split("\n\n") if line] == usual


@settings(max_examples=150, deadline=None)
@given(
    chunks=st.lists(st.binary(max_size=40) | st.sampled_from([b"\n", b"a\n", b"\r\n", b"\n\n"]), max_size=30),
    tail=st.none() | st.integers(0, 40),
    final=st.booleans(),
)
def test_the_last_lines_are_the_end_of_all_lines(chunks: list[bytes], tail: int | None, final: bool) -> None:
    with short_home() as folder:
        target = write(folder, [chunks])
        data = b"".join(chunks)
        lines = data.split(b"\n")
        if lines[-1] == b"" or not final:
            lines.pop()
        expected = [line.decode("utf-8", "replace") for line in lines]
        whole = events(target, final=final)
        assert [event["data"] for event in whole[1:]] == expected
        if tail is not None:
            wanted = whole[1:][len(whole) - 1 - min(tail, len(whole) - 1) :]
            assert events(target, tail=tail, final=final) == whole[:1] + wanted


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_reading_while_it_grows_gives_the_same_events(data: st.DataObject) -> None:
    chunks = data.draw(st.lists(st.binary(min_size=1, max_size=20) | st.just(b"ab\ncd"), min_size=1, max_size=12))
    with short_home() as folder:
        target = write(folder, [chunks])
        whole = events(target)
        content, index = target.read_bytes(), target.with_name("output.index").read_bytes()
        target.write_bytes(b"")
        found = b""
        with LogReader(target) as reader:
            for number in range(1, len(chunks) + 2):
                target.with_name("output.index").write_bytes(index[: RECORD.size * number])
                target.write_bytes(content[: sum(map(len, chunks[: number - 1]))])
                found += reader.read(final=False)
            while block := reader.read(final=True):
                found += block
        assert [json.loads(line[6:]) for line in found.decode().split("\n\n") if line] == whole


def test_the_end_of_a_large_log_is_found_without_reading_the_rest(tmp_path: Path) -> None:
    target = write(tmp_path, [[b""]])
    size = 200_000_000
    with target.open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(b"\nlast but one\nlast\n")
    tracemalloc.start()
    try:
        assert texts(target, tail=2) == ["last but one", "last"]
        assert tracemalloc.get_traced_memory()[1] < 10 * output.BLOCK
    finally:
        tracemalloc.stop()
