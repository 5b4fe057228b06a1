"""What chunks stand for, in each way a client may write them; xorbs that are none."""

from pathlib import Path

import lz4.frame
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_hub.buckets.xorb import Xorb, XorbError

PLAIN, LZ4, LZ4_IN_FOURS = 0, 1, 2


def chunk(data: bytes, scheme: int = PLAIN, *, claims: int | None = None) -> bytes:
    if scheme == LZ4_IN_FOURS:
        packed = lz4.frame.compress(b"".join(data[lane::4] for lane in range(4)))
    else:
        packed = data if scheme == PLAIN else lz4.frame.compress(data)
    size = len(data) if claims is None else claims
    return b"\0" + len(packed).to_bytes(3, "little") + bytes([scheme]) + size.to_bytes(3, "little") + packed


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.binary(min_size=1, max_size=900), st.sampled_from([PLAIN, LZ4, LZ4_IN_FOURS]))))
def test_chunks_are_read_however_they_were_written(tmp_path: Path, chunks: list[tuple[bytes, int]]) -> None:
    path = tmp_path / "xorb"
    path.write_bytes(b"".join(chunk(data, scheme) for data, scheme in chunks) + b"\x01 footer that is no chunk")
    with Xorb(path) as xorb:
        assert [xorb.chunk(index) for index in reversed(range(len(chunks)))] == [data for data, _ in reversed(chunks)]
        with pytest.raises(XorbError):
            xorb.chunk(len(chunks))


@pytest.mark.parametrize(
    "broken",
    [
        chunk(b"data", claims=5),
        chunk(b"data", claims=3),
        chunk(b"data", LZ4, claims=3),
        chunk(bytes(1 << 20), LZ4, claims=4),
        chunk(b"data", LZ4)[:-9],
        chunk(b"data")[:4] + b"\x09" + chunk(b"data")[5:],
        b"\0\x04\0\0\x01\x04\0\0nope",
    ],
)
def test_a_chunk_that_is_not_what_it_says_is_refused(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "xorb"
    path.write_bytes(broken)
    with Xorb(path) as xorb, pytest.raises(XorbError):
        xorb.chunk(0)
