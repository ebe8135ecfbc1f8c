"""Who ranks before whom: the one rule for every kind of report (docs/method.md, ranking).

The unit is the trial. With repeats, Welch's t on the logarithms of the trials' values decides (Student's t
on the differences where both have the same rounds), and Holm's correction over all pairs keeps the
chance of any false difference in a table low. Holm: Scand. J. Statist. 6 (1979) 65-70.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Self

import numpy as np

from streambench.analysis import welch
from streambench.analysis.clock_errors import NO_DOUBT, Doubt
from streambench.analysis.welch import Floats

WINDOWS_TO_RANK = 20
TEST_LEVEL = 0.03
"""With it at most 5 % of pairs of identical engines are told apart.

The logarithms of delays are not normal. At a nominal 5 % the benchmark of identical engines found up to
6.1 % (docs/method.md, ranking).
"""

DELAY_FLOOR_MS = 2.0
"""Append stamps have a resolution of 1 ms, so a smaller difference of delays says nothing."""

DELAY_FACTORS: Mapping[str, float] = {"delay_p99_ms": 3.16, "delay_max_ms": 3.59}
"""By metric: single trials of one engine differ in it by more than this in 5 % of pairs.

Measured by benchmarks/alike.py; docs/method.md (identical engines) has the data. Of a metric that is
not here it is not measured.
"""
LATE_TIME_FACTOR: float | None = None
"""The same for a recovery's late time; None: not measured yet."""
RATE_FACTOR: float | None = None
"""The same for a sustainable rate that was searched for; None: not measured yet."""
DRAIN_FACTOR: float | None = None
"""The same for a drain's time; None: not measured yet."""


@dataclass(frozen=True)
class RankCandidate:
    """One engine's value in each of its trials, in order of rounds.

    `windows` is how many the trial with the fewest measured (None: the value is not taken over
    windows). `rounds` numbers the round of each value; empty when the trials were not interleaved. `doubt` is
    what clocks may have done to each.
    """

    label: str
    values: tuple[float, ...]
    windows: int | None
    rounds: tuple[int, ...] = ()
    doubt: Doubt = NO_DOUBT


@dataclass(frozen=True)
class Place:
    """Where one engine stands: `rank` is one more than the number of engines surely better.

    `alike` are the labels of ranked engines that it is not told apart from. `why` says why there is no
    rank, and is None when there is one.
    """

    label: str
    rank: int | None
    alike: tuple[str, ...]
    why: str | None

    @property
    def text(self) -> str:
        """`1`, `2=` when not told apart from another, or nothing."""
        return "" if self.rank is None else f"{self.rank}{'=' if self.alike else ''}"


@dataclass(frozen=True, kw_only=True)
class Placed:
    """What may have a place: `rank` is None when it is not ranked, for the reason `unranked`.

    `alike` are the labels of ranked ones that it is not told apart from.
    """

    rank: int | None = None
    alike: tuple[str, ...] = ()
    unranked: str | None = None

    @property
    def place(self) -> str:
        """`1`, `2=` when not told apart from another, or nothing."""
        return Place("", self.rank, self.alike, self.unranked).text

    def at(self, place: Place) -> Self:
        """The same at this place."""
        return replace(self, rank=place.rank, alike=place.alike, unranked=place.why)


@dataclass(frozen=True)
class RankBasis:
    """What ranks rest on: how many were compared, and by how much values must differ at least.

    `repeats` is the fewest trials of one of them; with one, only `single_factor` tells them apart (None:
    it is not measured, so nothing does). `floor` is in the unit of the values.
    """

    compared: int
    repeats: int
    floor: float
    single_factor: float | None


def basis_of(
    candidates: Sequence[RankCandidate], floor: float, single_factor: float | None
) -> RankBasis:
    """The basis on which these were compared."""
    repeats = min((len(one.values) for one in candidates), default=0)
    return RankBasis(len(candidates), repeats, floor, single_factor)


