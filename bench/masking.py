"""How fast text is masked, beside copying it and beside one regular expression of the raw values.

Run: python bench/masking.py [megabytes]. One core, 50 secrets. Ratios compare runs of the same process.
"""

from __future__ import annotations

import random
import re
import string
import sys
import time
from collections.abc import Callable

from jobs.masking.masker import Masker

_SECRETS = 50
_ROUNDS = 5
_CHUNK = 64 * 1024
_SIZES = (4 * 1024, 64 * 1024, 1024 * 1024)
_LONG = 6 * 1024
_LETTERS = string.ascii_letters + string.digits


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    chance = random.Random(20261121)
    known = {f"SECRET_{number}": _secret(chance) for number in range(_SECRETS)}
    masker = Masker(known)
    text = _log(chance, megabytes * 1_000_000)
    escaped = text.replace("\n", "\\n")
    found = "".join(
        line + (known[f"SECRET_{place % _SECRETS}"] if place % 100 == 0 else "") + "\n"
        for place, line in enumerate(text.splitlines())
    )
    plain = re.compile("|".join(map(re.escape, sorted(known.values()))))
    started = time.process_time()
    masker.mask("first")
    print(f"search built in {1000 * (time.process_time() - started):.1f} ms for {_SECRETS} secrets")

    copy = _speed(text, lambda: text.encode().decode())
    _row("copy (encode and decode)", copy, copy)
    _row("one expression, raw values only", _speed(text, lambda: plain.sub("***", text)), copy)
    _row("mask, text", _speed(text, lambda: masker.mask(text)), copy)
    data = text.encode()
    _row("mask, bytes", _speed(text, lambda: masker.mask_bytes(data)), copy)
    _row("mask, text full of escapes", _speed(escaped, lambda: masker.mask(escaped)), copy)
    _row("mask, a secret in each 100th line", _speed(found, lambda: masker.mask(found)), copy)
    _row(f"stream, chunks of {_CHUNK // 1024} KiB", _speed(text, lambda: _stream(masker, data)), copy)
    noise = chance.randbytes(len(data))
    _row("mask, random bytes", _speed(noise, lambda: masker.mask_bytes(noise)), copy)
    _row("stream, random bytes", _speed(noise, lambda: _stream(masker, noise)), copy)
    long = Masker({**known, "LONG": "".join(chance.choice(_LETTERS) for _ in range(_LONG))})
    for size in _SIZES:
        short_only = _speed(data, lambda size=size: _stream(masker, data, size))
        with_long = _speed(data, lambda size=size: _stream(long, data, size))
        _row(f"stream, {size // 1024} KiB, and a secret of 6 KB", with_long, copy)
        print(f"{'':<36} {with_long / short_only:8.2f} of the speed without it")


def _secret(chance: random.Random) -> str:
    return "".join(chance.choice(_LETTERS) for _ in range(chance.choice((16, 24, 37, 51, 108))))


def _log(chance: random.Random, size: int) -> str:
    lines: list[str] = []
    written = 0
    while written < size:
        line = (
            f"2026-11-21 20:51:{chance.randrange(60):02d},123 INFO trainer step={chance.randrange(10**6)} "
            f'loss={chance.random():.4f} lr=3e-4 path="/workspace/out/{chance.randrange(100)}.bin" ███▌ 45%|'
        )
        lines.append(line)
        written += len(line) + 1
    return "\n".join(lines)


def _stream(masker: Masker, data: bytes, size: int = _CHUNK) -> None:
    stream = masker.stream()
    for place in range(0, len(data), size):
        stream.feed(data[place : place + size])
    stream.flush()


def _speed(text: str | bytes, work: Callable[[], object]) -> float:
    """The best of some rounds, in MB for each second of processor time: other work on the machine counts little."""
    best = float("inf")
    for _ in range(_ROUNDS):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    size = len(text.encode()) if isinstance(text, str) else len(text)
    return size / best / 1e6


def _row(what: str, speed: float, baseline: float) -> None:
    print(f"{what:<36} {speed:8.0f} MB/s   {baseline / speed:6.2f} x the time of a copy")


if __name__ == "__main__":
    main()
