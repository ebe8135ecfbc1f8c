"""The least processor time of a piece of work: how fast the machine is when nothing else disturbs it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

# On a host whose virtual processors were halves of cores, one in two or three rounds was slowed by half,
# with nothing else running, and a slow spell lasted up to a second. Nine rounds made at once (0.05 s) were
# all slow in 19 of 48 trials.
ROUNDS: Final = 15
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
