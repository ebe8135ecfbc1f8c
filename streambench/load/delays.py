"""How far behind its due instant each event of generated load lies."""

from __future__ import annotations

import numpy as np

from streambench.load.columns import Integers
from streambench.load.draw import Stream
from streambench.load.quantiles import pareto
from streambench.model.workload import Synthetic, Tail

_US_PER_MS = 1_000


class Delays:
    """Draws delays: uniform up to the disorder, and those of the tail."""

    def __init__(self, synthetic: Synthetic, seed: int) -> None:
        self._disorder_us = synthetic.disorder_ms * _US_PER_MS
        self._usual = Stream(seed, "")  # no field has this name, or those of the tail
        self._tail = None if synthetic.tail is None else _Tail(synthetic.tail, seed)

    def next_us(self, nominal_us: Integers) -> Integers:
        """Return the delays of the next events, which are due at `nominal_us`.

        No event of the tail lies before the load begins: what streambench sends ahead has moved clocks there.
        """
        count = len(nominal_us)
        usual = self._usual.below(self._disorder_us, count) if self._disorder_us else 0
        delays = np.zeros(count, dtype=np.int64) + usual
        if self._tail is None:
            return delays
        late, by_us = self._tail.next(count)
        return np.where(late, np.minimum(by_us, np.maximum(nominal_us, usual)), delays)


class _Tail:
    def __init__(self, tail: Tail, seed: int) -> None:
        self._share = tail.share
        self._from_us, self._to_us = tail.from_ms * _US_PER_MS, tail.to_ms * _US_PER_MS
        self._quantiles = (
            None if tail.pareto is None else pareto(self._from_us, self._to_us, tail.pareto)
        )
        self._whether = Stream(seed, "tail:whether")
        self._by = Stream(seed, "tail:by")

    def next(self, count: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], Integers]:
        """Which of the next events are of the tail, and by how many µs each of them would come late."""
        late = self._whether.fractions(count) < self._share
        if self._quantiles is not None:
            return late, self._quantiles.draw(self._by.words(count))
        span = self._by.fractions(count) * (self._to_us - self._from_us + 1)
        return late, self._from_us + span.astype(np.int64)
