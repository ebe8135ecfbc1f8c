"""Drift over the run: whether the trials' values rose or fell from round to round (docs/method.md, repeats).

A trend within a trial is another thing: see `trends`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from scipy import special

from streambench.analysis.compare.figures import FLOORS
from streambench.analysis.eligible import delay_stem, unusable
from streambench.analysis.variants import RIGHT_SO_FAR, standings
from streambench.analysis.welch import EQUAL, LogDifference
from streambench.model.experiment import Single
from streambench.model.metrics import BY_NAME, Metric
from streambench.model.trial import TrialRecord
from streambench.results.bundle import Bundle

DRIFT_LEVEL: Final = 0.05
"""How often a drift is seen where there is none, for each figure that is tested."""
SEEN_POWER: Final = 0.8
"""With which chance a drift must be found to count as one that would have been seen."""
ROUNDS_AT_LEAST: Final = 3
# Rounds differ by more than their trials explain: a lenient test, or it would rarely notice. Bancroft:
# Biometrics 20 (1964) 427-442.
_ROUNDS_LEVEL: Final = 0.25
_CPU: Final = "engine_cpu_s_per_million"

RoundLog: TypeAlias = tuple[int, float]
"""A round, and the logarithm of one contender's value in it."""


@dataclass(frozen=True)
class RunDrift:
    """How far one metric moved from the first round to the last; `change` is of its logarithm.

    `trials` are the numbers of those that it comes from.
    """

    metric: Metric
    rounds: int
    trials: tuple[int, ...]
    change: LogDifference

    @property
    def seen(self) -> bool:
        """Whether chance does not explain it."""
        return self.change.p_value <= DRIFT_LEVEL

    @property
    def factor(self) -> float:
        """The last round's value by the first's."""
        return math.exp(self.change.mean)

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which factors the true one lies, but for a chance of `DRIFT_LEVEL`."""
        low, high = self.change.interval(DRIFT_LEVEL)
        return _exp(low), _exp(high)

    @property
    def seen_factor(self) -> float:
        """The least factor that these trials would have shown in 8 of 10 tries; may be infinite."""
        return _exp(self.change.seen_from(DRIFT_LEVEL, SEEN_POWER))


def run_drifts(bundle: Bundle) -> tuple[RunDrift, ...]:
    """The drift of the delay's tail and of the engine's CPU over a run of one load with repeats.

    Nothing where fewer than three rounds know the figure. Only values that may be compared count: of
    engines that were right, and not cold.
    """
    if not isinstance(bundle.run.experiment, Single) or bundle.run.repeats < ROUNDS_AT_LEAST:
        return ()
    usable = [
        stand.records
        for stand in standings(bundle)
        if stand.status in RIGHT_SO_FAR and unusable(bundle, stand.records) is None
    ]
    found = (_drift(metric, usable) for metric in (_tail(bundle, usable), BY_NAME[_CPU]))
    return tuple(each for each in found if each is not None)


def change_over_rounds(contenders: Sequence[Sequence[RoundLog]]) -> LogDifference | None:
    """How far logarithms moved from the first round to the last: one slope, and a level a contender.

    Where rounds differ among one another by more than the spread of their trials explains, they are what
    counts: an hour's neighbour that hits one round is no drift. None of fewer than three rounds.
    """
    several = [each for each in contenders if len(each) > 1]
    rounds = np.asarray([at for each in several for at, _ in each], dtype=np.float64)
    names = np.unique(rounds)
    if len(names) < ROUNDS_AT_LEAST:
        return None
    logs = np.asarray([log for each in several for _, log in each], dtype=np.float64)
    of = np.repeat(np.arange(len(several)), [len(each) for each in several])
    levels = (of[:, None] == np.arange(len(several))).astype(np.float64)
    from_mean, from_level = (
        values - levels @ (levels.T @ values / levels.sum(axis=0)) for values in (rounds, logs)
    )
    spread = float(from_mean @ from_mean)
    slope = float(from_mean @ from_level) / spread
    left = float(np.sum((from_level - slope * from_mean) ** 2))
    freedom = len(logs) - len(several) - 1
    # Each round may have a level of its own, too: what is left then is the trials' own spread.
    each_round = np.hstack([levels, (rounds[:, None] == names[1:]).astype(np.float64)])
    fitted, _, rank, _ = np.linalg.lstsq(each_round, logs)
    own = float(np.sum((logs - each_round @ fitted) ** 2))
    own_freedom = len(logs) - int(rank)
    variance = left / freedom
    between = (left - own) / (freedom - own_freedom)
    if own_freedom and between > EQUAL**2:
        ratio = between * own_freedom / own if own > 0 else math.inf
        if special.fdtrc(freedom - own_freedom, own_freedom, ratio) < _ROUNDS_LEVEL:
            variance, freedom = between, freedom - own_freedom
    if variance <= EQUAL**2:
        variance = 0.0
    span = float(names[-1] - names[0])
    return LogDifference(slope * span, math.sqrt(variance / spread) * span, freedom)


def _tail(bundle: Bundle, usable: Sequence[Sequence[TrialRecord]]) -> Metric:
    """The p99 of the delay; the slowest window for all, where one trial had too few for a p99."""
    stem = delay_stem(bundle)
    tail = BY_NAME[f"{stem}_p99_ms"]
    earned = all(one.measured_windows >= tail.windows for each in usable for one in each)
    return tail if earned else BY_NAME[f"{stem}_max_ms"]


def _drift(metric: Metric, usable: Sequence[Sequence[TrialRecord]]) -> RunDrift | None:
    floor = FLOORS[metric.unit]
    known = [
        [
            (record, value)
            for record in records
            if (value := record.measures.get(metric.name)) is not None and math.isfinite(value)
        ]
        for records in usable
    ]
    counted = [each for each in known if len(each) > 1]
    change = change_over_rounds(
        [
            [(record.round, math.log(max(value, floor))) for record, value in each]
            for each in counted
        ]
    )
    if change is None:
        return None
    return RunDrift(
        metric,
        len({record.round for each in counted for record, _ in each}),
        tuple(sorted(record.number for each in counted for record, _ in each)),
        change,
    )


def _exp(value: float) -> float:
    """e to this power; infinite beyond what a number holds."""
    return math.exp(value) if value < 700 else math.inf
