"""Columns of a trial's tables as numpy arrays, and their grouping into buckets of time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from streambench.model.trial import Purpose
from streambench.results.bundle import TrialBundle

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Values over seconds since T0; nan where nothing is known."""

    t_s: Floats
    values: Floats


def window_curve(trial: TrialBundle, column: str) -> Curve | None:
    """A column of the measured windows over their closing instants; None when there are none."""
    table = trial.table("windows")
    if table is None or column not in table.column_names:
        return None
    measured = np.array(
        [purpose == Purpose.MEASURED.value for purpose in table.column("purpose").to_pylist()],
        dtype=bool,
    )
    if not measured.any():
        return None
    t_s = _floats(table.column("closing_ms"))[measured] / 1000
    order = np.argsort(t_s, kind="stable")
    return Curve(t_s[order], _floats(table.column(column))[measured][order])


def series_curve(trial: TrialBundle, column: str) -> Curve | None:
    """A per-second column; None when the trial has none."""
    table = trial.table("series")
    if table is None or column not in table.column_names or table.num_rows == 0:
        return None
    return Curve(_floats(table.column("t_s")), _floats(table.column(column)))


def bucketed(curve: Curve, width_s: float, reduce: str) -> dict[float, float]:
    """Start of bucket → its `max`, `mean` or `last`, over known values only; empty buckets are absent."""
    result: dict[float, float] = {}
    numbers = np.floor(curve.t_s / width_s)
    for bucket in np.unique(numbers):
        known = curve.values[(numbers == bucket) & ~np.isnan(curve.values)]
        if len(known):
            value = {"max": known.max, "mean": known.mean, "last": lambda k=known: k[-1]}[reduce]()
            result[float(bucket * width_s)] = float(value)
    return result


def bucket_width_s(duration_s: float, *, at_most: int, least_s: float = 1.0) -> float:
    """A whole number of seconds that cuts `duration_s` into at most so many buckets."""
    return float(max(math.ceil(least_s), math.ceil(duration_s / at_most)))


def _floats(column: Any) -> Floats:
    """A numeric column as float64 with nan for null."""
    return np.asarray(column.cast("float64").to_numpy(), dtype=np.float64)
