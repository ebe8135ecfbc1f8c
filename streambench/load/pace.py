"""How many events of a load come before an instant, and when each of them comes: exact, by integers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, assert_never

import numpy as np

from streambench.load.columns import Integers
from streambench.model.shape import Bursts, Ramp, Shape, Sine, Steps

_MS_PER_S = 1_000
_US_PER_MS = 1_000


class LoadPace(Protocol):
    """Events in order of their instants, numbered from 0."""

    def before(self, end_ms: int) -> int:
        """How many events there are before `end_ms`."""
        ...

    def instants(
        self, first: int, count: int, start_ms: int, quantum_ms: int
    ) -> tuple[Integers, Integers]:
        """The instants (µs) of events `first` … and the quantum each is due in.

        `start_ms` is a time before which exactly `first` events come.
        """
        ...


@dataclass(frozen=True)
class Constant:
    """Event i happens at i / rate."""

    rate_per_s: int

    def before(self, end_ms: int) -> int:
        """How many events there are before `end_ms`."""
        return -(-end_ms * self.rate_per_s // _MS_PER_S)

    def instants(
        self, first: int, count: int, start_ms: int, quantum_ms: int
    ) -> tuple[Integers, Integers]:
        """From the index, not from rounded microseconds: the quantum's edge must be exact."""
        event = np.arange(first, first + count, dtype=np.int64)
        nominal_us = event * 1_000_000 // self.rate_per_s
        return nominal_us, event * _MS_PER_S // (self.rate_per_s * quantum_ms)


@dataclass(frozen=True)
class Shaped:
    """A rate for each millisecond, whole events/s; what it adds up to is rounded down."""

    shape: Shape
    duration_ms: int

    @cached_property
    def _whole(self) -> Integers:
        """How many whole events come before each millisecond."""
        thousandths = np.r_[0, np.cumsum(rates_per_s(self.shape, self.duration_ms))]
        return np.asarray(thousandths // _MS_PER_S, dtype=np.int64)

    def before(self, end_ms: int) -> int:
        """How many events there are before `end_ms`."""
        return int(self._whole[min(end_ms, self.duration_ms)])

    def instants(
        self, first: int, count: int, start_ms: int, quantum_ms: int
    ) -> tuple[Integers, Integers]:
        """Events of one millisecond lie evenly within it."""
        end_ms = int(np.searchsorted(self._whole, first + count, side="left"))
        edges = self._whole[start_ms : end_ms + 1]
        each = np.diff(edges)
        ms = np.repeat(np.arange(start_ms, end_ms, dtype=np.int64), each)
        inside = np.arange(first, first + count, dtype=np.int64) - np.repeat(edges[:-1], each)
        return (
            ms * _US_PER_MS + inside * _US_PER_MS // np.repeat(each, each),
            ms // quantum_ms,
        )


def _parts(duration_ms: int, count: int) -> Integers:
    """The lengths of `count` parts that are as equal as whole milliseconds allow."""
    edges = np.arange(count + 1, dtype=np.int64) * duration_ms // count
    return np.diff(edges)


def rates_per_s(shape: Shape, duration_ms: int) -> Integers:
    """The rate of each millisecond."""
    ms = np.arange(duration_ms, dtype=np.int64)
    match shape:
        case Ramp(first, last):
            return first + (last - first) * ms // max(1, duration_ms - 1)
        case Steps(rates):
            each: Integers = np.repeat(
                np.asarray(rates, dtype=np.int64), _parts(duration_ms, len(rates))
            )
            return each
        case Sine(mean, swing, period):
            turn = np.sin(2 * math.pi * (ms % period) / period)
            return np.asarray(mean + np.rint(swing * turn), dtype=np.int64)
        case Bursts(base, peak, every, lasts):
            return np.where(ms % every >= every - lasts, peak, base).astype(np.int64)
        case _:
            assert_never(shape)