def rank(
    candidates: Sequence[RankCandidate],
    *,
    floor: float,
    single_factor: float | None,
    lower_is_better: bool = True,
    named: str = "the value",
) -> tuple[Place, ...]:
    """Places of all candidates: ranked ones best first, then the others in the order given.

    Values below `floor` count as the floor, and medians less than the floor apart are never told apart. So it
    is where the clocks may have put them so far apart.
    `single_factor` tells engines apart without a test: where every trial of the one is beyond it from
    every trial of the other. It is all there is where one of two engines has a single trial; None: not
    measured, so single trials are never told apart. `named` is what the values are, in a reason's words.
    Raises ValueError when `floor` is not above zero.
    """
    if floor <= 0:
        raise ValueError(f"floor {floor} is not above zero")
    reasons = {one.label: _why_unranked(one, named) for one in candidates}
    able = [one for one in candidates if reasons[one.label] is None]
    better = _surely_better(able, floor, single_factor, lower_is_better)
    sign = 1 if lower_is_better else -1
    ranked = []
    for one in able:
        above = better[one.label]
        alike = tuple(
            other.label
            for other in able
            if other is not one
            and other.label not in above
            and one.label not in better[other.label]
        )
        ranked.append((len(above) + 1, sign * statistics.median(one.values), one.label, alike))
    ranked.sort(key=lambda place: place[:2])
    return (
        *(Place(label, number, alike, None) for number, _, label, alike in ranked),
        *(
            Place(one.label, None, (), reasons[one.label])
            for one in candidates
            if reasons[one.label] is not None
        ),
    )


def _why_unranked(one: RankCandidate, named: str) -> str | None:
    if not one.values:
        return f"{named} is not known"
    if not all(math.isfinite(value) for value in one.values):
        return f"{named} is not known in every trial"
    if one.windows is not None and one.windows < WINDOWS_TO_RANK:
        plural = "window was" if one.windows == 1 else "windows were"
        return f"{one.windows} {plural} measured, and a rank needs {WINDOWS_TO_RANK}"
    return None


def _surely_better(
    able: Sequence[RankCandidate], floor: float, single_factor: float | None, lower_is_better: bool
) -> dict[str, set[str]]:
    """For each label the labels surely better; what is better than a better one is better, too.

    Without that closure an engine that varies widely could rank before one that is surely better than it.
    """
    pairs = list(combinations(able, 2))
    logs = {one.label: np.log(np.maximum(one.values, floor)) for one in able}
    medians = {one.label: max(statistics.median(one.values), floor) for one in able}
    sure = _holm([_p_value(a, logs[a.label], b, logs[b.label]) for a, b in pairs])
    better: dict[str, set[str]] = {one.label: set() for one in able}
    for (a, b), by_test in zip(pairs, sure, strict=True):
        apart = medians[a.label] - medians[b.label]
        mean_apart = float(logs[a.label].mean() - logs[b.label].mean())
        if least_apart(apart, a.doubt, b.doubt) < floor or apart * mean_apart <= 0:
            continue
        if by_test or _beyond(logs[a.label], logs[b.label], single_factor):
            low, high = (a, b) if apart < 0 else (b, a)
            good, bad = (low, high) if lower_is_better else (high, low)
            better[bad.label].add(good.label)
    for middle in better:
        for above in better.values():
            if middle in above:
                above |= better[middle]
    return better


def _p_value(a: RankCandidate, logs_a: Floats, b: RankCandidate, logs_b: Floats) -> float | None:
    """Two-sided; None where there is nothing to test by: one of them has a single trial."""
    if len(logs_a) < 2 or len(logs_b) < 2:
        return None
    same_rounds = bool(a.rounds) and a.rounds == b.rounds
    return (welch.paired if same_rounds else welch.unpaired)(logs_a, logs_b).p_value


def holm_levels(p_values: Sequence[float | None]) -> list[float]:
    """The level at which each hypothesis is tested, so that any false one falls with TEST_LEVEL at most.

    The least p is tested first. Where one stands, all greater ones are held to its level, and stand.
    """
    tested = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    levels = [TEST_LEVEL] * len(p_values)
    stands = False
    level = TEST_LEVEL
    for order, (p, index) in enumerate(tested):
        if not stands:
            level = TEST_LEVEL / (len(tested) - order)
            stands = p > level
        levels[index] = level
    return levels


def least_apart(apart: float, doubt: Doubt, of_other: Doubt) -> float:
    """How far two values are apart at least, with what clocks may have done to each; 0: nobody knows which is more.

    `apart` is the first one minus the other.
    """
    low = apart - (doubt.high - of_other.low)
    high = apart - (doubt.low - of_other.high)
    return max(0.0, low, -high)


def _holm(p_values: Sequence[float | None]) -> list[bool]:
    """Which hypotheses fall."""
    levels = holm_levels(p_values)
    return [p is not None and p <= level for p, level in zip(p_values, levels, strict=True)]


def _beyond(
    logs_a: Floats,
    logs_b: Floats,
    single_factor: float | None,
) -> bool:
    if single_factor is None:
        return False
    gap = max(logs_a.min() - logs_b.max(), logs_b.min() - logs_a.max())
    return bool(gap > math.log(single_factor) + welch.EQUAL)
