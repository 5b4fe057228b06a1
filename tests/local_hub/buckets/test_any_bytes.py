"""Whatever bytes the real client uploads arrive: repetitive, sparse, overlapping, joined, identical, of any size."""

import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hub_process import running_hub, short_home

_LINE = b"2026-01-01 step ok loss=0.4321 \n"  # 32 bytes
_CHUNK = 64 << 10  # what the client aims at for a chunk; none has more than twice that, none less than an eighth
_EDGES = (0, 1, 7, _CHUNK >> 3, _CHUNK, _CHUNK << 1, (_CHUNK << 1) * 3, 1 << 20)


@dataclass
class Hub:
    api: HfApi
    work: Path

    def goes_around(self, *batches: dict[str, bytes]) -> None:
        """Upload batches one after the other, download, copy within and across buckets, and compare each byte."""
        first, second = "local/bytes", "local-team/bytes"
        for bucket in (first, second):
            self.api.create_bucket(bucket, private=True, exist_ok=True)
        try:
            wanted: dict[str, bytes] = {}
            for batch in batches:
                self.api.batch_bucket_files(first, add=[(data, path) for path, data in batch.items()])
                wanted |= batch
            self.api.copy_files(f"hf://buckets/{first}/", f"hf://buckets/{second}/")
            for path in list(wanted)[:1]:
                self.api.copy_files(f"hf://buckets/{first}/{path}", f"hf://buckets/{first}/copied")
            for bucket in (first, second):
                assert self._fetched(bucket, list(wanted)) == wanted
            assert self._fetched(first, ["copied"]) == {"copied": next(iter(wanted.values()))}
        finally:
            for bucket in (first, second):
                self.api.delete_bucket(bucket)

    def _fetched(self, bucket: str, paths: list[str]) -> dict[str, bytes]:
        folder = self.work / "down"
        try:
            self.api.download_bucket_files(bucket, [(path, folder / path) for path in paths])
            return {path: (folder / path).read_bytes() for path in paths}
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with short_home() as home, running_hub(home) as state:
        yield Hub(HfApi(state.endpoint, token=state.token), tmp_path_factory.mktemp("bytes"))


def test_a_log_line_written_200_000_times_arrives(hub: Hub) -> None:
    hub.goes_around({"train.log": _LINE * 200_000})


def test_what_was_uploaded_before_arrives_again_at_other_places(hub: Hub) -> None:
    block = random.Random(1).randbytes(700_000)
    hub.goes_around(
        {"a": block, "twice": block * 2, "same": block},
        {"later": block, "with more": b"head" + block + _LINE * 9_000, "turned": block[300_000:] + block[:300_000]},
        {"numbers": b"".join(index.to_bytes(4, "little") for index in range(300_000)), "end": block[-1000:] + block},
    )


def test_sparse_and_empty_files_arrive(hub: Hub) -> None:
    holes = bytearray(9 << 20)
    for at in (0, 1 << 20, (5 << 20) + 1, (9 << 20) - 1):
        holes[at] = 1
    hub.goes_around({"holes": bytes(holes), "zeros": bytes(3 << 20), "nothing": b"", "one": b"\0"})


@st.composite
def _pieces(draw: st.DrawFn) -> bytes:
    """A run of bytes of one kind, of a length at or about a limit of the format."""
    size = max(0, draw(st.sampled_from(_EDGES)) + draw(st.integers(-2, 2)))
    match draw(st.sampled_from(["random", "line", "zeros", "floats", "short period"])):
        case "random":
            return random.Random(draw(st.integers(0, 2))).randbytes(size)
        case "line":
            return (_LINE * (size // len(_LINE) + 1))[:size]
        case "zeros":
            return bytes(size)
        case "floats":  # chunks of such are written byte by byte in groups of four
            return b"".join(b"\x3f\x80" + (index & 0xFFFF).to_bytes(2, "little") for index in range(size // 4 + 1))[
                :size
            ]
        case _:
            period = random.Random(draw(st.integers(0, 2))).randbytes(draw(st.integers(1, 300)))
            return (period * (size // len(period) + 1))[:size]


@st.composite
def _batches(draw: st.DrawFn) -> list[dict[str, bytes]]:
    pool = draw(st.lists(_pieces(), min_size=1, max_size=4))
    content = st.lists(st.sampled_from(pool), min_size=1, max_size=6).map(b"".join)
    contents = draw(st.lists(content, min_size=1, max_size=4))
    half = draw(st.integers(1, len(contents)))
    named = {f"d{index % 2}/f{index}": data for index, data in enumerate(contents)}
    names = list(named)
    return [{name: named[name] for name in part} for part in (names[:half], names[half:]) if part]


@settings(max_examples=int(os.environ.get("HF_JOBS_MCP_TEST_EXAMPLES", "25")))
@given(batches=_batches())
def test_any_bytes_come_back_as_they_went(hub: Hub, batches: list[dict[str, bytes]]) -> None:
    hub.goes_around(*batches)
