"""Whether an engine kept up with its load, and a limit that its delay may have to keep."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Pace(enum.Enum):
    """Whether an engine kept up (docs/method.md, sustainable)."""

    KEPT_UP = "kept up"
    FELL_BEHIND = "fell behind"
    UNDECIDED = "not decided"


@dataclass(frozen=True)
class Judgement:
    """A pace and why, in words.

    `catching_up`: it kept up and worked off a backlog of before, whose delays it shows. `growing`: it
    kept up within the limit, and its lag grew all the same, by more than chance explains.
    """

    pace: Pace
    why: str
    catching_up: bool = False
    growing: bool = False

    @property
    def words(self) -> str:
        """The pace in two words."""
        if self.growing:
            return "grows slowly"
        return "catching up" if self.catching_up else self.pace.value


class Quantile(enum.Enum):
    """Of which windows a limit speaks."""

    P50 = "p50"
    P99 = "p99"
    MAX = "max"


@dataclass(frozen=True)
class Limit:
    """`p99 ≤ 2 s`: what the result delay may be at most (under exactly-once the visible one)."""

    quantile: Quantile
    most_ms: float

    def __str__(self) -> str:
        return f"{self.quantile.value} ≤ {self.most_ms:,.10g} ms"
