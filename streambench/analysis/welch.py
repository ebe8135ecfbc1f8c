"""How far the means of two sets of logarithms are apart, and how surely: Welch's t, or Student's on pairs.

Welch: Biometrika 34 (1947) 28-35. The unit is the trial (docs/method.md, ranking).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

EQUAL: Final = 1e-9
"""Logarithms of equal values may differ by their last bits."""


@dataclass(frozen=True)
class LogDifference:
    """The mean of one set of logarithms less that of another, its standard error and degrees of freedom.

    An `error` of 0: all values of each set were the same.
    """

    mean: float
    error: float
    freedom: float

    @property
    def p_value(self) -> float:
        """Two-sided: how often so great a difference would be seen if there were none."""
        if self.error == 0:
            return 0.0 if abs(self.mean) > EQUAL else 1.0
        return 2 * float(special.stdtr(self.freedom, -abs(self.mean) / self.error))

    def interval(self, level: float) -> tuple[float, float]:
        """Where the true difference lies, but for a chance of `level`."""
        half = quantile(self.freedom, 1 - level / 2) * self.error
        return self.mean - half, self.mean + half

    def seen_from(self, level: float, power: float) -> float:
        """The least true difference that a test at `level` finds with a chance of `power`."""
        found_from = quantile(self.freedom, 1 - level / 2)
        # Of the noncentral t. The other tail adds next to nothing.
        return float(special.nctdtrinc(self.freedom, 1 - power, found_from)) * self.error

    def with_spread(self, sd: float, freedom: float) -> Self:
        """The same where each set had a deviation of its own in common, of this size.

        The degrees of freedom by Satterthwaite: Biometrics Bull. 2 (1946) 110-114.
        """
        own, common = self.error**2, 2 * sd**2
        if common == 0:
            return self
        inverse = common**2 / freedom + (own**2 / self.freedom if own else 0.0)
        return replace(self, error=math.sqrt(own + common), freedom=(own + common) ** 2 / inverse)


def paired(a: Floats, b: Floats) -> LogDifference:
    """a − b of the same rounds, at least two."""
    differences = a - b
    error = 0.0 if _constant(differences) else _error(differences)
    return LogDifference(float(differences.mean()), error, len(differences) - 1)


def unpaired(a: Floats, b: Floats) -> LogDifference:
    """a − b, of at least two each."""
    errors = [0.0 if _constant(logs) else _error(logs) for logs in (a, b)]
    variance = sum(error**2 for error in errors)
    parts = [error**4 / (len(logs) - 1) for error, logs in zip(errors, (a, b), strict=True)]
    freedom = variance**2 / sum(parts) if variance else float(len(a) + len(b) - 2)
    return LogDifference(float(a.mean() - b.mean()), math.sqrt(variance), freedom)


def quantile(freedom: float, probability: float) -> float:
    """Of Student's t."""
    return float(special.stdtrit(freedom, probability))


def _error(logs: Floats) -> float:
    return float(logs.std(ddof=1)) / math.sqrt(len(logs))


def _constant(logs: Floats) -> bool:
    return bool(np.ptp(logs) <= EQUAL)
