"""What the values of a generated field are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from streambench.model.lookup import LookedUp

_MOST_RECORDS: Final = 2**32


@dataclass(frozen=True)
class Choice:
    """One of `values`, drawn with Zipf exponent `skew` (0 is uniform; the first value is the hottest)."""

    values: tuple[str, ...]
    skew: float


@dataclass(frozen=True)
class IntRange:
    """A whole number in [low, high], uniform."""

    low: int
    high: int


@dataclass(frozen=True)
class MagnitudeRange(IntRange):
    """The same, but each factor is as likely as another: half of those in [1, 10,000] are below 100.

    `low` is at least 1.
    """


@dataclass(frozen=True)
class Growing:
    """An id of something that comes new with the load: `new` ids with each `per` records, from `first` on.

    A record has one of the `among` newest ids, or of the `ahead` next ones, uniform. The share `hot` of
    records has the latest id that is `hot_at` plus a multiple of `hot_every`, counted from `first`.
    """

    first: int
    new: int
    per: int
    among: int
    ahead: int = 0
    hot: float = 0.0
    hot_every: int = 1
    hot_at: int = 0

    @property
    def span(self) -> tuple[int, int]:
        """The least and the greatest id of any load: one of 2^32 records is longer than any that can be played."""
        return self.first, self.first + (_MOST_RECORDS // self.per + 1) * self.new - 1 + self.ahead


@dataclass(frozen=True)
class DecimalRange:
    """A decimal in [low, high], uniform; both in units of its last digit, the `scale`-th behind the point."""

    low: int
    high: int
    scale: int


@dataclass(frozen=True)
class DoubleRange:
    """A double in [low, high), uniform."""

    low: float
    high: float


@dataclass(frozen=True)
class InstantRange:
    """A whole second in [low, high], uniform; both in seconds since 1970 in UTC."""

    low_s: int
    high_s: int


@dataclass(frozen=True)
class Coin:
    """True with a probability of `share`, else false."""

    share: float


FieldSource: TypeAlias = (
    Choice | IntRange | Growing | DecimalRange | DoubleRange | InstantRange | Coin | LookedUp
)
