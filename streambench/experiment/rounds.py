"""In which order trials are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def interleaved(contenders: Sequence[T], repeats: int) -> Iterator[tuple[int, T]]:
    """(round, contender): every round tries all, and every other round in reverse: A B C, C B A, A B C.

    Repeats of one contender are spread over the whole run, so that drift of the machine (heat,
    neighbours) hits all alike. What rises or falls evenly moves all by the same amount over each two
    rounds: the one that was tried earlier in a round is tried later in the next, by just as much. So it
    falls out of a difference of means, and of the mean of differences by round. Of an odd number of
    rounds the last one keeps its order: two contenders then differ by what the drift is between their
    places in it, divided by the number of rounds. A single contender is simply repeated.
    """
    for round_number in range(repeats):
        ordered = contenders if round_number % 2 == 0 else tuple(reversed(contenders))
        for contender in ordered:
            yield round_number, contender
