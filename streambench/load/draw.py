"""Random columns from raw PCG64 words by transforms of our own.

numpy promises the bit generator's stream across versions, not what its distributions make of it.
Each column has a stream of its own, so adding a field alters no other; and as every record takes one
word of each stream, the way in which a load is cut into chunks alters nothing.
"""

from __future__ import annotations

import hashlib
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from streambench.load.columns import (
    Decimals,
    Doubles,
    Flags,
    Integers,
    Nullable,
    Numbers,
    Present,
    Strings,
    StringTable,
)
from streambench.load.quantiles import by_magnitude
from streambench.model.expression import DecimalType
from streambench.model.field_source import (
    Choice,
    Coin,
    DecimalRange,
    DoubleRange,
    Growing,
    InstantRange,
    IntRange,
    MagnitudeRange,
)

_TOP_BITS: Final = np.uint64(32)
# A word's first 53 bits are as many as a float64 holds exactly.
_BELOW_FLOAT: Final = np.uint64(11)


class Stream:
    """An endless stream of raw 64-bit words, fixed by a seed and a name."""

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        self._generator = np.random.PCG64(int.from_bytes(digest, "big"))

    def below(self, limit: int, count: int) -> Integers:
        """Return the next `count` numbers in [0, `limit`), uniform; `limit` is at most 2^32."""
        top = self._generator.random_raw(count) >> _TOP_BITS
        return ((top * np.uint64(limit)) >> _TOP_BITS).astype(np.int64)

    def words(self, count: int) -> npt.NDArray[np.uint64]:
        """Return the next `count` words."""
        return self._generator.random_raw(count)

    def below_each(self, limits: Integers) -> Integers:
        """Return for each of `limits`, at most 2^32, the next number in [0, limit), uniform."""
        top = self._generator.random_raw(len(limits)) >> _TOP_BITS
        return ((top * limits.astype(np.uint64)) >> _TOP_BITS).astype(np.int64)

    def fractions(self, count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return the next `count` numbers in [0, 1), uniform."""
        words = self._generator.random_raw(count) >> _BELOW_FLOAT
        return words.astype(np.float64) * 2.0**-53


class ChoiceColumn:
    """Draws a field's values: the i-th of n with a probability proportional to i^-skew."""

    def __init__(self, choice: Choice, stream: Stream) -> None:
        self._table = StringTable(choice.values)
        self._stream = stream
        weights = np.arange(1, len(choice.values) + 1, dtype=np.float64) ** -choice.skew
        cumulative = np.cumsum(weights)
        self._upper_bounds = cumulative[:-1] / cumulative[-1]

    def next(self, count: int) -> Strings:
        """Return the next `count` values."""
        codes = np.searchsorted(self._upper_bounds, self._stream.fractions(count), side="right")
        return Strings(self._table, codes)


class DecimalColumn:
    """Draws a field's decimals in [low, high], uniform."""

    def __init__(self, range_: DecimalRange, type_: DecimalType, stream: Stream) -> None:
        self._range = range_
        self._type = type_
        self._stream = stream

    def next(self, count: int) -> Decimals:
        """Return the next `count` decimals."""
        span = self._range.high - self._range.low + 1
        return Decimals(self._stream.below(span, count) + self._range.low, self._type)


class DoubleColumn:
    """Draws a field's doubles in [low, high), uniform."""

    def __init__(self, range_: DoubleRange, stream: Stream) -> None:
        self._range = range_
        self._stream = stream

    def next(self, count: int) -> Doubles:
        """Return the next `count` doubles."""
        low, high = self._range.low, self._range.high
        return Doubles(low + self._stream.fractions(count) * (high - low))


class FlagColumn:
    """Draws a field that is true with a probability."""

    def __init__(self, coin: Coin, stream: Stream) -> None:
        self._coin = coin
        self._stream = stream

    def next(self, count: int) -> Flags:
        """Return the next `count` flags."""
        return Flags(self._stream.fractions(count) < self._coin.share)


class AnyColumn(Protocol):
    """Draws a field that has a value in every record."""

    def next(self, count: int) -> Present:
        """Return the next `count` values."""
        ...


class NullableColumn:
    """Draws of another column, less a share of its values."""

    def __init__(self, column: AnyColumn, share: float, stream: Stream) -> None:
        self._column = column
        self._share = share
        self._stream = stream

    def next(self, count: int) -> Nullable:
        """Return the next `count` values."""
        missing = self._stream.fractions(count) < self._share
        return Nullable(self._column.next(count), missing)


class IntegerColumn:
    """Draws a field's whole numbers in [low, high], uniform."""

    def __init__(self, range_: IntRange, stream: Stream) -> None:
        self._range = range_
        self._stream = stream

    def next(self, count: int) -> Numbers:
        """Return the next `count` numbers."""
        span = self._range.high - self._range.low + 1
        return Numbers(self._stream.below(span, count) + self._range.low)


class MagnitudeColumn:
    """Draws a field's whole numbers in [low, high], each factor as likely as another."""

    def __init__(self, range_: MagnitudeRange, stream: Stream) -> None:
        self._quantiles = by_magnitude(range_.low, range_.high)
        self._stream = stream

    def next(self, count: int) -> Numbers:
        """Return the next `count` numbers."""
        return Numbers(self._quantiles.draw(self._stream.words(count)))


class GrowingColumn:
    """Draws ids that come new with the load."""

    def __init__(self, growing: Growing, which: Stream, hot: Stream) -> None:
        self._growing = growing
        self._which = which
        self._hot = hot
        self._drawn = 0

    def next(self, count: int) -> Numbers:
        """Return the next `count` ids."""
        of = self._growing
        record = np.arange(self._drawn, self._drawn + count, dtype=np.int64)
        self._drawn += count
        # Those that come with a record's group of `per` are there for all of it.
        newest = (record // of.per + 1) * of.new - 1
        oldest = np.maximum(0, newest + 1 - of.among)
        ids = oldest + self._which.below_each(newest + 1 + of.ahead - oldest)
        if of.hot:
            latest = newest - (newest - of.hot_at) % of.hot_every
            hot = self._hot.fractions(count) < of.hot
            ids = np.where(hot & (latest >= 0), latest, ids)
        return Numbers(ids + of.first)


class InstantColumn:
    """Draws a field's instants, whole seconds in [low, high], uniform."""

    def __init__(self, range_: InstantRange, stream: Stream) -> None:
        self._seconds = IntegerColumn(IntRange(range_.low_s, range_.high_s), stream)

    def next(self, count: int) -> Numbers:
        """Return the next `count` instants, in ms since 1970 in UTC."""
        return Numbers(self._seconds.next(count).values * 1_000)
