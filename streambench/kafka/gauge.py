"""The least processor time of a piece of work: how fast the machine is when nothing else disturbs it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

# On one host each round was at one of two speeds, the slower by half, with nothing else running: as if its
# processors were halves of cores. Nine rounds made at once (0.05 s) were all slow in 19 of 48 trials,
# fifteen over two seconds in 2 of 20 and in 3 of 22. So a gauge is taken twice, some seconds
# apart; whether that helps is not shown yet: 2 of the first 7 were still slow.
ROUNDS: Final = 8
PAUSE_S: Final = 0.15


def least_s(
    work: Callable[[], None],
    *,
    clock: Callable[[], float] = time.thread_time,
    sleep: Callable[[float], None] = time.sleep,
) -> float:
    """The seconds of `clock` that `work` took in the quickest of its rounds.

    What disturbs a round can only lengthen it, but it lasts: whatever runs on the core's other half slows
    all rounds of that time alike. So the rounds are apart. Each is worked once untimed before,
    as a processor that slept is cold.
    """
    took_s = []
    for at in range(ROUNDS):
        if at:
            sleep(PAUSE_S)
        work()
        begun_s = clock()
        work()
        took_s.append(clock() - begun_s)
    return min(took_s)
