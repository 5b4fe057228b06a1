"""An attacker who holds every tool, for some moves of a random game; and the holes that the same game finds.

The long form, with any number of moves and seeds, is `python -m bench.adversary`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.adversary import moves
from tests.adversary.world import Broken, World
from tests.hub_process import clear, short_home
from tests.no_namespaces import can_forbid, namespaces_are_allowed

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(not namespaces_are_allowed(), reason="without a sandbox every one of these jobs is asked about"),
]

HOLES: dict[str, tuple[moves.Move, ...]] = {
    "masking": (moves.spoil_what_others_run,),
    "ticks": (moves.take_without_asking,) * 6,
    "single use": (moves.answer_twice,) * 2,
    "bytes": (moves.spoil_a_schedule,),
    "sandbox": (moves.look_around,),
    "money": (moves.spend,),
    "channel": (moves.take_without_asking,),
}


@contextmanager
def world(seed: int, hole: str = "") -> Iterator[World]:
    with short_home() as home:
        made = World(home, seed, hole)
        try:
            yield made
        finally:
            made.close()
            clear(made.state)


@pytest.mark.promise("S1", "S2", "S3", "S10", "S11")
@pytest.mark.parametrize("seed", [11])
def test_some_moves_of_an_attacker_who_holds_every_tool(seed: int) -> None:
    with world(seed) as attacked:
        moves.play(attacked, 12)
        assert attacked.moves
        assert attacked.hub("/api/jobs/local")


@pytest.mark.parametrize("hole", HOLES)
def test_a_planted_fault_is_found(hole: str) -> None:
    def game(attacked: World, planned: tuple[Callable[[World], None], ...]) -> None:
        for move in planned:
            attacked.moves.append(move.__name__)
            move(attacked)
            attacked.check()

    if hole == "sandbox" and not can_forbid():
        pytest.skip("namespaces cannot be forbidden to a process here")
    with world(5, hole) as attacked, pytest.raises(Broken):
        game(attacked, HOLES[hole])
