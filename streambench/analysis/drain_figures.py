"""The figures of a drain, each of one cold or one warm drain of a round: what is compared and required."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from streambench.analysis import ranking
from streambench.analysis.drains import FLOOR_PER_S
from streambench.model.drain import Drain

WARM_RATE: Final = "warm_drain_per_s"
"""The figure by which engines are ranked."""
_FLOOR_S: Final = 0.1
_FLOOR_CPU_S: Final = 0.01
_CPU_UNIT: Final = "CPU-s per million events"


@dataclass(frozen=True)
class DrainFigure:
    """A figure of a `warm` drain (the last of its round) or the cold one; `value` is in `unit`.

    A difference below `floor` says nothing. `single_factor` tells single drains apart; None: not measured.
    """

    key: str
    label: str
    unit: str
    warm: bool
    value: Callable[[Drain], float | None]
    floor: float
    single_factor: float | None = None
    lower_is_better: bool = True
    digits: int = 0


DRAIN_FIGURES: Final = (
    DrainFigure(
        WARM_RATE, "worked off by a warm job", "records/s", True, lambda drain: drain.per_s,
        FLOOR_PER_S, ranking.DRAIN_FACTOR, lower_is_better=False,
    ),
    DrainFigure(
        "cold_drain_per_s", "worked off by a cold job", "records/s", False, lambda drain: drain.per_s,
        FLOOR_PER_S, ranking.DRAIN_FACTOR, lower_is_better=False,
    ),
    DrainFigure(
        "warm_drain_peak_per_s", "busiest second of a warm job", "records/s", True,
        lambda drain: drain.peak_per_s, FLOOR_PER_S, lower_is_better=False,
    ),
    DrainFigure(
        "warm_drain_s", "time to drain of a warm job", "s", True, lambda drain: drain.took_s,
        _FLOOR_S, ranking.DRAIN_FACTOR, digits=1,
    ),
    DrainFigure(
        "cold_drain_s", "time to drain of a cold job", "s", False, lambda drain: drain.took_s,
        _FLOOR_S, ranking.DRAIN_FACTOR, digits=1,
    ),
    DrainFigure(
        "first_window_s", "launch to the first window", "s", False, lambda drain: drain.first_s,
        _FLOOR_S, digits=1,
    ),
    DrainFigure(
        "engine_cpu_s_per_million", "engine CPU of a warm job", _CPU_UNIT, True,
        lambda drain: drain.cpu_s_per_million, _FLOOR_CPU_S, digits=2,
    ),
)  # fmt: skip
"""In the order of a comparison."""
