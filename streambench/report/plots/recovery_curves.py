"""Excess lag and result delay around a hit, on an axis that counts from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from streambench.analysis.hits import ObservedHit
from streambench.report.plots.columns import Curve, Floats
from streambench.results.series import excess_lag

BEFORE_S = 5.0
"""How much of the time before a hit is drawn, so that an engine's usual delay can be seen."""
# A point for this share of a window: finer than the eye and the resolution.
_PARTS_OF_WINDOW = 5
_MOST_POINTS = 500


@dataclass(frozen=True)
class Around:
    """What happened around one hit, in seconds; `delay` has nan where a window never became complete."""

    lag: Curve
    delay: Curve


def around(struck: ObservedHit, stem: str) -> Around | None:
    """Curves from 5 s before a hit to the end of what was observed; None without windows.

    `stem` says whose stamps count: `visible` or `delay` (as appended).
    """
    column = "visible_complete_ms" if stem == "visible" else "complete_ms"
    table = struck.trial.table("windows")
    if table is None or column not in table.column_names:
        return None
    closing_ms, delay_ms = _numbers(table, "closing_ms"), _numbers(table, column)
    due = np.isfinite(closing_ms)
    if np.count_nonzero(due) < 2:
        return None
    order = np.argsort(closing_ms[due], kind="stable")
    closing_ms, delay_ms = closing_ms[due][order], delay_ms[due][order]
    at_ms = struck.recovery.hit.at_ms
    first_ms = max(0.0, at_ms - BEFORE_S * 1000)
    # Nothing is due after the last closing, so lag and delay say nothing there.
    last_ms = max(first_ms, min(at_ms + struck.until_ms, float(closing_ms[-1])))
    shown = (closing_ms >= first_ms) & (closing_ms <= last_ms)
    return Around(
        _lag(closing_ms, closing_ms + delay_ms, first_ms, last_ms, at_ms),
        Curve((closing_ms[shown] - at_ms) / 1000, delay_ms[shown] / 1000),
    )


def _lag(
    closing_ms: Floats, seen_ms: Floats, first_ms: float, last_ms: float, at_ms: float
) -> Curve:
    """Excess lag in s, as its mean over one window around each instant.

    Bare, it jumps between zero and a window at every closing; the mean shows an engine that keeps
    up at its usual delay, and is as fine as an outage can be seen at all.
    """
    over_ms = float(np.median(np.diff(closing_ms)))
    last_ms = max(first_ms, last_ms - over_ms / 2)  # nothing of the next hit within the mean
    breaks_ms, lag_ms = excess_lag(closing_ms, seen_ms, until_ms=last_ms + over_ms)
    area = np.r_[0.0, np.cumsum(lag_ms[:-1] * np.diff(breaks_ms))]
    parts = max(1, math.ceil((last_ms - first_ms) / over_ms * _PARTS_OF_WINDOW))
    middles_ms = np.linspace(first_ms, last_ms, min(_MOST_POINTS, parts) + 1)
    starts_ms = np.maximum(0.0, middles_ms - over_ms / 2)
    ends_ms = middles_ms + over_ms / 2
    gained = np.interp(ends_ms, breaks_ms, area) - np.interp(starts_ms, breaks_ms, area)
    mean_ms = gained / (ends_ms - starts_ms)
    return Curve((middles_ms - at_ms) / 1000, mean_ms / 1000)


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table.column(name).cast("float64").to_numpy(), dtype=np.float64)
