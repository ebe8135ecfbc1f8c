"""What is published of the drift over a run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from streambench.analysis.drift import run_drifts
from streambench.analysis.published.common import says
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class DriftResult:
    """How far one metric moved from the first round to the last, over all engines."""

    metric: Annotated[str, says("name of the metric")]
    rounds: Annotated[int, says("number of rounds that know it")]
    trials: Annotated[tuple[int, ...], says("numbers of the trials that it comes from")]
    factor: Annotated[float, says("the last round's value by the first's")]
    low: Annotated[float, says("lower end of its 95 % interval")]
    high: Annotated[float | None, says("upper end; null: beyond what a number holds")]
    p_value: Annotated[float, says("how often so much would be seen if there were no drift")]
    seen: Annotated[bool, says("whether chance does not explain it, at a level of 5 %")]
    seen_factor: Annotated[
        float | None,
        says(
            "factor that these trials would have shown in 8 of 10 tries; null: beyond what a number "
            "holds"
        ),
    ]


def drift_results(bundle: Bundle) -> tuple[DriftResult, ...]:
    """Every figure that was tested."""
    return tuple(
        DriftResult(
            drift.metric.name,
            drift.rounds,
            drift.trials,
            drift.factor,
            drift.bounds[0],
            _finite(drift.bounds[1]),
            drift.change.p_value,
            drift.seen,
            _finite(drift.seen_factor),
        )
        for drift in run_drifts(bundle)
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
