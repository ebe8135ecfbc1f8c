"""Numbers drawn by a distribution, from a table of its quantiles: the same on every machine.

Powers and logarithms of floats differ in the last digit from processor to processor, and hosts that play
shares of one load need the same bytes. So they are taken once, with `decimal`, whose results are defined to the
last digit. Between two entries of the table the distribution is even.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Final

import numpy as np
import numpy.typing as npt

from streambench.load.columns import Integers

_LEVELS: Final = 24
"""Each halves what is above it: one record in 16 million is beyond the last."""
_BINS: Final = 64
_FLOAT_BITS: Final = 53
_DIGITS: Final = 40

ByShareAbove = Callable[[Decimal], Decimal]
"""The value above which so great a share lies, from 0 (the greatest value) to 1 (the least)."""


class Quantiles:
    """A distribution of numbers from 0 to `most`, drawn with one word each."""

    def __init__(self, value: ByShareAbove, most: int) -> None:
        self._most = most
        with localcontext(prec=_DIGITS):
            shares = [
                (Decimal(1) + Decimal(bin_) / _BINS) / 2 ** (level + 1)
                for level in range(_LEVELS)
                for bin_ in range(_BINS + 1)
            ]
            found = [float(value(share)) for share in shares]
            greatest = float(value(Decimal(0)))
        of_levels = np.array(found, dtype=np.float64).reshape(_LEVELS, _BINS + 1)
        # What is beyond the last level is one bin more, from its end to the greatest value.
        beyond = np.linspace(greatest, of_levels[-1, 0], _BINS + 1)
        self._at = np.concatenate([of_levels, beyond[np.newaxis]])

    def draw(self, words: npt.NDArray[np.uint64]) -> Integers:
        """The whole numbers that these words stand for, rounded down."""
        mantissa, exponent = np.frexp((words >> np.uint64(11)).astype(np.float64))
        level = np.minimum(_FLOAT_BITS - exponent, _LEVELS)
        # What lies between is cut off: a share below 2^-53 is none.
        place = np.maximum(mantissa * 2 - 1, 0) * _BINS
        bin_ = place.astype(np.int64)
        above, below = self._at[level, bin_], self._at[level, bin_ + 1]
        drawn = np.floor(above + (below - above) * (place - bin_)).astype(np.int64)
        return np.asarray(np.minimum(drawn, self._most), dtype=np.int64)


def by_magnitude(low: int, high: int) -> Quantiles:
    """Whole numbers in [low, high], `low` at least 1: each factor is as likely as another."""

    def value(share: Decimal) -> Decimal:
        ends = Decimal(low).ln(), Decimal(high + 1).ln()
        return (share * ends[0] + (1 - share) * ends[1]).exp()

    return Quantiles(value, high)


def pareto(low: int, high: int, exponent: float) -> Quantiles:
    """A Pareto distribution from `low`, at least 1, that is cut off at `high`."""
    alpha = Decimal(repr(exponent))

    def value(share: Decimal) -> Decimal:
        rest = (Decimal(low) / high) ** alpha
        return low * (share * (1 - rest) + rest) ** (-1 / alpha)

    return Quantiles(value, high)
