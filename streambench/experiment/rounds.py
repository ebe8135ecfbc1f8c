"""In which order trials are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def interleaved(contenders: Sequence[T], repeats: int) -> Iterator[tuple[int, T]]:
    """(round, contender): every round tries all, and each round begins with another.

    Repeats of one engine are spread over the whole run, so that drift of the machine (heat,
    neighbours) hits all alike; rotating the order keeps one from always following the same other.
    """
    for round_number in range(repeats):
        shift = round_number % max(1, len(contenders))
        for contender in (*contenders[shift:], *contenders[:shift]):
            yield round_number, contender
