"""The attacker of tests/adversary for as long as one likes: `python -m bench.adversary SEED GAMES MOVES`.

Each game has a machine of its own. Prints a line a game; a broken promise is printed with the seed that shows it again,
and the exit status is 1.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from tests.adversary.moves import play
from tests.adversary.world import Broken, World
from tests.hub_process import clear, short_home


def main(seed: int = 1, games: int = 4, moves: int = 25) -> int:
    made: Counter[str] = Counter()
    took: Counter[str] = Counter()
    broken = 0
    for game in range(seed, seed + games):
        began = time.monotonic()
        with short_home() as home:
            world = World(home, game)
            try:
                play(world, moves)
                told = "held"
            except Broken as fault:
                told = f"BROKEN: {fault}"
                broken += 1
            finally:
                world.close()
                clear(world.state)
        made.update(world.moves)
        took.update(world.took)
        lasted = time.monotonic() - began
        print(f"seed {game}: {len(world.moves)} moves, {world.questions} questions, {lasted:.0f} s: {told}", flush=True)
    print(f"{made.total()} moves in all: {dict(made.most_common())}")
    print("seconds a move:", {name: round(seconds / made[name], 2) for name, seconds in took.most_common()})
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
